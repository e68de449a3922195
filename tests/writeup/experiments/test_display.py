"""What is said of runs under way, on a terminal and in a plain log."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from writeup.experiments import display
from writeup.experiments.display import Display, Job, Sparingly, duration


@pytest.fixture
def clock(monkeypatch):
    """Stands at zero until a test moves it."""
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(display.time, "monotonic", lambda: now.seconds)
    return now


def job(name, cost, begun=0.0):
    return Job("model", SimpleNamespace(name=name), cost, begun)


def plain():
    return Display(Console(file=io.StringIO(), width=40))


def test_what_is_left_is_weighed_by_cost_and_not_by_the_number_of_runs(clock):
    shown, short, long = plain(), job("short", 100), job("long", 1000)
    shown.begin(short)
    clock.seconds = 120
    shown.end(short)
    shown.show([long], 1)
    assert shown.heading() == "1 finished, 1 to do, about 20 min left"


def test_the_part_of_a_run_that_is_done_counts(clock):
    shown, one = plain(), job("one", 100)
    shown.begin(one)
    clock.seconds = 300
    shown.tell(one.label, 0.25, "epoch 1")
    shown.show([one], 0)
    assert shown.heading().endswith("about 15 min left")


def test_what_a_checkpoint_held_is_neither_done_by_this_call_nor_left(clock):
    shown, one = plain(), job("one", 100, begun=0.5)
    shown.begin(one)
    clock.seconds = 300
    shown.tell(one.label, 0.75, "epoch 3")
    shown.show([one], 0)
    assert shown.heading().endswith("about 5 min left")


def test_before_anything_is_done_nothing_is_promised():
    shown = plain()
    shown.show([job("one", 100)], 0)
    assert shown.heading().endswith("time left unknown")


def test_a_plain_log_has_one_line_an_epoch_with_what_is_left_of_all(clock):
    shown, one, other = plain(), job("one", 100), job("other", 100)
    shown.begin(one)
    shown.show([one, other], 0)
    for epoch in (1, 2):
        clock.seconds = 60.0 * epoch
        shown.tell(one.label, epoch / 4, f"epoch {epoch}")
    first, second = shown.console.file.getvalue().splitlines()
    assert first == "model/one: epoch 1; 0 finished, 2 to do, about 7 min left"
    assert second == "model/one: epoch 2; 0 finished, 2 to do, about 6 min left"


def test_many_reports_within_a_moment_are_one_line(clock):
    shown, one = plain(), job("one", 100)
    shown.begin(one)
    for step in range(100):
        clock.seconds = 100 + step / 50
        shown.tell(one.label, step / 100, f"step {step}")
    assert len(shown.console.file.getvalue().splitlines()) == 1


@pytest.mark.parametrize(("seconds", "said"), [(40, "40 s"), (720, "12 min"), (12_000, "3 h 20 min")])
def test_a_duration_in_words(seconds, said):
    assert duration(seconds) == said


def test_the_longer_a_work_goes_on_the_fewer_lines_it_has(clock):
    due, printed = Sparingly(), []
    for clock.seconds in range(3600):
        printed += [clock.seconds] if due() else []
    assert (printed[:3], printed[-1] - printed[-2] > 300, len(printed) < 45) == ([0, 10, 20], True, True)
