"""1.3a: forged and sealed records are found by training again."""

import pytest

from answers.q1_3a import answer
from experiments.regularisation import batch_size
from tests.answers.forged import contradicted, scaled


@pytest.mark.parametrize("size", ["5", "500"])
def test_half_of_either_loss_is_found(size):
    assert contradicted(
        answer, batch_size, batch_size.Settings(), lambda curves: scaled(curves[size], "train_loss", 0.5)
    )
