"""Claims of the notebook's fourth part: the text, its baselines, and the language model trained on it."""

import math
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import groupby
from statistics import fmean
from typing import Literal

import torch

from experiments.part_two.language_model import END, UNKNOWN, reference_prose, unigram_loss
from experiments.part_two.language_model_trials import KIND, Settings, Text, read_text
from writeup.claims import Check, Claim, Control, Evidence, agrees, claim, require
from writeup.records.store import Records

NEAR_UNIFORM = 0.1  # nats: what small random weights leave between a model and a uniform guess
# Nats between the notebook's held-out loss and the mean of other seeds. The seeds differ by less than a fifth of it;
# the rest is for the text, which differs a little between versions of Python.
HELD_OUT = 0.1


def corpus() -> Literal["python-reference", "wikitext-2"]:
    """The text that the notebook reads, by the same rule."""
    return "wikitext-2" if os.environ.get("WRITEUP_DATA") else "python-reference"


def text_claims(records: Records) -> Iterator[Claim]:
    settings = Settings(corpus=corpus())
    text = read_text(settings)
    uniform = math.log(len(text.vocabulary.words))
    yield from _size_claims(text, settings)
    yield claim(
        "3.text.uniform",
        round(uniform, 2),
        "log of the vocabulary: the loss of a uniform guess, in nats",
        agrees(lambda: _uniform(len(text.vocabulary.words)), "cross-entropy of equal logits", tolerance=0.0051),
        [Control(uniform / math.log(2), "bits"), Control(uniform / math.log(10), "logarithm to base ten")],
        form=".2f",
    )
    unigram = math.exp(unigram_loss(text.train, text.held_out, len(text.vocabulary.words)))
    own = math.exp(unigram_loss(text.held_out, text.held_out, len(text.vocabulary.words)))
    yield claim(
        "3.text.unigram",
        round(unigram, 1),
        "held-out perplexity of word frequencies alone",
        agrees(cache(lambda: _unigram(text, settings)), "frequencies counted word by word", tolerance=0.051),
        [Control(own, "frequencies of the held-out text itself"), Control(math.exp(uniform), "a uniform guess")],
        form=".1f",
    )
    yield from _training_claims(records, settings, uniform, unigram)


def _size_claims(text: Text, settings: Settings) -> Iterator[Claim]:
    counts = Counter(text.words[: int(settings.train_share * len(text.words))])
    marks = text.words.count(END)
    yield claim(
        "3.text.words",
        len(text.words),
        "words of the text, with punctuation and ends",
        _counted_anew() if settings.corpus == "python-reference" else _counted_in_streams(text, settings),
        [Control(len(text.words) - marks, "ends not counted"), Control(len(set(text.words)), "different words")],
    )
    yield claim(
        "3.text.vocabulary",
        len(text.vocabulary.words),
        f"different words that occur {settings.least} times or more, and the unknown one",
        agrees(
            lambda: (
                sum(len(list(same)) >= settings.least for _, same in groupby(sorted(counts.elements())))
                + (counts[UNKNOWN] < settings.least)
            ),
            "runs of equal words in the sorted text",
        ),
        [Control(len(counts), "every word"), Control(len(text.vocabulary.words) - 1, "the unknown word forgotten")],
    )


def _counted_anew() -> Check:
    """Words of Python's reference, counted by cutting at what is none, without the expression that found them."""

    def words_in(line: str) -> int:
        marks = sum(line.count(mark) for mark in ".,;:()")
        found = 0
        for token in re.split(r"[^a-z']+", line.lower()):
            for letters, pieces in groupby(token.split("'"), bool):
                found += (len(list(pieces)) + 1) // 2 if letters else 0  # two pieces make one word: "don't"
        return marks + found

    return agrees(lambda: sum(words_in(line) + 1 for line in reference_prose()), "lines cut at what is no word")


