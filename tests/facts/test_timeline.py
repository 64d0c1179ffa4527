"""What ran when: subtasks and rescales by their states over time, and the time that is looked at."""

from __future__ import annotations

import pytest

from flinktop.engine.store import Reading
from flinktop.facts.timeline import (
    DAY,
    Window,
    detail_rows,
    has_rescales,
    rescale_row,
    subtask_rows,
    summary_parts,
    window_of,
)
from flinktop.flink.errors import NotFound
from flinktop.flink.features import Features
from flinktop.flink.jobs import Job
from flinktop.flink.rescale import RESCALES_HISTORY, Rescale
from flinktop.flink.vertices import Attempt, SubtasksTimes, SubtaskTimes, Vertex
from tests.facts.given import Given


@pytest.mark.parametrize(
    ("bounds", "chosen", "ended", "wanted"),
    [
        ([10.0, 60.0], None, None, (10.0, 100.0)),
        ([10.0, 60.0], 30.0, None, (70.0, 100.0)),
        ([10.0, 60.0], None, 80.0, (10.0, 80.0)),
        ([10.0, 120.0], None, None, (10.0, 120.0)),
        ([], None, None, (99.0, 100.0)),
    ],
)
def test_the_window_of_a_timeline(
    bounds: list[float], chosen: float | None, ended: float | None, wanted: tuple[float, float]
) -> None:
    found = window_of(bounds, 100.0, chosen, 0.0, ended=ended)
    assert (found.since, found.until) == wanted


def test_a_long_window_shows_dates() -> None:
    assert Window(0.0, DAY - 1, 0.0).clock(60.0) == "00:01:00"
    assert Window(0.0, DAY, 0.0).clock(60.0) == "01-01 00:01"


def test_subtasks_and_concurrent_attempts() -> None:
    times = SubtasksTimes(
        subtasks=(
            SubtaskTimes(subtask=0, endpoint="host:1", timestamps={"CREATED": 1000, "RUNNING": 2000}),
            SubtaskTimes(subtask=1),
        )
    )
    beside = Attempt(subtask=0, attempt=1, status="RUNNING", endpoint="other:1", start_time=1500)
    detail = Vertex(subtasks=(Attempt(subtask=0, attempt=0, other_concurrent_attempts=(beside,)),))
    first, other, second = subtask_rows(times, detail, "v", "  ")
    assert first.state.endswith("RUNNING")
    assert "host:1" in first.label
    assert first.start == 1.0
    assert first.seconds(5.0) == 4.0
    assert "attempt 1  other:1" in other.label
    assert second.state.endswith("CREATED")
    assert second.seconds(5.0) is None


def test_only_the_adaptive_scheduler_has_rescales_and_not_in_old_releases() -> None:
    job = Job("j", scheduler_type="Adaptive")
    assert has_rescales(Given(), job)
    assert not has_rescales(Given(), Job("j", scheduler_type="Default"))
    assert not has_rescales(Given(features=Features(release=(2, 2, 0))), job)


def test_a_rescale_and_what_it_consists_of() -> None:
    one = Rescale(
        rescale_uuid="r",
        trigger_cause="UPDATE_REQUIREMENT",
        terminal_state="FAILED",
        terminated_reason="NO_RESOURCES",
    )
    found = rescale_row(one, "+")
    assert (found.label, found.state, found.tone) == ("+ rescale: update requirement", "✕ failed", "bad")
    assert [row.words for row in detail_rows(one)] == ["no resources"]
    under_way = rescale_row(Rescale(rescale_uuid="r"), "+")
    assert under_way.state == "◐ in progress"


def test_why_there_is_no_summary_of_rescales() -> None:
    known = Given()
    assert summary_parts(known, "j") == []
    known.readings[RESCALES_HISTORY(job="j")] = Reading(error=NotFound("GET", "http://flink.test"))
    assert "rescale-history.size" in summary_parts(known, "j")[1][0]
