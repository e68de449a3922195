"""Who hands the work in: names and NetIDs, the file names made of them, and the names as the document prints them.

A file name holds ASCII letters, digits, hyphens and underscores only. Other scripts are transliterated for it by
`anyascii`. The document prints the true name where its fonts can show it, else the transliteration, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from anyascii import anyascii

from writeup.naming import Naming, file_part
from writeup.text.escape import unprintable

PLACEHOLDER = ("First-name", "Last-name", "netID")  # the assignment's own


@dataclass(frozen=True)
class Author:
    """One student as given, cleaned of stray white space and in Unicode's composed form (NFC)."""

    first_name: str
    last_name: str
    netid: str

    @property
    def full_name(self) -> str:
        """The true name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def display_name(self) -> str:
        """First and last name as the document prints them: plain text, not yet escaped for TeX or Markdown."""
        full = self.full_name
        return full if not unprintable(full) else " ".join(map(anyascii, (self.first_name, self.last_name)))


@dataclass(frozen=True)
class Identity:
    """Who hands in, the first of whom the files are named after; `notebooks` are the students' own, possibly none."""

    authors: tuple[Author, ...]
    naming: Naming
    notebooks: tuple[Path, ...] = ()

    @property
    def file_stem(self) -> str:
        """What the document's file names begin with: `First_Last_NetID_suffix` unless the assignment says otherwise."""
        return self._stem(self.naming.keys[0])

    @property
    def notebook_stems(self) -> list[str]:
        """The same of the notebooks'."""
        return [self._stem(key) for key in self.naming.keys[1:]]

    def _stem(self, key: str) -> str:
        first = self.authors[0]
        fields = {
            "first": file_part(first.first_name),
            "last": file_part(first.last_name),
            "netid": first.netid,
            "authors": "-".join(file_part(author.last_name) for author in self.authors),
            "netids": "-".join(author.netid for author in self.authors),
        }
        return self.naming.stem(fields, key)

    @property
    def byline(self) -> str:
        """All authors with their NetIDs, as the document prints them; plain text."""
        return _listed([f"{author.display_name} ({author.netid})" for author in self.authors])

    @property
    def transliterated(self) -> list[str]:
        """The names that the document prints for true ones which its fonts lack."""
        return [author.display_name for author in self.authors if author.display_name != author.full_name]

    @property
    def is_placeholder(self) -> bool:
        """Whether anything is still the assignment's placeholder."""
        return any(
            given == shipped
            for author in self.authors
            for given, shipped in zip((author.first_name, author.last_name, author.netid), PLACEHOLDER, strict=True)
        )

    @property
    def notices(self) -> list[str]:
        """What the student should know: a placeholder left, a name transliterated."""
        notices = []
        if self.is_placeholder:
            notices.append("submission.toml still holds a placeholder; give your own first_name, last_name and netid")
        if spelled := [author.full_name for author in self.authors if not author.full_name.isascii()]:
            notices.append(f"{_listed(spelled)} becomes {self.file_stem} in file names")
        for author in self.authors:
            if (full := author.full_name) != (shown := author.display_name):
                notices.append(f"the document's fonts lack {unprintable(full)!r}; it prints {shown} for {full}")
        return notices


def _listed(words: list[str]) -> str:
    """ "A", "A and B", "A, B and C"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
