"""A headless Chromium, for tests that must see a page as its reader does; where there is none they are skipped."""

import shutil
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.copies import copy_of_tiny
from writeup.evidence import About, evidence_page, kept
from writeup.naming import Naming
from writeup.pages.render import render
from writeup.pages.submission import load_identity
from writeup.trust.verify import verify

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SAY = '\n    a.say("doubles", lambda winner: winner == "doubling", {"winner": "squaring"})\n    return'
SAID = '\n<% call say("doubles") %>Nothing <script>alert(🙂)</script> stops it.<% endcall %>\n'


@dataclass
class Opened:
    """A page, and what happened behind it: errors on its console and requests for anything but itself."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="package")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright; .ci/browser installs it")
    if CHROMIUM is None:
        pytest.skip("no Chromium; .ci/browser installs Debian's")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """A function that opens a file in a window of its own; its settings are those of a browser's context."""
    contexts = []

    def opening(path, **settings):
        contexts.append(browser.new_context(**settings))
        opened = Opened(contexts[-1].new_page())
        opened.page.set_default_timeout(10_000)
        opened.page.on("console", lambda said: opened.errors.append(said.text) if said.type == "error" else None)
        opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
        opened.page.on("request", lambda asked: opened.requests.append(asked.url))
        opened.page.goto(path.as_uri())
        return opened

    yield opening
    for context in contexts:
        context.close()


@pytest.fixture(scope="package")
def small(tmp_path_factory):
    """The evidence page of the tiny assignment, with a statement that tries to be a script."""
    root = copy_of_tiny(tmp_path_factory.mktemp("small"))
    answer, template = root / "answers/growth.py", root / "templates/answers/A.2.md.j2"
    answer.write_text(answer.read_text().replace("\n    return", SAY, 1))
    template.write_text(template.read_text() + SAID)
    verification = verify(root)
    assert not verification.problems
    documents = render(root, verification, load_identity(root, Naming("E1")), "tiny")
    pictures = {f"tiny{name}": svg for name, svg in documents.files.items() if name.endswith(".svg")}
    path = root / "evidence.html"
    about = About("Tiny", "Ada", "tiny.pdf", documents.readback.figures, **kept(root, verification.ledger))
    page = evidence_page(about, documents.markdown, pictures, verification.ledger)
    path.write_text(page, encoding="utf-8")
    return path
