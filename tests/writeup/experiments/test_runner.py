"""The runner does what is missing, once, and survives what goes wrong."""

import os
import signal
import subprocess
import sys
from concurrent.futures import Future
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest
from rich.console import Console
from typer.testing import CliRunner

from experiments.language_model import download, study
from experiments.language_model.study import plan
from tests.copies import append
from tests.places import ROOT
from tests.processes import heed_interrupts
from writeup.cli import app
from writeup.errors import WriteupError
from writeup.experiments import runner
from writeup.experiments.display import Display, Job
from writeup.experiments.launchers import SubmititLauncher
from writeup.experiments.registry import Registry, registry
from writeup.experiments.runner import complete, cores, current, next_jobs, perform, states, wanted
from writeup.records.store import write_whole

GRU = "experiments/language_model/gru.py"
LSTM = replace(plan("quick", {})[0], epochs=2)


class Here:
    """A launcher that does each run at once, in this process."""

    shares_machine = True

    def __init__(self):
        self.sent = []

    def room(self, running):
        return 1 - running

    def batch(self):
        return Console().capture()

    def submit(self, work, *arguments):
        self.sent.append(arguments[0].settings.name)
        ended = Future()
        try:
            ended.set_result(work(*arguments))
        except Exception as error:
            ended.set_exception(error)
        return ended

    def messages(self):
        return []


@dataclass(frozen=True)
class Two:
    """An experiment whose second run is known only after its first."""

    fails: bool = False
    KIND = "two"

    def plan(self, _, finished):
        return [LSTM, replace(LSTM, seed=2)] if LSTM.name in finished else [LSTM]

    def run(self, settings, root, report):
        if self.fails:
            raise ValueError("no luck")
        return registry(ROOT).experiment("language_model").run(settings, root, report)


def complete_here(project, experiment, monkeypatch):
    monkeypatch.setattr(runner, "registry", lambda _: Registry(kinds={"language_model": experiment}))
    monkeypatch.setattr(runner, "POLL_SECONDS", 0.0)
    launcher = Here()
    complete("quick", project, launcher, Display(Console(quiet=True)), ["language_model"])
    return launcher.sent


def test_a_plan_that_grows_is_followed_to_its_end(project, monkeypatch):
    assert complete_here(project, Two(), monkeypatch) == [LSTM.name, replace(LSTM, seed=2).name]


def test_finished_runs_are_not_done_again(project, monkeypatch):
    complete_here(project, Two(), monkeypatch)
    assert complete_here(project, Two(), monkeypatch) == []


def test_a_stale_record_is_made_again(project, monkeypatch):
    complete_here(project, Two(), monkeypatch)
    append(project / GRU, "\nchanged = True\n")
    assert current("language_model", project) == {}
    assert complete_here(project, Two(), monkeypatch) == [LSTM.name, replace(LSTM, seed=2).name]


def test_a_comment_makes_no_record_stale(project, monkeypatch):
    complete_here(project, Two(), monkeypatch)
    append(project / GRU, "\n# a remark\n")
    assert len(current("language_model", project)) == 2


def test_a_damaged_record_counts_as_missing(project, monkeypatch):
    monkeypatch.setattr(runner, "registry", lambda _: Registry(kinds={"language_model": Two()}))
    write_whole(project / f"experiments/results/language_model/{LSTM.name}.json", "{")
    missing, finished = wanted("quick", project, ["language_model"])
    assert ([job.settings for job in missing], finished) == ([LSTM], 0)


def test_a_failure_is_named(project, monkeypatch):
    with pytest.raises(WriteupError, match=rf"language_model/{LSTM.name} failed: ValueError: no luck"):
        complete_here(project, Two(fails=True), monkeypatch)


def test_a_run_that_another_process_finished_meanwhile_is_not_repeated(project, monkeypatch):
    perform(Job("language_model", LSTM), project)
    monkeypatch.setattr(runner, "registry", lambda _: Registry(kinds={"language_model": Two(fails=True)}))
    perform(Job("language_model", LSTM), project)


