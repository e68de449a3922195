"""A deeper small CNN with a choice of normalisation, side by side for many seeds."""

from collections import OrderedDict
from collections.abc import Callable

from torch import nn

from experiments.regularisation import side_by_side

MAP_SIZE = 4
GROUPS = 2

# Batch norm and group norm act on channels, which belong to one model each; layer norm is one group a model.
NORMS: dict[str, Callable[[int, int], nn.Module]] = {
    "none": lambda models, channels: nn.Identity(),  # noqa: ARG005  # the four share one signature
    "batch": lambda models, channels: nn.BatchNorm2d(models * channels),
    "layer": lambda models, channels: nn.GroupNorm(models, models * channels),
    "group": lambda models, channels: nn.GroupNorm(models * GROUPS, models * channels),
}


def make_network(models: int, norm: str, channels: int, depth: int) -> nn.Sequential:
    """`depth` blocks of convolution, norm, ReLU; pooling after the first block; linear readout."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for block in range(depth):
        layers[f"convolution{block}"] = side_by_side.convolution(models, channels if block else 1, channels)
        layers[f"norm{block}"] = NORMS[norm](models, channels)
        layers[f"relu{block}"] = nn.ReLU()
        if block == 0:
            layers["pool"] = nn.MaxPool2d(2)
    layers["readout"] = side_by_side.readout(models, channels, MAP_SIZE)
    return side_by_side.channels_last(nn.Sequential(layers))
