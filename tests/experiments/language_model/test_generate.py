"""Words are drawn from the model's own distribution."""

from itertools import islice

import pytest
import torch

from experiments.language_model.generate import words_of
from experiments.language_model.model import RNNModel
from writeup.errors import WriteupError


@pytest.fixture
def model():
    torch.manual_seed(0)
    return RNNModel("GRU", 6, 4, 4, 1, 0.5)


def drawn(model, seed, count, temperature=1.0):
    return list(islice(words_of(model, torch.Generator().manual_seed(seed), temperature), count))


def test_a_seed_repeats_its_text_and_another_gives_another(model):
    assert drawn(model, 1, 40) == drawn(model, 1, 40) != drawn(model, 2, 40)


def test_a_low_temperature_takes_the_likeliest_word_each_time(model):
    (found,) = drawn(model, 3, 1, temperature=1e-3)
    first = torch.randint(6, (1, 1), generator=torch.Generator().manual_seed(3))
    assert found == int(model.eval()(first, model.initial_hidden(1))[0].argmax())


def test_words_come_up_as_often_as_the_model_says(model):
    """A decoder that ignores its input draws independent words: their counts against the softmax of its bias."""
    with torch.no_grad():
        model.decoder.weight.zero_()
        model.decoder.bias.copy_(torch.tensor([0.0, 1.0, 2.0, 0.0, -1.0, 0.5]))
    expected = model.decoder.bias.detach().softmax(0) * 3000
    counts = torch.bincount(torch.tensor(drawn(model, 4, 3000)), minlength=6)
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    assert chi_square < 20.5  # the 99.9th percentile of chi-square with 5 degrees of freedom


def test_too_low_a_temperature_is_refused(model):
    with pytest.raises(WriteupError, match="temperature is 0"):
        drawn(model, 1, 1, temperature=0.0)
