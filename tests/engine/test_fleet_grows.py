"""Clusters come and go while a fleet runs: started in turn, ended by themselves, readable while open."""

from __future__ import annotations

import asyncio
import threading

import pytest

from flinktop.engine import engine_thread
from flinktop.engine import fleet as fleet_module
from flinktop.engine.fleet import Fleet, Member, SearchState
from flinktop.engine.host import Port
from flinktop.flink.cluster import OVERVIEW
from tests.engine.test_fleet import Timed, port, running, wait_for_names
from tests.engine.test_host import PATIENCE, News, engine_threads
from tests.fixture_cluster import FixtureCluster

RELEASE = "1.20.5"


def member(name: str, cluster: FixtureCluster | None = None) -> Member:
    return Member(name, port(cluster or FixtureCluster(RELEASE)))


class Finds:
    """A search that adds these clusters, and then waits for its end."""

    def __init__(self, *members: Member) -> None:
        self.state = SearchState("a test")
        self.thread = ""
        self.ended = threading.Event()
        self._members = members
        self._end: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, fleet: Fleet) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self.thread = threading.current_thread().name
        for one in self._members:
            fleet.add(one)
        self.state = SearchState("a test", searched=True)
        fleet.search_changed()
        await self._end.wait()
        self.ended.set()

    def search_now(self) -> None:
        pass

    def begin_to_stop(self) -> None:
        if self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)


def has_ended(one: Port) -> bool:
    return one._ended.wait(PATIENCE)


def test_a_cluster_that_is_added_is_asked_and_heard_of_like_the_first_ones() -> None:
    with running(FixtureCluster(RELEASE)) as (fleet, news):
        fleet.add(member("later"))
        wait_for_names(fleet, news, {"c0", "later"})
        assert len(engine_threads()) == 1
        assert [one.name for one in fleet.members] == ["c0", "later"]
    assert engine_threads() == []


def test_what_is_added_stands_by_name_behind_what_was_there() -> None:
    fleet = Fleet([member("z"), member("m")])
    for name in ("d", "a", "c"):
        fleet.add(member(name))
    fleet.remove("z")
    fleet.add(member("b"))
    assert [one.name for one in fleet.members] == ["m", "a", "b", "c", "d"]
    assert (len(fleet), "z" in fleet, fleet.get("z")) == (5, False, None)


def test_a_second_one_of_a_name_is_refused() -> None:
    fleet = Fleet([member("same")])
    with pytest.raises(ValueError, match="there is a cluster same already"):
        fleet.add(member("same"))


def test_many_that_are_added_at_once_start_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    afters: list[float] = []
    monkeypatch.setattr(
        Port, "start_on", lambda _port, _thread, *, after: afters.append(round(after / fleet_module.APART, 6))
    )
    with running() as (fleet, _news):
        now = 1000.0
        fleet.now = lambda: now
        for number in range(3):
            fleet.add(member(f"n{number}"))
        assert afters == [0, 1, 2]
        now += 60.0
        fleet.add(member("later"))
        assert afters[3:] == [0]


def test_one_that_is_removed_ends_by_itself_and_is_news() -> None:
    with running(*(FixtureCluster(RELEASE) for _ in range(2))) as (fleet, news):
        wait_for_names(fleet, news, {"c0", "c1"})
        gone = fleet["c0"].port
        fleet.remove("c0")
        assert "c0" in fleet.take_changes()
        assert "c0" not in fleet
        assert has_ended(gone)
        assert gone.failure is None
        # What was known of it can still be read.
        assert gone.link().answered is not None
        fleet.remove("c0")
        assert len(engine_threads()) == 1


def test_one_that_hangs_at_its_end_delays_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_thread, "LAST_SECONDS", 0.3)
    with running(*(FixtureCluster(RELEASE) for _ in range(2))) as (fleet, news):
        wait_for_names(fleet, news, {"c0", "c1"})
        hanging = asyncio.Event()

        async def hangs(_seconds: float) -> None:
            await hanging.wait()

        monkeypatch.setattr(fleet["c0"].port.engine, "stop", hangs)
        fleet.remove("c0")
        other = fleet["c1"].port
        fleet.remove("c1")
        assert has_ended(other)
        fleet.add(member("later"))
        wait_for_names(fleet, news, {"later"})


def test_one_that_had_no_turn_yet_is_not_started_to_be_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "APART", 60.0)
    late = Timed()
    with running(FixtureCluster(RELEASE)) as (fleet, _news):
        one = member("late", late)
        fleet.add(one)
        fleet.remove("late")
        assert has_ended(one.port)
    assert not late.was_asked.is_set()


