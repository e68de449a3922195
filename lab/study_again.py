"""What 2e says of its settings, found a second time: by other fields of the records, or by other statistics."""

from __future__ import annotations

from statistics import geometric_mean

import numpy as np
from scipy import stats

from lab.study import Run, Study, mean_of


def fastest_epoch(runs: list[Run]) -> float:
    """Seconds, from words and words a second."""
    curves = [run.record.curves for run in runs]
    speeds = [n / seconds for of in curves for n, seconds in zip(of["tokens"], of["seconds"], strict=True)]
    return float(curves[0]["tokens"][0] / max(speeds))


def above_second_seed(study: Study, key: str) -> float:
    """How much the setting's perplexity lies above that of the baseline's second seed, on average over the cells."""
    base = study.varied("baseline")
    ratios = [mean_of(runs) / base["baseline", cell][1].perplexity for (_, cell), runs in study.varied(key).items()]
    return geometric_mean(ratios) - 1


def scatter_by_least_squares(groups: list[list[float]]) -> float:
    """The standard deviation of seeds that one constant a group leaves, as a share of the perplexity."""
    design = np.repeat(np.eye(len(groups)), [len(losses) for losses in groups], axis=0)
    losses = np.concatenate(groups)
    _, (squares,), *_ = np.linalg.lstsq(design, losses, rcond=None)
    return float(np.expm1(np.sqrt(squares / (len(losses) - len(groups)))))


def merged(study: Study, key: str) -> float:
    """Probability of so large an F where the cells, with one setting, have one mean [Fisher 1925]."""
    apart = study.repeated()
    together = {which: losses for which, losses in apart.items() if which[0] != key}
    together[key, "both"] = [*apart[key, "LSTM"], *apart[key, "GRU"]]
    rest, more = (sum(np.var(losses) * len(losses) for losses in of.values()) for of in (apart, together))
    freedom = sum(len(losses) - 1 for losses in apart.values())
    return float(stats.f.sf((more - rest) / (rest / freedom), 1, freedom))
