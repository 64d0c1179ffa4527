"""JobManager and TaskManager processes of one Flink on loopback, any release from 1.9 to 2.3.

A distribution of Flink computes memory sizes, class path and logging in shell scripts; the packages on PyPI
carry only jars. What those scripts do is done here, small enough for a laptop.
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flinktop.local.cause import cause
from flinktop.local.environment import inherited
from flinktop.local.rest import Refused, Rest

LOOPBACK = "127.0.0.1"

# MiB. Together one JobManager and one TaskManager take about 0.7 GB.
_JOBMANAGER_HEAP = 256
_TASK_HEAP = 256
_FRAMEWORK_HEAP = 128
_OFF_HEAP = 64  # of the framework, and again of the tasks
_NETWORK = 64
_MANAGED = 64
_METASPACE = 256
_OVERHEAD = 128

_JOBMANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
_TASKMANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"

_READ = 1_000_000  # bytes of a log's end that are looked at

# Packages of java.base that Flink's serializers and networking reach into.
_OPENED = (
    *("java.lang", "java.lang.reflect", "java.net", "java.io", "java.nio", "sun.nio.ch", "java.text"),
    *("java.time", "java.util", "java.util.concurrent", "java.util.concurrent.atomic"),
    "java.util.concurrent.locks",
)


class StartFailed(Exception):  # noqa: N818  what happened is its name, like the client's errors
    """A Flink process ended or did not answer in time: a sentence; its notes are the ends of the logs."""

    def __init__(self, sentence: str, *processes: "Process") -> None:
        super().__init__(sentence)
        self.processes = processes  # those whose logs tell more
        for process in processes:
            self.add_note(f"the end of {process.log}:\n{process.last_words()}")


@dataclass(frozen=True, slots=True)
class FlinkHome:
    """The jars of one Flink release, and the Java executable that runs them."""

    release: tuple[int, int, int]
    lib: Path
    java: Path


class Process(subprocess.Popen[bytes]):
    """A started process that knows the file it logs to; what it prints is beside it, ending in `.out`."""

    log: Path

    @property
    def name(self) -> str:
        return {"jobmanager": "JobManager", "taskmanager": "TaskManager", "keys": "key generator"}.get(
            self.log.stem, self.log.stem
        )

    @property
    def cause(self) -> str:
        """Why it ended, or what it last did, in a sentence without a full stop."""
        return cause(self._text(self.log), self._text(self.log.with_suffix(".out"))).rstrip(".")

    def last_words(self, lines: int = 12) -> str:
        """The end of its log, or of what it printed when it never came to log anything."""
        text = self._text(self.log).strip() or self._text(self.log.with_suffix(".out")).strip()
        return "\n".join(text.splitlines()[-lines:]) or "(it logged nothing)"

    def _text(self, path: Path) -> str:
        """The end of a file; "" when there is none."""
        with contextlib.suppress(OSError), path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _READ))
            return file.read().decode(errors="replace")
        return ""


def free_port() -> int:
    """A TCP port on loopback that nobody held a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _memory(release: tuple[int, int, int]) -> dict[str, str]:
    if release < (1, 10):
        return {
            "taskmanager.heap.size": f"{_TASK_HEAP + _FRAMEWORK_HEAP + _NETWORK}m",
            "taskmanager.network.memory.min": f"{_NETWORK}m",
            "taskmanager.network.memory.max": f"{_NETWORK}m",
            "taskmanager.memory.size": "32m",
        }
    prefix = "taskmanager.memory"
    return {
        "taskmanager.cpu.cores": "1",
        f"{prefix}.task.heap.size": f"{_TASK_HEAP}m",
        f"{prefix}.task.off-heap.size": f"{_OFF_HEAP}m",
        f"{prefix}.framework.heap.size": f"{_FRAMEWORK_HEAP}m",
        f"{prefix}.framework.off-heap.size": f"{_OFF_HEAP}m",
        f"{prefix}.managed.size": f"{_MANAGED}m",
        f"{prefix}.jvm-metaspace.size": f"{_METASPACE}m",
        f"{prefix}.network.min": f"{_NETWORK}m",
        f"{prefix}.network.max": f"{_NETWORK}m",
        f"{prefix}.jvm-overhead.min": f"{_OVERHEAD}m",
        f"{prefix}.jvm-overhead.max": f"{_OVERHEAD}m",
        "jobmanager.memory.heap.size": f"{_JOBMANAGER_HEAP}m",
    }