@pytest.mark.deep
def test_one_that_is_open_goes_on_until_it_is_closed() -> None:
    with running(FixtureCluster(RELEASE)) as (fleet, news):
        wait_for_names(fleet, news, {"c0"})
        fleet.open("c0")
        gone = fleet["c0"].port
        fleet.remove("c0")
        assert "c0" not in fleet
        fleet.take_changes()
        gone.refresh()
        # It is still heard of, and its changes are left to it.
        while "c0" not in fleet.take_changes():
            news.wait_for(news.told + 1)
        assert not gone._ended.is_set()
        fleet.close("c0")
        assert has_ended(gone)


def test_one_that_comes_back_while_it_is_open_goes_on() -> None:
    with running(FixtureCluster(RELEASE)) as (fleet, news):
        wait_for_names(fleet, news, {"c0"})
        assert fleet.readmit("c0") is None
        fleet.open("c0")
        first = fleet["c0"]
        fleet.remove("c0")
        assert fleet.readmit("c0") is first
        assert fleet["c0"] is first
        fleet.close("c0")
        assert not first.port._ended.is_set()


def test_another_of_its_name_is_not_mixed_up_with_the_one_that_is_open() -> None:
    fleet = Fleet([member("same")])
    fleet.open("same")
    old = fleet["same"].port
    fleet.remove("same")
    new = member("same")
    fleet.add(new)
    for one in (old, new.port):
        one.engine.poller.changed(OVERVIEW())
    assert fleet.take_changes() == {"same"}
    assert old.take_changes() == {OVERVIEW()}
    assert new.port.take_changes() == frozenset()
    fleet.close("same")
    assert fleet["same"] is new


def test_what_is_open_though_it_was_removed_ends_with_the_fleet() -> None:
    with running(FixtureCluster(RELEASE)) as (fleet, news):
        wait_for_names(fleet, news, {"c0"})
        fleet.open("c0")
        gone = fleet["c0"].port
        fleet.remove("c0")
    assert engine_threads() == []
    assert gone._ended.is_set()


def test_nothing_is_added_to_a_fleet_that_is_stopping() -> None:
    late = Timed()
    with running(FixtureCluster(RELEASE)) as (fleet, _news):
        fleet.begin_to_stop()
        fleet.add(member("late", late))
        assert "late" not in fleet
    assert engine_threads() == []
    assert not late.was_asked.is_set()


def test_members_come_and_go_from_several_threads() -> None:
    with running() as (fleet, _news):

        def comes_and_goes(first: int) -> None:
            for number in range(first, first + 10):
                fleet.add(member(f"n{number}"))
                if number % 2:
                    fleet.remove(f"n{number}")
                fleet.take_changes()

        threads = [threading.Thread(target=comes_and_goes, args=(first,)) for first in (0, 10, 20)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(PATIENCE)
        assert len(fleet) == 15
        assert list(fleet.members) == sorted(fleet.members, key=lambda one: one.name)
    assert engine_threads() == []


def test_a_search_runs_on_the_engines_thread_and_ends_with_the_fleet() -> None:
    search, news = Finds(member("found")), News()
    fleet = Fleet([], [search])
    fleet.on_change(news)
    fleet.start()
    wait_for_names(fleet, news, {"found"})
    assert (search.thread, search.state.searched) == ("flinktop-engine", True)
    fleet.stop()
    assert search.ended.is_set()
    assert engine_threads() == []
    assert fleet.failure is None


def test_a_fleet_that_searches_lives_on_without_a_cluster_that_works() -> None:
    fleet = Fleet([], [Finds()])
    assert fleet.failure is None
    broken = member("broken")
    fleet.add(broken)
    broken.port.failure = "the engine could not be started"
    assert fleet.failure is None


def test_the_end_of_the_thread_ends_a_fleet_that_searches() -> None:
    search, news = Finds(), News()
    fleet = Fleet([], [search])
    fleet.on_change(news)
    fleet.start()
    while not search.state.searched:
        news.wait_for(news.told + 1)
        fleet.take_changes()
    loop = fleet._thread.loop
    assert loop is not None

    def broken() -> None:
        raise SystemExit(3)

    loop.call_soon_threadsafe(broken)
    fleet._thread.join(PATIENCE)
    assert fleet.failure == "the engines have ended: SystemExit(3)"
