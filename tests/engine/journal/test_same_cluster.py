"""A cluster is one in the journal, whatever spelling of its address a flinktop was started with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from flinktop.engine.journal import clusters
from flinktop.engine.journal.event import Question
from flinktop.engine.journal.journal import Journal
from flinktop.engine.journal.read_only import read_kept_only
from tests.engine.journal.given import CLUSTER, JOB, MINUTE, NOW, event, failure, known, opened
from tests.engine.journal.test_bad_days import full_disk

HERE = "http://127.0.0.1:8081"
SPELLINGS = ("http://localhost:8081", "HTTP://LocalHost:8081/", "http://[::1]:8081")
OTHER = "http://localhost:8082"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture(params=["file", "memory"])
def journal(request: pytest.FixtureRequest, path: Path) -> Iterator[Journal]:
    made = opened(path if request.param == "file" else None)
    yield made
    made.close(1.0)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_what_was_written_under_one_spelling_is_found_under_another(journal: Journal, spelling: str) -> None:
    journal.add([event(1, cluster=HERE), event(2, cluster=OTHER)])
    journal.keep_jobs([known(cluster=HERE)])
    journal.keep("alerts", HERE, "a", b"1")
    journal.looked(HERE, NOW)
    assert [one.cluster for one in journal.read(Question(cluster=spelling))] == [HERE]
    assert [one.cluster for one in journal.read(Question(cluster=spelling, job=JOB))] == [HERE]
    assert [one.job for one in journal.read_jobs(spelling)] == [JOB]
    assert journal.read_names(spelling) == ((JOB, "orders"),)
    assert journal.kept("alerts", spelling) == {"a": b"1"}
    assert journal.last_seen(spelling) == NOW


def test_two_spellings_write_to_one_cluster(journal: Journal) -> None:
    for spelling in (HERE, *SPELLINGS):
        journal.add([event(1, cluster=spelling), failure(2, cluster=spelling)])
        journal.add([failure(3, cluster=spelling, key=f"of {spelling}")])
        journal.keep_jobs([known(cluster=spelling, state=spelling)])
        journal.keep("alerts", spelling, "a", spelling.encode())
    assert journal.read_clusters() == ((HERE, "prod"),)
    assert sorted(one.count for one in journal.read(Question(cluster=HERE))) == [1, 5]
    (last,) = journal.read_jobs(HERE)
    assert last.state == SPELLINGS[-1]
    assert journal.kept("alerts", HERE) == {"a": SPELLINGS[-1].encode()}
    journal.keep("alerts", SPELLINGS[0], "a", None)
    assert journal.kept("alerts", HERE) == {}


def test_a_lease_is_of_the_cluster(path: Path) -> None:
    first, second = opened(path), opened(path)
    assert first.lease("hooks", HERE)
    assert not second.lease("hooks", SPELLINGS[0])
    assert second.lease("hooks", OTHER)


@pytest.fixture
def older(path: Path) -> Path:
    """A journal with a cluster for each spelling, as flinktops wrote it that took them for several."""
    with mock.patch.object(clusters, "cluster_key", lambda address: address):
        journal = opened(path)
        for number, spelling in enumerate((HERE, *SPELLINGS, CLUSTER)):
            rest = {"cluster": spelling, "cluster_name": f"number {number}"}
            journal.add([event(1, **rest), failure(2 + number, **rest)])
            journal.keep_jobs([known(cluster=spelling, seen=NOW + number, state=f"number {number}")])
            journal.keep("alerts", spelling, "same", f"number {number}".encode())
            journal.keep("alerts", spelling, f"own {number}", b"")
            journal.looked(spelling, NOW + number)
        journal.close(1.0)
    return path


@pytest.mark.parametrize("spelling", [HERE, *SPELLINGS])
def test_an_older_journal_has_what_was_written_under_each_spelling(older: Path, spelling: str) -> None:
    journal = opened(older)
    assert len(journal.read(Question(cluster=spelling))) == 8
    assert len(journal.read(Question(cluster=spelling, job=JOB))) == 8
    (job,) = journal.read_jobs(spelling)
    assert job.state == "number 3"
    assert len(journal.read_jobs("")) == 2
    assert journal.last_seen(spelling) == NOW + 3
    kept = journal.kept("alerts", spelling)
    assert sorted(kept) == ["own 0", "own 1", "own 2", "own 3", "same"]
    assert read_kept_only(older, "alerts", [spelling]) == {spelling: kept}


def test_in_an_older_journal_nothing_is_added_again_and_what_is_new_replaces_each(older: Path) -> None:
    journal = opened(older)
    for spelling in (HERE, *SPELLINGS):
        journal.add([event(1, cluster=spelling), failure(2, cluster=spelling)])
    assert sum(one.count for one in journal.read(Question(cluster=HERE))) == 8
    journal.add([failure(9, cluster=SPELLINGS[1])])
    found = journal.read(Question(cluster=HERE))
    assert (len(found), sum(one.count for one in found)) == (8, 9)
    assert max(one.last for one in found) == NOW + 9 * MINUTE
    journal.keep("alerts", SPELLINGS[1], "same", b"new")
    assert journal.kept("alerts", HERE)["same"] == b"new"
    for key in ("same", "own 0", "own 3"):
        journal.keep("alerts", SPELLINGS[2], key, None)
    assert sorted(journal.kept("alerts", HERE)) == ["own 1", "own 2"]
    # That of another cluster is not touched.
    assert sorted(journal.kept("alerts", CLUSTER)) == ["own 4", "same"]


def test_what_waits_for_a_full_disk_is_of_the_cluster_too(path: Path) -> None:
    journal = opened(path)
    journal.keep_jobs([known(cluster=HERE)])
    journal.keep("alerts", HERE, "a", b"1")
    with full_disk(journal):
        journal.add([event(number, details="x" * 3000) for number in range(2, 5)])
        journal.keep_jobs([known(cluster=SPELLINGS[0], state="FAILED", seen=NOW + 1)])
        journal.keep("alerts", SPELLINGS[0], "b", b"2")
        journal.looked(SPELLINGS[0], NOW)
        assert journal.problem
        assert [one.state for one in journal.read_jobs(HERE)] == ["FAILED"]
        assert journal.kept("alerts", HERE) == {"a": b"1", "b": b"2"}
        assert journal.last_seen(HERE) == NOW
