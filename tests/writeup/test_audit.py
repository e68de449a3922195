"""What an audit redoes, what it says of things that do not hold, and that it draws records by chance."""

import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from tests.copies import edit, make
from tests.places import ROOT
from tests.recorded import saved
from writeup import audit
from writeup.audit import Item, carry_out, items, replay, states
from writeup.certify import built_facts, certify
from writeup.cli import _question_line, app, console
from writeup.errors import Absent, CheckFailed, WriteupError
from writeup.experiments import rehearsal
from writeup.folder import stamp_of
from writeup.readback import read_back
from writeup.records.replay import REPLAY_TOLERANCE
from writeup.records.store import Records, write
from writeup.trust.certificate import Certificate, Redone
from writeup.trust.question import Verified


def record(root, name, **more):
    probe = {"losses": [float(len(name))]}
    return saved(root, "training", name, settings={"rate": name}, seeds=[1], probe=probe, **more)


def finding_of(root, what):
    (item,) = [item for item in items(root, 1, 0) if item.what.startswith(what)]
    return carry_out(item)


@pytest.mark.parametrize(
    ("error", "holds"), [(CheckFailed(1, 2), False), (WriteupError("no"), False), (Absent("nothing there"), None)]
)
def test_what_does_not_hold_is_told_from_what_is_absent(error, holds):
    def redo():
        raise error

    finding = carry_out(Item("a thing", redo))
    assert (finding.holds, finding.detail) == (holds, str(error))


