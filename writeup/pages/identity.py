"""Who hands the work in: names and NetID, the file names made of them, and the name as the document prints it.

A file name holds ASCII letters, digits, hyphens and underscores only. Other scripts are transliterated for it by
`anyascii`. The document prints the true name where its fonts can show it, else the transliteration, and says so.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from anyascii import anyascii

from writeup.errors import WriteupError
from writeup.text.escape import markdown_escape, tex_escape, unprintable

__all__ = ["Identity", "file_part", "load_identity", "markdown_escape", "tex_escape"]

LONGEST_NAME = 100  # characters of one name
LONGEST_STEM = 240  # of the file name; file systems end at 255 bytes, and "_code.ipynb" must fit
PLACEHOLDER = ("First-name", "Last-name", "netID")  # the assignment's own
NETID = r"[A-Za-z0-9]{1,32}"
KEYS = {"first_name": "FIRST", "last_name": "LAST", "netid": "NETID"}  # in the file, and on make's command line


@dataclass(frozen=True)
class Identity:
    """The student as given, cleaned of stray white space and in Unicode's composed form (NFC).

    `suffix` is the assignment's own; `notebooks` are the student's own, possibly none.
    """

    first_name: str
    last_name: str
    netid: str
    suffix: str
    notebooks: tuple[Path, ...] = ()

    @property
    def file_stem(self) -> str:
        """`First_Last_NetID_suffix`."""
        return "_".join([file_part(self.first_name), file_part(self.last_name), self.netid, self.suffix])

    @property
    def display_name(self) -> str:
        """First and last name as the document prints them: plain text, not yet escaped for TeX or Markdown."""
        full = f"{self.first_name} {self.last_name}"
        return full if not unprintable(full) else " ".join(map(anyascii, (self.first_name, self.last_name)))

    @property
    def is_placeholder(self) -> bool:
        """Whether any of the three is still the assignment's placeholder."""
        return any(a == b for a, b in zip((self.first_name, self.last_name, self.netid), PLACEHOLDER, strict=True))

    @property
    def notices(self) -> list[str]:
        """What the student should know: a placeholder left, a name transliterated."""
        notices = []
        if self.is_placeholder:
            notices.append("submission.toml still holds a placeholder; give your own first_name, last_name and netid")
        full = f"{self.first_name} {self.last_name}"
        if not full.isascii():
            notices.append(f"{full} becomes {self.file_stem} in file names")
        if self.display_name != full:
            notices.append(f"the document's fonts lack {unprintable(full)!r}; it prints {self.display_name} for {full}")
        return notices


def file_part(name: str) -> str:
    """A name for use in a file name: transliterated, case kept, words joined by hyphens, apostrophes dropped."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", re.sub(r"['`\"]", "", anyascii(name)))
    return words.strip("-")


def schema() -> dict[str, object]:
    """submission.toml as a JSON schema; none of the keys must be there, since the command line may give them."""
    name = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": r"^[^/\\]*$"}
    kinds: dict[str, object] = {
        key: {"type": "string", "pattern": f"^{NETID}$"} if key == "netid" else name for key in KEYS
    }
    kinds["notebooks"] = {"type": "array", "items": {"type": "string", "pattern": r"\.ipynb$"}}
    return {"title": "submission.toml", "type": "object", "properties": kinds, "additionalProperties": False}


def load_identity(
    root: Path,
    suffix: str,
    first: str | None = None,
    last: str | None = None,
    netid: str | None = None,
) -> Identity:
    """The identity in `root`'s submission.toml; `first`, `last` and `netid`, where given, take its place.

    The file may be missing when all three are given. Raises `WriteupError` for a file that cannot be read, a key that
    is unknown or missing, and a value that is no name, NetID or notebook.
    """
    path = root / "submission.toml"
    overrides = dict(zip(KEYS, (first, last, netid), strict=True))
    given: dict[str, object] = {} if None not in overrides.values() and not path.exists() else _read(path)
    where = {key: f"{key} in {path.name}" for key in KEYS}
    for key, value in overrides.items():
        if value is not None:
            given[key], where[key] = value, f"--{KEYS[key].lower()} or {KEYS[key]}= on the command line"
    if missing := [key for key in KEYS if key not in given]:
        raise WriteupError(f"{path}: no {', '.join(missing)}; it needs first_name, last_name and netid, in quotes")
    made = Identity(
        first_name=_name(given["first_name"], where["first_name"]),
        last_name=_name(given["last_name"], where["last_name"]),
        netid=_netid(given["netid"], where["netid"]),
        suffix=suffix,
        notebooks=_notebooks(given.get("notebooks", []), path),
    )
    if len(made.file_stem) > LONGEST_STEM:
        raise WriteupError(
            f"{path.name}: the names make a file name of {len(made.file_stem)} characters "
            f"({made.file_stem[:40]}...); at most {LONGEST_STEM} fit"
        )
    return made


def _read(path: Path) -> dict[str, object]:
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise WriteupError(f'{path}: is no regular file; a line of it reads like first_name = "Ada"')
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise WriteupError(
            f"{path}: no such file; write it with first_name, last_name and netid, or give FIRST=, LAST= and NETID="
        ) from None
    except (OSError, ValueError, RecursionError) as error:  # ValueError: also of an integer with too many digits
        raise WriteupError(f'{path}: not readable as TOML ({error}); a line reads like first_name = "Ada"') from error
    if unknown := [key for key in given if key not in (*KEYS, "notebooks")]:
        raise WriteupError(f"{path}: unknown {', '.join(unknown)}; it may hold {', '.join(KEYS)} and notebooks")
    return given


def _name(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise WriteupError(f"{where}: {value!r} received; a name is text in quotes")
    composed = unicodedata.normalize("NFC", value).strip()
    name = re.sub(" +", " ", "".join(" " if unicodedata.category(c) == "Zs" else c for c in composed))
    # Controls, line separators, unassigned code points and invisible formatting (which can reverse what a reader sees),
    # but not the two joiners, with which Persian and several scripts of India spell.
    hidden = [c for c in name if unicodedata.category(c)[0] in "CZ" and c not in " \u200c\u200d"]
    for problem, holds in (
        ("is empty", not name),
        (f"has {len(name)} characters", len(name) > LONGEST_NAME),
        (f"contains {hidden[0]!r}" if hidden else "", bool(hidden)),
        ("contains a path separator", any(c in "/\\" for c in name)),
        ("has no letter for a file name", not (file_part(name) and any(map(str.isalpha, name)))),
    ):
        if holds:
            raise WriteupError(
                f"{where}: {name[:40]!r} {problem}; a name has 1 to {LONGEST_NAME} printable characters, "
                "at least one letter among them, and none of / and \\"
            )
    return name


def _netid(value: object, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(NETID, value):
        raise WriteupError(f"{where}: {str(value)[:40]!r} received; a NetID is 1 to 32 letters and digits, like al123")
    return value


def _notebooks(value: object, path: Path) -> tuple[Path, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise WriteupError(f'{path}: notebooks is {value!r}; it is a list of file names, like ["part2.ipynb"]')
    files = tuple(path.parent / item for item in value)
    for file in files:
        if file.suffix != ".ipynb" or not file.is_file():
            raise WriteupError(f"{path}: notebooks names {file}, which is no existing .ipynb file")
    return files
