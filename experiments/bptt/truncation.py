"""How far a trained model's gradients reach, what cutting them at `bptt` words changes, what carried values are worth.

One run trains a model on the fast path (a twentieth of WikiText-2's training text, six epochs) and
measures it on the validation text without dropout. In `curves`:

    distance   {"trained": [...], "initial": [...]}: for each segment of the text a list over distances 0, 1, 2, ...:
               mean over columns of log10 of the norm of `gradients.by_distance`
    cut        {bptt: {"norm", "difference", "cosine": [...]}}, one number a stretch of text: norm of the recurrent
               weights' gradient cut every `bptt` words, norm of its difference from the uncut one, their cosine
    uncut      norms of the uncut gradient, one a stretch
    loss       {"carried" | "zeroed": {"by_position": [...], "by_column": [...]}}: mean loss in nats a word, the state
               carried from window to window or set to zero, by position in the window and by column of the text
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from experiments import Report
from experiments.bptt.gradients import at_features, by_distance, recurrent_gradient
from experiments.language_model import run as training_run
from experiments.language_model import train
from experiments.language_model.data import Corpus, batchify
from experiments.language_model.download import SHA256
from experiments.language_model.model import RNNModel
from writeup.records.store import Record, save

KIND = "bptt"
SOURCES = (
    *(f"experiments/bptt/{name}.py" for name in ("gradients", "truncation")),
    *(
        f"experiments/language_model/{name}.py"
        for name in ("cross_entropy", "data", "fast", "gru", "lstm", "model", "run", "train")
    ),
)
TRAINING_SHARE = 0.6  # of the run's time, for the display


@dataclass(frozen=True)
class Settings:
    """One trained model and its measurements."""

    cell: str = "LSTM"
    learning_rate: float = 20.0
    seed: int = 1111
    corpus: str = "wikitext-2"
    hidden_size: int = 200
    train_tokens: int = 104_431
    annealing_tokens: int = 10_882
    epochs: int = 6
    bptt: int = 35  # of training, and of the comparison of carried and zeroed states
    distances: int = 105  # the farthest word
    segments: int = 20  # of the text, for the norms by distance
    columns: int = 20  # of the text, in all measurements
    stretch: int = 280  # rows through which the uncut gradient flows
    stretches: int = 12
    cuts: tuple[int, ...] = (1, 2, 5, 10, 20, 35, 70, 140)
    evaluated_rows: int = 3500

    @property
    def name(self) -> str:
        """Readable, and unique by the hash of all fields."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]
        return f"{self.cell}-{self.corpus}-hidden{self.hidden_size}-lr{self.learning_rate:g}-seed{self.seed}-{digest}"

    @property
    def training(self) -> train.Settings:
        return train.Settings(
            cell=self.cell,
            learning_rate=self.learning_rate,
            seed=self.seed,
            corpus=self.corpus,
            embedding_size=self.hidden_size,
            hidden_size=self.hidden_size,
            train_tokens=self.train_tokens,
            annealing_tokens=self.annealing_tokens,
            epochs=self.epochs,
            bptt=self.bptt,
            path="fast",
            precision="bfloat16",
        )


# The example's learning rate for the LSTM; the GRU wants a smaller one.
FULL = (Settings(), Settings(cell="GRU", learning_rate=5.0))
SMALL = {"corpus": "generated", "hidden_size": 16, "train_tokens": 3000, "annealing_tokens": 1000, "epochs": 1}
SMALL_MEASUREMENTS = {"bptt": 5, "distances": 10, "segments": 2, "columns": 4, "stretch": 20, "stretches": 2}


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    """An LSTM and a GRU."""
    if preset == "quick":
        return [replace(run, **SMALL, **SMALL_MEASUREMENTS, cuts=(1, 5), evaluated_rows=50) for run in FULL]  # type: ignore[arg-type]
    return list(FULL)


def run(settings: Settings, root: Path, report: Report) -> Record:
    """Train, measure, save."""
    corpus = training_run.corpus_of(settings.corpus)
    initial = train.build(settings.training, len(corpus.vocabulary), torch.Generator().manual_seed(settings.seed))
    path, progress = train.fit(settings.training, corpus, lambda done, text: report(TRAINING_SHARE * done, text))
    model = path.model.eval()
    columns = batchify(corpus.valid, settings.columns)
    report(TRAINING_SHARE, "gradient norms by distance")
    curves: dict[str, Any] = {
        "distance": {
            "trained": norms_by_distance(settings, model, columns),
            "initial": norms_by_distance(settings, initial.model.eval(), columns),
        }
    }
    report(0.7, "cut gradients")
    curves |= cut_gradients(settings, model, columns)
    report(0.9, "carried and zeroed states")
    curves["loss"] = {kind: losses(settings, model, columns, kind == "carried") for kind in ("carried", "zeroed")}
    return save(
        root,
        kind=KIND,
        name=settings.name,
        settings=asdict(settings),
        seeds=[settings.seed],
        metrics={"valid_loss": progress.best_loss},
        curves=_rounded(curves),
        timing={"train_seconds": sum(progress.curves["seconds"])},
        probe=probe(settings, corpus),
        sources=SOURCES,
        data=SHA256 if settings.corpus == "wikitext-2" else {},
    )


