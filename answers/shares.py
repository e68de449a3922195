"""2a: shares of a training step's time, from the raw seconds of every profiled step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from statistics import fmean, median

import torch
from scipy import stats
from torch.utils.flop_counter import FlopCounterMode

from experiments.language_model.model import RNNModel
from experiments.language_model.profile import KIND
from experiments.language_model.train import Settings
from writeup.claims import Claim, Control, Evidence, agrees, claim, require
from writeup.errors import WriteupError
from writeup.records.store import Record, Records

EXAMPLE = Settings()
CELLS = ("LSTM", "GRU")
LEVEL = 0.95
VOCABULARY = 33_278  # of WikiText-2
DECODER, RECURRENT, LOSS = "decoder", "recurrent layers", "log-softmax and loss"
# What a step consists of: key in claim ids, what the records call it, and whether it has a forward and a backward half.
PARTS: dict[str, tuple[str, bool]] = {
    "embedding": ("embedding", True),
    "dropout": ("dropout", True),
    "recurrent": (RECURRENT, True),
    "decoder": (DECODER, True),
    "loss": (LOSS, True),
    "clip": ("clip", False),
    "update": ("update", False),
    "rest": ("other", True),
}

ROUNDED = 1e-4  # relative: seconds are recorded to six places


@dataclass(frozen=True)
class Profile:
    """One record: seconds by component, phase and step."""

    record: Record

    @property
    def cell(self) -> str:
        return str(self.record.settings["cell"])

    def __post_init__(self) -> None:
        """A step is the sum of its parts, and so are its forward and its backward half; an edited time shows."""
        step = self.record.curves["step"]
        parts = {name: times for name, times in step.items() if name != "whole"}
        halves = {half: self.record.curves[half] for half in ("forward", "backward")}
        for name, columns in {"whole": parts, **halves}.items():
            for number, (*times, all_) in enumerate(zip(*columns.values(), step[name], strict=True)):
                what = f"record {self.record.path}: {name} of step {number}, from its parts"
                require(math.isclose(sum(times), all_, rel_tol=ROUNDED), sum(times), all_, what)

    @property
    def steps(self) -> int:
        return len(self.record.curves["step"]["whole"])

    def seconds(self, part: str, half: str) -> list[float]:
        """Of `part`, step by step; `half` is forward, backward or total."""
        name, halves = PARTS[part]
        if half != "total" and not halves:
            raise WriteupError(f"2a: the {half} half of {part} was asked for; it has no halves")
        curves = self.record.curves
        phases = ("forward", "backward") if half == "total" else (half,)
        columns = [curves[phase][name] for phase in phases] if halves else [curves["step"][name]]
        if part == "rest" and half == "total":  # what lies outside of forward and backward belongs to the rest, too
            columns += [curves["step"][name] for name in ("other", "batching", "repackage_hidden")]
        return [sum(times) for times in zip(*columns, strict=True)]

    def shares(self, part: str, half: str = "total") -> list[float]:
        """Shares of the whole step, step by step."""
        whole = self.record.curves["step"]["whole"]
        return [time / all_ for time, all_ in zip(self.seconds(part, half), whole, strict=True)]

    def by_totals(self, part: str, half: str = "total") -> float:
        """The share in the sum of all steps: long steps count for more, and only the other parts are looked at."""
        others = [name for name in PARTS if name != part]
        total = sum(map(sum, (self.seconds(name, "total") for name in PARTS)))
        if half == "total":
            return 1 - sum(map(sum, (self.seconds(name, "total") for name in others))) / total
        return sum(self.seconds(part, half)) / total

    def half_width(self, values: Sequence[float]) -> float:
        return float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * stats.sem(values))


def profiles(records: Records) -> dict[str, Profile]:
    """The profiles of the example's defaults on WikiText-2, by cell."""
    found = [Profile(r) for r in records.of_kind(KIND) if r.settings["corpus"] == "wikitext-2"]
    by_cell = {p.cell: p for p in found if p.record.settings["hidden_size"] == EXAMPLE.hidden_size}
    if set(by_cell) != set(CELLS):
        raise WriteupError(
            f"2a: profiles of {sorted(by_cell)} found; {' and '.join(CELLS)} are needed; `make experiments` makes them"
        )
    return {cell: by_cell[cell] for cell in CELLS}


