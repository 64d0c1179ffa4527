"""Real clusters with judged jobs on them, and flinktop's own engine that watches one."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinktop.engine.clock import Clock
from flinktop.engine.host import Port
from flinktop.engine.sweep import SECONDS, figures_of
from flinktop.flink.connection import Connection
from tests.live.record_cases import Stage, standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flinktop.judgement.verdict import Verdict
    from tests.live.cluster import Cluster
    from tests.live.judged_cases import Scene

RELEASE = "2.3.0"


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

    def status(self, *words: str) -> tuple[int, dict[str, Any]]:
        """The exit code of `flinktop status --json`, and what it printed."""
        command = [sys.executable, "-m", "flinktop", "status", self.cluster.url, "--json", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
        return done.returncode, json.loads(done.stdout)


@contextmanager
def watched(scene: Scene) -> Iterator[Watched]:
    with standing(RELEASE, scene) as stage:
        port = Port(Connection(stage.cluster.url), Clock())
        port.start_thread()
        try:
            yield Watched(stage, port)
        finally:
            port.stop()
