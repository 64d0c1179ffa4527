"""The server: honest, until it is given an attack."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.fixture_cluster import FixtureCluster, split
from tests.hostile.attacks import Attack

SPARED = ("config", "jobs/overview")
"""What keeps flinktop on its way from screen to screen."""
LOOPBACK = "127.0.0.1"


class HostileServer:
    """A recorded cluster behind a socket, all or most of whose answers are attacks."""

    def __init__(self, port: int = 0) -> None:
        self.cluster = FixtureCluster("1.20.5")
        self.attack: Attack | None = None
        self.spares = True
        """Whether the jobs' list is honest."""
        self.attacked = 0
        """Answers so far that were none."""
        self._over = threading.Event()
        self._server = _Server((LOOPBACK, port), _Handler)
        self._server.hostile = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

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

    def wait(self, seconds: float) -> bool:
        """Let time pass; whether the server goes on."""
        return not self._over.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    hostile: HostileServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away while it is answered is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def answer(self) -> None:
        hostile = self.server.hostile
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, body = hostile.cluster.answer(self.path)
        path, _ = split(self.path)
        attack = hostile.attack
        with contextlib.suppress(OSError):
            if attack is None or (hostile.spares and path in SPARED):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return
            hostile.attacked += 1
            self.close_connection = True
            for seconds, sent in attack.answer(path, body):
                if seconds and (not hostile.wait(seconds) or hostile.attack is not attack):
                    return
                self.wfile.write(sent)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 -- http.server's names

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""
