"""The keeper's REST requests to its Flink: check that it is up, upload a jar, run it.

Uses the standard library instead of the client in flinktop/flink: a process that runs for weeks next to
the JVMs should stay small, and `local` depends on no other package of flinktop.
"""

import json
import ssl
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_RUN_SECONDS = 300.0  # on a slow machine the first job also loads the planner
_LONGEST = 2000  # characters of a page that is not Flink's


class Refused(Exception):  # noqa: N818  named for what happened, like StartFailed
    """Flink answered with an error; the message is its reason."""


class Rest:
    """Requests to one local Flink; `context` is the TLS context for an https address."""

    def __init__(self, url: str, context: ssl.SSLContext | None = None) -> None:
        self.url = url.rstrip("/")
        # Never through a proxy: the address is on this machine.
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if context is not None:
            handlers.append(urllib.request.HTTPSHandler(context=context))
        self._opener = urllib.request.build_opener(*handlers)

    def get(self, path: str, *, seconds: float = 2.0) -> Any:
        """GET a path; returns the JSON.

        Raises OSError for no answer, Refused for an error status, ValueError for a page: Flink is starting.
        """
        return self._answer(urllib.request.Request(f"{self.url}/{path}"), seconds)  # noqa: S310  always our own

    def upload(self, jar: Path) -> str:
        """Upload a jar; returns its id. Raises as `get`."""
        boundary = uuid.uuid4().hex
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="jarfile"; filename="{jar.name}"\r\n'
            "Content-Type: application/x-java-archive\r\n\r\n"
        )
        body = head.encode() + jar.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        answer = self._send("jars/upload", body, f"multipart/form-data; boundary={boundary}")
        return Path(answer["filename"]).name

    def run(self, jar: str, arguments: Sequence[str], configuration: Mapping[str, str]) -> str:
        """Run an uploaded jar's main(); returns the id of the job that it submitted. Raises as `get`."""
        body = {"programArgsList": list(arguments), "flinkConfiguration": dict(configuration)}
        return str(self.post(f"jars/{jar}/run", body)["jobid"])

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._send(path, json.dumps(body).encode(), "application/json")

    def _send(self, path: str, body: bytes, kind: str) -> Any:
        request = urllib.request.Request(  # noqa: S310  always our own address
            f"{self.url}/{path}", body, {"Content-Type": kind}, method="POST"
        )
        return self._answer(request, _RUN_SECONDS)

    def _answer(self, request: urllib.request.Request, seconds: float) -> Any:
        try:
            with self._opener.open(request, timeout=seconds) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(_reason(error.read())) from None


def _reason(body: bytes) -> str:
    """The deepest cause in an error answer: Flink sends the whole Java trace, outermost first."""
    try:
        text = "\n".join(json.loads(body)["errors"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")[:_LONGEST]
    lines = [line.strip() for line in text.splitlines()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return next(iter(causes[-1:] or filter(None, lines)), "")
