"""`flinktop local` for real: Flink 2.3 from the extra `local`, with its three sample jobs."""

import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from flinktop.local.rest import Rest
from flinktop.local.samples import FAILING, SAMPLES_JAR, SLOW, STEADY
from flinktop.local.session import LocalFlink, open_local
from tests.flink.sites import make_certificate
from tests.local.conftest import REPOSITORY, wait_for_end
from tests.local.listening import ports

pytestmark = pytest.mark.live

# The failing one fails within each 90 s, and Flink's figures are 10 s old.
PATIENCE = 150.0

Get = Callable[[str], Any]

STRANGER = Path(__file__).with_name("stranger.py")
LOOPBACK_ONLY = "0100007F"
"""How the kernel writes 127.0.0.1, also at the end of an IPv6 address that means it."""
UNREACHABLE = 3


def client(flink: LocalFlink) -> Rest:
    """Its REST API, by the certificate that it was started with."""
    if flink.cert is None:
        return Rest(flink.url)
    context = ssl.create_default_context(cafile=str(flink.cert))
    # As Python does from 3.13 on.
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_cert_chain(flink.cert, flink.key)
    return Rest(flink.url, context)


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
def get(flink: LocalFlink) -> Get:
    """What it answers at a path."""
    return partial(client(flink).get, seconds=10)


def jobs(get: Get) -> dict[str, dict[str, Any]]:
    return {job["name"]: job for job in get("jobs/overview")["jobs"]}


def metric(get: Get, job: str, name: str) -> float:
    found = {entry["id"]: entry["value"] for entry in get(f"jobs/{job}/metrics?get={name}")}
    return float(found.get(name, 0))


def test_three_jobs_run_in_several_vertices(get: Get) -> None:
    names = {STEADY.name, SLOW.name, FAILING.name}

    def running() -> bool:
        states = {name: job["state"] for name, job in jobs(get).items()}
        return states == dict.fromkeys(names, "RUNNING")

    until(running, "three jobs RUNNING")
    vertices = {name: len(get(f"jobs/{job['jid']}")["vertices"]) for name, job in jobs(get).items()}
    assert vertices == {STEADY.name: 4, SLOW.name: 3, FAILING.name: 3}


def test_slow_job_holds_its_source_back(get: Get) -> None:
    job = jobs(get)[SLOW.name]["jid"]
    source = get(f"jobs/{job}")["vertices"][0]["id"]
    name = "backPressuredTimeMsPerSecond"

    def held_back() -> bool:
        figures = get(f"jobs/{job}/vertices/{source}/subtasks/metrics?get={name}")
        return bool(figures) and float(figures[0]["min"]) > 500

    until(held_back, "the source of the slow job waits more than half of its time")


def test_jobs_take_checkpoints_and_know_the_time(get: Get) -> None:
    for name, job in jobs(get).items():
        checkpoints = f"jobs/{job['jid']}/checkpoints"

        def completed(checkpoints: str = checkpoints) -> int:
            return int(get(checkpoints)["counts"]["completed"])

        until(completed, f"a checkpoint of {name}")
        last = get(f"jobs/{job['jid']}")["vertices"][-1]["id"]
        watermarks = f"jobs/{job['jid']}/vertices/{last}/watermarks"

        def known(watermarks: str = watermarks) -> bool:
            values = [int(entry["value"]) for entry in get(watermarks)]
            return bool(values) and min(values) > 0

        until(known, f"a watermark of {name}")


def test_failing_job_comes_back_and_the_others_are_left_alone(get: Get) -> None:
    found = {name: job["jid"] for name, job in jobs(get).items()}

    def came_back() -> bool:
        restarted = metric(get, found[FAILING.name], "numRestarts") > 0
        return restarted and bool(jobs(get)[FAILING.name]["state"] == "RUNNING")

    until(came_back, "the failing job restarted and runs again")
    faults = get(f"jobs/{found[FAILING.name]}/exceptions")["exceptionHistory"]["entries"]
    assert "NumberFormatException" in faults[0]["exceptionName"]
    assert metric(get, found[STEADY.name], "numRestarts") == 0
    assert metric(get, found[SLOW.name], "numRestarts") == 0


def test_a_sample_is_stopped_and_run_again_from_the_jar(flink: LocalFlink, get: Get) -> None:
    (jar,) = get("jars")["files"]
    assert (jar["id"], jar["name"]) == (flink.jar, SAMPLES_JAR.name)
    job = next(job for job, sample in flink.jobs.items() if sample == STEADY)
    rest = client(flink)
    trigger = rest.post(f"jobs/{job}/stop", {"drain": False})["request-id"]

    def made() -> str | None:
        answer = get(f"jobs/{job}/savepoints/{trigger}")
        return answer.get("operation", {}).get("location") if answer["status"]["id"] == "COMPLETED" else None

    savepoint = until(made, "a savepoint")
    words = {"programArgsList": STEADY.arguments, "flinkConfiguration": STEADY.configuration}
    again = rest.post(f"jars/{flink.jar}/run", {**words, "savepointPath": savepoint})["jobid"]
    until(lambda: get(f"jobs/{again}")["state"] == "RUNNING", "the job runs again")
    restored = until(lambda: get(f"jobs/{again}/checkpoints")["latest"]["restored"], "it is restored")
    assert restored["external_path"] == savepoint


