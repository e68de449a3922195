"""How the files are called: a pattern that the assignment gives, filled with who hands them in and which part it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from anyascii import anyascii
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from writeup.errors import near

FIELDS = {
    "first": "first name",
    "last": "last name",
    "netid": "NetID of the first author",
    "authors": "last names of all authors",
    "netids": "NetIDs of all authors",
    "key": "key of the part",
}
PATTERN = "{first}_{last}_{netid}_{key}"
PLAIN = r"[A-Za-z0-9._-]"  # what is harmless in every file system, shell, link and TeX
KEY = rf"[A-Za-z0-9]{PLAIN}*"
_PIECE = rf"(?:{PLAIN}|\{{(?:{'|'.join(FIELDS)})\}})"
_LEGAL = f"a pattern is made of {', '.join(f'{{{name}}}' for name in FIELDS)}, letters, digits and . _ -"


def _key(value: str) -> str:
    if not re.fullmatch(KEY, value):
        what = (
            "is empty" if not value else "has a path separator" if re.search(r"[/\\]", value) else "fits no file name"
        )
        raise ValueError(f"{value!r} {what}; it begins with a letter or digit and goes on with these or . _ -, like E1")
    return value


# What tells one part's files from another's, and fits into a file name.
Key = Annotated[str, AfterValidator(_key), Field(json_schema_extra={"pattern": f"^{KEY}$"})]


class Names(BaseModel):
    """`pattern` orders what a file name is made of: `{first}`, `{last}` and `{netid}` of the first author, the last
    names of all as `{authors}`, their NetIDs as `{netids}`, and `{key}`.

    The key is `suffix`; in the files of a notebook without a `key` of its own it is `notebook`, `<suffix>_code` unless
    given. Without `pattern` it is `{first}_{last}_{netid}_{key}`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: Annotated[str, Field(json_schema_extra={"pattern": rf"^(?![.-]){_PIECE}*\{{key\}}{_PIECE}*$"})] = PATTERN
    notebook: Key | None = None

    @field_validator("pattern")
    @classmethod
    def _fillable(cls, pattern: str) -> str:
        fields = re.findall(r"\{([^{}]*)\}", pattern)
        unknown = [name for name in fields if name not in FIELDS]
        rest = re.sub(r"\{[^{}]*\}", "", pattern)
        strange = re.findall(rf"(?!{PLAIN}).", rest, re.DOTALL)
        for problem in (
            "is empty" if not pattern else "",
            "has a path separator" if set(rest) & {"/", "\\"} else "",
            f"has the unknown field {{{unknown[0]}}}{near(unknown[0], FIELDS)}" if unknown else "",
            f"has {strange[0]!r} between its fields" if strange else "",
            f"begins with {pattern[0]!r}, which hides a file or reads as an option"
            if pattern.startswith((".", "-"))
            else "",
            "has no {key}, so that document and notebook would have the same name" if "key" not in fields else "",
        ):
            if problem:
                raise ValueError(f"{pattern!r} {problem}; {_LEGAL}, like {PATTERN!r}")
        return pattern


@dataclass(frozen=True)
class Naming:
    """An assignment's pattern, with the keys of its parts."""

    key: str
    pattern: str = PATTERN
    notebook_keys: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Of the document and of the notebooks."""
        return self.key, *(self.notebook_keys or (f"{self.key}_code",))

    def stem(self, fields: Mapping[str, str], key: str) -> str:
        """The name of the files of one part, without their endings."""
        return self.pattern.format_map({**fields, "key": key})

    def ours(self, name: str) -> bool:
        """Whether a file or folder is called as a build of this assignment calls one, whoever handed it in."""
        fields = dict.fromkeys(FIELDS, "[A-Za-z0-9-]+") | {"netid": "[A-Za-z0-9]+"}
        pieces = re.split(r"(\{\w+\})", self.pattern)
        written = "".join(piece if piece.startswith("{") else re.escape(piece) for piece in pieces)
        document, *notebooks = (written.format_map({**fields, "key": re.escape(key)}) for key in self.keys)
        ours = rf"{document}(\.(md|tex|pdf)|_evidence\.html|_figures)|({'|'.join(notebooks)})\.(ipynb|pdf)"
        return bool(re.fullmatch(ours, name))


def file_part(name: str) -> str:
    """A name for use in a file name: transliterated, case kept, words joined by hyphens, apostrophes dropped."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", re.sub(r"['`\"]", "", anyascii(name)))
    return words.strip("-")
