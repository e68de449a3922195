"""Whether what a fact prints can stand where it stands: no share before a plural that wants a count ("13 % seeds", "0.2
nats runs"), no range that descends ("9 to 5") without a "from", no part above its whole ("9 of 5")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from writeup.text.numerals import NUMBER, spelled, worth
from writeup.text.places import Places
from writeup.text.prose import Slip

# A word that ends in s and is a plural's: not "less", "its", "is", "this", "thus".
PLURAL = re.compile(r"\s+(?!(?:always|does|has|was|yes)\b)([a-z][a-z-]*[^\Wsiu]s)\b")
COUNTS = frozenset({"", "times", "thousand", "million", "billion"})  # behind a number that still counts something


def unfit(places: Places, shown: Mapping[str, str]) -> Iterator[Slip]:
    """What stands before the wrong kind of word, or as the wrong end of a range; `shown` are facts with their units."""
    for spot in places.spots:
        printed = shown.get(spot.name, "")
        if not spot.part and _measured(printed) and (many := PLURAL.match(places.text, spot.end)):
            yield places.slip(spot, f"{spot.name} prints {printed!r} before {many[1]!r}, which wants a count")
    for low, high in pairwise(places.spots):
        between = places.text[low.end : high.start].strip(" $\n")
        ends = shown.get(low.name, ""), shown.get(high.name, "")
        if low.part or high.part or not _descend(*ends):
            continue
        if between == "to" and not re.search(r"\bfrom[\s$]+$", places.text[: low.start]):
            told = f"the range {' to '.join(ends)} descends ({low.name}, {high.name}); exchange them, or say from"
            yield places.slip(low, told)
        if between in ("of", "of the", "of our"):
            yield places.slip(low, f"{' of '.join(ends)}: a part above its whole ({low.name}, {high.name})")


def _measured(shown: str) -> bool:
    number = NUMBER.match(shown)
    return bool(number and (number["percent"] or shown[number.end() :].strip() not in COUNTS))


def _descend(low: str, high: str) -> bool:
    numbers = [spelled(end) for end in (low, high)]
    if any(len(of) != 1 or of[0].count(".") > 1 for of in numbers) or _unit(low) != _unit(high):
        return False
    return worth(numbers[0][0])[0] > worth(numbers[1][0])[0]


def _unit(shown: str) -> str:
    return NUMBER.sub("", shown).strip()
