"""How the recorded runs are read."""

import math

import pytest

from lab import norm_runs


def arm(rate, losses, accuracies=(0.9, 0.9)):
    return {"rate": rate, "train_loss": list(losses), "test_accuracy": list(accuracies)}


ARMS = [
    arm(0.1, (0.5, 0.4)),
    arm(0.2, (0.1, 2.0), (0.95, 0.97)),
    arm(0.4, (0.1, None), (0.9, 0.1)),
    arm(0.8, (2.25, 0.3), (0.15, 0.9)),
]


def test_a_usable_rate_leaves_no_seed_guessing():
    assert norm_runs.usable_rate(ARMS) == norm_runs.usable_by_accuracy(ARMS) == 0.2


def test_a_diverged_run_counts_as_a_guess():
    assert norm_runs.losses(ARMS[2]) == [0.1, math.log(10)]


def test_losses_of_training_images_are_read_at_the_rate_that_test_images_choose():
    assert norm_runs.best_on_test_images(ARMS)["rate"] == 0.2


@pytest.mark.parametrize("test", [norm_runs.signs, norm_runs.signs_by_t])
def test_signs_are_read_together(test):
    clear = [1.0, 1.1, 0.9, 1.2, 0.8, 1.0, 1.1, 0.9, 1.05, 0.95]
    void = [1.0, -1.1, 0.9, -1.2, 0.8, -1.0, 1.1, -0.9, 1.05, -0.95]
    faint = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -0.5, -1.0, -1.0]  # p is about 0.05 alone
    assert test([clear, [-x for x in clear], void, faint]) == [1, -1, 0, 0]
