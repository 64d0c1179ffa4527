"""What the poller asks, how often, and what it does when the cluster does not answer."""

from __future__ import annotations

import asyncio
import itertools
import logging
from typing import Any

import pytest

from flinktop.engine.link import WATCHED
from flinktop.engine.poller import ARCHIVE_SECONDS, BACKGROUND_A_MINUTE, BACKGROUND_SHARE, LANES, MOST_MISSING
from flinktop.engine.store import KEEP_SECONDS
from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.endpoint import Query
from flinktop.flink.error_text import NO_ENDPOINT
from flinktop.flink.errors import FlinkError, NotFound, Rejected, TimedOut, Unreachable
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.flink.metrics import JOB_METRICS
from tests.engine.scripted import Cluster, polling
from tests.manual_clock import ManualClock, settle

REFUSED = Unreachable("GET", "http://h/overview", "connection refused")


async def test_only_watched_queries_are_sent() -> None:
    async with polling() as bench:
        await bench.clock.advance(60)
        assert bench.cluster.asked == []
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(1)
        assert {target for _, target in bench.cluster.asked} == {"overview"}


async def test_a_visible_query_is_polled_at_the_clusters_refresh_interval() -> None:
    async with polling() as bench:
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(10)
        assert bench.cluster.times("overview") == [0, 3, 6, 9]


async def test_another_interval_holds_from_the_next_poll_on() -> None:
    async with polling() as bench:
        bench.poller.refresh = 5.0
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(11)
        assert bench.cluster.times("overview") == [0, 5, 10]


async def test_metrics_are_polled_no_faster_than_flink_fetches_them() -> None:
    async with polling() as bench:
        query = JOB_METRICS(job="a", get=("numRestarts",))
        bench.cluster.default = []
        bench.poller.watch(query)
        await bench.clock.advance(31)
        assert bench.cluster.times(query.target) == [0, 10, 20, 30]


async def test_two_requests_in_flight_at_the_most() -> None:
    async with polling() as bench:
        bench.cluster.gate = asyncio.Event()
        for number in range(20):
            bench.poller.watch(JOB(job=f"{number:032x}"))
        await settle()
        assert bench.cluster.in_flight == LANES
        bench.cluster.gate.set()
        await bench.clock.advance(1)
        assert bench.cluster.most_in_flight == LANES
        assert len(bench.cluster.asked) == 20


async def test_one_of_many_holds_one_connection_while_it_does_not_answer() -> None:
    async with polling() as bench:
        bench.poller.one_of_many = True
        for number in range(20):
            bench.poller.watch(JOB(job=f"{number:032x}"))
        bench.cluster.gate = asyncio.Event()
        await bench.clock.advance(30)
        assert bench.cluster.in_flight == 1
        bench.cluster.gate.set()
        await bench.clock.advance(1)
        bench.cluster.gate.clear()
        await bench.clock.advance(5)
        assert bench.cluster.in_flight == LANES
        bench.cluster.default = Unreachable("GET", "http://cluster.test", "refused")
        bench.cluster.gate.set()
        await bench.clock.advance(30)
        bench.cluster.gate.clear()
        await bench.clock.advance(30)
        assert bench.poller.link.error is not None
        assert bench.cluster.in_flight == 1


async def test_an_unwatched_query_is_not_cancelled_and_not_sent_again() -> None:
    async with polling() as bench:
        bench.cluster.gate = asyncio.Event()
        bench.poller.watch(OVERVIEW())
        await settle()
        bench.poller.unwatch(OVERVIEW())
        bench.cluster.gate.set()
        await bench.clock.advance(30)
        assert bench.cluster.cancelled == 0
        assert bench.cluster.times("overview") == [0]


async def test_a_fresh_reading_is_polled_again_only_when_due() -> None:
    async with polling() as bench:
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(1)
        bench.poller.unwatch(OVERVIEW())
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(2.5)
        assert bench.cluster.times("overview") == [0, 3]


JOB_A = {"jid": "a", "state": "RUNNING", "now": 9, "timestamps": {"RUNNING": 5}, "vertices": [{"id": "v"}]}


