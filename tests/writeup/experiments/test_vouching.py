"""A stale record is re-certified where probe and rehearsal agree, and is run anew everywhere else."""

import copy
from dataclasses import asdict, dataclass, replace
from types import SimpleNamespace

import pytest

from experiments.language_model.run import SOURCES
from experiments.language_model.study import plan
from experiments.language_model.train import Settings
from tests.copies import append
from tests.places import ROOT
from writeup.errors import CheckFailed, WriteupError
from writeup.experiments import rehearsal, runner, vouching
from writeup.experiments.display import Job
from writeup.experiments.registry import Registry, registry
from writeup.experiments.runner import perform, wanted
from writeup.experiments.vouching import certify, current, renew, stored_record
from writeup.records.store import DATA, source_fingerprint, source_fingerprints, stale_sources, write

LSTM = plan("quick", {})[0]
SOURCE = "experiments/language_model/gru.py"
JOB = Job("language_model", LSTM)


@pytest.fixture
def outcome(monkeypatch):
    """What the quick runs come out as: made up, and a test may change it."""
    losses = {"a run": {"metrics": {"loss": 1.0}, "curves": {}, "probe": {}}}

    def fresh(_kind, root):
        return {"sources": source_fingerprints(SOURCES["fast"], root), "outcome": copy.deepcopy(losses)}

    monkeypatch.setattr(rehearsal, "fresh", fresh)
    rehearsal._once.cache_clear()
    yield losses
    rehearsal._once.cache_clear()


@pytest.fixture
def record(project, outcome):  # noqa: ARG001 (the rehearsal is made up before it is kept)
    """A finished run whose kind was rehearsed; afterwards a source file was changed, in a way that changes nothing."""
    perform(JOB, project)
    renew("language_model", project)
    append(project / SOURCE, "\nchanged = True\n")
    return stored_record("language_model", LSTM.name, project)


@pytest.fixture
def no_run(monkeypatch):
    def run(*_):
        pytest.fail("it was run anew")

    monkeypatch.setattr(registry(ROOT).experiment("language_model"), "run", run)


@pytest.mark.usefixtures("record", "no_run")
def test_a_stale_record_is_re_certified_without_a_run(project):
    assert current("language_model", project) == {}
    perform(JOB, project)
    assert list(current("language_model", project)) == [LSTM.name]


def test_what_was_measured_stays_and_the_replay_is_noted(project, record):
    certified = certify(record, project)
    (replay,) = certified.replays
    of_the_replay = {"sources", "replays", "seal"}
    assert certified.model_dump(exclude=of_the_replay) == record.model_dump(exclude=of_the_replay)
    assert replay.sources_before == {SOURCE: record.sources[SOURCE]}
    assert certified.sources[SOURCE] == source_fingerprint(project / SOURCE)
    assert stored_record("language_model", LSTM.name, project) == certified


def test_a_second_change_is_noted_after_the_first(project, record):
    certify(record, project)
    rehearsal._once.cache_clear()
    append(project / SOURCE, "\nagain = True\n")
    assert len(certify(stored_record("language_model", LSTM.name, project), project).replays) == 2


def test_another_probe_is_no_voucher(project, record, monkeypatch):
    other = record.probe | {"valid_loss": record.probe["valid_loss"] * 1.01}
    monkeypatch.setattr(registry(ROOT).experiment("language_model"), "replay", lambda _: other)
    with pytest.raises(CheckFailed, match="valid_loss replayed"):
        certify(record, project)


@pytest.mark.usefixtures("record")
def test_a_record_that_is_not_re_certified_is_run_anew(project, monkeypatch):
    monkeypatch.setattr(registry(ROOT).experiment("language_model"), "replay", lambda _: {})
    perform(JOB, project)
    assert current("language_model", project)[LSTM.name].replays == []


def test_a_rehearsal_that_comes_out_otherwise_is_no_voucher(project, record, outcome):
    outcome["a run"]["metrics"]["loss"] = 1.01
    with pytest.raises(CheckFailed, match=r"rehearsal of language_model.a run.metrics.loss replayed"):
        certify(record, project)


