"""The notebook's language model: its stream, where gradients stop, its baselines and its samples."""

import itertools
import math

import pytest
import torch

from experiments.part_two import language_model as lm


def test_streams_follow_each_other_in_columns():
    assert lm.batchify(torch.arange(7), 2).tolist() == [[0, 3], [1, 4], [2, 5]]


def test_rare_words_become_unknown():
    vocabulary = lm.Vocabulary(["a", "a", "b"], least=2)
    assert vocabulary.encode(["a", "b", "c"]).tolist() == [1, 0, 0]


def test_the_text_is_prose():
    words = lm.reference_words()
    assert len(words) > 10_000
    assert words[-1] == lm.END
    assert ">>>" not in words


def test_no_paragraph_is_read_twice():
    prose = lm.reference_prose()
    assert len(prose) == len(set(prose))


def test_unigram_loss_is_the_cross_entropy_of_smoothed_frequencies():
    """The unknown word, number 0, is counted nowhere."""
    train, held_out = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 2])
    expected = -(math.log(2 / 3) + math.log(1 / 3)) / 2
    assert lm.unigram_loss(train, held_out, 3) == pytest.approx(expected, rel=1e-6)


def test_untrained_model_is_near_a_uniform_guess():
    torch.manual_seed(0)
    model = lm.LanguageModel(50, 16)
    assert lm.mean_loss(model, torch.randint(50, (40, 3))) == pytest.approx(math.log(50), abs=0.1)


def test_training_learns_a_cycle():
    torch.manual_seed(0)
    stream = lm.batchify(torch.arange(600) % 5, 4)
    model = lm.LanguageModel(5, 16, dropout=0.0)
    losses = lm.train_language_model(model, stream, steps=150, truncation=8)
    assert losses[0] == pytest.approx(math.log(5), abs=0.2)
    assert lm.mean_loss(model, stream) < 0.4


def test_gradient_stops_at_the_window(monkeypatch):
    """The state handed to a later window has the values of the earlier one and no history."""
    model = lm.LanguageModel(5, 8, dropout=0.0)
    states = []
    forward = model.recurrent.forward

    def watched(inputs, state):
        outputs, after = forward(inputs, state)
        states.append((state, after))
        return outputs, after

    monkeypatch.setattr(model.recurrent, "forward", watched)
    lm.train_language_model(model, lm.batchify(torch.arange(80) % 5, 2), steps=3, truncation=8)
    for (_, after), (handed, _) in itertools.pairwise(states):
        assert torch.equal(handed[0], after[0])
        assert handed[0].grad_fn is None
        assert after[0].grad_fn is not None


def test_sample_never_says_the_unknown_word():
    torch.manual_seed(0)
    vocabulary = lm.Vocabulary(["yes", "no"], least=1)
    text = lm.sample(lm.LanguageModel(3, 4), vocabulary, "yes", 50, 1.0, seed=0)
    assert set(text.split()) <= {"yes", "no"}
