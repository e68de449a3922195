"""What the numbers of one language-model record must have in common: a forged or mixed-up record breaks it.

The laws are arithmetic on the settings and on other numbers of the record; the ones that any record obeys are in
`writeup/records/consistency.py`, which also says what no such law can catch. Here that is: a whole course of a run
(both curves, the rates, losses, perplexities) that was made up in keeping with all of these laws, and a final test loss
moved by less than `TEST_TOLERANCE` together with its perplexity. Probe and curves are tied by the learning rate alone:
whether the probe is the run's own is for a replay to say.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from statistics import median

from experiments.language_model import rerun_reason
from experiments.language_model.download import SHA256
from experiments.language_model.train import Settings
from writeup.errors import CheckFailed
from writeup.records.store import Record

# WikiText-2 [Merity et al. 2016, table 1]: words of the training text with an <eos> a line; words of the vocabulary.
TRAIN_TOKENS, VOCABULARY = 2_088_628, 33_278
GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}
ANNEALING = 4.0  # of the public example: divides the learning rate
PROBE_STEPS, PROBE_RATE = 20, 0.1  # of design and docstring of the probe, not imported from it
# How far (nats) test loss less validation loss may be from its median over all runs: the texts differ in difficulty by
# about the same for every model. Measured over 30 runs: at most 0.015 in all but one, an LSTM of 400 units with 0.038.
TEST_TOLERANCE = 0.04
ROUNDING = 2e-6  # of the curves, which are stored with six places

Law = tuple[str, object, object, bool]  # what must be so, expected, got, whether it is


def obey(settings: Settings, record: Record) -> None:
    """Raise `CheckFailed` at the first law that the record breaks. `settings` are those that the plan asked for."""
    for what, expected, got, holds in laws(settings, record):
        if not holds:
            raise CheckFailed(expected, got, f"record {record.path}: {what}")


def laws(settings: Settings, record: Record) -> Iterator[Law]:
    """All laws in turn. Those on a whole text need WikiText-2's sizes and are left out for another corpus."""
    yield _equal("settings, by its name", json.loads(json.dumps(asdict(settings))), record.settings)
    yield from _losses(record)
    yield from _course(settings, record)
    yield from _times(record)
    yield from _probe(settings, record)
    if settings.corpus == "wikitext-2":
        yield _equal("sha256 of the texts", SHA256, record.data)
        yield from _sizes(settings, record)


def _losses(record: Record) -> Iterator[Law]:
    """Final numbers against each other and against the curve."""
    metrics, curve = record.metrics, record.curves["valid_loss"]
    for split in ("valid", "test"):
        expected = math.exp(min(metrics[f"{split}_loss"], 700))
        yield _close(f"{split} perplexity, from its loss", expected, metrics[f"{split}_perplexity"], relative=1e-9)
    if curve and not metrics["diverged"]:
        best, final = min(curve), metrics["valid_loss"]
        yield _close("validation loss, the best of its curve", best, final, absolute=ROUNDING)
        yield _equal("best epoch, from its curve", curve.index(best) + 1, metrics["best_epoch"])


def _course(settings: Settings, record: Record) -> Iterator[Law]:
    """Epochs: as many as the settings say unless it diverged, each at the rate that the validation losses before it
    leave: divided after every epoch that brought no new best."""
    curves, rates = record.curves, record.curves["learning_rate"]
    lengths = {name: len(values) for name, values in curves.items()}
    epochs = lengths["valid_loss"]
    yield _equal("epochs in all of its curves", dict.fromkeys(lengths, epochs), lengths)
    yield "epochs, from its settings", settings.epochs, epochs, epochs <= settings.epochs
    yield _equal("diverged, from its number of epochs", float(epochs < settings.epochs), record.metrics["diverged"])
    rate, best = settings.learning_rate, math.inf
    for epoch, (loss, found) in enumerate(zip(curves["valid_loss"], rates, strict=True), start=1):
        yield _close(f"learning rate of epoch {epoch}, by the annealing rule", rate, found, absolute=ROUNDING)
        rate = rate if loss < best else rate / ANNEALING
        best = min(best, loss)


