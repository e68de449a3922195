"""Short passages of the public word_language_model example, with their line numbers.

The files themselves are not ours to hand out. Kept are the passages that the answers quote, the SHA-256 of the file
that they come from, and a digest of the numbered lines. Where WORD_LANGUAGE_MODEL names a folder that holds this very
file, the lines are looked up in it as well.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from experiments.language_model.example import folder_from_environment


@dataclass(frozen=True)
class Passage:
    """Lines of `file` from line `first` on, their common indentation removed."""

    file: str
    file_sha256: str
    first: int
    text: str
    sha256: str  # of `numbered`

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def line_of(self, words: str) -> int:
        """The number of the line that contains `words`."""
        return self.first + next(k for k, line in enumerate(self.lines) if words in line)

    def numbered(self, first: int | None = None) -> str:
        """With the line's number before each line, as the answers show it."""
        start = self.first if first is None else first
        return "\n".join(f"{start + k}  {line}".rstrip() for k, line in enumerate(self.lines))

    def begins_at(self, first: int) -> bool:
        """Whether the passage begins at line `first`: by its digest, and by the file where it is at hand."""
        lines = self._lines_of_file()
        if lines and dedent("\n".join(lines[first - 1 : first - 1 + len(self.lines)])) != self.text:
            return False
        return hashlib.sha256(self.numbered(first).encode()).hexdigest() == self.sha256

    def _lines_of_file(self) -> list[str]:
        """All lines of the file; nothing where it is not at hand or of another version."""
        folder = folder_from_environment()
        if folder is None or not (folder / self.file).is_file():
            return []
        content = (folder / self.file).read_bytes()
        return content.decode().splitlines() if hashlib.sha256(content).hexdigest() == self.file_sha256 else []

    def run(self, **names: Any) -> dict[str, Any]:
        """The names that the passage defines when Python runs it."""
        exec(self.text, names)  # a constant of this module
        return names


_MAIN = "391de12bb7c6e07dbb105d47d017632bf80c01d2e5b25adbf83da9cdcdd5a862"
TRAIN = Passage(
    "main.py",
    _MAIN,
    182,
    "else:\n"
    "    hidden = repackage_hidden(hidden)\n"
    "    output, hidden = model(data, hidden)\n"
    "loss = criterion(output, targets)\n"
    "loss.backward()",
    "df6096efb4687d869c317596f8d590b094acaaf550931e595a533a1b9bee9fce",
)
REPACKAGE = Passage(
    "main.py",
    _MAIN,
    117,
    "def repackage_hidden(h):\n"
    '    """Wraps hidden states in new Tensors, to detach them from their history."""\n'
    "\n"
    "    if isinstance(h, torch.Tensor):\n"
    "        return h.detach()\n"
    "    else:\n"
    "        return tuple(repackage_hidden(v) for v in h)",
    "65e0299cd7f7b8a00f03213b6cace9c4e3ade18c7643a34d326785f3251b5df3",
)
