"""A real Flink for tests: one JobManager and one TaskManager of any release, as a context manager.

    python tests/live/cluster.py 1.20.5 [--jobs steady,slow,failing] [--port N]

starts one, prints its address and keeps it until ctrl+c or SIGTERM.
"""

import argparse
import contextlib
import dataclasses
import json
import shutil
import signal
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flinktop.local import processes
from flinktop.local.rest import Rest
from tests.live.releases import flink_home, parse_release

STARTS_WITHIN = 90.0
"""Seconds that a cluster may take to come up, on a slow and busy machine."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said, whatever its status."""

    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running Flink: its address, its release, and the directory that everything of it lies below."""

    text: str
    url: str
    directory: Path
    home: processes.FlinkHome
    jobmanager: processes.Process
    taskmanager: processes.Process
    history_port: int

    @property
    def release(self) -> tuple[int, int, int]:
        return self.home.release

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str = "application/json",
        seconds: float = 60,
    ) -> Answer:
        """One request, never through a proxy; an error status is an answer like any other."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(f"{self.url}/{path}", body, method=method)  # noqa: S310  always http
        if body is not None:
            request.add_header("Content-Type", content_type)
        try:
            with opener.open(request, timeout=seconds) as answer:
                return Answer(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read())

    def get(self, path: str) -> Any:
        """The JSON at a bare path, asserted to be there."""
        answer = self.ask("GET", path)
        assert answer.status == 200, f"GET {path}: {answer.status} {answer.body[:2000]!r}"
        return answer.json()

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send JSON and read JSON, asserted to be accepted."""
        answer = self.ask(method, path, json.dumps({} if body is None else body).encode())
        assert answer.status in {200, 202}, f"{method} {path}: {answer.status} {answer.body[:2000]!r}"
        return answer.json()


def full_tour(release: tuple[int, int, int], directory: Path, history_port: int) -> dict[str, str]:
    """Settings that switch on what Flink keeps off, so that every endpoint has something to say."""
    archive = directory / "archive"
    archive.mkdir()
    flags = {
        "jobmanager.archive.fs.dir": archive.as_uri(),
        # For those who start a HistoryServer beside the cluster.
        "historyserver.archive.fs.dir": archive.as_uri(),
        "historyserver.archive.fs.refresh-interval": "1000",
        "historyserver.web.address": processes.LOOPBACK,
        "historyserver.web.port": str(history_port),
        "historyserver.web.tmpdir": str(directory / "history"),
    }
    if release < (1, 13):
        # Backpressure is sampled on demand, and a sample is kept for a minute by default.
        flags["web.backpressure.refresh-interval"] = "10000"
    if release >= (1, 13):
        # A sample takes 100 x 50 ms, its answer is kept for a minute by default.
        flags |= {"rest.flamegraph.enabled": "true", "rest.flamegraph.refresh-interval": "20 s"}
    if release >= (1, 19):
        flags["rest.profiling.enabled"] = "true"
    if release >= (2, 3):
        flags["web.adaptive-scheduler.rescale-history.size"] = "20"
    return flags


@contextlib.contextmanager
def history_server(cluster: Cluster) -> Iterator[Cluster]:
    """A HistoryServer over the jobs that ended on `cluster`: the same cluster at another address."""
    log = cluster.directory / "historyserver" / "historyserver.log"
    name = "org.apache.flink.runtime.webmonitor.history.HistoryServer"
    conf = cluster.directory / "conf"
    java = processes.java_words(cluster.home, conf, log)
    command = [*java, "-Xmx128m", "-cp", processes.class_path(cluster.home), name, "--configDir", str(conf)]
    process = processes.start(command, log=log)
    try:
        yield dataclasses.replace(cluster, url=f"http://{processes.LOOPBACK}:{cluster.history_port}")
    finally:
        processes.stop([process])


@contextlib.contextmanager
def running(
    text: str,
    *,
    extra: Mapping[str, str] | None = None,
    port: int | None = None,
    slots: int = 8,
    options: Sequence[str] = (),
) -> Iterator[Cluster]:
    """Start release `text`, yield it when it has its TaskManager, end it and remove its directory.

    `options` are additional JVM options of the TaskManager.
    Enter it on a thread that lives as long as the cluster: see `processes.start`.

    Raises:
        StartFailed: It did not come up.
    """
    home = flink_home(text)
    port = port or processes.free_port()
    url = f"http://{processes.LOOPBACK}:{port}"
    directory = Path(tempfile.mkdtemp(prefix=f"flinktop-{text}-"))
    started: list[processes.Process] = []
    history_port = processes.free_port()
    try:
        settings = {**full_tour(parse_release(text), directory, history_port), **(extra or {})}
        conf = processes.write_configuration(home, directory, port, slots=slots, extra=settings)
        # A directory each: /jobmanager/logs lists whatever lies beside the JobManager's log.
        for name, command, given in (
            ("jobmanager", processes.jobmanager_command, ()),
            ("taskmanager", processes.taskmanager_command, options),
        ):
            log = directory / name / f"{name}.log"
            started.append(processes.start(command(home, conf, log, given), log=log))
        processes.wait_until_ready(Rest(url), started, STARTS_WITHIN)
        yield Cluster(text, url, directory, home, started[0], started[1], history_port)
    finally:
        processes.stop(started)
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def another_taskmanager(
    cluster: Cluster, name: str, options: Sequence[str] = ()
) -> Iterator[processes.Process]:
    """One more TaskManager of the cluster, registered; `options` are additional JVM options."""
    before = cluster.get("overview")["taskmanagers"]
    log = cluster.directory / name / f"{name}.log"
    command = processes.taskmanager_command(cluster.home, cluster.directory / "conf", log, options)
    process = processes.start(command, log=log)
    try:
        processes.wait_until_ready(Rest(cluster.url), [process], STARTS_WITHIN, taskmanagers=before + 1)
        yield process
    finally:
        processes.stop([process])


def main() -> None:
    """Keep a cluster until told to end."""
    from tests.live.submission import submit, wait_for_state  # noqa: PLC0415  it imports this module

    parser = argparse.ArgumentParser(description="Start a real Flink and keep it.")
    parser.add_argument("release")
    parser.add_argument(
        "--jobs", default="steady,slow,failing", help="kinds, comma separated; empty for none"
    )
    parser.add_argument("--port", type=int)
    arguments = parser.parse_args()
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: end.set())
    with running(arguments.release, port=arguments.port) as cluster:
        for kind in filter(None, arguments.jobs.split(",")):
            wait_for_state(cluster, submit(cluster, kind), "RUNNING")
        print(cluster.text, cluster.url, flush=True)  # noqa: T201  what the script is for
        end.wait()


if __name__ == "__main__":
    main()