def test_the_language_model_is_registered():
    assert {"language_model", "language_model_profile"} <= set(registry(ROOT).kinds)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--preset", "huge"], "legal are quick, cpu, full"),
        (["--launcher", "cloud"], "legal are local, slurm"),
        (["--kind", "alchemy"], "legal are"),
    ],
)
def test_a_wrong_choice_is_told_what_is_legal(project, wrong, said):
    result = CliRunner().invoke(app, ["experiments", "--root", str(project), *wrong])
    assert said in str(result.exception)


def test_ctrl_c_stops_and_the_next_call_completes(project):
    """Two short runs; the signal comes after the first."""
    command = [sys.executable, "-m", "writeup", "experiments", "--root", str(project), "--preset", "quick"]
    command += ["--kind", "language_model_profile"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=heed_interrupts
    ) as process:
        while "done in" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert (process.returncode, "called again, experiments go on" in rest) == (130, True)
    assert len(current("language_model_profile", project)) == 1
    subprocess.run(command, check=True, capture_output=True)
    assert len(current("language_model_profile", project)) == 2


PROGRAM = """
import os, time
from writeup.experiments.launchers import LocalLauncher
launcher = LocalLauncher(2)
print(launcher.submit(os.getpid).result(), flush=True)
for _ in range(2):
    launcher.submit(time.sleep, 600)
time.sleep(600)
"""


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_runner_however_it_ends(end):
    """Each worker holds the pipe open, so that it closes with the last of them."""
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert int(process.stdout.readline()) != process.pid
        process.send_signal(end)
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def test_what_measures_times_runs_alone():
    trained, other, timed = Job("model", LSTM), Job("model", replace(LSTM, seed=2)), Job("speed", LSTM)
    alone = frozenset({"speed"})
    assert next_jobs([timed, trained, other], [], 2, alone) == [trained, other]
    assert next_jobs([timed, trained], [trained], 1, alone) == []
    assert next_jobs([timed], [], 2, alone) == [timed]
    assert next_jobs([timed, trained], [timed], 1, alone) == []


def test_as_many_runs_as_cores_unless_said():
    assert cores() == len(os.sched_getaffinity(0))


def test_missing_data_are_told_before_anything_is_run(project, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/",))
    monkeypatch.delenv(download.VARIABLE, raising=False)
    monkeypatch.setattr(runner, "complete", lambda *_: pytest.fail("something was run"))
    result = CliRunner().invoke(app, ["experiments", "--root", str(project), "--kind", "language_model"])
    assert f"{download.VARIABLE}=FOLDER" in str(result.exception)
    assert result.output == ""


def test_the_status_tells_finished_begun_running_and_missing_runs(project, monkeypatch):
    study.run(LSTM, project, lambda *_: None)
    three = [LSTM, replace(LSTM, epochs=4), replace(LSTM, cell="GRU")]
    kinds = {"language_model": SimpleNamespace(begun=study.begun, plan=lambda *_: three)}
    monkeypatch.setattr(runner, "registry", lambda _: Registry(kinds=kinds))
    said = ["finished", "begun, 2 of 4 epochs kept", "missing"]
    assert [state for _, state in states("quick", project)] == said
    with runner._lock(Job("language_model", replace(LSTM, epochs=4))):
        assert [state for _, state in states("quick", project)][1] == "running, 2 of 4 epochs kept"


def test_submitit_sends_the_same_runs(project, tmp_path):
    """Through submitit's own local executor, which stands in for a cluster's queue."""
    launcher = SubmititLauncher(2, tmp_path / "jobs", "local")
    with launcher.batch():
        jobs = [launcher.submit(perform, Job("language_model", replace(LSTM, seed=seed)), project) for seed in (1, 2)]
    for job in jobs:
        job.result()
    assert {record.seeds[0] for record in current("language_model", project).values()} == {1, 2}
