"""The profile gives a step's time to the components that spent it."""

from itertools import repeat

import pytest
import torch
from torch import nn
from torch.autograd.profiler import record_function
from torch.profiler import ProfilerActivity, profile

from experiments.language_model import profile as profiling
from experiments.language_model.attribution import (
    COMPONENTS,
    DROPOUT,
    LOSS,
    OTHER,
    PHASES,
    _owners,
    _regions,
    profiled_step,
)
from experiments.language_model.profile import ProfileSettings
from experiments.language_model.train import Settings, build

WORDS = 400


def step_times(cell="LSTM"):
    """Times of the second of two steps."""
    settings = Settings(cell=cell, embedding_size=16, hidden_size=16)
    path = build(settings, WORDS, torch.Generator().manual_seed(0))
    window = torch.randint(WORDS, (36, 20), generator=torch.Generator().manual_seed(1))
    batches = repeat((window[:-1], window[1:].flatten()))
    hidden = path.model.initial_hidden(20)
    for _ in range(2):
        times, hidden = profiled_step(path, batches, hidden, 1.0)
    return times


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_phases_and_the_rest_add_up_to_the_whole(cell):
    step = step_times(cell)["step"]
    assert sum(step[name] for name in (*PHASES, OTHER) if name != "whole") == pytest.approx(step["whole"], abs=1e-9)


@pytest.mark.parametrize("phase", ["forward", "backward"])
def test_components_add_up_to_their_phase_and_none_is_negative(phase):
    times = step_times()
    assert sum(times[phase].values()) == pytest.approx(times["step"][phase], abs=1e-9)
    assert set(times[phase]) == set(COMPONENTS)
    assert min(times[phase].values()) >= 0


def nodes_and_owners(cell):
    """Names and components of the backward pass's nodes in one step of two layers."""
    path = build(Settings(cell=cell, embedding_size=8, hidden_size=8), 50, torch.Generator().manual_seed(0))
    window = torch.randint(50, (6, 20), generator=torch.Generator().manual_seed(1))
    with _regions(path.model), profile(activities=[ProfilerActivity.CPU]) as profiler:
        path.step(window[:-1], window[1:].flatten(), path.model.initial_hidden(20), 1.0)
    events = list(profiler.events())
    owners = _owners(events)
    prefix = "autograd::engine::evaluate_function: "
    nodes = [event for event in events if event.name.startswith(prefix)]
    return [(event.name.removeprefix(prefix), owners.get(event.sequence_nr)) for event in nodes]


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_every_node_but_the_accumulation_of_gradients_has_an_owner(cell):
    assert {name for name, owner in nodes_and_owners(cell) if owner is None} == {"torch::autograd::AccumulateGrad"}


def test_each_component_owns_the_nodes_that_are_its_own():
    owners = {name: owner for name, owner in nodes_and_owners("LSTM") if owner != DROPOUT}
    assert owners["EmbeddingBackward0"] == "embedding"
    assert owners["MkldnnRnnLayerBackward0"] == "recurrent layers"
    assert owners["AddmmBackward0"] == "decoder"
    assert owners["LogSoftmaxBackward0"] == owners["NllLossBackward0"] == LOSS


def test_dropout_between_layers_counts_as_dropout():
    """Two layers have three dropouts: after the embedding, between the layers, before the decoder."""
    products = [owner for name, owner in nodes_and_owners("LSTM") if name == "MulBackward0"]
    assert products == [DROPOUT] * 3


def test_a_node_belongs_to_the_region_that_made_it():
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    with profile(activities=[ProfilerActivity.CPU]) as profiler, record_function("forward"):
        with record_function("embedding"):
            values = first(torch.ones(2, 3))
        with record_function("decoder"):
            values = second(values)
        loss = values.square().sum()
    with profile(activities=[ProfilerActivity.CPU]) as backward:
        loss.backward()
    owners = _owners(list(profiler.events()))
    nodes = {
        event.sequence_nr: event.name.removeprefix("autograd::engine::evaluate_function: ")
        for event in backward.events()
        if event.name.startswith("autograd::engine") and event.sequence_nr in owners
    }
    products = [owners[number] for number, name in sorted(nodes.items()) if name == "AddmmBackward0"]
    assert products == ["embedding", "decoder"]
    assert {owners[number] for number, name in nodes.items() if name in ("SumBackward0", "PowBackward0")} == {LOSS}


def test_a_quick_profile_is_a_record_with_one_number_a_step(project):
    settings = profiling.plan("quick", {})[0]
    record = profiling.run(settings, project, lambda *_: None)
    for series in (record.curves["plain"], record.curves["step"]["whole"], record.curves["ablated"]["decoder"]):
        assert len(series) == settings.steps
    assert profiling.replay(record) == record.probe


def test_names_tell_profiles_apart():
    assert len({ProfileSettings(cell=cell, threads=n).name for cell in ("LSTM", "GRU") for n in (1, 2)}) == 4
