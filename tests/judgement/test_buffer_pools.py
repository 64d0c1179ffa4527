"""The bottleneck of releases without busy times, by the buffers that are left to send with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flinktop.flink.metrics import SUBTASKS_METRICS, VERTEX_METRICS
from flinktop.judgement.ask import SUSPECTED, USUAL
from flinktop.judgement.buffer_pools import IN, OUT
from tests.judgement.looks_flow import Course, V, kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

OLD = (1, 9, 3)


def pools(out: float | None = None, taken: float | None = None) -> dict[str, dict[str, float]]:
    found = {}
    if out is not None:
        found[OUT] = {"min": 0.0, "max": out}
    if taken is not None:
        found[IN] = {"min": 0.0, "max": taken}
    return found


def line(source: float, middle: float | None, by_subtask: Mapping[str, str] | None = None) -> list[V]:
    return [
        V(id="source", parallelism=2, metrics=pools(source)),
        V(
            id="join",
            parallelism=2,
            inputs=("source",),
            metrics=pools(middle, 1.0),
            by_subtask=by_subtask or {},
        ),
        V(id="sink", parallelism=2, inputs=("join",), metrics=pools(None, 0.0)),
    ]


@pytest.mark.parametrize(
    ("source", "middle", "expected"),
    [
        (1.0, 0.0, ["join"]),
        (0.95, 0.74, ["join"]),
        (0.94, 0.0, []),  # the source still has buffers
        (1.0, 0.75, []),  # it can't be told which of the two
        (1.0, None, []),  # not known
        (1.0, 1.0, ["sink"]),  # a sink sends nothing
    ],
)
def test_the_first_vertex_below_full_pools(source: float, middle: float | None, expected: list[str]) -> None:
    found = Course(release=OLD).run(5, lambda _: line(source, middle))
    assert [one.culprit.vertex for one in found] == expected
    assert kinds(found) == ["bottleneck"] * len(expected)


def test_full_input_pools_name_the_subtasks() -> None:
    seen = {f"0.{IN}": "0.1", f"1.{IN}": "1.0"}
    found = Course(release=OLD).run(5, lambda _: line(1.0, 0.0, seen))
    assert found[0].culprit.subtasks == (1,)
    assert found[0].words.startswith("bottleneck: join, subtask 1 (2/2) with full input buffers")


@pytest.mark.parametrize(
    ("rates", "said"),
    [((121, 100), "subtask 0 takes in 1.2 times the median"), ((120, 100), "take in about the same")],
)
def test_uneven_input_is_said_in_the_next_step(rates: tuple[int, int], said: str) -> None:
    def seen(number: int) -> list[V]:
        first, join, last = line(1.0, 0.0)
        records: list[tuple[int | None, int | None]] = [(10 * rate * number, 0) for rate in rates]
        join = V(id="join", inputs=("source",), metrics=join.metrics, records=records)
        return [first, join, last]

    found = Course(release=OLD).run(5, seen)
    assert kinds(found) == ["bottleneck"]
    assert said in found[0].next


def test_it_hangs_if_no_record_passes() -> None:
    first, join, last = line(1.0, 0.0)
    join = V(id="join", inputs=("source",), metrics=join.metrics, records=[(500, 500), (400, 400)])
    found = Course(release=OLD).run(5, lambda _: [first, join, last])
    assert kinds(found) == ["stalled"]


def test_pools_are_asked_down_to_where_they_are_full() -> None:
    course = Course(release=OLD)

    def asked() -> list[tuple[str, str]]:
        return [
            (dict(one.query.ids)["vertex"], dict(one.query.params)["get"])
            for one in course.asked
            if one.query.endpoint is SUBTASKS_METRICS and "Buffers" in dict(one.query.params).get("get", "")
        ]

    course.see(line(0.3, 0.0))
    assert asked() == [("source", OUT)]
    course.see(line(1.0, 1.0))
    assert asked() == [("source", OUT), ("join", f"{OUT},{IN}"), ("sink", IN)]
    assert any(one.query.endpoint is VERTEX_METRICS for one in course.asked)


def test_a_bottleneck_waits_for_its_next_figures() -> None:
    course = Course(release=OLD)
    assert kinds(course.run(5, lambda _: line(1.0, 0.0))) == ["bottleneck"]
    old = [V(id=one.id, parallelism=2, inputs=one.inputs) for one in line(1.0, 0.0)]
    assert kinds(course.run(9, lambda _: old)) == ["bottleneck"]
    assert kinds(course.run(9, lambda _: line(0.0, 0.0))) == []


def test_only_the_first_look_at_a_source_comes_first() -> None:
    course = Course(release=OLD)
    old = [V(id=one.id, parallelism=2, inputs=one.inputs) for one in line(0.0, 0.0)]

    def rank() -> int:
        (found,) = [
            one.rank for one in course.asked if OUT in str(dict(one.query.params)) and one.every > 10.0
        ]
        return found

    course.see(old)
    assert rank() == SUSPECTED
    course.see(line(0.0, 0.0))
    course.at += 100.0
    course.see(old)
    assert rank() == USUAL
