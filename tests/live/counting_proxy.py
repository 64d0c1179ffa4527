"""A TCP proxy that notes the requests that pass: the server's side of what it is asked, and how often."""

import contextlib
import re
import socket
import threading
import time
from typing import Self
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
_REQUEST = re.compile(rb"^([A-Z]+ /\S*) HTTP/1\.1\r\n", re.MULTILINE)
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


class CountingProxy:
    """Passes bytes on to a cluster's port.

    `answers` are the requests that were answered, as `GET /jobs`, each with the status of its answer.
    """

    def __init__(self, url: str) -> None:
        target = urlsplit(url)
        self._target = (target.hostname or LOOPBACK, target.port or 80)
        self._listener = socket.create_server((LOOPBACK, 0))
        self._sockets: set[socket.socket] = set()
        self._news = threading.Condition()
        self._times: list[float] = []
        self.answers: list[tuple[str, int]] = []

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        with self._news:
            for each in (self._listener, *self._sockets):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def asked_between(self, since: float, until: float) -> int:
        """How many requests came in a stretch of time (s, monotonic)."""
        with self._news:
            return sum(since <= at < until for at in self._times)

    def wait_until_asked_at(self, moment: float, seconds: float) -> None:
        """Wait until a request comes at or after a moment (s, monotonic)."""
        with self._news:
            asked = self._news.wait_for(lambda: bool(self._times) and self._times[-1] >= moment, seconds)
        assert asked, f"nothing was asked for {seconds:g} s"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(self._target)
                except OSError:
                    client.close()
                    continue
                with self._news:
                    self._sockets |= {client, server}
                asked: list[str] = []
                for source, sink, counted in ((client, server, True), (server, client, False)):
                    arguments = (source, sink, counted, asked)
                    threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, counted: bool, asked: list[str]) -> None:  # noqa: FBT001  a thread's argument
        """One direction of a connection; `asked` is what has no answer yet."""
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if counted:
                    self._count(data, asked)
                elif asked and (status := _STATUS.match(data)):
                    # The next request waits for this answer.
                    self.answers.append((asked.pop(), int(status[1])))
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _count(self, data: bytes, asked: list[str]) -> None:
        # A request is smaller than a packet, the next one waits for its answer: none is cut in two.
        requests = [line.decode() for line in _REQUEST.findall(data)]
        asked += requests
        if requests:
            with self._news:
                self._times += [time.monotonic()] * len(requests)
                self._news.notify_all()
