"""Where event time stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from flinktop.flink.metrics import VERTEX_METRICS
from flinktop.judgement import event_time_plan
from flinktop.judgement.finding import Severity
from tests.judgement.looks_flow import LONG, START, Course, V, kinds, look

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MARK = "Source__orders.currentOutputWatermark"
WINDOW = "Window(TumblingEventTimeWindows(60000), EventTimeTrigger, Sum)"
NONE = -(2**63)
ENDED = 2**63 - 1
NOW = int(START + LONG)


def job(
    marks: Sequence[int],
    taken_in: Sequence[int] | None = None,
    *,
    window: str = WINDOW,
    records: int = 0,
    below: Sequence[int] | None = None,
    states: Sequence[str] = (),
) -> list[V]:
    """A source whose subtasks send these watermarks, a window that takes them in, and what is below it."""
    own = list(taken_in) if taken_in is not None else [min(marks)]
    after = list(below) if below is not None else own
    return [
        V(
            id="source",
            name="Source: orders",
            parallelism=len(marks),
            states=states,
            metrics={MARK: {"min": float(min(marks)), "max": float(max(marks))}},
            by_subtask={f"{index}.{MARK}": str(mark) for index, mark in enumerate(marks)},
            records_out=records,
        ),
        V(
            id="window",
            inputs=("source",),
            description=window,
            metrics={"currentInputWatermark": {"min": float(min(own)), "max": float(max(own))}},
            records_in=records,
        ),
        V(
            id="sink",
            inputs=("window",),
            metrics={"currentInputWatermark": {"min": float(min(after)), "max": float(max(after))}},
        ),
    ]


def moving(behind: int | None, pace: int = 0) -> Callable[[int], list[V]]:
    """Three subtasks move on with time, the fourth is so far behind at the first look."""

    def seen(number: int) -> list[V]:
        foremost = NOW + 10_000 * number
        last = NONE if behind is None else NOW - behind + pace * number
        return job([foremost, foremost, foremost, last], records=1000 * number)

    return seen


def test_the_subtask_that_does_not_move_holds_the_others_back() -> None:
    course = Course()
    found = course.run(12, moving(60_000))
    assert kinds(found) == ["watermark-stuck"]
    only = found[0]
    assert only.severity is Severity.WARNING
    assert (only.culprit.vertex, only.culprit.subtasks) == ("source", (3,))
    assert "subtask 3 (4/4) is 2 m behind the foremost and does not move; window waits for it" in only.words


def test_a_subtask_without_a_watermark_holds_the_others_back() -> None:
    found = Course().run(12, moving(None))
    assert kinds(found) == ["watermark-stuck"]
    assert found[0].culprit.subtasks == (3,)
    assert "no watermark while others have one" in found[0].words


def test_one_that_is_behind_and_moves_is_only_slow() -> None:
    assert kinds(Course().run(12, moving(60_000, pace=1000))) == []


def test_it_is_judged_from_thirty_seconds_on() -> None:
    assert kinds(Course().run(12, lambda _: job([NOW, NOW - 30_000]))) == []
    assert kinds(Course().run(12, lambda _: job([NOW, NOW - 30_001]))) == ["watermark-stuck"]


def test_one_look_needs_sixty_seconds() -> None:
    assert kinds(Course(one_look=True).run(3, lambda _: job([NOW, NOW - 59_000]))) == []
    assert kinds(Course(one_look=True).run(3, lambda _: job([NOW, NOW - 61_000]))) == ["watermark-stuck"]


def test_it_must_stand_still_for_a_minute() -> None:
    assert kinds(Course().run(6, moving(300_000))) == []
    assert kinds(Course().run(7, moving(300_000))) == ["watermark-stuck"]


def test_it_stands_still_since_the_lowest_of_all_did() -> None:
    """Each subtask's watermark is asked only where the lowest is far behind: what was seen of that counts."""

    def seen(number: int) -> list[V]:
        source, *others = moving(300_000)(number)
        return [replace(source, by_subtask=source.by_subtask if number > 2 else {}), *others]

    assert kinds(Course().run(6, seen)) == []
    assert kinds(Course().run(7, seen)) == ["watermark-stuck"]


