"""Training time of LSTM and GRU for question 2e, measured apart from the training runs."""

MODULES = ("experiments.step_time.interleaved",)
