"""One matrix in two roles: gradients and reach."""

import torch

from experiments.language_model.train import Settings
from lab import tying


def test_tied_and_untied_models_predict_the_same():
    assert torch.equal(tying.loss(tying.tiny_model(tied=True)), tying.loss(tying.tiny_model(tied=False)))


def test_the_shared_gradient_is_the_sum_of_the_roles():
    shared, as_input, as_output = tying.role_gradients()
    torch.testing.assert_close(shared, as_input + as_output, rtol=0, atol=1e-15)


def test_neither_role_alone_is_the_shared_gradient():
    shared, as_input, as_output = tying.role_gradients()
    assert min(float((shared - part).abs().max()) for part in (as_input, as_output)) > 1e-4


def test_the_embedding_reaches_the_words_that_were_read_and_the_decoder_all():
    _shared, as_input, as_output = tying.role_gradients()
    reached = [int((gradient != 0).any(dim=1).sum()) for gradient in (as_input, as_output)]
    assert reached == [len(tying.INPUTS.unique()), tying.TINY_WORDS]


def test_a_window_reads_a_row_of_every_column_a_step():
    assert tying.words_of_a_window(Settings(batch_size=3, bptt=4)) == 12
