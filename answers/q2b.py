"""2b: where and how back-propagation through time takes place."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Callable, Mapping
from functools import cache

import torch
from torch import Tensor, nn

from answers.parts import truncation_cost
from experiments.language_model.data import windows
from experiments.language_model.train import Settings
from lab.bptt import autograd_graph, torch_source
from lab.bptt import delta_recursion as recursion
from lab.bptt.truncation import plots, runs
from lab.bptt.two_windows import TwoWindows
from lab.bptt.unrolled import two_windows_drawing
from lab.example_source import TRAIN
from writeup.claims import Answer, Ref, Table
from writeup.facts import Facts, by, gap, when
from writeup.figures import Panels
from writeup.records.store import Records

WINDOW, LAYERS = Settings().bptt, Settings().layers
EXACT, SINGLE = 1e-12, 1e-5  # relative, in double and single precision
PRODUCT, FUSED, CUDNN = "AddmmBackward0", "MkldnnRnnLayerBackward0", "CudnnRnnBackward0"
LINES = ("line_lstm", "line_tensor", "line_autograd", "line_graph")  # of the steps in `torch_source.PATH`
PRODUCTS = {
    "K(T + 1)": lambda layers, length: layers * (length + 1),
    "KT": lambda layers, length: layers * length,
    "2KT": lambda layers, length: 2 * layers * length,
}


def answer(records: Records) -> Answer:
    a = Facts("2b")
    trained = runs(records)
    where(a)
    how(a)
    border(a)
    truncation_cost.cost(a, trained["LSTM"])
    truncation_cost.read(a, trained["LSTM"])
    truncation_cost.sentences(a)
    return a.answer(
        tables={"path": path_table()},
        figures={"border": two_windows_drawing(WINDOW), "cost": Panels(plots(trained))},
        source=TRAIN.numbered(),
    )


def where(a: Facts) -> None:
    """The line of the example, and the way from it into PyTorch's engine."""
    first = next(k for k, line in enumerate(TRAIN.numbered().splitlines()) if "loss.backward()" in line)
    a(
        "backward_line",
        TRAIN.line_of("loss.backward()"),
        when("digest of the numbered lines; main.py, where it is at hand", lambda n: TRAIN.begins_at(n - first)),
        {TRAIN.first: "where the state is cut"},
    )
    installed = by("the installed package's metadata", lambda: importlib.metadata.version("torch").partition("+")[0])
    a("version", torch.__version__.partition("+")[0], installed, {"1.4.0": "current when the assignment was set"})

    lstm, inputs = recursion.network(), recursion.words()
    calls = torch_source.calls_made(lambda: lstm(inputs)[0].sum().backward())

    def called(*names: str) -> Callable[[int], bool]:
        return lambda line: (*names, line) in calls

    for name, (function, call, seen) in zip(LINES, torch_source.PATH, strict=True):
        lines = torch_source.lines_of_call(function, call)
        wrong = {function.__code__.co_firstlineno: "where the function begins"}
        wrong |= dict.fromkeys(lines[1:], "another branch")
        a(
            name,
            lines[0],
            when("calls that the interpreter saw in one pass", called(*seen)),
            wrong,
            "{:d}",
        )

    stack = "C++ functions on the stack while a node of the graph computed its gradient"
    engine = when(stack, lambda name: f"torch::autograd::{name}" in torch_source.functions_in_backward())
    a.one_of("execute", ("Engine::execute", "Engine::run_backward"), engine, code=True)
    a.one_of("node", ("Engine::evaluate_function", "Engine::apply_function"), engine, code=True)
    summed = when(
        "C++ functions on the stack while gradients of shared weights are added",
        lambda name: f"torch::autograd::{name}" in torch_source.functions_in_sums(),
    )
    a.one_of("sums", ("InputBuffer::add", "AccumulateGrad::apply"), summed, code=True)
    a.one_of(
        "engine_file",
        ("torch/csrc/autograd/engine.cpp", "torch/csrc/autograd/engine.h"),
        by("a warning of the engine, which names its place", torch_source.file_of_warning),
        code=True,
    )
    stack = "C++ functions on the stack in the LSTM's step of the second word"
    a.one_of(
        "loop",
        ("at::native::lstm", "at::native::lstm_cell"),
        when(stack, torch_source.functions_in_steps().__contains__),
        code=True,
    )
    for name, folder in (("loop_file", "aten/src/ATen/native"), ("fused_file", "aten/src/ATen/native/mkldnn")):
        named = when("file names in the compiled library", lambda n: n in torch_source.compiled_files("/RNN.cpp"))
        a.one_of(name, (f"{folder}/RNN.cpp", f"{folder}/LSTM.cpp"), named, code=True)
    a.one_of(
        "fused_loop",
        ("mkldnn_rnn_layer", "mkldnn_lstm_layer"),
        when(
            "C++ functions on the stack in the LSTM's layer by default",
            lambda name: f"at::_ops::{name}::call" in torch_source.functions_in_steps(fused=True),
        ),
        code=True,
    )
    a.one_of(
        "fused_back",
        ("mkldnn_rnn_layer_backward", "mkldnn_lstm_layer_backward"),
        when(
            "operators that the profiler saw in the backward pass",
            lambda name: f"aten::{name}" in torch_source.operators_in_backward(),
        ),
        code=True,
    )


