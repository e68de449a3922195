"""2b: where and how back-propagation through time takes place."""

from __future__ import annotations

import importlib.metadata
from functools import cache
from statistics import fmean

import torch
from torch import Tensor, nn

from experiments.language_model.data import batchify, windows
from experiments.language_model.train import Settings
from lab import autograd_graph, torch_source
from lab import delta_recursion as recursion
from lab.example_source import TRAIN
from lab.truncation import Run, runs
from lab.two_windows import TwoWindows
from lab.unrolled import two_windows_drawing
from writeup.claims import Answer, Ref, Table
from writeup.estimators import student
from writeup.facts import Facts, by, gap, when
from writeup.figures import Panels, Plot, Reference, Series
from writeup.records.store import Records

WINDOW, LAYERS = Settings().bptt, Settings().layers
SMALL = 0.01
EXACT = 1e-12  # relative, in double precision
PRODUCT, FUSED = "AddmmBackward0", "MkldnnRnnLayerBackward0"
PRODUCTS = {
    "K(T + 1)": lambda layers, length: layers * (length + 1),
    "KT": lambda layers, length: layers * length,
    "2KT": lambda layers, length: 2 * layers * length,
}
# Steps of the way in Python: a name, the function, its call that takes the next step, what the interpreter calls both.
PATH = (
    ("lstm", nn.LSTM.forward, "_VF.lstm(", ("LSTM.forward", "lstm")),
    ("tensor", Tensor.backward, "torch.autograd.backward(", ("Tensor.backward", "backward")),
    ("autograd", torch.autograd.backward, "_engine_run_backward(", ("backward", "_engine_run_backward")),
    (
        "graph",
        torch.autograd.graph._engine_run_backward,
        "_execution_engine.run_backward(",
        ("_engine_run_backward", "run_backward"),
    ),
)


def answer(records: Records) -> Answer:
    a = Facts("2b")
    trained = runs(records)
    where(a)
    how(a)
    border(a)
    for cell, run in trained.items():
        cost(a.on(run.record), run, cell)
    a.say("far_is_weak", lambda weaker_LSTM, weaker_GRU: weaker_LSTM.low > 100 < weaker_GRU.low, {"weaker_GRU": 10.0})
    a.say("longer_is_closer", lambda error, error_one: error.high < error_one.low, {"error": 0.9}, {"error_one": 0.0})
    return a.answer(
        tables={"path": path_table()},
        figures={"border": two_windows_drawing(WINDOW), "cost": Panels(cost_plots(trained))},
        source=TRAIN.numbered(),
    )


def where(a: Facts) -> None:
    """The line of the example, and the way from it into PyTorch's engine."""
    first = TRAIN.line_of("loss.backward()") - TRAIN.first
    a(
        "backward_line",
        TRAIN.line_of("loss.backward()"),
        when("digest of the numbered lines; main.py, where it is at hand", lambda n: TRAIN.begins_at(n - first)),
        {TRAIN.first: "where the state is cut"},
    )
    installed = by("the installed package's metadata", lambda: importlib.metadata.version("torch").partition("+")[0])
    a("version", torch.__version__.partition("+")[0], installed, {"1.4.0": "current when the assignment was set"})

    @cache
    def called() -> set[tuple[tuple[str, str], int]]:
        lstm, inputs = recursion.network(), recursion.words()
        calls = torch_source.calls_made(lambda: lstm(inputs)[0].sum().backward())
        return {((caller, name), line) for caller, name, line in calls}

    for name, function, call, seen in PATH:
        lines = torch_source.lines_of_call(function, call)
        wrong = {function.__code__.co_firstlineno: "where the function begins"}
        wrong |= dict.fromkeys(lines[1:], "another branch")
        a(
            f"line_{name}",
            lines[0],
            when("calls that the interpreter saw in one pass", lambda n, seen=seen: (seen, n) in called()),
            wrong,
        )

    def on_stack(within: str, functions: set[str]) -> object:
        return lambda name: f"{within}::{name}" in functions

    stack = "C++ functions on the stack while a node of the graph computed its gradient"
    engine = on_stack("torch::autograd", torch_source.functions_in_backward())
    a.one_of("execute", ("Engine::execute", "Engine::run_backward"), when(stack, engine), code=True)
    a.one_of("node", ("evaluate_function", "apply_function"), when(stack, lambda n: engine(f"Engine::{n}")), code=True)
    a.one_of(
        "engine_file",
        ("torch/csrc/autograd/engine.cpp", "torch/csrc/autograd/engine.h"),
        by("a warning of the engine, which names its place", torch_source.file_of_warning),
        code=True,
    )
    stack = "C++ functions on the stack in the LSTM's step of the second word"
    step = on_stack("at::native", torch_source.functions_in_steps())
    a.one_of("loop", ("lstm", "lstm_cell"), when(stack, step), code=True)
    a.one_of(
        "loop_file",
        ("aten/src/ATen/native/RNN.cpp", "aten/src/ATen/native/LSTM.cpp"),
        when("file names in the compiled library", lambda n: n in torch_source.compiled_files("/native/RNN.cpp")),
        code=True,
    )