async def test_background_answers_are_kept_in_brief_until_on_screen() -> None:
    async with polling() as bench:
        query = JOB(job="a")
        bench.cluster.answers[query.target] = JOB_A
        bench.poller.add_background(query, 10.0)
        await bench.clock.advance(1)
        brief, whole = bench.store.brief(query), bench.store.get(query)
        assert brief is not None
        assert brief.value is not None
        assert brief.value.state == "RUNNING"
        assert whole is not None
        assert whole.value is None
        # A line in a list needs no more, and asks when that is due; who looks into it asks at once.
        bench.poller.watch(query, 10.0, passing=True)
        await bench.clock.advance(1)
        assert bench.cluster.times(query.target) == [0]
        bench.poller.watch(query)
        await bench.clock.advance(1)
        assert bench.cluster.times(query.target) == [0, 2]
        whole = bench.store.get(query)
        assert whole is not None
        assert whole.value is not None
        assert [vertex.id for vertex in whole.value.vertices] == ["v"]


async def test_an_opened_job_is_kept_whole_for_some_minutes() -> None:
    async with polling() as bench:
        query = JOB(job="a")
        bench.cluster.answers[query.target] = JOB_A
        bench.poller.add_background(query, 60.0)
        bench.poller.watch(query)
        await bench.clock.advance(1)
        bench.poller.unwatch(query)
        # It is scrolled past in the list, and asked for in passing.
        for _ in range(5):
            bench.poller.watch(query, 10.0, passing=True)
            await bench.clock.advance(50)
            bench.poller.unwatch(query, 10.0, passing=True)
            await bench.clock.advance(50)
            bench.poller.forget_old(bench.clock.now())
        whole = bench.store.get(query)
        assert whole is not None
        assert whole.value is not None
        assert whole.at is not None
        assert bench.clock.now() - whole.at < 61
        await bench.clock.advance(KEEP_SECONDS)
        bench.poller.forget_old(bench.clock.now())
        whole = bench.store.get(query)
        assert whole is not None
        assert whole.value is None


async def test_rows_scrolled_past_are_kept_in_brief_only() -> None:
    async with polling() as bench:
        jobs = [f"{number:032x}" for number in range(300)]
        for job in jobs:
            bench.cluster.answers[JOB(job=job).target] = {**JOB_A, "jid": job}
            bench.poller.add_background(JOB(job=job), 10.0)
        for job in jobs:
            bench.poller.watch(JOB(job=job), 10.0, passing=True)
            await settle()
            bench.poller.unwatch(JOB(job=job), 10.0, passing=True)
        known = [bench.store.brief(JOB(job=job)) for job in jobs]
        assert all(reading is not None and reading.brief for reading in known)
        assert len(bench.poller.opened) == 0


async def test_equal_bytes_kept_in_brief_are_decoded_again_for_a_panel() -> None:
    async with polling() as bench:
        query = JOB(job="a")
        bench.cluster.answers[query.target] = JOB_A
        bench.poller.watch(query, 10.0, passing=True)
        await bench.clock.advance(1)
        bench.poller.add_background(query, 10.0)
        bench.poller.unwatch(query, 10.0, passing=True)
        bench.poller.watch(query)
        await bench.clock.advance(4)
        whole = bench.store.get(query)
        assert whole is not None
        assert whole.value is not None
        assert len(whole.value.vertices) == 1


async def test_two_panels_share_one_query() -> None:
    async with polling() as bench:
        bench.poller.watch(OVERVIEW())
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(4)
        bench.poller.unwatch(OVERVIEW())
        await bench.clock.advance(3)
        assert bench.cluster.times("overview") == [0, 3, 6]


@pytest.mark.deep
async def test_the_background_shares_a_fixed_number_of_requests_a_minute_by_rotation() -> None:
    async with polling() as bench:
        for number in range(300):
            bench.poller.add_background(JOB(job=f"{number:032x}"), 10.0)
        await bench.clock.advance(600)
        asked = [target for _, target in bench.cluster.asked]
        assert BACKGROUND_A_MINUTE * 9 <= len(asked) <= BACKGROUND_A_MINUTE * 10 + 1
        assert len(set(asked[:300])) == 300
        assert asked[:250] == asked[300:550]


async def test_the_cost_of_what_is_off_screen_does_not_grow_with_the_number_of_jobs() -> None:
    counts = []
    for jobs in (100, 1000):
        async with polling() as bench:
            for number in range(jobs):
                bench.poller.add_background(JOB(job=f"{number:032x}"), 10.0)
            await bench.clock.advance(120)
            counts.append(len(bench.cluster.asked))
    assert counts[0] == counts[1]


async def test_visible_queries_go_before_background_ones() -> None:
    async with polling() as bench:
        bench.cluster.gate = asyncio.Event()
        for number in range(10):
            bench.poller.add_background(JOB(job=f"{number:032x}"), 10.0)
        await settle()
        before = len(bench.cluster.asked)
        for number in range(5):
            bench.poller.watch(JOB_METRICS(job=f"{number:032x}", get=("numRestarts",)))
        bench.cluster.gate.set()
        await settle()
        first = [target for _, target in bench.cluster.asked[before : before + 5]]
        assert all("metrics" in target for target in first)


