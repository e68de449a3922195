"""What the replay of a probe accepts and what it rejects: the tolerance, measured from both sides.

    python -m experiments.language_model.tolerance [RECORD.json]

A *slip* is code or a setting that could not have made the record: its replay must differ by more than the tolerance.
A *device* computes the same with other rounding, as another machine would: its replay must agree. Without a record the
probe is that of a small run on the generated corpus.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from experiments.language_model import cross_entropy, data, fast, run, stock, train
from experiments.language_model.model import Hidden, RNNModel
from experiments.language_model.train import Settings
from writeup.records.replay import REPLAY_TOLERANCE, differences
from writeup.records.store import load

SMALL = Settings(
    corpus="generated",
    embedding_size=32,
    hidden_size=32,
    epochs=2,
    learning_rate=100.0,
    clip=0.05,  # at these sizes gradients are too small for the example's bound
    path="fast",
    precision="bfloat16",
)


@dataclass(frozen=True)
class Perturbation:
    """One way in which a replay may not be what was recorded: other code while it lasts, or other settings."""

    code: Callable[[], AbstractContextManager[Any]] = nullcontext
    settings: Callable[[Settings], dict[str, Any]] = lambda _: {}
    path: str = ""  # the path on which record and replay are made, where it is not the settings' own


def _shifted(text: Tensor, batch_size: int) -> Tensor:
    return data.batchify(text[1:], batch_size)


def _same_words(columns: Tensor, bptt: int) -> Iterator[tuple[Tensor, Tensor]]:
    return ((inputs, inputs.flatten()) for inputs, _ in data.windows(columns, bptt))


def _overlapping(columns: Tensor, bptt: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Windows that begin with the last row of the one before: an off-by-one in the stride."""
    for start in range(0, len(columns) - 1, bptt - 1):
        length = min(bptt, len(columns) - 1 - start)
        yield columns[start : start + length], columns[start + 1 : start + 1 + length].reshape(-1)


def _forgetful(self: fast.FastPath, inputs: Tensor, targets: Tensor, _: Hidden, rate: float) -> tuple[Tensor, Hidden]:
    return _STEP(self, inputs, targets, self.model.initial_hidden(inputs.shape[1]), rate)


def _larger_steps(self: fast.FastPath, inputs: Tensor, targets: Tensor, hidden: Hidden, rate: float) -> Any:
    """The rate that is noted is not the one that is used."""
    return _STEP(self, inputs, targets, hidden, 1.05 * rate)


def _never_annealing(self: train.Progress, *noted: Any) -> bool:
    rate = self.learning_rate
    better = _CLOSE_EPOCH(self, *noted)
    self.learning_rate = rate
    return better


def _unscaled(self: fast.FastPath, values: Tensor) -> Tensor:
    """Dropout that does not divide by the share that is kept."""
    return _DROP(self, values) * (1 - self.model.drop.p)


_STEP, _DROP, _CLOSE_EPOCH = fast.FastPath.step, fast.FastPath._drop, train.Progress.close_epoch  # before any patch


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


def _set(**changes: Any) -> Perturbation:
    return Perturbation(settings=lambda _: changes)


def _code(target: Any, name: str, new: Any, path: str = "") -> Perturbation:
    return Perturbation(partial(patch.object, target, name, new), path=path)


SLIPS = {
    "learning rate 5 % higher": Perturbation(settings=lambda s: {"learning_rate": s.learning_rate * 1.05}),
    "learning rate 5 % higher than noted": _code(fast.FastPath, "step", _larger_steps),
    "another seed": Perturbation(settings=lambda s: {"seed": s.seed + 1}),
    "dropout 0.25 for 0.2": _set(dropout=0.25),
    "no dropout": _set(dropout=0.0),
    "dropout not divided by the share kept": _code(fast.FastPath, "_drop", _unscaled),
    "another cell": Perturbation(settings=lambda s: {"cell": "GRU" if s.cell == "LSTM" else "LSTM"}),
    "one layer more": Perturbation(settings=lambda s: {"layers": s.layers + 1}),
    "bptt one shorter": Perturbation(settings=lambda s: {"bptt": s.bptt - 1}),
    "windows overlap by a row": _code(run, "windows", _overlapping),
    "batcher off by one word": _code(run, "batchify", _shifted),
    "targets off by one word": _code(run, "windows", _same_words),
    "clip a fifth lower": Perturbation(settings=lambda s: {"clip": 0.8 * s.clip}),
    "no clipping": _set(clip=float("inf")),
    "annealing divides by 2": _code(train, "ANNEALING", 2.0),
    "never annealing": _code(train.Progress, "close_epoch", _never_annealing),
    "state set to zero at every window": _code(fast.FastPath, "step", _forgetful),
    "repackaging forgotten": _code(stock, "repackage_hidden", lambda hidden: hidden, path="stock"),
    "zeroing of gradients forgotten": _code(RNNModel, "zero_grad", lambda _: None, path="stock"),
    "dropout left on in evaluation": _code(RNNModel, "eval", lambda model: model, path="stock"),
}
DEVICES = {
    "two threads": Perturbation(lambda: _threads(2)),
    # In float32: without oneDNN, products of bfloat16 are computed number by number, for minutes.
    "float32, without oneDNN": Perturbation(
        lambda: torch.backends.mkldnn.flags(enabled=False), lambda _: {"precision": "float32"}
    ),
    "deterministic algorithms": Perturbation(_deterministic),
    "sums in other chunks": _code(
        cross_entropy.LinearCrossEntropy.__init__,
        "__defaults__",
        (64, cross_entropy.BLOCK_ROWS),
    ),
    "float32 for bfloat16": _set(precision="float32"),
    "stock path, float32": _set(path="stock", precision="float32"),
}


def difference(perturbation: Perturbation, settings: Settings, probe: dict[str, Any] | None = None) -> float:
    """The largest relative difference between the settings' probe and its perturbed replay; infinite if that breaks.

    `probe` is the recorded one; without it, or on another path than the record's, it is made here.
    """
    if perturbation.path not in ("", settings.path):
        settings, probe = replace(settings, path=perturbation.path), None
    corpus = run.corpus_of(settings.corpus)
    probe = probe or run.probe(settings, corpus)
    with perturbation.code():
        try:
            repeated = run.probe(replace(settings, **perturbation.settings(settings)), corpus)
        except RuntimeError:  # torch's own refusal, as of a backward pass through a graph that is gone
            return float("inf")
    return max(found for *_, found in differences(probe, repeated, ""))


def main() -> None:
    """Print both tables, in Markdown."""
    torch.set_num_threads(1)
    record = load(Path(sys.argv[1])) if sys.argv[1:] else None
    settings, probe = (Settings(**record.settings), record.probe) if record else (SMALL, None)
    print(f"{settings.name}, {settings.corpus}; tolerance {REPLAY_TOLERANCE:g}\n")
    print("| Replay with | must be | largest difference | verdict |\n| --- | --- | --- | --- |")
    for wanted, group in (("rejected", SLIPS), ("accepted", DEVICES)):
        for name, perturbation in group.items():
            found = difference(perturbation, settings, probe)
            verdict = "accepted" if found <= REPLAY_TOLERANCE else "rejected"
            print(f"| {name} | {wanted} | {found:.1e} | {verdict} |", flush=True)


if __name__ == "__main__":
    main()
