"""The process that owns a local Flink's JVMs: `python -m flinktop.local.keeper`.

It makes a key, starts a JobManager and a TaskManager that accept only its holders, runs the sample jobs,
and keeps the cluster until its standard input ends or it gets SIGTERM, SIGINT or SIGHUP. Its input is a pipe
from flinktop, so it ends when flinktop ends in any way; its JVMs die with it.

One JSON object per line on standard output: {"directory": …} with all files, {"progress": sentence}…,
last {"error": sentence} or {"url": …, "jar": id of the samples' jar, "jobs": {job id: name of a sample}},
with TLS also the paths "cert" and "key".

The main thread starts the JVMs (on Linux they die with the thread that started them) and then only waits;
a second thread does the slow steps and may be interrupted at any point.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NoReturn

from flinktop.local.directories import OwnedDirectory, sweep
from flinktop.local.keys import Keys
from flinktop.local.packages import LocalError, find_home
from flinktop.local.processes import (
    LOOPBACK,
    FlinkHome,
    Process,
    StartFailed,
    check_alive,
    free_port,
    jobmanager_command,
    start,
    stop,
    taskmanager_command,
    wait_until_done,
    wait_until_ready,
    write_configuration,
)
from flinktop.local.rest import Refused, Rest
from flinktop.local.samples import SAMPLES, SAMPLES_JAR

_GRACE = 1.0  # seconds a JVM has to end by itself; an orderly end takes 5 and saves nothing useful
_POLL = 0.25  # seconds until a signal that did not wake the main thread is noticed
_PATIENCE = 120.0  # seconds, for a slow machine; usually 10

# Enables what the monitor can show.
_SHOWN = {"rest.flamegraph.enabled": "true", "rest.profiling.enabled": "true"}
# By default it is the machine's name, which may not resolve: then the TaskManager does not start.
_NAMED = {"taskmanager.resource-id": "local"}
# Small heaps: the serial collector needs the least memory and threads.
_JVM = ("-XX:+UseSerialGC",)

Line = dict[str, Any]
Task = Callable[[], None]


class Keeper:
    """One local cluster with its files below one directory."""

    def __init__(self, home: FlinkHome, directory: Path, *, tls: bool, kept: Path | None = None) -> None:
        self._home = home
        self._kept = kept
        self._keys = Keys(directory / "tls") if tls else None
        self._url = f"{'https' if tls else 'http'}://{LOOPBACK}:{(port := free_port())}"
        # By default Flink lets pages of any site read its answers; its own pages need no permission.
        settings = {**_SHOWN, **_NAMED, "web.access-control-allow-origin": self._url}
        if self._keys is not None:
            settings |= self._keys.settings()
        self._conf = write_configuration(home, directory, port, extra=settings)
        self._logs = directory / "log"
        self._cluster: list[Process] = []
        self._started = threading.Event()
        self.processes: list[Process] = []

    def start(self) -> None:
        """Start the JVM that makes the key; without TLS start Flink at once. Raises StartFailed."""
        if self._keys is None:
            self._start_flink()
        else:
            self.processes.append(self._keys.make(self._home.java))

    def _start_flink(self) -> None:
        for name, command in (("jobmanager", jobmanager_command), ("taskmanager", taskmanager_command)):
            log = self._logs / f"{name}.log"
            process = start(command(self._home, self._conf, log, _JVM), log=log)
            self._cluster.append(process)
            self.processes.append(process)
        self._started.set()

    def prepare(self, put: Callable[[Line | Task], None]) -> None:
        """Wait until Flink answers, and run the sample jobs; the last line is the URL or an error.

        `put` takes lines to print, and tasks for the main thread, which has to start the JVMs.
        """
        try:
            line = self._prepared(put)
        except OSError as error:
            line = self._no_answer(error)
        except Exception as error:  # noqa: BLE001  nobody else would report an exception of this thread
            line = self.failed(error)
        put(line)

    def failed(self, error: Exception) -> Line:
        """The output line for an error, and where the logs were copied: the directory is removed."""
        line = _explained(error)
        processes = error.processes if isinstance(error, StartFailed) else ()
        logs = self._keep_logs()
        own = [log for one in processes for log in logs if log.stem == one.log.stem]
        if len(processes) == 1 and own:
            line["error"] += f" Its log: {own[0]}"
        elif logs and self._kept is not None:
            line["error"] += f" The logs: {self._kept}"
        return line

    def _keep_logs(self) -> list[Path]:
        """Copy the logs to `kept`, replacing those of an earlier start; returns the copies."""
        if self._kept is None:
            return []
        logs = [path for process in self.processes for path in (process.log, process.log.with_suffix(".out"))]
        copies: list[Path] = []
        with contextlib.suppress(OSError):
            shutil.rmtree(self._kept, ignore_errors=True)
            self._kept.mkdir(parents=True)
            written = [log for log in logs if log.exists() and log.stat().st_size]
            copies.extend(Path(shutil.copyfile(log, self._kept / log.name)) for log in written)
        return copies

    def _prepared(self, put: Callable[[Line | Task], None]) -> Line:
        found: Line = {"url": self._url, "jobs": {}}
        context = None
        if self._keys is not None:
            wait_until_done(self.processes[0], _PATIENCE)
            context = self._keys.context()
            found |= {"cert": str(self._keys.cert), "key": str(self._keys.key)}
            put(self._start_flink)
            self._started.wait()
        rest = Rest(self._url, context)
        # Jobs wait for slots, so the TaskManager may come later.
        wait_until_ready(rest, self._cluster, _PATIENCE, taskmanagers=0)
        found["jar"] = jar = rest.upload(SAMPLES_JAR)
        for sample in SAMPLES:
            put({"progress": f"Flink is up; submitting {sample.name}."})
            found["jobs"][rest.run(jar, sample.arguments, sample.configuration)] = sample.name
        wait_until_ready(rest, self._cluster, _PATIENCE)
        return found

    def _no_answer(self, error: OSError) -> Line:
        """The reason for a missing answer: usually the end of the process that should have answered."""
        try:
            if self._cluster:
                # The JobManager's connections are closed before it ends.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._cluster[0].wait(_GRACE)
            check_alive(self._cluster)
        except StartFailed as ended:
            return self.failed(ended)
        return self.failed(error)


def _explained(error: Exception) -> Line:
    if isinstance(error, StartFailed):
        return {"error": str(error)}
    if isinstance(error, Refused):
        return {"error": f"The local Flink did not take a sample job: {error}"}
    return {"error": f"The local Flink failed to start: {type(error).__name__}: {error}"}


def _watch_input(lines: SimpleQueue[Line | Task | None]) -> None:
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    lines.put(None)


def _print(line: Line) -> bool:
    try:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    except OSError:
        return False
    return True


def _silence() -> None:
    """Nobody reads the output any more, and writing to a full pipe would block."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def keep(home: FlinkHome, *, tls: bool, kept: Path | None = None) -> NoReturn:
    """Run a local Flink until it is stopped, then exit; if it failed, with status 1 and logs in `kept`."""
    # Checkpoints, uploads and logs are also private, even if the directory's mode changes.
    os.umask(0o077)
    lines: SimpleQueue[Line | Task | None] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: lines.put(None))
    threading.Thread(target=_watch_input, args=(lines,), daemon=True).start()
    status = 1
    owned: OwnedDirectory | None = None
    keeper: Keeper | None = None
    try:
        sweep()
        owned = OwnedDirectory()
        keeper = Keeper(home, owned.path, tls=tls, kept=kept)
        release = ".".join(map(str, home.release))
        lines.put({"directory": str(owned.path)})
        lines.put({"progress": f"Starting Flink {release}: JobManager and TaskManager."})
        keeper.start()
        threading.Thread(target=keeper.prepare, args=(lines.put,), daemon=True).start()
        status = _relay(lines)
    except Exception as error:  # noqa: BLE001  this process has no other way to report it
        _print(_explained(error) if keeper is None else keeper.failed(error))
    finally:
        if keeper is not None:
            stop(keeper.processes, _GRACE)
        if owned is not None:
            owned.remove()
        # The other threads may wait for ever.
        os._exit(status)


