"""What is asked of a local Flink over REST, and how what it refuses is told."""

import contextlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from flinktop.local.processes import LOOPBACK
from flinktop.local.rest import Refused, Rest

TRACE = """Internal server error., <Exception on server side:
java.util.concurrent.CompletionException: ProgramInvocationException: The main method caused an error: broken
\tat java.base/java.util.concurrent.CompletableFuture.encodeThrowable(Unknown Source)
Caused by: org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: broken
\tat org.apache.flink.client.program.PackagedProgram.callMainMethod(PackagedProgram.java:373)
Caused by: org.apache.flink.table.api.ValidationException: Unknown function: pause
\t... 7 more

End of exception on server side>"""


class Flink(ThreadingHTTPServer):
    """Gives one answer to everything, and keeps what it was asked."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__((LOOPBACK, 0), Handler)
        self.status, self.body = status, body
        self.asked: list[tuple[str, str, bytes]] = []


class Handler(BaseHTTPRequestHandler):
    server: Flink

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((f"{self.command} {self.path}", self.headers["Content-Type"] or "", body))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.body)

    do_POST = do_GET  # noqa: N815  the library's name

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""


@contextlib.contextmanager
def answering(body: bytes, status: int = 200) -> Iterator[tuple[Flink, Rest]]:
    with Flink(status, body) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server, Rest(f"http://{LOOPBACK}:{server.server_port}/")
        finally:
            server.shutdown()
            thread.join()


def test_a_jar_is_run_with_its_arguments_and_options() -> None:
    with answering(b'{"jobid": "4711"}') as (flink, rest):
        assert rest.run("1_a.jar", ["SELECT ','", "INSERT …"], {"pipeline.name": "a: b"}) == "4711"
    ((line, kind, body),) = flink.asked
    assert (line, kind) == ("POST /jars/1_a.jar/run", "application/json")
    assert json.loads(body) == {
        "programArgsList": ["SELECT ','", "INSERT …"],
        "flinkConfiguration": {"pipeline.name": "a: b"},
    }


def test_a_jar_is_uploaded_whole(tmp_path: Path) -> None:
    jar = tmp_path / "some.jar"
    jar.write_bytes(b"PK\r\n--\x00")
    with answering(b'{"filename": "/tmp/upload/9_some.jar", "status": "success"}') as (flink, rest):
        assert rest.upload(jar) == "9_some.jar"
    ((line, kind, body),) = flink.asked
    assert line == "POST /jars/upload"
    boundary = kind.removeprefix("multipart/form-data; boundary=").encode()
    head, _, rest_of_it = body.partition(b"\r\n\r\n")
    assert head.startswith(b"--" + boundary)
    assert b'name="jarfile"; filename="some.jar"' in head
    assert rest_of_it == b"PK\r\n--\x00\r\n--" + boundary + b"--\r\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            json.dumps({"errors": TRACE.split(", ", 1)}).encode(),
            "org.apache.flink.table.api.ValidationException: Unknown function: pause",
        ),
        (b'{"errors": ["Jar file 1_a.jar does not exist"]}', "Jar file 1_a.jar does not exist"),
        (b'{"errors": []}', ""),
        (b"<html>no Flink\xff", "<html>no Flink\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_an_error_has_its_deepest_cause(body: bytes, reason: str) -> None:
    with answering(body, 500) as (_, rest), pytest.raises(Refused) as refused:
        rest.run("1_a.jar", [], {})
    assert str(refused.value) == reason


def test_a_page_that_is_no_json() -> None:
    with answering(b"<html>") as (_, rest), pytest.raises(ValueError, match="Expecting value"):
        rest.get("overview")