def share_claims(profile: Profile, others: Mapping[str, Profile]) -> list[Claim]:
    """Share of every part, forward, backward and in all, with the interval over the steps."""
    made = []
    for part, (name, halves) in PARTS.items():
        for half in ("forward", "backward", "total") if halves and part != "rest" else ("total",):
            shares = profile.shares(part, half)
            value, width = fmean(shares), profile.half_width(shares)
            tolerance = max(width, 2e-3)
            wrong = {f"the {h} half": fmean(profile.shares(part, h)) for h in ("forward", "backward") if halves}
            wrong |= {"both halves": fmean(profile.shares(part)), "what is left": 1 - value}
            wrong |= {f"the {cell}'s": fmean(other.shares(part, half)) for cell, other in others.items()}
            made.append(
                claim(
                    f"2a.{part}_{half}_{profile.cell}",
                    value,
                    f"share of a training step, {name}, {half}, {profile.cell}",
                    agrees(
                        partial(profile.by_totals, part, half),
                        "summed seconds of all steps, from what the other parts leave",
                        tolerance=tolerance,
                        records=[profile.record.path],
                    ),
                    [Control(x, why) for why, x in wrong.items() if abs(x - value) > 2 * tolerance],
                    form=".1%",
                )
            )
        total = profile.shares(part)
        made.append(
            claim(
                f"2a.{part}_width_{profile.cell}",
                100 * profile.half_width(total),
                f"half of its interval over the steps, in percentage points, {name}, {profile.cell}",
                agrees(
                    partial(_width_by_scipy, total),
                    "scipy's t interval",
                    tolerance=1e-9,
                    records=[profile.record.path],
                ),
                [Control(100 * (1 - fmean(total)), "everything else's share")],
                form=".1f",
            )
        )
    return made


def _width_by_scipy(values: list[float]) -> float:
    low, high = stats.t.interval(
        LEVEL, len(values) - 1, loc=fmean(values), scale=stats.tstd(values) / math.sqrt(len(values))
    )
    return 50 * float(high - low)


def phase_claims(profile: Profile) -> list[Claim]:
    """Forward, backward, clipping and update as shares of the step."""
    curves, path = profile.record.curves, [profile.record.path]
    whole = curves["step"]["whole"]
    made = []
    groups = {"forward": ["forward"], "backward": ["backward"], "optimisation": ["clip", "update"]}
    for phase, names in groups.items():
        shares = [sum(times) / all_ for *times, all_ in zip(*(curves["step"][n] for n in names), whole, strict=True)]
        width = profile.half_width(shares)

        def rebuilt(phase: str = phase) -> float:
            if phase == "optimisation":
                return sum(sum(curves["step"][name]) for name in ("clip", "update")) / sum(whole)
            return sum(map(sum, curves[phase].values())) / sum(whole)

        made.append(
            claim(
                f"2a.{phase}_{profile.cell}",
                fmean(shares),
                f"share of a training step, {phase}, {profile.cell}",
                agrees(rebuilt, "summed over components and steps", tolerance=max(width, 2e-3), records=path),
                [Control(1 - fmean(shares), "what is left"), Control(1 / 3, "three phases, evenly")],
                form=".1%",
            )
        )
    return made


# -- cross-checks that need no profiler -------------------------------------------------------------------------------


