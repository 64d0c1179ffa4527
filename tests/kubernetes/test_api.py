"""The API server through kubectl's proxy: documents, lists, watches, and its bad days."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from flinktop.engine.clock import Clock
from flinktop.kubernetes import api as module
from flinktop.kubernetes.api import ApiServer
from flinktop.kubernetes.errors import ApiError, KubectlError
from flinktop.kubernetes.login import SHORTEST
from flinktop.kubernetes.proxy import LIMITS, Proxy
from tests.kubernetes.small_server import Answers, Asked, Reply, SmallServer, in_json, plain, refusal, serving
from tests.kubernetes.standing import StandIn
from tests.tunnel.standing import happens

PODS = "/api/v1/namespaces/flink/pods"
UNAUTHORIZED = refusal(401, "Unauthorized", "Unauthorized")
UNREADABLE = (
    "the API server of context prod gave an answer that can't be read: "
    "JSON is malformed: invalid character (byte 0)"
)
LOGIN = (
    "kubectl is not logged in to context prod: log in again as for kubectl; flinktop then goes on by itself"
)


class Hurried(Clock):
    """Pauses of seconds are some of milliseconds; what is far enough in the future is told by `skip`."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead

    async def sleep(self, seconds: float) -> None:
        self.ahead += seconds
        await asyncio.sleep(0)

    def skip(self, seconds: float) -> None:
        self.ahead += seconds


class Api:
    """An API server as flinktop asks it, and as it really is."""

    def __init__(self, server: SmallServer, stand_in: StandIn) -> None:
        self.server = server
        self.stand_in = stand_in
        self.clock = Hurried()
        kubectl = stand_in.kubectl()
        limits = LIMITS._replace(shortest=0.05)
        self.asks = ApiServer(kubectl, self.clock, proxy=Proxy(kubectl, self.clock, limits))


@asynccontextmanager
async def api_server(tmp_path: Path, answers: Answers) -> AsyncIterator[Api]:
    async with serving(answers) as server:
        stand_in = StandIn(tmp_path / "stand-in")
        stand_in.put(api=server.port)
        api = Api(server, stand_in)
        try:
            yield api
        finally:
            await api.asks.close()
            assert not stand_in.running


def query(asked: Asked) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(asked.target).query).items()}


def pod(name: str, version: int = 1) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": name, "resourceVersion": str(version)}}


def listed(names: list[str], version: str = "7", **more: str) -> Reply:
    metadata = {"resourceVersion": version, **more}
    return in_json({"kind": "PodList", "metadata": metadata, "items": [pod(name) for name in names]})


def names(items: tuple[msgspec.Raw, ...]) -> list[str]:
    return [json.loads(bytes(item))["metadata"]["name"] for item in items]


async def test_a_document(tmp_path: Path) -> None:
    async with api_server(tmp_path, lambda _asked: in_json({"a": 1})) as api:
        assert json.loads(await api.asks.get(PODS, [("labelSelector", "app=a b")])) == {"a": 1}
        (asked,) = api.server.asked
        assert asked.target == f"{PODS}?labelSelector=app%3Da+b"
        assert asked.headers["host"] == "localhost"
        assert "authorization" not in asked.headers
        assert asked.headers["accept-encoding"] == "identity"
        (run,) = api.stand_in.runs
        assert run.startswith("--context=prod proxy --unix-socket=/")


async def test_a_list_in_pages(tmp_path: Path) -> None:
    def answers(asked: Asked) -> Reply:
        if "continue" not in query(asked):
            return listed(["a", "b"], **{"continue": "to=ken&"})
        assert query(asked)["continue"] == "to=ken&"
        return listed(["c"])

    async with api_server(tmp_path, answers) as api:
        found = await api.asks.list_all(PODS)
        assert (names(found.items), found.version) == (["a", "b", "c"], "7")
        assert [query(asked)["limit"] for asked in api.server.asked] == ["200", "200"]


async def test_a_page_that_has_expired(tmp_path: Path) -> None:
    """Much has changed between two pages: begun anew, and at last without pages."""

    def answers(asked: Asked) -> Reply:
        if "limit" not in query(asked):
            return listed(["a", "b"], "9")
        if "continue" in query(asked):
            return refusal(410, "The provided continue parameter is too old", "Expired")
        return listed(["a"], **{"continue": "token"})

    async with api_server(tmp_path, answers) as api:
        found = await api.asks.list_all(PODS)
        assert (names(found.items), found.version) == (["a", "b"], "9")
        assert len(api.server.asked) == 5


async def test_an_empty_list(tmp_path: Path) -> None:
    async with api_server(
        tmp_path, lambda _asked: in_json({"metadata": {"resourceVersion": "3"}, "items": None})
    ) as api:
        assert await api.asks.list_all(PODS) == module.Listed((), "3")


