"""Records per second from stepwise counters, and the ids that a vertex is asked for."""

from __future__ import annotations

import math
import random
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.flink.decode import decode
from flinktop.flink.jobs import Job, JobVertex, Plan, PlanInput, PlanNode
from flinktop.flink.metrics import Aggregated, AggregatedMetric
from flinktop.flink.vertices import IoMetrics
from flinktop.model import rates
from tests.fixture_cluster import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

RELEASES = ("1.9.3", "1.14.6", "1.20.5", "2.3.0")
STEP = 10.0
"""Seconds between two fetches of metrics by the server, at the least."""


class FetchedWhenAsked:
    """A counter as a JobManager tells it that nobody else asks.

    A request has the metrics fetched if the last fetch is ten seconds old, and gets the old ones.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._fetched = -math.inf
        self._counter = 0

    def __call__(self, at: float) -> int:
        counter = self._counter
        if at - self._fetched >= STEP:
            self._fetched, self._counter = at, int(self._rate * at)
        return counter


def fetched_for_others(rate: float, phase: float) -> Callable[[float], int]:
    """A counter that somebody else's requests have fetched every ten seconds."""
    return lambda at: int(rate * ((at - phase) // STEP * STEP + phase))


def test_that_a_counter_of_a_new_attempt_appears_is_a_move() -> None:
    """Else the first rate would come with the third fetch, and a restart loop would have none."""
    known = rates.add_frequent_reading(None, 9.0, 11.0, 6000)
    for at, counter in ((14.0, 6000), (17.0, 6000), (20.0, 12_000)):
        known = rates.add_frequent_reading(known, None, at, counter)
    assert rates.mean_rate(known) == pytest.approx(600, rel=0.3)
    # One that falls is that of another attempt, and begins there.
    for at, counter in ((23.0, 3000), (26.0, 3000), (29.0, 3000), (32.0, 9000)):
        known = rates.add_frequent_reading(known, None, at, counter)
    assert rates.mean_rate(known) == pytest.approx(600, rel=0.3)
    # Nobody knows when one appeared that was not looked for.
    late = rates.add_frequent_reading(None, None, 11.0, 6000)
    assert rates.mean_rate(rates.add_frequent_reading(late, None, 20.0, 12_000)) is None


def means(read: Callable[[float], int], every: float, chance: random.Random) -> Iterator[float]:
    """Every mean over a full window, with readings that come a tenth too early or too late."""
    counted, at = None, 1000.0
    while at < 1600.0:
        counted = rates.add_reading(counted, at, read(at))
        mean = rates.mean_rate(counted)
        if mean is not None and at > 1000.0 + rates.WINDOW + 3 * every:
            yield mean
        at += every * chance.uniform(0.9, 1.1)


@pytest.mark.parametrize("every", [3.0, 10.0, 17.0])
@pytest.mark.parametrize("rate", [7.0, 333.0, 81_000.0])
@pytest.mark.parametrize("seed", range(10))
def test_the_mean_is_true_to_a_tenth(every: float, rate: float, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- chance that can be repeated
    found = list(means(FetchedWhenAsked(rate), every, chance))
    assert len(found) > 15
    assert all(abs(mean - rate) <= 0.1 * rate for mean in found)


@pytest.mark.parametrize("seed", range(10))
def test_the_mean_is_true_to_a_tenth_when_others_have_metrics_fetched(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- chance that can be repeated
    counter = fetched_for_others(333.0, chance.uniform(0, STEP))
    assert all(abs(mean - 333.0) <= 33.3 for mean in means(counter, 3.0, chance))


@pytest.mark.parametrize("every", [10.0, 17.0])
@pytest.mark.parametrize("seed", range(10))
def test_rare_readings_err_by_at_most_one_step(every: float, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- chance that can be repeated
    counter = fetched_for_others(333.0, chance.uniform(0, STEP))
    assert all(
        abs(mean / 333.0 - 1) <= STEP / (rates.WINDOW - STEP / 2) for mean in means(counter, every, chance)
    )


def feed(samples: Iterable[tuple[float, int]]) -> rates.Counted:
    counted = None
    for at, counter in samples:
        counted = rates.add_reading(counted, at, counter)
    assert counted is not None
    return counted


def test_nothing_is_known_before_a_counter_has_moved_twice() -> None:
    assert rates.mean_rate(feed([(0, 500)])) is None
    assert rates.mean_rate(feed([(0, 500), (10, 600)])) is None
    assert rates.mean_rate(feed([(0, 500), (10, 600), (20, 700)])) == 10.0


def test_an_unchanged_counter_between_two_steps_is_no_zero_rate() -> None:
    moving = [(0, 0), (10, 100), (20, 200), (30, 300)]
    read_often = [(0, 0), (3, 0), (10, 100), (13, 100), (19, 100), (20, 200), (26, 200), (30, 300)]
    assert rates.mean_rate(feed(moving)) == 10.0
    assert rates.mean_rate(feed(read_often)) == pytest.approx(10.0, rel=0.1)


def test_a_change_of_pace_does_not_distort_the_mean() -> None:
    # A screen opens and reads every 3 s what was read every 10 s before.
    paces = [*range(0, 60, 10), *range(60, 75, 3)]
    counter = fetched_for_others(500.0, 7.0)
    mean = rates.mean_rate(feed((float(at), counter(at)) for at in paces))
    assert mean == pytest.approx(500.0, rel=0.1)


def test_an_unchanged_counter_reaches_a_rate_of_zero() -> None:
    flowing = [(float(at), at * 5) for at in range(0, 100, 10)]
    standing = [(float(at), 450) for at in range(100, 260, 10)]
    assert rates.mean_rate(feed(flowing)) == 5.0
    assert rates.mean_rate(feed([*flowing, *standing[:5]])) == 5.0
    assert rates.mean_rate(feed([*flowing, *standing[:6]])) == 0.0
    assert rates.mean_rate(feed([*flowing, *standing])) == 0.0


def test_a_counter_that_never_moved_is_nothing_after_a_while() -> None:
    assert rates.mean_rate(feed([(float(at), 0) for at in range(0, 50, 10)])) is None
    assert rates.mean_rate(feed([(float(at), 0) for at in range(0, 140, 10)])) == 0.0


def test_a_restarted_job_is_counted_anew() -> None:
    before = [(float(at), 1_000_000 + at * 100) for at in range(0, 100, 10)]
    after = [(float(at), (at - 100) * 7) for at in range(100, 190, 10)]
    assert rates.mean_rate(feed([*before, *after[:1]])) is None
    assert rates.mean_rate(feed([*before, *after])) == 7.0


def test_a_long_silence_begins_anew() -> None:
    early = [(0.0, 0), (10.0, 100), (20.0, 200)]
    late = [(1000.0, 90_000), (1010.0, 90_100), (1020.0, 90_200)]
    assert rates.mean_rate(feed([*early, *late])) == 10.0


def test_a_changed_rate_is_the_whole_truth_after_one_window() -> None:
    slow = [(float(at), at * 10) for at in range(0, 200, 10)]
    fast = [(float(at), 1900 + (at - 190) * 90) for at in range(200, 280, 10)]
    assert rates.mean_rate(feed([*slow, *fast])) == 90.0


@given(st.lists(st.tuples(st.floats(0.1, 300), st.integers(0, 10**12)), min_size=1, max_size=60))
def test_no_readings_make_a_rate_below_nothing_or_keep_more_than_a_window(
    readings: list[tuple[float, int]],
) -> None:
    counted, at = None, 0.0
    for pause, counter in readings:
        at += pause
        counted = rates.add_reading(counted, at, counter)
        mean = rates.mean_rate(counted)
        assert mean is None or mean >= 0
        assert counted.last == counter
        assert len([moment for moment, _ in counted.moves[:-1] if moment <= at - rates.WINDOW]) <= 1


# -- the ends of a job -------------------------------------------------------------------------------


def vertex(name: str, *, sent: int = 0, taken: int = 0, complete: bool = True) -> JobVertex:
    counters = IoMetrics(
        write_records=sent,
        write_records_complete=complete,
        read_records=taken,
        read_records_complete=complete,
    )
    return JobVertex(id=name, name=name, metrics=counters)


def job(*vertices: JobVertex, edges: tuple[tuple[str, str], ...] = ()) -> Job:
    nodes = tuple(
        PlanNode(
            id=one.id, inputs=tuple(PlanInput(id=source) for source, target in edges if target == one.id)
        )
        for one in vertices
    )
    return Job(jid="j", vertices=vertices, plan=Plan(nodes=nodes))


def test_ends_of_a_diamond() -> None:
    four = job(*map(vertex, "abcd"), edges=(("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")))
    assert rates.ends(four) == rates.Ends(("a",), ("d",))
    assert rates.ends(four).chained == ()


def test_totals_are_sums_over_the_ends() -> None:
    two_sources = job(
        vertex("a", sent=10),
        vertex("b", sent=20),
        vertex("c", sent=7, taken=30),
        vertex("d", taken=5),
        vertex("e", taken=2),
        edges=(("a", "c"), ("b", "c"), ("c", "d"), ("c", "e")),
    )
    assert rates.totals(two_sources) == rates.Totals(30, 7)


def test_totals_are_unknown_while_a_counter_is() -> None:
    starting = job(vertex("a", sent=10, complete=False), vertex("b", taken=5), edges=(("a", "b"),))
    assert rates.totals(starting) == rates.Totals(None, 5)


def test_a_job_in_one_vertex_has_no_totals() -> None:
    one = job(vertex("a"))
    assert rates.ends(one).chained == ("a",)
    assert rates.totals(one) == rates.Totals(None, None)


def test_a_job_without_vertices_has_no_totals() -> None:
    assert rates.totals(job()) == rates.Totals(None, None)


def recorded_jobs(release: str) -> Iterator[tuple[Job, dict[str, tuple[str, ...]]]]:
    """Every recorded job, with the ids of metrics that its vertices have."""
    answers = recorded(release)
    for path, found in answers.items():
        status, body = found.get((), (0, b""))
        if re.fullmatch(r"jobs/[0-9a-f]{32}", path) and status == 200:
            one = decode(body, Job).value
            ids = {}
            for part in one.vertices:
                listing = answers.get(f"{path}/vertices/{part.id}/subtasks/metrics", {}).get(())
                if listing is not None and listing[0] == 200:
                    ids[part.id] = tuple(metric.id for metric in decode(listing[1], Aggregated).value)
            yield one, ids


@pytest.mark.parametrize("release", RELEASES)
def test_recorded_jobs_have_ends_and_totals(release: str) -> None:
    jobs = [one for one, _ in recorded_jobs(release)]
    assert len(jobs) >= 6
    for one in jobs:
        ends = rates.ends(one)
        assert ends.sources[0] == one.vertices[0].id
        assert ends.sinks[-1] == one.vertices[-1].id
    told = [rates.totals(one) for one in jobs]
    assert any((total.sent or 0) >= (total.taken or 0) > 100 for total in told)


# -- ids of metrics ----------------------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
def test_requested_ids_exist_in_recorded_vertices(release: str) -> None:
    vertices = [
        (rates.ends(job).sources, vertex, ids)
        for job, by_vertex in recorded_jobs(release)
        for vertex, ids in by_vertex.items()
    ]
    assert vertices
    for sources, vertex, ids in vertices:
        times = () if release == "1.9.3" else rates.TIME_IDS
        watermark = () if vertex in sources else (rates.WATERMARK_ID,)
        assert rates.ids_to_request(ids) == (*rates.RATE_IDS, *times, *watermark)


def test_ids_are_requested_in_the_wanted_order_and_once() -> None:
    assert rates.ids_to_request(["b", "a", "a"], ["a", "b", "c"]) == ("a", "b")
    assert rates.ids_to_request([]) == ()


@pytest.mark.parametrize("release", RELEASES)
def test_first_and_last_operator_of_recorded_vertices_are_found(release: str) -> None:
    chains = 0
    for one, by_vertex in recorded_jobs(release):
        for part in one.vertices:
            if part.id in by_vertex:
                operators = [re.sub("[ .:,]", "_", name) for name in part.name.split(" -> ")]
                found = rates.chained_ids(part, by_vertex[part.id])
                assert found == rates.ChainIds(
                    f"{operators[0]}.numRecordsOutPerSecond", (f"{operators[-1]}.numRecordsInPerSecond",)
                )
                chains += len(operators) > 1
    assert chains


def metric_ids(*operators: str) -> tuple[str, ...]:
    names = [re.sub("[ .:,]", "_", name)[:80] for name in operators]
    rated = [f"{name}.{metric}" for name in names for metric in rates.RATE_IDS]
    return (*rates.RATE_IDS, *rated, "currentInputWatermark")


LONG = "Source: " + "long " * 30
ANOTHER = "Sink: " + "another, " * 20


@pytest.mark.parametrize(
    ("name", "operators", "first", "last"),
    [
        ("a", ("a",), "a", ["a"]),
        ("data -> a", ("data", "a"), "data", ["a"]),
        ("map -> map two", ("map", "map two"), "map", ["map two"]),
        ("Source: x -> f(a, b)", ("Source: x", "f(a, b)"), "Source: x", ["f(a, b)"]),
        ("x -> (Sink: a, Sink: b)", ("x", "Sink: a", "Sink: b"), "x", ["Sink: a", "Sink: b"]),
        ("x -> (Sink: a, m -> Sink: b)", ("x", "Sink: a", "m", "Sink: b"), "x", ["Sink: a", "Sink: b"]),
        ("x -> s: Writer", ("x", "s: Writer"), "x", ["s: Writer"]),
        ("x -> s: Writer -> s: Committer", ("x", "s: Writer", "s: Committer"), "x", ["s: Writer"]),
        (
            "x -> (s: Writer -> s: Committer, t: Writer -> t: Committer)",
            ("x", "s: Writer", "s: Committer", "t: Writer", "t: Committer"),
            "x",
            ["s: Writer", "t: Writer"],
        ),
        ("[vertex-0]x -> y", ("x", "y"), "x", ["y"]),
        (f"{LONG} -> {ANOTHER}", (LONG, ANOTHER), LONG, [ANOTHER]),
    ],
)
def test_ids_of_a_job_in_one_vertex(
    name: str, operators: tuple[str, ...], first: str, last: list[str]
) -> None:
    found = rates.chained_ids(vertex(name), metric_ids(*operators))
    assert found is not None
    assert found.sent == metric_ids(first)[3]
    assert sorted(found.taken) == sorted(metric_ids(one)[2] for one in last)
    assert rates.chained_ids(vertex(name), found.all) == found


@pytest.mark.parametrize("known", [(), rates.RATE_IDS, metric_ids("other"), ("x.numRecordsOutPerSecond",)])
def test_a_vertex_without_metrics_of_its_operators_has_no_ids(known: tuple[str, ...]) -> None:
    assert rates.chained_ids(vertex("x -> y"), known) is None


def test_the_first_operators_are_requested_once() -> None:
    found = rates.chained_ids(vertex("x"), metric_ids("x"))
    assert found is not None
    assert found.all == ("x.numRecordsOutPerSecond", "x.numRecordsInPerSecond")


def test_of_operators_that_stand_in_no_chain_none_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    pattern = rates._in_chain

    def counted(name: str) -> str:
        looked.append(name)
        return pattern(name)

    monkeypatch.setattr(rates, "_in_chain", counted)
    known = [f"{number}.numRecords{way}PerSecond" for number in range(2000) for way in ("In", "Out")]
    assert rates.chained_ids(vertex("x -> y"), known) is None
    assert looked == []
    rates.chained_ids(vertex(" -> ".join(map(str, range(2000)))), known)
    assert 0 < len(looked) < 1500


@pytest.mark.deep
@given(st.text(), st.lists(st.text()))
def test_no_name_breaks_the_search(name: str, known: list[str]) -> None:
    ids = (*known, *metric_ids(*known), *metric_ids(*name.split(" -> ")))
    found = rates.chained_ids(vertex(name), ids)
    assert found is None or set(found.all) <= set(ids)


def test_metrics_by_id() -> None:
    one, other = AggregatedMetric("a", sum=1.0), AggregatedMetric("b", sum=2.0)
    assert rates.by_id((one, other)) == {"a": one, "b": other}


def test_a_legacy_source_measures_neither_busy_nor_idle_time() -> None:
    busy, pressed, idle = rates.TIME_IDS
    told = [
        AggregatedMetric(busy, min=math.nan, max=math.nan, avg=math.nan),
        AggregatedMetric(pressed, min=0.0, max=7.0, avg=3.0),
        AggregatedMetric(idle, min=0.0, max=0.0, avg=0.0),
    ]
    assert set(rates.by_id(told)) == {busy, pressed}
    measured = [AggregatedMetric(busy, min=0.0, max=4.0, avg=2.0), told[2]]
    assert set(rates.by_id(measured)) == {busy, idle}
    # Before 1.13 there is idle time alone.
    assert set(rates.by_id(told[2:])) == {idle}
