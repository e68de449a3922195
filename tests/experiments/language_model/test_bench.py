"""The table compares with the public example where it is at hand, and with the stock path otherwise."""

import pytest
import torch
from rich.console import Console
from torch.utils.flop_counter import FlopCounterMode

from experiments.language_model.bench import operations, table
from experiments.language_model.train import Settings, build

LABELLED = {"LSTM": Settings(corpus="generated")}
FOUND = {
    "LSTM": {
        **{"stock": [0.4, 0.5], "stock_processor": [0.3, 0.35], "stock_bytes": [2.0**20]},
        **{"fast": [0.2, 0.1], "fast_processor": [0.2, 0.15], "fast_bytes": [2.0**20, 2.0**21]},
    }
}
EXAMPLE = {"example": [0.7, 0.3], "example_processor": [0.6, 0.9], "example_bytes": [2.0**22]}


def cells_of(shown):
    """{heading: the only row's entry}."""
    return {str(column.header): next(iter(column.cells)) for column in shown.columns}


def test_the_fastest_step_and_the_highest_peak_count():
    cells = cells_of(table(FOUND, LABELLED, 1e9, ""))
    assert (cells["stock"], cells["fast"], cells["MiB, fast"]) == ("1,750", "7,000", "2")


def test_without_the_example_the_stock_path_is_the_reference():
    assert cells_of(table(FOUND, LABELLED, 1e9, ""))["fast : stock"] == "4.00"


def test_with_the_example_the_example_is_the_reference():
    cells = cells_of(table({"LSTM": FOUND["LSTM"] | EXAMPLE}, LABELLED, 1e9, ""))
    assert (cells["fast : example"], cells["by processor time"], cells["MiB, example"]) == ("3.00", "4.00", "4")


def test_the_table_can_be_printed():
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table(FOUND, LABELLED, 1e9, "a title"))
    assert "7,000" in captured.get()


@pytest.mark.parametrize("cell", ["GRU", "RNN_TANH"])
def test_the_floor_counts_the_operations_that_torch_counts(cell):
    """In a step of the stock path, of which torch's counter sees every product of cells that are unrolled."""
    settings = Settings(cell=cell, embedding_size=8, hidden_size=12, bptt=5, batch_size=4, layers=2)
    path = build(settings, 50, torch.Generator().manual_seed(0))
    window = torch.randint(50, (5, 4), generator=torch.Generator().manual_seed(1))
    with FlopCounterMode(display=False) as counter:
        path.step(window, window.flatten(), path.model.initial_hidden(4), 1.0)
    # The first state of each layer's first step is given: no gradient flows back to it.
    gates = 3 if cell == "GRU" else 1
    saved = 2 * 4 * settings.layers * gates * 12 * 12
    assert operations(settings, 50) - saved == counter.get_total_flops()