def test_a_command_in_another_terminal_reaches_it_by_the_key(flink: LocalFlink, tmp_path: Path) -> None:
    job = next(job for job, sample in flink.jobs.items() if sample == SLOW)
    words = ["savepoint", job, "--target", flink.url, "--yes"]
    key = ["--ca", str(flink.cert), "--cert", str(flink.cert), "--key", str(flink.key)]
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(REPOSITORY)}
    codes = [
        subprocess.run(
            [sys.executable, "-m", "flinktop", *words, *more],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            check=False,
        ).returncode
        for more in (key, key[:2], [])
    ]
    assert codes == [0, UNREACHABLE, UNREACHABLE]


def children_of(process: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process)],  # noqa: S607  where ps lies differs
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(number) for number in listed.stdout.split()]


def opened_by(flinktop: int) -> list[int]:
    """The ports of the local Flink that a process has started; nobody beyond this machine reaches one."""
    jvms = [jvm for keeper in children_of(flinktop) for jvm in children_of(keeper)]
    found = ports(jvms)
    # REST, RPC, blob server and metrics of the JobManager; RPC, data exchange and metrics of the TaskManager.
    assert len(found) == 7
    assert {address[-8:] for address in found.values()} == {LOOPBACK_ONLY}
    return sorted(found)


def stranger_finds(ports: list[int], paths: list[Path], directory: Path) -> list[tuple[str, str, str]]:
    cert, key = make_certificate(directory, "stranger", "IP:127.0.0.1")
    told = {"ports": ports, "paths": list(map(str, paths)), "cert": str(cert), "key": str(key)}
    done = subprocess.run(
        [sys.executable, STRANGER], input=json.dumps(told), stdout=subprocess.PIPE, text=True, check=True
    )
    return [(where, how, got) for where, how, got in json.loads(done.stdout)]


def test_another_user_gets_nothing_from_any_port(flink: LocalFlink, tmp_path: Path) -> None:
    assert flink.cert is not None
    directory = flink.cert.parent.parent
    opened = opened_by(os.getpid())
    paths = [directory, *directory.rglob("*")]
    found = stranger_finds(opened, paths, tmp_path)
    # Whoever speaks HTTP without TLS to the REST port is told to speak it with TLS, and no more.
    head, end = "b'HTTP/1.1 301 Moved Permanently", r"\r\ncontent-length: 0\r\n\r\n'"
    assert not [one for one in found if not (one[2].startswith(head) and one[2].endswith(end))]
    # And each of them is Flink's, with the certificate of this one.
    context = ssl.create_default_context(cafile=str(flink.cert))
    context.load_cert_chain(flink.cert, flink.key)
    for port in opened:
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            context.wrap_socket(connection, server_hostname="127.0.0.1").close()


def test_its_password_is_in_its_configuration_alone(flink: LocalFlink, get: Get) -> None:
    assert flink.cert is not None
    password = (flink.cert.parent / "password").read_bytes()
    files = [path for path in flink.cert.parent.parent.rglob("*") if path.is_file()]
    holders = {path.name for path in files if password in path.read_bytes()}
    assert holders == {"password", "config.yaml"}
    shown = {entry["key"]: entry["value"] for entry in get("jobmanager/config")}
    assert shown["security.ssl.rest.authentication-enabled"] == "true"
    assert password.decode() not in shown.values()


def test_without_tls_it_is_open_and_a_kill_of_flinktop_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from flinktop.local.session import open_local\n"
        "with open_local(lambda _: None, tls=False) as flink:\n"
        "    print(flink.url, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as flinktop:
        assert flinktop.stdout is not None
        url = flinktop.stdout.readline().decode().strip()
        assert url.startswith("http://127.0.0.1:")
        (keeper,) = children_of(flinktop.pid)
        jvms = children_of(keeper)
        assert len(jvms) == 2
        (directory,) = temporary.iterdir()
        opened = opened_by(flinktop.pid)
        found = stranger_finds(opened, [directory, *directory.rglob("*")], tmp_path)
        # What was sent is what each of them answers: only TLS keeps a stranger from it, and files are kept.
        assert {where for where, _, _ in found} == set(map(str, opened))
        overview = next(got for _, how, got in found if how == "GET /overview")
        assert rf"access-control-allow-origin: {url}\r\n" in overview
        flinktop.kill()
    for process in (keeper, *jvms):
        wait_for_end(process)
    assert list(temporary.iterdir()) == []
