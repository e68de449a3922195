"""Chains of modules: the shapes along them, and the labels of the drawing."""

import torch
from torch import nn

from lab.part_two.chains import label, shapes_along

torch.set_num_threads(1)


def test_shapes_before_and_after_every_module():
    chain = nn.Sequential(nn.Conv2d(2, 3, 3), nn.MaxPool2d(2))
    assert shapes_along(chain, (2, 6, 8)) == [(2, 6, 8), (3, 4, 6), (3, 2, 3)]


def test_label_names_what_changes_the_shape():
    assert label(nn.ConvTranspose2d(4, 2, kernel_size=14, stride=2)) == "ConvTranspose2d\nkernel_size 14\nstride 2"
    assert label(nn.Upsample(scale_factor=2)) == "Upsample\nscale_factor 2"
