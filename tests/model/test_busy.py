"""How vertices spend their time, from the accumulated times of a job's answers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.flink.jobs import Job, JobVertex
from flinktop.flink.vertices import IoMetrics
from flinktop.model.busy import Load, Sample, Spent, add_sample, hottest, loads, sample, tone


def spent(idle: float, backpressured: float, busy: float | None, subtasks: int = 2) -> Spent:
    return Spent(subtasks, idle, backpressured, busy)


def two(before: Spent, after: Spent, seconds: float = 10.0) -> dict[str, Load]:
    return loads([Sample(0.0, {"v": before}), Sample(seconds, {"v": after})])


def approximately(load: Load) -> tuple[object, ...]:
    return (
        None if load.busy is None else pytest.approx(load.busy),
        pytest.approx(load.backpressured),
        pytest.approx(load.idle),
    )


def test_each_kind_of_time_is_its_share_of_elapsed_time() -> None:
    # 2 subtasks, 10 s: 20,000 ms to spend.
    load = two(spent(1000, 0, 500), spent(6000, 5000, 10_500))["v"]
    assert approximately(Load(500.0, 250.0, 250.0)) == (load.busy, load.backpressured, load.idle)


def test_the_seconds_are_those_between_two_fetches_and_not_between_two_answers() -> None:
    # The answers came 3 s apart, the fetches they tell of 10 s.
    load = two(spent(0, 0, 0), spent(5000, 5000, 10_000), seconds=3.0)["v"]
    assert (load.busy, load.backpressured, load.idle) == (500.0, 250.0, 250.0)


def test_a_legacy_source_takes_the_seconds_of_the_others_and_has_no_busy_time() -> None:
    first = Sample(0.0, {"source": spent(0, 0, None), "sink": spent(0, 0, 0)})
    last = Sample(3.0, {"source": spent(0, 20_000, None), "sink": spent(2000, 0, 18_000)})
    found = loads([first, last])
    assert found["source"] == Load(None, 1000.0, 0.0)
    assert found["sink"] == Load(900.0, 0.0, 100.0)


def test_a_job_of_legacy_sources_only_uses_the_answers_times() -> None:
    assert two(spent(0, 0, None), spent(0, 10_000, None))["v"] == Load(None, 500.0, 0.0)


def test_nothing_is_more_than_all_of_the_time() -> None:
    load = two(spent(0, 0, None), spent(0, 50_000, None))["v"]
    assert load == Load(None, 1000.0, 0.0)


def test_a_busy_time_that_falls_does_not_count_below_nothing() -> None:
    # Flink's own busy time is what its clock leaves, and falls when idle time is booked late.
    load = two(spent(0, 0, 10_000), spent(12_000, 0, 9000))["v"]
    assert (load.busy, load.idle) == (0.0, 1000.0)


@pytest.mark.parametrize(
    "after",
    [spent(0, 5, 5), spent(5, 0, 5), spent(30, 30, 30, subtasks=3)],
    ids=["idle fell", "backpressure fell", "rescaled"],
)
def test_another_run_of_a_vertex_is_not_compared(after: Spent) -> None:
    assert two(spent(10, 10, 10), after) == {}


def test_one_sample_or_two_equal_ones_give_no_load() -> None:
    one = Sample(0.0, {"v": spent(1, 2, 3)})
    assert loads([]) == loads([one]) == {}
    assert loads([one, Sample(10.0, one.spent)]) == {}


def test_answers_that_repeat_are_no_samples() -> None:
    samples = add_sample((), Sample(0.0, {"v": spent(0, 0, 0)}))
    assert add_sample(samples, Sample(3.0, {"v": spent(0, 0, 0)})) == samples
    assert len(add_sample(samples, Sample(10.0, {"v": spent(1, 0, 0)}))) == 2


def test_a_restart_begins_anew() -> None:
    samples = add_sample((Sample(0.0, {"v": spent(9, 9, 9)}),), Sample(10.0, {"v": spent(0, 0, 1)}))
    assert [one.at for one in samples] == [10.0]


def test_so_does_a_long_silence() -> None:
    samples = add_sample((Sample(0.0, {"v": spent(9, 9, 9)}),), Sample(4000.0, {"v": spent(10, 10, 10)}))
    assert [one.at for one in samples] == [4000.0]


def test_the_mean_is_over_a_minute() -> None:
    samples: tuple[Sample, ...] = ()
    for number in range(30):
        samples = add_sample(samples, Sample(number * 10.0, {"v": spent(number, 0, 0)}))
    assert samples[0].at == pytest.approx(samples[-1].at - 60.0)


def test_two_samples_far_apart_are_both_kept() -> None:
    samples = add_sample((Sample(0.0, {"v": spent(0, 0, 0)}),), Sample(200.0, {"v": spent(1, 0, 0)}))
    assert len(samples) == 2


def vertex(name: str, status: str = "RUNNING", busy: float | None = 3.0, **times: float) -> JobVertex:
    metrics = IoMetrics(
        accumulated_idle_time=times.get("idle"),
        accumulated_backpressured_time=times.get("backpressured"),
        accumulated_busy_time=busy,
    )
    return JobVertex(id=name, status=status, parallelism=2, metrics=metrics)


def test_running_vertices_are_sampled() -> None:
    job = Job(
        vertices=(
            vertex("a", idle=1.0, backpressured=2.0),
            vertex("legacy", busy=math.nan, idle=1.0, backpressured=2.0),
            vertex("ended", "FINISHED", idle=1.0, backpressured=2.0),
        )
    )
    told = sample(job, 5.0)
    assert told is not None
    assert told.spent == {"a": spent(1.0, 2.0, 3.0), "legacy": spent(1.0, 2.0, None)}


def test_a_release_without_these_times_has_no_sample() -> None:
    assert sample(Job(vertices=(vertex("a", busy=None),)), 5.0) is None


TIMES = st.tuples(*[st.floats(0, 1e9)] * 3)


@given(TIMES, TIMES, st.integers(1, 500), st.floats(0.1, 600))
def test_shares_are_always_within_bounds(
    before: tuple[float, ...], more: tuple[float, ...], subtasks: int, seconds: float
) -> None:
    after = [one + other for one, other in zip(before, more, strict=True)]
    for load in two(Spent(subtasks, *before), Spent(subtasks, *after), seconds).values():
        parts = (load.busy or 0.0, load.backpressured, load.idle)
        assert all(-1e-6 <= part <= 1000 + 1e-6 for part in parts)
        assert sum(parts) == pytest.approx(1000.0)


def test_the_hottest_is_of_those_that_are_known() -> None:
    assert hottest([None, 3.0, 7.0, None]) == 7.0
    assert hottest([None]) is None


@pytest.mark.parametrize(
    ("value", "style"),
    [(0.0, ""), (499.0, ""), (500.0, "warn"), (899.0, "warn"), (900.0, "bad"), (1400.0, "bad")],
)
def test_the_style_of_how_busy_something_is(value: float, style: str) -> None:
    assert tone(value) == style
