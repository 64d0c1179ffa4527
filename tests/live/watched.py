"""A real cluster that flinktop's engine watches, and what is to be said of the jobs on it."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flinktop.engine.clock import Clock
from flinktop.engine.host import Port
from flinktop.engine.sweep import SECONDS, figures_of
from flinktop.flink.connection import Connection
from flinktop.judgement.finding import Finding
from flinktop.judgement.verdict import Verdict
from tests.live.cluster import Cluster
from tests.live.judged_cases import CASES, SCENES, Case, Scene
from tests.live.record_cases import Stage, standing


@dataclass
class Watched:
    """A cluster that flinktop watches."""

    stage: Stage
    port: Port

    @property
    def cluster(self) -> Cluster:
        return self.stage.cluster

    def look_at(self, jobs: Iterable[str]) -> None:
        """Keep their figures fresh as their rows on the overview do."""
        for job in jobs:
            for query in figures_of(job):
                self.port.watch(query, SECONDS, passing=True)

    def verdicts(self) -> dict[str, Verdict]:
        """By the job's name, the newest of a name."""
        judged = self.port.judged
        return {one.name: one for one in judged.verdicts.values()} if judged is not None else {}

    def findings(self) -> tuple[Finding, ...]:
        """Those of the cluster."""
        judged = self.port.judged
        return judged.findings if judged is not None else ()

    def status(self, *words: str) -> tuple[int, dict[str, Any]]:
        """The exit code of `flinktop status --json`, and what it printed."""
        command = [sys.executable, "-m", "flinktop", "status", self.cluster.url, "--json", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
        return done.returncode, json.loads(done.stdout)


@contextmanager
def watched(release: str, scene: Scene) -> Iterator[Watched]:
    """Start the cluster of a scene and watch it."""
    with standing(release, scene) as stage:
        port = Port(Connection(stage.cluster.url), Clock())
        port.start_thread()
        try:
            yield Watched(stage, port)
        finally:
            port.stop()


def case(name: str) -> Case:
    return next(one for one in CASES if one.name == name)


def scene(name: str) -> Scene:
    return next(one for one in SCENES if one.name == name)
