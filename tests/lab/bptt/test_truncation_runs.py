"""Reading the records of truncated gradients."""

import pytest

from lab.bptt.truncation import Run
from tests.recorded import made
from writeup.errors import WriteupError

TRIANGLE = {"uncut": [5.0], "cut": {"35": {"norm": [3.0], "difference": [4.0], "cosine": [0.6]}}}  # of sides 3, 4, 5


def run(**curves) -> Run:
    return Run(made("bptt", "run", curves=curves))


def test_a_cut_gradient_is_compared_with_the_whole_one():
    assert run(**TRIANGLE).errors(35) == pytest.approx([0.8])


def test_the_law_of_cosines_finds_the_same_error():
    assert run(**TRIANGLE).errors_by_angle(35) == pytest.approx([0.8])


def test_an_edited_length_is_refused():
    with pytest.raises(WriteupError, match="by length"):
        run(uncut=[5.0], cut={"35": {"norm": [3.0], "difference": [3.5], "cosine": [0.6]}})


def test_norms_are_averaged_as_logarithms():
    falls = run(uncut=[], cut={}, distance={"trained": [[0.0, -1.0], [0.0, -3.0]]}).falls()
    assert falls == pytest.approx([1.0, 0.01])