def _state(release: tuple[int, int, int], directory: Path) -> dict[str, str]:
    checkpoints = (directory / "checkpoints").as_uri()
    savepoints = (directory / "savepoints").as_uri()
    if release >= (1, 20):
        return {
            "state.backend.type": "hashmap",
            "execution.checkpointing.dir": checkpoints,
            "execution.checkpointing.savepoint-dir": savepoints,
        }
    return {
        "state.backend": "hashmap" if release >= (1, 13) else "filesystem",
        "state.checkpoints.dir": checkpoints,
        "state.savepoints.dir": savepoints,
    }


def write_configuration(
    home: FlinkHome,
    directory: Path,
    rest_port: int,
    *,
    slots: int = 8,
    extra: Mapping[str, str] | None = None,
) -> Path:
    """Write Flink's configuration for a cluster that lives below `directory`; return the directory it is in.

    Everything the cluster writes (checkpoints, savepoints, uploads, temporary files) goes below `directory`
    as well. `extra` wins over what is set here. The file is `config.yaml` from 1.19 and `flink-conf.yaml`
    before: 2.x refuses the old name.
    """
    temporary = directory / "tmp"
    conf = directory / "conf"
    for path in (temporary, conf, directory / "checkpoints", directory / "savepoints"):
        path.mkdir(parents=True, exist_ok=True)
    keys = {
        "jobmanager.rpc.address": LOOPBACK,
        "jobmanager.rpc.port": str(free_port()),
        "jobmanager.bind-host": LOOPBACK,
        "jobmanager.execution.failover-strategy": "region",
        "taskmanager.host": LOOPBACK,
        "taskmanager.bind-host": LOOPBACK,
        "taskmanager.numberOfTaskSlots": str(slots),
        # A TaskManager that is up before the JobManager would look again after 10 s only. Milliseconds: 1.9
        # takes no unit.
        "cluster.registration.error-delay": "300",
        "rest.address": LOOPBACK,
        "rest.bind-address": LOOPBACK,
        "rest.port": str(rest_port),
        "io.tmp.dirs": str(temporary),
        "blob.storage.directory": str(temporary),
        "web.tmpdir": str(temporary),
        "web.upload.dir": str(directory / "upload"),
        **_memory(home.release),
        **_state(home.release, directory),
        **(extra or {}),
    }
    if home.release >= (1, 19):
        # A JSON string is a YAML string, whatever it holds.
        lines = [f"{key}: {json.dumps(value)}\n" for key, value in keys.items()]
        name = "config.yaml"
    else:
        lines = [f"{key}: {value}\n" for key, value in keys.items()]
        name = "flink-conf.yaml"
    (conf / name).write_text("".join(lines), encoding="utf-8")
    # Both append: a process that ends by an error opens its log anew while it shuts down, and would empty it.
    logging = "log4j2.properties" if home.release >= (1, 11) else "log4j1.properties"
    shutil.copyfile(Path(__file__).with_name(logging), conf / "log4j.properties")
    return conf


def class_path(home: FlinkHome, *more: Path) -> str:
    """Every jar of `lib`, then `more`, as Java's -cp wants them."""
    jars = [*sorted(home.lib.glob("*.jar")), *more]
    return os.pathsep.join(map(str, jars))


def java_words(home: FlinkHome, conf: Path, log: Path) -> list[str]:
    """The Java executable and what any JVM of this cluster needs: modules, logging, temporary files."""
    logging = (conf / "log4j.properties").as_uri()
    return [
        str(home.java),
        # Short-lived processes on a small machine: the second compiler would cost more than it brings.
        "-XX:TieredStopAtLevel=1",
        # No shared file in /tmp that a killed JVM leaves behind.
        "-XX:-UsePerfData",
        f"-Djava.io.tmpdir={conf.parent / 'tmp'}",
        f"-Dlog.file={log}",
        f"-Dlog4j.configuration={logging}",
        f"-Dlog4j.configurationFile={logging}",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
    ]


