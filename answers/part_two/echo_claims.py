"""Claims of the notebook's third part: the echo tasks. Training is recorded; what it gave is run anew, from scratch."""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from statistics import fmean

import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from answers.part_two.recurrent import gru, layers_of
from experiments.part_two.echo import Echo, draw, echoed
from experiments.part_two.echo_trials import FIXED, KIND, LONGEST_LAG, VARIABLE, unpacked
from writeup.claims import Check, Claim, Control, Evidence, claim, require
from writeup.records.store import Record, Records

# How far the notebook's share may lie from that of other sequences, and from those of other seeds.
ACCURACY, KEPT, OLDEST = 0.01, 0.05, 0.1
ASKED_FOR = (0, 2, 4, 6, 8)
OTHER_SEQUENCES = 777


class FromScratch(nn.Module):
    """The trained network with this project's own GRU in the place of torch's."""

    def __init__(self, trained: Echo) -> None:
        super().__init__()
        self.trained, self.alphabet = trained, trained.alphabet

    def forward(self, symbols: Tensor, delays: Tensor) -> tuple[Tensor, Tensor]:
        wanted = nn.functional.one_hot(delays, self.trained.max_delay + 1)
        said = nn.functional.one_hot(symbols, self.alphabet)
        inputs = torch.cat([said, wanted.expand(len(symbols), -1, -1)], dim=2).float()
        states, _ = gru(inputs, layers_of(self.trained.memory))
        return self.trained.decoder(states), states


def echo_claims(records: Records) -> Iterator[Claim]:
    """The accuracy of both tasks, over the seeds too, and what the state remembers."""
    fixed, variable = (records[f"{KIND}/{settings.name}"] for settings in (FIXED, VARIABLE))
    yield _accuracy_claim("3.echo.fixed", fixed, FIXED.min_delay, "fixed delay")
    for delay in VARIABLE.delays:
        yield _accuracy_claim(f"3.echo.variable.{delay}", variable, delay, f"variable delay, asked for {delay}")
    for delay in ASKED_FOR:
        yield from _memory_claims(f"3.remembered.{delay}", variable, delay)
    yield _shorter_claim(variable)
    yield _lowest_claim(fixed, variable)


@torch.no_grad()
def echoes(model: FromScratch, delay: int, asked: int, sequences: int = 200) -> float:
    """Share of right echoes at `delay` on sequences of another seed, where the network is asked for `asked`."""
    symbols = draw(torch.zeros(sequences), 30, model.alphabet, torch.Generator().manual_seed(OTHER_SEQUENCES))
    logits, _ = model(symbols, torch.full((sequences,), asked))
    target, counts = echoed(symbols, torch.full((sequences,), delay))
    return (logits.argmax(dim=2) == target)[counts].double().mean().item()


def _accuracy_claim(id: str, record: Record, delay: int, what: str) -> Claim:
    lowest = record.settings["min_delay"]
    shares = [seed[delay - lowest] for seed in record.curves["accuracy"]]
    network = FromScratch(unpacked(record))
    computed = cache(lambda: echoes(network, delay, asked=delay))

    def check(candidate: float) -> Evidence:
        require(0.99 <= candidate <= 1, "0.99 to 1", candidate, "what the notebook promises")
        for expected, where in ((computed(), "the network on other sequences"), (fmean(shares[1:]), "other seeds")):
            require(abs(candidate - expected) <= ACCURACY, expected, candidate, where)
        route = "the trained network run by the GRU from scratch, on other sequences; the accuracy of other seeds"
        return Evidence(route, computed(), ACCURACY, OTHER_SEQUENCES, (record.path,))

    one_off = echoes(network, delay + 1, asked=delay)
    controls = [Control(one_off, "echoes scored one step late"), Control(0.5, "guessing")]
    return claim(id, shares[0], f"share of right echoes, {what}", check, controls, form=".2%")