@pytest.mark.deep
async def test_the_background_has_a_share_when_more_is_visible_than_can_be_answered() -> None:
    clock = ManualClock()
    cluster = Cluster(clock, seconds=0.2, delay=0.2)
    async with polling(cluster) as bench:
        background: tuple[Query[Any], ...] = (OVERVIEW(), CONFIG(), JOBS_OVERVIEW())
        for query in background:
            bench.poller.add_background(query, 10.0)
        for number in range(120):
            bench.poller.watch(JOB(job=f"{number:032x}"))
        await clock.advance(60.0)
        asked = [target for _, target in cluster.asked]
        theirs = [place for place, target in enumerate(asked) if not target.startswith("jobs/0")]
        # Two lanes of five answers a second: all of it is used, and each background query is seen at times.
        assert len(asked) > 550
        assert len(theirs) <= BACKGROUND_A_MINUTE
        for query in background:
            assert len(cluster.times(query.target)) >= 3, query.target
        # No more than their share, and what is visible is still seen in turn.
        assert min(later - sooner for sooner, later in itertools.pairwise(theirs)) >= BACKGROUND_SHARE - 1
        assert len(set(asked)) == 123


async def test_a_change_during_a_request_is_polled_again_after_it() -> None:
    async with polling() as bench:
        bench.cluster.gate = asyncio.Event()
        bench.poller.watch(OVERVIEW())
        await settle()
        bench.poller.refresh_soon([OVERVIEW()])
        bench.poller.refresh_soon([OVERVIEW()])
        await bench.clock.advance(1)
        assert bench.cluster.times("overview") == [0]
        bench.cluster.gate.set()
        await bench.clock.advance(1)
        assert bench.cluster.times("overview") == [0, 1]
        await bench.clock.advance(4)
        assert bench.cluster.times("overview") == [0, 1, 4]


async def test_a_change_during_a_request_is_polled_again_even_if_it_fails() -> None:
    async with polling() as bench:
        bench.cluster.gate = asyncio.Event()
        gone = JOB(job="a")
        bench.cluster.answers[gone.target] = NotFound("GET", "u", "Job not found", status=404)
        bench.poller.watch(gone)
        await settle()
        bench.poller.refresh_soon([gone])
        bench.cluster.gate.set()
        await bench.clock.advance(1)
        assert bench.cluster.times(gone.target) == [0, 0]


async def test_a_query_watched_again_while_in_flight_is_sent_once() -> None:
    async with polling() as bench:
        bench.cluster.answers["overview"] = {"taskmanagers": 7}
        bench.cluster.gate = asyncio.Event()
        bench.poller.watch(OVERVIEW())
        await settle()
        bench.poller.unwatch(OVERVIEW())
        bench.poller.watch(OVERVIEW())
        bench.poller.unwatch(OVERVIEW())
        bench.poller.add_background(OVERVIEW(), 10.0)
        bench.poller.watch(OVERVIEW())
        await settle()
        assert bench.cluster.in_flight == 1
        bench.cluster.gate.set()
        await bench.clock.advance(4)
        assert bench.cluster.times("overview") == [0, 3]
        reading = bench.store.get(OVERVIEW())
        assert reading is not None
        assert reading.value is not None
        bench.poller.forget_old(bench.clock.now() + 10 * KEEP_SECONDS)
        assert bench.store.get(OVERVIEW()) is reading


async def test_a_change_before_watching_again_is_polled_too() -> None:
    async with polling() as bench:
        bench.cluster.gate = asyncio.Event()
        bench.poller.watch(OVERVIEW())
        await settle()
        bench.poller.unwatch(OVERVIEW())
        bench.poller.refresh_soon([OVERVIEW()])
        bench.poller.watch(OVERVIEW())
        await settle()
        assert bench.cluster.times("overview") == [0]
        bench.cluster.gate.set()
        await bench.clock.advance(1)
        assert bench.cluster.times("overview") == [0, 0]


async def test_an_answer_that_is_no_longer_wanted_is_not_kept_for_ever() -> None:
    async with polling() as bench:
        bench.cluster.gate = asyncio.Event()
        bench.poller.watch(OVERVIEW())
        await settle()
        bench.poller.unwatch(OVERVIEW())
        bench.poller.forget_old(bench.clock.now() + 2 * KEEP_SECONDS)
        bench.cluster.gate.set()
        await settle()
        assert bench.store.get(OVERVIEW()) is not None
        bench.poller.forget_old(bench.clock.now() + 2 * KEEP_SECONDS)
        assert len(bench.store) == 0


