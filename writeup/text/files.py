"""Files that people write: one that cannot be read is one message, which names it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from writeup.errors import WriteupError


def read_text(path: Path) -> str:
    """Its text; nothing where there is no file."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise WriteupError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise WriteupError(f"{path}: not UTF-8: {error}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Its tables; none where there is no file."""
    try:
        return tomllib.loads(read_text(path))
    except (ValueError, RecursionError) as error:  # also an integer of too many digits
        raise WriteupError(f"{path}: not valid TOML: {error}") from error
