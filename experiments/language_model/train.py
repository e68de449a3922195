"""Settings, training and evaluation of one language-model run."""

import copy
import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from experiments.language_model.cuda import CudaPath
from experiments.language_model.data import Corpus, batchify, count_windows, windows
from experiments.language_model.fast import FastPath
from experiments.language_model.model import Hidden, RNNModel, drawing_from
from experiments.language_model.stock import StockPath
from writeup.errors import WriteupError

ANNEALING = 4.0
MEASURED = ("seconds", "processor_seconds", "tokens")  # of an epoch's training: wall, this process, words predicted
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Settings:
    """One run. The defaults are those of the public word_language_model example."""

    cell: str = "LSTM"  # LSTM, GRU, RNN_TANH or RNN_RELU
    embedding_size: int = 200
    hidden_size: int = 200
    layers: int = 2
    dropout: float = 0.2  # probability of a zero, on embeddings, between layers and before the decoder
    tied: bool = False  # decoder and embedding share one matrix
    bptt: int = 35  # steps through which gradients flow back: the length of a window
    batch_size: int = 20  # parallel columns of the training text
    evaluation_batch_size: int = 10  # parallel columns of the other two texts
    learning_rate: float = 20.0  # of the first epoch; divided by 4 after an epoch without a better validation loss
    clip: float = 0.25  # bound on the gradient's global norm
    epochs: int = 40
    seed: int = 1111
    corpus: str = "wikitext-2"  # or "generated": made up, for trials in seconds
    train_tokens: int | None = None  # only the first so many tokens of the training text; None: all of it
    annealing_tokens: int | None = None  # only the first so many of the validation text after each epoch; None: all
    path: str = "stock"  # stock: PyTorch's modules; fast: equal mathematics, fused
    precision: str = "float32"  # of the fast path's matrix products: float32, bfloat16 or, on a CUDA device, tf32

    @property
    def name(self) -> str:
        """Readable, and unique by the hash of all fields."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]
        tied = "-tied" if self.tied else ""
        return (
            f"{self.cell}-layers{self.layers}-hidden{self.hidden_size}-bptt{self.bptt}"
            f"-lr{self.learning_rate:g}-seed{self.seed}{tied}-{digest}"
        )


class TrainingPath(Protocol):
    """What `StockPath` and `FastPath` have in common."""

    model: RNNModel

    def step(self, inputs: Tensor, targets: Tensor, hidden: Hidden, learning_rate: float) -> tuple[Tensor, Hidden]: ...
    def loss(self, inputs: Tensor, targets: Tensor, hidden: Hidden) -> tuple[Tensor, Hidden]: ...
    def weights_replaced(self) -> None: ...


def build(
    settings: Settings, vocabulary_size: int, generator: torch.Generator, device: torch.device = CPU
) -> TrainingPath:
    """The model with its initial weights drawn from `generator` on the CPU, and the chosen path through it."""
    with drawing_from(generator):
        model = RNNModel(
            settings.cell,
            vocabulary_size,
            settings.embedding_size,
            settings.hidden_size,
            settings.layers,
            settings.dropout,
            settings.tied,
        ).to(device)
    if settings.path == "fast":
        path = CudaPath if device.type == "cuda" else FastPath
        return path(model, settings.clip, generator, settings.precision)
    if settings.path == "stock" and device.type == "cpu":  # elsewhere the modules' dropout draws other masks
        return StockPath(model, settings.clip, generator)
    legal = "stock and fast" if device.type == "cpu" else "only fast"
    raise WriteupError(f"language model: path is {settings.path!r}; legal on {device.type}: {legal}")


def train_epoch(path: TrainingPath, columns: Tensor, bptt: int, learning_rate: float) -> float:
    """One pass over `columns`; returns the mean of the windows' losses, in nats a word."""
    hidden = path.model.initial_hidden(columns.shape[1])
    total = torch.zeros((), device=columns.device)
    for inputs, targets in windows(columns, bptt):
        loss, hidden = path.step(inputs, targets, hidden, learning_rate)
        total += loss
    return total.item() / count_windows(columns, bptt)