def change(kind: str, thing: Any) -> bytes:
    return json.dumps({"type": kind, "object": thing}).encode() + b"\n"


async def test_a_watch(tmp_path: Path) -> None:
    more = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        both = change("ADDED", pod("a", 8)) + change("MODIFIED", pod("a", 9))
        yield both[:20]
        yield both[20:100]
        yield both[100:]
        await more.wait()
        yield change("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": "12"}})

    async with api_server(tmp_path, lambda _asked: Reply(parts=parts())) as api:
        seen = []
        async for event in api.asks.watch(PODS, "7"):
            seen.append((event.type, event.version))
            if len(seen) == 2:
                more.set()
        assert seen == [("ADDED", "8"), ("MODIFIED", "9"), ("BOOKMARK", "12")]
        assert query(api.server.asked[0]) == {
            "watch": "1",
            "resourceVersion": "7",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": "300",
        }


async def watched(api: Api) -> list[str]:
    return [event.type async for event in api.asks.watch(PODS, "7")]


async def test_a_watch_of_a_version_that_is_too_old(tmp_path: Path) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield change("ERROR", json.loads(refusal(410, "too old resource version: 7 (9)", "Expired").body))

    replies = [Reply(parts=parts()), refusal(410, "too old", "Expired")]
    async with api_server(tmp_path, lambda _asked: replies.pop(0)) as api:
        for _ in range(2):
            with pytest.raises(ApiError) as raised:
                await watched(api)
            assert raised.value.status == 410


async def test_a_watch_that_breaks_off_has_ended(tmp_path: Path) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield change("ADDED", pod("a")) + b'{"type":'

    async with api_server(tmp_path, lambda _asked: Reply(parts=parts(), cut=True)) as api:
        assert await watched(api) == ["ADDED"]


async def test_a_watch_is_left(tmp_path: Path) -> None:
    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield change("ADDED", pod("a"))
            await asyncio.sleep(0.01)

    def answers(asked: Asked) -> Reply:
        return Reply(parts=parts()) if "watch" in asked.target else in_json({})

    async with api_server(tmp_path, answers) as api:
        async for _event in api.asks.watch(PODS, "7"):
            break
        assert await api.asks.get(PODS) == b"{}"


async def test_too_many_requests(tmp_path: Path) -> None:
    replies = [refusal(429, "later", "TooManyRequests", Retry_After="3"), in_json({})]
    async with api_server(tmp_path, lambda _asked: replies.pop(0)) as api:
        before = api.clock.now()
        assert await api.asks.get(PODS) == b"{}"
        assert api.clock.now() - before >= 3.0


async def test_far_too_many_requests(tmp_path: Path) -> None:
    async with api_server(tmp_path, lambda _asked: refusal(429, Retry_After="300")) as api:
        with pytest.raises(
            ApiError, match=r"^the API server of context prod wants fewer requests \(429\)$"
        ) as raised:
            await api.asks.get(PODS)
        assert raised.value.retry_after == 300.0
        assert len(api.server.asked) == 1


FAILURES: dict[str, tuple[Reply, str, str]] = {
    "403": (
        refusal(
            403,
            'pods is forbidden: User "d" cannot list resource "pods" in API group "" in the namespace "a"',
        ),
        "",
        "the right to list pods in namespace a is missing (context prod)",
    ),
    "no such kind": (
        plain(404, "404 page not found\n"),
        "",
        "the API server of context prod answered 404: 404 page not found",
    ),
    "refused": (
        plain(500, "dial tcp 10.0.0.1:443: connect: connection refused\n"),
        "unreachable",
        "the API server of context prod can't be reached: dial tcp 10.0.0.1:443: connect: connection refused",
    ),
    "a gateway": (
        Reply(502, b"<html><h1>Bad Gateway</h1></html>", {"Content-Type": "text/html"}),
        "",
        "the API server of context prod answered 502",
    ),
    "no JSON": (
        Reply(200, b"hello"),
        "",
        UNREADABLE,
    ),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_a_failure_is_one_sentence(tmp_path: Path, name: str) -> None:
    reply, kind, sentence = FAILURES[name]
    async with api_server(tmp_path, lambda _asked: reply) as api:
        with pytest.raises((ApiError, KubectlError)) as raised:
            await api.asks.list_all(PODS)
        assert str(raised.value) == sentence
        assert getattr(raised.value, "kind", "") == kind


async def test_an_answer_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0.01)

    async with api_server(tmp_path, lambda _asked: Reply(parts=parts())) as api:
        with pytest.raises(KubectlError, match="gave no answer in time"):
            await api.asks.get(PODS, seconds=0.2)
        with pytest.raises(ApiError, match="an answer of more than 0 MiB"):
            await api.asks.get(PODS, most=10_000)
        monkeypatch.setattr(module, "MOST_EVENT", 10_000)
        with pytest.raises(ApiError, match="an object of more than 0 MiB"):
            await watched(api)


