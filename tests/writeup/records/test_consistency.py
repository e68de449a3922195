"""The laws that every record obeys: what breaks them is refused when the record is read."""

import copy
from datetime import UTC, datetime, timedelta

import pytest

from tests.recorded import saved
from writeup.errors import WriteupError
from writeup.records.consistency import copies, inconsistencies, settings_digest
from writeup.records.store import RESULTS, Record, Records, Replay, load, write

SETTINGS = {"rate": 0.1, "seed": 1}
NAME = f"run-{settings_digest(SETTINGS)}"


@pytest.fixture
def record(tmp_path):
    run = {"settings": SETTINGS, "metrics": {"loss": 0.5}, "curves": {"loss": [1.0, 0.5]}, "timing": {"seconds": 1.0}}
    return saved(tmp_path, "training", NAME, seeds=[1], probe={"losses": [1.0, 0.9]}, **run)


def changed(record, **changes):
    return Record.model_validate(copy.deepcopy(record.model_dump()) | changes)


def replay(date, difference=1e-5):
    return Replay(date=date, largest_difference=difference, tolerance=5e-4, sources_before={}, environment={})


def test_a_record_as_it_was_saved_contradicts_nothing(record):
    assert list(inconsistencies(record)) == []


FUTURE = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"settings": {"rate": 0.2, "seed": 1}}, "its settings have the hash"),
        ({"seeds": [2]}, "settings have the seeds"),
        ({"name": "run", "settings": {"seeds": [1, 2]}}, "settings have the seeds"),
        ({"curves": {"loss": [1.0, float("nan")]}}, "curves hold a number that is not finite"),
        ({"probe": {"losses": [float("inf")]}}, "probe hold a number that is not finite"),
        ({"timing": {"seconds": 0.0}}, "it took 0"),
        ({"timing": {"seconds": -1.0}}, "it took -1"),
        ({"environment": {}}, "its environment has python ''"),
        ({"environment": {"python": "3.11.7", "torch": "none", "system": "Linux", "cores": "2"}}, "torch 'none'"),
        ({"environment": {"python": "3.11.7", "torch": "2.1.0", "system": "Linux", "cores": "0"}}, "cores '0'"),
        ({"date": "yesterday"}, "not all of the form"),
        ({"date": FUTURE}, "in the future"),
        ({"replays": [replay("2020-01-01").model_dump()]}, "out of order"),
        ({"replays": [replay("2020-01-01", 1e-3).model_dump()], "date": "2019-01-01"}, "more than"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_contradiction_is_named(record, changes, said):
    assert any(said in found for found in inconsistencies(changed(record, **changes)))


def test_a_record_that_contradicts_itself_is_not_read(record, tmp_path):
    write(changed(record, seeds=[2]), tmp_path)
    with pytest.raises(WriteupError, match=r"contradicts itself.*`make experiments`"):
        load(tmp_path / RESULTS / "training" / f"{NAME}.json")


def test_a_replayed_record_reads_back_as_it_was_written(record, tmp_path):
    replayed = changed(record, replays=[replay(record.date).model_dump()])
    written = write(replayed, tmp_path)
    assert Records(tmp_path)[record.path] == written


@pytest.mark.usefixtures("record")
def test_a_record_without_replays_is_written_as_before_there_were_any(tmp_path):
    assert "replays" not in (tmp_path / RESULTS / "training" / f"{NAME}.json").read_text()


def test_one_probe_in_two_records_is_a_copy(record):
    other = changed(record, name="other", settings=SETTINGS | {"rate": 0.2})
    (found,) = copies([record, other])
    assert found.startswith(f"training/other has the probe of {record.path}")


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": SETTINGS | {"corpus": "another"}},
        {"settings": SETTINGS | {"rate": 0.2}, "kind": "measurement"},
        {"settings": SETTINGS | {"rate": 0.2}, "probe": {"losses": [1.0, 0.8]}},
        {"settings": SETTINGS | {"rate": 0.2}, "probe": {}},
    ],
    ids=["another text", "another kind", "another probe", "no probe"],
)
def test_these_are_no_copies(record, changes):
    assert copies([record, changed(record, name="other", **changes)]) == []