def norms_by_distance(settings: Settings, model: RNNModel, columns: Tensor) -> list[list[float]]:
    """By segment and distance: mean log10 norm over columns. Each segment starts from the state `bptt` rows earlier."""
    length = settings.distances + 1
    span = (len(columns) - 1) // settings.segments
    found = []
    for start in range(0, settings.segments * span, span):
        with torch.no_grad():
            warm_up = model.encoder(columns[start : start + settings.bptt])
            hidden = model.rnn(warm_up, model.initial_hidden(settings.columns))[1]
        start += settings.bptt
        inputs, targets = columns[start : start + length], columns[start + 1 : start + 1 + length]
        found.append(by_distance(model, inputs, targets, hidden).log10().mean(dim=1).tolist())
    return found


def cut_gradients(settings: Settings, model: RNNModel, columns: Tensor) -> dict[str, Any]:
    """The parts `cut` and `uncut` of the record, over consecutive stretches of the text."""
    hidden = model.initial_hidden(settings.columns)
    cut: dict[str, dict[str, list[float]]] = {
        str(bptt): {"norm": [], "difference": [], "cosine": []} for bptt in settings.cuts
    }
    uncut = []
    for index in range(settings.stretches):
        start = index * settings.stretch
        inputs = columns[start : start + settings.stretch]
        targets = columns[start + 1 : start + 1 + settings.stretch]
        upstream = at_features(model, inputs, targets, hidden, settings.bptt)
        whole = recurrent_gradient(model, inputs, upstream, hidden, settings.stretch)
        uncut.append(whole.norm().item())
        for bptt in settings.cuts:
            part = recurrent_gradient(model, inputs, upstream, hidden, bptt)
            found = cut[str(bptt)]
            found["norm"].append(part.norm().item())
            found["difference"].append((part - whole).norm().item())
            found["cosine"].append(functional.cosine_similarity(part, whole, dim=0).item())
        with torch.no_grad():
            hidden = model.rnn(model.encoder(inputs), hidden)[1]
    return {"cut": cut, "uncut": uncut}


@torch.no_grad()
def losses(settings: Settings, model: RNNModel, columns: Tensor, carried: bool) -> dict[str, list[float]]:
    """Mean loss by position in the window and by column, over whole windows only."""
    zeros = hidden = model.initial_hidden(settings.columns)
    starts = range(0, min(settings.evaluated_rows, len(columns) - 1) - settings.bptt + 1, settings.bptt)
    total = torch.zeros(settings.bptt, settings.columns)
    for start in starts:
        inputs, targets = columns[start : start + settings.bptt], columns[start + 1 : start + 1 + settings.bptt]
        log_probabilities, hidden = model(inputs, hidden if carried else zeros)
        total += functional.nll_loss(log_probabilities, targets.flatten(), reduction="none").view_as(total)
    mean = total / len(starts)
    return {"by_position": mean.mean(dim=1).tolist(), "by_column": mean.mean(dim=0).tolist()}


def probe(settings: Settings, corpus: Corpus) -> dict[str, Any]:
    """The training's own probe, and the measurements' first numbers at the seeded initial weights."""
    path = train.build(settings.training, len(corpus.vocabulary), torch.Generator().manual_seed(settings.seed))
    model = path.model.eval()
    columns = batchify(corpus.valid, settings.columns)
    few = replace(settings, segments=1, distances=min(settings.distances, settings.bptt), stretches=1)
    few = replace(few, stretch=2 * settings.bptt, cuts=(settings.bptt,), evaluated_rows=2 * settings.bptt)
    return _rounded(
        {
            "distance": norms_by_distance(few, model, columns)[0],
            **cut_gradients(few, model, columns),
            "loss": losses(few, model, columns, carried=True)["by_column"],
            "training": training_run.probe(settings.training, corpus),
        }
    )


def replay(record: Record) -> dict[str, Any]:
    """The record's probe, repeated here with its settings."""
    settings = Settings(**(record.settings | {"cuts": tuple(record.settings["cuts"])}))
    return probe(settings, training_run.corpus_of(settings.corpus))


def _rounded(values: Any) -> Any:
    """Six significant digits."""
    if isinstance(values, dict):
        return {name: _rounded(value) for name, value in values.items()}
    if isinstance(values, list):
        return [_rounded(value) for value in values]
    return float(f"{values:.6g}")