async def test_a_context_that_is_unknown(tmp_path: Path) -> None:
    async with api_server(tmp_path, lambda _asked: in_json({})) as api:
        api.stand_in.put(proxy_fails='error: context "prod" does not exist\n')
        with pytest.raises(
            KubectlError, match=r"^kubectl knows no context prod: kubectl config get-contexts lists them$"
        ):
            await api.asks.get(PODS)


async def test_a_proxy_that_is_killed_comes_back(tmp_path: Path) -> None:
    async with api_server(tmp_path, lambda _asked: in_json({})) as api:
        await api.asks.get(PODS)
        os.kill(api.stand_in.newest, signal.SIGKILL)
        await happens("it is back", lambda: api.stand_in.runs_of("proxy") == 2)

        async def answers() -> bool:
            try:
                return await api.asks.get(PODS) == b"{}"
            except KubectlError:
                return False

        while not await answers():  # noqa: ASYNC110 -- it is another program
            await asyncio.sleep(0.05)


# -- the login -------------------------------------------------------------------------------------------


def until(given: Callable[[], bool]) -> Answers:
    return lambda _asked: in_json({}) if given() else UNAUTHORIZED


async def test_a_login_program_that_gives_a_new_token(tmp_path: Path) -> None:
    """Kubectl runs it after a 401; the second request succeeds."""
    replies = [UNAUTHORIZED, in_json({})]
    async with api_server(tmp_path, lambda _asked: replies.pop(0)) as api:
        assert await api.asks.get(PODS) == b"{}"
        assert api.stand_in.runs_of("proxy") == 1


async def test_a_lost_login_comes_back(tmp_path: Path) -> None:
    """Kubectl's proxy is started anew, since it reads the new login only then; meanwhile little is sent."""
    logged_in = True
    async with api_server(tmp_path, until(lambda: logged_in)) as api:
        assert await api.asks.get(PODS) == b"{}"
        logged_in = False
        for _ in range(20):
            with pytest.raises(ApiError) as raised:
                await api.asks.get(PODS)
            assert (raised.value.status, str(raised.value)) == (401, LOGIN)
        assert len(api.server.asked) == 3
        await happens("the proxy is started anew", lambda: api.stand_in.runs_of("proxy") == 2)
        logged_in = True
        with pytest.raises(ApiError):
            await api.asks.get(PODS)
        api.clock.skip(SHORTEST)
        await happens("it is open", lambda: api.asks._proxy._tunnel.state.kind == "up")
        assert await api.asks.get(PODS) == b"{}"


async def test_a_login_is_back_though_what_was_asked_for_is_gone(tmp_path: Path) -> None:
    replies = [UNAUTHORIZED, UNAUTHORIZED, refusal(404, "services not found", "NotFound"), in_json({})]
    async with api_server(tmp_path, lambda _asked: replies.pop(0)) as api:
        with pytest.raises(ApiError, match=LOGIN):
            await api.asks.get(PODS)
        await happens("the proxy is started anew", lambda: api.stand_in.runs_of("proxy") == 2)
        api.clock.skip(SHORTEST)
        await happens("it is open", lambda: api.asks._proxy._tunnel.state.kind == "up")
        with pytest.raises(ApiError, match="not found"):
            await api.asks.get(PODS)
        assert await api.asks.get(PODS) == b"{}"


async def test_what_a_login_program_has_printed_is_said(tmp_path: Path) -> None:
    said = "getting credentials: exec: executable kubelogin failed with exit code 1\n"
    line = "E1201 09:12:45.923424   14410 proxy_server.go:147] Error while proxying request: " + said
    async with api_server(tmp_path, lambda _asked: plain(500, said)) as api:
        api.stand_in.put(says=f"Your session has ended: kubelogin again\n{line}")
        with pytest.raises(
            KubectlError, match=r"kubelogin ended with 1: Your session has ended: kubelogin again$"
        ):
            await api.asks.get(PODS)


@pytest.mark.deep
async def test_a_login_program_that_fails_is_not_run_for_each_request(tmp_path: Path) -> None:
    said = "getting credentials: exec: executable kubelogin failed with exit code 1\n"
    async with api_server(tmp_path, lambda _asked: plain(500, said)) as api:
        for _ in range(20):
            with pytest.raises(
                KubectlError, match=r"^kubectl's login to context prod failed: kubelogin ended with 1$"
            ):
                await api.asks.get(PODS)
        assert len(api.server.asked) == 1
        api.asks.try_now()
        await happens("it is open again", lambda: api.stand_in.runs_of("proxy") == 2)
        await happens("it is open", lambda: api.asks._proxy._tunnel.state.kind == "up")
        with pytest.raises(KubectlError, match=r"^kubectl's login to context prod failed"):
            await api.asks.get(PODS)
        assert len(api.server.asked) == 2
