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
from lab.part_two.recurrent import layers_of, lstm
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


def frequency_loss(text: Text, settings: Settings) -> float:
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
    return -total / len(parts[1])


@torch.no_grad()
def first_loss(text: Text, settings: Settings) -> float:
    """The untrained model's loss on the first window: its LSTM, dropout and cross-entropy from scratch."""
    torch.manual_seed(settings.seeds[0])
    model = LanguageModel(len(text.vocabulary.words), settings.width)
    words, target = text.train[:TRUNCATION], text.train[1 : TRUNCATION + 1]
    states, *_ = lstm(dropout(model.embedding.weight[words], 0.2, training=True), layers_of(model.recurrent))
    logits = dropout(states, 0.2, training=True) @ model.embedding.weight.T
    return cross_entropy(logits.flatten(0, 1), target.flatten()).item()
