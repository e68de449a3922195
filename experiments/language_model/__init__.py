"""The word-level language model of PyTorch's public example, on WikiText-2: LSTM against GRU, fair and repeatable.

What is where:

    data.py           the corpus as ids, `batchify`, `windows` of bptt rows; download.py finds or fetches WikiText-2
    model.py          `RNNModel` (LSTM, GRU, RNN_TANH, RNN_RELU; tied or not), `repackage_hidden`
    train.py          `Settings` (one run, frozen), `build`, `train_epoch`, `evaluate`, annealing, `fit` with resumption
    stock.py          one step as the example does it
    fast.py           the same mathematics at less cost, with cross_entropy.py, lstm.py and gru.py
    cuda.py           the fast path on a CUDA device, which ../devices.py chooses
    run.py            one run -> one record, its probe and the replay of the probe
    study.py          which runs the presets want: the learning-rate grid, variations, seeds; `tuned_rates`
    work.py           the operations of a run and of a step, from its settings alone
    trace.py          the example's first losses, step by step
    profile.py        time shares of forward, backward and update per component, by attribution.py and ablation.py
    clock.py          the same shares without a profiler, the clock read after each part of a step
    bench.py          speed and memory of stock and fast steps by timer.py, against the example's own loop (example.py)

Records of kind `language_model`, one a run, named by `Settings.name`:

    settings          all fields of `Settings`; `train_tokens` tells how much of the training text was used (null: all),
                      `annealing_tokens` how much of the validation text each epoch saw. Both other texts are whole at
                      the end of a run.
    curves            lists with one entry an epoch: `train_loss` (mean over the windows, dropout on), `valid_loss` (the
                      annealing slice), both in nats a word; `learning_rate`; `seconds` of training; `tokens` predicted.
    metrics           `valid_loss`, `test_loss` of the best epoch's weights on the whole texts, and `..._perplexity`;
                      `best_epoch`, `steps`, `diverged` (1: a loss became infinite and ended the run); `parameters`
                      (a shared matrix counts once), `encoder_parameters`, `recurrent_parameters`, `decoder_parameters`.
    timing            `train_seconds`, `final_evaluation_seconds`, `total_seconds`: on a machine that did other work
                      too. For comparisons of speed take the records of kind `step_time`.
    probe             `losses` of twenty steps from the seeded weights at a tenth of the learning rate, `valid_loss` of
                      a slice after ten of them, `learning_rates` before and after one annealing step.

To find runs, select by settings: `study.plan("cpu", finished)` lists them and `study.tuned_rates(study.PRESETS["cpu"],
finished)` says which learning rate each cell was given, and from which grid.
"""

from writeup.records.store import Record

MODULES = tuple(f"experiments.language_model.{name}" for name in ("study", "profile", "clock"))

# The highest rates at which rounding stays rounding. Measured: within 20 steps a change of every weight by 1.2e-7 of
# itself moves the losses by less than 1e-4 at these rates, but the GRU's at rate 40 by 45 %, RNN_TANH's at 20 by 71 %.
CALM_RATES = {"LSTM": 40.0, "GRU": 20.0, "RNN_TANH": 5.0, "RNN_RELU": 5.0}


def rerun_reason(record: Record) -> str:
    """Timings cannot be replayed, and neither can a run whose course is decided by rounding."""
    if record.kind != "language_model":
        return "it measures times, which no probe repeats"
    cell, rate = record.settings["cell"], record.settings["learning_rate"]
    if rate > CALM_RATES[cell]:
        return f"{cell} is chaotic at learning rate {rate:g}: rounding decides the course of the run"
    return ""
