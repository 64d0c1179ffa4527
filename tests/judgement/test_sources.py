"""What sources and sinks report: pending records, silence, errors, late records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flinktop.flink.metrics import SUBTASKS_METRICS
from flinktop.judgement.finding import Severity
from tests.judgement.looks_flow import Course, V, kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OP = "Source__orders"
NAME = "Source: orders"


def job(metrics: dict[str, float], sink: dict[str, float] | None = None, **more: Any) -> list[V]:
    """A source whose operator reports these sums, and a sink."""
    given = {f"{OP}.{name}": {"min": value, "max": value, "sum": value} for name, value in metrics.items()}
    ends = {f"Sink__out.{name}": {"sum": value} for name, value in (sink or {}).items()}
    return [
        V(id="source", name=NAME, metrics=given, **more),
        V(id="sink", name="Sink: out", inputs=("source",), metrics=ends),
    ]


def pending(values: Sequence[float], rate: float) -> Callable[[int], list[V]]:
    """Records pending at each look, the last again and again, while so many are read a second."""

    def seen(number: int) -> list[V]:
        left = values[min(number, len(values) - 1)]
        return job({"pendingRecords": left, "numRecordsOut": 1000 + 10 * rate * number})

    return seen


def grows(first: float, step: float, rate: float) -> Callable[[int], list[V]]:
    return pending([first + step * number for number in range(40)], rate)


@pytest.mark.parametrize(
    ("first", "step", "rate", "expected"),
    [
        (6001, 10, 100, ["source-lag"]),
        (5000, 1, 100, []),  # grows, but is read in less than a minute
        (60_000, 0, 100, []),  # does not grow
        (60_000, 10, 0, ["source-lag"]),  # nothing is read
    ],
)
def test_pending_records_that_grow(first: float, step: float, rate: float, expected: list[str]) -> None:
    found = Course().run(15, grows(first, step, rate))
    assert kinds(found) == expected
    assert all(one.culprit.vertex == "source" and one.severity is Severity.WARNING for one in found)


def test_the_lag_must_grow_for_two_minutes() -> None:
    course = Course()
    assert kinds(course.run(12, grows(60_000, 10, 100))) == []
    assert kinds(course.run(1, grows(60_000, 10, 100))) == ["source-lag"]


def test_one_fetch_without_growth_begins_anew() -> None:
    values = [60_000.0 + 10 * min(number, 6) + 10 * max(0, number - 7) for number in range(40)]
    assert kinds(Course().run(16, pending(values, 100))) == []


def test_growth_in_both_gaps_of_one_look() -> None:
    assert kinds(Course(one_look=True).run(2, grows(60_000, 10, 100))) == []
    assert kinds(Course(one_look=True).run(3, grows(60_000, 10, 100))) == ["source-lag"]
    values = [60_000.0, 60_100.0, 60_090.0]
    assert kinds(Course(one_look=True).run(3, pending(values, 100))) == []


def test_two_answers_of_one_fetch_are_no_pause() -> None:
    def seen(number: int) -> list[V]:
        fetch = number - number % 3 // 2  # every third answer is of the fetch before
        return grows(60_000, 10, 100)(fetch)

    assert kinds(Course().run(15, seen)) == ["source-lag"]


def test_a_restarted_source_begins_anew() -> None:
    def seen(number: int) -> list[V]:
        return job({"pendingRecords": 60_000 + 10 * number, "numRecordsOut": 100 * (number % 4)})

    assert kinds(Course().run(16, seen)) == []


@pytest.mark.parametrize(
    ("first", "step", "rate", "expected"),
    [
        (60_000, -1000, 100, ["catching-up"]),
        (5000, -10, 100, []),  # was less than a minute of reading
        (60_000, 0, 100, []),
    ],
)
def test_pending_records_that_shrink(first: float, step: float, rate: float, expected: list[str]) -> None:
    found = Course().run(14, grows(first, step, rate))
    assert kinds(found) == expected
    assert all(one.severity is Severity.INFO for one in found)


def test_the_time_left_is_said() -> None:
    found = Course().run(14, grows(60_000, -1000, 200))
    assert "47k records pending and about 7 m left" in found[0].words


@pytest.mark.parametrize(
    ("pace", "rate", "drift", "expected"),
    [
        (1.0, 100, 0, ["source-lag"]),
        (0.5, 100, 0, []),  # slower than time
        (1.0, 0, 0, []),  # reads nothing: only nothing comes
        (1.0, 100, 5000, []),  # held back by watermark alignment
    ],
)
def test_event_time_lag_of_sources_without_pending_records(
    pace: float, rate: float, drift: float, expected: list[str]
) -> None:
    def seen(number: int) -> list[V]:
        figures = {
            "currentEmitEventTimeLag": 120_000 + 10_000 * pace * number,
            "numRecordsOut": 10 * rate * number,
            "currentOutputWatermark": 1_795_000_000_000.0 + number,
            "watermarkAlignmentDrift": drift,
        }
        return job(figures)

    assert kinds(Course().run(15, seen)) == expected


def test_event_time_that_stands_still_is_not_lag() -> None:
    def seen(number: int) -> list[V]:
        return job(
            {
                "currentEmitEventTimeLag": 120_000 + 10_000 * number,
                "numRecordsOut": 1000 * number,
                "currentOutputWatermark": 1_795_000_000_000.0,
            }
        )

    assert "source-lag" not in kinds(Course().run(15, seen))


def test_silence_after_records_takes_ten_minutes() -> None:
    def seen(number: int) -> list[V]:
        return [
            V(id="source", name=NAME, records_out=100 * min(number, 3)),
            V(id="sink", inputs=("source",), records_in=0),
        ]

    course = Course()
    assert kinds(course.run(60, seen)) == []
    assert kinds(course.run(5, seen)) == ["no-data"]
    assert kinds(course.run(1, lambda _: [*seen(0)[1:], V(id="source", name=NAME, records_out=301)])) == []


def test_a_source_that_never_sent_or_has_finished_is_not_silent() -> None:
    def seen(status: str, sent: int) -> Callable[[int], list[V]]:
        return lambda _: [
            V(id="source", records_out=sent, status=status),
            V(id="sink", inputs=("source",), records_in=sent),
        ]

    assert kinds(Course().run(70, seen("RUNNING", 0))) == []
    assert kinds(Course().run(70, seen("FINISHED", 10))) == []


def test_errors_that_rise() -> None:
    course = Course()
    assert kinds(course.run(2, lambda _: job({"numRecordsInErrors": 7}, {"numRecordsSendErrors": 2}))) == []
    found = course.run(1, lambda _: job({"numRecordsInErrors": 9}, {"numRecordsSendErrors": 2}))
    assert kinds(found) == ["record-errors"]
    assert found[0].culprit.vertex == "source"
    found = course.run(1, lambda _: job({"numRecordsInErrors": 9}, {"numRecordsSendErrors": 3}))
    assert {one.culprit.vertex for one in found} == {"source", "sink"}


def test_errors_after_a_restart_are_no_rise() -> None:
    values = [50, 0, 0]
    assert kinds(Course().run(3, lambda number: job({"numRecordsInErrors": values[number]}))) == []


def test_late_records_that_rise() -> None:
    def seen(number: int) -> list[V]:
        late = {"numLateRecordsDropped": 3.0 * number}
        return [V(id="source"), *job({}, late)[1:]]

    found = Course().run(2, seen)
    assert kinds(found) == ["late-records"]
    assert found[0].severity is Severity.INFO


def test_a_bottleneck_is_less_bad_while_pending_records_shrink() -> None:
    def seen(step: float) -> Callable[[int], list[V]]:
        def at(number: int) -> list[V]:
            source, _ = job({"pendingRecords": 60_000 + step * number, "numRecordsOut": 1000 * number})
            return [
                V(id="source", name=NAME, metrics=source.metrics, shares=[(0.1, 0.9)]),
                V(id="sink", inputs=("source",), shares=[(1.0, 0.0)]),
            ]

        return at

    assert Course().run(6, seen(-100))[0].severity is Severity.INFO
    assert Course().run(6, seen(100))[0].severity is Severity.WARNING


def asks_of(course: Course) -> list[tuple[str, str | None]]:
    return [
        (dict(one.query.ids)["vertex"], dict(one.query.params).get("get"))
        for one in course.asked
        if one.query.endpoint is SUBTASKS_METRICS
    ]


def test_only_ids_that_a_vertex_lists_are_asked() -> None:
    course = Course()
    course.see([V(id="source", name=NAME)])
    assert asks_of(course) == [("source", None)]
    listed = (f"{OP}.pendingRecords", f"{OP}.numRecordsOut", f"{OP}.other", "numRecordsOut")
    course.see([V(id="source", name=NAME, listed=listed), V(id="sink", inputs=("source",), listed=())])
    wanted = f"{OP}.pendingRecords,{OP}.numRecordsOut"
    assert sorted(asks_of(course), key=str) == [("sink", None), ("source", wanted), ("source", None)]
