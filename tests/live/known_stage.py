"""A real cluster on which well-known failures are produced: jobs that fail, spoiled jars, savepoints."""

from __future__ import annotations

import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flinktop.flink.checkpoints import Format
from flinktop.flink.jars import RunOptions
from flinktop.local import processes
from flinktop.local.rest import Rest
from tests.live.cluster import STARTS_WITHIN, Cluster
from tests.live.judged_cases import Scene
from tests.live.known_reading import Reader, Told
from tests.live.record_cases import Stage, standing
from tests.live.releases import parse_release
from tests.live.submission import JOBS, wait_for

FAILING = JOBS / "failing-job.jar"
PART = "FailingJob$Part"
"""The class that is taken out of the jar."""
_NEWER_JAVA = 69
"""The class file version of Java 25, which no release runs on."""


class KnownStage:
    """A cluster, flinktop's client of it, and the jar of failing jobs."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.cluster: Cluster = stage.cluster
        self.reader = Reader(self.cluster.url, self.cluster.release)
        self.files = self.cluster.directory / "files"
        self.files.mkdir(exist_ok=True)
        self.jar = self.reader.upload(FAILING)
        self._made: dict[str, Any] = {}
        self._making = threading.Lock()

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Something that several cases share, made by the first of them."""
        with self._making:
            if name not in self._made:
                self._made[name] = make()
            return self._made[name]

    # -- jobs ----------------------------------------------------------------------------------------

    def fails(self, *words: str, jar: str | None = None, **options: Any) -> str:
        """Run a failing job; its id."""
        return self.reader.run(jar or self.jar, RunOptions(arguments=words, **options))

    def in_vain(self, *words: str, jar: str | None = None, **options: Any) -> Told:
        """Run a job that Flink takes or refuses, and that fails in either case."""
        return self.reader.run_in_vain(jar or self.jar, RunOptions(arguments=words, **options))

    def refused(self, *words: str, jar: str | None = None, **options: Any) -> Told:
        """Run a job that Flink must refuse."""
        return self.reader.run_refused(jar or self.jar, RunOptions(arguments=words, **options))

    def judged(self, *words: str) -> str:
        """Run a job of the judged ones, with one subtask a vertex and without restarts; its id."""
        return self.stage.run("judged", ("--parallelism", "1", "--restarts", "0", *words))

    def runs(self, job: str, seconds: float = 60) -> None:
        """Wait until all of a job runs."""

        def ready() -> bool:
            answer = self.cluster.ask("GET", f"jobs/{job}")
            if answer.status != 200:  # an initializing job is not there yet
                return False
            now = answer.json()
            return {now["state"], *(one["status"] for one in now["vertices"])} == {"RUNNING"}

        wait_for(f"{job} runs", ready, seconds)

    def ended(self, job: str, seconds: float = 60) -> None:
        final = {"FAILED", "CANCELED", "FINISHED"}
        wait_for(f"{job} has ended", lambda: self.reader.state(job) in final, seconds)

    def cancel(self, job: str) -> None:
        """Cancel a job and wait for its end."""
        self.cluster.send("PATCH", f"jobs/{job}?mode=cancel")
        self.ended(job)

    def taskmanager_of(self, job: str, vertex: str) -> str:
        """Where the first subtask of the vertex runs whose name begins so."""
        vertices = self.cluster.get(f"jobs/{job}")["vertices"]
        found = next(one["id"] for one in vertices if vertex in one["name"])
        subtasks = self.cluster.get(f"jobs/{job}/vertices/{found}/taskmanagers")["taskmanagers"]
        return (
            str(subtasks[0]["taskmanager-id"]) if "taskmanager-id" in subtasks[0] else self._at(subtasks[0])
        )

    def _at(self, subtask: dict[str, Any]) -> str:
        """The TaskManager at an address: up to 1.13 its id is not told."""
        port = subtask["host"].rpartition(":")[2]
        found = self.cluster.get("taskmanagers")["taskmanagers"]
        return next(str(one["id"]) for one in found if str(one["dataPort"]) == port)

    def savepoint(self, *words: str, form: Format | None = None, **options: Any) -> str:
        """The path of a savepoint of a job with state, made once."""

        def make() -> str:
            job = self.fails("state", *words, **options)
            self.runs(job)
            time.sleep(1)  # until each key has its state
            outcome = self.reader.savepoint(job, form=form).operation
            assert outcome is not None
            path = outcome.location
            assert path is not None
            self.cancel(job)
            return path

        return str(self.once(" ".join(words), make))

    # -- jars ----------------------------------------------------------------------------------------

    def jar_without_part(self) -> str:
        """The jar of failing jobs, in which a class is missing."""

        def spoil(name: str, body: bytes) -> bytes | None:
            return None if name == f"{PART}.class" else body

        return self._spoiled("without-part.jar", spoil)

    def jar_of_newer_java(self) -> str:
        """The jar of failing jobs, as if compiled for a Java that is newer than Flink's."""

        def spoil(name: str, body: bytes) -> bytes:
            return body[:6] + bytes((0, _NEWER_JAVA)) + body[8:] if name.endswith(".class") else body

        return self._spoiled("newer-java.jar", spoil)

    def jar_without_main(self) -> str:
        """The jar of failing jobs, whose manifest names no class."""

        def spoil(name: str, body: bytes) -> bytes:
            return b"Manifest-Version: 1.0\r\n\r\n" if name == "META-INF/MANIFEST.MF" else body

        return self._spoiled("without-main.jar", spoil)

    def no_jar(self) -> str:
        """Something else by the name of a jar."""
        path = self.files / "no.jar"
        path.write_text("this is no jar", encoding="utf-8")
        return self.reader.upload(path)

    def _spoiled(self, name: str, spoil: Callable[[str, bytes], bytes | None]) -> str:
        def make() -> str:
            path = self.files / name
            with zipfile.ZipFile(FAILING) as whole, zipfile.ZipFile(path, "w") as copy:
                for file in whole.namelist():
                    body = spoil(file, whole.read(file))
                    if body is not None:
                        copy.writestr(file, body)
            return self.reader.upload(path)

        return str(self.once(name, make))

    # -- processes -----------------------------------------------------------------------------------

    def configuration(self, name: str, port: int, without: str = "", **settings: str) -> Path:
        """A configuration of its own below the cluster's directory, without the lines that have `without`."""
        directory = self.cluster.directory / name
        conf = processes.write_configuration(self.cluster.home, directory, port, extra=settings)
        for file in conf.glob("*.yaml") if without else ():
            lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
            file.write_text("".join(one for one in lines if without not in one), encoding="utf-8")
        return conf

    @contextmanager
    def lone_jobmanager(self, without: str) -> Iterator[str]:
        """The address of a JobManager without TaskManagers, in whose configuration something is missing."""
        port = processes.free_port()
        conf = self.configuration("lone", port, without)
        log = conf.parent / "jobmanager.log"
        process = processes.start(processes.jobmanager_command(self.cluster.home, conf, log), log=log)
        url = f"http://{processes.LOOPBACK}:{port}"
        try:
            processes.wait_until_ready(Rest(url), [process], STARTS_WITHIN, taskmanagers=0)
            yield url
        finally:
            processes.stop([process])


@contextmanager
def known_stage(text: str, scene: Scene) -> Iterator[KnownStage]:
    """Start the cluster of a scene, whose jobs do not restart."""
    # From 1.19 on the file is YAML, where a key can't have both a value and others below it.
    restarts = "restart-strategy.type" if parse_release(text) >= (1, 19) else "restart-strategy"
    settings = {restarts: "none", **scene.settings}
    quiet = Scene(
        scene.name, slots=scene.slots, options=scene.options, others=scene.others, settings=settings
    )
    with standing(text, quiet) as stage:
        yield KnownStage(stage)
