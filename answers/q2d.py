"""2d: why `--tied` exists: parameters saved, one matrix trained by two roles, and what it did to our own runs."""

from __future__ import annotations

from dataclasses import replace

import sympy

from answers.study import tying
from answers.study.run_claims import (
    VOCABULARY,
    change_claim,
    count_parameters,
    interval_claims,
    label_claim,
    perplexity_claim,
    seeds_claim,
    sign_claim,
    words_of,
)
from answers.study.runs import Setting, Study
from answers.study.step_times import key, quicker_claim, ratio_claim, step_time_record
from experiments.language_model.train import Settings
from writeup.claims import Answer, Claim, Control, Evidence, Ref, Table, agrees, claim, require
from writeup.records.store import Records

EXAMPLE = Settings()
WIDER = 2 * EXAMPLE.hidden_size  # hidden units that differ from the embedding's
TOLERANCE = 1e-15  # of gradients of about 1e-2 in double precision


def answer(records: Records) -> Answer:
    study = Study.read(records)
    untied, tied = study.setting(cell="LSTM"), study.setting(cell="LSTM", tied=True)
    measured = measured_claims(study, untied, tied) if untied and tied else []
    timed = time_claims(records, untied, tied) if untied and tied else []
    return Answer(
        "2d",
        [*parameter_claims(study), *role_claims(), *constraint_claims(), *measured, *timed],
        {"measured": measured_table()} if measured else {},
        context={
            "measured": bool(measured),
            "timed": bool(timed),
            "spread": study.spread is not None,
            "reduced": study.reduced,
        },
    )


def parameter_claims(study: Study) -> list[Claim]:
    """What sharing saves: derived with symbols, counted on models that are built."""
    words, units = sympy.symbols("V h", positive=True, integer=True)
    two_matrices_and_bias, one_matrix_and_bias = 2 * words * units + words, words * units + words
    saved = sympy.expand(two_matrices_and_bias - one_matrix_and_bias)
    number = int(saved.subs({words: VOCABULARY, units: EXAMPLE.hidden_size}))
    untied, tied = (_counted_by_hand(matrices) for matrices in (2, 1))

    def formula_holds(candidate: str) -> Evidence:
        expression = sympy.sympify(candidate.replace(" ", "*"), {"V": words, "h": units}, evaluate=True)
        for count, size in ((7, 3), (33, 20), (101, 8)):
            separate = replace(EXAMPLE, embedding_size=size, hidden_size=size)
            found = count_parameters(separate, count) - count_parameters(replace(separate, tied=True), count)
            value = int(expression.subs({words: count, units: size}))
            require(found == value, found, value, f"models of {count} words and {size} units")
        return Evidence("three pairs of models, built and counted", str(expression))

    built = {shared: count_parameters(replace(EXAMPLE, tied=shared)) for shared in (False, True)}
    route = "the example's models, built and counted"
    return [
        claim(
            "2d.formula",
            str(saved).replace("*", " "),
            "weights that tying saves",
            formula_holds,
            [Control("V h+V", "the bias shared as well"), Control("2 V h", "both matrices")],
        ),
        claim(
            "2d.saved",
            number,
            "weights saved at the example's sizes",
            agrees(lambda: built[False] - built[True], route),
            [Control(number + VOCABULARY, "the bias shared as well"), Control(2 * number, "both matrices")],
            form=",d",
        ),
        claim(
            "2d.share",
            number / untied,
            "share of the untied model's parameters",
            agrees(lambda: 1 - built[True] / built[False], route, tolerance=1e-9),
            [Control(number / tied, "relative to the tied model"), Control(0.5, "one of two matrices")],
            form=".1%",
        ),
        claim(
            "2d.untied_parameters",
            untied,
            "parameters of the example's model, untied",
            agrees(lambda: built[False], route),
            [Control(untied - VOCABULARY, "decoder's bias forgotten"), Control(tied, "the tied one")],
            form=",d",
        ),
        claim(
            "2d.tied_parameters",
            tied,
            "parameters of the example's model, tied",
            agrees(lambda: built[True], route),
            [Control(tied - VOCABULARY, "decoder's bias forgotten"), Control(untied, "the untied one")],
            form=",d",
        ),
        claim(
            "2d.vocabulary",
            VOCABULARY,
            "words of WikiText-2",
            agrees(lambda: words_of(study), "a run's embedding parameters, by its embedding's size"),
            [Control(VOCABULARY - 1, "`<eos>` forgotten")],
            form=",d",
        ),
    ]


