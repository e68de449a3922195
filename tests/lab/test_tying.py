"""One matrix in two roles: gradients, reach, and what unequal sizes do."""

import pytest
import torch

from lab import tying


def test_tied_and_untied_models_predict_the_same():
    assert torch.equal(tying.loss(tying.tiny_model(tied=True)), tying.loss(tying.tiny_model(tied=False)))


def test_the_shared_gradient_is_the_sum_of_the_roles():
    shared, as_input, as_output = tying.role_gradients()
    torch.testing.assert_close(shared, as_input + as_output, rtol=0, atol=1e-15)


def test_neither_role_alone_is_the_shared_gradient():
    shared, as_input, as_output = tying.role_gradients()
    assert min(float((shared - part).abs().max()) for part in (as_input, as_output)) > 1e-4


def test_the_finite_difference_agrees_with_autograd():
    shared, _as_input, _as_output = tying.role_gradients()
    assert tying.finite_difference() == pytest.approx(float(shared[tying.ENTRY]), abs=1e-9)


def test_the_embedding_reaches_the_words_that_were_read_and_the_decoder_all():
    _shared, as_input, as_output = tying.role_gradients()
    assert (tying.rows_touched(as_input), tying.rows_touched(as_output)) == (5, tying.TINY_WORDS)
