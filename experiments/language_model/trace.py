"""The first training losses of the public word_language_model example, step by step, from the same seed.

    python -m experiments.language_model.trace --cell LSTM --steps 200 --seed 1111 --data DIR --json

The example draws initial weights and dropout masks from torch's global generator, seeded once. The stock path draws
the same numbers in the same order; on one machine, with one number of threads, the losses are equal to the last bit.
"""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import torch
import typer

from experiments.language_model.data import Corpus, batchify, windows
from experiments.language_model.download import data_folder
from experiments.language_model.train import Settings, build
from writeup.errors import WriteupError, run_program


def losses(settings: Settings, corpus: Corpus) -> Iterator[float]:
    """Training loss of one window after another, in nats a word, with a new pass over the text after the last."""
    path = build(settings, len(corpus.vocabulary), torch.Generator().manual_seed(settings.seed))
    columns = batchify(corpus.train[: settings.train_tokens], settings.batch_size)
    while True:
        hidden = path.model.initial_hidden(settings.batch_size)  # a new epoch starts from zeros
        for inputs, targets in windows(columns, settings.bptt):
            loss, hidden = path.step(inputs, targets, hidden, settings.learning_rate)
            yield loss.item()


def main(
    cell: Annotated[str, typer.Option(help="LSTM, GRU, RNN_TANH or RNN_RELU")] = "LSTM",
    steps: Annotated[int, typer.Option(min=1, help="how many training steps")] = 20,
    seed: int = 1111,
    tied: Annotated[bool, typer.Option("--tied", help="share the embedding's matrix with the decoder")] = False,
    path: Annotated[str, typer.Option(help="stock or fast")] = "stock",
    data: Annotated[Path | None, typer.Option(help="folder with train.txt, valid.txt and test.txt")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object instead of lines")] = False,
) -> None:
    """Print the first training losses of the example's defaults."""
    try:
        corpus = Corpus.load(data or data_folder())
        settings = Settings(cell=cell, seed=seed, tied=tied, path=path)
        first = islice(losses(settings, corpus), steps)
        if as_json:
            typer.echo(json.dumps({"losses": list(first)}))
            return
        for step, loss in enumerate(first):
            typer.echo(f"{step:6d}  {loss:.6f}")
    except WriteupError as error:
        typer.echo(f"trace: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    run_program(main, "trace")