def test_it_waits_for_its_next_figures() -> None:
    course = Course()
    assert kinds(course.run(12, moving(60_000))) == ["watermark-stuck"]

    def old(number: int) -> list[V]:
        source, *others = moving(60_000)(number)
        return [replace(source, by_subtask={}, metrics={}), *others]

    assert kinds(course.run(8, old)) == ["watermark-stuck"]
    # All is well with the vertex as a whole: its subtasks are not asked any more.
    well = [replace(one, by_subtask={}) for one in job([NOW + 900_000] * 4)]
    assert kinds(course.run(3, lambda _: well)) == []


def test_the_lowest_of_all_that_moved_tells_nothing() -> None:
    def seen(number: int) -> list[V]:
        source, *others = moving(300_000)(number)
        if number > 2:
            return [source, *others]
        lower = {MARK: {"min": float(NOW - 400_000 + number), "max": float(NOW)}}
        return [replace(source, by_subtask={}, metrics=lower), *others]

    assert kinds(Course().run(9, seen)) == []
    assert kinds(Course().run(10, seen)) == ["watermark-stuck"]


def test_figures_of_one_fetch_do_not_stand_still() -> None:
    """What is lowest of all and what each subtask has may be the same fetch of Flink's metrics."""
    source, *others = moving(300_000)(0)
    course = Course()
    course.see([replace(source, by_subtask={}), *others])
    course.at = 3.0
    course.see([source, *others])
    assert not course.memory.held
    course.see([source, *others])
    assert [kind for kind, _, _ in course.memory.held] == ["watermark-stuck"]


def test_an_idle_subtask_that_is_marked_idle_is_not_ill() -> None:
    def seen(number: int) -> list[V]:
        foremost = NOW + 10_000 * number
        return job([foremost, NONE], [foremost], records=number)

    assert kinds(Course().run(15, seen)) == []


def test_what_is_below_moves_on() -> None:
    def seen(number: int) -> list[V]:
        foremost = NOW + 10_000 * number
        return job([foremost, NONE], [foremost, NONE], below=[foremost], records=number)

    assert kinds(Course().run(15, seen)) == []


def test_finished_subtasks_hold_nothing_back() -> None:
    assert kinds(Course().run(15, lambda number: job([NOW + number * 10_000, ENDED]))) == []


def test_a_job_without_watermarks_is_not_ill() -> None:
    for window in ("Map", "Window(TumblingProcessingTimeWindows(5000), ProcessingTimeTrigger)"):
        vertices = [job([NONE, NONE], window=window, records=1000 * number) for number in range(12)]
        course = Course()
        for each in vertices:
            assert kinds(course.see(each)) == []


def test_without_event_time_in_the_plan_it_is_only_worth_a_word() -> None:
    found = Course().run(12, lambda number: job([NOW + 10_000 * number, NONE], window="Map"))
    assert [one.severity for one in found] == [Severity.INFO]


# -- (b) all stand still -----------------------------------------------------------------------------------


def test_all_stand_still_while_records_pass() -> None:
    found = Course().run(8, lambda number: job([NOW, NOW], records=1000 * number))
    assert kinds(found) == ["watermark-stuck"]
    assert found[0].culprit.vertex == "source"
    assert found[0].culprit.subtasks == ()
    assert "stand still for 1 m while records pass" in found[0].words


def test_all_stand_still_and_no_record_passes() -> None:
    assert kinds(Course().run(12, lambda _: job([NOW, NOW], records=500))) == []


