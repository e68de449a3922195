"""How the recorded runs are read."""

import math

from lab import norm_runs


def arm(rate, losses, accuracies=(0.9, 0.9)):
    return {"rate": rate, "train_loss": list(losses), "test_accuracy": list(accuracies)}


ARMS = [
    arm(0.1, (0.5, 0.4)),
    arm(0.2, (0.1, 1.9), (0.95, 0.97)),
    arm(0.4, (0.1, None), (0.9, 0.1)),
    arm(0.8, (2.25, 0.3), (0.15, 0.9)),
]


def test_a_usable_rate_leaves_no_seed_guessing():
    assert norm_runs.usable_rate(ARMS) == norm_runs.usable_by_accuracy(ARMS) == 0.2


def test_a_diverged_run_counts_as_a_guess():
    assert norm_runs.losses(ARMS[2]) == [0.1, math.log(10)]


def test_the_best_rate_by_either_mean_of_the_losses_and_by_accuracies():
    assert norm_runs.lowest_loss(ARMS)["rate"] == 0.1
    assert norm_runs.best_by_geometric_mean(ARMS) == 0.2
    assert norm_runs.best_by_accuracy(ARMS) == 0.2
