"""What a run needs of the machine before any is begun."""

import pytest

import experiments
from experiments.language_model.study import CPU
from writeup.errors import WriteupError


def test_products_of_bfloat16_are_asked_of_a_processor_that_has_them(monkeypatch):
    monkeypatch.setattr(experiments, "data_folder", lambda: None)
    monkeypatch.setattr(experiments, "bfloat16_products", lambda: True)
    experiments.require(CPU.base)
    monkeypatch.setattr(experiments, "bfloat16_products", lambda: False)
    with pytest.raises(WriteupError, match=f"{CPU.base.name}: .*bfloat16.*another processor"):
        experiments.require(CPU.base)
