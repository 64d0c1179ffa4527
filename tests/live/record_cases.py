"""Records jobs that are ill, or only look so, for the judgement: tests/judgement/cases.

    python tests/live/record_cases.py [RELEASE…] [--only CASE…] [--scene SCENE…]

Some forty minutes a release. What the judgement has to say of a recording stands in
tests/judgement/labels.toml, by hand: after a new recording look at its figures, and mend the times there.
"""

import argparse
import contextlib
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flinktop.local import processes
from tests.judgement.recording import CASES as CASES_DIRECTORY
from tests.live.case_looks import Looks
from tests.live.cluster import Cluster, another_taskmanager, running
from tests.live.judged_cases import CASES, RELEASES, SCENES, Case, Scene
from tests.live.releases import parse_release
from tests.live.submission import JOBS, upload, wait_for

_HEAP, _NETWORK = 1024, 256  # MiB of a TaskManager that many jobs share
_WARM = 21.0  # seconds before the first look in which Flink is made to fetch its metrics


def room(release: tuple[int, int, int]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The settings and JVM options of a TaskManager for dozens of jobs."""
    # Netty takes more beside the network memory with each connection between two TaskManagers.
    options = (f"-Xmx{_HEAP}m", f"-XX:MaxDirectMemorySize={_NETWORK + 1024}m")
    network = f"{_NETWORK}m"
    if release < (1, 10):
        settings = {
            "taskmanager.heap.size": f"{_HEAP + _NETWORK}m",
            "taskmanager.network.memory.min": network,
            "taskmanager.network.memory.max": network,
        }
    else:
        settings = {
            "taskmanager.memory.task.heap.size": f"{_HEAP - 128}m",
            "taskmanager.memory.network.min": network,
            "taskmanager.memory.network.max": network,
        }
    return settings, options


class Stage:
    """A scene that stands: a cluster with the jar of judged jobs, and its TaskManagers by their ids."""

    def __init__(self, cluster: Cluster, started: contextlib.ExitStack) -> None:
        self.cluster = cluster
        self.upload()
        self.jobmanager = cluster.jobmanager
        self.taskmanagers: dict[str, processes.Process] = {}
        self._started = started
        """Ends what is started while cases are recorded."""
        self._newest: processes.Process | None = None

    def upload(self) -> None:
        name = "judged-job.jar" if self.cluster.release < (2, 0) else "judged-job-2.jar"
        self.jar = upload(self.cluster, JOBS / name)

    def start_jobmanager(self) -> None:
        """One after the first, at the same address; don't wait for it."""
        self.jobmanager = self._start(processes.jobmanager_command, "jobmanager")

    def start_taskmanager(self) -> None:
        """One more; don't wait for it."""
        self._newest = self._start(processes.taskmanager_command, "taskmanager")

    def _start(self, command: Callable[..., list[str]], name: str) -> processes.Process:
        directory = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.cluster.directory))
        log = directory / f"{name}.log"
        process = processes.start(
            command(self.cluster.home, self.cluster.directory / "conf", log, ()), log=log
        )
        self._started.callback(processes.stop, [process])
        return process

    def add_taskmanager(self) -> None:
        """One more, registered."""
        before = set(self.taskmanagers)
        self.start_taskmanager()

        def named() -> bool:
            assert self._newest is not None
            self.name_taskmanager(self._newest)
            return set(self.taskmanagers) != before

        wait_for("another TaskManager", named)

    def name_taskmanager(self, process: processes.Process) -> None:
        """Find the id of the TaskManager that came last."""
        for taskmanager in self.cluster.get("taskmanagers")["taskmanagers"]:
            self.taskmanagers.setdefault(taskmanager["id"], process)

    def run(self, name: str, words: Sequence[str], savepoint: str | None = None) -> str:
        """Run a job, from a savepoint if one is given; its id."""
        body: dict[str, object] = {"programArgsList": ["--name", name, *words]}
        if savepoint is not None:
            body["savepointPath"] = savepoint
        return str(self.cluster.send("POST", f"jars/{self.jar}/run", body)["jobid"])

    def bad_savepoint(self, job: str) -> str:
        """Ask for a savepoint where none can be; the path of its state."""
        file = self.cluster.directory / "file"
        file.write_text("no directory", encoding="utf-8")
        body = {"cancel-job": False, "target-directory": (file / "below").as_uri()}
        trigger = self.cluster.send("POST", f"jobs/{job}/savepoints", body)["request-id"]
        return f"jobs/{job}/savepoints/{trigger}"

    def rescale(self, job: str, parallelism: int) -> None:
        """Ask for another parallelism of all vertices."""
        bounds = {"parallelism": {"lowerBound": 1, "upperBound": parallelism}}
        vertices = self.cluster.get(f"jobs/{job}")["vertices"]
        body = {vertex["id"]: bounds for vertex in vertices}
        self.cluster.send("PUT", f"jobs/{job}/resource-requirements", body)

    def kill_taskmanager(self, *, used: bool = True) -> str:
        """Kill a TaskManager that runs a job, or one that runs none; its id."""
        found = self._taskmanager(used=used)
        self.taskmanagers[found].kill()
        return found

    def stop_idle_taskmanager(self) -> str:
        """End a TaskManager without tasks as its scripts do: it takes its leave. Its id."""
        found = self._taskmanager(used=False)
        processes.stop([self.taskmanagers[found]])
        return found

    def _taskmanager(self, *, used: bool) -> str:
        """One that lives, with tasks or without."""
        wait_for(f"a TaskManager with tasks: {used}", lambda: self._living(used=used) is not None, 30)
        found = self._living(used=used)
        assert found is not None
        return found

    def _living(self, *, used: bool) -> str | None:
        if self._newest is not None:
            self.name_taskmanager(self._newest)
        found = self.cluster.get("taskmanagers")["taskmanagers"]
        ids = [str(one["id"]) for one in found if (one["freeSlots"] < one["slotsNumber"]) == used]
        return next((one for one in ids if self.taskmanagers[one].poll() is None), None)