def _memory_claims(id: str, record: Record, delay: int) -> Iterator[Claim]:
    """The least share over the lags up to the delay, and the share at the longest lag."""
    by_seed = [seed[delay] for seed in record.curves["remembered"]]
    least, last = [min(shares[: delay + 1]) for shares in by_seed], [shares[-1] for shares in by_seed]
    at_all_lags = "the least share of bits that a probe reads from the state, up to the delay"
    yield claim(
        f"{id}.kept",
        least[0],
        f"{at_all_lags} {delay}",
        _probed(record, delay, range(delay + 1), least, KEPT),
        [Control(last[0], "the longest lag"), Control(0.5, "guessing")],
        form=".1%",
    )
    yield claim(
        f"{id}.oldest",
        last[0],
        f"share of bits read from the state at lag {LONGEST_LAG}, asked for {delay}",
        _probed(record, delay, range(LONGEST_LAG, LONGEST_LAG + 1), last, OLDEST),
        [Control(1.0, "nothing forgotten"), Control(1 - least[0], "the share that was not read")],
        form=".1%",
    )


def _probed(record: Record, delay: int, lags: range, found: list[float], tolerance: float) -> Check:
    network = FromScratch(unpacked(record))
    computed = cache(lambda: min(probed(network, delay, lags)))

    def check(candidate: float) -> Evidence:
        for expected, where in ((computed(), "another probe, other sequences"), (fmean(found[1:]), "other seeds")):
            require(abs(candidate - expected) <= tolerance, expected, candidate, where)
        route = "logistic regression on states of the GRU from scratch, other sequences; other seeds"
        return Evidence(route, computed(), tolerance, OTHER_SEQUENCES, (record.path,))

    return check


@torch.no_grad()
def probed(network: FromScratch, delay: int, lags: range, sequences: int = 600) -> list[float]:
    """Share of bits that logistic regression reads from the last state, by lag, on sequences it was not fitted to."""
    symbols = draw(torch.zeros(sequences), 30, network.alphabet, torch.Generator().manual_seed(OTHER_SEQUENCES))
    _, states = network(symbols, torch.full((sequences,), delay))
    state, half = states[-1].numpy(), sequences // 2
    shares = []
    for lag in lags:
        bits = symbols[-1 - lag].numpy()
        probe = LogisticRegression(C=10.0, max_iter=1000).fit(state[:half], bits[:half])
        shares.append(float(probe.score(state[half:], bits[half:])))
    return shares


def _shorter_claim(record: Record) -> Claim:
    """The bits that a probe reads, over all lags: fewer where a shorter delay is asked for."""

    def bits(remembered: list[list[float]]) -> list[float]:
        return [sum(remembered[delay]) for delay in ASKED_FOR]

    first, *others = [bits(remembered) for remembered in record.curves["remembered"]]
    word = "less" if first == sorted(first) else "as much or more"

    def check(candidate: str) -> Evidence:
        mean = [fmean(each) for each in zip(*others, strict=True)]
        computed = "less" if all(a < b for a, b in pairwise(mean)) else "as much or more"
        require(candidate == computed, computed, candidate, "mean over the other seeds")
        return Evidence("order of the means over the other seeds", mean, records=(record.path,))

    controls = [Control("more", "the order reversed"), Control("the same", "one memory for all delays")]
    return claim("3.remembered.shorter", word, "what a shorter delay does to the memory", check, controls)


def _lowest_claim(*records: Record) -> Claim:
    shares = [share for record in records for seed in record.curves["accuracy"] for share in seed]

    def check(candidate: float) -> Evidence:
        below = sum(share < candidate - 5e-5 for share in shares)
        attained = sum(abs(share - candidate) <= 5e-5 for share in shares)
        require(below == 0 and attained > 0, "none below it, and one there", (below, attained), "the seeds' accuracies")
        paths = tuple(record.path for record in records)
        return Evidence("none of the recorded accuracies lies below, and one is there", min(shares), 5e-5, None, paths)

    controls = [Control(min(shares) - 0.01, "one in a hundred too low"), Control(0.5, "guessing")]
    return claim("3.echo.lowest", min(shares), "lowest accuracy of any seed at any delay", check, controls, form=".2%")
