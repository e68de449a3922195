"""The evidence page: the text of the document, in which every fact and every statement answers "how do we know?"."""

from writeup.evidence.audited import with_audit
from writeup.evidence.page import evidence_page

__all__ = ["evidence_page", "with_audit"]
