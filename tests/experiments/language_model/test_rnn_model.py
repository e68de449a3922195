"""The recurrent language model's definition."""

import pytest
import torch

from experiments.language_model.model import RNNModel, drawing_from, repackage_hidden
from writeup.errors import WriteupError


def test_an_unknown_cell_is_refused_with_the_legal_ones():
    with pytest.raises(WriteupError, match="'Transformer'; legal are LSTM, GRU, RNN_TANH, RNN_RELU"):
        RNNModel("Transformer", 10, 4, 4, 1, 0.0)


def test_tying_unequal_sizes_is_refused():
    with pytest.raises(WriteupError, match="got 4 and 5"):
        RNNModel("LSTM", 10, 4, 5, 1, 0.0, tied=True)


def test_tied_weights_are_one_parameter():
    tied, untied = (
        sum(p.numel() for p in RNNModel("GRU", 10, 4, 4, 2, 0.0, tied=t).parameters()) for t in (True, False)
    )
    assert untied - tied == 10 * 4


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN_TANH", "RNN_RELU"])
def test_outputs_are_log_probabilities_of_every_position(cell):
    model = RNNModel(cell, 10, 4, 5, 2, 0.0)
    output, _ = model(torch.zeros(3, 2, dtype=torch.int64), model.initial_hidden(2))
    torch.testing.assert_close(output.exp().sum(1), torch.ones(6))


def test_repackaged_state_has_the_same_values_and_no_history():
    state = (torch.ones(2, requires_grad=True) * 2, torch.ones(2, requires_grad=True) * 3)
    packed = repackage_hidden(state)
    assert [part.tolist() for part in packed] == [[2, 2], [3, 3]]
    assert not any(part.requires_grad for part in packed)


def test_modules_draw_from_the_generator_what_the_global_one_would_give():
    torch.manual_seed(7)
    expected = torch.nn.functional.dropout(torch.ones(50))
    generator = torch.Generator().manual_seed(7)
    with drawing_from(generator):
        assert torch.equal(torch.nn.functional.dropout(torch.ones(50)), expected)


def test_a_generator_goes_on_where_it_stopped_and_leaves_the_global_one_alone():
    generator = torch.Generator().manual_seed(7)
    before = torch.get_rng_state()
    with drawing_from(generator):
        first = torch.rand(3)
    with drawing_from(generator):
        second = torch.rand(3)
    assert torch.equal(torch.cat([first, second]), torch.rand(6, generator=torch.Generator().manual_seed(7)))
    assert torch.equal(torch.get_rng_state(), before)