def test_without_a_kept_rehearsal_nothing_vouches(project, record):
    (project / rehearsal.REHEARSALS / "language_model.json").unlink()
    with pytest.raises(WriteupError, match="nothing to rehearse against"):
        certify(record, project)


@pytest.mark.usefixtures("record")
def test_a_rehearsal_is_not_renewed_while_a_record_is_stale(project, outcome):
    outcome["a run"]["metrics"]["loss"] = 2.0
    renew("language_model", project)
    kept = rehearsal.kept_rehearsal("language_model", project)["outcome"]
    assert kept["a run"]["metrics"]["loss"] == 1.0


def test_a_rehearsal_is_renewed_when_all_records_are_current_again(project, record, outcome):
    certify(record, project)
    outcome["a run"]["metrics"]["loss"] = 2.0
    renew("language_model", project)
    assert rehearsal.kept_rehearsal("language_model", project)["outcome"] == outcome


@pytest.mark.parametrize("data", [{"train.txt": "0" * 64}, {}])
def test_other_data_make_a_record_stale_and_no_replay_mends_it(project, record, data):
    (project / DATA).write_text(f'[generated]\n"train.txt" = "{"1" * 64}"\n')
    other = record.model_copy(update={"data": data})
    assert "train.txt" in stale_sources(other, project)
    with pytest.raises(WriteupError, match=r"other data: train\.txt"):
        certify(other, project)


def test_other_settings_under_a_runs_name_do_not_count_as_that_run(project, record, monkeypatch):
    """Records whose names carry no hash of their settings need this; here a name without one is made up."""
    job = Job("language_model", Unhashed(**asdict(LSTM)))
    certify(record, project)
    finished = current("language_model", project)[LSTM.name]
    write(finished.model_copy(update={"name": "a-run", "settings": finished.settings | {"epochs": 3}}), project)
    planned = SimpleNamespace(plan=lambda *_: [job.settings])
    monkeypatch.setattr(runner, "registry", lambda _: Registry(kinds={"language_model": planned}))
    missing, done = wanted("quick", project, ["language_model"])
    assert (len(missing), done) == (1, 0)


@dataclass(frozen=True)
class Unhashed(Settings):
    """Settings whose name does not depend on them."""

    @property
    def name(self):
        return "a-run"


@pytest.mark.parametrize(
    ("kind", "settings", "reason"),
    [
        ("language_model", {"cell": "LSTM", "learning_rate": 20.0}, ""),
        ("language_model", {"cell": "GRU", "learning_rate": 40.0}, "chaotic at learning rate 40"),
        ("language_model", {"cell": "RNN_TANH", "learning_rate": 20.0}, "chaotic at learning rate 20"),
        ("language_model_profile", {}, "measures times"),
        ("step_time", {}, "measures times"),
        ("throughput", {}, "measures times"),
        ("bptt_growth", {}, "measures times"),
        ("bptt", {}, ""),
        ("overfitting", {}, ""),
    ],
)
def test_timings_and_chaos_are_run_anew(record, kind, settings, reason):
    said = registry(ROOT).rerun_reason(record.model_copy(update={"kind": kind, "settings": settings}))
    assert said == reason if reason == "" else reason in said


def test_a_package_that_says_nothing_vouches_for_nothing(record, monkeypatch):
    monkeypatch.delattr("experiments.language_model.rerun_reason")
    assert "does not say" in registry(ROOT).rerun_reason(record)


def test_a_record_for_which_nothing_can_vouch_is_refused_with_the_reason(project, record):
    with pytest.raises(WriteupError, match="chaotic"):
        certify(record.model_copy(update={"settings": record.settings | {"learning_rate": 80.0}}), project)


def test_the_name_of_a_source_file_that_came_later_is_taken_up(project, record, monkeypatch):
    monkeypatch.setitem(SOURCES, "fast", (*SOURCES["fast"], "experiments/language_model/timer.py"))
    assert "experiments/language_model/timer.py" in certify(record, project).sources


def test_seeds_of_one_setting_are_other_jobs(record):
    assert not vouching.made_with(record, replace(LSTM, seed=2))