def test_watermarks_that_move_now_and_then() -> None:
    def seen(number: int) -> list[V]:
        return job([NOW + 60_000 * (number // 5)] * 2, records=1000 * number)

    assert kinds(Course().run(20, seen)) == []


def test_in_one_look_they_must_be_a_minute_behind() -> None:
    def seen(behind: int) -> Callable[[int], list[V]]:
        return lambda number: job([NOW - behind] * 2, records=1000 * number)

    assert kinds(Course(one_look=True).run(3, seen(10_000))) == []
    assert kinds(Course(one_look=True).run(3, seen(120_000))) == ["watermark-stuck"]


# -- (c) none was ever seen --------------------------------------------------------------------------------


def test_no_watermark_has_come_where_event_time_is_used() -> None:
    def seen(window: str) -> Callable[[int], list[V]]:
        return lambda number: job([NONE, NONE], window=window, records=1000 * number)

    found = Course().run(9, seen(WINDOW))
    assert kinds(found) == ["watermark-stuck"]
    assert found[0].severity is Severity.WARNING
    assert "no watermark has come from Source: orders" in found[0].words
    assert kinds(Course().run(9, lambda _: job([NONE, NONE], records=0))) == []


def test_a_vertex_that_makes_watermarks_needs_none() -> None:
    def seen(number: int) -> list[V]:
        source, _, sink = job([NONE], window=WINDOW, records=1000 * number)
        return [
            source,
            V(id="window", name="Timestamps/Watermarks", inputs=("source",), records_in=number),
            sink,
        ]

    assert kinds(Course().run(9, seen)) == []


# -- what the plan shows -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("description", "needs"),
    [
        (WINDOW, True),
        ("Window(TumblingProcessingTimeWindows(5000), ProcessingTimeTrigger)", False),
        ("toEventTime", False),
        ("[7]:IntervalJoin(joinType=[InnerJoin], windowBounds=[isRowTime=true, leftLowerBound=-1])", True),
        ("[7]:IntervalJoin(joinType=[InnerJoin], windowBounds=[isRowTime=false, leftLowerBound=-1])", False),
        ("[3]:WindowAggregate(window=[TUMBLE(time_col=[happened], size=[5 s])])", True),
        ("[3]:WindowAggregate(window=[TUMBLE(time_col=[proctime], size=[5 s])])", False),
        ("GroupWindowAggregate(groupBy=[a], window=[TumblingGroupWindow('w$, happened, 5000)])", True),
        ("GroupAggregate(groupBy=[user_id])", False),
    ],
)
def test_which_vertices_need_watermarks(description: str, needs: bool) -> None:  # noqa: FBT001 -- a table
    scan = (
        "[1]:TableSourceScan(table=[[a]])+- [2]:WatermarkAssigner(rowtime=[happened], watermark=[(happened)])"
    )
    seen = look([V(id="scan", description=scan), V(id="one", inputs=("scan",), description=description)])
    assert ("one" in event_time_plan.needing(seen)) is needs
    assert "scan" in event_time_plan.shows_event_time(seen)


def test_the_watermark_of_each_subtask_is_asked_where_they_differ() -> None:
    course = Course()

    def asked() -> list[str]:
        return [dict(one.query.params)["get"] for one in course.asked if one.query.endpoint is VERTEX_METRICS]

    course.see(job([NOW, NOW - 20_000]))
    assert asked() == []
    course.see(job([NOW, NONE]))
    assert asked() == [f"0.{MARK},1.{MARK}"]


# -- where it comes from -----------------------------------------------------------------------------------


def two_sources(ship: str = "HASH") -> Callable[[int], list[V]]:
    """One source has no watermark, the other one has; each goes through a vertex of its own to a join."""

    def vertex(name: str, mark: int, inputs: tuple[str, ...] = ()) -> V:
        metric = f"{name}.currentOutputWatermark"
        return V(
            id=name,
            parallelism=2,
            inputs=inputs,
            ship=ship,
            metrics={
                metric: {"min": float(mark), "max": float(mark)},
                **({"currentInputWatermark": {"min": float(mark), "max": float(mark)}} if inputs else {}),
            },
            by_subtask={f"{index}.{metric}": str(mark) for index in (0, 1)} if inputs else {},
        )

    def seen(number: int) -> list[V]:
        mark = NOW + 10_000 * number
        return [
            vertex("silent", NONE),
            vertex("orders", mark),
            vertex("map", NONE, ("silent",)),
            vertex("filter", mark, ("orders",)),
            V(
                id="join",
                inputs=("map", "filter"),
                description=WINDOW,
                metrics={"currentInputWatermark": {"min": float(NONE), "max": float(NONE)}},
            ),
        ]

    return seen


@pytest.mark.parametrize("ship", ["HASH", "FORWARD"])
def test_what_only_hands_on_a_watermark_is_not_the_culprit(ship: str) -> None:
    found = Course().run(10, two_sources(ship))
    assert kinds(found) == ["watermark-stuck"]
    assert found[0].culprit.vertex == "silent"
    assert found[0].culprit.subtasks == (0, 1)
    assert "join waits for them" in found[0].words


def test_one_to_one_no_subtask_holds_back_another() -> None:
    def seen(number: int) -> list[V]:
        source, window, sink = job([NOW + 10_000 * number, NONE], window="Map")
        return [source, replace(window, ship="FORWARD"), replace(sink, ship="FORWARD")]

    assert kinds(Course().run(10, seen)) == []
