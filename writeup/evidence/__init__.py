"""The evidence page: the text of the document, in which every fact and every statement answers "how do we know?"."""

from writeup.evidence.about import About, kept
from writeup.evidence.audited import with_audit
from writeup.evidence.page import evidence_page

__all__ = ["About", "evidence_page", "kept", "with_audit"]
