"""`flinktop local` for real: Flink 2.3 from the extra `local`, with its three sample jobs."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flinktop.local.rest import Rest
from flinktop.local.samples import FAILING, SAMPLES_JAR, SLOW, STEADY
from flinktop.local.session import LocalFlink, open_local
from tests.local.conftest import REPOSITORY, wait_for_end

pytestmark = pytest.mark.live

# The failing one fails within each 90 s, and Flink's figures are 10 s old.
PATIENCE = 150.0


def get(url: str) -> Any:
    # Never through a proxy: the address is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        return json.load(answer)


def until(fact: Callable[[], Any], what: str) -> Any:
    """Ask a real cluster again and again; what it says as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (said := fact()):
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(1)
    return said


@pytest.fixture(scope="module")
def flink() -> Iterator[LocalFlink]:
    with open_local(print) as flink:
        yield flink


@pytest.fixture(scope="module")
def url(flink: LocalFlink) -> str:
    return flink.url


def jobs(url: str) -> dict[str, dict[str, Any]]:
    return {job["name"]: job for job in get(f"{url}/jobs/overview")["jobs"]}


def metric(url: str, job: str, name: str) -> float:
    found = {entry["id"]: entry["value"] for entry in get(f"{url}/jobs/{job}/metrics?get={name}")}
    return float(found.get(name, 0))


def test_three_jobs_run_in_several_vertices(url: str) -> None:
    names = {STEADY.name, SLOW.name, FAILING.name}

    def running() -> bool:
        states = {name: job["state"] for name, job in jobs(url).items()}
        return states == dict.fromkeys(names, "RUNNING")

    until(running, "three jobs RUNNING")
    vertices = {name: len(get(f"{url}/jobs/{job['jid']}")["vertices"]) for name, job in jobs(url).items()}
    assert vertices == {STEADY.name: 4, SLOW.name: 3, FAILING.name: 3}


def test_slow_job_holds_its_source_back(url: str) -> None:
    job = jobs(url)[SLOW.name]["jid"]
    source = get(f"{url}/jobs/{job}")["vertices"][0]["id"]
    name = "backPressuredTimeMsPerSecond"

    def held_back() -> bool:
        figures = get(f"{url}/jobs/{job}/vertices/{source}/subtasks/metrics?get={name}")
        return bool(figures) and float(figures[0]["min"]) > 500

    until(held_back, "the source of the slow job waits more than half of its time")


def test_jobs_take_checkpoints_and_know_the_time(url: str) -> None:
    for name, job in jobs(url).items():
        checkpoints = f"{url}/jobs/{job['jid']}/checkpoints"

        def completed(checkpoints: str = checkpoints) -> int:
            return int(get(checkpoints)["counts"]["completed"])

        until(completed, f"a checkpoint of {name}")
        last = get(f"{url}/jobs/{job['jid']}")["vertices"][-1]["id"]
        watermarks = f"{url}/jobs/{job['jid']}/vertices/{last}/watermarks"

        def known(watermarks: str = watermarks) -> bool:
            values = [int(entry["value"]) for entry in get(watermarks)]
            return bool(values) and min(values) > 0

        until(known, f"a watermark of {name}")


def test_failing_job_comes_back_and_the_others_are_left_alone(url: str) -> None:
    found = {name: job["jid"] for name, job in jobs(url).items()}

    def came_back() -> bool:
        restarted = metric(url, found[FAILING.name], "numRestarts") > 0
        return restarted and bool(jobs(url)[FAILING.name]["state"] == "RUNNING")

    until(came_back, "the failing job restarted and runs again")
    faults = get(f"{url}/jobs/{found[FAILING.name]}/exceptions")["exceptionHistory"]["entries"]
    assert "NumberFormatException" in faults[0]["exceptionName"]
    assert metric(url, found[STEADY.name], "numRestarts") == 0
    assert metric(url, found[SLOW.name], "numRestarts") == 0


def test_a_sample_is_stopped_and_run_again_from_the_jar(flink: LocalFlink) -> None:
    (jar,) = get(f"{flink.url}/jars")["files"]
    assert (jar["id"], jar["name"]) == (flink.jar, SAMPLES_JAR.name)
    job = next(job for job, sample in flink.jobs.items() if sample == STEADY)
    rest = Rest(flink.url)
    trigger = rest.post(f"jobs/{job}/stop", {"drain": False})["request-id"]

    def made() -> str | None:
        answer = get(f"{flink.url}/jobs/{job}/savepoints/{trigger}")
        return answer.get("operation", {}).get("location") if answer["status"]["id"] == "COMPLETED" else None

    savepoint = until(made, "a savepoint")
    words = {"programArgsList": STEADY.arguments, "flinkConfiguration": STEADY.configuration}
    again = rest.post(f"jars/{flink.jar}/run", {**words, "savepointPath": savepoint})["jobid"]
    until(lambda: get(f"{flink.url}/jobs/{again}")["state"] == "RUNNING", "the job runs again")
    checkpoints = f"{flink.url}/jobs/{again}/checkpoints"
    restored = until(lambda: get(checkpoints)["latest"]["restored"], "it is restored from its savepoint")
    assert restored["external_path"] == savepoint


def children_of(process: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process)],  # noqa: S607  where ps lies differs
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(number) for number in listed.stdout.split()]


def test_kill_of_flinktop_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from flinktop.local.session import open_local\n"
        "with open_local(lambda _: None) as flink:\n"
        "    print(flink.url, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as flinktop:
        assert flinktop.stdout is not None
        assert flinktop.stdout.readline().startswith(b"http://127.0.0.1:")
        (keeper,) = children_of(flinktop.pid)
        jvms = children_of(keeper)
        assert len(jvms) == 2
        assert len(list(tmp_path.iterdir())) == 1
        flinktop.kill()
    for process in (keeper, *jvms):
        wait_for_end(process)
    assert list(tmp_path.iterdir()) == []