@pytest.mark.parametrize(
    ("file", "damage", "said"),
    [("*.pdf", lambda data: data[: len(data) // 2], "PdfiumError"), ("*.md", lambda _: b"\xff", "UnicodeDecodeError")],
)
def test_a_damaged_build_fails_its_item_and_not_the_audit(own, file, damage, said):
    (path,) = (own / "build").glob(file)
    path.write_bytes(damage(path.read_bytes()))
    finding = finding_of(own, "documents")
    assert (finding.holds, said in finding.detail) == (False, True), finding.detail


def test_an_audit_of_an_assignment_without_experiments_holds(tiny):
    result = CliRunner().invoke(app, ["audit", "--root", str(tiny)])
    assert (result.exit_code, "2 of 3 items hold, 0 fail, 1 absent" in result.stdout) == (0, True)


def test_a_claim_that_does_not_hold_ends_an_audit_with_one(tiny):
    edit(tiny / "answers/sums.py", "LAST = 100", "raise ValueError")
    result = CliRunner().invoke(app, ["audit", "--root", str(tiny)])
    assert (result.exit_code, "fails" in result.stdout) == (1, True)


def test_documents_that_are_not_there_are_absent(tiny):
    assert finding_of(tiny, "documents").holds is None


def test_a_damaged_record_and_a_copied_probe_are_named_together(tiny):
    for name in ("one", "two"):
        record(tiny, name)
    (tiny / "experiments/results/training/three.json").write_text("{")
    finding = finding_of(tiny, "records")
    assert finding.holds is False
    assert "three.json is damaged" in finding.detail
    assert "training/two has the probe of training/one" in finding.detail


def test_a_stale_record_is_named_with_what_changed(tiny):
    (tiny / "train.py").write_text("rate = 1\n")
    record(tiny, "one", sources=["train.py"])
    (tiny / "train.py").write_text("rate = 2\n")
    assert "training/one is stale (train.py changed)" in finding_of(tiny, "records").detail


def test_the_status_says_what_changed(tiny):
    (tiny / "train.py").write_text("rate = 1\n")
    record(tiny, "one", sources=["train.py"])
    assert [row[-1] for row in states(tiny)] == ["current"]
    (tiny / "train.py").write_text("rate = 2\n")
    assert [row[-1] for row in states(tiny)] == ["stale: train.py"]


def test_the_status_prints_brackets_and_codes_as_they_are(tiny):
    record(tiny, "[red]:dog:")
    assert "training/[red]:dog:" in CliRunner().invoke(app, ["status", "--root", str(tiny)]).output


def test_a_question_s_line_prints_brackets_as_they_are():
    with console.capture() as printed:
        console.print(_question_line(Verified("[red]")))
    assert "[red]  holds" in printed.get()


def drawn(root, seed):
    return [item.what.split()[2] for item in items(root, 2, seed) if item.what.startswith("replay")]


def test_the_draw_is_repeated_by_its_seed_and_reaches_every_record(tiny):
    for count in range(1, 6):
        record(tiny, "r" * count)
    assert drawn(tiny, 7) == drawn(tiny, 7)
    assert len(drawn(tiny, 7)) == 2
    assert {path for seed in range(30) for path in drawn(tiny, seed)} == set(Records(tiny))


def test_a_sample_says_of_how_many_it_is(tiny):
    for count in range(1, 6):
        record(tiny, "r" * count)
    assert sum("(2 of 5 of its kind)" in item.what for item in items(tiny, 2, 0)) == 2


def test_a_record_of_an_unknown_kind_cannot_be_replayed(tiny):
    with pytest.raises(WriteupError, match="no experiment of kind 'training'"):
        replay(record(tiny, "one"), tiny)


def test_a_probe_of_another_seed_fails_the_replay(tmp_path):
    """On a committed record of a second: the first seed's probe, in a record that says it has others."""
    path = min(path for path in Records(ROOT) if path.startswith("overfitting/"))
    honest = Records(ROOT)[path]
    assert replay(honest, ROOT) <= REPLAY_TOLERANCE
    others = honest.settings | {"seeds": honest.settings["seeds"][2:]}
    forged = honest.model_copy(update={"settings": others, "seeds": others["seeds"]})
    write(forged, tmp_path)
    with pytest.raises(CheckFailed, match="replayed"):
        replay(forged, ROOT)


def test_two_trainings_that_differ_do_not_hold(monkeypatch):
    kept = rehearsal.kept_rehearsal("language_model", ROOT)
    losses = iter([1.0, 1.0 + 1e-9])

    def fresh(*_):
        outcome = {name: run | {"metrics": run["metrics"]} for name, run in kept["outcome"].items()}
        return {"outcome": outcome | {"last bit": next(losses)}}

    monkeypatch.setattr(rehearsal, "fresh", fresh)
    monkeypatch.setattr(rehearsal, "kept_rehearsal", lambda *_: {"outcome": kept["outcome"] | {"last bit": 1.0}})
    with pytest.raises(CheckFailed, match="trained twice"):
        audit._retrained(ROOT)


def audited(root):
    return CliRunner().invoke(app, ["audit", "--root", str(root)])


def certificate(root):
    return Certificate.model_validate_json((root / "build/audit.json").read_bytes())


def said(root):
    """What the evidence page says of the audit."""
    (page,) = (root / "build").glob("*_evidence.html")
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select_one("#audit").get_text()


def test_the_page_says_that_there_was_no_audit(built):
    assert "No audit yet" in said(built)


def test_an_audit_is_certified_on_the_page_and_the_build_stays_whole(own):
    audited(own)
    made = certificate(own)
    assert [(row.what, row.holds) for row in made.redone] == [(item.what, True) for item in items(own, 1, 0)]
    assert f"Held on {made.date}: 3 of 3 items hold" in said(own)
    assert read_back(own / "build").findings == []
    assert stamp_of(own / "build") is not None


def test_an_audit_where_nothing_was_built_leaves_its_certificate(tiny):
    audited(tiny)
    assert [row.holds for row in certificate(tiny).redone] == [True, None, True]
    assert certificate(tiny).facts == ""


def test_an_audit_that_fails_says_so_in_its_certificate_and_on_the_page(own):
    edit(own / "answers/sums.py", "max, numbers", "min, numbers")
    assert audited(own).exit_code == 1
    (failed,) = [row for row in certificate(own).redone if row.holds is False]
    assert "A.1.last" in failed.detail
    assert failed.detail in said(own)


def test_answers_that_state_something_else_than_the_build_fail_the_audit(own):
    edit(own / "answers/sums.py", "LAST = 100", "LAST = 90")
    audited(own)
    (failed,) = [row for row in certificate(own).redone if row.holds is False]
    assert "A.1.last is 90, there 100" in failed.detail


def test_a_certificate_outlives_a_build_of_the_same_facts_and_no_other(own):
    audited(own)
    edit(own / "templates/answers/A.1.md.j2", "Pair the", "Now pair the")
    make(own)
    assert "Held on" in said(own)
    edit(own / "answers/sums.py", "LAST = 100", "LAST = 90")
    make(own)
    assert "No audit yet" in said(own)


def test_a_page_that_somebody_changed_is_not_certified(own):
    (page,) = (own / "build").glob("*_evidence.html")
    edit(page, "5,050", "5,051")
    audited(own)
    assert "No audit yet" in said(own)


def test_what_a_certificate_quotes_stays_text(own):
    certify(own, built_facts(own), 1, 0, [Redone(what="<b>", holds=False, detail="</section>", seconds=1)])
    assert "<b>" in said(own)
    assert "</section>" in said(own)
