"""The process that owns a local Flink's JVMs: `python -m flinktop.local.keeper`.

It starts a JobManager and a TaskManager, has the sample jobs run, and keeps the cluster until its standard
input ends or it gets SIGTERM, SIGINT or SIGHUP. Its input is a pipe from flinktop, so it ends however
flinktop ends; its JVMs die with it, however it ends. One JSON object per line on standard output:
{"directory": …} where everything lies, {"progress": sentence}…, at last {"error": sentence} or
{"url": …, "jar": id of the jar of the samples, "jobs": {job id: name of the sample}}.

The main thread starts the JVMs (on Linux they die with the thread that started them) and then only waits;
the steps that take long are done by a second one, which may be left in the middle of anything.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NoReturn

from flinktop.local.directories import OwnedDirectory, sweep
from flinktop.local.packages import LocalError, find_home
from flinktop.local.processes import (
    LOOPBACK,
    FlinkHome,
    Process,
    StartFailed,
    free_port,
    jobmanager_command,
    start,
    stop,
    taskmanager_command,
    wait_until_ready,
    write_configuration,
)
from flinktop.local.rest import Refused, Rest
from flinktop.local.samples import SAMPLES, SAMPLES_JAR

_GRACE = 1.0  # seconds a JVM has to end by itself; an orderly end takes 5 and keeps nothing anybody wants
_PATIENCE = 120.0  # seconds, for a slow machine; usual are 10

# What there is to see in the monitor is switched on.
_SHOWN = {"rest.flamegraph.enabled": "true", "rest.profiling.enabled": "true"}
# Small heaps: the simplest collector needs the least memory and threads.
_JVM = ("-XX:+UseSerialGC",)

Line = dict[str, Any]


class Keeper:
    """One local cluster below one directory."""

    def __init__(self, home: FlinkHome, directory: Path) -> None:
        self._home = home
        self._url = f"http://{LOOPBACK}:{(port := free_port())}"
        # Flink's own default lets the pages of any site read its answers; its own pages need no permission.
        settings = {**_SHOWN, "web.access-control-allow-origin": self._url}
        self._conf = write_configuration(home, directory, port, extra=settings)
        self._logs = directory / "log"
        self.processes: list[Process] = []

    def start(self) -> None:
        """Start both JVMs at once.

        Raises:
            StartFailed: Java cannot be started.
        """
        for name, command in (("jobmanager", jobmanager_command), ("taskmanager", taskmanager_command)):
            log = self._logs / f"{name}.log"
            self.processes.append(start(command(self._home, self._conf, log, _JVM), log=log))

    def prepare(self, say: Callable[[Line], None]) -> None:
        """Wait until Flink answers, and run the sample jobs; the last line is the URL or an error."""
        try:
            rest = Rest(self._url)
            # Jobs wait for their slots: the TaskManager may come later.
            wait_until_ready(rest, self.processes, _PATIENCE, taskmanagers=0)
            jar, jobs = rest.upload(SAMPLES_JAR), {}
            for sample in SAMPLES:
                say({"progress": f"Flink is up; submitting {sample.name}."})
                jobs[rest.run(jar, sample.arguments, sample.configuration)] = sample.name
            wait_until_ready(rest, self.processes, _PATIENCE)
        except Exception as error:  # noqa: BLE001  a thread has nobody else who would say it
            say(_explained(error))
        else:
            say({"url": self._url, "jar": jar, "jobs": jobs})


def _explained(error: Exception) -> Line:
    """The line for what went wrong: our own errors are sentences already."""
    if isinstance(error, StartFailed):
        return {"error": str(error)}
    if isinstance(error, Refused):
        return {"error": f"The local Flink did not take a sample job: {error}"}
    return {"error": f"The local Flink failed to start: {type(error).__name__}: {error}"}


def _watch_input(lines: SimpleQueue[Line | None]) -> None:
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    lines.put(None)


def _print(line: Line) -> bool:
    """Print a line; whether somebody still reads."""
    try:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    except OSError:
        return False
    return True


def _silence() -> None:
    """Nobody reads from here on, and a full pipe would block whoever writes."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def keep(home: FlinkHome) -> NoReturn:
    """Be the keeper of a Flink made of `home` until it is to end; the process ends here, 1 after an error."""
    lines: SimpleQueue[Line | None] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: lines.put(None))
    threading.Thread(target=_watch_input, args=(lines,), daemon=True).start()
    status = 1
    owned: OwnedDirectory | None = None
    keeper: Keeper | None = None
    try:
        sweep()
        owned = OwnedDirectory()
        keeper = Keeper(home, owned.path)
        release = ".".join(map(str, home.release))
        lines.put({"directory": str(owned.path)})
        lines.put({"progress": f"Starting Flink {release}: JobManager and TaskManager."})
        keeper.start()
        threading.Thread(target=keeper.prepare, args=(lines.put,), daemon=True).start()
        status = _relay(lines)
    except Exception as error:  # noqa: BLE001  this process has no other way to say it
        _print(_explained(error))
    finally:
        if keeper is not None:
            stop(keeper.processes, _GRACE)
        if owned is not None:
            owned.remove()
        # The other threads may wait for ever.
        os._exit(status)


def _relay(lines: SimpleQueue[Line | None]) -> int:
    """Print what there is to say until the input ends, a signal comes or nobody reads; the exit status."""
    while (line := lines.get()) is not None and _print(line):
        if "error" in line:
            return 1
        if "url" in line:
            _silence()
    return 0


def main(words: list[str]) -> NoReturn:
    """Keep the Flink that the one word names, else the installed one.

    The word is a JSON object with the paths `lib` and `java` and the `release` as three numbers.
    """
    if words:
        told = json.loads(words[0])
        paths = {name: Path(told[name]) for name in ("lib", "java")}
        keep(FlinkHome(release=tuple(told["release"]), **paths))
    try:
        home = find_home()
    except LocalError as error:
        _print({"error": str(error)})
        sys.exit(1)
    keep(home)


if __name__ == "__main__":
    main(sys.argv[1:])
