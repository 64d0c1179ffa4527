"""What the keeper asks of the Flink that it has started, over REST: is it up, take this jar, run it.

By the standard library and not by the client in flinktop/flink: a process that waits for weeks beside the
JVMs should stay small, and `local` knows nothing of the rest of flinktop.
"""

import json
import ssl
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_RUN_SECONDS = 300.0  # the first job's planner is loaded meanwhile, on a slow machine
_LONGEST = 2000  # characters of a page that is not Flink's


class Refused(Exception):  # noqa: N818  what happened is its name, like StartFailed
    """Flink answered with an error; the message is the reason that it gives."""


class Rest:
    """Requests to one Flink on this machine; `context` is the TLS to speak when its address is https."""

    def __init__(self, url: str, context: ssl.SSLContext | None = None) -> None:
        self.url = url.rstrip("/")
        # Never through a proxy: the address is on this machine.
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if context is not None:
            handlers.append(urllib.request.HTTPSHandler(context=context))
        self._opener = urllib.request.build_opener(*handlers)

    def get(self, path: str, *, seconds: float = 2.0) -> Any:
        """The JSON at a path.

        Raises OSError for no answer, Refused for an error status, ValueError for a page: Flink is starting.
        """
        return self._answer(urllib.request.Request(f"{self.url}/{path}"), seconds)  # noqa: S310  always our own

    def upload(self, jar: Path) -> str:
        """Give it a jar; the id that the jar gets. Raises as `get` does."""
        boundary = uuid.uuid4().hex
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="jarfile"; filename="{jar.name}"\r\n'
            "Content-Type: application/x-java-archive\r\n\r\n"
        )
        body = head.encode() + jar.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        answer = self._send("jars/upload", body, f"multipart/form-data; boundary={boundary}")
        return Path(answer["filename"]).name

    def run(self, jar: str, arguments: Sequence[str], configuration: Mapping[str, str]) -> str:
        """Run an uploaded jar's main(); the id of the job that it submitted. Raises as `get` does."""
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
    """The deepest cause that an error answer names: Flink sends the whole Java trace, outermost first."""
    try:
        text = "\n".join(json.loads(body)["errors"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")[:_LONGEST]
    lines = [line.strip() for line in text.splitlines()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return next(iter(causes[-1:] or filter(None, lines)), "")
