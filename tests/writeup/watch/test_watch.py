"""A watch over the tiny assignment: what a change does to the page that it serves, and how it ends."""

import http.client
import re
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest
from bs4 import BeautifulSoup

from tests.copies import TINY, copy_of_tiny, edit
from tests.processes import heed_interrupts, is_alive, these_sources, writeup

PATIENCE = 120  # seconds; nothing is said about speed


class Watched:
    """A copy of the tiny assignment under a watch."""

    def __init__(self, root):
        self.root = root
        command = [sys.executable, "-m", "writeup", "watch", "--port", "0", "--root", str(root)]
        self.process = subprocess.Popen(
            command,
            cwd=root,
            env=these_sources() | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=heed_interrupts,
        )
        self.said = self.process.stdout.readline()
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", self.said)[1])

    def get(self, path="/", host=""):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{self.port}"})
        return connection.getresponse()

    def page(self):
        return BeautifulSoup(self.get().read().decode(), "html.parser")

    def until(self, holds):
        """The first page of which something holds and on which nothing is being checked."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            page = self.page()
            if page.select_one(".live") and "Being checked" not in page.get_text() and holds(page):
                return page
            time.sleep(0.1)
        raise AssertionError(f"never came: {page.select_one('.live')}")

    def change(self, file, old, new):
        edit(self.root / file, old, new)

    def end(self, by=signal.SIGINT):
        self.process.send_signal(by)
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


@pytest.fixture
def watched(tmp_path):
    made = Watched(copy_of_tiny(tmp_path))
    yield made
    made.end(signal.SIGKILL)


@pytest.fixture
def shown(watched):
    """With its first whole page."""
    watched.first = watched.until(lambda page: page.select('[data-claim="A.2.winner"]'))
    return watched


def problems(page):
    return [item.get_text(" ", strip=True) for item in page.select(".live li")]


def checked_at(page):
    """When each question was checked."""
    return dict(re.findall(r"(A\.\d) (?:\(fails\) )?(\d\d:\d\d:\d\d)", page.select_one(".live").get_text()))


def test_the_page_says_that_it_is_a_preview_and_what_was_checked(shown):
    assert "Live preview" in shown.first.select_one(".live").get_text()
    assert [*checked_at(shown.first)] == ["A.1", "A.2"]
    assert (problems(shown.first), shown.first.select("[data-failing]")) == ([], [])


def test_a_changed_sentence_is_shown_and_nothing_is_checked_again(shown):
    shown.change("templates/answers/A.1.md.j2", "Pair the", "Now pair the")
    page = shown.until(lambda page: "Now pair the" in page.get_text())
    assert checked_at(page) == checked_at(shown.first)


def test_a_failing_fact_stands_in_red_at_its_places_and_goes_again(shown):
    shown.change("answers/sums.py", "max, numbers", "min, numbers")
    page = shown.until(problems)
    failing = page.select("[data-failing]")
    assert {element["data-claim"] for element in failing} == {"A.1.last"}
    assert "expected 1, got 100" in failing[0]["data-failing"]
    assert checked_at(page)["A.2"] == checked_at(shown.first)["A.2"]
    shown.change("answers/sums.py", "min, numbers", "max, numbers")
    assert shown.until(lambda page: not problems(page)).select("[data-failing]") == []


def test_an_answer_that_dies_leaves_the_other_readable(shown):
    shown.change("answers/sums.py", "def answer", "import os\nos._exit(3)\n\n\ndef answer")
    page = shown.until(problems)
    assert "A.1: its process was killed" in page.select_one("main .live-box.failing").get_text()
    assert page.select('main [data-claim="A.2.winner"]') != []
    assert page.select('main [data-claim="A.1.total"]') == []


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("<% call math( %>", "templates/answers/A.1.md.j2:3: "),
        ("<< nowhere >> <% call math() %>", "'nowhere' is undefined"),
        ("<< 1 / 0 >> <% call math() %>", "ZeroDivisionError"),
    ],
)
def test_what_stops_a_template_is_said_in_its_place(shown, new, said):
    shown.change("templates/answers/A.1.md.j2", "<% call math() %>", new)
    page = shown.until(problems)
    assert any(said in box.get_text() for box in page.select("main .live-box.failing"))
    assert page.select('main [data-claim="A.2.winner"]') != []


def test_a_typed_number_stands_in_red(shown):
    shown.change("templates/answers/A.2.md.j2", "In the long run", "After 17 steps of the run")
    page = shown.until(problems)
    (typed,) = page.select("main [data-slip]")
    assert (typed.get_text(), typed["data-failing"]) == ("17", "the number 17 is typed; print a fact")
    assert "templates/answers/A.2.md.j2:1" in problems(page)[0]


def test_where_no_page_can_be_made_the_last_one_stays(shown):
    shown.change("submission.toml", "netid", "id")
    page = shown.until(problems)
    assert "unknown id" in problems(page)[0]
    assert page.select('main [data-claim="A.1.total"]') != []


def test_code_that_is_saved_twice_in_a_second_is_read_anew(shown):
    for last in (90, 80, 70):
        shown.change("answers/sums.py", f"LAST = {last + 10 if last < 90 else 100}", f"LAST = {last}")
        shown.until(lambda page, last=last: page.select('main td [data-claim="A.1.last"]')[0].get_text() == str(last))


def test_a_file_that_was_missing_is_found(shown):
    shown.change("answers/sums.py", "LAST = 100", "from answers.ends import LAST")
    assert "No module named 'answers.ends'" in problems(shown.until(problems))[0]
    (shown.root / "answers/ends.py").write_text("LAST = 60\n")
    page = shown.until(lambda page: not problems(page))
    assert page.select('main td [data-claim="A.1.last"]')[0].get_text() == "60"


def test_an_answer_that_never_ends_is_stopped_by_the_next_change(shown):
    shown.change("answers/sums.py", "def answer", "while True:\n    pass\n\n\ndef answer")
    time.sleep(2)
    shown.change("answers/sums.py", "while True:\n    pass\n", "")
    assert problems(shown.until(lambda page: checked_at(page) != checked_at(shown.first))) == []


def test_the_browser_is_told_of_another_page(shown):
    changes = shown.get("/changes")
    first = changes.readline()
    assert first.decode().strip().removeprefix("data: ") in str(shown.first)
    shown.change("templates/answers/A.1.md.j2", "Pair the", "Now pair the")
    assert (changes.readline(), changes.readline() == first) == (b"\n", False)


def test_the_files_of_a_build_are_never_touched(shown):
    assert not (shown.root / "build").exists()
    assert not (shown.root / ".cache").exists()


def test_another_site_cannot_read_the_page(watched):
    assert [watched.get(host=host).status for host in ("example.org", f"localhost:{watched.port}")] == [403, 200]


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_a_watch(shown, by):
    shown.change("answers/sums.py", "def answer", "while True:\n    pass\n\n\ndef answer")
    time.sleep(1)
    below = [child.pid for child in psutil.Process(shown.process.pid).children(recursive=True)]
    status = shown.end(by)
    time.sleep(1)
    assert below != []
    assert [pid for pid in below if is_alive(pid)] == []
    assert status == (0 if by == signal.SIGINT else -by)


def test_a_port_in_use_is_one_message():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = writeup("watch", "--port", port, "--root", TINY, timeout=PATIENCE)
    said = " ".join(ended.stderr.split())
    assert (ended.returncode, said.count(f"port {port} of 127.0.0.1: Address already in use")) == (2, 1)
    assert "Traceback" not in said
