"""Checkpoints judged: words, who is late, phases, bars, percentiles."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.flink.checkpoints import (
    Alignment,
    Checkpoint,
    CheckpointConfig,
    CheckpointSubtask,
    CheckpointVertex,
    Externalization,
    Phases,
)
from flinktop.model import checkpoints as judge
from flinktop.model.checkpoints import items
from tests.fixture_cluster import FIXTURES


def subtask(
    index: int, *, total: int, start: int | None = None, align: int = 0, sync: int = 0, later: int = 0
) -> CheckpointSubtask:
    return CheckpointSubtask(
        index=index,
        status="completed",
        ack_timestamp=1,
        end_to_end_duration=total,
        checkpoint=Phases(sync=sync, async_=later),
        alignment=Alignment(duration=align),
        start_delay=start,
    )


def pending(index: int) -> CheckpointSubtask:
    return CheckpointSubtask(index=index, status="pending_or_failed")


@pytest.mark.parametrize(
    ("status", "drawn", "tone"),
    [
        ("COMPLETED", "● COMPLETED", "good"),
        ("FAILED", "✕ FAILED", "bad"),
        ("IN_PROGRESS", "◐ IN PROGRESS", "info"),
        ("SOMETHING_NEW", "▲ SOMETHING NEW", "warn"),
    ],
)
def test_a_state_is_a_shape_a_word_and_a_colour(status: str, drawn: str, tone: str) -> None:
    assert judge.state(status) == drawn
    assert judge.tone(status) == tone


@pytest.mark.parametrize(
    ("checkpoint", "words"),
    [
        (Checkpoint(checkpoint_type="CHECKPOINT"), "checkpoint"),
        (Checkpoint(checkpoint_type="UNALIGNED_CHECKPOINT"), "unaligned"),
        (Checkpoint(checkpoint_type="SAVEPOINT", is_savepoint=True), "savepoint"),
        (Checkpoint(checkpoint_type="SYNC_SAVEPOINT", is_savepoint=True), "sync savepoint"),
        (Checkpoint(checkpoint_type="SOME_THING"), "some thing"),
        (Checkpoint(), "checkpoint"),
        (Checkpoint(is_savepoint=True), "savepoint"),
    ],
)
def test_kinds_in_words(checkpoint: Checkpoint, words: str) -> None:
    assert judge.kind(checkpoint) == words


def test_when_a_checkpoint_ended() -> None:
    assert judge.ended_at(Checkpoint(status="IN_PROGRESS", latest_ack_timestamp=5)) is None
    assert judge.ended_at(Checkpoint(status="COMPLETED", latest_ack_timestamp=5)) == 5
    assert judge.ended_at(Checkpoint(status="FAILED", latest_ack_timestamp=5, failure_timestamp=9)) == 9


@pytest.mark.parametrize(
    ("path", "cells", "shown"),
    [
        ("file:/a/chk-1", 20, "file:/a/chk-1"),
        ("file:/a/chk-1", 13, "file:/a/chk-1"),
        ("file:/a/chk-1", 6, "…chk-1"),
        ("file:/a/chk-1", 1, "…"),
        ("file:/a/chk-1", 0, ""),
    ],
)
def test_the_end_of_a_path(path: str, cells: int, shown: str) -> None:
    assert judge.tail(path, cells) == shown


def test_late_vertices_stand_in_the_order_of_the_graph() -> None:
    checkpoint = Checkpoint(
        tasks={
            "sink": CheckpointVertex(num_subtasks=2, num_acknowledged_subtasks=0),
            "source": CheckpointVertex(num_subtasks=2, num_acknowledged_subtasks=2),
            "map": CheckpointVertex(num_subtasks=4, num_acknowledged_subtasks=3),
            "unknown": CheckpointVertex(num_subtasks=1, num_acknowledged_subtasks=0),
        }
    )
    assert judge.late_vertices(checkpoint, ["source", "map", "sink"]) == (
        judge.Late("map", 1, 4),
        judge.Late("sink", 2, 2),
        judge.Late("unknown", 1, 1),
    )


def test_late_subtasks() -> None:
    subtasks = [pending(7), subtask(3, total=1), pending(0), pending(1)]
    assert judge.late_subtasks(subtasks) == (0, 1, 7)


def test_phases_of_a_subtask_and_the_rest() -> None:
    times = judge.phase_times(subtask(0, total=612, start=235, align=10, sync=1, later=17))
    assert list(times.parts) == [235, 10, 1, 17]
    assert times.rest == 612 - 263
    assert times.length == 612


def test_an_unaligned_checkpoints_phases_may_overlap() -> None:
    times = judge.phase_times(subtask(0, total=100, start=50, align=80, sync=0, later=20))
    assert times.rest == 0
    assert times.length == 150


def test_before_1_11_the_start_delay_is_unknown_not_zero() -> None:
    times = judge.phase_times(subtask(0, total=306, later=1))
    assert times.start_delay is None
    assert times.rest == 305


def test_one_that_has_not_acknowledged_has_no_phases() -> None:
    assert judge.phase_times(pending(1)) == judge.PhaseTimes()


@pytest.mark.parametrize(
    ("subtasks", "words"),
    [
        ([], ""),
        ([pending(0)], ""),
        (
            [subtask(0, total=90, start=80), pending(1), subtask(3, total=5000, start=600, align=4200)],
            "alignment of subtask 3 (4/4): 4.2 s of 5.0 s",
        ),
        ([subtask(2, total=427, start=423, later=1)], "start delay of subtask 2 (3/4): 423 ms of 427 ms"),
        ([subtask(2, total=40, start=3, sync=30)], "sync of subtask 2 (3/4): 30 ms of 40 ms"),
        ([subtask(2, total=40, start=3, later=30)], "async of subtask 2 (3/4): 30 ms of 40 ms"),
        (
            [subtask(1, total=612, start=235, later=17)],
            "mailbox or the acknowledgement's way, subtask 1 (2/4): 360 ms of 612 ms",
        ),
        (
            [subtask(0, total=306, later=1)],
            "start delay (1.11+) or the acknowledgement's way, subtask 0 (1/4): 305 ms of 306 ms",
        ),
    ],
)
def test_what_took_longest_in_words(subtasks: list[CheckpointSubtask], words: str) -> None:
    assert judge.slowest_words(subtasks, 4) == words


@pytest.mark.parametrize(
    ("parts", "scale", "cells", "lengths"),
    [
        ((10, 20, 30, 40), 100, 10, (1, 2, 3, 4)),
        ((10, 20, 30, 40), 200, 10, (1, 1, 1, 2)),
        ((None, 50, None, 50), 100, 4, (0, 2, 0, 2)),
        ((0, 0, 0, 0), 100, 10, (0, 0, 0, 0)),
        ((1, 2, 0, 0), 1000, 10, (0, 1, 0, 0)),
        ((1, 1, 1, 1), 0, 10, (0, 0, 0, 0)),
        ((50, 50), 100, 0, (0, 0)),
        ((float("nan"), 100), 100, 5, (0, 5)),
    ],
)
def test_a_stacked_bar(
    parts: tuple[float | None, ...], scale: float, cells: int, lengths: tuple[int, ...]
) -> None:
    assert judge.stacked(parts, scale, cells) == lengths


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1e9)), min_size=1, max_size=6),
    st.floats(0, 1e9),
    st.integers(0, 200),
)
def test_a_bar_is_never_longer_than_its_place(parts: list[float | None], scale: float, cells: int) -> None:
    lengths = judge.stacked(parts, scale, cells)
    assert len(lengths) == len(parts)
    assert all(length >= 0 for length in lengths)
    assert sum(lengths) <= cells


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ((), 0.5, None),
        ((7.0,), 0.99, 7.0),
        ((1.0, 2.0), 0.0, 1.0),
        ((1.0, 2.0), 1.0, 2.0),
    ],
)
def test_percentiles(values: tuple[float, ...], share: float, expected: float | None) -> None:
    found = judge.quantile(values, share)
    assert found == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("release", ["1.14.6", "1.20.5", "2.3.0"])
def test_percentiles_equal_those_of_flinks_own_summaries(release: str) -> None:
    compared = 0
    for path in sorted((FIXTURES / release).glob("jobs.*.checkpoints.json")):
        document = json.loads(path.read_bytes())
        if "counts" not in document:
            continue
        done = [one for one in document["history"] if one["status"] == "COMPLETED"]
        if len(done) != document["counts"]["completed"] or len(done) < 2:
            continue
        for field in ("end_to_end_duration", "state_size", "processed_data"):
            for name, share in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)):
                found = judge.quantile([one[field] for one in done], share)
                assert found == pytest.approx(document["summary"][field][name]), (path, field, name)
                compared += 1
    assert compared >= 12


def words_of(config: CheckpointConfig) -> dict[str, str | None]:
    return {item.field: item.words for item in items(config)}


def test_unreported_items_of_a_1_9_configuration_are_none() -> None:
    words = words_of(
        CheckpointConfig(
            mode="exactly_once",
            interval=5000,
            timeout=600_000,
            min_pause=0,
            max_concurrent=1,
            externalization=Externalization(enabled=True, delete_on_cancellation=True),
        )
    )
    assert words["mode"] == "exactly once"
    assert words["interval"] == "5 s"
    assert words["timeout"] == "10 m"
    assert words["min_pause"] == "none"
    assert words["max_concurrent"] == "1"
    assert words["externalization"] == "when it fails; deleted when it is cancelled"
    untold = {field for field, said in words.items() if said is None}
    assert untold == {item.field for item in items(CheckpointConfig()) if item.since > (1, 9)}


@pytest.mark.parametrize(
    ("config", "field", "words"),
    [
        (CheckpointConfig(), "interval", "not periodic: only when triggered"),
        (CheckpointConfig(mode="at_least_once"), "mode", "at least once"),
        (CheckpointConfig(mode="some_mode"), "mode", "some_mode"),
        (CheckpointConfig(interval=90_500), "interval", "1 m 30 s 500 ms"),
        (CheckpointConfig(), "externalization", "no: deleted when the job ends"),
        (
            CheckpointConfig(externalization=Externalization(enabled=True)),
            "externalization",
            "when it fails and when it is cancelled",
        ),
        (
            CheckpointConfig(tolerable_failed_checkpoints=0),
            "tolerable_failed_checkpoints",
            "none: a failed checkpoint fails the job",
        ),
        (CheckpointConfig(tolerable_failed_checkpoints=3), "tolerable_failed_checkpoints", "3 in a row"),
        (
            CheckpointConfig(tolerable_failed_checkpoints=2**31 - 1),
            "tolerable_failed_checkpoints",
            "unlimited",
        ),
        (
            CheckpointConfig(aligned_checkpoint_timeout=0, unaligned_checkpoints=False),
            "aligned_checkpoint_timeout",
            "none, without effect: unaligned is off",
        ),
        (
            CheckpointConfig(aligned_checkpoint_timeout=0, unaligned_checkpoints=True),
            "aligned_checkpoint_timeout",
            "none: unaligned from the start",
        ),
        (
            CheckpointConfig(aligned_checkpoint_timeout=30_000, unaligned_checkpoints=True),
            "aligned_checkpoint_timeout",
            "30 s, then unaligned",
        ),
        (
            CheckpointConfig(changelog_storage="memory", state_changelog_enabled=False),
            "changelog_storage",
            "memory, without effect: changelog is off",
        ),
        (CheckpointConfig(changelog_storage="fs", state_changelog_enabled=True), "changelog_storage", "fs"),
    ],
)
def test_configuration_in_words(config: CheckpointConfig, field: str, words: str) -> None:
    assert words_of(config)[field] == words
