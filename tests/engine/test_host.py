"""The engine on its real thread, behind the Port: started, watched, told of, stopped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from flinktop.engine import host
from flinktop.engine.clock import Clock
from flinktop.engine.host import EngineFailed, Port
from flinktop.engine.series import cluster_series
from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.connection import Connection
from flinktop.flink.endpoint import Query
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model.kubernetes import KubernetesState, OperatorState
from tests.fixture_cluster import FixtureCluster

PATIENCE = 10.0
"""Seconds until a thread that says nothing has failed the test."""


class News:
    """Counts what the port tells, and lets a test wait for it."""

    def __init__(self) -> None:
        self.told = 0
        self.threads: set[str] = set()
        self._more = threading.Condition()

    def __call__(self) -> None:
        with self._more:
            self.told += 1
            self.threads.add(threading.current_thread().name)
            self._more.notify_all()

    def wait_for(self, times: int) -> None:
        with self._more:
            assert self._more.wait_for(lambda: self.told >= times, PATIENCE), f"told {self.told} times"


class Silent(FixtureCluster):
    """A cluster that takes requests and never answers."""

    def __init__(self, release: str) -> None:
        super().__init__(release)
        self.reached = threading.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002 -- httpx's
        self.reached.set()
        await asyncio.get_running_loop().create_future()
        raise AssertionError


@contextmanager
def hosted(cluster: FixtureCluster | None = None) -> Iterator[tuple[Port, News]]:
    transport = cluster or FixtureCluster("1.20.5")
    port, news = Port(Connection("http://flink.test:8081"), Clock(), transport=transport), News()
    port.on_change(news)
    port.start_thread()
    try:
        yield port, news
    finally:
        port.stop()


def a_port() -> Port:
    return Port(Connection("http://flink.test:8081"), Clock(), transport=FixtureCluster("1.20.5"))


def engine_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "flinktop-engine"]


def wait_for_reading(port: Port, news: News) -> None:
    """Take the news until the overview is among them."""
    while OVERVIEW() not in port.take_changes():
        news.wait_for(news.told + 1)


def test_watching_brings_a_reading_and_a_notification() -> None:
    with hosted() as (port, news):
        port.watch(OVERVIEW())
        wait_for_reading(port, news)
        reading = port.reading(OVERVIEW())
        assert reading is not None
        assert reading.value is not None
        assert reading.value.flink_version == "1.20.5"
        assert news.threads == {"flinktop-engine"}


def test_one_notice_is_under_way_until_the_changes_are_taken() -> None:
    with hosted() as (port, news):
        take_in, answers = port.engine.poller.changed, threading.Semaphore(0)

        def counted(query: Query[Any]) -> None:
            take_in(query)
            answers.release()

        port.engine.poller.changed = counted
        port.watch(OVERVIEW())
        port.watch(JOBS_OVERVIEW())
        for _ in range(3):
            assert answers.acquire(timeout=PATIENCE)
        assert news.told == 1
        changes = port.take_changes()
        assert {OVERVIEW(), JOBS_OVERVIEW()} <= changes
        news.wait_for(2)
        assert port.take_changes()


def test_a_thread_that_gets_no_answer_still_ends() -> None:
    cluster = Silent("1.20.5")
    with hosted(cluster) as (port, _news):
        port.watch(OVERVIEW())
        assert cluster.reached.wait(PATIENCE)
        port.stop()
        assert engine_threads() == []


def test_no_thread_is_left_after_stop() -> None:
    with hosted() as (port, news):
        port.watch(OVERVIEW())
        news.wait_for(1)
        assert len(engine_threads()) == 1
        port.stop()
        assert engine_threads() == []


def test_calls_after_stop_do_nothing() -> None:
    with hosted() as (port, news):
        port.watch(OVERVIEW())
        wait_for_reading(port, news)
    port.watch(CONFIG())
    port.unwatch(OVERVIEW())
    port.refresh()
    port.stretch_interval(9.0)
    port.stop()
    assert port.reading(OVERVIEW()) is not None
    assert port.interval == 3.0
    assert port.link().answered is not None
    assert port.points(cluster_series("in")) == ()
    assert port.crashes == 0


def test_stop_before_start_does_nothing() -> None:
    port = Port(Connection("http://flink.test:8081"), Clock(), transport=FixtureCluster("1.20.5"))
    port.stop()
    assert engine_threads() == []


def test_changes_before_the_first_listener_are_notified() -> None:
    with hosted() as (port, news):
        port.watch(OVERVIEW())
        news.wait_for(1)
        late = News()
        port.on_change(late)
        late.wait_for(1)
        assert port.take_changes()


def test_past_answers_are_recorded_before_the_first_answer() -> None:
    port, news = a_port(), News()
    overview = JOBS_OVERVIEW.reply(jobs=())
    recorded: list[float] = []
    take_in = port.engine.arrived

    def noted(query: Query[Any], value: Any, at: float) -> None:
        recorded.append(at)
        take_in(query, value, at)

    def past() -> Iterator[tuple[Query[Any], Any, float]]:
        assert threading.current_thread().name == "flinktop-engine"
        yield from ((JOBS_OVERVIEW(), overview, ago) for ago in (50.0, 30.0, 10.0))

    port.engine.arrived = noted  # type: ignore[method-assign]
    port.on_change(news)
    port.watch(OVERVIEW())
    port.start_thread(past(), draws=True)
    wait_for_reading(port, news)
    assert recorded == []
    port.drawn()
    # What was held is news once more.
    wait_for_reading(port, news)
    port.stop()
    assert recorded == sorted(recorded)
    assert len(recorded) > 3
    assert engine_threads() == []


def test_what_is_never_drawn_is_recorded_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "DRAWN_SECONDS", 0.0)
    port, news = a_port(), News()
    port.on_change(news)
    port.watch(JOBS_OVERVIEW())
    port.start_thread(draws=True)
    while port.judged is None:
        news.wait_for(news.told + 1)
        port.take_changes()
    port.stop()


def test_an_engine_that_records_past_answers_can_be_stopped() -> None:
    cluster = Silent("1.20.5")
    port = Port(Connection("http://flink.test:8081"), Clock(), transport=cluster)
    port.start_thread([(JOBS_OVERVIEW(), JOBS_OVERVIEW.reply(jobs=()), 10.0)])
    port.stop(PATIENCE)
    assert engine_threads() == []


def test_an_engine_that_can_not_be_started_reports_why(monkeypatch: pytest.MonkeyPatch) -> None:
    port = Port(Connection("http://flink.test:8081"), Clock(), transport=FixtureCluster("1.20.5"))
    monkeypatch.setattr(port.engine, "start", broken)
    with pytest.raises(EngineFailed, match=r"the engine could not be started: KeyError\('odd'\)"):
        port.start_thread()
    port.watch(OVERVIEW())
    port.stop()
    assert engine_threads() == []


def test_a_lack_of_threads_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    port = Port(Connection("http://flink.test:8081"), Clock(), transport=FixtureCluster("1.20.5"))
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(EngineFailed, match="can't start new thread"):
        port.start_thread()


def test_an_engine_that_ends_by_itself_is_reported() -> None:
    with hosted() as (port, news):
        loop = port._loop
        assert loop is not None
        port.take_changes()
        # What ends a loop is no Exception.
        loop.call_soon_threadsafe(broken_loop)
        assert port._thread is not None
        port._thread.join(PATIENCE)
        assert port.failure == "the engine ended by itself: SystemExit(3)"
        assert news.told
        port.watch(OVERVIEW())


def test_an_engine_that_can_not_be_stopped_in_order_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    with hosted() as (port, _news):
        monkeypatch.setattr(port.engine, "stop", broken)
        port.stop(PATIENCE)
        assert engine_threads() == []
        assert port.failure is None


def broken(*_words: object) -> None:
    raise KeyError("odd")


def broken_loop() -> None:
    raise SystemExit(3)


def test_what_kubernetes_knows_is_news_and_is_judged() -> None:
    wrong = OperatorState(kind="FlinkDeployment", name="orders", error="no quota")
    state = KubernetesState(context="prod", namespace="shop", operator=wrong)
    with hosted(Silent("1.20.5")) as (port, news):
        for known in (state, None):
            assert port.kubernetes != known
            told = news.told
            port.take_changes()
            port.set_kubernetes(known)
            while port.kubernetes != known:
                news.wait_for(told + 1)
                told = news.told
                port.take_changes()
