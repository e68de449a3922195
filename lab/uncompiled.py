"""torch without its compiler for a while: optimizers, counters and shapes without values import it to be left alone by
it, which takes longer than most answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

NAME = "torch._dynamo"


@contextmanager
def uncompiled() -> Iterator[None]:
    """Within, every function stays as it is; a compiler that is there already stays, too."""
    if NAME in sys.modules:
        yield
        return
    absent = ModuleType(NAME)
    vars(absent).update(disable=lambda function, *_, **__: function, graph_break=lambda: None)
    sys.modules[NAME] = absent
    try:
        yield
    finally:
        del sys.modules[NAME]
