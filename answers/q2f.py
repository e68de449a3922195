"""2f: what the test set is for: validation chose epochs, rates and settings, and a chosen best flatters itself."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean, median

import numpy as np

from answers.study.comparison import spread_claims
from answers.study.optimism import Choice, choice_claims, expected_maximum, percent
from answers.study.run_claims import VOCABULARY, count_parameters, distinct, label_claim, perplexity_check, words_of
from answers.study.runs import Run, Setting, Study
from writeup.claims import Answer, Claim, Control, Evidence, agrees, claim, require
from writeup.figures import Plot, Series
from writeup.records.store import Records

VALID_TOKENS, TEST_TOKENS = 217_646, 245_569  # WikiText-2 [Merity et al. 2016, table 1], with an <eos> a line
CONTENDING = math.log(1.5)  # nats: nobody would choose a run with half as much perplexity again as the best
FORETOLD = 0.05  # nats: how far a test loss may lie from what the other runs' difference of texts foretells


def answer(records: Records) -> Answer:
    study = Study.read(records)
    chosen = min(study.runs, key=lambda run: run.valid_loss)
    contenders = [run for run in study.runs if run.valid_loss < chosen.valid_loss + CONTENDING and not run.diverged]
    choices = choices_of(study)
    return Answer(
        "2f",
        [
            *look_claims(study, contenders),
            *chosen_claims(study, chosen, contenders),
            *difference_claims(contenders),
            *safer_claims(choices, contenders),
            *(made for choice in choices for made in choice_claims(choice, contenders)),
            *spread_claims("2f.deviation", study, "test perplexity over seeds, per cent", lambda run: run.test_loss),
        ],
        figures={"optimism": _plot(choices, contenders)},
        context={"reduced": study.reduced, "part": len(choices) > 1, "spread": study.spread is not None},
    )


def choices_of(study: Study) -> list[Choice]:
    """By the annealing part, judged on the whole validation text that contains it; by that, judged on the test text."""
    whole = Choice(
        "whole",
        "whole validation text",
        lambda run: run.valid_loss,
        lambda run: run.test_loss,
        TEST_TOKENS / (VALID_TOKENS + TEST_TOKENS),
        (range(VALID_TOKENS), range(VALID_TOKENS, VALID_TOKENS + TEST_TOKENS)),
    )
    part = study.base.annealing_tokens
    if part is None:
        return [whole]
    return [
        Choice(
            "part",
            "annealing part",
            lambda run: min(run.annealing_curve),
            lambda run: run.valid_loss,
            1 / (1 - part / VALID_TOKENS),
            (range(part), range(VALID_TOKENS)),
        ),
        whole,
    ]


def look_claims(study: Study, contenders: list[Run]) -> list[Claim]:
    """How often the validation text was asked."""
    looks = sum(len(run.annealing_curve) for run in study.runs)
    part = study.base.annealing_tokens or VALID_TOKENS

    def epochs_by_tokens() -> int:
        return round(sum(sum(run.record.curves["tokens"]) / run.record.curves["tokens"][0] for run in study.runs))

    return [
        claim(
            "2f.looks",
            looks,
            "epochs after which a run was annealed or not, and kept as its best or not",
            agrees(epochs_by_tokens, "trained tokens by the tokens of an epoch", records=study.records),
            [Control(len(study.runs), "one look a run"), Control(looks + len(study.runs), "one too many a run")],
        ),
        claim(
            "2f.contenders",
            len(contenders),
            "runs near enough to the best to be chosen",
            agrees(
                lambda: sum(
                    run.record.metrics["valid_perplexity"]
                    < math.exp(CONTENDING) * min(run.record.metrics["valid_perplexity"] for run in study.runs)
                    for run in study.runs
                    if not run.diverged
                ),
                "perplexities below a multiple of the lowest",
            ),
            [Control(len(contenders) + 1, "one too many"), Control(0, "none")],
        ),
        claim(
            "2f.part",
            part / VALID_TOKENS,
            "share of the validation text that decides on annealing",
            agrees(lambda: 1 / round(VALID_TOKENS / part), "such parts in the text, to the nearest", tolerance=1e-3),
            distinct(part / VALID_TOKENS, ".0%", Control(0.05, "a twentieth"), Control(0.5, "a half")),
            form=".0%",
        ),
        claim(
            "2f.uniform",
            VOCABULARY,
            "perplexity of a model that knows nothing",
            agrees(lambda: words_of(study), "one word in as many as the models in the records have"),
            [Control(10_000, "the Penn Treebank's vocabulary")],
            form=",d",
        ),
    ]


def chosen_claims(study: Study, chosen: Run, contenders: list[Run]) -> list[Claim]:
    """The run of the lowest validation loss, and the one test perplexity that counts."""
    setting = Setting((chosen,))
    valid, test = math.exp(chosen.valid_loss), math.exp(chosen.test_loss)

    def is_cell(candidate: str) -> Evidence:
        built, recorded = count_parameters(replace(chosen.settings, cell=candidate)), setting.parameters
        require(built == recorded, recorded, built, f"parameters of a {candidate} of this size")
        return Evidence("parameters of a model of this cell and size, built anew", built, records=setting.records)

    def is_test(candidate: float) -> Evidence:
        others = [run for run in contenders if run is not chosen]
        foretold = chosen.valid_loss + median(run.test_loss - run.valid_loss for run in others)
        require(abs(math.log(candidate) - foretold) <= FORETOLD, math.exp(foretold), candidate, "from the other runs")
        bits = 2 ** (chosen.test_loss / math.log(2))
        require(math.isclose(candidate, bits, rel_tol=1e-9), bits, candidate, "two to the bits a word")
        route = "two to the bits a word; near the validation perplexity shifted as for the other runs"
        return Evidence(route, math.exp(foretold), records=setting.records)

    others = [cell for cell in ("LSTM", "GRU", "RNN_TANH") if cell != chosen.settings.cell]
    kind = "tied" if chosen.settings.tied else "untied"
    return [
        claim("2f.cell", chosen.settings.cell, "the chosen run's cell", is_cell, others),
        claim(
            "2f.tied",
            kind,
            "whether the chosen run's matrices are tied",
            agrees(lambda: _tied_by_size(setting), "parameters beside the recurrent ones", records=setting.records),
            [Control("untied" if kind == "tied" else "tied", "the other way")],
        ),
        *(
            label_claim(f"2f.{field}", setting, field, f"the chosen run's {field}")
            for field in ("layers", "hidden_size", "bptt", "learning_rate")
        ),
        claim(
            "2f.valid",
            valid,
            "the chosen run's validation perplexity",
            perplexity_check([chosen.valid_loss], [chosen], study),
            [Control(test, "on the test text"), Control(math.exp(chosen.record.curves["train_loss"][-1]), "training")],
            form=".1f",
        ),
        claim(
            "2f.test",
            test,
            "the chosen run's test perplexity",
            is_test,
            [Control(valid, "on the validation text"), Control(2**chosen.test_loss, "2 to the loss, which is in nats")],
            form=".1f",
        ),
    ]


def _tied_by_size(setting: Setting) -> str:
    words, size = VOCABULARY, setting.settings.embedding_size
    beside = setting.parameters - setting.runs[0].record.metrics["recurrent_parameters"]
    return "tied" if beside == words * size + words else "untied"


def difference_claims(contenders: list[Run]) -> list[Claim]:
    """The two texts differ in difficulty, the same way for every run."""
    easier = sum(run.test_loss < run.valid_loss for run in contenders)
    shift = percent(fmean(run.test_loss - run.valid_loss for run in contenders))

    def by_products() -> float:
        ratios = [r.record.metrics["test_perplexity"] / r.record.metrics["valid_perplexity"] for r in contenders]
        return 100 * (math.prod(ratios) ** (1 / len(ratios)) - 1)

    records = tuple(run.record.path for run in contenders)
    return [
        claim(
            "2f.easier",
            easier,
            "runs whose test perplexity is below their validation perplexity",
            agrees(
                lambda: sum(
                    r.record.metrics["test_perplexity"] < r.record.metrics["valid_perplexity"] for r in contenders
                ),
                "perplexities compared",
                records=records,
            ),
            [Control(len(contenders) + 1, "one too many"), Control(len(contenders) - easier, "above")],
        ),
        claim(
            "2f.shift",
            shift,
            "test against validation perplexity, mean over the runs, per cent",
            agrees(by_products, "root of the product of the ratios", tolerance=1e-9, records=records),
            distinct(shift, "+.1f", Control(-shift, "the sign"), Control(shift / 100, "a share, not per cent")),
            form="+.1f",
        ),
    ]


def safer_claims(choices: list[Choice], contenders: list[Run]) -> list[Claim]:
    """On which text the noise is smaller, against what the texts' lengths let expect."""
    if len(choices) < 2:
        return []
    part, whole = (choice.noise(contenders) for choice in choices)
    words = {True: "the whole validation text", False: "the annealing part"}

    def check(candidate: str) -> Evidence:
        # Ranks do not know the formula of the noise: middle halves of the gaps, as wide as the noise makes them.
        widths = [float(np.subtract(*np.percentile(choice.gaps(contenders), [75, 25]))) for choice in choices]
        found = words[widths[1] < widths[0]]
        require(candidate == found, found, candidate, "middle halves of the runs' gaps")
        return Evidence("middle halves of the runs' gaps", tuple(widths))

    text = "text with the smaller noise"
    return [claim("2f.safer", words[whole < part], text, check, [Control(words[whole >= part], "the other text")])]


def _plot(choices: list[Choice], contenders: list[Run]) -> Plot:
    """Lines: the most that theory expects; marks: our runs, averaged over all choices of so many."""
    series = []
    counts = list(range(1, len(contenders) + 1))
    for choice in choices:
        noise = choice.noise(contenders)
        most = [percent(noise * expected_maximum(count)) for count in counts]
        series.append(Series(f"{choice.text}, most expected", counts, most))
        seen = [percent(choice.flattery(contenders, count)) for count in counts]
        series.append(Series(f"{choice.text}, our runs", counts, seen, style="marks"))
    return Plot(series, "runs to choose from", "flattery (% of the perplexity)", height=5.0)
