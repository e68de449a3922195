"""The public example's own training loop, step by step, from a folder that the user names; nothing of it is kept here.

The folder is `word_language_model` of github.com/pytorch/examples, or at least its main.py and model.py. main.py reads
its command line and trains when imported, so the functions of its loop are taken from its syntax tree instead and run
unchanged, with the names that they expect. The loop calls its loss function once a step: there the clock is read.
"""

import ast
import json
import math
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from experiments.language_model.data import Corpus, batchify
from experiments.language_model.run import ROOT, corpus_of
from experiments.language_model.timer import Step
from experiments.language_model.train import Settings
from writeup.errors import WriteupError

LOOP = ("repackage_hidden", "get_batch", "train")


class TimedLoss(nn.NLLLoss):
    """The example's loss function, noting when it was called and what it returned."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[float, float, Tensor]] = []

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        loss = super().forward(input, target)
        self.calls.append((time.perf_counter(), time.process_time(), loss.detach()))
        return loss


def require(folder: Path) -> None:
    """Raises `WriteupError` where the folder is no copy of the example."""
    missing = [name for name in ("main.py", "model.py") if not (folder / name).is_file()]
    if missing:
        raise WriteupError(
            f"example: no {' and '.join(missing)} in {folder}; it has to be a copy of word_language_model from "
            "github.com/pytorch/examples"
        )


def example_steps(folder: Path, settings: Settings, corpus: Corpus, steps: int) -> list[Step]:
    """So many steps of the example in `folder`, each from one call of its loss function to the next."""
    require(folder)
    torch.manual_seed(settings.seed)
    words = len(corpus.vocabulary)
    sizes = (words, settings.embedding_size, settings.hidden_size, settings.layers, settings.dropout, settings.tied)
    names = _names_in(folder / "model.py")
    model, criterion = names["RNNModel"](settings.cell, *sizes), TimedLoss()
    # One window more than asked for: the last call of the loss function only ends the step before.
    rows = (steps + 1) * settings.bptt + 1
    names = {
        "args": SimpleNamespace(
            model=settings.cell,
            batch_size=settings.batch_size,
            bptt=settings.bptt,
            clip=settings.clip,
            log_interval=steps + 2,
            use_optimizer=False,
            dry_run=False,
        ),
        "corpus": SimpleNamespace(dictionary=corpus.vocabulary),
        "train_data": batchify(corpus.train, settings.batch_size)[:rows],
        "lr": settings.learning_rate,
        **{"model": model, "criterion": criterion, "torch": torch, "time": time, "math": math, "epoch": 1},
    }
    _names_in(folder / "main.py", LOOP, names)["train"]()
    return [
        Step(later[0] - call[0], later[1] - call[1], call[2].item())
        for call, later in zip(criterion.calls, criterion.calls[1:], strict=False)
    ]


def _names_in(path: Path, functions: tuple[str, ...] | None = None, given: dict[str, Any] | None = None) -> Any:
    """What the Python file defines; with `functions`, only these, executed among the names `given`."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    if functions is not None:
        found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in functions]
        if len(found) < len(functions):
            raise WriteupError(f"example: {path} lacks one of the functions {', '.join(functions)}")
        tree = ast.Module(body=list(found), type_ignores=[])
    names = {"__name__": path.stem, **(given or {})}
    exec(compile(tree, str(path), "exec"), names)
    return names


def measured(folder: Path, settings: Settings, warm_up: int, steps: int, threads: int) -> dict[str, list[float]]:
    """As `timer.measured`, in a fresh process: {"example": ..., "example_processor": ..., "example_bytes": ...}."""
    asked = {"folder": str(folder), "settings": asdict(settings), "warm_up": warm_up, "steps": steps}
    command = [sys.executable, "-m", "experiments.language_model.example", json.dumps(asked | {"threads": threads})]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _work(asked: dict[str, Any]) -> dict[str, list[float]]:
    """What the fresh process does."""
    torch.set_num_threads(asked["threads"])
    settings, first = Settings(**asked["settings"]), asked["warm_up"]
    steps = example_steps(Path(asked["folder"]), settings, corpus_of(settings.corpus), first + asked["steps"])[first:]
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
    return {
        "example": [step.seconds for step in steps],
        "example_processor": [step.processor_seconds for step in steps],
        "example_bytes": [float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)],
    }


def folder_from_environment() -> Path | None:
    """The folder that the variable WORD_LANGUAGE_MODEL names."""
    named = os.environ.get("WORD_LANGUAGE_MODEL")
    return Path(named) if named else None


if __name__ == "__main__":
    print(json.dumps(_work(json.loads(sys.argv[1]))))