class Act:
    """What happens to a case's job while it is recorded."""

    def __init__(self, stage: Stage, case: Case, looks: Looks) -> None:
        self.stage = stage
        self.case = case
        self.looks = looks

    def submit(self, words: Sequence[str], name: str | None = None) -> None:
        """One more job, of the case's name unless told otherwise."""
        self.looks.jobs.append(self.stage.run(name or self.case.name, words))

    def submit_again(self) -> None:
        """The same job to a JobManager that may be another one, as soon as that answers."""
        threading.Thread(target=self._submit_again, daemon=True).start()

    def _submit_again(self) -> None:
        wait_for("the JobManager", self._answers, 150)
        self.stage.upload()
        self.submit(self.case.words)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            return self.stage.cluster.ask("GET", "overview", seconds=5).status == 200
        return False

    def cancel(self) -> None:
        self.stage.cluster.send("PATCH", f"jobs/{self.looks.jobs[-1]}?mode=cancel")

    def bad_savepoint(self) -> None:
        self.stage.bad_savepoint(self.looks.jobs[-1])

    def rescale(self, parallelism: int) -> None:
        self.stage.rescale(self.looks.jobs[-1], parallelism)

    def kill_taskmanager(self) -> None:
        self.stage.kill_taskmanager()

    def kill_idle_taskmanager(self) -> None:
        self.stage.kill_taskmanager(used=False)

    def start_taskmanager(self) -> None:
        self.stage.start_taskmanager()

    def kill_jobmanager(self) -> None:
        self.stage.jobmanager.kill()

    def start_jobmanager(self) -> None:
        self.stage.start_jobmanager()

    def stop_jobmanager(self) -> None:
        """Its process sleeps, as in a garbage collection that does not end."""
        self.stage.jobmanager.send_signal(signal.SIGSTOP)

    def wake_jobmanager(self) -> None:
        self.stage.jobmanager.send_signal(signal.SIGCONT)

    def stop_idle_taskmanager(self) -> None:
        self.stage.stop_idle_taskmanager()


@contextlib.contextmanager
def standing(text: str, scene: Scene) -> Iterator[Stage]:
    """Start the cluster of a scene."""
    settings, options = room(parse_release(text)) if scene.roomy else ({}, ())
    extra = {**settings, **scene.settings}
    with contextlib.ExitStack() as stack:
        first = (*options, *scene.options)
        cluster = stack.enter_context(running(text, extra=extra, slots=scene.slots, options=first))
        stage = Stage(cluster, stack)
        stage.name_taskmanager(cluster.taskmanager)
        for number, more in enumerate(scene.others, 2):
            stage.name_taskmanager(
                stack.enter_context(another_taskmanager(cluster, f"taskmanager-{number}", (*options, *more)))
            )
        if scene.before:
            stage.run("before", scene.before)
            time.sleep(8)
        yield stage


def record(stage: Stage, case: Case, text: str) -> None:
    """Run a case's job, look at it and write what was seen."""
    looks = Looks(stage.cluster, case.name)
    act = Act(stage, case, looks)
    act.submit(case.words)
    due: list[tuple[float, Callable[[], None]]] = [
        (case.first + case.every * number, looks.look) for number in range(case.looks)
    ]
    due += [(at, partial(step, act)) for at, step in case.steps]
    due += [(at, looks.warm) for at in (case.first - _WARM, case.first - _WARM / 2) if at > 0]
    for at, what in sorted(due, key=lambda one: one[0]):
        time.sleep(max(0.0, at - looks.seconds()))
        what()
    size = looks.write(CASES_DIRECTORY)
    print(f"{text} {case.name}: {looks.seconds():.0f} s, {size // 1000} kB", flush=True)  # noqa: T201  a script
    with contextlib.suppress(OSError):  # it may have no JobManager any more
        stage.cluster.ask("PATCH", f"jobs/{looks.jobs[-1]}?mode=cancel")


def record_scene(text: str, scene: Scene, cases: Sequence[Case]) -> list[str]:
    """Record the cases of a scene side by side; which ones went wrong."""
    wrong: list[str] = []

    def one(case: Case) -> None:
        try:
            record(stage, case, text)
        except Exception:  # noqa: BLE001  the others go on
            traceback.print_exc()
            wrong.append(f"{text} {case.name}")

    with standing(text, scene) as stage:
        threads = [threading.Thread(target=one, args=(case,)) for case in cases]
        for thread in threads:
            thread.start()
            time.sleep(0.7)  # not all requests at the same moments
        for thread in threads:
            thread.join()
    return wrong


def main() -> int:
    """Record what is named, or all."""
    parser = argparse.ArgumentParser(description="Record jobs for the judgement from real clusters.")
    parser.add_argument("release", nargs="*", default=RELEASES)
    parser.add_argument("--only", nargs="+", metavar="CASE")
    parser.add_argument("--scene", nargs="+", choices=[scene.name for scene in SCENES])
    arguments = parser.parse_args()
    wrong = []
    for text in arguments.release:
        for scene in SCENES:
            cases = [
                case
                for case in CASES
                if case.scene == scene.name
                and text in case.releases
                and (not arguments.only or case.name in arguments.only)
            ]
            if cases and (not arguments.scene or scene.name in arguments.scene):
                wrong += record_scene(text, scene, cases)
    if wrong:
        print("not recorded:", ", ".join(wrong))  # noqa: T201  a script
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