def how(a: Facts) -> None:
    """The recursion by hand against autograd; the recursion in the graph, unrolled and fused."""
    route = "autograd's gradient of torch's LSTM, entry by entry, in double precision"

    def misfit(forms: Mapping[str, str]) -> Callable[[str], float]:
        return lambda tex: recursion.misfit(forms[tex])

    for name, forms in (
        ("through_hidden", recursion.THROUGH_HIDDEN),
        ("through_cell", recursion.THROUGH_CELL),
        ("weights", recursion.WEIGHTS),
    ):
        a.one_of(name, forms, gap(route, misfit(forms), EXACT))

    def graph_of(layers: int, length: int, fused: bool) -> Tensor:
        with autograd_graph.onednn(fused):
            return recursion.seeded(nn.LSTM, layers)(recursion.words(length))[0].sum()

    @cache
    def ran(name: str, layers: int = LAYERS, length: int = WINDOW, fused: bool = False) -> int:
        return autograd_graph.executed(graph_of(layers, length, fused).backward)[name]

    def products(tex: str) -> bool:
        return all(PRODUCTS[tex](*size) == ran(PRODUCT, *size) for size in ((1, 2), (3, 7)))

    route = "nodes that the engine reported while it ran"
    a.one_of("products_formula", PRODUCTS, when(route, products))
    a("product_nodes", autograd_graph.names(graph_of(LAYERS, WINDOW, False))[PRODUCT], by(route, ran, PRODUCT))
    a(
        "fused_nodes",
        autograd_graph.names(graph_of(LAYERS, WINDOW, True))[FUSED],
        by(route, ran, FUSED, LAYERS, WINDOW, True),
    )
    defined = when(
        "classes of autograd's nodes in the installed package", lambda name: hasattr(torch._C._functions, name)
    )
    a.one_of("gpu_node", (CUDNN, "CudnnLstmBackward0"), defined, code=True)
    same = gap("its gradient against the recursion's, in single precision", fused_misfit, SINGLE)
    a.one_of("fused_name", (FUSED, PRODUCT), same, code=True)


def fused_misfit(name: str) -> float:
    """What separates the gradient by oneDNN's nodes from the recursion by hand; infinite if `name` is none of them."""
    with autograd_graph.onednn(True):
        graph = autograd_graph.names(recursion.network()(recursion.words())[0].sum())
    return recursion.misfit(fused=True) if graph[name] == LAYERS else math.inf


def border(a: Facts) -> None:
    """What crosses the border between two windows: values, not gradients."""
    pair = TwoWindows.make()
    one = next(windows(torch.zeros(3 * WINDOW, 2, dtype=torch.long), WINDOW))[0]
    a("window", WINDOW, by("a window, cut from a text", len, one))
    moving = "moving each word's embedding and looking at the last word's loss"
    a("reached", sum(pair.reached("all")), by(f"{moving}, the state between held", lambda: sum(pair.felt("all"))))
    a("felt", sum(pair.felt("nothing")), by("gradient without the cut", lambda: sum(pair.reached("nothing"))))
    a.say(
        "values_pass",
        lambda reached, window, felt: reached == window and felt == 2 * window,
        {"reached": 2 * WINDOW},
        {"felt": WINDOW},
        {"window": 2 * WINDOW},
    )


def path_table() -> Table:
    rows: list[list[str | Ref]] = [
        [f"`{call.rstrip('(')}`", f"`{torch_source.file_of(function)}`", Ref(name)]
        for name, (function, call, _) in zip(LINES, torch_source.PATH, strict=True)
    ]
    rows[1:1] = [[Ref("loop"), Ref("loop_file"), ""], [Ref("fused_loop"), Ref("fused_file"), ""]]
    rows += [[Ref(name), Ref("engine_file"), ""] for name in ("execute", "node")]
    rows.append([Ref("fused_back"), Ref("fused_file"), ""])
    return Table(["Call", "in file", "line"], rows, "llr")
