r"""How much the best of several runs flatters itself on the text that chose it; theory, and our own runs.

Where \(N\) runs are equally good and a text of finite length shows each loss with normal noise of deviation
\(\sigma\), the lowest of them lies \(\sigma e_N\) too low on average, \(e_N\) being the expected maximum of \(N\)
standard normal values (David and Nagaraja, Order Statistics, 3rd ed., section 3.1). Runs that differ in truth are
flattered less, so this is the most to expect.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from statistics import fmean, stdev

import numpy as np
from scipy import integrate, special

from answers.study.run_claims import distinct
from answers.study.runs import Run
from writeup.claims import Claim, Control, agrees, claim


@dataclass(frozen=True)
class Choice:
    """Choosing the run with the lowest loss on one text (`chosen_by`), to be judged on another (`judged_by`).

    `weight` is the share of the variance of their difference that is due to the text that chooses, the noise of a mean
    over n words having a variance in proportion to 1/n.
    """

    key: str
    text: str
    chosen_by: Callable[[Run], float]
    judged_by: Callable[[Run], float]
    weight: float
    words: tuple[range, range] = (range(1), range(1, 2))  # of the text that chooses and of the one that judges

    def gaps(self, runs: Sequence[Run]) -> list[float]:
        """How much higher the loss is on the judging text (nats), for each run."""
        return [self.judged_by(run) - self.chosen_by(run) for run in runs]

    def noise(self, runs: Sequence[Run]) -> float:
        """Deviation of the noise on the choosing text; at most, since what truly differs between runs is in it too."""
        return math.sqrt(self.weight) * stdev(self.gaps(runs))

    def flattery(self, runs: Sequence[Run], count: int) -> float:
        """The chosen run's gap less the mean gap, averaged over all ways to pick `count` of the runs to choose from."""
        ordered = sorted(runs, key=self.chosen_by)
        gaps, total = self.gaps(ordered), len(ordered)
        # The run of rank r is the best of a subset if the other members come from the worse ones.
        ways = [math.comb(total - 1 - rank, count - 1) for rank in range(total)]
        chosen = sum(way * gap for way, gap in zip(ways, gaps, strict=True)) / math.comb(total, count)
        return chosen - fmean(gaps)


def expected_maximum(count: int) -> float:
    """The expected maximum of `count` independent standard normal values, by quadrature."""

    def density(x: float) -> float:
        bell = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        return float(count * x * bell * special.ndtr(x) ** (count - 1))

    found, _error = integrate.quad(density, -12, 12, epsabs=1e-12)
    return float(found)


def choice_claims(choice: Choice, runs: Sequence[Run]) -> list[Claim]:
    """Noise of the choosing text; flattery of the best of two and of the best of all, most expected and observed."""
    noise, count = choice.noise(runs), len(runs)
    records = tuple(run.record.path for run in runs)
    gaps = choice.gaps(runs)

    def noise_by_pairs() -> float:
        squares = fmean((a - b) ** 2 / 2 for a, b in combinations(gaps, 2))
        return percent(math.sqrt(weight_by_words(*choice.words) * squares))

    value = percent(noise)
    made = [
        claim(
            f"2f.{choice.key}.noise",
            value,
            f"noise of a perplexity on the {choice.text}, per cent",
            agrees(
                noise_by_pairs,
                "squared differences of all pairs of runs, and of the weights of every word in both means",
                tolerance=1e-9,
                records=records,
            ),
            distinct(
                value,
                ".2f",
                Control(percent(noise / math.sqrt(choice.weight)), "the noise of both texts"),
                Control(percent(noise / math.sqrt(count)), "the error of a mean"),
            ),
            form=".2f",
        )
    ]
    for name, picked in (("pairs", 2), ("all", count)):
        most, seen = percent(noise * expected_maximum(picked)), percent(choice.flattery(runs, picked))
        slips = distinct(
            most,
            ".2f",
            Control(percent(noise * math.sqrt(2 * math.log(picked))), "its limit for many"),
            Control(percent(noise), "one deviation, whatever the number"),
        )
        made += [
            claim(
                f"2f.{choice.key}.{name}.most",
                most,
                f"most by which the best of {name} is expected to flatter itself on the {choice.text}, per cent",
                agrees(
                    partial(_simulated, noise, picked),
                    "lowest of simulated losses",
                    tolerance=0.01 * most,
                    seed=2020,
                ),
                slips,
                form=".2f",
            ),
            claim(
                f"2f.{choice.key}.{name}.seen",
                seen,
                f"by how much the best of {name} of our runs flattered itself on the {choice.text}, per cent",
                agrees(
                    partial(_enumerated, choice, runs, picked),
                    "every such choice made",
                    tolerance=1e-9,
                    records=records,
                ),
                distinct(
                    seen,
                    "+.2f",
                    Control(percent(choice.flattery(runs, picked) + fmean(gaps)), "difference of the texts left in"),
                    Control(-seen, "the sign"),
                ),
                form="+.2f",
            ),
        ]
    return made


def percent(nats: float) -> float:
    """A difference of losses as per cent of the perplexity."""
    return 100 * math.expm1(nats)


def weight_by_words(chosen: range, judged: range) -> float:
    """`Choice.weight` from the weight of every single word in the means over the two texts, which may overlap."""
    means = np.zeros((2, max(chosen.stop, judged.stop)))
    for mean, text in zip(means, (chosen, judged), strict=True):
        mean[text.start : text.stop] = 1 / len(text)
    return float((means[0] ** 2).sum() / ((means[1] - means[0]) ** 2).sum())


def _simulated(noise: float, count: int) -> float:
    """Mean flattery of the best of `count` equally good runs in simulated choices, in per cent."""
    draws = np.random.default_rng(2020).normal(size=(100_000, count))
    return percent(-noise * float(draws.min(axis=1).mean()))


def _enumerated(choice: Choice, runs: Sequence[Run], count: int) -> float:
    """`Choice.flattery` by making every choice, in per cent."""
    gaps = []
    for subset in combinations(runs, count):
        best = min(subset, key=choice.chosen_by)
        gaps.append(choice.judged_by(best) - choice.chosen_by(best))
    return percent(fmean(gaps) - fmean(choice.gaps(runs)))