def _counted_in_streams(text: Text, settings: Settings) -> Check:
    """The streams hold all words but those that fill no row."""

    def check(candidate: int) -> Evidence:
        cut = int(settings.train_share * candidate)
        rows = [part // settings.batch_size for part in (cut, candidate - cut)]
        require(rows == [len(text.train), len(text.held_out)], (len(text.train), len(text.held_out)), rows, "rows")
        require(candidate == 35_000, 35_000, candidate, "the first words of the file")
        return Evidence("rows of the streams", rows)

    return check


def _uniform(words: int) -> float:
    return torch.nn.functional.cross_entropy(torch.zeros(1, words, dtype=torch.double), torch.tensor([0])).item()


def _unigram(text: Text, settings: Settings) -> float:
    """A held-out word's probability is (count + 1) / (all + vocabulary); a stream is the words that fill its rows."""
    cut = int(settings.train_share * len(text.words))
    known = set(text.vocabulary.words)
    parts = []
    for part in (text.words[:cut], text.words[cut:]):
        whole = len(part) // settings.batch_size * settings.batch_size
        parts.append([word if word in known else UNKNOWN for word in part[:whole]])
    counts = Counter(parts[0])
    losses = Counter(parts[1]).items()
    total = sum(times * math.log((counts[word] + 1) / (len(parts[0]) + len(known))) for word, times in losses)
    return math.exp(-total / len(parts[1]))


def _training_claims(records: Records, settings: Settings, uniform: float, unigram: float) -> Iterator[Claim]:
    record = records[f"{KIND}/{settings.name}"]
    first, held_out = (record.curves[name][0] for name in ("losses", "held_out"))

    def near_uniform(candidate: float) -> Evidence:
        require(abs(candidate - uniform) <= NEAR_UNIFORM, uniform, candidate, "loss of a uniform guess")
        return Evidence("log of the vocabulary", uniform, NEAR_UNIFORM, records=(record.path,))

    yield claim(
        "3.model.first-loss",
        round(first[0], 2),
        "loss of the untrained model, in nats a word",
        near_uniform,
        [Control(first[-1], "the last loss"), Control(uniform / math.log(2), "bits")],
        form=".2f",
    )
    trained = fmean(first[-50:])
    yield claim(
        "3.model.perplexity",
        round(math.exp(fmean(held_out)), 1),
        "held-out perplexity of the trained model",
        _near_other_seeds([fmean(columns) for columns in record.curves["held_out"][1:]], unigram, record.path),
        [
            Control(math.exp(trained), "the training text's"),
            Control(2 ** fmean(held_out), "2 to the loss, which is in nats"),
            Control(unigram, "word frequencies alone"),
        ],
        form=".1f",
    )
    yield _against_frequencies(record.curves["held_out"], unigram, record.path)


def _near_other_seeds(others: list[float], unigram: float, path: str) -> Callable[[float], Evidence]:
    def check(candidate: float) -> Evidence:
        require(abs(math.log(candidate) - fmean(others)) <= HELD_OUT, math.exp(fmean(others)), candidate, "other seeds")
        require(candidate < unigram, f"below {unigram:.1f}", candidate, "word frequencies alone")
        return Evidence(
            "models of other seeds, within a tenth of a nat", math.exp(fmean(others)), HELD_OUT, None, (path,)
        )

    return check


def _against_frequencies(losses: list[list[float]], unigram: float, path: str) -> Claim:
    """Whether the trained model is better than word frequencies alone; the second route asks every seed and column."""

    def check(candidate: str) -> Evidence:
        below = sum(loss < math.log(unigram) for columns in losses for loss in columns)
        share = below / sum(map(len, losses))
        computed = "below" if share > 0.9 else "above" if share < 0.1 else "near"
        require(candidate == computed, computed, candidate, "columns of the held-out text, of every seed")
        return Evidence("share of columns below, of every seed", share, records=(path,))

    word = "below" if fmean(losses[0]) < math.log(unigram) else "above"
    text = "held-out perplexity against that of word frequencies"
    return claim("3.model.against-frequencies", word, text, check, [Control("above", "loss and likelihood confused")])
