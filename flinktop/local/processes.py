"""JobManager and TaskManager processes of a local Flink, any release from 1.9 to 2.3.

A Flink distribution computes memory sizes, class path and logging in shell scripts; the PyPI packages
have only jars. This module does the work of those scripts, sized for a laptop.
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

# MiB. One JobManager and one TaskManager take about 0.7 GB together.
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

_READ = 1_000_000  # bytes at the end of a log that are read

# Packages of java.base that Flink's serializers and networking access by reflection.
_OPENED = (
    "java.lang",
    "java.lang.reflect",
    "java.net",
    "java.io",
    "java.nio",
    "sun.nio.ch",
    "java.text",
    "java.time",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "java.util.concurrent.locks",
)


class StartFailed(Exception):  # noqa: N818  named for what happened, like the client's errors
    """A Flink process ended or did not answer in time. Its notes are the ends of the logs."""

    def __init__(self, sentence: str, *processes: "Process") -> None:
        super().__init__(sentence)
        self.processes = processes  # the ones whose logs explain it
        for process in processes:
            self.add_note(f"the end of {process.log}:\n{process.log_end()}")


@dataclass(frozen=True, slots=True)
class FlinkHome:
    """The jars of one Flink release, and the Java executable to run them."""

    release: tuple[int, int, int]
    lib: Path
    java: Path


class Process(subprocess.Popen[bytes]):
    """A started process and the path of its log; its output is in a file beside it with the suffix `.out`."""

    log: Path

    @property
    def name(self) -> str:
        return {"jobmanager": "JobManager", "taskmanager": "TaskManager", "keys": "key generator"}.get(
            self.log.stem, self.log.stem
        )

    @property
    def cause(self) -> str:
        """Why it ended, or its last log line, as a sentence without a full stop."""
        return cause(self._text(self.log), self._text(self.log.with_suffix(".out"))).rstrip(".")

    def log_end(self, lines: int = 12) -> str:
        """The end of its log, or of its output if it logged nothing."""
        text = self._text(self.log).strip() or self._text(self.log.with_suffix(".out")).strip()
        return "\n".join(text.splitlines()[-lines:]) or "(it logged nothing)"

    def _text(self, path: Path) -> str:
        """The end of a file; "" if there is none."""
        with contextlib.suppress(OSError), path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _READ))
            return file.read().decode(errors="replace")
        return ""


def free_port() -> int:
    """A free TCP port on loopback."""
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
    """Write Flink's configuration for a cluster below `directory`; returns the configuration directory.

    All files of the cluster (checkpoints, savepoints, uploads, temporary files) are below `directory` as
    well. `extra` overrides the settings made here. The file is `config.yaml` from 1.19 and
    `flink-conf.yaml` before: 2.x rejects the old name.
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
        # A TaskManager that starts before the JobManager would retry only after 10 s. Milliseconds: 1.9
        # accepts no unit.
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
        # A JSON string is also a YAML string.
        lines = [f"{key}: {json.dumps(value)}\n" for key, value in keys.items()]
        name = "config.yaml"
    else:
        lines = [f"{key}: {value}\n" for key, value in keys.items()]
        name = "flink-conf.yaml"
    (conf / name).write_text("".join(lines), encoding="utf-8")
    # Both append: a process that ends with an error opens its log again during shutdown and would empty it.
    logging = "log4j2.properties" if home.release >= (1, 11) else "log4j1.properties"
    shutil.copyfile(Path(__file__).with_name(logging), conf / "log4j.properties")
    return conf


def class_path(home: FlinkHome, *more: Path) -> str:
    """Every jar of `lib`, then `more`, in the form of Java's -cp."""
    jars = [*sorted(home.lib.glob("*.jar")), *more]
    return os.pathsep.join(map(str, jars))


def java_words(home: FlinkHome, conf: Path, log: Path) -> list[str]:
    """The Java executable, and the options of all JVMs of this cluster: modules, logging, temporary files."""
    logging = (conf / "log4j.properties").as_uri()
    return [
        str(home.java),
        # Short-lived processes on a small machine: the second compiler costs more than it gains.
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
    """The command line of a JobManager; `options` are additional JVM options."""
    return [
        *java_words(home, conf, log),
        f"-Xmx{_JOBMANAGER_HEAP}m",
        f"-XX:MaxMetaspaceSize={_METASPACE}m",
        *options,
        "-cp",
        class_path(home),
        _JOBMANAGER,
        "--configDir",
        str(conf),
        "--executionMode",
        "cluster",
    ]


def taskmanager_command(home: FlinkHome, conf: Path, log: Path, options: Sequence[str] = ()) -> list[str]:
    """The command line of a TaskManager; heap and direct memory match the configuration."""
    heap = _TASK_HEAP + _FRAMEWORK_HEAP
    return [
        *java_words(home, conf, log),
        f"-Xmx{heap}m",
        f"-XX:MaxDirectMemorySize={2 * _OFF_HEAP + _NETWORK}m",
        f"-XX:MaxMetaspaceSize={_METASPACE}m",
        *options,
        "-cp",
        class_path(home),
        _TASKMANAGER,
        "--configDir",
        str(conf),
    ]


def _dies_with_parent() -> Callable[[], None] | None:
    """The child's code before exec that makes the kernel kill it when its parent dies. Linux only."""
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
    """Start `command` in its own process group; its output goes to `log` with the suffix `.out`.

    `environment` is added to the inherited one (see `environment.py`); `directory` is the working directory
    (default: the log's directory).
    On Linux the child is killed when the **thread** that called this ends, not only when the process dies:
    call it from a thread that lives as long as the cluster. Raises StartFailed if it can't be run.
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
    """Wait for a one-off process to end; StartFailed if it fails or is too slow."""
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
    """Raise StartFailed if a process of a starting cluster has ended."""
    for process in processes:
        if process.poll() is not None:
            raise StartFailed(
                f"The {process.name} {_ended(process)} while Flink started: {process.cause}.", process
            )


def wait_until_ready(
    rest: Rest, processes: Iterable[Process], seconds: float, *, taskmanagers: int = 1
) -> None:
    """Wait until GET /overview answers and has that many TaskManagers. Raises StartFailed."""
    processes = tuple(processes)
    deadline = time.monotonic() + seconds
    while True:
        check_alive(processes)
        # During the start: refused connections, 503, then a page that is not JSON yet.
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
