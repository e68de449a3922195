"""One training step under the profiler, its time given to the model's components.

Forward time is read from a region around each module's call. Backward time belongs to the component whose forward made
the node: autograd stamps a node with the `sequence_nr` that the forward operation carries, too. Dropout between
recurrent layers runs inside their module and is counted as dropout, forward and backward.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.autograd.profiler import record_function
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

from experiments.language_model.model import Hidden, RNNModel
from experiments.language_model.stock import StockPath

MODULES = {"encoder": "embedding", "drop": "dropout", "rnn": "recurrent layers", "decoder": "decoder"}
DROPOUT = MODULES["drop"]
LOSS = "log-softmax and loss"
OTHER = "other"  # Python, dispatch, gradient accumulation, freeing the old gradients
COMPONENTS = (*MODULES.values(), LOSS, OTHER)
PHASES = ("batching", "repackage_hidden", "forward", "backward", "clip", "update", "whole")

_NODE = "autograd::engine::evaluate_function"

Times = dict[str, dict[str, float]]


def profiled_step(
    path: StockPath, batches: Iterator[tuple[Tensor, Tensor]], hidden: Hidden, learning_rate: float
) -> tuple[Times, Hidden]:
    """Take the next window, train on it, and return seconds by component and by phase.

    The result has the keys `forward` and `backward` (by component) and `step` (by phase; `whole` is all of it).
    """
    with _regions(path.model), profile(activities=[ProfilerActivity.CPU]) as profiler, record_function("whole"):
        with record_function("batching"):
            inputs, targets = next(batches)
        _, hidden = path.step(inputs, targets, hidden, learning_rate)
    events = list(profiler.events() or [])
    regions = {event.name: event for event in events if event.name in PHASES}
    times = {
        "forward": _forward(regions["forward"]),
        "backward": _backward(regions["backward"], _owners(events)),
        "step": {name: _seconds(regions[name]) for name in PHASES},
    }
    for phase in ("forward", "backward"):
        times[phase][OTHER] = times["step"][phase] - sum(times[phase].values())
    times["step"][OTHER] = 2 * times["step"]["whole"] - sum(times["step"].values())
    return times, hidden


def _forward(region: FunctionEvent) -> dict[str, float]:
    """Seconds by component of the operations below the region of the forward pass."""
    times = dict.fromkeys(COMPONENTS[:-1], 0.0)
    for event in region.cpu_children:
        component = event.name if event.name in COMPONENTS else LOSS
        inner = 0.0 if component == DROPOUT else sum(map(_seconds, _dropouts(event)))
        times[component] += _seconds(event) - inner
        times[DROPOUT] += inner
    return times


def _backward(region: FunctionEvent, owners: dict[int, str]) -> dict[str, float]:
    """Seconds by component of the autograd nodes below the region of the backward pass."""
    times = dict.fromkeys(COMPONENTS[:-1], 0.0)
    for event in region.cpu_children:
        if event.name.startswith(_NODE) and event.sequence_nr in owners:
            times[owners[event.sequence_nr]] += _seconds(event)
    return times


def _owners(events: list[FunctionEvent]) -> dict[int, str]:
    """The component of each sequence number: that of the last operation to carry it, since that one made the node."""
    owners = {}
    for event in sorted(events, key=lambda event: event.time_range.start):
        if event.sequence_nr >= 0 and (component := _component(event)):
            owners[event.sequence_nr] = component
    return owners


def _component(event: FunctionEvent | None) -> str | None:
    """The component that an operation of the forward pass serves; None outside the forward pass."""
    component = LOSS
    while event is not None and event.name != "forward":
        if component == LOSS and event.name in COMPONENTS:
            component = event.name
        if event.name == "aten::dropout":
            component = DROPOUT
        event = event.cpu_parent
    return None if event is None else component


def _dropouts(event: FunctionEvent) -> list[FunctionEvent]:
    """The calls of dropout below `event`."""
    if event.name == "aten::dropout":
        return [event]
    return [found for child in event.cpu_children for found in _dropouts(child)]


def _seconds(event: FunctionEvent) -> float:
    return event.time_range.elapsed_us() / 1e6


@contextmanager
def _regions(model: RNNModel) -> Iterator[None]:
    """A named region of the profile around each module's forward."""
    handles = []
    for attribute, component in MODULES.items():
        module: nn.Module = getattr(model, attribute)
        region = record_function(component)

        def enter(*_: Any, region: record_function = region) -> None:
            region.__enter__()

        def leave(*_: Any, region: record_function = region) -> None:
            region.__exit__(None, None, None)

        handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