def evaluate(path: TrainingPath, columns: Tensor, bptt: int) -> float:
    """Mean loss in nats a word over all of `columns`; the state runs through from window to window."""
    hidden = path.model.initial_hidden(columns.shape[1])
    total = torch.zeros((), device=columns.device)
    for inputs, targets in windows(columns, bptt):
        loss, hidden = path.loss(inputs, targets, hidden)
        total += loss * len(inputs)
    return total.item() / (len(columns) - 1)


@dataclass
class Progress:
    """Where a run stands between two epochs; all that is needed to go on as if nothing had happened."""

    learning_rate: float
    best_loss: float = math.inf
    curves: dict[str, list[float]] = field(
        default_factory=lambda: {name: [] for name in ("train_loss", "valid_loss", "learning_rate", *MEASURED)}
    )

    def close_epoch(self, train_loss: float, valid_loss: float, **measured: float) -> bool:
        """Note the epoch and anneal if it brought no better validation loss; True if it did."""
        noted = {"train_loss": train_loss, "valid_loss": valid_loss, "learning_rate": self.learning_rate, **measured}
        for name, value in noted.items():
            self.curves[name].append(value)
        if valid_loss < self.best_loss:
            self.best_loss = valid_loss
            return True
        self.learning_rate /= ANNEALING
        return False


def fit(
    settings: Settings,
    corpus: Corpus,
    report: Callable[[float, str], None],
    saved: Path | None = None,
    device: torch.device = CPU,
) -> tuple[TrainingPath, Progress]:
    """Train and return the path with its best weights, and the course of the run.

    After each epoch everything is put in the file `saved`, from which an interrupted run goes on, and so does one of
    more epochs; with the same result, since the generator is part of it. A loss that is not finite ends the run.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    path = build(settings, len(corpus.vocabulary), generator, device)
    columns = batchify(corpus.train[: settings.train_tokens], settings.batch_size).to(device)
    valid = batchify(corpus.valid[: settings.annealing_tokens], settings.evaluation_batch_size).to(device)
    progress = Progress(settings.learning_rate)
    best = copy.deepcopy(path.model.state_dict())
    state: dict[str, Any] = torch.load(saved, weights_only=True, map_location=CPU) if saved and saved.is_file() else {}
    if state and len(state["progress"]["curves"]["train_loss"]) <= settings.epochs:  # not that of a longer run
        progress = Progress(**state["progress"])
        best = state["best"]
        path.model.load_state_dict(state["weights"])
        path.weights_replaced()
        generator.set_state(state["generator"])
    while len(progress.curves["train_loss"]) < settings.epochs:
        start, processor_start = time.perf_counter(), time.process_time()
        train_loss = train_epoch(path, columns, settings.bptt, progress.learning_rate)
        taken = {"seconds": time.perf_counter() - start, "processor_seconds": time.process_time() - processor_start}
        valid_loss = evaluate(path, valid, settings.bptt)
        if not math.isfinite(train_loss + valid_loss):
            break
        if progress.close_epoch(train_loss, valid_loss, **taken, tokens=columns.numel() - columns.shape[1]):
            best = copy.deepcopy(path.model.state_dict())
        done = len(progress.curves["train_loss"])
        report(done / settings.epochs, f"epoch {done}: validation perplexity {math.exp(min(valid_loss, 99)):.1f}")
        if saved:
            _save_state(saved, path.model, best, progress, generator)
    path.model.load_state_dict(best)
    path.weights_replaced()
    return path, progress


def _save_state(
    saved: Path, model: RNNModel, best: dict[str, Tensor], progress: Progress, generator: torch.Generator
) -> None:
    """Replace the file in one step, so that a kill at any moment leaves the old state or the new one."""
    state = {"weights": model.state_dict(), "best": best, "progress": asdict(progress)}
    saved.parent.mkdir(parents=True, exist_ok=True)
    temporary = saved.with_suffix(".new")
    torch.save(state | {"generator": generator.get_state()}, temporary)
    temporary.replace(saved)
