"""Engines of many clusters on one thread: started in turn, heard of by name, stopped together."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from flinktop.engine import engine_thread
from flinktop.engine import fleet as fleet_module
from flinktop.engine.clock import Clock
from flinktop.engine.fleet import Fleet, Member
from flinktop.engine.host import EngineFailed, Port
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.connection import Connection
from flinktop.flink.errors import NotFlink
from flinktop.flink.jobs import JOBS_OVERVIEW
from tests.engine.test_host import PATIENCE, News, Silent, engine_threads
from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer, Said

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx


class Timed(FixtureCluster):
    """A cluster that knows when it was asked first."""

    def __init__(self, release: str = "1.20.5") -> None:
        super().__init__(release)
        self.first: float | None = None
        self.was_asked = threading.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.first is None:
            self.first = time.monotonic()
            self.was_asked.set()
        return await super().handle_async_request(request)


def port(cluster: FixtureCluster) -> Port:
    return Port(Connection("http://flink.test:8081"), Clock(), transport=cluster)


def fleet_of(*clusters: FixtureCluster) -> Fleet:
    return Fleet([Member(f"c{number}", port(one)) for number, one in enumerate(clusters)])


@contextmanager
def running(*clusters: FixtureCluster) -> Iterator[tuple[Fleet, News]]:
    fleet, news = fleet_of(*clusters), News()
    fleet.on_change(news)
    fleet.start()
    try:
        yield fleet, news
    finally:
        fleet.stop()


def wait_for_names(fleet: Fleet, news: News, wanted: set[str]) -> None:
    """Take the news until all these members have been answered."""
    seen: set[str] = set()
    while not wanted <= {name for name in seen & wanted if fleet[name].port.link().answered is not None}:
        told = news.told
        if not (changed := fleet.take_changes()):
            news.wait_for(told + 1)
        seen |= changed


def test_all_engines_run_on_one_thread_and_are_heard_by_name() -> None:
    with running(*(FixtureCluster("1.20.5") for _ in range(3))) as (fleet, news):
        wait_for_names(fleet, news, {"c0", "c1", "c2"})
        assert len(engine_threads()) == 1
        assert news.threads == {"flinktop-engine"}
        assert fleet.failure is None
    assert engine_threads() == []


def test_engines_start_one_after_the_other_and_what_is_opened_starts_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fleet_module, "APART", 0.1)
    clusters = [Timed() for _ in range(4)]
    with running(*clusters) as (fleet, _news):
        fleet.open("c3")
        for one in clusters:
            assert one.was_asked.wait(PATIENCE)
    first, second, third, opened = (one.first or 0.0 for one in clusters)
    assert opened < third
    assert second - first >= 0.05
    assert third - second >= 0.05


def test_an_engine_that_can_not_be_started_ends_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KeyError("odd")

    fleet, news = fleet_of(*(FixtureCluster("1.20.5") for _ in range(3))), News()
    monkeypatch.setattr(fleet["c1"].port.engine, "start", broken)
    fleet.on_change(news)
    fleet.start()
    wait_for_names(fleet, news, {"c0", "c2"})
    assert fleet["c1"].port.failure == "the engine could not be started: KeyError('odd')"
    assert fleet.failure is None
    fleet.stop()
    assert engine_threads() == []


def test_an_engine_that_hangs_when_it_is_stopped_delays_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(*(FixtureCluster("1.20.5") for _ in range(3))) as (fleet, news):
        wait_for_names(fleet, news, {"c0", "c1", "c2"})

        async def hangs(_seconds: float) -> None:
            await asyncio.get_running_loop().create_future()

        monkeypatch.setattr(fleet["c1"].port.engine, "stop", hangs)
        monkeypatch.setattr(engine_thread, "LAST_SECONDS", 0.6)
        began = time.monotonic()
        fleet.begin_to_stop()
        for name in ("c0", "c2"):
            fleet[name].port.stop(PATIENCE)
        assert time.monotonic() - began < 0.5
        assert len(engine_threads()) == 1
    assert engine_threads() == []


def test_engines_without_an_answer_are_stopped_at_the_same_time() -> None:
    silent = [Silent("1.20.5") for _ in range(10)]
    with running(*silent) as (fleet, _news):
        for one in silent:
            assert one.reached.wait(PATIENCE)
        began = time.monotonic()
        fleet.stop()
        assert engine_threads() == []
        # Each waits that long for its own answers.
        assert time.monotonic() - began < 1.0


def test_engines_that_had_no_turn_yet_are_not_started_to_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "APART", 60.0)
    late = Timed()
    with running(FixtureCluster("1.20.5"), late) as (fleet, news):
        wait_for_names(fleet, news, {"c0"})
        fleet.stop()
        assert engine_threads() == []
    assert not late.was_asked.is_set()


def test_the_end_of_the_thread_is_the_failure_of_all() -> None:
    with running(*(FixtureCluster("1.20.5") for _ in range(2))) as (fleet, news):
        wait_for_names(fleet, news, {"c0", "c1"})
        loop = fleet["c0"].port._loop
        assert loop is not None

        def broken() -> None:
            raise SystemExit(3)

        loop.call_soon_threadsafe(broken)
        fleet._thread.join(PATIENCE)
        assert fleet.failure == "the engine ended by itself: SystemExit(3)"
        assert fleet.take_changes() == {"c0", "c1"}


def test_a_lack_of_threads_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    fleet = fleet_of(FixtureCluster("1.20.5"))
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(EngineFailed, match="the engines could not be started: can't start new thread"):
        fleet.start()


def test_changes_of_an_open_cluster_are_left_to_its_port() -> None:
    fleet = fleet_of(*(FixtureCluster("1.20.5") for _ in range(2)))
    fleet.open("c0")
    for one in fleet.members:
        one.port.engine.poller.changed(OVERVIEW())
    assert fleet.take_changes() == {"c0", "c1"}
    assert fleet["c0"].port.take_changes() == {OVERVIEW()}
    assert fleet["c1"].port.take_changes() == frozenset()


def test_a_closed_cluster_notifies_nobody_but_the_fleet() -> None:
    fleet, own, news = fleet_of(FixtureCluster("1.20.5")), News(), News()
    fleet.on_change(news)
    fleet.open("c0")
    fleet["c0"].port.on_change(own)
    fleet.close("c0")
    fleet["c0"].port.engine.poller.changed(OVERVIEW())
    assert (own.told, news.told) == (0, 1)


def test_two_members_of_one_name_are_refused() -> None:
    one = port(FixtureCluster("1.20.5"))
    with pytest.raises(ValueError, match="same name"):
        Fleet([Member("same", one), Member("same", one)])


def test_a_fleet_of_none_starts_and_stops() -> None:
    fleet = Fleet([])
    fleet.start()
    fleet.stop()
    assert fleet.failure is None
    assert engine_threads() == []


def test_bad_clusters_behind_real_ports_delay_no_good_one() -> None:
    good = FixtureServer(FixtureCluster("1.20.5"))
    hangs = FixtureServer(FixtureCluster("1.20.5"))
    html = FixtureServer(FixtureCluster("1.20.5"))
    html.said = Said(
        200, b"<!doctype html><html><title>Sign in</title></html>", {"Content-Type": "text/html"}
    )
    with good, hangs, html, hangs.holding(), closed_port() as refused:
        urls = [f"http://127.0.0.1:{refused}", hangs.url, html.url, good.url]
        fleet = Fleet([Member(url, Port(Connection(url), Clock())) for url in urls])
        news = News()
        fleet.on_change(news)
        began = time.monotonic()
        fleet.start()
        lost_ones = [fleet[url].port for url in (urls[0], html.url)]
        while fleet[good.url].port.brief(JOBS_OVERVIEW()) is None or not all(one.lost for one in lost_ones):
            told = news.told
            if not fleet.take_changes():
                news.wait_for(told + 1)
        assert time.monotonic() - began < PATIENCE
        lost = {url: fleet[url].port.lost for url in urls}
        began = time.monotonic()
        fleet.stop()
        assert time.monotonic() - began < 2.0
    assert engine_threads() == []
    assert "refused" in str(lost[urls[0]])
    assert lost[hangs.url] is None
    assert isinstance(lost[html.url], NotFlink)
    assert lost[good.url] is None


@contextmanager
def closed_port() -> Iterator[int]:
    """A port at which nothing listens, and which nobody else gets."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield one.getsockname()[1]
