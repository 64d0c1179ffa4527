"""A context is followed: what comes, changes and goes, and days on which the API server is not well."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

import pytest

from flinktop.kubernetes.api import Event, Listed
from flinktop.kubernetes.discovery import Found
from flinktop.kubernetes.errors import ApiError, KubectlError
from flinktop.kubernetes.gone import CLUSTER_SECONDS, MOST_PODS, POD_SECONDS
from flinktop.kubernetes.selectors import selector
from flinktop.kubernetes.site import Site, SiteNews
from flinktop.model import kubernetes_words as words
from flinktop.model.kubernetes import Pod
from tests.kubernetes import objects, pods
from tests.kubernetes.objects import CREATED, Object, changed
from tests.kubernetes.scripted_api import ScriptedApi, busy, forbidden, gone, missing
from tests.manual_clock import ManualClock, settle

NOW = CREATED + 3600
KINDS = 6


class Followed:
    """A site that runs, and its news."""

    def __init__(self, api: ScriptedApi, site: Site, clock: ManualClock, news: list[SiteNews]) -> None:
        self.api = api
        self.site = site
        self.clock = clock
        self.news = news

    async def later(self, seconds: float = 1.0) -> SiteNews:
        await self.clock.advance(seconds)
        return self.news[-1]

    async def found(self, seconds: float = 1.0) -> list[str]:
        return [one.name for one in (await self.later(seconds)).found]

    async def one(self, name: str = "default/orders", seconds: float = 1.0) -> Found:
        news = await self.later(seconds)
        return next(one for one in news.found if one.name == name)


@contextlib.asynccontextmanager
async def followed(
    api: ScriptedApi,
    *,
    namespaces: Iterable[str] | None = None,
    wanted: str = "",
    confirm: Callable[[Found], Awaitable[bool | None]] | None = None,
) -> AsyncIterator[Followed]:
    clock = ManualClock(wall=NOW)
    news: list[SiteNews] = []
    site = Site(
        api,
        clock,
        news.append,
        context="minikube",
        namespaces=namespaces,
        selector=selector(wanted),
        confirm=confirm,
    )
    running = asyncio.create_task(site.run())
    await settle()
    try:
        yield Followed(api, site, clock, news)
        assert not running.done(), running
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def orders(taskmanagers: int = 1) -> list[Object]:
    return pods.flink_cluster("orders", taskmanagers=taskmanagers)


async def test_what_is_there_is_found_at_once() -> None:
    async with followed(ScriptedApi(*orders())) as site:
        (news,) = site.news
        assert [one.name for one in news.found] == ["default/orders"]
        assert news.complete
        assert (news.problems, news.deleted) == ((), ())
        assert news.found[0].state.at == NOW
        assert site.site.news is news


async def test_a_deployment_comes_is_upgraded_suspended_and_deleted() -> None:
    async with followed(ScriptedApi()) as site:
        assert await site.found() == []
        new = objects.deployment(reconciled=False)
        site.api.put(new)
        assert (await site.one()).state.operator is not None
        site.api.put(*orders())
        first = await site.one()
        assert words.pods_line(first.state) == "JM 1/1 · TM 1/1"

        site.api.put(objects.deployment(lifecycle="UPGRADING", state="RECONCILING"))
        site.api.delete(pods.pod("orders", "taskmanager"))
        upgraded = await site.one()
        assert upgraded.url == first.url
        assert upgraded.state.operator is not None
        assert upgraded.state.operator.lifecycle == "UPGRADING"
        assert words.pods_line(upgraded.state) == "JM 1/1"

        site.api.put(objects.deployment(lifecycle="SUSPENDED", wanted="suspended"))
        site.api.delete(objects.rest_service("orders"), pods.pod("orders", "jobmanager"))
        suspended = await site.one()
        assert suspended.url == first.url
        assert words.pods_line(suspended.state) == ""

        site.api.delete(objects.deployment())
        news = await site.later()
        assert news.found == ()
        (deleted,) = news.deleted
        assert deleted.name == "default/orders"
        assert deleted.state.deleted is not None
        assert all(pod.gone is not None for pod in deleted.state.pods)
        assert (await site.later(CLUSTER_SECONDS + 60)).deleted == ()


async def test_a_cluster_that_is_made_again_is_not_deleted_any_more() -> None:
    api = ScriptedApi(*orders())
    async with followed(api) as site:
        api.delete(*orders())
        assert (await site.later()).deleted
        api.put(*orders())
        news = await site.later()
        assert ([one.name for one in news.found], news.deleted) == (["default/orders"], ())


async def test_a_cluster_that_has_not_changed_is_the_same_object() -> None:
    api = ScriptedApi(*orders(), *pods.flink_cluster("clicks"))
    async with followed(api) as site:
        before = {one.name: one for one in site.news[-1].found}
        api.put(objects.deployment("clicks", lifecycle="UPGRADING"))
        after = {one.name: one for one in (await site.later()).found}
        assert after["default/orders"] is before["default/orders"]
        assert after["default/clicks"] != before["default/clicks"]
        assert after["default/clicks"].state.at > NOW


async def test_many_changes_are_two_calls_a_second() -> None:
    api = ScriptedApi(*(objects.deployment(f"d{number}") for number in range(300)))
    async with followed(api) as site:
        assert len(site.news[-1].found) == 300
        for step in range(100):
            api.put(objects.deployment(f"d{step}", lifecycle="UPGRADING"))
            await site.clock.advance(0.02)
        # In two seconds, and the first.
        assert len(site.news) <= 6
        operators = [one.state.operator for one in (await site.later()).found]
        assert sum(one is not None and one.lifecycle == "UPGRADING" for one in operators) == 100


async def test_changes_that_no_one_sees_are_no_news() -> None:
    api = ScriptedApi(*orders())
    async with followed(api) as site:
        api.put(changed(objects.deployment(), metadata__resourceVersion="77"))
        api.put(objects.service("db", ports=(("sql", 5432),), selector={"app": "db"}))
        await site.later(60)
        assert len(site.news) == 1


async def test_only_some_namespaces() -> None:
    api = ScriptedApi(*(one for name in "abc" for one in pods.flink_cluster("orders", name)))
    async with followed(api, namespaces=["a", "b", "a"]) as site:
        assert await site.found() == ["a/orders", "b/orders"]
        assert api.count("/namespaces/c/") == 0
        assert api.count("list ") == 2 * KINDS


async def test_only_what_a_selector_matches() -> None:
    api = ScriptedApi(*orders(), objects.deployment("tagged", labels={"tier": "prod"}))
    async with followed(api, wanted="tier=prod") as site:
        assert await site.found() == ["default/tagged"]


# -- pods ----------------------------------------------------------------------------------------------


def gone_pods(found: Found) -> list[Pod]:
    return [pod for pod in found.state.pods if pod.gone is not None]


async def test_a_pod_that_vanishes_is_kept_with_why_it_ended() -> None:
    api = ScriptedApi(*orders())
    async with followed(api) as site:
        killed = pods.oom_killed(pods.pod(), at=NOW)
        api.put(killed)
        (pod,) = [pod for pod in (await site.one()).state.pods if pod.component == "taskmanager"]
        assert words.pod_line(pod, NOW + 60) == "Failed: OOMKilled (limit 2.0 GB), exit code 137, 1 m ago"
        api.delete(killed)
        (pod,) = gone_pods(await site.one())
        assert words.pod_line(pod, NOW + 62).startswith("gone 1 m ago: OOMKilled (limit 2.0 GB)")
        # The next of its kind comes.
        api.put(pods.pod(number=2))
        found = await site.one()
        assert [pod.gone is None for pod in found.state.pods] == [True, True, False]
        assert words.pods_line(found.state) == "JM 1/1 · TM 1/1"
        assert not gone_pods(await site.one(seconds=POD_SECONDS + 60))


async def test_the_last_words_of_a_pod_are_those_of_its_deletion() -> None:
    api = ScriptedApi(*orders())
    async with followed(api) as site:
        api.delete(pods.evicted(pods.pod()))
        (pod,) = gone_pods(await site.one())
        assert pod.ended is not None
        assert pod.ended.reason == "Evicted"


async def test_a_pod_that_vanishes_unseen_is_gone_as_well() -> None:
    api = ScriptedApi(*orders())
    async with followed(api) as site:
        api.forget_silently(pods.pod())
        api.watch_errors["pods"] = gone()
        api.close_watches()
        await settle()
        del api.watch_errors["pods"]
        (pod,) = gone_pods(await site.one(seconds=5))
        assert pod.name == "orders-taskmanager-1-1"


async def test_a_pod_of_the_same_name_is_another() -> None:
    """As in a StatefulSet."""
    first = pods.oom_killed(pods.pod())
    api = ScriptedApi(*orders(), first)
    async with followed(api) as site:
        api.delete(first)
        api.put(changed(pods.pod(), metadata__uid="second"))
        found = await site.one()
        assert len(gone_pods(found)) == 1
        by_name = found.state.pod_of("orders-taskmanager-1-1")
        assert by_name is not None
        assert by_name.uid == "second"


async def test_a_restart_loop_does_not_fill_the_memory() -> None:
    api = ScriptedApi(*orders())
    async with followed(api) as site:
        for number in range(2, 2 + 3 * MOST_PODS):
            api.put(pods.pod(number=number))
            api.delete(pods.pod(number=number))
        kept = gone_pods(await site.one())
        assert len(kept) == MOST_PODS
        assert f"orders-taskmanager-1-{3 * MOST_PODS + 1}" in [pod.name for pod in kept]


async def test_events_say_why_a_pod_is_pending() -> None:
    given = pods.unschedulable(pods.pod())
    given["status"] = {"phase": "Pending"}
    api = ScriptedApi(*orders(), given, pods.event(given, "FailedMount", "no such volume."))
    async with followed(api) as site:
        assert [pod.pending for pod in (await site.one()).state.pods] == ["", ""]
        assert api.count("/events") == 2  # list and watch of pods that are not created
        (_, pod) = (await site.one(seconds=6)).state.pods
        assert pod.pending == "FailedMount: no such volume"
        asked = api.count("/events")
        await site.later(20)
        assert api.count("/events") == asked
        # It runs: nothing is asked any more.
        api.put(pods.pod())
        (_, pod) = (await site.one()).state.pods
        assert pod.pending == ""
        await site.later(120)
        assert api.count("/events") == asked


async def test_many_pending_pods_are_one_request_a_second() -> None:
    api = ScriptedApi(*orders(), *(pods.unschedulable(pods.pod(number=number)) for number in range(2, 102)))
    async with followed(api) as site:
        await site.later(5)
        before = api.count("list ")
        await site.later(20)
        assert api.count("list ") - before <= 20


async def test_a_quota_is_said() -> None:
    api = ScriptedApi(objects.deployment(), pods.over_quota(at=NOW))
    async with followed(api) as site:
        assert "exceeded quota" in (await site.one()).state.not_created
        assert (await site.one(seconds=3600)).state.not_created == ""


# -- days on which the API server is not well ----------------------------------------------------------


async def test_watches_that_are_closed_every_30_seconds_are_usual() -> None:
    api = ScriptedApi(*orders())
    async with followed(api) as site:
        for _ in range(20):
            await site.later(30)
            api.close_watches()
        await site.later()
        assert api.count("list ") == KINDS
        assert api.count("watch ") == 21 * KINDS
        assert len(site.news) == 1
        api.put(pods.flink_cluster("new")[0])
        assert await site.found() == ["default/new", "default/orders"]


async def test_watches_that_are_closed_at_once_are_not_begun_without_an_end() -> None:
    class Hasty(ScriptedApi):
        """Closes each watch at once."""

        async def watch(
            self, path: str, version: str, params: Iterable[tuple[str, str]] = ()
        ) -> AsyncIterator[Event]:
            self.asked.append(f"watch {path} {version} {params}")
            nothing: tuple[Event, ...] = ()
            for one in nothing:
                yield one

    api = Hasty(*orders())
    async with followed(api) as site:
        await site.later(60)
        assert api.count("watch ") < 10 * KINDS


async def test_after_410_the_list_is_read_again() -> None:
    api = ScriptedApi(*orders())
    async with followed(api) as site:
        api.put(objects.deployment("second"))
        api.forget_silently(objects.deployment("second"))
        assert await site.found() == ["default/orders", "default/second"]
        api.watch_errors["flinkdeployments"] = gone()
        api.close_watches()
        await settle()
        del api.watch_errors["flinkdeployments"]
        assert await site.found(5) == ["default/orders"]
        assert site.news[-1].problems == ()
        assert api.count("list /apis/flink.apache.org/v1beta1/flinkdeployments") == 2


async def test_410_without_an_end_is_not_asked_without_an_end() -> None:
    api = ScriptedApi(*orders())
    api.watch_errors["pods"] = gone()
    async with followed(api) as site:
        await site.later(60)
        assert api.count("list /api/v1/pods") < 12


async def test_429_waits_as_long_as_is_said() -> None:
    api = ScriptedApi(*orders())
    api.errors["pods"] = busy(20)
    async with followed(api) as site:
        await site.later(19)
        assert api.count("list /api/v1/pods") == 1
        assert site.news[-1].problems == ()
        del api.errors["pods"]
        assert len((await site.one(seconds=2)).state.pods) == 2


async def test_a_lost_login_is_said_once_and_what_was_known_stays() -> None:
    api = ScriptedApi(*orders())
    async with followed(api) as site:
        lost = KubectlError("login", "kubectl is not logged in to minikube")
        api.errors = dict.fromkeys(
            ("flinkdeployments", "flinksessionjobs", "flinkstatesnapshots", "services", "pods", "events"),
            lost,
        )
        api.close_watches()
        news = await site.later(120)
        assert news.problems == ("kubectl is not logged in to minikube",)
        assert [one.name for one in news.found] == ["default/orders"]
        assert len(news.found[0].state.pods) == 2
        assert not gone_pods(news.found[0])
        asked = len(api.asked)
        await site.later(60)
        assert len(api.asked) - asked <= 3 * KINDS
        api.errors.clear()
        api.put(objects.deployment("second"))
        site.site.try_now()
        news = await site.later(1)
        assert news.problems == ()
        assert [one.name for one in news.found] == ["default/orders", "default/second"]


async def test_what_is_wanted_while_a_request_fails_is_tried_at_once() -> None:
    api = ScriptedApi(*orders())
    api.errors["pods"] = KubectlError("login", "kubectl is not logged in to minikube")
    async with followed(api) as site:
        api.answers.clear()
        await site.later(60)
        asked = api.count("list /api/v1/pods")
        site.site.try_now()
        api.answers.set()
        await settle()
        assert api.count("list /api/v1/pods") == asked + 1


async def test_a_watch_that_is_cut_off_goes_on_without_a_list() -> None:
    api = ScriptedApi(*orders())
    async with followed(api) as site:
        cut = KubectlError("unreachable", "the API server of minikube is unreachable")
        for _ in range(10):
            await site.later(60)
            api.close_watches(cut)
        await site.later()
        assert api.count("list ") == KINDS
        assert len(site.news) == 1


async def test_one_request_that_is_cut_off_is_no_problem() -> None:
    """As when the proxy is started again for a new login."""
    api = ScriptedApi(*orders())
    async with followed(api) as site:
        cut = KubectlError("failed", "kubectl proxy has ended, and is started again")
        api.errors["pods"] = cut
        api.close_watches()
        await site.later(0.5)
        del api.errors["pods"]
        await site.later(5)
        assert len(site.news) == 1
        api.errors["pods"] = cut
        api.close_watches()
        assert (await site.later(5)).problems == (str(cut),)


async def test_an_api_server_that_is_away_is_asked_less_and_less() -> None:
    api = ScriptedApi(*orders())
    down = KubectlError("unreachable", "the API server of minikube is unreachable")
    api.errors = dict.fromkeys(("services", "pods", "flinkdeployments"), down)
    async with followed(api) as site:
        news = await site.later(300)
        assert news.problems == ("the API server of minikube is unreachable",)
        assert news.complete
        assert api.count("list /api/v1/pods") < 16
        api.errors.clear()
        assert await site.found(31) == ["default/orders"]
        assert site.news[-1].problems == ()


async def test_pods_that_may_not_be_read_only_take_pods_away() -> None:
    api = ScriptedApi(*orders())
    api.errors["pods"] = forbidden("pods")
    async with followed(api) as site:
        news = await site.later()
        (found,) = news.found
        assert (found.name, found.state.pods) == ("default/orders", ())
        assert (
            news.problems
            == found.state.missing
            == ("the right to list pods in the whole cluster is missing",)
        )
        del api.errors["pods"]
        found = await site.one(seconds=61)
        assert (len(found.state.pods), found.state.missing) == (2, ())


async def test_a_right_that_is_taken_away_makes_no_pod_gone() -> None:
    api = ScriptedApi(*orders())
    async with followed(api) as site:
        api.errors["pods"] = forbidden("pods")
        api.close_watches()
        found = await site.one(seconds=2)
        assert found.state.pods == ()
        assert found.state.missing


async def test_without_the_operator_services_are_found() -> None:
    api = ScriptedApi(*pods.flink_cluster("orders", managed=False))
    api.errors |= dict.fromkeys(("flinkdeployments", "flinksessionjobs", "flinkstatesnapshots"), missing())
    async with followed(api) as site:
        news = await site.later(5)
        assert [one.name for one in news.found] == ["default/orders"]
        assert news.problems == ("the Flink Kubernetes operator is not installed (minikube)",)
        # It is installed later.
        api.errors.clear()
        api.put(objects.deployment())
        found = await site.one(seconds=61)
        assert found.state.operator is not None
        assert found.url == news.found[0].url


async def test_an_operator_without_snapshots_is_no_problem() -> None:
    api = ScriptedApi(*orders())
    api.errors["flinkstatesnapshots"] = missing()
    async with followed(api) as site:
        assert (await site.later(5)).problems == ()
        assert site.news[-1].found[0].state.missing == ()


async def test_rights_in_one_namespace_alone() -> None:
    class OneAllowed(ScriptedApi):
        """Allows pods in namespace a only."""

        async def list_all(self, path: str, params: Iterable[tuple[str, str]] = ()) -> Listed:
            if path.endswith("/namespaces/b/pods"):
                raise ApiError(403, "the right to list pods in namespace b is missing")
            return await super().list_all(path, params)

    api = OneAllowed(*pods.flink_cluster("orders", "a"), *pods.flink_cluster("orders", "b"))
    async with followed(api, namespaces=["a", "b"]) as site:
        a, b = (await site.later()).found
        assert (len(a.state.pods), a.state.missing) == (2, ())
        assert (b.state.pods, b.state.missing) == ((), ("the right to list pods in namespace b is missing",))


async def test_when_nothing_may_be_read_nothing_is_deleted() -> None:
    api = ScriptedApi(*orders())
    async with followed(api) as site:
        for resource in ("flinkdeployments", "services", "pods"):
            api.errors[resource] = forbidden(resource)
        api.close_watches()
        news = await site.later(2)
        assert (news.found, news.deleted) == ((), ())
        assert len(news.problems) == 3


async def test_the_first_news_do_not_wait_for_a_kind_that_hangs() -> None:
    class Hanging(ScriptedApi):
        """Never answers for pods."""

        async def list_all(self, path: str, params: Iterable[tuple[str, str]] = ()) -> Listed:
            if path.endswith("/pods"):
                await asyncio.Event().wait()
            return await super().list_all(path, params)

    async with followed(Hanging(*orders())) as site:
        assert site.news == []
        news = await site.later(6)
        assert [one.name for one in news.found] == ["default/orders"]
        assert not news.complete


async def test_an_object_that_can_not_be_read_harms_no_other() -> None:
    broken = objects.deployment("broken")
    broken["spec"] = ["?"]
    broken["status"] = 7
    api = ScriptedApi(broken, *orders())
    async with followed(api) as site:
        assert await site.found() == ["default/broken", "default/orders"]
        api.put(
            changed(objects.deployment("odd"), metadata=[1]) | {"metadata": {"name": "", "namespace": ""}}
        )
        assert await site.found() == ["default/broken", "default/orders"]


# -- services that may be a JobManager's ---------------------------------------------------------------


def plain(name: str) -> Object:
    return objects.service(name, selector={"app": name, "component": "jobmanager"})


@pytest.mark.parametrize(("answer", "found"), [(True, ["default/x"]), (False, []), (None, ["default/x"])])
async def test_a_service_is_asked_whether_it_is_flink(*, answer: bool | None, found: list[str]) -> None:
    asked: list[str] = []

    async def confirm(one: Found) -> bool | None:
        asked.append(one.name)
        return answer

    async with followed(ScriptedApi(plain("x"), objects.deployment()), confirm=confirm) as site:
        assert await site.found(2) == [*["default/orders"], *found]
        assert asked == ["default/x"]
        if found:
            assert site.news[-1].found[1].confirmed is (answer is True)
        await site.later(100)
        assert len(asked) == (4 if answer is None else 1)


async def test_a_service_is_found_when_it_answers_later() -> None:
    answers: list[bool | None] = [None, True]

    async def confirm(_: Found) -> bool | None:
        return answers.pop(0)

    async with followed(ScriptedApi(plain("x")), confirm=confirm) as site:
        assert not (await site.one("default/x", 2)).confirmed
        assert (await site.one("default/x", 31)).confirmed
        await site.later(600)
        assert answers == []


async def test_few_services_are_asked_at_once() -> None:
    under_way = most = 0

    async def confirm(_: Found) -> bool | None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return True

    async with followed(ScriptedApi(*(plain(f"s{number}") for number in range(40))), confirm=confirm) as site:
        assert len((await site.later(3)).found) == 40
        assert most == 4
