"""The courses of a run: what is one, and that its drawing has the highest value on top."""

from tests.recorded import made
from writeup.evidence.curves import curves


def record(curves, seeds=(1,)):
    return made("k", "n", curves=curves, seeds=list(seeds))


def test_a_course_tells_where_it_begins_and_ends():
    (curve,) = curves(record({"loss": [3.0, 1.0, 2.0]}))
    assert (curve.name, curve.first, curve.last) == ("loss", "3", "2")
    assert curve.paths == ["M0.0 0.0L80.0 48.0L160.0 24.0"]


def test_every_seed_is_a_line_of_one_drawing():
    (curve,) = curves(record({"arm": {"loss": [[1.0, 2.0, 3.0], [0.0, 2.0, 4.0]]}}, seeds=(1, 2)))
    assert curve.name == "arm loss"
    assert [path[:9] for path in curve.paths] == ["M0.0 36.0", "M0.0 48.0"]


def test_one_number_a_seed_words_and_what_never_changes_are_no_courses():
    none = {"ends": [1.0, 2.0, 3.0], "weights": "abc", "arms": [{"rate": 1.0}], "rate": [2.0] * 5, "short": [1.0, 2.0]}
    assert curves(record(none, seeds=(1, 2, 3))) == []


def test_a_long_course_is_thinned():
    (curve,) = curves(record({"loss": [float(k) for k in range(1000)]}))
    assert curve.paths[0].count("L") < 100
