"""Chains of modules: the shapes along them."""

from torch import nn

from lab.part_two.chains import shapes_along


def test_shapes_before_and_after_every_module():
    chain = nn.Sequential(nn.Conv2d(2, 3, 3), nn.MaxPool2d(2))
    assert shapes_along(chain, (2, 6, 8)) == [(2, 6, 8), (3, 4, 6), (3, 2, 3)]
