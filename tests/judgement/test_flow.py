"""What holds up records: the vertex that hangs, is too slow, or whose work is uneven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from flinktop.flink.vertices import VERTEX, VERTEX_BACKPRESSURE
from flinktop.judgement import flow
from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.judgement.verdict import ordered
from tests.judgement.looks_flow import Course, V, kinds, look

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Shares = list[tuple[float | None, float | None]]

HELD: Shares = [(0.02, 0.96), (0.03, 0.95)]
IDLE: Shares = [(0.05, 0.0), (0.04, 0.0)]


def line(
    middle: Sequence[tuple[float | None, float | None]],
    source: Sequence[tuple[float | None, float | None]] = HELD,
    **more: Any,
) -> list[V]:
    """A source, a vertex and a sink."""
    return [
        V(id="source", name="Source: orders", shares=source),
        V(id="join", name="Join users", inputs=("source",), shares=middle, **more),
        V(id="sink", name="Sink: out", inputs=("join",), shares=IDLE),
    ]


def still(vertices: list[V]) -> Callable[[int], list[V]]:
    """The same at each look."""
    return lambda _: vertices


def test_the_busy_vertex_below_backpressured_ones_is_the_bottleneck() -> None:
    found = Course().run(4, lambda _: line([(1.0, 0.0), (0.99, 0.01)]))
    assert kinds(found) == ["bottleneck"]
    only = found[0]
    assert only.severity is Severity.WARNING
    assert (only.culprit.vertex, only.culprit.vertex_name) == ("join", "Join users")
    assert only.culprit.subtasks == (0, 1)
    assert only.words == "bottleneck: Join users, 2 of 2 subtasks 100 % busy, its input backpressured"
    assert {(each.what, each.value, each.unit) for each in only.evidence} >= {
        ("busy, highest subtask", 1000.0, "ms/s"),
        ("backpressured, input Source: orders", 960.0, "ms/s"),
    }


@pytest.mark.parametrize(
    ("middle", "source", "expected"),
    [
        ([(0.91, 0.09), (0.91, 0.09)], HELD, ["bottleneck"]),
        ([(0.90, 0.0), (0.90, 0.0)], HELD, []),  # not over 90 % busy
        ([(0.91, 0.10), (0.91, 0.10)], HELD, []),  # backpressured itself
        ([(1.0, 0.0), (1.0, 0.0)], [(0.1, 0.21), (0.1, 0.0)], ["bottleneck"]),
        ([(1.0, 0.0), (1.0, 0.0)], [(0.1, 0.20), (0.1, 0.0)], []),  # busy, but nothing waits for it
        ([(None, 0.0), (None, 0.0)], HELD, []),  # busy time is not known
        ([(1.0, None), (1.0, None)], HELD, []),
        ([(0.95, 0.0), (0.0, 0.95)], HELD, ["skew"]),  # busy of one subtask, backpressured of another
        ([(0.5, 0.0), (0.0, 0.5)], HELD, []),  # the maxima alone would say 50 % of both
    ],
)
def test_the_bounds_of_a_bottleneck(middle: Shares, source: Shares, expected: list[str]) -> None:
    assert kinds(Course().run(5, lambda _: line(middle, source))) == expected


def test_it_must_last_for_thirty_seconds() -> None:
    course = Course()
    assert kinds(course.run(3, lambda _: line([(1.0, 0.0)] * 2))) == []
    assert kinds(course.run(1, lambda _: line([(1.0, 0.0)] * 2))) == ["bottleneck"]
    course = Course()
    for busy in (1.0, 1.0, 0.5, 1.0, 1.0):
        assert course.see(line([(busy, 0.0)] * 2)) == ()


def test_three_fetches_are_enough_where_nobody_looks_again() -> None:
    course = Course(one_look=True)
    assert kinds(course.run(2, lambda _: line([(1.0, 0.0)] * 2))) == []
    assert kinds(course.run(1, lambda _: line([(1.0, 0.0)] * 2))) == ["bottleneck"]


def test_figures_of_one_fetch_are_one_look() -> None:
    course = Course(one_look=True)
    found = course.run(
        4, lambda number: [replace(one, fetched=1000.0 + number * 10_000.0) for one in line([(1.0, 0.0)] * 2)]
    )
    assert kinds(found) == []


def test_figures_that_are_old_say_nothing() -> None:
    vertices = [replace(one, fetched=50_000.0) for one in line([(1.0, 0.0)] * 2)]
    assert kinds(Course().run(6, lambda _: vertices)) == []


def test_figures_of_the_run_before_say_nothing() -> None:
    course = Course()
    for _ in range(5):
        started = 1_795_000_000_000.0 + 3_600_000.0 + course.at
        assert course.see(line([(1.0, 0.0)] * 2), started=started) == ()


def test_another_attempt_is_no_continuation() -> None:
    def seen(number: int) -> list[V]:
        return line([(1.0, 0.0)] * 2, attempts=(0, number // 2))

    assert kinds(Course().run(9, seen)) == []


def test_subtasks_that_have_finished_do_not_count() -> None:
    states = ("RUNNING", "FINISHED")
    totals = [(1000, 1000), (1000, 1000)]
    found = Course().run(5, lambda _: line([(0.2, 0.0), (1.0, 0.0)], states=states, records=totals))
    assert kinds(found) == []
    found = Course().run(
        5, lambda _: line([(1.0, 0.0), (0.0, 0.0)], states=states, records=[(None, None)] * 2)
    )
    assert kinds(found) == ["bottleneck"]  # not skew: the other one is gone
    found = Course().run(5, lambda _: line([(1.0, 0.0), (1.0, 0.0)], states=states))
    assert kinds(found) == []  # which of them runs is not known


def test_only_the_first_on_the_way_is_named() -> None:
    hot: Shares = [(1.0, 0.0), (0.3, 0.6)]
    found = Course().run(
        5,
        lambda _: [
            V(id="source", shares=HELD),
            V(id="first", inputs=("source",), shares=[(1.0, 0.0), (0.7, 0.3)]),
            V(id="second", inputs=("first",), shares=hot),
        ],
    )
    assert [one.culprit.vertex for one in found] == ["first"]


def test_of_several_behind_one_input_the_busiest_is_named() -> None:
    def seen(busy: float) -> list[V]:
        return [
            V(id="source", shares=HELD),
            V(id="left", inputs=("source",), shares=[(0.92, 0.0)] * 2),
            V(id="right", inputs=("source",), shares=[(busy, 0.0)] * 2),
        ]

    assert [one.culprit.vertex for one in Course().run(5, lambda _: seen(1.0))] == ["right"]


def test_two_behind_different_inputs_are_both_named() -> None:
    found = Course().run(
        5,
        lambda _: [
            V(id="a", shares=HELD),
            V(id="b", shares=HELD),
            V(id="x", inputs=("a",), shares=[(1.0, 0.0)] * 2),
            V(id="y", inputs=("b",), shares=[(0.95, 0.0)] * 2),
        ],
    )
    assert [one.culprit.vertex for one in found] == ["x", "y"]


def test_a_busy_source_is_no_finding() -> None:
    assert (
        kinds(
            Course().run(
                5, lambda _: [V(id="a", shares=[(1.0, 0.0)] * 2), V(id="b", inputs=("a",), shares=IDLE)]
            )
        )
        == []
    )


def test_a_legacy_source_without_busy_time_can_be_an_input() -> None:
    assert kinds(Course().run(5, lambda _: line([(1.0, 0.0)] * 2, [(None, 0.99)] * 2))) == ["bottleneck"]


@pytest.mark.parametrize("options", [{"batch": True}, {"state": "RESTARTING"}, {"state": "FINISHED"}])
def test_jobs_without_a_flow_have_no_such_finding(options: dict[str, Any]) -> None:
    assert "bottleneck" not in kinds(Course(**options).run(5, lambda _: line([(1.0, 0.0)] * 2)))


def test_an_iteration_ends() -> None:
    found = Course().run(
        5,
        lambda _: [
            V(id="source", shares=HELD),
            V(id="head", inputs=("source", "tail"), shares=[(1.0, 0.0)] * 2),
            V(id="tail", inputs=("head",), shares=[(0.93, 0.0)] * 2),
        ],
    )
    assert "head" in [one.culprit.vertex for one in found]


# -- skew --------------------------------------------------------------------------------------------------


def uneven(
    busy: Sequence[float], rates: Sequence[int], where: Sequence[str] = ()
) -> Callable[[int], list[V]]:
    """A vertex whose subtasks are so busy and take in so many records a second."""

    def seen(number: int) -> list[V]:
        records: list[tuple[int | None, int | None]] = [(1000 + rate * 10 * number, 0) for rate in rates]
        return line([(each, 0.0) for each in busy], records=records, where=where)

    return seen


@pytest.mark.parametrize(
    ("busy", "kind"),
    [
        ((1.0, 0.59, 0.59, 0.9), "skew"),  # the lower middle one is below 60 %
        ((1.0, 0.6, 0.6, 0.9), "bottleneck"),
        ((1.0, 0.1), "skew"),
        ((1.0,), "bottleneck"),
    ],
)
def test_skew_by_the_lower_median(busy: Sequence[float], kind: str) -> None:
    assert kinds(Course().run(5, lambda _: line([(each, 0.0) for each in busy]))) == [kind]


def test_skew_by_input() -> None:
    found = Course().run(5, uneven((1.0, 0.2, 0.2, 0.2), (121, 100, 100, 100)))
    assert kinds(found) == ["skew"]
    assert found[0].culprit.subtasks == (0,)
    assert found[0].severity is Severity.WARNING
    assert "takes in 1.2 times the median" in found[0].words
    assert "keys" in found[0].next


def test_skew_by_what_its_records_cost() -> None:
    found = Course().run(5, uneven((1.0, 0.2, 0.2, 0.2), (119, 100, 100, 100)))
    assert "its records cost more" in found[0].words
    assert found[0].culprit.taskmanager is None


def test_some_more_input_is_no_cause_where_records_cost_far_more() -> None:
    found = Course().run(5, uneven((1.0, 0.02, 0.02, 0.02), (130, 100, 100, 100)))
    assert "it takes in only 1.3 times the median: its records cost more" in found[0].words
    assert "flame graph" in found[0].next
    found = Course().run(5, uneven((1.0, 0.02, 0.02, 0.02), (1300, 100, 100, 100)))
    assert "it takes in 13 times the median" in found[0].words


def test_skew_by_taskmanager() -> None:
    busy, same = (1.0, 0.95, 0.2, 0.2, 0.2), (125, 100, 100, 100, 100)
    found = Course().run(5, uneven(busy, same, ("slow", "slow", "b", "b", "c")))
    assert found[0].culprit.taskmanager == "slow"
    assert found[0].culprit.subtasks == (0, 1)
    assert "TaskManager slow" in found[0].next
    found = Course().run(5, uneven(busy, same, ("slow", "slow", "slow", "b", "c")))
    assert found[0].culprit.taskmanager is None  # a subtask there is as fast as elsewhere
    found = Course().run(5, uneven(busy, (900, 900, 100, 100, 100), ("slow", "slow", "b", "b", "c")))
    assert "9.0 times the median" in found[0].words  # that alone is enough


def test_skew_of_which_nothing_is_known_yet() -> None:
    found = Course().run(5, lambda _: line([(1.0, 0.0), (0.1, 0.0)]))
    assert "why is not known yet" in found[0].words


@pytest.mark.parametrize(
    ("busy", "hot", "expected"),
    [(0.51, 301, ["skew"]), (0.50, 301, []), (0.51, 300, [])],
)
def test_uneven_input_is_worth_a_word(busy: float, hot: int, expected: list[str]) -> None:
    def seen(number: int) -> list[V]:
        records: list[tuple[int | None, int | None]] = [(rate * 10 * number, 0) for rate in (hot, 100, 100)]
        return line([(busy, 0.0), (0.1, 0.0), (0.1, 0.0)], IDLE, records=records)

    found = Course().run(6, seen)
    assert kinds(found) == expected
    assert all(one.severity is Severity.INFO and one.culprit.subtasks == (0,) for one in found)


def test_source_subtasks_that_never_sent_a_record_do_not_count() -> None:
    def seen(sent: Sequence[int]) -> Callable[[int], list[V]]:
        return lambda number: [
            V(
                id="source",
                shares=[(0.6, 0.0)] * len(sent),
                records=[(0, rate * 10 * number) for rate in sent],
            ),
            V(id="sink", inputs=("source",), shares=IDLE),
        ]

    assert kinds(Course().run(6, seen((100, 0, 0, 0)))) == []
    assert kinds(Course().run(6, seen((400, 100, 100, 0)))) == ["skew"]


def test_uneven_input_is_seen_in_one_look_and_explains_nothing() -> None:
    def seen(number: int) -> list[V]:
        records: list[tuple[int | None, int | None]] = [(rate * 10 * number, 0) for rate in (900, 100)]
        return line([(0.6, 0.0), (0.1, 0.0)], IDLE, records=records)

    found = Course(one_look=True).run(3, seen)
    assert kinds(found) == ["skew"]
    overdue = Finding(kind=Kind.CHECKPOINT_OVERDUE, severity=Severity.CRITICAL, words="checkpoint-overdue: …")
    assert kinds(ordered([*found, overdue])) == ["checkpoint-overdue", "skew"]


def test_what_becomes_known_of_a_culprit_does_not_begin_anew() -> None:
    known = uneven((1.0, 1.0, 0.2, 0.2), (100,) * 4, ("slow", "slow", "b", "b"))

    def seen(number: int) -> list[V]:
        return known(number) if number > 1 else [replace(one, records=None) for one in known(number)]

    found = Course().run(4, seen)
    assert kinds(found) == ["skew"]
    assert found[0].culprit.taskmanager == "slow"


# -- stalled -----------------------------------------------------------------------------------------------


def hanging(moves: int = 0, *, spent: bool = True) -> Callable[[int], list[V]]:
    def seen(number: int) -> list[V]:
        return line(
            [(1.0, 0.0), (0.1, 0.0)],
            records=[(5000 + moves * number, 5000), (7000, 7000)],
            spent=(10_000.0 * number if spent else 5.0, 100.0 * number),
            where=("tm-7", "tm-1"),
        )

    return seen


def test_a_busy_subtask_that_takes_in_nothing_hangs() -> None:
    course = Course()
    found = course.run(4, hanging())
    assert kinds(found) == ["stalled"]
    assert found[0].severity is Severity.WARNING
    assert found[0].culprit.subtasks == (0,)
    assert found[0].culprit.taskmanager == "tm-7"
    assert "thread dump" in found[0].next
    assert course.run(4, hanging())[0].severity is Severity.CRITICAL


def test_it_does_not_hang_while_a_record_passes() -> None:
    assert kinds(Course().run(6, hanging(moves=1))) == ["skew"]


def test_it_does_not_hang_where_flinks_figures_do_not_move_at_all() -> None:
    assert kinds(Course().run(6, hanging(spent=False))) == ["skew"]


def test_a_job_without_totals_is_not_stalled() -> None:
    for total in (None, 0):
        vertices = line([(1.0, 0.0)] * 2, records=[(total, total)] * 2)
        assert kinds(Course().run(6, still(vertices))) == ["bottleneck"]


def test_hanging_is_seen_in_one_look() -> None:
    assert kinds(Course(one_look=True).run(3, hanging())) == ["stalled"]


def test_stalled_takes_the_place_of_the_bottleneck() -> None:
    course = Course()
    assert kinds(course.run(5, hanging(moves=100))) == ["skew"]
    vertices = line([(1.0, 0.0), (0.1, 0.0)], records=[(1000, 1000)] * 2)
    assert kinds(course.run(6, still(vertices))) == ["stalled"]


# -- the next step -----------------------------------------------------------------------------------------


def test_how_far_to_scale() -> None:
    def seen(number: int) -> list[V]:
        return line([(1.0, 0.0)] * 2, [(0.2, 0.5)] * 2, records=[(1000 * number, 0)] * 2, max_parallelism=16)

    only = Course().run(5, seen)[0]
    # Twice as much at 80 % busy: 2 x 2 / 0.8.
    assert "from 2 to about 5 for 80 % busy" in only.next
    assert "reads 100 records/s" in only.next
    assert "needs 3 more slots, 4 are free" in only.next


def test_where_sources_wait_all_the_time_no_figure_is_given() -> None:
    only = Course().run(5, lambda _: line([(1.0, 0.0)] * 2, [(0.0, 0.99)] * 2))[0]
    assert "from 2 to 4 and look again" in only.next
    assert "can't be told" in only.next


def test_scaling_ends_at_the_maximal_parallelism() -> None:
    middle: Shares = [(1.0, 0.0)] * 2
    found = Course().run(5, lambda _: line(middle, [(0.2, 0.5)] * 2, max_parallelism=4))
    assert "from 2 to its maximum of 4, though 5 would be needed" in found[0].next
    assert "maximal parallelism is 2" in Course().run(5, lambda _: line(middle, max_parallelism=2))[0].next


# -- asks --------------------------------------------------------------------------------------------------


def asked(course: Course, endpoint: Any) -> list[str]:
    return [dict(one.query.ids)["vertex"] for one in course.asked if one.query.endpoint is endpoint]


def test_what_is_known_is_asked_for_less_often() -> None:
    def every(course: Course) -> dict[Any, float]:
        return {
            one.query.endpoint: one.every
            for one in course.asked
            if dict(one.query.ids).get("vertex") == "join"
        }

    def seen(number: int, rate: int) -> list[V]:
        records: list[tuple[int | None, int | None]] = [(rate * number, 0)] * 2
        return line([(1.0, 0.0)] * 2, records=records, records_in=2 * rate * number)

    course = Course()
    course.run(2, lambda number: seen(number, 100))
    assert every(course)[VERTEX] == 10.0
    course.run(4, lambda number: seen(number, 100))
    assert every(course)[VERTEX] == 30.0
    assert every(course)[VERTEX_BACKPRESSURE] == 30.0
    course.run(2, lambda _: seen(5, 100))
    assert every(course)[VERTEX] == 10.0  # no record comes in any more


def chain(*held_up: float) -> list[V]:
    """Vertices in a line, with their backpressured time so far."""
    return [
        V(id=f"v{place}", inputs=(f"v{place - 1}",) if place else (), held_up=spent)
        for place, spent in enumerate(held_up)
    ]


def test_what_grows_and_what_is_below_it_is_asked_closely() -> None:
    course = Course()
    course.run(3, lambda number: chain(9000.0 * number, 2100.0 * number, 1900.0 * number, 0.0))
    assert sorted(asked(course, VERTEX_BACKPRESSURE)) == ["v0", "v1", "v2"]


def test_a_job_that_is_not_held_up_is_not_asked_closely() -> None:
    course = Course()
    course.run(3, lambda number: chain(1900.0 * number, 0.0))
    assert asked(course, VERTEX_BACKPRESSURE) == []
    course.run(1, lambda _: chain(0.0, 0.0))  # fell: restarted
    assert asked(course, VERTEX_BACKPRESSURE) == []


def test_without_totals_the_sources_are_asked_first() -> None:
    course = Course(release=(1, 14, 6))
    course.see([replace(one, shares=None) for one in line(IDLE)])
    assert asked(course, VERTEX_BACKPRESSURE) == ["source"]
    course.see([one if one.id == "source" else replace(one, shares=None) for one in line(IDLE)])
    assert sorted(asked(course, VERTEX_BACKPRESSURE)) == ["join", "source"]
    course.see([one if one.id != "sink" else replace(one, shares=None) for one in line(HELD)])
    assert sorted(asked(course, VERTEX_BACKPRESSURE)) == ["join", "sink", "source"]
    course.see(
        [one if one.id == "source" else replace(one, shares=None) for one in line(IDLE, [(0.5, 0.2)] * 2)]
    )
    assert asked(course, VERTEX_BACKPRESSURE) == ["source"]


def test_the_subtasks_of_the_bottleneck_are_asked() -> None:
    course = Course()
    course.see(line([(1.0, 0.0)] * 2))
    assert asked(course, VERTEX) == ["join"]


# -- what could not be read --------------------------------------------------------------------------------


def test_figures_that_the_release_has_and_that_are_missing() -> None:
    whole = [V(id="a", held_up=0.0), V(id="b", inputs=("a",), held_up=0.0)]
    assert flow.missing(look(whole)) is None
    assert flow.missing(look([replace(one, held_up=None) for one in whole])) is not None
    assert flow.missing(look([replace(one, held_up=None) for one in whole], release=(1, 14, 6))) is None
    assert flow.missing(look([replace(one, records_in=None) for one in whole], release=(1, 9, 3))) is not None
    assert flow.missing(look([replace(one, records_in=None, states=("DEPLOYING",)) for one in whole])) is None


# -- hostile -----------------------------------------------------------------------------------------------


def test_odd_answers_raise_nothing() -> None:
    long = "x" * 10_000
    odd = [
        V(id="source", name=long, shares=[]),
        V(id="b", inputs=("source", "source", "gone", "b"), shares=HELD, records=[]),
        V(id="c", inputs=("b",), name=long, shares=[(1.0, 0.0)] * 3, records=[(1, 1)], parallelism=-1),
        V(id="c", inputs=("b",), shares=[(1.0, 0.0)], states=("", "X"), parallelism=2),
    ]
    for release in ((1, 9, 3), (1, 14, 6), (2, 3, 0), None):
        course = Course(release=release)
        found = course.run(5, lambda _: odd)
        assert all(len(one.words) < 1000 for one in found)
    assert kinds(Course().run(3, lambda _: [])) == []


@pytest.mark.parametrize("restarts", [True, False])
def test_another_attempt_is_known_by_the_subtasks_too(*, restarts: bool) -> None:
    def seen(number: int) -> list[V]:
        attempts = (0, number // 2 if restarts else 0)
        records: list[tuple[int | None, int | None]] = [(1000 * number, 0)] * 2
        return line([(1.0, 0.0)] * 2, attempts=attempts, records=records, tells_attempts=False)

    assert kinds(Course().run(9, seen)) == ([] if restarts else ["bottleneck"])
