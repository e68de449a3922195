"""What `show`, `figure`, `run` and `check --debug` say, of the tiny assignment and of the example, and to bad input."""

import re
import shutil
from pathlib import Path

import pytest

from tests.copies import LEFT, copy_of_tiny, edit
from tests.places import ROOT
from tests.processes import writeup


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return copy_of_tiny(tmp_path_factory.mktemp("where"))


def test_a_fact_is_shown_with_its_route_what_that_found_and_its_place(tiny):
    run = writeup("show", "A.1.total", "--root", tiny)
    assert run.returncode == 0, run.stderr
    said = dict(re.split(r" {2,}", line.strip(), maxsplit=1) for line in run.stdout.splitlines())
    lines = (tiny / "answers/sums.py").read_text().splitlines()
    line = next(number for number, line in enumerate(lines, 1) if 'a("total"' in line)
    assert (said["declared"], said["second route"]) == (f"answers/sums.py:{line}", "adding them one by one")
    assert said["what it found"].startswith("5,050")


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_a_figure_is_drawn_to_a_file(tiny, tmp_path, ending):
    run = writeup("figure", "A.2.race", tmp_path / f"race.{ending}", "--root", tiny)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / f"race.{ending}").read_bytes()[:4] == {"svg": b"<?xm", "pdf": b"%PDF"}[ending]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "A.1.totl"), "did you mean A.1.total"),
        (("show", "Z.totl"), "the questions are A.1, A.2"),
        (("figure", "A.2.rase"), "did you mean A.2.race"),
        (("figure", "A.1.race"), "there is none"),
        (("figure", "A.2.race", "race.png"), "as .svg or .pdf"),
        (("run", "sums"), "has no experiments"),
        (("check", "A.3"), "has A.1, A.2"),
    ],
)
def test_bad_input_is_one_message(tiny, arguments, said):
    run = writeup(*arguments, "--root", tiny)
    assert (run.returncode, len(run.stderr.splitlines()), said in run.stderr) == (2, 1, True), run.stderr


def test_debug_shows_what_an_answer_prints(tiny, tmp_path):
    root = Path(shutil.copytree(tiny, tmp_path / "tiny"))
    edit(root / "answers/sums.py", "    a = Facts", '    print("here I am")\n    a = Facts')
    shown = [writeup("check", "A.1", *debug, "--root", root).stdout for debug in ((), ("--debug",))]
    assert ["here I am" in text for text in shown] == [False, True]


def test_a_run_is_done_by_its_name_when_its_record_is_missing(tmp_path):
    root = Path(shutil.copytree(ROOT / "writeup/starter/plain", tmp_path / "x", ignore=LEFT))
    record = root / "experiments/results/circle/four_sizes.json"
    assert "is current" in writeup("run", "four_sizes", "--root", root).stdout
    record.unlink()
    run = writeup("run", "circle/four_sizes", "--root", root)
    assert (run.stdout.strip(), record.is_file()) == ("circle/four_sizes: finished", True), run.stderr
    assert "did you mean circle/four_sizes?" in writeup("run", "circle/for_sizes", "--root", root).stderr
