"""2d: why `--tied` exists: parameters saved, one matrix trained by two roles, and what it did to our own runs."""

from __future__ import annotations

from dataclasses import replace
from statistics import geometric_mean

import sympy

from experiments.language_model.train import Settings
from lab import tying
from lab.laws import VOCABULARY
from lab.study import Studies, Study, count_parameters, perplexity
from writeup.claims import Answer
from writeup.facts import Facts, by, gap
from writeup.figures import Drawing
from writeup.records.store import Record, Records

EXAMPLE = Settings()
EXACT = 1e-15  # of gradients of about 1e-2 in double precision
SIZES = ((7, 3), (33, 20), (101, 8))  # words and units of the models that the formula is tried on


def answer(records: Records) -> Answer:
    a = Facts("2d")
    whole = Studies.read(records).whole
    parameters(a)
    example = whole.seeds(cell="LSTM")[0].record
    sizes(a.on(example), example)
    roles(a)
    measured(a, whole)
    return a.answer(figures={"tying": drawing()})


def parameters(a: Facts) -> None:
    """What sharing saves: derived with symbols, counted on models that are built."""
    words, units = sympy.symbols("V h", positive=True, integer=True)
    saved = sympy.expand((2 * words * units + words) - (words * units + words))
    number = int(saved.subs({words: VOCABULARY, units: EXAMPLE.hidden_size}))
    untied, tied = (count_parameters(replace(EXAMPLE, tied=shared)) for shared in (False, True))

    def misfit(candidate: str) -> float:
        formula = sympy.sympify(candidate.replace(" + ", "+").replace(" ", "*"), {"V": words, "h": units})
        apart = []
        for count, size in SIZES:
            separate = replace(EXAMPLE, embedding_size=size, hidden_size=size)
            found = count_parameters(separate, count) - count_parameters(replace(separate, tied=True), count)
            apart.append(abs(found - int(formula.subs({words: count, units: size}))))
        return float(max(apart))

    slips = {"V h + V": "the bias shared as well", "2 V h": "both matrices"}
    a("formula", str(saved).replace("*", " "), gap("models of other sizes, built and counted", misfit, 0.0), slips)
    route = "the example's models, built and counted"
    a("saved", number, by(route, lambda: untied - tied), {number + VOCABULARY: "the bias shared as well"}, "{:,d}")
    by_hand = EXAMPLE.layers * 8 * EXAMPLE.hidden_size * (EXAMPLE.hidden_size + 1) + 2 * number + VOCABULARY
    share = number / by_hand
    slips_of_share = {number / (by_hand - number): "of the tied model's parameters"}
    a("share", share, by(route, lambda: 1 - tied / untied, within=1e-9), slips_of_share, "{:.0%}")


def sizes(a: Facts, trained: Record) -> None:
    """Words and units, found again in the weights of a trained model: V h of the embedding, V h + V of the decoder."""
    embedding, decoder = (int(trained.metrics[f"{part}_parameters"]) for part in ("encoder", "decoder"))
    words = by("biases of the trained decoder", lambda: decoder - embedding)
    a("vocabulary_V", VOCABULARY, words, {VOCABULARY - 1: "`<eos>` forgotten"})
    a("units_h", EXAMPLE.hidden_size, by("weights a word of the trained embedding", lambda: embedding / VOCABULARY))


def roles(a: Facts) -> None:
    """One matrix, two roles: their gradients add up, and the decoder's reaches every word."""
    shared, as_input, as_output = tying.role_gradients()
    candidates = {"sum": as_input + as_output, "mean": (as_input + as_output) / 2, "decoder's": as_output}

    def apart(candidate: str) -> float:
        return float((candidates[candidate] - shared).abs().max())

    a.one_of("combination", candidates, gap("gradient of the tied model, in double precision", apart, EXACT))
    positions = EXAMPLE.batch_size * EXAMPLE.bptt
    cut = by("words read by the first window of a made-up text", lambda: tying.words_of_a_window(EXAMPLE))
    a("window", positions, cut, {EXAMPLE.batch_size: "one step of the window"}, "{:,d}")
    a.say(
        "few_are_read",
        lambda window, vocabulary_V: window < vocabulary_V / 40,
        {"window": VOCABULARY},
        {"vocabulary_V": 1_000},
    )


def measured(a: Facts, whole: Study) -> None:
    """Tied against untied in our own runs, in per cent of the perplexity; the rate was tuned for the untied model."""
    tied = whole.seeds(cell="LSTM", tied=True)
    a = a.on(*whole.records)
    a.change("change", *whole.contrast({("tied", "LSTM"): 1, ("baseline", "LSTM"): -1}), "{:.1f} %")
    (gru,), usual = whole.seeds(cell="GRU", tied=True), whole.seeds(cell="GRU")
    by_name = by(
        "recorded perplexities, by the records' names",
        tied_by_name,
        whole.records,
        within=1e-4,
    )
    less = perplexity([gru.valid_loss]) / perplexity([run.valid_loss for run in usual]) - 1
    a("change_one", less, by_name, form="{:.1%}")
    lstms = (record.settings for record in whole.records if record.settings["cell"] == "LSTM")
    counted = by("records of tied models", lambda: sum(settings["tied"] for settings in lstms))
    a("seeds", len(tied), counted)
    for name in ("answer", "helps"):
        a.say(name, lambda change: change.negative, {"change": 0.0})
    a.say("helps_one", lambda change_one: change_one < 0, {"change_one": 0.01})


def tied_by_name(records: list[Record]) -> float:
    """How far the tied GRU's perplexity lies from those of the others, by the names of their records."""
    grus = [record for record in records if record.name.startswith("GRU-layers2-hidden200")]
    found = {
        tied: [r.metrics["valid_perplexity"] for r in grus if ("-tied-" in r.name) == tied] for tied in (True, False)
    }
    return geometric_mean(found[True]) / geometric_mean(found[False]) - 1


def drawing() -> Drawing:
    """Embedding, decoder and recurrent weights as areas to scale, untied and tied; the rows a window's roles touch."""
    d = Drawing("tying")
    height = 2.2  # cm of the word matrices
    area = 1.3 * height / (EXAMPLE.hidden_size * VOCABULARY)  # cm^2 a weight
    side = (EXAMPLE.layers * 8 * EXAMPLE.hidden_size * (EXAMPLE.hidden_size + 1) * area) ** 0.5
    rows = height * EXAMPLE.batch_size * EXAMPLE.bptt / VOCABULARY
    for left, title, names in ((0.0, "untied", ("embedding", "decoder")), (6.4, "tied", ("both in one",))):
        d.text((left, height + 0.5), f"**{title}**", "right", colour="ink")
        for index, name in enumerate((*names, "recurrent")):
            x = left + index * 1.9
            size = (side, side) if name == "recurrent" else (1.3, height)
            fill = {"recurrent": "grey", "embedding": "white"}.get(name, "gru!25")
            d.rectangle((x, 0), size[0], size[1], fill, "dim", name=f"{title}{index}")
            if name in ("embedding", "both in one"):
                d.rectangle((x, height * 0.7), 1.3, rows, "lstm")  # no stroke, which would widen it
            d.text((x + size[0] / 2, -0.3), name, "middle", size=7.5, colour="dim")
    return d
