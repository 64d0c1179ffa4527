"""A JobManager that acts, behind a real socket, and the command line in front of it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from flinktop.engine.clock import Clock
from tests.engine.acting import JobManager
from tests.manual_clock import ManualClock

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 60.0


class SystemTime(ManualClock):
    """The JobManager's clock, which is that of this machine."""

    def now(self) -> float:
        return Clock().now()

    def wall(self) -> float:
        return Clock().wall()


@dataclass
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Served:
    """A JobManager at an address, and a home of which flinktop knows nothing yet."""

    jobmanager: JobManager
    url: str
    home: Path

    def flinktop(self, *words: str, at_home: bool = False) -> Done:
        """Run the real command with nobody at a terminal."""
        done = subprocess.run(
            self._line(words, at_home=at_home),
            env=self._environment(),
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def typed(self, text: str, *words: str) -> Done:
        """Run the real command at a terminal at which somebody types."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            self._line(words, at_home=False),
            env=self._environment(),
            cwd=REPOSITORY,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            start_new_session=True,
        ) as process:
            os.close(theirs)
            os.write(ours, text.encode())
            out = process.communicate(timeout=PATIENCE)[0]
            said = b""
            try:
                while chunk := os.read(ours, 4096):
                    said += chunk
            except OSError:
                # A terminal whose other side has ended.
                os.close(ours)
        return Done(process.returncode, out, said.decode())

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start the real command; the caller's to end."""
        return subprocess.Popen(
            self._line(words, at_home=False),
            env=self._environment(),
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def configure(self, text: str) -> None:
        """Write the config file."""
        path = self.home / ".config" / "flinktop" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _line(self, words: tuple[str, ...], *, at_home: bool) -> list[str]:
        target = [] if at_home or "--target" in words else ["--target", self.url]
        program = words.index("--") if "--" in words else len(words)
        return [sys.executable, "-m", "flinktop", *words[:program], *target, *words[program:]]

    def _environment(self) -> dict[str, str]:
        return {"HOME": str(self.home), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}


@contextmanager
def served(home: Path, release: str = "1.20.5") -> Iterator[Served]:
    """A JobManager of a release at an address on loopback."""
    jobmanager = JobManager(SystemTime(), release)
    jobmanager.takes = 0.0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            jobmanager.catch_up()
            path = self.path.lstrip("/")
            fault = jobmanager.fault(self.command, path)
            if fault == "cut before":
                self.close_connection = True
                return
            status, told = jobmanager._answer(self.command, path, body)
            if fault == "cut after":
                self.close_connection = True
                return
            sent = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield Served(jobmanager, f"http://127.0.0.1:{server.server_address[1]}", home)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
