"""A small HTTP server behind a service: it says what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def _answer(self) -> None:
        if self.path == "/stream":
            self._stream()
        elif self.path == "/moved":
            self.send_response(307)
            self.send_header("Location", "/there")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/broken":
            self.close_connection = True
        else:
            self._echo()

    def _echo(self) -> None:
        length = self._read()
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.dumps({"method": self.command, "path": self.path, "length": length, "headers": headers})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def _read(self) -> int:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return len(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        whole = 0
        while size := int(self.rfile.readline(), 16):
            whole += len(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def _stream(self) -> None:
        """Two parts, the second one when the first was taken."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nfirst\r\n")
        self.wfile.flush()
        assert isinstance(self.server, Backend)
        self.server.taken.wait(20)
        self.wfile.write(b"6\r\nsecond\r\n0\r\n\r\n")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 -- names of http.server

    def log_message(self, *_: object) -> None:
        pass


class Backend(ThreadingHTTPServer):
    """The server and its address."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def backend() -> Iterator[Backend]:
    with Backend() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.taken.set()
            server.shutdown()
            thread.join()
