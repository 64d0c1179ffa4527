"""Members of a fleet come from what is found in Kubernetes, and go with it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from msgspec.structs import replace

from flinktop.engine.fleet import Fleet, Member, SearchState
from flinktop.engine.host import Port
from flinktop.engine.judge import Judged
from flinktop.engine.kubernetes_search import LOST_SHARE, OPEN_SHARE, KubernetesSearch, share
from flinktop.flink.connection import Connection
from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.kubernetes.search import SearchNews
from flinktop.kubernetes.site import SiteNews
from flinktop.kubernetes.wanted import Wanted
from tests.fixture_cluster import FixtureCluster
from tests.kubernetes.test_changes import found
from tests.manual_clock import ManualClock, settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from flinktop.kubernetes.discovery import Found
    from flinktop.kubernetes.reach import ClusterWay

WHERE = "context test, namespace default"


class Way:
    """Where requests would go."""

    def __init__(self) -> None:
        self.share = 0.0
        self.closed = False

    def set_share(self, share: float) -> None:
        self.share = share


class Told:
    """A search that finds what the test tells it."""

    def __init__(
        self, _wanted: Wanted, _clock: object, changed: Callable[[SearchNews], None], **_: Any
    ) -> None:
        self.news = SearchNews(WHERE)
        self.kubectl = object()
        self.tried = 0
        self.ways: list[Way] = []
        self._changed = changed

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()

    def way(self, _found: Found) -> ClusterWay:
        self.ways.append(Way())
        return cast("ClusterWay", self.ways[-1])

    def close(self, way: Way) -> None:
        way.closed = True

    def search_now(self) -> None:
        self.tried += 1

    async def tell(self, *ones: Found, **more: Any) -> None:
        site = SiteNews(found=ones, complete=True, **more)
        self.news = SearchNews(WHERE, site)
        self._changed(self.news)
        await settle()


class World:
    """A fleet that is not started, and its search, which runs on the loop of the test."""

    def __init__(self, search: KubernetesSearch, fleet: Fleet) -> None:
        self.search = search
        self.fleet = fleet

    @property
    def told(self) -> Told:
        return cast("Told", self.search._search)

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.fleet.members]


@asynccontextmanager
async def world(wanted: Wanted | None = None) -> AsyncIterator[World]:
    clock = ManualClock()

    def member(one: Found, _way: object, _kubectl: object) -> Member:
        port = Port(Connection(one.url), clock, transport=FixtureCluster("1.20.5"), name=one.name)
        return Member(f"test/{one.name}", port, one.name)

    search = KubernetesSearch(wanted or Wanted(), clock, member, search=cast("Any", Told))
    fleet = Fleet([], [search])
    running = asyncio.create_task(search.run(fleet))
    await settle()
    try:
        yield World(search, fleet)
    finally:
        search.begin_to_stop()
        await running


async def test_what_is_found_is_added_and_what_is_deleted_is_removed() -> None:
    async with world() as of:
        a, b = found("a"), found("b")
        await of.told.tell(a, b)
        assert of.names == ["test/default/a", "test/default/b"]
        assert of.fleet["test/default/a"].port.kubernetes == a.state
        await of.told.tell(b)
        assert of.names == ["test/default/b"]
        assert [way.closed for way in of.told.ways] == [True, False]


async def test_what_kubernetes_knows_reaches_the_engine() -> None:
    async with world() as of:
        a = found("a")
        await of.told.tell(a)
        after = replace(a, state=replace(a.state, service="a-rest"))
        await of.told.tell(after)
        assert of.fleet["test/default/a"].port.kubernetes == after.state


async def test_the_state_of_the_search_is_that_of_the_fleet() -> None:
    async with world() as of:
        assert of.search.state == SearchState(WHERE)
        of.told.news = SearchNews(WHERE, SiteNews(), "kubectl is missing", 7.0)
        of.told._changed(of.told.news)
        nothing = f"no Flink cluster found in {WHERE}; --all-namespaces searches in all"
        assert of.search.state == SearchState(
            WHERE, problems=("kubectl is missing",), retry_at=7.0, nothing=nothing
        )
        await of.told.tell(problems=("pods may not be listed",))
        assert of.search.state == SearchState(
            WHERE, searched=True, problems=("pods may not be listed",), nothing=nothing
        )
        of.fleet.search_now()
        await settle()
        assert of.told.tried == 1


async def test_what_is_not_installed_is_no_problem_but_a_reason_to_find_nothing() -> None:
    async with world(Wanted(namespaces=("a",))) as of:
        operator = "the operator is not installed"
        await of.told.tell(problems=(operator, "pods may not be listed"), absent=(operator,))
        assert of.search.state == SearchState(
            WHERE,
            searched=True,
            problems=("pods may not be listed",),
            nothing=f"no Flink cluster found in {WHERE}; {operator}",
        )


async def test_a_cluster_that_is_open_when_it_is_deleted_knows_that_and_comes_back_as_itself() -> None:
    async with world() as of:
        a = found("a")
        await of.told.tell(a)
        of.fleet.open("test/default/a")
        port = of.fleet["test/default/a"].port
        gone = replace(a, state=replace(a.state, deleted=5.0))
        await of.told.tell(deleted=(gone,))
        assert of.names == []
        assert port.kubernetes is not None
        assert port.kubernetes.deleted == 5.0
        again = replace(a, state=replace(a.state, at=9.0))
        await of.told.tell(again)
        assert of.fleet["test/default/a"].port is port
        assert port.kubernetes == again.state


async def test_a_cluster_that_comes_back_when_it_was_closed_has_a_new_engine() -> None:
    async with world() as of:
        a = found("a")
        await of.told.tell(a)
        of.fleet.open("test/default/a")
        port = of.fleet["test/default/a"].port
        await of.told.tell()
        assert [way.closed for way in of.told.ways] == [False]
        of.fleet.close("test/default/a")
        await cast("ManualClock", of.search._clock).advance(6.0)
        assert [way.closed for way in of.told.ways] == [True]
        await of.told.tell(a)
        assert of.fleet["test/default/a"].port is not port


async def test_one_at_another_port_has_a_new_engine_though_it_is_open() -> None:
    async with world() as of:
        await of.told.tell(found("a"))
        of.fleet.open("test/default/a")
        port = of.fleet["test/default/a"].port
        await of.told.tell(found("a", 9091))
        assert of.fleet["test/default/a"].port is not port
        assert of.names == ["test/default/a"]


async def test_an_error_in_one_news_does_not_lose_the_next() -> None:
    async with world() as of:
        make = of.search._make
        calls = 0

        def once_broken(*given: Any) -> Member:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise KeyError("odd")
            return make(*given)

        of.search._make = once_broken
        await of.told.tell(found("a"))
        await of.told.tell(found("a"))
        assert of.names == ["test/default/a"]


async def test_turns_are_shared_by_how_ill_a_cluster_is() -> None:
    async with world() as of:
        await of.told.tell(found("a"), found("b"))
        of.fleet.open("test/default/b")
        clock = cast("ManualClock", of.search._clock)
        await clock.advance(6.0)
        assert [way.share for way in of.told.ways] == [1.0, OPEN_SHARE]


def test_the_share_of_a_cluster() -> None:
    class Known:
        lost: object = None
        judged: Judged | None = None

    known = Known()
    of = cast("Port", known)
    assert share(of, is_open=False) == 1.0
    assert share(of, is_open=True) == OPEN_SHARE
    warning, critical = (
        Finding(kind=Kind.RESTARTING, severity=one, words="") for one in (Severity.WARNING, Severity.CRITICAL)
    )
    known.judged = Judged(findings=(warning,))
    assert share(of, is_open=False) == 2.0
    known.judged = Judged(findings=(warning, critical))
    assert share(of, is_open=False) == 4.0
    known.lost = object()
    assert share(of, is_open=False) == LOST_SHARE