async def test_a_lost_cluster_is_probed_by_one_query_at_a_time_with_growing_pauses() -> None:
    clock = ManualClock()
    cluster = Cluster(clock, default=REFUSED)
    async with polling(cluster) as bench:
        for query in (OVERVIEW(), JOBS_OVERVIEW(), CONFIG()):
            bench.poller.watch(query)
        await clock.advance(1)
        cluster.asked.clear()
        cluster.most_in_flight = 0
        await clock.advance(300)
        times = [at for at, _ in cluster.asked]
        pauses = [later - sooner for sooner, later in itertools.pairwise(times)]
        assert cluster.most_in_flight == 1
        assert max(pauses) <= WATCHED.longest + 0.001
        assert pauses == sorted(pauses)
        assert len(times) < 45


async def test_a_cluster_that_is_back_is_polled_for_everything_at_once() -> None:
    clock = ManualClock()
    cluster = Cluster(clock, default=REFUSED)
    async with polling(cluster) as bench:
        bench.poller.watch(OVERVIEW())
        bench.poller.watch(JOBS_OVERVIEW())
        await clock.advance(60)
        assert bench.store.get(OVERVIEW()).error is REFUSED  # type: ignore[union-attr]  # it was asked
        assert bench.poller.link.retry_at is not None
        cluster.answers = {"overview": {"taskmanagers": 1}, "jobs/overview": {"jobs": []}}
        cluster.asked.clear()
        await clock.advance(10)
        assert bench.poller.link.error is None
        assert {target for _, target in cluster.asked} == {"overview", "jobs/overview"}


async def test_values_stay_with_their_age_and_the_reason_while_the_cluster_is_lost() -> None:
    async with polling() as bench:
        bench.cluster.answers["overview"] = {"taskmanagers": 7}
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(1)
        bench.cluster.answers["overview"] = REFUSED
        await bench.clock.advance(60)
        reading = bench.store.get(OVERVIEW())
        assert reading is not None
        assert reading.value is not None
        assert reading.value.taskmanagers == 7
        assert reading.error is REFUSED
        assert reading.failures > 1
        assert reading.at == 1000.0


async def test_one_missing_thing_does_not_hold_up_the_others() -> None:
    async with polling() as bench:
        gone = JOB(job="a" * 32)
        bench.cluster.answers[gone.target] = NotFound("GET", "u", "Job not found", status=404)
        bench.poller.watch(gone)
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(60)
        assert len(bench.cluster.times("overview")) == 21
        assert bench.poller.link.error is None
        assert len(bench.cluster.times(gone.target)) < 11


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (NotFound("GET", "u", "Checkpointing has not been enabled.", status=404), logging.INFO),
        (NotFound("GET", "u", "Attempt 3 not found", status=404), logging.INFO),
        (NotFound("GET", "u", NO_ENDPOINT, status=404), logging.WARNING),
        (Rejected("GET", "u", "it broke", status=500), logging.WARNING),
    ],
)
async def test_an_expected_404_is_no_warning_in_the_log(
    error: FlinkError, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "flinktop.engine.poller")
    async with polling() as bench:
        bench.cluster.answers["overview"] = error
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(60)
        # Once, however often it comes.
        assert [(line.levelno, error.detail in line.message) for line in caplog.records] == [(level, True)]


async def test_what_a_history_server_lacks_is_rarely_polled() -> None:
    async with polling() as bench:
        gone, query = NotFound("GET", "u", "File not found", status=404), JOB(job="a")
        bench.cluster.answers = {query.target: gone}
        bench.poller.archive = lambda: True
        bench.poller.watch(query)
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(10)
        # Another tab is looked at, and this one again.
        bench.poller.unwatch(query)
        bench.poller.watch(query)
        await bench.clock.advance(ARCHIVE_SECONDS)
        assert bench.cluster.times(query.target) == [0, ARCHIVE_SECONDS]
        assert len(bench.cluster.times("overview")) > 100


@pytest.mark.deep
async def test_what_a_history_server_lacks_is_remembered_within_limits() -> None:
    async with polling() as bench:
        gone = NotFound("GET", "u", "File not found", status=404)
        bench.cluster.default = gone
        bench.poller.archive = lambda: True
        bench.cluster.answers["overview"] = {}
        bench.poller.watch(OVERVIEW())
        for number in range(MOST_MISSING + 50):
            query = JOB(job=f"{number:032x}")
            bench.poller.watch(query)
            await settle()
            bench.poller.unwatch(query)
        assert len(bench.poller._missing) == MOST_MISSING
        await bench.clock.advance(ARCHIVE_SECONDS + 1)
        bench.poller.watch(JOB(job="a"))
        await bench.clock.advance(1)
        assert list(bench.poller._missing) == [JOB(job="a")]


