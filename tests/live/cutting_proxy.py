"""A proxy that loses requests and answers as it is told, and notes what acts passed it."""

import contextlib
import http.client
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"

Link = Callable[[str, str], str]
"""By verb and path: "" passes, "cut before" and "cut after" lose request or answer, "late 3" delays it, and
"after 500" puts an error of the proxy's own in the place of the cluster's answer."""


class CuttingProxy:
    """Passes requests on to a cluster; `acts` are the verbs and paths of those that reached it and act."""

    def __init__(self, url: str, link: Link = lambda _verb, _path: "") -> None:
        target = urlsplit(url)
        self.link = link
        self.acts: list[str] = []
        self._late: list[threading.Thread] = []
        address = (target.hostname or LOOPBACK, target.port or 80)
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fault = proxy.link(self.command, self.path)
                sent = {"Content-Type": self.headers.get("Content-Type") or "application/json"}
                request = (self.command, self.path, body, sent)
                if fault == "cut before":
                    self.close_connection = True
                    return
                if fault.startswith("late "):
                    late = threading.Thread(
                        target=proxy.arrive_late, args=(address, request, float(fault[5:]))
                    )
                    late.start()
                    proxy._late.append(late)
                    self.close_connection = True
                    return
                status, kind, answer = proxy.ask(address, request)
                if fault == "cut after":
                    self.close_connection = True
                    return
                if fault.startswith("after "):
                    status, kind, answer = int(fault[6:]), "text/html", b"<html><title>Sorry</title></html>"
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = pass_on  # noqa: N815  http.server's names

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        for late in self._late:
            late.join(30)

    def ask(
        self, address: tuple[str, int], request: tuple[str, str, bytes, dict[str, str]]
    ) -> tuple[int, str, bytes]:
        """Status, content type and body of the cluster's answer; a 502 when it gives none."""
        verb, path, body, headers = request
        # A plan is a GET in 1.9, and runs main() on the JobManager all the same.
        if verb != "GET" or path.partition("?")[0].endswith("/plan"):
            self.acts.append(f"{verb} {path}")
        connection = http.client.HTTPConnection(*address, timeout=120)
        try:
            connection.request(verb, path, body or None, headers if body else {})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type") or "", answer.read()
        except OSError:
            return 502, "text/plain", b"the cluster does not answer"
        finally:
            connection.close()

    def arrive_late(
        self, address: tuple[str, int], request: tuple[str, str, bytes, dict[str, str]], seconds: float
    ) -> None:
        """Bring a request that nobody waits for any more."""
        time.sleep(seconds)
        self.ask(address, request)
