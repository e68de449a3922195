"""Where the texts come from, and what is said when they do not come."""

import functools
import hashlib
import http.server
import threading

import pytest

from experiments.language_model import download
from writeup.errors import Absent, WriteupError

TEXTS = {"train.txt": "a b\n", "valid.txt": "b\n", "test.txt": "a\n"}


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A mirror on this machine with texts of known sums, behind one that does not answer; an empty cache."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """No log."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    mirrors = ("http://127.0.0.1:9/", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setattr(download, "MIRRORS", mirrors)
    sums = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in TEXTS.items()}
    monkeypatch.setattr(download, "SHA256", sums)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(download.VARIABLE, raising=False)
    yield folder
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("served")
def test_the_second_mirror_serves_when_the_first_does_not_answer():
    folder = download.data_folder()
    assert {name: (folder / name).read_text() for name in TEXTS} == TEXTS


@pytest.mark.usefixtures("served")
def test_a_filled_cache_needs_no_network(monkeypatch):
    folder = download.data_folder()
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/",))
    assert download.data_folder() == folder


def test_a_wrong_sum_from_every_mirror_is_an_error_that_names_the_ways_out(served):
    (served / "valid.txt").write_text("forged\n")
    with pytest.raises(Absent, match=r"valid\.txt could not be fetched from 127.*WRITEUP_DATA=FOLDER"):
        download.data_folder()


def test_a_local_folder_is_taken_when_its_sums_are_right(served, monkeypatch):
    monkeypatch.setenv(download.VARIABLE, str(served))
    assert download.data_folder() == served


def test_a_changed_local_file_is_refused_with_both_sums(served):
    (served / "train.txt").write_text("changed")
    with pytest.raises(WriteupError, match=r"train\.txt has sha256 [0-9a-f]{64}; expected [0-9a-f]{64}"):
        download.data_folder(served)


def test_a_missing_local_file_is_named(served):
    (served / "test.txt").unlink()
    with pytest.raises(Absent, match=r"test\.txt does not exist"):
        download.data_folder(served)
