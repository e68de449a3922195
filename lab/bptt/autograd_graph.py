"""The graph that autograd records: its nodes, what the engine runs of it, and what it keeps in memory."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor
from torch.autograd.profiler import profile

_ENGINE_LABEL = "autograd::engine::evaluate_function: "


def nodes(*tensors: Tensor) -> list[Any]:
    """Every node from which back-propagation through `tensors` could draw, once each."""
    waiting = [tensor.grad_fn for tensor in tensors]
    found: dict[Any, None] = {}
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found:
            found[node] = None
            waiting.extend(next_node for next_node, _ in node.next_functions)
    return list(found)


def names(*tensors: Tensor) -> Counter[str]:
    """How many nodes of each name there are, without the C++ namespace ("AddmmBackward0")."""
    return Counter(node.name().rpartition("::")[2] for node in nodes(*tensors))


def executed(run: Callable[[], Any]) -> Counter[str]:
    """How many nodes of each name the engine evaluates during `run`, as its own labels in a profile tell."""
    with profile() as profiler:
        run()
    labels = [event.name for event in profiler.function_events or [] if event.name.startswith(_ENGINE_LABEL)]
    ran = Counter(label.removeprefix(_ENGINE_LABEL).rpartition("::")[2] for label in labels)
    del ran["GraphRoot"]  # with several tensors at once the engine starts from a node of its own
    return ran


@contextmanager
def onednn(enabled: bool) -> Iterator[None]:
    """Allow or forbid the fused recurrent kernels of oneDNN (`mkldnn` in PyTorch's names)."""
    with warnings.catch_warnings():
        # On leaving, torch 2.13 sets a TF32 option back that only Intel GPUs have, and warns about it.
        warnings.filterwarnings("ignore", message="TF32 acceleration on top of oneDNN")
        with torch.backends.mkldnn.flags(enabled=enabled):
            yield


def joined(gradients: Sequence[Tensor]) -> Tensor:
    """All entries of several gradients as one vector."""
    return torch.cat([gradient.flatten() for gradient in gradients])


def saved_bytes(*tensors: Tensor) -> int:
    """Size of all distinct storages that the nodes behind `tensors` have saved for the backward pass."""
    storages: dict[int, int] = {}
    for node in nodes(*tensors):
        for name in dir(node):
            if name.startswith("_saved_"):
                value = getattr(node, name)
                for item in value if isinstance(value, (tuple, list)) else (value,):
                    if isinstance(item, Tensor):
                        storages[item.untyped_storage().data_ptr()] = item.untyped_storage().nbytes()
    return sum(storages.values())


class _Box:
    """Holds one saved tensor; lives as long as the graph holds it."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor.detach()  # a saved output would else hold its own node, in a circle


class SavedTensors:
    """What the graphs recorded inside `with saved.recording():` hold at present."""

    def __init__(self) -> None:
        self._boxes: WeakSet[_Box] = WeakSet()

    @contextmanager
    def recording(self) -> Iterator[None]:
        def pack(tensor: Tensor) -> _Box:
            box = _Box(tensor)
            self._boxes.add(box)
            return box

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda box: box.tensor):
            yield

    def bytes(self) -> int:
        """Size of all distinct storages that are still held."""
        storages = [box.tensor.untyped_storage() for box in self._boxes]
        return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())
