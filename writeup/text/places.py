"""Whether the facts of a template stand where their names say: `<< loss_LSTM >>` beside "LSTM", not beside "GRU".

A fact fits a place better, the nearer the words of its name come to it in the sentence, and where the statement around
it has a predicate that reads the fact. Two facts that would clearly fit each other's places better are a slip: somebody
exchanged them, or their names mislead.

What this cannot see: facts whose names have no word of their sentences (`depth`, `weight`), words that are as near to
one place as to the other, and a sentence that was written with a wrong fact where no other fits it better.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import combinations, groupby

from writeup.text.prose import Slip
from writeup.text.written import SENTENCE_END, STATEMENT, Written

PRINTED = re.compile(r"<< *(?P<name>[A-Za-z]\w*)(?P<part>\.\w+)? *>>")
NO_WORDS = re.compile(r"<#.*?#>|```.*?```|<% call math\(\) %>.*?<% endcall %>|\$[^$]*\$", re.DOTALL)
SYMBOL = re.compile(r"(?<![A-Za-z\\])([A-Za-z]) *= *$")  # $p = << p_moderate >>$
BLOCK = re.compile(r"<% call (?:table|figure)\([^\n]*?%>")
BREAKS = frozenset({*",;:()—–", "and", "but", "while"})
ITEM = re.compile(r"<<.*?>>|<%.*?%>|[^\W\d_]{2,}|[,;:()—–]", re.DOTALL)
ENDING = re.compile(r"(?:i?est|i?er|ings?|ers|ed|es|(?<!s)s|ly)$")
REACH = 10  # words from a number that may say what it is
BREAK = 2  # words that a comma, a bracket or an "and" counts for
RIGHT_BEFORE = 0.4  # a verb or a preposition more often than what the number is
BEHIND = 0.8  # what a word behind the number weighs against one before it, unless it follows at once as what is counted
READ = 0.3  # what it weighs that the statement's predicate reads the fact
CLEAR = 0.45  # gain by which two facts belong in each other's places
AKIN = 0.25  # the same of two whose names differ in one word: all else is alike, so that one decides


@cache
def name_words(name: str) -> frozenset[str]:
    """The words of a fact's name without digits and ends: those of `layers3_LSTM` are layer and lstm. A letter is a
    symbol of the formulas."""
    return frozenset(_stem(word) for word in re.split(r"[\d_]+", name) if len(word) > 2 or len(word) == 1)


def _stem(word: str) -> str:
    """One of slow, slower and slowest."""
    bare = ENDING.sub("", word.lower())
    return bare if len(bare) >= 3 else word.lower()


@cache
def _alike(one: str, other: str) -> bool:
    """Whether two stems are of one word, as average and averag."""
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) >= 5 and long.startswith(short) and len(long) - len(short) <= 3)


@dataclass(frozen=True, eq=False)
class Spot:
    """A place that prints a fact: what is said near it, by weight, the word behind it, and the statement around it."""

    start: int
    end: int
    name: str
    part: str
    near: Sequence[tuple[str, float]]
    behind: str
    statement: str


@dataclass
class Places:
    """Where one template prints facts. `reads` are the facts that each statement's predicate reads, by its name."""

    written: Written
    reads: Mapping[str, Container[str]] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """The template with spaces for what has no words; a figure's or a table's caption is a paragraph."""
        whole = BLOCK.sub(lambda tag: "\n\n" + " " * (len(tag[0]) - 2), self.written.text)
        return NO_WORDS.sub(_facts_alone, whole)

    @cached_property
    def spots(self) -> list[Spot]:
        ends = [found.start() for found in SENTENCE_END.finditer(self.text)]
        said = [(found.start(), found.end(), found["name"]) for found in STATEMENT.finditer(self.written.text)]
        items = [found for found in ITEM.finditer(self.text) if not found[0].startswith("<%")]
        spots = []
        for _, sentence in groupby(items, lambda item: bisect(ends, item.start())):
            own = [*sentence]
            for at, item in enumerate(own):
                if fact := PRINTED.fullmatch(item[0]):
                    before, after = [*_within_reach(own[:at][::-1])], [*_within_reach(own[at + 1 :])]
                    behind = after[0][0] if after and after[0][1] == 1 else ""
                    near = [(word, 1 / way if way > 1 else RIGHT_BEFORE) for word, way in before]
                    near += [(word, BEHIND / way) for word, way in after if way > 1]
                    if symbol := SYMBOL.search(self.written.text, 0, item.start()):
                        near.append((symbol[1].lower(), 1.0))
                    statement = next((name for start, end, name in said if start <= item.start() < end), "")
                    spots.append(Spot(*item.span(), fact["name"], fact["part"] or "", near, behind, statement))
        return spots

    @cached_property
    def _vague(self) -> set[str]:
        """Words behind several facts that do not have them in their names, as "images" may be: they tell nothing."""
        named = {spot: any(_alike(word, spot.behind) for word in name_words(spot.name)) for spot in self.spots}
        return {word for word, times in Counter(s.behind for s in self.spots if not named[s]).items() if times > 1}

    @cached_property
    def _said(self) -> dict[tuple[int, str], float]:
        """How near the words of each fact's name come to each place."""
        names = {spot.name for spot in self.spots}
        return {(spot.start, name): self._said_of(spot, name) for spot in self.spots for name in names}

    def _said_of(self, spot: Spot, name: str) -> float:
        near = [*spot.near, (spot.behind, float(spot.behind not in self._vague))]
        return sum(
            max((weight for said, weight in near if _alike(word, said)), default=0.0) for word in name_words(name)
        )

    def _reads(self, spot: Spot, name: str) -> bool:
        """Whether the statement around a place rests on the fact and prints it nowhere else."""
        around = [other.name for other in self.spots if other is not spot and other.statement == spot.statement]
        return name in self.reads.get(spot.statement, ()) and name not in around

    def _better(self, here: Spot, there: Spot) -> float:
        """How much better the fact that is printed there would fit here than the one that is."""
        better = self._said[here.start, there.name] - self._said[here.start, here.name]
        if here.statement != there.statement:  # what stands outside of statements may rest on one all the same
            better += READ * (bool(there.statement) and self._reads(here, there.name))
            better -= READ * self._reads(here, here.name)
        return better

    def gain(self, one: Spot, other: Spot) -> float:
        """How much better two facts would fit each other's places; nothing where that is not clear."""
        if one.name == other.name or one.part != other.part:
            return 0.0
        gains = [self._better(one, other), self._better(other, one)]
        first, second = name_words(one.name), name_words(other.name)
        akin = first & second and len(first - second) == len(second - first) == 1
        clear = sum(gains) > AKIN if akin else sum(gains) > CLEAR and min(gains) > -1e-9
        return sum(gains) if clear else 0.0

    def exchanged(self) -> Iterator[Slip]:
        """Facts in each other's places, the clearest first, each place once."""
        gains = [(self.gain(one, other), one, other) for one, other in combinations(self.spots, 2)]
        told: set[Spot] = set()
        for gain, one, other in sorted(gains, key=lambda of: -of[0]):
            if gain and not told & {one, other}:
                told |= {one, other}
                line = self.written.place(other.start).rpartition(":")[2]
                yield self.slip(
                    one,
                    f"{one.name} seems to stand in the place of {other.name} (printed in line {line}), by the words "
                    "around them and what statements read; exchange them, or bring the words of their names nearer",
                )

    def slip(self, spot: Spot, what: str) -> Slip:
        """What is wrong at a place, with its sentence, and the word behind it, where a page can be marked."""
        word = re.match(r"\W*([^\W\d_]*)", self.text[spot.end :])
        said = " ".join(self.written.around(spot.start).split())
        return Slip(self.written.place(spot.start), what, said, (word and word[1]) or spot.name)


def _within_reach(items: Iterable[re.Match[str]]) -> Iterator[tuple[str, int]]:
    """The stems of the words of a sentence from a place on, and how many words away they are."""
    way = 0
    for item in items:
        way += BREAK if item[0] in BREAKS else 1
        if way > REACH:
            return
        if item[0] not in BREAKS and not item[0].startswith("<<"):
            yield _stem(item[0]), way


def _facts_alone(found: re.Match[str]) -> str:
    """As many spaces, but for the facts that a formula prints."""
    pieces = re.split(r"(<<.*?>>)", found[0])
    return "".join(piece if piece.startswith("<<") else re.sub(r"[^\n]", " ", piece) for piece in pieces)
