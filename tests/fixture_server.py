"""A recorded cluster behind a real port on loopback, for what is a process of its own: terminals, benches.

    python -m tests.fixture_server 1.20.5 [--port N] [--moving]

serves one until ctrl+c or SIGTERM, and prints its address.
"""

import argparse
import contextlib
import json
import math
import re
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.fixture_cluster import Answer, FixtureCluster, split

LOOPBACK = "127.0.0.1"
ALIVE = ("RUNNING", "RESTARTING")
_JOB = re.compile(r"jobs/[0-9a-f]{32}(?=/|$)")
_METRICS = re.compile(r"metrics$")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: when it came (s, monotonic), and what it asked for."""

    at: float
    method: str
    target: str


@dataclass(frozen=True, slots=True)
class Said:
    """One answer for every request, whatever it asks for: a login page, a refusal."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def moving(body: bytes, path: str, seconds: float) -> bytes:
    """A recorded answer as it would be so many seconds later: counters grow, rates waver, time passes."""
    document = json.loads(body)
    if _METRICS.search(path) and isinstance(document, list):
        for number, metric in enumerate(document):
            if "Watermark" in metric["id"]:
                _advance(metric, seconds)
            else:
                _waver(metric, 1 + 0.1 * math.sin(seconds / 7 + number))
    elif isinstance(document, dict):
        for job in [document, *document.get("jobs", [])]:
            if isinstance(job, dict) and job.get("state") in ALIVE:
                _grow(job, seconds)
        completed = (document.get("latest") or {}).get("completed")
        if completed:
            completed["latest_ack_timestamp"] += int(seconds // 5 * 5000)
    # As Flink writes it: letters of all scripts as they are.
    return json.dumps(document, ensure_ascii=False).encode()


def _grow(job: dict[str, Any], seconds: float) -> None:
    job["duration"] += int(seconds * 1000)
    if "now" in job:
        job["now"] += int(seconds * 1000)
    for vertex in job.get("vertices", []):
        for name, count in vertex["metrics"].items():
            if name.endswith(("-records", "-bytes")) and count > 0:
                vertex["metrics"][name] = count + int(count / 60 * (seconds + math.sin(seconds / 9)))


def _waver(metric: dict[str, Any], by: float) -> None:
    for name in ("value", "min", "max", "avg", "sum"):
        with contextlib.suppress(KeyError, TypeError, ValueError):
            value = float(metric[name]) * by
            if math.isfinite(value) and value:
                metric[name] = str(round(value, 3)) if isinstance(metric[name], str) else value


def _advance(metric: dict[str, Any], seconds: float) -> None:
    """A watermark keeps its distance to the cluster's clock."""
    for name in ("min", "max", "avg"):
        if isinstance(metric.get(name), float) and metric[name] > 0:
            metric[name] += seconds * 1000


class FixtureServer:
    """Serves a FixtureCluster on a thread of its own, from `with` on; any answer may be spoilt."""

    def __init__(
        self,
        cluster: FixtureCluster,
        *,
        port: int = 0,
        moves: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Serve `cluster`; its `changed` may be changed while it is served.

        Args:
            cluster: What is answered.
            port: Where; 0 takes a free one and keeps it over `stop` and `start`.
            moves: Whether counters grow and rates waver, as a real cluster's do.
            tls: Speak TLS.
        """
        self.cluster = cluster
        self.port = port
        self.moves = moves
        self.tls = tls
        self.said: Said | None = None
        """What every request is answered with instead of the cluster's answers."""
        self.delay = 0.0
        """Seconds that each answer takes."""
        self.gone: set[str] = set()
        """Ids of jobs that the cluster does not know any more."""
        self._asked: list[Asked] = []
        self._news = threading.Condition()
        self._open = threading.Event()
        self._open.set()
        self._began = time.monotonic()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before."""
        self._server = _Server(self, (LOOPBACK, self.port), _Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and drop every connection, as a server that is killed."""
        server, thread, self._server, self._thread = self._server, self._thread, None, None
        if server is not None and thread is not None:
            server.shutdown()
            thread.join()
            server.server_close()
            server.drop_connections()

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """Requests are taken, and answered when this ends."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def vanish(self, job: str) -> None:
        """The cluster forgets a job, as a JobManager that was started anew."""
        self.gone.add(job)
        self.cluster.changed["jobs/overview"] = lambda document: {
            "jobs": [one for one in document["jobs"] if one["jid"] not in self.gone]
        }

    # The log

    @property
    def asked(self) -> list[Asked]:
        """Every request so far."""
        with self._news:
            return list(self._asked)

    def asked_between(self, since: float, until: float) -> list[Asked]:
        """The requests of a stretch of time (s, monotonic)."""
        return [one for one in self.asked if since <= one.at < until]

    def wait_until(self, enough: Callable[[list[Asked]], bool], seconds: float = 10.0) -> list[Asked]:
        """Wait until the log is as asked for; gives it."""
        with self._news:
            happened = self._news.wait_for(lambda: enough(self._asked), seconds)
            assert happened, f"after {seconds:g} s the server was asked {self._asked[-5:]}"
            return list(self._asked)

    def wait_until_polled_at(self, moment: float, seconds: float) -> None:
        """Wait until a request comes at or after a moment (s, monotonic)."""
        self.wait_until(lambda asked: bool(asked) and asked[-1].at >= moment, seconds)

    # For the handler

    def take(self, method: str, target: str) -> Said:
        """Log a request, and answer it when the time has come."""
        with self._news:
            self._asked.append(Asked(time.monotonic(), method, target))
            self._news.notify_all()
        self._open.wait()
        if self.delay:
            time.sleep(self.delay)
        if self.said is not None:
            return self.said
        status, body = self._answer(target)
        return Said(status, body, {"Content-Type": "application/json"})

    def _answer(self, target: str) -> Answer:
        path, _ = split(target)
        job = _JOB.match(path)
        if job and job.group().partition("/")[2] in self.gone:
            sentence = f"Job {job.group().partition('/')[2]} not found"
            return 404, json.dumps({"errors": [sentence]}).encode()
        status, body = self.cluster.answer(target)
        if self.moves and status == 200 and path.startswith("jobs"):
            body = moving(body, path, time.monotonic() - self._began)
        return status, body


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, site: FixtureServer, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]
    ) -> None:
        self.site = site
        self._connections: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        # On the connection's own thread: a handshake that does not come holds up nobody else.
        if self.site.tls is not None:
            try:
                request = self.site.tls.wrap_socket(request, server_side=True)
            except OSError:
                return
        super().finish_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away while it is answered is no news."""

    def drop_connections(self) -> None:
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: without this the second waits for the first one's acknowledgement.
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        said = self.server.site.take(self.command, self.path)
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(said.body)))
        self.end_headers()
        self.wfile.write(said.body)

    def log_message(self, *_words: Any) -> None:
        """The log is the site's."""


def main() -> None:
    """Serve a release until told to end."""
    parser = argparse.ArgumentParser(description="Serve a recorded cluster.")
    parser.add_argument("release")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--moving", action="store_true", help="counters grow, rates waver")
    arguments = parser.parse_args()
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: end.set())
    cluster = FixtureCluster(arguments.release)
    with FixtureServer(cluster, port=arguments.port, moves=arguments.moving) as server:
        print(server.url, flush=True)  # noqa: T201  what the script is for
        end.wait()


if __name__ == "__main__":
    main()