@cache
def operations(cell: str) -> dict[str, int]:
    """Floating-point operations of one forward and backward pass by module, counted on shapes without any data."""
    with torch.device("meta"):
        model = RNNModel(
            cell, VOCABULARY, EXAMPLE.embedding_size, EXAMPLE.hidden_size, EXAMPLE.layers, EXAMPLE.dropout
        ).eval()
        inputs = torch.zeros(EXAMPLE.bptt, EXAMPLE.batch_size, dtype=torch.long)
        with FlopCounterMode(display=False) as counter:
            model(inputs, model.initial_hidden(EXAMPLE.batch_size))[0].sum().backward()
    counts = counter.get_flop_counts()
    return {name.rpartition(".")[2]: sum(kinds.values()) for name, kinds in counts.items()}


def decoder_share_by_formula(cell: str) -> float:
    """Multiply-adds of a word: decoder V h; recurrent layers g h (e + h) and so on, g gates; three products each."""
    gates = {"LSTM": 4, "GRU": 3}[cell]
    decoder = VOCABULARY * EXAMPLE.hidden_size
    recurrent = EXAMPLE.layers * gates * EXAMPLE.hidden_size * 2 * EXAMPLE.hidden_size
    return decoder / (decoder + recurrent)


def cross_claims(profile: Profile) -> list[Claim]:
    """The decoder's share by counting operations, and by leaving the decoder out."""
    cell, path = profile.cell, [profile.record.path]
    both = [a + b for a, b in zip(profile.shares("decoder"), profile.shares("loss"), strict=True)]
    plain, ablated = profile.record.curves["plain"], profile.record.curves["ablated"]

    def without_it() -> float:
        """What a step saves whose decoder has two words; its share of clipping and update is saved with it."""
        return 1 - median(ablated[DECODER]) / median(plain)

    def saved_least(candidate: str) -> Evidence:
        """The largest part is that without which a step is shortest, by a rank test over steps."""
        names = {DECODER: ablated[DECODER], RECURRENT: ablated[RECURRENT]}
        found = min(names, key=lambda name: median(names[name]))
        p = float(stats.mannwhitneyu(ablated[DECODER], ablated[RECURRENT]).pvalue)
        require(candidate == found and p < 0.05, found, candidate, f"whole steps without it, p = {p:.1g}")
        return Evidence("whole steps without it, no profiler; Mann and Whitney's test", p, records=tuple(path))

    sizes = {name: fmean(profile.shares(part)) for part, (name, _) in PARTS.items()}
    return [
        claim(
            f"2a.operations_{cell}",
            decoder_share_by_formula(cell),
            f"the decoder's share of the floating-point operations, {cell}",
            agrees(
                lambda: operations(cell)["decoder"] / operations(cell)["Global"],
                "torch's operation counter on a forward and a backward pass",
                tolerance=2e-3,
            ),
            [Control(1 - decoder_share_by_formula(cell), "the recurrent layers'"), Control(0.5, "half")],
            form=".1%",
        ),
        claim(
            f"2a.decoder_and_loss_{cell}",
            fmean(both),
            f"share of decoder, log-softmax and loss together, {cell}",
            agrees(without_it, "steps of a model without its decoder, no profiler", tolerance=0.05, records=path),
            [
                Control(fmean(profile.shares("decoder", "forward")), "the decoder's forward half"),
                Control(fmean(profile.shares("decoder")), "the decoder without softmax and loss"),
                Control(fmean(profile.shares("recurrent")), "the recurrent layers"),
            ],
            form=".0%",
        ),
        claim(
            f"2a.without_decoder_{cell}",
            without_it(),
            f"time that a step saves without its decoder, no profiler, {cell}",
            agrees(
                lambda: 1 - fmean(ablated[DECODER]) / fmean(plain),
                "means instead of medians",
                tolerance=0.02,
                records=path,
            ),
            [Control(1 - median(ablated[RECURRENT]) / median(plain), "without its recurrent layers")],
            form=".0%",
        ),
        claim(
            f"2a.largest_{cell}",
            max(sizes, key=lambda name: sizes[name]),
            f"the part that takes the most time, {cell}",
            saved_least,
            [Control(RECURRENT, "what the model is named after")],
        ),
        claim(
            f"2a.ratio_{cell}",
            fmean(profile.record.curves["step"]["backward"]) / fmean(profile.record.curves["step"]["forward"]),
            f"backward time over forward time, {cell}",
            agrees(partial(_median_ratio, profile), "median of the steps' own ratios", tolerance=0.15, records=path),
            [Control(1.0, "equal"), Control(2.5, "more than two products backward for one forward")],
            form=".1f",
        ),
    ]