async def test_a_hanging_server_counts_as_lost_and_says_why() -> None:
    clock = ManualClock()
    cluster = Cluster(clock, default=TimedOut("GET", "u", "no answer within 10 s"))
    async with polling(cluster) as bench:
        bench.poller.watch(OVERVIEW())
        await clock.advance(20)
        assert isinstance(bench.poller.link.error, TimedOut)


@pytest.mark.parametrize(("seconds", "times"), [(1.0, [0, 5, 10, 15]), (6.0, [0, 13.5])])
async def test_a_slow_server_is_polled_less_often(seconds: float, times: list[float]) -> None:
    async with polling() as bench:
        bench.cluster.seconds = seconds
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(16)
        assert bench.cluster.times("overview") == times


async def test_an_answer_that_is_no_flink_is_an_error_of_that_query_alone() -> None:
    async with polling() as bench:
        bench.cluster.answers["overview"] = b"<html><title>It works</title></html>"
        bench.poller.watch(OVERVIEW())
        bench.poller.watch(JOBS_OVERVIEW())
        await bench.clock.advance(1)
        broken, fine = bench.store.get(OVERVIEW()), bench.store.get(JOBS_OVERVIEW())
        assert broken is not None
        assert broken.value is None
        assert "web page" in str(broken.error)
        assert fine is not None
        assert fine.error is None


async def test_equal_bytes_are_not_decoded_again() -> None:
    async with polling() as bench:
        bench.cluster.answers["overview"] = {"taskmanagers": 7}
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(1)
        first = bench.store.get(OVERVIEW())
        await bench.clock.advance(3)
        second = bench.store.get(OVERVIEW())
        assert first is not None
        assert second is not None
        assert second.value is first.value
        assert second.at == 1003.0


async def test_dropped_fields_are_counted() -> None:
    async with polling() as bench:
        bench.cluster.answers["overview"] = {"taskmanagers": "many", "slots-total": 8}
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(1)
        reading = bench.store.get(OVERVIEW())
        assert reading is not None
        assert reading.value is not None
        assert reading.value.slots_total == 8
        assert bench.poller.drifted == 1


async def test_refresh_polls_now_but_not_within_the_age_of_caches() -> None:
    async with polling() as bench:
        bench.poller.refresh = 60.0
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(10)
        bench.poller.refresh_now()
        bench.poller.refresh_now()
        await bench.clock.advance(1)
        bench.poller.refresh_now()
        await bench.clock.advance(1)
        assert bench.cluster.times("overview") == [0, 10]


async def test_the_request_rate_is_that_of_the_last_ten_seconds() -> None:
    async with polling() as bench:
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(30)
        assert bench.poller.current_link().per_second == 0.4
        bench.poller.unwatch(OVERVIEW())
        await bench.clock.advance(30)
        assert bench.poller.current_link().per_second == 0.0


async def test_each_answer_is_notified() -> None:
    async with polling() as bench:
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(4)
        assert bench.changes == ["overview", "overview"]


async def test_what_is_shown_is_late_after_two_of_its_own_intervals() -> None:
    async with polling() as bench:
        metrics = JOB_METRICS(job="a", get=("numRestarts",))
        bench.cluster.answers = {metrics.target: []}
        bench.poller.watch(metrics)
        await bench.clock.advance(1)
        bench.cluster.gate = asyncio.Event()
        await bench.clock.advance(18)
        assert bench.poller.late() is None
        await bench.clock.advance(3)
        assert bench.poller.late() == 22
        bench.cluster.gate.set()
        await settle()
        assert bench.poller.late() is None


async def test_what_failed_or_has_just_been_opened_is_not_late() -> None:
    async with polling() as bench:
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(1)
        bench.poller.unwatch(OVERVIEW())
        bench.cluster.answers = {JOBS_OVERVIEW().target: NotFound("GET", "u")}
        bench.poller.watch(JOBS_OVERVIEW())
        await bench.clock.advance(60)
        assert bench.poller.late() is None
        bench.cluster.gate = asyncio.Event()
        bench.poller.watch(OVERVIEW())
        await bench.clock.advance(5)
        assert bench.poller.late() is None
        await bench.clock.advance(2)
        assert bench.poller.late() == 68
