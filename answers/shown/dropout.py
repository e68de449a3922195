"""What 1.2b shows: changes of test accuracy by probability of dropping, losses along training."""

from __future__ import annotations

import numpy as np

from lab.regularisation.dropout_runs import changes
from writeup.estimators import student
from writeup.figures import Plot, Reference, Series
from writeup.records.store import Record


def effect_plot(record: Record, severe: float, title: str) -> Plot:
    """Change of test accuracy against p, but for the severe one: every seed a dot, means with intervals."""
    found = changes(record, severe)
    dropped, made = list(found), [student(of) for of in found.values()]
    low, high = [e.low for e in made], [e.high for e in made]
    each = [(p, change) for p, of in found.items() for change in of]
    dots = Series("", [p for p, _ in each], [change for _, change in each], style="dots", colour="ink")
    return Plot(
        [dots, Series("", dropped, [e.value for e in made], low, high, "both", colour="ink")],
        "probability of dropping $p$",
        "change of test accuracy (points)",
        x_ticks=dropped,
        x_limits=(0.25, 0.75),
        references=[Reference(0.0)],
        title=title,
        height=3.5,
    )


def curve_plot(record: Record, p: float, title: str) -> Plot:
    """Loss on training and on test images along training, means over seeds."""
    epochs, train, test = np.asarray(record.curves[f"{p:g}"]["along"]).mean(0).T.round(4).tolist()
    return Plot(
        [Series("training", epochs, train, colour="amber"), Series("test", epochs, test, colour="green")],
        "passes over the training images",
        "loss (nats)",
        title=title,
        height=3.8,
    )
