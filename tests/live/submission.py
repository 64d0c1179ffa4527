"""Jobs for a real cluster: a jar on Flink 1.x, SQL statements in a jar's main() on 2.x."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from tests.live.cluster import Answer, Cluster
from tests.live.statements import sql_words

JOBS = Path(__file__).parent / "jobs"

NAMES = {
    "steady": "steady [test] <b>作业</b>",
    "slow": "slow [test] <b>作业</b>",
    "failing": "failing [test] <b>作业</b>",
    "finishing": "finishing [test] <b>作业</b>",
    "batch": "batch [test] <b>作业</b>",
}
"""What the kinds of job are called, unless told otherwise; batch is for 2.x alone."""


class OfRelease(Protocol):
    """What runs a release of Flink."""

    @property
    def release(self) -> tuple[int, int, int]: ...


def upload(cluster: Cluster, jar: Path) -> str:
    """Upload a jar; its id."""
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="jarfile"; filename="{jar.name}"\r\n'
    kind = "Content-Type: application/x-java-archive\r\n\r\n"
    body = head.encode() + kind.encode() + jar.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    answer = cluster.ask("POST", "jars/upload", body, f"multipart/form-data; boundary={boundary}")
    assert answer.status == 200, answer.body
    return Path(answer.json()["filename"]).name


def job_jar(cluster: OfRelease) -> Path:
    """The jar whose jobs run on this release."""
    return JOBS / ("test-job.jar" if cluster.release < (2, 0) else "test-sql.jar")


def uploaded(cluster: Cluster) -> str:
    """The id of the jar of test jobs, uploaded when the cluster has it not yet."""
    jar = job_jar(cluster)
    for file in cluster.get("jars")["files"]:
        if file["name"] == jar.name:
            return str(file["id"])
    return upload(cluster, jar)


def words(cluster: OfRelease, kind: str, arguments: Mapping[str, str | int]) -> list[str]:
    """The arguments of the jar's main() that make a job of this kind."""
    given = {"kind": kind, "name": NAMES[kind], **arguments}
    if cluster.release >= (2, 0):
        return sql_words(kind, given)
    return [word for key, value in given.items() for word in (f"--{key}", str(value))]


def submit(cluster: Cluster, kind: str, *, savepoint: str | None = None, **arguments: str | int) -> str:
    """Run a job of a kind; its id. Underscores in names of arguments stand for hyphens."""
    given = {key.replace("_", "-"): value for key, value in arguments.items()}
    body: dict[str, Any] = {"programArgsList": words(cluster, kind, given)}
    if savepoint is not None:
        body["savepointPath"] = savepoint
    answer = cluster.send("POST", f"jars/{uploaded(cluster)}/run", body)
    return str(answer["jobid"])


def wait_for(what: str, ready: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until the cluster got somewhere, asking twice a second."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.5)


def wait_for_state(cluster: Cluster, job: str, state: str, seconds: float = 60) -> None:
    """Wait until a job is in a state; RUNNING means that every subtask runs as well."""

    def reached() -> bool:
        answer = cluster.ask("GET", f"jobs/{job}")
        if answer.status != 200:  # an initializing job is not there yet
            return False
        now = answer.json()
        started = state != "RUNNING" or all(vertex["status"] == "RUNNING" for vertex in now["vertices"])
        return bool(now["state"] == state and started)

    wait_for(f"{job} {state}", reached, seconds)


def wait_for_operation(cluster: Cluster, path: str, seconds: float = 60) -> Answer:
    """Wait until an asynchronous operation is completed, well or not; its last answer."""
    last = cluster.ask("GET", path)

    def completed() -> bool:
        nonlocal last
        last = cluster.ask("GET", path)
        return last.status != 200 or json.loads(last.body)["status"]["id"] == "COMPLETED"

    wait_for(path, completed, seconds)
    return last