def jobmanager_command(home: FlinkHome, conf: Path, log: Path, options: Sequence[str] = ()) -> list[str]:
    """The words that start a JobManager; `options` are further options of its JVM."""
    return [
        *java_words(home, conf, log),
        f"-Xmx{_JOBMANAGER_HEAP}m",
        f"-XX:MaxMetaspaceSize={_METASPACE}m",
        *options,
        *("-cp", class_path(home), _JOBMANAGER),
        *("--configDir", str(conf), "--executionMode", "cluster"),
    ]


def taskmanager_command(home: FlinkHome, conf: Path, log: Path, options: Sequence[str] = ()) -> list[str]:
    """The words that start a TaskManager; heap and direct memory agree with the configuration."""
    heap = _TASK_HEAP + _FRAMEWORK_HEAP
    return [
        *java_words(home, conf, log),
        f"-Xmx{heap}m",
        f"-XX:MaxDirectMemorySize={2 * _OFF_HEAP + _NETWORK}m",
        f"-XX:MaxMetaspaceSize={_METASPACE}m",
        *options,
        *("-cp", class_path(home), _TASKMANAGER),
        *("--configDir", str(conf)),
    ]


def _dies_with_parent() -> Callable[[], None] | None:
    """What a child does before it becomes Java, so that it is killed when its parent dies. Linux only."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork: a child must not import
    parent = os.getpid()
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>

    def before_exec() -> None:
        libc.prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return before_exec


def start(
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Process:
    """Start `command` in a process group of its own; what it prints goes to `log` with the ending `.out`.

    `environment` is added to what is inherited (see `environment.py`); `directory` is where it works
    (default: where the log is).
    On Linux the child is killed when the **thread** that called this ends, not only when the process dies:
    call it from a thread that lives as long as the cluster does. Raises StartFailed when it may not be run.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stderr": subprocess.STDOUT,
        "cwd": directory or log.parent,
        "env": {**inherited(), **(environment or {})},
        "process_group": 0,
        "preexec_fn": _dies_with_parent(),
    }
    with log.with_suffix(".out").open("wb") as printed:
        try:
            process = Process(list(command), stdout=printed, **options)
        except OSError as error:
            raise StartFailed(f"Cannot start {command[0]}: {error.strerror or error}") from error
    process.log = log
    return process


def wait_until_done(process: Process, seconds: float) -> None:
    """Wait until a process that has one thing to do has done it; StartFailed if it failed, or is too slow."""
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise StartFailed(
            f"The {process.name} did not end within {seconds:.0f} s: {process.cause}.", process
        ) from None
    if status:
        raise StartFailed(f"The {process.name} {_ended(process)}: {process.cause}.", process)


def _ended(process: Process) -> str:
    code = process.returncode
    if code == -signal.SIGKILL:
        return "was killed (by the system when memory runs out, or by a user)"
    return f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"


def check_alive(processes: Iterable[Process]) -> None:
    """Raise StartFailed when one of the processes of a cluster that starts has ended."""
    for process in processes:
        if process.poll() is not None:
            raise StartFailed(
                f"The {process.name} {_ended(process)} while Flink started: {process.cause}.", process
            )


def wait_until_ready(
    rest: Rest, processes: Iterable[Process], seconds: float, *, taskmanagers: int = 1
) -> None:
    """Wait until GET /overview answers and counts so many TaskManagers; StartFailed as by the others."""
    processes = tuple(processes)
    deadline = time.monotonic() + seconds
    while True:
        check_alive(processes)
        # While it starts: refused connections, 503, then a page that is not JSON yet.
        with contextlib.suppress(OSError, ValueError, Refused):
            overview = rest.get("overview")
            if isinstance(overview, dict) and overview.get("taskmanagers", -1) >= taskmanagers:
                return
        if time.monotonic() > deadline:
            last = "; ".join(f"{process.name}: {process.cause}" for process in processes)
            raise StartFailed(
                f"Flink did not come up at {rest.url} within {seconds:.0f} s ({last}).", *processes
            )
        time.sleep(0.2)


def stop(processes: Iterable[Process], grace: float = 3.0) -> None:
    """End `processes` and wait for them: SIGTERM to each group, SIGKILL after `grace` seconds."""
    processes = tuple(processes)
    for process in processes:
        _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + grace
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
            continue
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: Process, number: int) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
