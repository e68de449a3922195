"""The clock between the parts of a step: the same training, nothing left out."""

from itertools import repeat

import pytest
import torch

from experiments.language_model import clock
from experiments.language_model.train import Settings, build

WORDS = 400


def started(cell):
    path = build(Settings(cell=cell, embedding_size=16, hidden_size=16), WORDS, torch.Generator().manual_seed(0))
    window = torch.randint(WORDS, (36, 20), generator=torch.Generator().manual_seed(1))
    return path, repeat((window[:-1], window[1:].flatten())), path.model.initial_hidden(20)


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_a_clocked_step_trains_like_the_stock_step(cell):
    path, batches, hidden = started(cell)
    stock, _, stock_hidden = started(cell)
    for _ in range(3):
        _, loss, hidden = clock.clocked_step(path, batches, hidden, 1.0)
        due, stock_hidden = stock.step(*next(batches), stock_hidden, 1.0)
        assert loss == due.item()


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_every_part_takes_time_and_backward_is_cut_at_the_modules(cell):
    path, batches, hidden = started(cell)
    clock.clocked_step(path, batches, hidden, 1.0)
    seconds, _, _ = clock.clocked_step(path, batches, path.model.initial_hidden(20), 1.0)
    assert set(seconds) == set(clock.PARTS)
    assert min(seconds.values()) > 0


def test_a_quick_record_holds_one_number_a_step(project):
    settings = clock.plan("quick", {})[0]
    record = clock.run(settings, project, lambda *_: None)
    assert {len(times) for times in record.curves["step"].values()} == {settings.steps}
    assert clock.replay(record) == record.probe
