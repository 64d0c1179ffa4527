"""Whose split of time a job's chart draws, and of which vertices it is asked for."""

from __future__ import annotations

from flinktop.flink.vertices import SubtaskBackpressure, VertexBackpressure
from flinktop.model import split
from flinktop.model.split import FIRST, Split


def told(*subtasks: tuple[float | None, float | None, float | None]) -> VertexBackpressure:
    found = tuple(
        SubtaskBackpressure(index, ratio=backpressured, busy_ratio=busy, idle_ratio=idle)
        for index, (busy, backpressured, idle) in enumerate(subtasks)
    )
    return VertexBackpressure(status="ok", subtasks=found)


def test_three_figures_of_one_subtask() -> None:
    answer = told((0.2, 0.8, 0.0), (0.94, 0.05, 0.01), (0.1, 0.0, 0.85))
    assert split.busiest(answer) == Split(940.0, 50.0, 10.0, 1)
    # Of equals the first.
    assert split.busiest(told((0.5, 0.5, 0.0), (0.5, 0.0, 0.5))) == Split(500.0, 500.0, 0.0, 0)


def test_who_has_no_busy_time_takes_no_part() -> None:
    assert split.busiest(told((None, 0.9, 0.0))) is None
    assert split.busiest(told((None, 0.9, 0.0), (0.01, 0.0, 0.99))) == Split(10.0, 0.0, 990.0, 1)
    # Up to 1.12 only backpressure is told.
    assert split.busiest(told((None, 0.9, None))) is None
    assert split.busiest(told()) is None


def test_who_is_not_measured_yet_takes_no_part() -> None:
    answer = told((1.0, 0.0, 0.0), (0.3, 0.0, 0.7))
    assert split.busiest(answer, young=True) == Split(300.0, 0.0, 700.0, 1)
    assert split.busiest(answer) == Split(1000.0, 0.0, 0.0, 0)


def test_subtasks_are_named_as_everywhere() -> None:
    assert split.who(Split(1.0, 2.0, 3.0, 1), 4) == "subtask 1 (2/4)"
    assert split.who(Split(1.0, 2.0, 3.0), 4) == "mean subtask"


def test_vertices_are_requested_in_turn_and_the_busiest_always() -> None:
    vertices = [f"v{number}" for number in range(50)]
    assert split.in_turn(vertices, None, (), 0) == tuple(vertices[:FIRST])
    known = set(vertices[:FIRST])
    asked: set[str] = set()
    for turn in range(60):
        now = split.in_turn(vertices, "v3", known, turn)
        assert len(now) == 2
        assert now[0] == "v3"
        asked |= set(now)
    assert asked == set(vertices)
    assert split.in_turn(["a"], "a", {"a"}, 7) == ("a",)
    # One that has gone is not asked any more.
    assert split.in_turn(["a"], "gone", {"a"}, 7) == ("a",)
    assert split.in_turn([], "gone", (), 7) == ()