def _next(lines: SimpleQueue[Line | Task | None]) -> Line | Task | None:
    """Get the next item, waiting in short intervals.

    A signal just before the main thread goes to sleep does not wake it, and its handler would not run.
    """
    while True:
        with contextlib.suppress(Empty):
            return lines.get(timeout=_POLL)


def _relay(lines: SimpleQueue[Line | Task | None]) -> int:
    """Print lines and run tasks until the input ends, a signal arrives or nobody reads; the exit status."""
    while (line := _next(lines)) is not None:
        if not isinstance(line, dict):
            line()
            continue
        if not _print(line):
            break
        if "error" in line:
            return 1
        if "url" in line:
            _silence()
    return 0


def main(words: list[str]) -> NoReturn:
    """Run the Flink that the one argument describes, else the installed one.

    The argument is a JSON object with the paths `lib` and `java`, the `release` as three numbers, `tls`, and
    optionally `kept`, the directory for the logs of a failed start.
    """
    if words:
        options = json.loads(words[0])
        paths = {name: Path(options[name]) for name in ("lib", "java")}
        kept = Path(options["kept"]) if options.get("kept") else None
        keep(FlinkHome(release=tuple(options["release"]), **paths), tls=options["tls"], kept=kept)
    try:
        home = find_home()
    except LocalError as error:
        _print({"error": str(error)})
        sys.exit(1)
    keep(home, tls=True)


if __name__ == "__main__":
    main(sys.argv[1:])
