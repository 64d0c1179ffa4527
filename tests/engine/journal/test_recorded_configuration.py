"""The configuration of a job, and what has changed when it comes back under its name."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.engine.journal import configuration
from flinktop.engine.journal.configuration import MOST_OPTIONS, NONE
from flinktop.engine.journal.event import EventKind, KnownJob
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CheckpointConfig
from flinktop.flink.jobs import JOB_CONFIG, ExecutionConfig, JobConfig
from tests.engine.journal.recorded import RELEASES, answer, job_named

NOW = 1_700_000_000_000.0


def own(**options: str) -> dict[str, str]:
    return configuration.of_job(JobConfig(execution_config=ExecutionConfig("fixed", 2, user_config=options)))


def known(job: str, found: dict[str, str], **given: Any) -> KnownJob:
    usual: dict[str, Any] = {"state": "RUNNING", "seen": NOW, "start": NOW + 5, "configuration": found}
    return KnownJob(cluster="", job=job, name="orders", **usual | given)


@pytest.mark.parametrize("release", RELEASES)
def test_what_releases_tell_of_a_job(release: str) -> None:
    job = job_named(release, "steady")
    found = configuration.of_job(answer(release, JOB_CONFIG(job=job)))
    assert found["restart strategy"].startswith("Restart with fixed delay (")
    assert (found["default parallelism"], found["object reuse"]) == ("2", "off")
    assert found.get("kind") == ("steady" if release != "2.3.0" else None)
    assert configuration.is_known(found)
    found |= configuration.of_checkpoints(answer(release, CHECKPOINT_CONFIG(job=job)))
    assert found["checkpoints: mode"] == "exactly once"
    assert configuration.is_whole(found)


def test_an_absent_configuration_is_nothing() -> None:
    assert configuration.of_job(JobConfig()) == {}


def test_secrets_are_hidden_and_what_is_long_is_cut() -> None:
    found = own(**{"db.password": "hunter2", "url": "jdbc:x?password=hunter2", "long": "x" * 100_000})
    assert "hunter2" not in str(found)
    assert found["db.password"] == "******"
    assert len(found["long"]) < 1000


def test_of_thousands_of_options_the_first_are_kept() -> None:
    found = own(**{f"option {number:05}": "1" for number in range(5000)})
    assert MOST_OPTIONS <= len(found) <= MOST_OPTIONS + 10


def test_what_flink_sets_for_this_run_alone_is_left_out() -> None:
    assert "$internal.pipeline.job-id" not in own(**{"$internal.pipeline.job-id": "1", "a": "b"})


def test_a_part_replaces_the_same_part() -> None:
    checkpoints = configuration.of_checkpoints(CheckpointConfig(interval=60_000))
    both = configuration.merged(configuration.merged({}, checkpoints), own(a="1"))
    assert configuration.is_whole(both)
    again = configuration.merged(both, own(b="2"))
    assert "a" not in again
    assert again["b"] == "2"
    assert again["checkpoints: interval"] == "1 m"
    assert configuration.merged(both, {}) is both


def test_what_is_different_is_named_with_both_values() -> None:
    before, after = known("a", own(a="1", gone="x")), known("b", own(a="2", new="y"))
    event = configuration.changed(before, after)
    assert event is not None
    assert event.kind is EventKind.JOB_CHANGED
    assert (event.job, event.at, event.key) == ("b", NOW + 5, f"changed b {NOW + 5:.0f}")
    assert event.words == "job came back with a changed configuration: a, new, gone"
    assert event.details.splitlines() == ["a: 1 -> 2", f"new: {NONE} -> y", f"gone: x -> {NONE}"]


def test_release_and_parallelism_count_too() -> None:
    before = known("a", {}, release="1.20.5", parallelism=2)
    event = configuration.changed(before, known("b", {}, release="2.3.0", parallelism=4))
    assert event is not None
    assert event.details.splitlines() == ["parallelism: 2 -> 4", "Flink: 1.20.5 -> 2.3.0"]


def test_of_a_part_that_only_one_of_them_has_nothing_is_said() -> None:
    checkpoints = configuration.of_checkpoints(CheckpointConfig(interval=60_000))
    assert configuration.changed(known("a", checkpoints), known("b", own(a="1") | checkpoints)) is None
    assert configuration.changed(known("a", own(a="1") | checkpoints), known("b", own(a="1"))) is None


def test_the_same_again_is_no_change() -> None:
    assert configuration.changed(known("a", own(a="1")), known("b", own(a="1"))) is None


def test_a_thousand_differences_are_bounded() -> None:
    before = known("a", own(**{f"option {number:03}": "1" for number in range(300)}))
    event = configuration.changed(before, known("b", own(a="1")))
    assert event is not None
    assert event.details.splitlines()[-1] == "and 201 more"
    assert event.words.endswith("a, option 000, option 001 and 298 more")
