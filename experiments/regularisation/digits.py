"""scikit-learn's 8x8 grey-level digits, split anew for every seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits
from torch import Tensor

from writeup.errors import WriteupError

CLASSES = 10
SIZE = 8
WHITE = 16.0  # the largest grey level in the data


@dataclass(frozen=True)
class Split:
    """Images (examples, models, 8, 8) in [0, 1] and labels (examples, models): one column for every seed's model."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def all_digits() -> tuple[Tensor, Tensor]:
    """All 1797 images (examples, 8, 8), float32 in [0, 1], and their labels (examples,)."""
    digits = load_digits()
    return torch.tensor(digits.images / WHITE, dtype=torch.float32), torch.tensor(digits.target)


def split(seeds: Sequence[int], train: int, test: int) -> Split:
    """For every seed `train` and `test` examples, drawn without replacement and disjoint."""
    images, labels = all_digits()
    if train < 1 or test < 1 or train + test > len(images):
        raise WriteupError(
            f"digits: {train} training and {test} test images asked for; "
            f"both must be positive and add up to at most {len(images)}"
        )
    orders = [torch.randperm(len(images), generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    columns = torch.stack(orders, dim=1)  # (examples, models)
    # The test examples come from the end, so that they stay the same when the number of training examples changes.
    return Split(images[columns[:train]], labels[columns[:train]], images[columns[-test:]], labels[columns[-test:]])
