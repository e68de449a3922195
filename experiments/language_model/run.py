"""One run of the study as a record, and the probe by which another machine can test that record."""

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pooch
import torch

from experiments.devices import device_name, training_device
from experiments.language_model.data import Corpus, batchify, count_windows, windows
from experiments.language_model.download import SHA256, data_folder
from experiments.language_model.train import CPU, Progress, Settings, TrainingPath, build, evaluate, fit
from writeup.records.store import Record, save, source_fingerprints

KIND = "language_model"
ROOT = Path(__file__).parents[2]
_SHARED = ("data", "model", "train", "run")
SOURCES = {
    path: tuple(f"experiments/language_model/{name}.py" for name in (*_SHARED, *own))
    for path, own in {"stock": ("stock",), "fast": ("fast", "cross_entropy", "gru", "lstm")}.items()
}

CUDA_SOURCES = ("experiments/language_model/cuda.py",)

PROBE_STEPS = 20
PROBE_TOKENS = 2000
# At the rates that train best, rounding grows from step to step; at a tenth of them two machines stay together.
PROBE_RATE = 0.1


@cache
def corpus_of(name: str) -> Corpus:
    """The corpus that `Settings.corpus` names, read once a process."""
    return Corpus.generated() if name == "generated" else Corpus.load(data_folder())


def run(settings: Settings, root: Path, report: Callable[[float, str], None]) -> Record:
    """Train, evaluate the best weights on validation and test text, save the record; goes on after an interruption."""
    start = time.perf_counter()
    corpus = corpus_of(settings.corpus)
    device = training_device()
    path, progress = fit(settings, corpus, report, checkpoint(settings, device), device)
    trained = time.perf_counter()
    texts = {"valid": corpus.valid, "test": corpus.test}
    losses = {
        split: evaluate(path, batchify(text, settings.evaluation_batch_size).to(device), settings.bptt)
        for split, text in texts.items()
    }
    evaluated = time.perf_counter()
    return save(
        root,
        kind=KIND,
        name=settings.name,
        settings=asdict(settings),
        seeds=[settings.seed],
        metrics=_metrics(settings, corpus, path, progress, losses),
        curves={name: [round(value, 6) for value in values] for name, values in progress.curves.items()},
        timing={
            "train_seconds": sum(progress.curves["seconds"]),
            "final_evaluation_seconds": evaluated - trained,
            "total_seconds": evaluated - start,
        },
        probe=probe(settings, corpus, device),
        sources=(*SOURCES[settings.path], *(CUDA_SOURCES if device.type == "cuda" else ())),
        data=SHA256 if settings.corpus == "wikitext-2" else {},
        device=device_name(device),
    )


def _metrics(
    settings: Settings, corpus: Corpus, path: TrainingPath, progress: Progress, losses: dict[str, float]
) -> dict[str, float]:
    """Final numbers: losses in nats a word, perplexities, parameters by part of the model, steps."""
    curve = progress.curves["valid_loss"]
    model = path.model
    counts = {part: sum(p.numel() for p in getattr(model, part).parameters()) for part in ("encoder", "rnn", "decoder")}
    columns = batchify(corpus.train[: settings.train_tokens], settings.batch_size)
    metrics = {f"{split}_loss": loss for split, loss in losses.items()}
    metrics |= {f"{split}_perplexity": math.exp(min(loss, 700)) for split, loss in losses.items()}
    return metrics | {
        "best_epoch": curve.index(min(curve)) + 1 if curve else 0,
        "diverged": float(len(curve) < settings.epochs),
        "steps": len(curve) * count_windows(columns, settings.bptt),
        "parameters": sum(p.numel() for p in model.parameters()),
        "encoder_parameters": counts["encoder"],
        "recurrent_parameters": counts["rnn"],
        "decoder_parameters": counts["decoder"],
    }


def probe(settings: Settings, corpus: Corpus, device: torch.device = CPU) -> dict[str, Any]:
    """A short trace through the run's own code: twenty steps from the seeded weights, half of them after annealing.

    `losses` are the training losses, `valid_loss` that of a validation slice after the first half, `learning_rates` the
    rate before and after one annealing step.
    """
    path = build(settings, len(corpus.vocabulary), torch.Generator().manual_seed(settings.seed), device)
    progress = Progress(settings.learning_rate * PROBE_RATE, best_loss=0.0)  # no loss is better than zero: anneals
    rates = [progress.learning_rate]
    hidden = path.model.initial_hidden(settings.batch_size)
    columns = batchify(corpus.train[: settings.train_tokens], settings.batch_size).to(device)
    valid_loss, losses = math.nan, []
    for step, (inputs, targets) in enumerate(islice(cycle(windows(columns, settings.bptt)), PROBE_STEPS), start=1):
        loss, hidden = path.step(inputs, targets, hidden, progress.learning_rate)
        losses.append(round(loss.item(), 7))
        if step == PROBE_STEPS // 2:
            valid = batchify(corpus.valid[:PROBE_TOKENS], settings.evaluation_batch_size).to(device)
            valid_loss = evaluate(path, valid, settings.bptt)
            progress.close_epoch(loss.item(), valid_loss)
            rates.append(progress.learning_rate)
    return {"losses": losses, "valid_loss": round(valid_loss, 7), "learning_rates": rates}


def replay(record: Record) -> dict[str, Any]:
    """The record's probe, repeated here with its settings."""
    settings = Settings(**record.settings)
    return probe(settings, corpus_of(settings.corpus), training_device())


def checkpoint(settings: Settings, device: torch.device) -> Path:
    """Where a run's state is kept after each epoch, also for a run of more epochs; other code does not take it up."""
    code = hashlib.sha256(repr(source_fingerprints(SOURCES[settings.path], ROOT)).encode()).hexdigest()[:8]
    name = replace(settings, epochs=0).name
    return Path(pooch.os_cache("writeup")) / "checkpoints" / f"{name}-{device.type}-{code}.pt"
