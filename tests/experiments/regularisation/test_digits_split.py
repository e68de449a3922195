"""Every seed gets its own training and test images, disjoint and the same at every call."""

import pytest
import torch

from experiments.regularisation.digits import all_digits, split
from writeup.errors import WriteupError


def rows(images):
    return {tuple(image.flatten().tolist()) for image in images}


def test_training_and_test_images_of_a_seed_do_not_overlap():
    made = split([3], train=1297, test=500)
    # the set holds no two equal images, so equality of pixels is equality of examples
    assert len(rows(all_digits()[0])) == 1797
    assert rows(made.train_images[:, 0]) & rows(made.test_images[:, 0]) == set()


def test_a_seed_gives_the_same_split_whatever_the_other_seeds():
    assert torch.equal(split([4, 7], 50, 20).train_images[:, 1], split([7], 50, 20).train_images[:, 0])


def test_more_training_images_leave_the_test_images_as_they_are():
    assert torch.equal(split([1], 50, 20).test_images, split([1], 900, 20).test_images)


def test_labels_belong_to_their_images():
    images, labels = all_digits()
    made = split([5], 100, 20)
    for image, label in zip(made.train_images[:, 0], made.train_labels[:, 0], strict=True):
        assert label in labels[(images == image).flatten(1).all(1)]


@pytest.mark.parametrize(("train", "test"), [(0, 10), (10, 0), (1700, 98)])
def test_an_impossible_split_is_refused_by_name(train, test):
    with pytest.raises(WriteupError, match=rf"{train} training and {test} test images asked for; .* 1797"):
        split([0], train, test)
