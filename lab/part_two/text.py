"""The notebook's text and its models a second time: words counted by another rule, losses added up word by word."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from itertools import groupby

import torch

from experiments.part_two.language_model import UNKNOWN, LanguageModel, reference_prose
from experiments.part_two.language_model_trials import Settings, Text
from lab.part_two.loss import cross_entropy
from lab.part_two.recurrent import layers_of, lstm_cell, unroll
from lab.part_two.regularisation import dropout

TRUNCATION = 32  # of `train_language_model`


def words_counted(ends: int = 1) -> int:
    """The words of the text, counted without the expression that found them; `ends` 0 forgets the marks of the ends."""
    return sum(_words_in(line) + ends for line in reference_prose())


def _words_in(line: str) -> int:
    """The line is cut at what is no word."""
    found = sum(line.count(mark) for mark in ".,;:()")
    for token in re.split(r"[^a-z']+", line.lower()):
        for letters, pieces in groupby(token.split("'"), bool):
            found += (len(list(pieces)) + 1) // 2 if letters else 0  # two pieces make one word: "don't"
    return found


def known_words(words: Iterable[str], least: int) -> int:
    """How many different words occur `least` times or more, by runs in the sorted text; with the unknown one."""
    long = [word for word, run in groupby(sorted(words)) if len(list(run)) >= least]
    return len(long) + (UNKNOWN not in long)


def known_and_unknown(text: Text, settings: Settings) -> tuple[list[str], list[str], int]:
    """The known words of both streams, and how many of the held-out stream are unknown."""
    cut, known = int(settings.train_share * len(text.words)), set(text.vocabulary.words)
    parts = []
    for part in (text.words[:cut], text.words[cut:]):
        whole = part[: len(part) // settings.batch_size * settings.batch_size]
        parts.append([word for word in whole if word in known])
    return parts[0], parts[1], len(whole) - len(parts[1])


def frequency_loss(text: Text, settings: Settings) -> float:
    """A known word's probability is (count + 1) / (all known words + words of the vocabulary but the unknown one)."""
    train, held_out, _ = known_and_unknown(text, settings)
    counts, total = Counter(train), len(train) + len(text.vocabulary.words) - 1
    losses = Counter(held_out).items()
    return -sum(times * math.log((counts[word] + 1) / total) for word, times in losses) / len(held_out)


@torch.no_grad()
def first_loss(text: Text, settings: Settings) -> float:
    """The untrained model's loss on the first window: its LSTM, dropout and cross-entropy from scratch."""
    torch.manual_seed(settings.seeds[0])
    model = LanguageModel(len(text.vocabulary.words), settings.width)
    words, target = text.train[:TRUNCATION], text.train[1 : TRUNCATION + 1]
    inputs = dropout(model.embedding.weight[words], 0.2, training=True)
    states, *_ = unroll(lstm_cell, inputs, layers_of(model.recurrent), carried=2)
    logits = dropout(states, 0.2, training=True) @ model.embedding.weight.T
    scored = target.flatten() > 0
    return cross_entropy(logits.flatten(0, 1)[scored], target.flatten()[scored]).item()