def how(a: Facts) -> None:
    """The recursion by hand against autograd; the recursion in the graph, unrolled and fused."""
    route = "autograd's gradient of torch's LSTM, entry by entry, in double precision"
    for name, forms in (
        ("through_hidden", recursion.THROUGH_HIDDEN),
        ("through_cell", recursion.THROUGH_CELL),
        ("weights", recursion.WEIGHTS),
    ):
        a.one_of(name, forms, gap(route, lambda tex, forms=forms: recursion.misfit(forms[tex]), EXACT))

    def graph_of(layers: int, length: int, fused: bool) -> Tensor:
        with autograd_graph.onednn(fused):
            return recursion.network(layers)(recursion.words(length))[0].sum()

    def ran(name: str, layers: int = LAYERS, length: int = WINDOW, fused: bool = False) -> int:
        return autograd_graph.executed(graph_of(layers, length, fused).backward)[name]

    def products(tex: str) -> bool:
        return all(PRODUCTS[tex](*size) == ran(PRODUCT, *size) for size in ((1, 1), (1, 7), (3, 7)))

    route = "nodes that the engine reported while it ran"
    a.one_of("products_formula", PRODUCTS, when(route, products))
    a("products", autograd_graph.names(graph_of(LAYERS, WINDOW, False))[PRODUCT], by(route, ran, PRODUCT))
    a("fused", autograd_graph.names(graph_of(LAYERS, WINDOW, True))[FUSED], by(route, ran, FUSED, LAYERS, WINDOW, True))
    a("single", 1e-6, when("fused gradient", lambda x: x / 100 < recursion.misfit(fused=True) < x), {1e-9: "", 1.0: ""})


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
    )


def cost(a: Facts, run: Run, cell: str) -> None:
    """How weak the gradient is a window back; for the LSTM also how wrong it is when it is cut there."""
    logs = run.log_weaker()[WINDOW]
    norms = [10 ** segment[WINDOW] for segment in run.record.curves["distance"]["trained"]]
    a.ratio(f"weaker_{cell}", [10 ** s[0] for s in run.record.curves["distance"]["trained"]], norms, "{:~1}")
    assert len(logs) == len(norms)
    if cell == "LSTM":
        settings = run.record.settings
        columns = batchify(torch.zeros(settings["train_tokens"], dtype=torch.long), Settings().batch_size)
        per_epoch = -(-(len(columns) - 1) // WINDOW)
        cut_and_counted = by("windows, cut and counted", lambda: sum(1 for _ in windows(columns, WINDOW)) * 6)
        a("steps", settings["epochs"] * per_epoch, cut_and_counted)
        within = by("mean over positions in the window", run.perplexity, "carried", "by_position", within=0.1)
        a("perplexity", run.perplexity("carried", "by_column"), within, {}, "{:.0f}")
        a.mean("error", run.errors(WINDOW), "{:.1%}")
        a.mean("error_one", run.errors(1), "{:.0%}")


def path_table() -> Table:
    rows: list[list[str | Ref]] = [
        [f"`{seen[0]}`", f"`{torch_source.file_of(function)}`", Ref(f".line_{name}"), f"`{call.rstrip('(')}`"]
        for name, function, call, seen in PATH
    ]
    rows.insert(1, [Ref(".loop"), Ref(".loop_file"), "", "one step a word"])
    rows.append([Ref(".execute"), Ref(".engine_file"), "", Ref(".node")])
    return Table(["Function", "File", "Line", "Calls"], rows, "llrl")


def cost_plots(trained: dict[str, Run]) -> list[Plot]:
    """Gradient against distance, and the error of the cut gradient against bptt."""
    distance, errors = [], []
    for cell, run in trained.items():
        colour = cell.lower()
        for model in ("trained", "initial"):
            falls = run.falls(model)
            label = cell if model == "trained" else ""
            distance.append(Series(label, range(len(falls)), falls, colour=colour, dashed=model == "initial"))
        made = [student(run.errors(bptt)) for bptt in run.cuts]
        ends = [e.low for e in made], [e.high for e in made]
        errors.append(Series(cell, run.cuts, [fmean(run.errors(b)) for b in run.cuts], *ends, "both", colour=colour))
    window = Reference(WINDOW, "bptt", axis="x")
    far = Reference(SMALL, "one per cent")
    left = Plot(distance, "distance in words", "gradient, relative", y_scale="log", y_limits=(1e-7, 2.0),
                references=(window, far), height=5.0)  # fmt: skip
    right = Plot(errors, "bptt", "relative error of the gradient", x_scale="log", references=(window,), height=5.0)
    return [left, right]
