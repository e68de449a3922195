"""`--check`: twenty chains, right and wrong, against torch on real tensors; what is no chain; the nearest that fits."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from conv_solve.check.mending import _others
from conv_solve.check.reading import read
from conv_solve.check.translating import chain_of, own
from conv_solve.check.verdict import check
from conv_solve.family import Shape, SolverError

START, GOAL = Shape(8, 21, 17), Shape(4, 44, 36)
RIGHT = [
    "nn.ConvTranspose2d(8, 4, 4, stride=2)",
    "nn.ConvTranspose2d(in_channels=8, out_channels=4, kernel_size=(4, 4), stride=2)",
    "torch.nn.ConvTranspose2d(8, 4, 3, 2, 0, 1)",
    "Conv2d(8, 4, 3, padding='same'), nn.ReLU(), nn.Upsample(size=(44, 36))",
    "nn.Conv2d(8, 16, 3, padding=2, bias=False)\nnn.BatchNorm2d(16)\nnn.ReLU(inplace=True)\n  nn.PixelShuffle(2)"
    " -> nn.ReflectionPad2d((1, 1, 1, 1)), nn.Conv2d(4, 4, 5)",
    "nn.Sequential(\n  nn.Conv2d(8, 4, 1),\n  nn.Sequential(nn.GELU(), nn.ZeroPad2d(1)),\n  nn.Upsample(scale_factor=2,"
    " mode='bilinear', align_corners=True),\n nn.MaxPool2d(3, 1),)",
    "[nn.AdaptiveAvgPool2d((44, 36)), nn.Conv2d(8, 4, kernel_size=1, groups=4)]",
    "nn.Dropout2d(0.5), nn.ConvTranspose2d(8, 4, kernel_size=3, stride=2, output_padding=1, dilation=1)",
]
WRONG = [
    ("nn.ConvTranspose2d(8, 4, 3, stride=2)", "1 row too few, 1 column too few"),
    ("nn.ConvTranspose2d(8, 5, 4, stride=2)", "layer 1 gives (5, 44, 36) instead of (4, 44, 36): 1 channel too many"),
    ("nn.ConvTranspose2d(8, 4, (4, 6), stride=2)", "2 columns too many"),
    ("nn.ConvTranspose2d(3, 4, 4, stride=2)", "layer 1, nn.ConvTranspose2d(3, 4, kernel_size=4, stride=2), does not"),
    ("nn.Conv2d(8, 16, 3, padding=1), nn.PixelShuffle(2)", "layer 2 gives (4, 42, 34)"),
    ("nn.Conv2d(8, 10, 3, padding=1), nn.PixelShuffle(2)", "10 channels are no multiple of 4"),
    ("nn.Conv2d(8, 4, 30)", "layer 1, nn.Conv2d(8, 4, kernel_size=30), does not take (8, 21, 17)"),
    ("nn.Conv2d(8, 4, 3), nn.BatchNorm2d(8), nn.ReLU()", "layer 2, nn.BatchNorm2d(8), does not take (4, 19, 15)"),
    ("nn.MaxPool2d(2)", "layer 1 gives (8, 10, 8)"),
    ("nn.ReLU()", "layer 1 gives (8, 21, 17)"),
    ("nn.ReflectionPad2d(30), nn.Conv2d(8, 4, 1)", "layer 1, nn.ReflectionPad2d(padding=30)"),
    ("nn.MaxPool2d((2, 1), stride=(2, 1)), nn.ConvTranspose2d(8, 4, 4, 4)", "layer 2 gives (4, 40, 68)"),
]
NO_CHAIN = [
    "",
    "   \n",
    "1 + 1",
    "nn.Linear(3, 4)",
    "nn.ConvTransposed2d(8, 4, 3)",
    "__import__('os').system('false')",
    "nn.Conv2d(8, 4, __import__('os').getpid())",
    "nn.Conv2d(8, 4, (1,) * 10**9)",
    "[nn.ReLU()] * 10**9",
    "x = nn.ReLU()",
    "nn.ReLU() if 1 else 2",
    "lambda: nn.ReLU()",
    "nn.Conv2d(8, 4, 3) nn.ReLU()",
    "nn.Conv2d(8, 4)",
    "nn.Conv2d(8, 4, 0)",
    "nn.Conv2d(8, 4, 3.5)",
    "nn.Conv2d(8, 4, True)",
    "nn.Conv2d(8, 4, [3, 3, 3])",
    "nn.Conv2d(8, 4, 1e400)",
    "nn.Conv2d(8, 4, 3, device='cuda')",
    "nn.Conv2d(8, 4, 3, groups=3)",
    "nn.Conv2d(8, 4, " + "9" * 9000 + ")",
    "nn.Upsample(scale_factor=1e308)",
    "nn.MaxPool2d(2, return_indices=True)",
    "(" * 5000,
    "nn.ReLU()," * 500,
    "nn.ReLU(" * 900 + ")" * 900,
    "\x00",
    "a" * 100_000,
    "nn.Sequential(OrderedDict())",
    "nn.Sequential(*[])",
    "*nn.ReLU()",
    "nn.Conv2d(8, 4, 3, **{'stride': 1})",
]


def executed(text: str) -> list[Shape]:
    """The shapes in torch on a real tensor; the string is ours, so it may be evaluated here."""
    lines = ",".join(line.strip().rstrip(",") for line in text.replace("->", "\n").splitlines())
    chain = eval(
        f"nn.Sequential(*[{lines}])" if not text.startswith("[") else f"nn.Sequential(*{text})",
        {"nn": nn, "torch": torch, "Conv2d": nn.Conv2d},
    )
    layers = [m for m in chain.modules() if not isinstance(m, nn.Sequential)]
    outputs, shapes = torch.zeros(2, *START), [START]
    for layer in layers:
        outputs = layer(outputs)
        shapes.append(Shape(*outputs.shape[1:]))
    return shapes


@pytest.mark.parametrize("text", [text for text in RIGHT if "Sequential(\n" not in text])
def test_a_chain_that_fits_gives_torch_s_shapes(text):
    verdict = check(START, GOAL, text)
    assert verdict.fits
    assert list(verdict.shapes) == executed(text)
    assert (verdict.misses, verdict.nearest) == ("", ())


def test_a_sequential_in_a_sequential_is_read():
    text = next(text for text in RIGHT if "Sequential(\n" in text)
    assert [call.name for call in read(text)] == ["Conv2d", "GELU", "ZeroPad2d", "Upsample", "MaxPool2d"]
    assert check(START, GOAL, text).fits


def test_what_torch_prints_is_read():
    inner = nn.Sequential(nn.ReLU(inplace=True), nn.Sequential(nn.Dropout(0.2)))
    printed = repr(nn.Sequential(nn.ConvTranspose2d(8, 4, 4, stride=2), nn.BatchNorm2d(4), inner))
    assert [call.name for call in read(printed)] == ["ConvTranspose2d", "BatchNorm2d", "ReLU", "Dropout"]
    assert check(START, GOAL, printed).fits


@pytest.mark.parametrize("layer", ["(3, 3, 1000000, stride=1000000)", "(3, 3, 1000, stride=1000, dilation=1000)"])
def test_a_gigantic_layer_has_as_few_neighbours_as_a_usual_one(layer):
    (call,) = read(f"nn.ConvTranspose2d{layer}")
    module, settings = own(call)
    assert sum(1 for _ in _others(module, settings[0])) < 100_000


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_a_chain_that_does_not_fit_is_told_where_and_what_would(text, words):
    verdict = check(START, GOAL, text)
    assert not verdict.fits
    assert words in verdict.misses
    assert executed("\n".join(verdict.nearest))[-1] == GOAL


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("nn.ConvTranspose2d(8, 4, 3, stride=2)", ["nn.ConvTranspose2d(8, 4, kernel_size=4, stride=2)"]),
        ("nn.ConvTranspose2d(8, 4, 4, 2, 1)", ["nn.ConvTranspose2d(8, 4, kernel_size=4, stride=2, padding=0)"]),
        (
            "nn.Conv2d(8, 9, 1, bias=False), nn.ReLU(), nn.ConvTranspose2d(8, 5, (4, 5), 2)",
            [
                "nn.Conv2d(8, 9, kernel_size=1, bias=False)",
                "nn.ReLU()",
                "nn.ConvTranspose2d(9, 4, kernel_size=4, stride=2)",
            ],
        ),
    ],
)  # fmt: skip
def test_the_nearest_chain_changes_little(text, nearest):
    assert list(check(START, GOAL, text).nearest) == nearest


@pytest.mark.parametrize("text", NO_CHAIN, ids=range(len(NO_CHAIN)))
def test_what_is_no_chain_gets_one_short_line(text):
    with pytest.raises(SolverError) as caught:
        check(START, GOAL, text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "text",
    [
        "nn.ConvTranspose2d(8, 4, 14, stride=2)",
        "nn.Upsample(scale_factor=2.25, mode='bilinear'), nn.Conv2d(8, 14, 3, padding=1)",
        "nn.Conv2d(8, 72, 5, stride=3), nn.PixelShuffle(3)",
        "nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2), nn.PixelUnshuffle(2), nn.ConvTranspose2d(32, 4, 3, 2, 1, 1)",
    ],
)
def test_the_solver_s_own_formulas_say_the_same(text):
    chain, verdict = chain_of(Shape(8, 24, 24), text), check(Shape(8, 24, 24), GOAL, text)
    assert chain.shapes == list(verdict.shapes)
    assert chain.parameters == verdict.parameters
