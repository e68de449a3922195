"""The evidence page: the text of the document, in which every fact and every statement answers "how do you know?"."""

from writeup.evidence.page import evidence_page

__all__ = ["evidence_page"]