def _median_ratio(profile: Profile) -> float:
    step = profile.record.curves["step"]
    return median(b / f for b, f in zip(step["backward"], step["forward"], strict=True))


def epoch_claims(profile: Profile) -> list[Claim]:
    """How an epoch's time divides: training, evaluation, saving; from steps without the profiler."""
    record, path = profile.record, [profile.record.path]

    def parts(average: Callable[[Sequence[float]], float]) -> dict[str, float]:
        return {
            "training": average(record.curves["plain"]) * record.metrics["train_windows"],
            "evaluation": average(record.curves["evaluation"]) * record.metrics["valid_windows"],
            "save": average(record.curves["once"]["save"]),
            "reading": average(record.curves["once"]["corpus"]) + average(record.curves["once"]["batchify"]),
        }

    def share(name: str, average: Callable[[Sequence[float]], float]) -> float:
        return parts(average)[name] / sum(parts(average).values())

    value = {name: share(name, median) for name in parts(median)}
    controls = {"training": value["evaluation"], "evaluation": value["training"], "save": value["evaluation"]}
    controls["reading"] = value["evaluation"]
    tolerance = {"training": 0.01, "evaluation": 0.01, "save": 1e-4, "reading": 5e-4}
    return [
        claim(
            f"2a.epoch_{name}_{profile.cell}",
            value[name],
            f"share of {name} in the first epoch, {profile.cell}",
            agrees(
                partial(share, name, fmean),
                "means of steps instead of medians",
                tolerance=tolerance[name],
                records=path,
            ),
            [Control(controls[name], "another part's")],
            form=".1%" if value[name] > 1e-3 else ".3%",
        )
        for name in value
    ]


def setting_claims(profile: Profile) -> list[Claim]:
    """Number of steps, the device, the seconds of a step."""
    record = profile.record
    plain = record.curves["plain"]
    return [
        claim(
            f"2a.steps_{profile.cell}",
            profile.steps,
            f"profiled steps, {profile.cell}",
            agrees(lambda: len(record.curves["forward"][DECODER]), "length of a component's own column"),
            [Control(profile.steps + int(record.settings["warm_up"]), "warm-up steps counted")],
        ),
        claim(
            f"2a.threads_{profile.cell}",
            int(record.settings["threads"]),
            f"threads of the profile, {profile.cell}",
            agrees(lambda: int(record.name.rpartition("threads")[2]), "the record's name", records=[record.path]),
            [Control(0, "none"), Control(int(record.settings["threads"]) + 1, "one more")],
        ),
        claim(
            f"2a.device_{profile.cell}",
            record.device,
            f"device of the profile, {profile.cell}",
            agrees(lambda: f"CPU ({record.environment['processor']})", "the environment noted in the record"),
            [Control("GPU", "as in the course")],
        ),
        claim(
            f"2a.seconds_{profile.cell}",
            median(plain),
            f"seconds of a step without the profiler, {profile.cell}",
            agrees(
                lambda: float(stats.trim_mean(plain, 0.25)),
                "mean of the middle half",
                tolerance=0.1 * median(plain),
                records=[record.path],
            ),
            [Control(median(record.curves["evaluation"]), "an evaluation window")],
            unit="s",
            form=".2f",
        ),
        claim(
            f"2a.overhead_{profile.cell}",
            median(record.curves["step"]["whole"]) / median(plain),
            f"time of a step with the profiler over its time without, {profile.cell}",
            agrees(
                lambda: fmean(record.curves["step"]["whole"]) / fmean(plain),
                "means instead of medians",
                tolerance=0.08,
                records=[record.path],
            ),
            [Control(1.5, "half as much again")],
            form=".0%",
        ),
    ]
