"""A context is followed through the real kubectl, on the API server of the tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from flinktop.engine.clock import Clock
from flinktop.kubernetes.api import ApiServer as Api
from flinktop.kubernetes.discovery import Found
from flinktop.kubernetes.kubectl import Kubectl
from flinktop.kubernetes.site import Site, SiteNews
from flinktop.model import kubernetes_words as words
from tests.kubernetes import kubectl, objects, pods
from tests.kubernetes.apiserver.rights import READ, Rule
from tests.kubernetes.apiserver.server import ApiServer

pytestmark = pytest.mark.live

SECONDS = 30.0
"""For any news at most: fails only where nothing comes at all."""


class Reader:
    """The news of a site that runs."""

    def __init__(self) -> None:
        self.last = SiteNews()
        self._came = asyncio.Event()

    def take(self, news: SiteNews) -> None:
        self.last = news
        self._came.set()

    async def until(self, holds: Callable[[SiteNews], bool]) -> SiteNews:
        """The first news of which something holds."""
        async with asyncio.timeout(SECONDS):
            while not holds(self.last):
                self._came.clear()
                await self._came.wait()
        return self.last

    async def orders(self, holds: Callable[[Found], bool]) -> Found:
        news = await self.until(
            lambda news: any(holds(one) for one in news.found if one.name == "shop/orders")
        )
        return next(one for one in news.found if one.name == "shop/orders")


@contextlib.asynccontextmanager
async def followed(
    namespaces: tuple[str, ...] | None = None,
) -> AsyncIterator[tuple[Reader, Callable[[], None]]]:
    clock = Clock()
    api = Api(Kubectl("test", str(kubectl.program())), clock)
    reader = Reader()
    site = Site(api, clock, reader.take, context="test", namespaces=namespaces)

    def try_now() -> None:
        api.try_now()
        site.try_now()

    running = asyncio.create_task(site.run())
    try:
        yield reader, try_now
        assert not running.done(), running
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await api.close()


@pytest.fixture
def server(apiserver: ApiServer, monkeypatch: pytest.MonkeyPatch) -> ApiServer:
    monkeypatch.setenv("KUBECONFIG", str(apiserver.kubeconfig(apiserver.context(by="token"))))
    return apiserver


async def test_what_becomes_of_a_deployment(server: ApiServer) -> None:
    server.store.put(*pods.flink_cluster("clicks", "shop"))
    async with followed() as (reader, _):
        await reader.until(lambda news: [one.name for one in news.found] == ["shop/clicks"])
        assert (reader.last.problems, reader.last.complete) == ((), True)

        server.store.put(*pods.flink_cluster("orders", "shop"))
        await reader.orders(lambda one: words.pods_line(one.state) == "JM 1/1 · TM 1/1")

        server.store.put(pods.oom_killed(pods.pod("orders", "taskmanager", "shop")))
        killed = await reader.orders(lambda one: "OOMKilled" in words.pods_line(one.state))
        assert "OOMKilled (limit 2.0 GB), exit code 137" in words.pod_line(killed.state.pods[1])
        server.kill_pod("shop", "orders-taskmanager-1-1")
        await reader.orders(lambda one: any(pod.gone is not None for pod in one.state.pods))

        server.store.patch("FlinkDeployment", "shop", "orders", status__lifecycleState="UPGRADING")
        await reader.orders(
            lambda one: one.state.operator is not None and one.state.operator.lifecycle == "UPGRADING"
        )
        for kind, name in (("FlinkDeployment", "orders"), ("Service", "orders-rest"), ("Service", "orders")):
            server.store.remove(kind, "shop", name)
        await reader.until(lambda news: [one.name for one in news.deleted] == ["shop/orders"])


async def test_watches_that_end_and_versions_that_are_forgotten(server: ApiServer) -> None:
    server.store.put(*pods.flink_cluster("orders", "shop"))
    async with followed(("shop",)) as (reader, _):
        await reader.until(lambda news: news.complete)
        for step in range(3):
            server.cut_watches()
            server.store.put(objects.deployment(f"d{step}", "shop"))
            await reader.until(lambda news, step=step: len(news.found) == 2 + step)  # type: ignore[misc]
        server.forget()
        server.cut_watches()
        server.be_busy(2)
        server.store.put(objects.deployment("last", "shop"))
        await reader.until(lambda news: len(news.found) == 5)
        await reader.until(lambda news: news.problems == ())
    assert not any("/api/v1/pods" in asked.target for asked in server.asked), "only the namespace"


async def test_a_login_that_is_lost_and_comes_back(server: ApiServer) -> None:
    server.store.put(*pods.flink_cluster("orders", "shop"))
    async with followed() as (reader, try_now):
        await reader.until(lambda news: news.complete)
        server.lose_login("dev")
        server.cut_watches()
        news = await reader.until(lambda news: bool(news.problems))
        assert len(news.problems) == 1
        assert "not logged in" in news.problems[0]
        assert [len(one.state.pods) for one in news.found] == [2]
        server.give_login_back("dev")
        server.store.put(objects.deployment("second", "shop"))
        try_now()
        news = await reader.until(lambda news: not news.problems and len(news.found) == 2)
        assert news.deleted == ()


async def test_the_rights_of_a_person_with_little(server: ApiServer) -> None:
    server.rights.of["dev"] = (
        Rule(READ, ("flinkdeployments", "services"), ("flink.apache.org", ""), ("shop",)),
        Rule(READ, ("pods",), ("",), ("other",)),
    )
    server.store.put(*pods.flink_cluster("orders", "shop"))
    async with followed(("shop",)) as (reader, _):
        news = await reader.until(lambda news: news.complete)
        (found,) = news.found
        assert found.state.operator is not None
        assert sorted(news.problems) == sorted(found.state.missing)
        assert [problem.partition(" in namespace")[0] for problem in sorted(news.problems)] == [
            "the right to list events",
            "the right to list flinksessionjobs.flink.apache.org",
            "the right to list flinkstatesnapshots.flink.apache.org",
            "the right to list pods",
        ]


async def test_without_the_operator(server: ApiServer) -> None:
    for plural in ("flinkdeployments", "flinksessionjobs", "flinkstatesnapshots"):
        server.store.remove_kind(plural)
    server.store.put(*pods.flink_cluster("orders", "shop", managed=False))
    async with followed() as (reader, _):
        news = await reader.until(lambda news: news.complete)
        assert [(one.name, len(one.state.pods)) for one in news.found] == [("shop/orders", 2)]
        assert news.problems == ("the Flink Kubernetes operator is not installed (context test)",)


async def test_why_a_pod_is_pending(server: ApiServer) -> None:
    pending = pods.unschedulable(pods.pod("orders", "taskmanager", "shop"))
    pending["status"] = {"phase": "Pending"}
    event = pods.event(pending, "FailedMount", "no such volume.")
    server.store.put(*pods.flink_cluster("orders", "shop"), pending, event, pods.over_quota("orders", "shop"))
    async with followed() as (reader, _):
        found = await reader.orders(lambda one: any(pod.pending for pod in one.state.pods))
        assert words.pod_line(found.state.pods[1]) == "Pending: FailedMount: no such volume"
