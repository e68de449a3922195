r"""Pictures read back: the words in them, and where their points lie."""

from __future__ import annotations

import re

_NODE = re.compile(
    r"\bnode\b\s*(?:\[(?:[^\[\]]|\[[^\]]*\])*\])?\s*(?:\([^)]*\))?\s*(?:at\s*\([^)]*\))?\s*(?=\{)|north east:(?=\{)"
)


def tikz_labels(tikz: str) -> list[str]:
    """The text of every node of a picture, as TeX, in the order in which they are set."""
    return [_group(tikz, found.end()) for found in _NODE.finditer(tikz)]


def _group(text: str, start: int) -> str:
    """What stands between the brace at `start` and its partner."""
    depth = 0
    for brace in re.finditer(r"(?<!\\)[{}]", text[start:]):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return text[start + 1 : start + brace.start()]
    return text[start + 1 :]
