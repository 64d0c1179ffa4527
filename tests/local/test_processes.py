"""Processes of a Flink: what they are configured with, and that none outlives its owner. No Flink needed."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from flinktop.local import processes
from flinktop.local.processes import FlinkHome, Process, StartFailed
from flinktop.local.rest import Rest

RELEASES = [(1, 9, 3), (1, 10, 3), (1, 14, 6), (1, 18, 1), (1, 19, 3), (1, 20, 5), (2, 3, 0)]
PATIENCE = 20.0
FOREVER = "import signal; signal.pause()"


def home(tmp_path: Path, release: tuple[int, int, int]) -> FlinkHome:
    (tmp_path / "lib").mkdir(exist_ok=True)
    for jar in ("flink-dist.jar", "flink-csv.jar", "readme.txt"):
        (tmp_path / "lib" / jar).touch()
    return FlinkHome(release, tmp_path / "lib", tmp_path / "java")


def python(log: Path, code: str) -> Process:
    return processes.start([sys.executable, "-c", code], log=log)


@contextlib.contextmanager
def answering(body: str) -> Iterator[str]:
    """A server that gives one answer to every GET."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing on stderr."""

    server = ThreadingHTTPServer((processes.LOOPBACK, 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://{processes.LOOPBACK}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("release", RELEASES)
def test_configuration_has_the_name_and_the_keys_of_its_release(
    tmp_path: Path, release: tuple[int, int, int]
) -> None:
    conf = processes.write_configuration(home(tmp_path, release), tmp_path / "c", 4711, slots=3)
    name = "config.yaml" if release >= (1, 19) else "flink-conf.yaml"
    assert {path.name for path in conf.iterdir()} == {name, "log4j.properties"}
    # While a process shuts down it opens its log anew: why it does must stay in it.
    assert "append=true" in (conf / "log4j.properties").read_text()
    lines = (conf / name).read_text(encoding="utf-8").splitlines()
    keys = dict(line.split(": ", 1) for line in lines)
    if release >= (1, 19):
        keys = {key: json.loads(value) for key, value in keys.items()}
    assert keys["rest.port"] == "4711"
    assert keys["taskmanager.numberOfTaskSlots"] == "3"
    assert (
        keys["rest.bind-address"] == keys["jobmanager.bind-host"] == keys["taskmanager.host"] == "127.0.0.1"
    )
    assert ("taskmanager.heap.size" in keys) == (release < (1, 10))
    assert ("taskmanager.memory.task.heap.size" in keys) == (release >= (1, 10))
    savepoints = "state.savepoints.dir" if release < (1, 20) else "execution.checkpointing.savepoint-dir"
    assert keys[savepoints] == (tmp_path / "c" / "savepoints").as_uri()


def test_extra_settings_override_presets(tmp_path: Path) -> None:
    extra = {"parallelism.default": "2", "taskmanager.numberOfTaskSlots": "99", "odd": 'a: "b" # c'}
    conf = processes.write_configuration(home(tmp_path, (2, 3, 0)), tmp_path / "c", 1, extra=extra)
    lines = (conf / "config.yaml").read_text(encoding="utf-8").splitlines()
    assert 'taskmanager.numberOfTaskSlots: "99"' in lines
    assert r'odd: "a: \"b\" # c"' in lines
    assert len([line for line in lines if line.startswith("taskmanager.numberOfTaskSlots")]) == 1


def test_commands_run_the_jars_of_lib_with_further_options(tmp_path: Path) -> None:
    of = home(tmp_path, (2, 3, 0))
    for command in (
        processes.jobmanager_command(of, tmp_path / "conf", tmp_path / "a.log", ["-XX:+UseSerialGC"]),
        processes.taskmanager_command(of, tmp_path / "conf", tmp_path / "a.log", ["-XX:+UseSerialGC"]),
    ):
        assert command[0] == str(of.java)
        assert command[command.index("-cp") + 1] == f"{of.lib}/flink-csv.jar:{of.lib}/flink-dist.jar"
        assert "-XX:+UseSerialGC" in command[: command.index("-cp")]
        assert command[command.index("--configDir") + 1] == str(tmp_path / "conf")
        assert f"-Dlog.file={tmp_path}/a.log" in command


def test_a_process_gets_its_environment_and_no_secret_of_the_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = ("FLINK_CONF_DIR", "FLINKTOP_TOKEN", "AWS_SECRET_ACCESS_KEY", "JAVA_TOOL_OPTIONS", "PYTHONX")
    for name in foreign:
        monkeypatch.setenv(name, "planted")
    monkeypatch.setenv("LC_TIME", "C")
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    process = processes.start(
        [sys.executable, "-c", code], log=tmp_path / "x.log", environment={"MY_ONE": "1"}
    )
    assert process.wait(20) == 0
    got = json.loads((tmp_path / "x.out").read_text())
    assert (got["MY_ONE"], got["LC_TIME"], got["PATH"]) == ("1", "C", os.environ["PATH"])
    assert not {name for name, value in got.items() if name in foreign or value == "planted"}


def test_a_missing_java_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="Cannot start /no/such/java: No such file"):
        processes.start(["/no/such/java"], log=tmp_path / "x.log")


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A named pipe and its reading end: a child that opens it tells that it runs, its end that it is gone."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield path, reader
    os.close(reader)


def read(reader: int) -> bytes:
    readable, _, _ = select.select([reader], [], [], PATIENCE)
    assert readable, "nothing came through the pipe"
    return os.read(reader, 100)


def says_here(path: Path, *, stubborn: bool = False) -> str:
    """A program that says through the pipe that it runs, and then does nothing for ever."""
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN)" if stubborn else ""
    say = f"pipe = open({str(path)!r}, 'w'); pipe.write('here'); pipe.flush()"
    return f"import signal\n{ignore}\n{say}\nsignal.pause()"


