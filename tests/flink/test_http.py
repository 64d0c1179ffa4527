"""Requests as they leave and answers as they arrive, without a socket."""

import gzip
import logging
from collections.abc import AsyncIterator, Callable
from functools import cache

import httpx
import pytest

from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.connection import Connection, Secret
from flinktop.flink.decode import decode, read
from flinktop.flink.endpoint import MOST_BYTES
from flinktop.flink.errors import (
    BadReply,
    FlinkError,
    NotFlink,
    NotFound,
    Refused,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from flinktop.flink.http import Http
from flinktop.flink.jobs import JOB, JOBS
from flinktop.flink.logs import JOBMANAGER_LOG
from flinktop.flink.metrics import SUBTASKS_METRICS, Aggregated
from flinktop.flink.vertices import VERTEX
from flinktop.flink.wire import MOST_COOKIES

Answer = Callable[[httpx.Request], httpx.Response]


class Wire:
    """What was sent, and the answers to it: the last one stands for all that follow."""

    def __init__(self, *answers: Answer | httpx.Response | Exception) -> None:
        self.sent: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    def http(self, url: str = "http://flink:8081", **options: object) -> Http:
        return Http(Connection(url, **options), transport=httpx.MockTransport(self))  # type: ignore[arg-type]  # options of many types


class Raw(httpx.AsyncByteStream):
    """A body as it is on the wire: httpx would pack or unpack another."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


def ok(body: bytes = b'{"jobs":[]}') -> Answer:
    return lambda _: httpx.Response(200, content=body)


# -- what leaves -------------------------------------------------------------------------------------


async def test_a_base_path_stays_before_every_target() -> None:
    wire = Wire(ok())
    await wire.http("https://gate.example/flink/prod/").get(JOB(job="a/b"))
    assert wire.sent[0].url.raw_path == b"/flink/prod/jobs/a%2Fb"
    assert wire.sent[0].method == "GET"


async def test_encoding_reaches_the_wire_unchanged() -> None:
    wire = Wire(ok(b"[]"))
    await wire.http().get(SUBTASKS_METRICS(job="j", vertex="v", get=["(x>1)_&_y", "作%"]))
    assert wire.sent[0].url.raw_path == (
        b"/jobs/j/vertices/v/subtasks/metrics?get=%28x%3E1%29_%26_y,%E4%BD%9C%25"
    )


async def test_nothing_is_compressed_and_credentials_go_along() -> None:
    wire = Wire(ok())
    await wire.http(token=Secret("value", "t0k"), headers=(("X-Team", "a"),)).get(JOBS())
    headers = wire.sent[0].headers
    assert headers["accept-encoding"] == "identity"
    assert headers["authorization"] == "Bearer t0k"
    assert headers["x-team"] == "a"


async def test_requests_are_counted() -> None:
    wire = Wire(ok())
    http = wire.http()
    await http.get(JOBS())
    await http.get(JOBS())
    assert http.requests == 2


async def test_many_metrics_are_split_into_requests_and_joined() -> None:
    def metrics(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, json=[{"id": name, "sum": 1} for name in request.url.params["get"].split(",")]
        )

    wire = Wire(metrics)
    names = [f"{number}.Source__events_(v1)_->_Map.numRecordsOutPerSecond" for number in range(200)]
    reply = await wire.http("http://flink/base").get(SUBTASKS_METRICS(job="j", vertex="v", get=names))
    assert len(wire.sent) > 1
    assert all(len(f"GET {request.url.raw_path.decode()} HTTP/1.1") <= 4096 for request in wire.sent)
    assert [metric.id for metric in decode(reply.body, Aggregated).value] == names


async def test_parts_that_are_empty_join_to_a_list() -> None:
    wire = Wire(ok(b"[ ]"), ok(b'[{"id":"b"}]\n'), ok(b"[]"))
    names = ["x" * 3000, "y" * 3000, "z" * 3000]
    reply = await wire.http().get(SUBTASKS_METRICS(job="j", vertex="v", get=names))
    assert [metric.id for metric in decode(reply.body, Aggregated).value] == ["b"]


async def test_an_empty_get_sends_nothing() -> None:
    wire = Wire(ok())
    reply = await wire.http().get(SUBTASKS_METRICS(job="j", vertex="v", get=[]))
    assert (reply.body, wire.sent) == (b"[]", [])


async def test_a_request_line_that_flink_would_not_read_is_not_sent() -> None:
    wire = Wire(ok())
    with pytest.raises(Refused, match="Flink reads 4096"):
        await wire.http().get(JOB(job="x" * 4100))
    assert wire.sent == []


# -- read-only ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "jobs/a/savepoints"),
        ("PATCH", "jobs/a"),
        ("DELETE", "cluster"),
        ("PUT", "jobs/a/resource-requirements"),
        ("GET", "jobs/a/yarn-cancel"),
        ("GET", "jars/a/plan"),
    ],
)
async def test_read_only_sends_nothing_that_acts(method: str, path: str) -> None:
    wire = Wire(ok())
    with pytest.raises(Refused, match="read-only; nothing was sent") as caught:
        await wire.http(read_only=True).send(method, path)
    assert wire.sent == []
    assert not caught.value.sent
    await wire.http(read_only=False).send(method, path)
    assert len(wire.sent) == 1


async def test_read_only_also_holds_below_the_client() -> None:
    """What a later hand builds with the HTTP library itself is refused by the transport."""
    wire = Wire(ok())
    http = wire.http(read_only=True)
    await http.get(JOBS())
    client = http._wire._client
    assert client is not None
    with pytest.raises(Refused):
        await client.post("http://flink:8081/jars/upload")
    with pytest.raises(Refused):
        await client.get("http://flink:8081/v1/jobs/a/yarn-stop")
    assert len(wire.sent) == 1


async def test_read_only_streams_are_guarded() -> None:
    wire = Wire(ok())
    with pytest.raises(Refused):
        _ = [chunk async for chunk in wire.http(read_only=True).stream("jars/a/plan", most=10)]
    assert wire.sent == []


# -- what arrives ------------------------------------------------------------------------------------


async def test_reading_gives_a_value() -> None:
    wire = Wire(ok(b'{"flink-version":"1.20.5","refresh-interval":3000}'))
    decoded = await read(wire.http(), CONFIG())
    assert (decoded.value.flink_version, decoded.drift) == ("1.20.5", ())


async def test_another_servers_json_is_a_bad_reply() -> None:
    wire = Wire(ok(b'{"status":"UP"}'))
    with pytest.raises(BadReply, match="not Flink's") as caught:
        await read(wire.http(), CONFIG())
    assert caught.value.url == "http://flink:8081/config"


async def test_a_login_page_with_success_is_not_flinks() -> None:
    wire = Wire(ok(b"<html><title>Sign in</title></html>"))
    with pytest.raises(NotFlink, match="Sign in"):
        await wire.http().get(JOBS())


async def test_a_log_may_look_like_anything() -> None:
    wire = Wire(ok(b"<html>\x1b[1m"))
    assert (await read(wire.http(), JOBMANAGER_LOG())).value == "<html>"


async def test_redirects_are_reported_not_followed() -> None:
    wire = Wire(httpx.Response(302, headers={"Location": "https://sso.example/login?next=secret"}))
    with pytest.raises(Unauthorized, match=r"sso\.example/login,"):
        await wire.http().get(JOBS())
    assert len(wire.sent) == 1


async def test_too_large_an_answer_is_cut_off() -> None:
    wire = Wire(ok(b"[" + b" " * 3_000_000 + b"]"))
    with pytest.raises(BadReply, match="more than 2 MiB"):
        await wire.http().send("GET", "jobs", most=2 * 1_048_576)


@cache
def packed_twice() -> bytes:
    """100 MiB in less than 1,000 bytes."""
    return gzip.compress(gzip.compress(bytes(100 * 1_048_576)))


@pytest.mark.deep
@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "br", "identity, deflate"])
async def test_an_answer_that_would_have_to_be_unpacked_is_refused(encoding: str) -> None:
    body = packed_twice()
    assert len(body) < 1000
    wire = Wire(lambda _: httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Raw(body)))
    with pytest.raises(BadReply, match=f"compressed \\({encoding}\\), which was not asked for") as caught:
        await wire.http().get(JOBS())
    assert caught.value.status == 200
    with pytest.raises(BadReply, match="compressed"):
        _ = [chunk async for chunk in wire.http().stream("jobmanager/log", most=100)]


async def test_a_compressed_error_is_reported_by_its_status() -> None:
    encoded = {"Content-Encoding": "gzip"}
    body = gzip.compress(bytes(MOST_BYTES + 1))
    wire = Wire(lambda _: httpx.Response(401, headers=encoded, stream=Raw(body)))
    with pytest.raises(Unauthorized, match="401 Unauthorized"):
        await wire.http().get(JOBS())


async def test_no_encoding_by_name_is_taken() -> None:
    wire = Wire(httpx.Response(200, headers={"Content-Encoding": "identity"}, content=b'{"jobs":[]}'))
    assert (await wire.http().get(JOBS())).body == b'{"jobs":[]}'


async def test_a_server_can_have_no_more_than_some_cookies_kept() -> None:
    def baking(_: httpx.Request) -> httpx.Response:
        cookies = [("Set-Cookie", f"c{len(wire.sent)}x{number}=1") for number in range(20)]
        return httpx.Response(200, headers=cookies, content=b'{"jobs":[]}')

    wire = Wire(baking)
    http = wire.http()
    for _ in range(10):
        await http.get(JOBS())
    assert max(request.headers.get("cookie", "").count("=") for request in wire.sent) <= MOST_COOKIES


async def test_a_cookie_that_cannot_be_read_is_not_kept() -> None:
    cookie = f"a=b; expires=1-Jan-{'9' * 5000} 00:00:00 GMT"
    wire = Wire(httpx.Response(200, headers={"Set-Cookie": cookie}, content=b'{"jobs":[]}'))
    http = wire.http()
    for _ in range(2):
        assert (await http.get(JOBS())).status == 200
    assert "cookie" not in wire.sent[1].headers


async def test_a_document_is_as_large_as_its_endpoint_allows() -> None:
    wire = Wire(ok(b"[" + b" " * MOST_BYTES + b"]"))
    with pytest.raises(BadReply, match="more than 16 MiB"):
        await wire.http().get(JOBS())
    assert len((await wire.http().get(VERTEX(job="j", vertex="v"))).body) == MOST_BYTES + 2


@pytest.mark.parametrize("location", ["http://[evil/", "//[", "http://a]b/"])
async def test_a_redirect_to_no_address_is_an_answer_like_others(location: str) -> None:
    wire = Wire(httpx.Response(302, headers={"Location": location}))
    with pytest.raises(BadReply, match="redirects to an invalid address"):
        await wire.http().get(JOBS())


async def test_the_reason_of_a_refusal_arrives() -> None:
    wire = Wire(
        httpx.Response(404, json={"errors": ["a.NotFoundException: Job x not found\n\tat a.b(C.java:1)"]})
    )
    with pytest.raises(NotFound) as caught:
        await wire.http().get(JOB(job="x"))
    assert str(caught.value) == "GET http://flink:8081/jobs/x: Job x not found"


# -- credentials -------------------------------------------------------------------------------------


async def test_without_its_secret_nothing_is_sent() -> None:
    wire = Wire(ok())
    with pytest.raises(Unreachable, match="NO_SUCH_VARIABLE_HERE") as caught:
        await wire.http(token=Secret("environment", "NO_SUCH_VARIABLE_HERE")).get(JOBS())
    assert (wire.sent, caught.value.sent) == ([], False)


async def test_no_error_and_no_log_line_holds_a_credential(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for answer in (httpx.Response(401), httpx.Response(500, text="x"), httpx.ConnectError("no")):
        http = Wire(answer).http("http://ann:s3cret@flink:8081", headers=(("Cookie", "sid=s3cret"),))
        with pytest.raises(FlinkError) as caught:
            await http.get(OVERVIEW())
        assert (
            "s3cret" not in str(caught.value) + repr(caught.value) + repr(http.connection) + caught.value.url
        )
    assert "s3cret" not in caplog.text


# -- a bad link --------------------------------------------------------------------------------------


async def test_a_request_on_a_dropped_idle_connection_is_repeated() -> None:
    wire = Wire(httpx.RemoteProtocolError("Server disconnected without sending a response."), ok())
    http = wire.http()
    assert (await http.get(JOBS())).status == 200
    assert http.requests == 2


async def test_an_act_is_never_sent_twice() -> None:
    wire = Wire(httpx.ReadError("reset"), ok())
    with pytest.raises(Unreachable) as caught:
        await wire.http().send("POST", "jobs/a/savepoints", json={})
    assert caught.value.sent
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    ("raised", "kind", "sent"),
    [
        (httpx.ConnectTimeout("x"), TimedOut, False),
        (httpx.ReadTimeout("x"), TimedOut, True),
        (httpx.WriteTimeout("x"), TimedOut, True),
        (httpx.ConnectError("x"), Unreachable, False),
        (httpx.ProxyError("407 Proxy\x1b[2J Authentication"), Unreachable, False),
        (httpx.RemoteProtocolError("illegal status line"), Unreachable, True),
        (httpx.DecodingError("x"), Unreachable, True),
    ],
)
async def test_each_trouble_has_its_error(
    raised: httpx.RequestError,
    kind: type[Unreachable],
    sent: bool,  # noqa: FBT001 - a column of the table
) -> None:
    def troubled(request: httpx.Request) -> httpx.Response:
        raised.request = request
        raise raised

    with pytest.raises(Unreachable) as caught:
        await Wire(troubled).http().get(JOBS())
    assert type(caught.value) is kind
    assert caught.value.sent is sent
    assert "\x1b" not in str(caught.value)


async def test_a_full_pool_is_renewed_once() -> None:
    wire = Wire(httpx.PoolTimeout("x"), ok())
    http = wire.http()
    await http.get(JOBS())
    assert len(wire.sent) == 2
    with pytest.raises(TimedOut, match="all connections are busy"):
        await Wire(httpx.PoolTimeout("x")).http().get(JOBS())


async def test_a_given_transport_outlives_its_clients() -> None:
    class Kept(httpx.MockTransport):
        closed = 0

        async def aclose(self) -> None:
            self.closed += 1

    kept = Kept(ok())
    http = Http(Connection("http://flink"), transport=kept)
    await http.get(JOBS())
    await http.renew()
    await http.get(JOBS())
    _ = [chunk async for chunk in http.stream("jobmanager/log", most=100)]
    await http.close()
    assert kept.closed == 0


# -- files -------------------------------------------------------------------------------------------


async def test_a_stream_ends_at_its_limit() -> None:
    wire = Wire(ok(b"x" * 500_000))
    chunks = [chunk async for chunk in wire.http().stream("jobmanager/log", most=100_000)]
    assert sum(map(len, chunks)) == 100_000


async def test_a_refused_stream_has_a_reason() -> None:
    wire = Wire(httpx.Response(404, json={"errors": ["Unable to load requested file /x."]}))
    with pytest.raises(NotFound, match="no such endpoint"):
        _ = [chunk async for chunk in wire.http().stream("x", most=10)]


async def test_a_server_that_has_answered_is_not_suspected_of_another_protocol() -> None:
    gone = httpx.RemoteProtocolError("Server disconnected without sending a response.")
    with pytest.raises(Unreachable, match=r"perhaps it speaks TLS"):
        await Wire(gone).http().send("POST", "jobs")
    http = Wire(ok(), gone).http()
    await http.get(JOBS())
    with pytest.raises(Unreachable) as caught:
        await http.send("POST", "jobs")
    assert caught.value.detail == "the server closed the connection without an answer"


async def test_a_connection_that_is_reset_in_the_middle_of_an_answer() -> None:
    class Half(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b'{"jobs":['
            raise httpx.ReadError("") from ConnectionResetError(104, "Connection reset by peer")

    wire = Wire(lambda _request: httpx.Response(200, stream=Half()))
    with pytest.raises(Unreachable, match="the connection broke off in the middle of an answer"):
        await wire.http().get(JOBS())
