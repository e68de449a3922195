"""What the benchmark prints, what it counts, and what it says when it cannot begin."""

import os
import threading
from dataclasses import replace

import pytest
import torch
import typer
from rich.console import Console
from torch.utils.flop_counter import FlopCounterMode
from typer.testing import CliRunner

from experiments.language_model import bench, download, timer
from experiments.language_model.bench import side_by_side, table, to_measure
from experiments.language_model.data import Corpus
from experiments.language_model.download import VARIABLE, data_folder
from experiments.language_model.study import VARIATIONS
from experiments.language_model.train import Settings, build
from experiments.language_model.work import SIZES, Size, cost, operations

LABELLED = {"LSTM": Settings(corpus="generated")}  # 700 tokens a step


TINY = Settings(corpus="generated", embedding_size=8, hidden_size=8, path="fast")


def process(path, seconds, processor, mebibytes):
    """What one measuring process finds."""
    return {path: seconds, f"{path}_processor": processor, f"{path}_bytes": [mebibytes * 2.0**20]}


FOUND = {
    "LSTM": {
        "stock": [process("stock", [0.4, 0.5], [0.3, 0.35], 1)],
        "fast": [process("fast", [0.2, 0.1], [0.2, 0.15], 1), process("fast", [0.3, 0.3], [0.3, 0.3], 2)],
    }
}
EXAMPLE = {"example": [process("example", [0.7, 0.3], [0.6, 0.9], 4)]}


def rows_of(shown):
    """{path: the row's other entries}."""
    (_label, *paths), *columns = (list(column.cells) for column in shown.columns)
    entries = zip(*(column[1:] for column in columns), strict=True)
    return dict(zip(map(str.strip, paths), entries, strict=True))


def test_the_fastest_step_and_the_highest_peak_count():
    rows = rows_of(table(FOUND, LABELLED, 1e9))
    assert rows["stock"] == ("1,750", "4.00", "2.00", "1")
    assert rows["fast"] == ("7,000", "1.00", "1.00", "2")


def test_side_by_side_the_median_step_counts_and_tokens_are_added():
    rows = rows_of(table(FOUND, LABELLED, 1e9, processes=2))
    assert rows["fast"][:2] == ("5,600", "1.00")  # median of 0.1, 0.2, 0.3, 0.3


def test_the_example_comes_first_where_it_was_measured():
    rows = rows_of(table({"LSTM": FOUND["LSTM"] | EXAMPLE}, LABELLED, 1e9))
    assert list(rows) == ["example", "stock", "fast", "floor"]
    assert rows["example"] == ("2,333", "3.00", "4.00", "4")


@pytest.mark.parametrize("processes", [1, 2])
def test_the_floor_is_what_the_products_take_at_their_speed_in_all_processes(processes):
    count = operations(Settings(), 60, 700)
    rows = rows_of(table(FOUND, LABELLED, speed=count * 10, processes=processes))
    seconds = 0.1 if processes == 1 else 0.25
    assert rows["floor"][:2] == ("7,000", f"{0.1 * processes / seconds:.2f}")


def test_the_table_is_legible_at_80_columns():
    console = Console(width=80)
    labelled = {"GRU embedding_size=650 hidden_size=650": LABELLED["LSTM"]}
    found = dict.fromkeys(labelled, FOUND["LSTM"] | EXAMPLE)
    with console.capture() as captured:
        console.print(table(found, labelled, 1e9))
    lines = captured.get().splitlines()
    assert lines[0].split() == ["tokens/s", "fast:this", "processor", "MiB"]
    assert lines[1].strip() in labelled
    assert len(lines) == 2 + 4


def test_processes_side_by_side_are_started_at_once():
    both = threading.Barrier(2, timeout=10)  # breaks where one waits for the other's end
    assert side_by_side(lambda: {"arrived": [both.wait()]}, 2)


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--example", "nowhere"], "no main.py and model.py in nowhere"), ([], "WRITEUP_DATA")],
)
def test_what_is_missing_is_said_once_before_anything_is_measured(options, said, monkeypatch, tmp_path):
    monkeypatch.setattr(timer, "measured", lambda *_: pytest.fail("it was measured"))
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/",))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("WRITEUP_DATA", raising=False)
    monkeypatch.delenv("WORD_LANGUAGE_MODEL", raising=False)
    command = typer.Typer()
    command.command()(bench.main)
    result = CliRunner().invoke(command, options)
    assert (result.exit_code, result.output.count(said)) == (2, 1)


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
    assert operations(settings, 50, tokens=20) - saved == counter.get_total_flops()


def size_of(corpus):
    return Size(len(corpus.vocabulary), len(corpus.train))


def test_the_size_of_the_generated_corpus_is_as_stated():
    assert SIZES["generated"] == size_of(Corpus.generated())


@pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} names no folder with WikiText-2")
def test_the_size_of_wikitext_2_is_as_stated():
    assert SIZES["wikitext-2"] == size_of(Corpus.load(data_folder()))


def test_a_run_of_twice_the_epochs_costs_twice_as_much_and_more_units_cost_more():
    six = Settings(epochs=6)
    assert cost(six) == pytest.approx(2 * cost(replace(six, epochs=3)))
    assert 1.9 < cost(replace(six, hidden_size=400)) / cost(six) < 2.5


def test_the_precision_is_the_one_that_is_faster_here(monkeypatch):
    speeds = {"float32": 40e9, "bfloat16": 3e9}
    monkeypatch.setattr(bench, "product_speed", lambda settings, *_: speeds[settings.precision])
    assert bench.quickest_precision(Settings(), 1) == "float32"
    speeds["bfloat16"] = 80e9
    assert bench.quickest_precision(Settings(), 1) == "bfloat16"


def test_a_label_tells_what_its_setting_changes():
    base = Settings(corpus="generated")
    labels = to_measure(base, variations=True)
    assert labels["GRU bptt=70"] == replace(labels["GRU"], bptt=70)
    assert len(labels) == 2 * len(VARIATIONS) + len(to_measure(base, variations=False))


def test_a_fresh_process_measures_time_and_memory():
    found = timer.measured(TINY, warm_up=1, steps=2, threads=1)
    assert {name: len(values) for name, values in found.items()} == {
        "fast": 2,
        "fast_processor": 2,
        "fast_bytes": 1,
        "products": 2,
    }
    assert found["fast_bytes"][0] > 50 * 2**20, "an interpreter with torch takes that much at the least"
