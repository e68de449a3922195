"""The language-model study behind questions 2d, 2e and 2f.

runs.py         the records as runs and settings; which of the plan are finished
intervals.py    differences against the spread over seeds, by two routes
run_claims.py   claims about a run or a setting, and comparisons of two settings
comparison.py   2e: what was run, tuned rates, LSTM against GRU
effects.py      2e, continued: parameters, epochs, non-linearities, sizes
times.py        2e, continued: training time on both paths
step_times.py   claims from the timing in turns
tying.py        2d: one matrix in two roles
optimism.py     2f: how much the best of several flatters itself
"""