def _counted_by_hand(matrices: int) -> int:
    """Four gates a layer, each with two matrices and two biases; the word matrices; the decoder's bias."""
    size = EXAMPLE.hidden_size
    return EXAMPLE.layers * 4 * (2 * size * size + 2 * size) + matrices * VOCABULARY * size + VOCABULARY


def role_claims() -> list[Claim]:
    """One matrix, two roles: their gradients add up, and the decoder's reaches every word."""
    shared, as_input, as_output = tying.role_gradients()
    candidates = {"sum": as_input + as_output, "mean": (as_input + as_output) / 2, "decoder's": as_output}

    def combines(candidate: str) -> Evidence:
        apart = float((candidates[candidate] - shared).abs().max())
        require(apart < TOLERANCE, "the shared matrix's gradient", apart, f"the {candidate} gradient")
        return Evidence("gradient of the tied model, in double precision", apart, TOLERANCE)

    entry = tying.ENTRY
    positions = EXAMPLE.batch_size * EXAMPLE.bptt
    read = tying.rows_touched(as_input)
    return [
        claim(
            "2d.combination",
            "sum",
            "what the shared matrix's gradient is of the gradients of its two roles",
            combines,
            [Control("mean", "averaged"), Control("decoder's", "the embedding's role forgotten")],
        ),
        claim(
            "2d.entry",
            float(shared[entry]),
            "gradient of one shared weight",
            agrees(tying.finite_difference, "central difference of the loss", tolerance=1e-9),
            [Control(float(as_input[entry]), "as embedding"), Control(float(as_output[entry]), "as decoder")],
            form=".6f",
        ),
        claim(
            "2d.rows_read",
            read,
            "words that the embedding's gradient reaches in the small model",
            agrees(lambda: len(set(tying.INPUTS.flatten().tolist())), "distinct words of the window"),
            [Control(tying.INPUTS.numel(), "repeated words counted twice"), Control(tying.TINY_WORDS, "all words")],
        ),
        claim(
            "2d.rows_scored",
            tying.rows_touched(as_output),
            "words that the decoder's gradient reaches in the small model",
            agrees(lambda: tying.TINY_WORDS, "every word has a probability, hence a gradient"),
            [Control(len(set(tying.TARGETS.tolist())), "only the words to predict")],
        ),
        claim(
            "2d.reach",
            positions / VOCABULARY,
            "largest share of the words that the embedding's gradient of one window of the example reaches",
            agrees(
                lambda: tying.embedding_rows(VOCABULARY, positions) / VOCABULARY,
                "gradient of an embedding of that many words",
                tolerance=1e-9,
            ),
            [Control(EXAMPLE.batch_size / VOCABULARY, "one step of the window"), Control(1.0, "as the decoder's")],
            form=".1%",
        ),
        claim(
            "2d.arithmetic",
            "as many",
            "floating-point operations of a tied step against an untied one",
            _same_arithmetic,
            [Control("fewer", "parameters taken for operations"), Control("more", "two roles, two products more")],
        ),
    ]


def _same_arithmetic(candidate: str) -> Evidence:
    tied, untied = tying.arithmetic(tied=True), tying.arithmetic(tied=False)
    found = "as many" if tied == untied else "fewer" if tied < untied else "more"
    require(candidate == found, found, candidate, "operations counted in a forward and backward pass")
    return Evidence("torch's counter over a forward and backward pass of both models", found)


