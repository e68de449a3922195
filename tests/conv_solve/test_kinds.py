"""The best of each kind is what an engineer would write, and a chain of the family that torch runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conv_solve import running
from conv_solve.bench import ASSIGNMENT, NEW_PAIRS
from conv_solve.family import Family, Shape
from conv_solve.kinds import kinds
from conv_solve.search import Search


def best(start, goal, **changes):
    """By kind, the modules of its best chain, the best kind first."""
    search = Search(Shape(*start), Shape(*goal), replace(Family(), **changes))
    return {kind.name: kind.chain.modules for kind in kinds(search)}


@pytest.mark.parametrize(
    ("start", "goal", "expected"),
    [
        ((100, 1, 1), (1024, 4, 4), ["nn.ConvTranspose2d(100, 1024, kernel_size=4)"]),  # DCGAN's first layer
        ((512, 4, 4), (256, 8, 8), ["nn.ConvTranspose2d(512, 256, kernel_size=2, stride=2)"]),  # U-Net's way up
        ((3, 224, 112), (64, 56, 28), ["nn.Conv2d(3, 64, kernel_size=4, stride=4)"]),  # ConvNeXt's stem
        ((64, 56, 56), (128, 28, 28), ["nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1)"]),  # ResNet
        ((64, 56, 56), (128, 56, 56), ["nn.Conv2d(64, 128, kernel_size=3, padding=1)"]),  # VGG
        ((12, 64, 64), (3, 128, 128), ["nn.PixelShuffle(2)"]),
        ((3, 31, 31), (3, 31, 31), []),
    ],
)
def test_the_first_is_what_networks_have(start, goal, expected):
    assert next(iter(best(start, goal).values())) == expected


def test_each_kind_has_its_own():
    assert best((3, 32, 32), (64, 16, 16)) == {
        "plain convolution": ["nn.Conv2d(3, 64, kernel_size=3, stride=2, padding=1)"],
        "pooling": ["nn.Conv2d(3, 64, kernel_size=3, padding=1)", "nn.MaxPool2d(kernel_size=2, stride=2)"],
        "pixel shuffle": ["nn.PixelUnshuffle(2)", "nn.Conv2d(12, 64, kernel_size=3, padding=1)"],
    }
    up = best((6, 13, 13), (24, 26, 26))
    assert up["transposed convolution"] == ["nn.ConvTranspose2d(6, 24, kernel_size=2, stride=2)"]
    resized = ["nn.Upsample(scale_factor=2)", "nn.Conv2d(6, 24, kernel_size=3, padding=1)"]
    assert up["convolution and upsampling"] == resized
    assert up["pixel shuffle"] == ["nn.Conv2d(6, 96, kernel_size=3, padding=1)", "nn.PixelShuffle(2)"]


@pytest.mark.parametrize(("start", "goal"), [*ASSIGNMENT, *NEW_PAIRS])
def test_it_reads_everything_and_leaves_nothing_blank(start, goal):
    for kind in kinds(Search(Shape(*start), Shape(*goal))):
        assert kind.chain.discarded == kind.chain.blank == (0, 0)
        assert kind.chain.shapes[-1] == goal
        assert running.run(kind.chain.modules, Shape(*start), "meta") == kind.chain.shapes


@pytest.mark.parametrize(("start", "goal"), ASSIGNMENT)
def test_axes_are_alike_and_transposed_kernels_cover_evenly(start, goal):
    for kind in kinds(Search(start, goal)):
        assert all(layer.height == layer.width for layer in kind.chain.layers)
        assert kind.chain.even


def test_it_stays_within_the_family():
    assert best((100, 1, 1), (1024, 4, 4), max_layers=1, modules=("ConvTranspose2d", "Upsample")) == {
        "transposed convolution": ["nn.ConvTranspose2d(100, 1024, kernel_size=4)"]
    }
    assert best((64, 111, 111), (4, 234, 234), max_layers=0) == {}
    search = Search(Shape(4, 9, 9), Shape(2, 8, 8), replace(Family(), equal_axes=True))
    listed = {kind.name for kind in kinds(search)}
    assert len(listed) == len(kinds(search)) > 1