def _times(record: Record) -> Iterator[Law]:
    """Every epoch took time, and together what the record says. An interrupted run's total is its last part's."""
    seconds, timing = record.curves["seconds"], record.timing
    yield "seconds of every epoch", "more than 0", min(seconds, default=1.0), min(seconds, default=1.0) > 0
    yield _close("training time, from its epochs", math.fsum(seconds), timing["train_seconds"], absolute=1e-3)
    total, evaluation = timing["total_seconds"], timing["final_evaluation_seconds"]
    yield "time in all", f"more than {evaluation}", total, total > evaluation


def _probe(settings: Settings, record: Record) -> Iterator[Law]:
    """A probe's rates are a tenth of the run's, before and after one annealing; at first it knows no word from another.

    A probe that was copied from a run at another rate breaks the first law.
    """
    rate = settings.learning_rate * PROBE_RATE
    for expected, found in zip((rate, rate / ANNEALING), record.probe["learning_rates"], strict=True):
        yield _close("learning rate of its probe", expected, found, relative=1e-9)
    yield _equal("steps of its probe", PROBE_STEPS, len(record.probe["losses"]))
    if settings.corpus == "wikitext-2":
        yield _close("first loss of its probe", math.log(VOCABULARY), record.probe["losses"][0], absolute=0.1)


def _sizes(settings: Settings, record: Record) -> Iterator[Law]:
    """Tokens, steps and parameters, counted from the settings; the model is not built."""
    rows = (settings.train_tokens or TRAIN_TOKENS) // settings.batch_size
    tokens, epochs = record.curves["tokens"], len(record.curves["tokens"])
    yield _equal("tokens of every epoch", [(rows - 1) * settings.batch_size] * epochs, tokens)
    steps = epochs * math.ceil((rows - 1) / settings.bptt)
    yield _equal("steps, from tokens and epochs", steps, record.metrics["steps"])
    size, gates = settings.hidden_size, GATES[settings.cell]
    inputs = [settings.embedding_size, *[size] * (settings.layers - 1)]
    counted = {
        "encoder": VOCABULARY * settings.embedding_size,
        "recurrent": sum(gates * size * (width + size + 2) for width in inputs),
        "decoder": VOCABULARY * (size + 1),
    }
    for part, count in counted.items():
        yield _equal(f"{part} parameters", count, record.metrics[f"{part}_parameters"])
    shared = counted["encoder"] if settings.tied else 0
    yield _equal("parameters", sum(counted.values()) - shared, record.metrics["parameters"])


def obey_together(records: list[Record]) -> None:
    """Raise `CheckFailed` where a longer run does not begin like a shorter one of the same settings and processor, or
    where test and validation loss of a run lie otherwise to each other than in the other runs."""
    longest: dict[str, Record] = {}
    for record in sorted(records, key=lambda record: -record.settings["epochs"]):
        alike = json.dumps([record.settings | {"epochs": 0}, record.environment.get("processor")], sort_keys=True)
        longer = longest.setdefault(alike, record)
        for name in ("train_loss", "valid_loss"):
            found = record.curves[name]
            if found != (expected := longer.curves[name][: len(found)]):
                raise CheckFailed(expected, found, f"record {record.path}: {name}, as in the longer run {longer.name}")
    calm = [record for record in records if not record.metrics["diverged"] and not rerun_reason(record)]
    above = {r.path: r.metrics["test_loss"] - r.metrics["valid_loss"] for r in calm}
    for path, apart in above.items():
        if abs(apart - (usual := median(above.values()))) > TEST_TOLERANCE:
            raise CheckFailed(usual, apart, f"record {path}: test loss above validation loss, as in the other runs")


def _equal(what: str, expected: object, got: object) -> Law:
    return what, expected, got, expected == got


def _close(what: str, expected: float, got: float, relative: float = 0.0, absolute: float = 0.0) -> Law:
    return what, expected, got, math.isclose(expected, got, rel_tol=relative, abs_tol=absolute)
