"""Text from the model: train briefly, then let it write, word by word.

python -m experiments.language_model.generate --cell GRU --epochs 1 --words 100 --data DIR
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from experiments.language_model.data import Corpus
from experiments.language_model.download import data_folder
from experiments.language_model.model import RNNModel
from experiments.language_model.study import WHOLE
from experiments.language_model.train import fit
from writeup.errors import WriteupError, run_program

LOWEST_TEMPERATURE = 1e-3


@torch.no_grad()
def words_of(model: RNNModel, generator: torch.Generator, temperature: float = 1.0) -> Iterator[int]:
    """Ids of words drawn one after another, the first uniformly, each other given all before it.

    Logits are divided by `temperature`: near zero the likeliest word is taken, above one rare words come up more often.
    """
    if temperature < LOWEST_TEMPERATURE:
        raise WriteupError(f"generating text: temperature is {temperature}; it must be at least {LOWEST_TEMPERATURE}")
    model.eval()
    hidden = model.initial_hidden(1)
    word = torch.randint(model.encoder.num_embeddings, (1, 1), generator=generator)
    while True:
        log_probabilities, hidden = model(word, hidden)
        weights = (log_probabilities[0] / temperature).softmax(dim=0)
        word = torch.multinomial(weights, 1, generator=generator)[None]
        yield int(word)


def main(
    cell: Annotated[str, typer.Option(help="LSTM, GRU, RNN_TANH or RNN_RELU")] = "LSTM",
    epochs: Annotated[int, typer.Option(min=1, help="over the training text, some minutes each")] = 1,
    words: Annotated[int, typer.Option(min=1)] = 100,
    temperature: float = 1.0,
    seed: int = 1111,
    data: Annotated[Path | None, typer.Option(help="folder with train.txt, valid.txt and test.txt")] = None,
) -> None:
    """Train for a few epochs and write text."""
    console = Console()
    try:
        corpus = Corpus.load(data or data_folder())
        settings = replace(WHOLE, cell=cell, epochs=epochs, seed=seed)
        with console.status("training") as status:
            path, _ = fit(settings, corpus, lambda _, text: status.update(text))
        generator = torch.Generator().manual_seed(seed)
        written = words_of(path.model, generator, temperature)
        text = " ".join(corpus.vocabulary[next(written)] for _ in range(words))
        console.print(text.replace("<eos>", "\n"), markup=False)
    except WriteupError as error:
        console.print(f"generate: {error}", style="red", markup=False)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    run_program(main, "generate")
