"""`submission.toml`, where the students say who they are, and what the command line says instead.

It has `first_name`, `last_name` and `netid`, or these three in one `[[authors]]` after another where several hand in
together; and the `notebooks`, if they have their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from writeup.errors import WriteupError
from writeup.naming import Naming, file_part
from writeup.pages.identity import Author, Identity
from writeup.text.files import read_toml

LONGEST_NAME = 100  # characters of one name
LONGEST_STEM = 240  # of the file name; file systems end at 255 bytes, and "_evidence.html" must fit
NETID = r"[A-Za-z0-9]{1,32}"
KEYS = {"first_name": "FIRST", "last_name": "LAST", "netid": "NETID"}  # in the file, and on make's command line


def schema() -> dict[str, object]:
    """submission.toml as a JSON schema; none of the keys must be there, since the command line may give them."""
    name = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": r"^[^/\\]*$"}
    person: dict[str, object] = {
        key: {"type": "string", "pattern": f"^{NETID}$"} if key == "netid" else name for key in KEYS
    }
    author = {"type": "object", "properties": person, "required": list(KEYS), "additionalProperties": False}
    kinds = {
        **person,
        "authors": {"type": "array", "minItems": 1, "items": author},
        "notebooks": {"type": "array", "items": {"type": "string", "pattern": r"\.ipynb$"}},
    }
    return {
        "title": "submission.toml",
        "type": "object",
        "properties": kinds,
        "additionalProperties": False,
        "dependentSchemas": {"authors": {"properties": dict.fromkeys(KEYS, False)}},  # one author or several, not both
    }


def load_identity(
    root: Path,
    naming: Naming,
    first: str | None = None,
    last: str | None = None,
    netid: str | None = None,
) -> Identity:
    """The identity in `root`'s submission.toml; `first`, `last` and `netid`, where given, take its place.

    The file may be missing when all three are given. Raises `WriteupError` for a file that cannot be read, a key that
    is unknown or missing, and a value that is no name, NetID or notebook.
    """
    path = root / "submission.toml"
    overrides = {key: it for key, it in zip(KEYS, (first, last, netid), strict=True) if it is not None}
    whole = len(overrides) == len(KEYS)
    given: dict[str, object] = {} if whole and not path.exists() else _read(path)
    several = given.pop("authors", None)
    if several is None or whole:
        where = {key: f"{key} in {path.name}" for key in KEYS}
        where |= {key: f"--{KEYS[key].lower()} or {KEYS[key]}= on the command line" for key in overrides}
        authors = [_author(given | overrides, where, path)]
    else:
        authors = _authors(several, given | overrides, path)
    made = Identity(tuple(authors), naming, _notebooks(given.get("notebooks", []), path))
    # 240 + "_code" is what the notebook's longest name has room for
    for stem, longest in ((made.file_stem, LONGEST_STEM), *((stem, LONGEST_STEM + 5) for stem in made.notebook_stems)):
        if len(stem) > longest:
            raise WriteupError(
                f"{path.name}: the names make a file name of {len(stem)} characters ({stem[:40]}...); "
                f"at most {longest} fit"
            )
    return made


def _author(given: Mapping[str, object], where: Mapping[str, str], path: Path, of: str = "") -> Author:
    if missing := [key for key in KEYS if key not in given]:
        raise WriteupError(f"{path}: no {', '.join(missing)}{of}; it needs first_name, last_name and netid, in quotes")
    return Author(
        first_name=_name(given["first_name"], where["first_name"]),
        last_name=_name(given["last_name"], where["last_name"]),
        netid=_netid(given["netid"], where["netid"]),
    )


def _authors(several: object, beside: Mapping[str, object], path: Path) -> list[Author]:
    """The authors of `[[authors]]`; `beside` is what else was given, none of which may speak of one author."""
    if both := [key for key in KEYS if key in beside]:
        raise WriteupError(
            f"{path}: {', '.join(both)} given, and [[authors]] as well; name one author by first_name, last_name and "
            "netid, in the file or all three on the command line, or several in [[authors]] alone"
        )
    if not isinstance(several, list) or not several or not all(isinstance(one, dict) for one in several):
        raise WriteupError(
            f"{path}: authors is {several!r}; each author is a table [[authors]] with first_name, last_name and netid"
        )
    authors: list[Author] = []
    for number, one in enumerate(several, 1):
        of = f" of author {number}"
        if unknown := [key for key in one if key not in KEYS]:
            raise WriteupError(f"{path}: unknown {', '.join(unknown)}{of}; an author has {', '.join(KEYS)}")
        authors.append(_author(one, {key: f"{key}{of} in {path.name}" for key in KEYS}, path, of))
        if authors[-1].netid in [earlier.netid for earlier in authors[:-1]]:
            raise WriteupError(f"{path}: netid{of} is {one['netid']!r}, as is an earlier author's; each has one's own")
    return authors


def _read(path: Path) -> dict[str, object]:
    if not path.exists():
        raise WriteupError(
            f"{path}: no such file; write it with first_name, last_name and netid, or give FIRST=, LAST= and NETID="
        )
    if not path.is_file():  # a pipe would be waited for
        raise WriteupError(f'{path}: is no regular file; a line of it reads like first_name = "Ada"')
    try:
        given = read_toml(path)
    except WriteupError as error:
        raise WriteupError(f'{error}; a line reads like first_name = "Ada"') from error
    if unknown := [key for key in given if key not in (*KEYS, "authors", "notebooks")]:
        told = f"it may hold {', '.join(KEYS)}, authors and notebooks"
        raise WriteupError(f"{path}: unknown {', '.join(unknown)}; {told}")
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
