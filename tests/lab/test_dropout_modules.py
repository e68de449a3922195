"""How the lab tells what falls out together."""

import pytest
import torch

from lab.regularisation import dropout_modules as modules


def block_mask(axes):
    """Ones of which random blocks over the last `axes` axes are gone."""
    kept = torch.rand(*modules.SHAPE[: 4 - axes], *[1] * axes, generator=torch.Generator().manual_seed(3)) > 0.4
    return kept.float().expand(modules.SHAPE).clone()


@pytest.mark.parametrize("axes", range(4))
@pytest.mark.parametrize("told", [modules.dropped_together, modules.together_by_frequency])
def test_a_mask_made_of_blocks_is_told_by_both_routes(axes, told):
    assert told(block_mask(axes)) == modules.BLOCKS[axes]


@pytest.mark.parametrize("told", [modules.dropped_together, modules.together_by_frequency])
def test_where_nothing_is_gone_nothing_is_told(told):
    assert told(torch.ones(modules.SHAPE)) == "nothing"


def test_only_one_module_drops_maps_and_puts_zero_there():
    names = ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")
    assert [name for name in names if modules.drops_maps(name)] == ["Dropout2d"]
