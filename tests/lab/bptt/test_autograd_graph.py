"""Walking the graph, running it, and what it keeps in memory."""

import pytest
import torch
from torch import nn

from lab.bptt import autograd_graph as graph


def test_every_node_is_found_once():
    x = torch.ones(2, requires_grad=True)
    square = x * x
    assert graph.names(square + square) == {"AddBackward0": 1, "MulBackward0": 1, "AccumulateGrad": 1}


def test_the_engine_runs_the_nodes_that_the_walk_finds():
    x = torch.ones(2, requires_grad=True)
    loss = (x.exp() * x).sum()
    assert graph.executed(loss.backward) == graph.names(loss)


def test_a_detached_tensor_has_no_nodes():
    assert graph.nodes(torch.ones(2, requires_grad=True).exp().detach()) == []


@pytest.mark.parametrize("fused", [True, False])
def test_saved_bytes_of_walk_and_of_hooks_agree(fused):
    network, inputs = nn.LSTM(4, 3), torch.ones(5, 2, 4)
    saved = graph.SavedTensors()
    with graph.onednn(fused):
        with saved.recording():
            output = network(inputs)[0]
        assert saved.bytes() == graph.saved_bytes(output) > 0


def test_a_graph_that_is_gone_holds_nothing():
    saved = graph.SavedTensors()
    with saved.recording():
        output = nn.LSTM(4, 3)(torch.ones(5, 2, 4))[0]
    del output
    assert saved.bytes() == 0
