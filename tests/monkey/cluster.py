"""The cluster that the monkey plays with: recorded answers, a JobManager that acts, and faults on the way."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

import httpx

from flinktop.engine.clock import Clock
from tests.manual_clock import ManualClock
from tests.monkey.faults import Fate, Weather, spoilt
from tests.ui.acting import ActingCluster, RecordedJobManager

RELEASES: Final = ("1.20.5", "2.3.0", "1.14.6", "1.9.3")
JOBS: Final = ("steady", "slow", "failing", "no checkpoints", "restored", "batch", "failed for good")
"""Beginnings of the names of the recorded jobs."""
LOOPBACK: Final = "127.0.0.1"


def release_of(seed: int) -> str:
    """The release of a walk's cluster."""
    return RELEASES[seed % len(RELEASES)]


def _prepare(jobmanager: RecordedJobManager) -> None:
    """Savepoints come soon, and jobs can be rescaled where the release can."""
    jobmanager.takes = 2.0
    if jobmanager.version >= (1, 18):
        jobmanager.flags = {"web-rescale": True}


class RunningClock(ManualClock):
    """A clock that goes by itself."""

    def __init__(self, wall: float) -> None:
        super().__init__(wall)
        self._began = Clock().now()

    def now(self) -> float:
        return super().now() + Clock().now() - self._began

    def wall(self) -> float:
        return super().wall() + Clock().now() - self._began


class PlayedCluster(ActingCluster):
    """In this process: answers come late or never, by the test's clock."""

    def __init__(self, seed: int) -> None:
        super().__init__(release_of(seed), JOBS)
        self.weather = Weather(seed)
        self.weather.calm = True
        _prepare(self.jobmanager)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fate = self.weather.fate()
        if fate.delay:
            await self.jobmanager.clock.sleep(fate.delay)
        match fate.fault:
            case "refused":
                raise httpx.ConnectError("connection refused", request=request)
            case "hang":
                await self.jobmanager.clock.sleep(LONG_AS_TIMEOUT)
                raise httpx.ReadTimeout("no answer", request=request)
        self.jobmanager.gone = False
        response = await super().handle_async_request(request)
        match fate.fault:
            case "":
                return response
            case "dropped":
                raise httpx.RemoteProtocolError("peer closed connection", request=request)
        status, body = spoilt(fate.fault, response.status_code, response.content)
        return httpx.Response(status, content=body, request=request)


LONG_AS_TIMEOUT: Final = 10.0
"""Seconds after which flinktop itself gives a request up."""


class ServedCluster:
    """The same behind a socket on loopback, from `with` on, in real time."""

    def __init__(self, seed: int, weather: Weather | None = None) -> None:
        self.weather = weather or Weather(seed)
        self._jobmanager = ActingCluster(release_of(seed), JOBS).jobmanager
        _prepare(self._jobmanager)
        self._jobmanager.clock = RunningClock(self._jobmanager.clock.wall())
        self._one = threading.Lock()
        self._over = threading.Event()
        self._server = _Server((LOOPBACK, 0), _Handler)
        self._server.cluster = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.taken = threading.Event()
        """Set when a request has come."""

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10.0)

    def wait(self, seconds: float) -> None:
        """Let a request wait; not longer than the cluster is served."""
        self._over.wait(seconds)

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Status and body, without any fault."""
        with self._one:
            self._jobmanager.gone = False
            self._jobmanager.catch_up()
            status, told = self._jobmanager._answer(method, target.lstrip("/"), body)
        return status, told if isinstance(told, bytes) else json.dumps(told).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    cluster: ServedCluster

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away while it is answered is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def answer(self) -> None:
        cluster = self.server.cluster
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fate = cluster.weather.fate()
        cluster.taken.set()
        cluster.wait(fate.delay)
        if fate.fault == "refused":
            self._refuse()
            return
        status, answer = spoilt(fate.fault, *cluster.answer(self.command, self.path, body))
        with contextlib.suppress(OSError):
            self._send(fate, status, answer)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 -- http.server's names

    def _send(self, fate: Fate, status: int, answer: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if fate.fault == "hang":
            # In the middle of the answer as often as before it: what was sent of it is small.
            self.wfile.write(answer[: len(answer) // 3])
            self.server.cluster.wait(fate.delay)
        if fate.fault in ("dropped", "hang"):
            self.wfile.write(answer[len(answer) // 3 : len(answer) // 2])
            self.close_connection = True
            return
        self.wfile.write(answer)

    def _refuse(self) -> None:
        """A reset in the place of an answer: as near to a refusal as a server that listens comes."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""
