"""Every experiment of the package runs in its quick form, saves a valid record and replays its probe."""

import importlib

import pytest

from experiments.regularisation import MODULES, overfitting, stopping
from experiments.regularisation.saving import restore
from tests.places import ROOT
from writeup.records.store import load, stale_sources

EXPERIMENTS = [importlib.import_module(name) for name in MODULES]


def silent(_fraction, _text):
    pass


@pytest.fixture
def root(tmp_path):
    """A project's root whose sources are ours and whose results are its own."""
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments/regularisation").symlink_to(ROOT / "experiments/regularisation")
    return tmp_path


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda module: module.KIND)
def test_the_quick_form_runs_and_its_probe_replays(experiment, root):
    settings = experiment.plan("quick", {})[0]
    record = experiment.run(settings, root, silent)
    stored = load(root / "experiments/results" / f"{record.path}.json")
    assert (stored.kind, stored.name) == (experiment.KIND, settings.name)
    assert stale_sources(stored, root) == []
    assert restore(type(settings), stored) == settings
    assert experiment.replay(stored) == stored.probe


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda module: module.KIND)
def test_every_preset_has_runs_of_different_names(experiment):
    names = [settings.name for preset in ("quick", "cpu") for settings in experiment.plan(preset, {})]
    assert len(set(names)) == len(names) >= 2


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda module: module.KIND)
def test_the_full_form_has_enough_seeds_for_an_interval(experiment):
    """Twenty; where every seed has images of its own at least eight, whose t quantile is an eighth above."""
    least = 8 if experiment in (overfitting, stopping) else 20
    for settings in experiment.plan("cpu", {}):
        repeats = getattr(settings, "repetitions", len(settings.seeds))
        assert repeats >= least


def test_kinds_are_different():
    assert len({experiment.KIND for experiment in EXPERIMENTS}) == len(EXPERIMENTS)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda module: module.KIND)
def test_the_sources_of_a_record_are_all_that_its_module_imports(experiment):
    """Otherwise a change elsewhere in the package could leave a record that looks fresh."""
    package = ROOT / "experiments/regularisation"
    wanted, seen = [experiment.__name__.rpartition(".")[2]], set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        source = (package / f"{name}.py").read_text(encoding="utf-8")
        wanted += [p.stem for p in package.glob("*.py") if f"regularisation.{p.stem} import" in source]
        wanted += [p.stem for p in package.glob("*.py") if f"from experiments.regularisation import {p.stem}" in source]
    assert seen == set(experiment.MODULES)