def constraint_claims() -> list[Claim]:
    """Why the two sizes must be equal, and the projection that lifts this."""
    embedding = EXAMPLE.embedding_size
    net = VOCABULARY * WIDER - WIDER * embedding
    untied = count_parameters(replace(EXAMPLE, hidden_size=WIDER))
    recurrent = untied - VOCABULARY * (embedding + WIDER + 1)
    return [
        claim(
            "2d.error",
            "RuntimeError",
            "torch's error at the first product with a shared matrix of another width",
            agrees(tying.error_of_unequal_sizes, "assigning the matrix and decoding"),
            [Control("ValueError", "the example's own early error"), Control("none", "torch would broadcast")],
            code=True,
        ),
        claim(
            "2d.wider",
            WIDER,
            "hidden units of the model with a projection",
            _projects_from,
            [Control(embedding, "no need for a projection"), Control(VOCABULARY, "scores taken for states")],
        ),
        claim(
            "2d.projection",
            WIDER * embedding,
            "weights of the projection",
            agrees(
                lambda: tying.projected_parameters(VOCABULARY, embedding, WIDER) - VOCABULARY * (embedding + 1),
                "projected decoder, built and run",
            ),
            [Control(WIDER * embedding + embedding, "with a bias"), Control(WIDER * WIDER, "onto the wrong width")],
            form=",d",
        ),
        claim(
            "2d.projected_saving",
            net,
            "weights saved in spite of the projection",
            agrees(
                lambda: untied - recurrent - tying.projected_parameters(VOCABULARY, embedding, WIDER),
                "untied and projected models, built and counted",
            ),
            [Control(net + WIDER * embedding, "projection forgotten"), Control(VOCABULARY * embedding, "narrower")],
            form=",d",
        ),
        claim(
            "2d.proj_size",
            "nn.LSTM",
            "torch's module that accepts `proj_size`",
            agrees(tying.module_with_projection, "making nn.LSTM and nn.GRU with it"),
            [Control("nn.GRU", "the other cell"), Control("nn.LSTM and nn.GRU", "both")],
            code=True,
        ),
    ]


def _projects_from(candidate: int) -> Evidence:
    decoder_and_embedding = tying.projected_parameters(VOCABULARY, EXAMPLE.embedding_size, candidate)
    projection = decoder_and_embedding - VOCABULARY * (EXAMPLE.embedding_size + 1)
    weights = WIDER * EXAMPLE.embedding_size
    require(projection == weights, weights, projection, "weights of the projection")
    return Evidence("weights of a projection from that many units", projection)


def measured_claims(study: Study, untied: Setting, tied: Setting) -> list[Claim]:
    """Tied against untied in our own runs: everything else equal, the learning rate tuned for the untied model."""
    lower = {-1: "lower", 1: "higher", 0: "neither lower nor higher beyond the spread over seeds"}
    made = [
        label_claim("2d.rate", tied, "learning_rate", "learning rate of both"),
        sign_claim("2d.perplexity", tied, untied, study, "validation perplexity, tied against untied", lower),
        change_claim("2d.change", untied, tied, "change of the perplexity by tying, per cent"),
        *interval_claims("2d.change", untied, tied, study, "change of the perplexity by tying, per cent"),
    ]
    for name, setting in (("untied", untied), ("tied", tied)):
        made += [
            perplexity_claim(f"2d.{name}", setting, study, f"validation perplexity, {name}"),
            seeds_claim(f"2d.{name}_seeds", setting),
        ]
    return made


def time_claims(records: Records, untied: Setting, tied: Setting) -> list[Claim]:
    """A training step tied against untied, on PyTorch's modules, from the timing in turns."""
    record = step_time_record(records)
    if record is None:
        return []
    names = key(tied.settings), key(untied.settings)
    words = {-1: "less time than", 1: "more time than", 0: "no measurably different time from"}
    text = "training time of the tied LSTM by the untied one's"
    return [
        quicker_claim("2d.time", record, *names, text, words),
        ratio_claim("2d.time_ratio", record, *names, text),
    ]


def measured_table() -> Table:
    """Untied and tied side by side."""
    names = ("untied", "tied")
    return Table(
        ["Model", "Parameters", "Validation perplexity", "Seeds"],
        [[name, Ref(f".{name}_parameters"), Ref(f".{name}"), Ref(f".{name}_seeds")] for name in names],
        "lrrr",
    )