@pytest.mark.parametrize("stubborn", [False, True])
def test_stop_ends_the_willing_and_the_stubborn(
    tmp_path: Path, pipe: tuple[Path, int], *, stubborn: bool
) -> None:
    path, reader = pipe
    process = python(tmp_path / "x.log", says_here(path, stubborn=stubborn))
    assert read(reader) == b"here"
    processes.stop([process], grace=0.2 if stubborn else PATIENCE)
    assert process.returncode == (-signal.SIGKILL if stubborn else -signal.SIGTERM)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_process_dies_with_its_killed_parent(tmp_path: Path, pipe: tuple[Path, int]) -> None:
    path, reader = pipe
    parent = f"""
import signal, sys
from pathlib import Path
from flinktop.local import processes
processes.start([sys.executable, "-c", {says_here(path)!r}], log=Path({str(tmp_path)!r}) / "x.log")
signal.pause()
"""
    started = subprocess.Popen([sys.executable, "-c", parent], cwd=Path(processes.__file__).parents[2])
    assert read(reader) == b"here"
    started.kill()
    started.wait(PATIENCE)
    assert read(reader) == b""


def test_ready_when_a_taskmanager_is_counted(tmp_path: Path) -> None:
    process = python(tmp_path / "x.log", FOREVER)
    try:
        with answering('{"taskmanagers": 1}') as url:
            processes.wait_until_ready(Rest(url), [process], 10)
        with answering('{"taskmanagers": 0}') as url:
            processes.wait_until_ready(Rest(url), [process], 10, taskmanagers=0)
            with pytest.raises(StartFailed, match="did not come up"):
                processes.wait_until_ready(Rest(url), [process], 0)
        with answering("<html>") as url, pytest.raises(StartFailed, match="it logged nothing"):
            processes.wait_until_ready(Rest(url), [process], 0)
    finally:
        processes.stop([process])


@pytest.mark.parametrize("logged", [True, False])
def test_an_early_end_is_reported_with_the_last_output(tmp_path: Path, *, logged: bool) -> None:
    log = tmp_path / "x.log"
    process = python(log, "print('port taken'); raise SystemExit(3)")
    process.wait(20)
    if logged:
        log.write_text("\n".join(f"line {number}" for number in range(100)))
    with pytest.raises(StartFailed, match="status 3") as failed:
        processes.wait_until_ready(Rest("http://127.0.0.1:1"), [process], 10)
    assert str(failed.value) == "The x ended with status 3 while Flink started: port taken."
    (end,) = failed.value.__notes__
    assert ("line 99" in end) == logged
    assert "line 5\n" not in end
    assert ("port taken" in end) != logged


def test_a_killed_process_is_reported_as_killed(tmp_path: Path) -> None:
    process = python(tmp_path / "taskmanager.log", "import signal; signal.pause()")
    process.kill()
    process.wait(20)
    with pytest.raises(StartFailed, match=r"^The TaskManager was killed \(.*: it logged nothing\.\n"):
        processes.check_alive([process])


def test_a_process_with_one_thing_to_do_is_waited_for(tmp_path: Path) -> None:
    processes.wait_until_done(python(tmp_path / "x.log", "print('done')"), PATIENCE)
    with pytest.raises(StartFailed, match=r"^The x ended with status 3: no disk\.\n"):
        processes.wait_until_done(
            python(tmp_path / "x.log", "print('no disk'); raise SystemExit(3)"), PATIENCE
        )
    lasting = python(tmp_path / "x.log", FOREVER)
    try:
        with pytest.raises(StartFailed, match="did not end within 0 s"):
            processes.wait_until_done(lasting, 0)
    finally:
        processes.stop([lasting])


def test_a_free_port_can_be_bound() -> None:
    with socket.socket() as taken:
        taken.bind((processes.LOOPBACK, processes.free_port()))
