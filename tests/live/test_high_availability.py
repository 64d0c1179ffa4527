"""Savepoints while the JobManager dies and comes back with its jobs, as a highly available one does.

The new JobManager knows no trigger of the old one and has an empty checkpoint history. Nothing is sent twice,
and what is told of a savepoint is what lies on the disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flinktop.engine.acts.job_acts import Cancel, Savepoint
from flinktop.engine.operation import State
from flinktop.local import processes
from flinktop.local.rest import Rest
from tests.live.acting import acting, run_steady
from tests.live.cluster import Cluster, running
from tests.live.cutting_proxy import CuttingProxy
from tests.live.releases import flink_home
from tests.live.submission import wait_for_state

pytestmark = [pytest.mark.live, pytest.mark.long]

RELEASE = "1.20.5"
PEER = "org.apache.flink.runtime.zookeeper.FlinkZooKeeperQuorumPeer"
COMES_BACK = 120.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster whose jobs outlive its JobManager: ZooKeeper, which Flink brings along, knows them."""
    directory, port = tmp_path_factory.mktemp("zookeeper"), processes.free_port()
    quorum = directory / "zoo.cfg"
    quorum.write_text(
        f"tickTime=2000\ninitLimit=10\nsyncLimit=5\ndataDir={directory / 'data'}\nclientPort={port}\n"
        f"clientPortAddress={processes.LOOPBACK}\nadmin.enableServer=false\n"
    )
    settings = {
        "high-availability.type": "zookeeper",
        "high-availability.zookeeper.quorum": f"{processes.LOOPBACK}:{port}",
        "high-availability.storageDir": (directory / "storage").as_uri(),
        "execution.checkpointing.interval": "2 s",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "1000",
        "restart-strategy.fixed-delay.delay": "1 s",
    }
    home = flink_home(RELEASE)
    command = [
        str(home.java),
        "-Xmx64m",
        "-cp",
        processes.class_path(home),
        PEER,
        "--zkConfigFile",
        str(quorum),
        "--peerId",
        "1",
    ]
    keeper = processes.start(command, log=directory / "zookeeper.log")
    try:
        with running(RELEASE, extra=settings) as made:
            yield made
    finally:
        processes.stop([keeper])


@contextmanager
def dies_and_comes_back(cluster: Cluster, number: int) -> Iterator[None]:
    """The JobManager is killed; at the end there is another one, with the jobs of the first."""
    log = cluster.directory / "jobmanager" / f"again-{number}.log"
    command = processes.jobmanager_command(cluster.home, cluster.directory / "conf", log)
    again = processes.start(command, log=log)
    try:
        processes.wait_until_ready(Rest(cluster.url), [again], COMES_BACK)
        yield
    finally:
        processes.stop([again])


def until(ready: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def whole(directory: Path) -> list[str]:
    """The savepoints that lie in a directory, complete."""
    return [path.parent.as_uri() for path in directory.glob("*/_metadata")]


def asked_for(proxy: CuttingProxy) -> int:
    """How often a savepoint was asked for."""
    return sum(act.startswith("POST") and act.endswith("/savepoints") for act in proxy.acts)


def test_nothing_is_sent_twice_and_what_is_told_lies_on_the_disk(cluster: Cluster, tmp_path: Path) -> None:
    made, begun = tmp_path / "made", tmp_path / "begun"
    with CuttingProxy(cluster.url) as proxy, acting(proxy.url, tmp_path / "l.db") as actor:
        jobs = [run_steady(actor, cluster, name) for name in ("made", "begun")]
        cut = False

        def link(verb: str, path: str) -> str:
            """Of the first job's savepoint nothing comes back."""
            return "cut after" if verb == "POST" and jobs[0] in path else "cut before" if cut else ""

        proxy.link = link
        numbers = [actor.port.submit(Savepoint(jobs[0], "made", made.as_uri()))]
        until(lambda: asked_for(proxy) == 1)
        cut = True
        until(lambda: len(whole(made)) == 1)
        cut = False
        numbers.append(actor.port.submit(Savepoint(jobs[1], "begun", begun.as_uri())))
        until(lambda: asked_for(proxy) == 2)
        cluster.jobmanager.kill()
        cluster.jobmanager.wait()
        with dies_and_comes_back(cluster, 1):
            for job in jobs:
                wait_for_state(cluster, job, "RUNNING", COMES_BACK)
            operations = [actor.ended(number) for number in numbers]
            for job in jobs:
                actor.did(Cancel(job))
        assert asked_for(proxy) == 2
    for operation, directory in zip(operations, (made, begun), strict=True):
        told = operation.result.savepoint
        if operation.state is State.DONE:
            assert [told] == whole(directory)
        else:
            assert operation.state is State.LOST
            assert operation.reason == (
                "the JobManager has restarted and forgotten this savepoint; look into " + directory.as_uri()
            )
