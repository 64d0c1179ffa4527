"""Flinktop in a terminal on a real Flink behind the tests' API server, by the real kubectl."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flinktop.engine.clock import Clock
from flinktop.engine.ledger import Ledger
from tests.kubernetes import kubectl, objects, pods
from tests.kubernetes.apiserver.rights import PORT_FORWARD, PROXY_READ, VIEW
from tests.kubernetes.apiserver.server import ApiServer
from tests.live.submission import NAMES, wait_for
from tests.live.test_operations_screen import ENDS, take_savepoint
from tests.terminal.kubernetes import environment, kubeconfig, kubectls, says, searching
from tests.terminal.monitor import STARTS, log_of, monitor, open_job, wait_until
from tests.terminal.monitor import environment as around
from tests.terminal.pty import Pty

if TYPE_CHECKING:
    from tests.live.cluster import Cluster

pytestmark = [pytest.mark.live, pytest.mark.parametrize("release", ["2.3.0"], indirect=True)]

NAME, NAMESPACE = "orders", "flink"
OTHER = pods.pod_name(NAME, "taskmanager", 2)
REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Place:
    """A session cluster and one of its jobs, which the operator manages."""

    cluster: Cluster
    server: ApiServer
    kubeconfig: Path
    home: Path

    def put_pod(self, pod: objects.Object) -> None:
        """A pod of the TaskManager that Flink lists."""
        self.server.store.put(objects.changed(pod, status__podIP="127.0.0.1"))


@pytest.fixture
def place(cluster: Cluster, jobs: dict[str, str], tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "api").mkdir()
    with ApiServer(tmp_path / "api") as server:
        now = Clock().wall()
        server.store.put(
            objects.deployment(NAME, NAMESPACE, application=False, created=now),
            objects.session_job("steady", NAMESPACE, cluster=NAME, job_id=jobs["steady"], created=now),
            objects.rest_service(NAME, NAMESPACE),
            objects.internal_service(NAME, NAMESPACE),
            pods.pod(NAME, "jobmanager", NAMESPACE, created=now - 60),
        )
        server.network.lead(NAMESPACE, f"{NAME}-rest", cluster.url)
        place = Place(cluster, server, kubeconfig(server), tmp_path)
        place.put_pod(pods.pod(NAME, namespace=NAMESPACE, created=now - 60))
        yield place
    assert "Traceback" not in log_of(tmp_path)
    wait_until("no kubectl is left", lambda: not kubectls(place.kubeconfig))


@contextmanager
def opened(place: Place, columns: int = 120, rows: int = 40, version: str = kubectl.NEWEST) -> Iterator[Pty]:
    """The cluster's screen, by enter on its row."""
    with searching(place.home, place.kubeconfig, columns=columns, rows=rows, version=version) as pty:
        pty.wait_for(re.compile(rf"{NAME} +● live .* 2/2\b"), STARTS)
        pty.press("enter")
        pty.wait_for(f"▸ {NAMESPACE}/{NAME} ")
        pty.wait_for("steady [test]")
        yield pty


def savepoint_of(place: Place, pty: Pty) -> str:
    """Take one of the slow job by keys; its path as the ledger has it."""
    open_job(pty, NAMES["slow"])
    pty.wait_for("RUNNING for")
    take_savepoint(pty)
    ledger = Ledger(place.home / "state" / "flinktop" / "operations.db")
    paths: list[str] = []

    def done() -> bool:
        paths[:] = [one.result.savepoint for one in ledger.operations() if one.result.savepoint]
        return bool(paths)

    wait_for("a savepoint in the ledger", done, ENDS)
    ledger.close()
    return paths[0]


def test_a_savepoint_by_the_service_proxy_and_no_cancel_of_what_the_operator_manages(place: Place) -> None:
    with opened(place) as pty:
        assert "Flink 2.3.0" in pty.text
        path = savepoint_of(place, pty)
        assert Path(path.removeprefix("file:")).is_dir()
        assert len(kubectls(place.kubeconfig)) == len(kubectls(place.kubeconfig, "proxy")) == 1
        pty.press("escape")
        pty.wait_until_gone("RUNNING for")
        # The filter by which the job was found.
        pty.press("escape")
        pty.wait_for("steady [test]")
        open_job(pty, NAMES["steady"])
        pty.wait_for(re.compile(rf"managed by FlinkSessionJob {NAMESPACE}/steady +STABLE"))
        pty.press("a")
        pty.wait_for(re.compile("Cancel the job .*managed by FlinkSess"))
        pty.wait_for(says("the operator would undo it; set spec.job.state: suspended there"))


def test_a_savepoint_where_the_service_proxy_may_only_be_read(place: Place) -> None:
    place.server.rights.of["dev"] = (*VIEW, PROXY_READ, PORT_FORWARD)
    with opened(place, version=kubectl.OLDEST) as pty:
        assert not kubectls(place.kubeconfig, "port-forward")
        path = savepoint_of(place, pty)
        assert Path(path.removeprefix("file:")).is_dir()
        assert len(kubectls(place.kubeconfig, "port-forward")) == 1


def test_a_log_a_pod_that_was_killed_and_an_error_of_the_operator(place: Place) -> None:
    now = Clock().wall()
    again = pods.pod(NAME, namespace=NAMESPACE, restarts=1, created=now - 60)
    other = pods.pod(NAME, namespace=NAMESPACE, number=2, created=now - 60)
    with opened(place) as pty:
        pty.press("M")
        pty.wait_for(re.compile(r"127\.0\.0\.1:\d+-\w+ .* Running +0 "))
        with place.cluster.taskmanager.log.open("a", encoding="utf-8") as log:
            log.write("2026-01-01 00:00:00,000 WARN  orders - written just now\n")
        pty.press("l")
        pty.wait_for("written just now", STARTS)
        pty.press("escape")
        pty.wait_for("TASKMANAGER")
        place.put_pod(pods.oom_killed(again, at=now, restarted=True))
        pty.wait_for(re.compile(r"127\.0\.0\.1:\d+-\w+ +OOMKilled \(limit 2"))
        place.server.store.put(pods.oom_killed(other, at=now))
        place.server.logs.write(NAMESPACE, OTHER, "Fatal: the last words\n")
        pty.wait_for(re.compile(r"1-2 +OOMKilled \(limit 2"))
        pty.press("g", "l")
        pty.wait_for("Fatal: the last words", STARTS)
        pty.press("escape")
        pty.wait_for("TASKMANAGER")
        pty.press("i")
        pty.wait_for(re.compile(rf"Name: +{OTHER}"), STARTS)
        pty.press("escape")
        pty.wait_for("TASKMANAGER")
        error = objects.operator_error("the image is missing")
        place.server.store.patch("FlinkDeployment", NAMESPACE, NAME, status__error=error)
        pty.press("escape")
        pty.wait_for("▲ operator-error")
        pty.press("v")
        pty.wait_for(f"operator-error: FlinkDeployment {NAMESPACE}/{NAME}: the image is missing")


def test_a_login_that_is_lost_and_comes_back(place: Place) -> None:
    with opened(place, 80, 24) as pty:
        place.server.lose_login("dev")
        pty.wait_for(says("kubectl is not logged in to context test: log in again as for kubectl"), STARTS)
        pty.press("escape")
        pty.wait_for("[1 Clusters]")
        pty.wait_for(says("kubectl is not logged in to context test: log in again as for kubectl"), STARTS)
        place.server.give_login_back("dev")
        pty.press("r")
        pty.wait_for(re.compile(rf"{NAME} +● live"), STARTS)
        pty.wait_until_gone("not logged in", STARTS)


def test_the_commands(place: Place) -> None:
    listed = flinktop(place, "clusters", "--kubernetes")
    assert listed.returncode == 0, listed
    assert re.search(
        rf"^{NAMESPACE}/{NAME} +{NAME}-rest +test +2/2 +STABLE +Flink 2\.3\.0$", listed.stdout, re.MULTILINE
    )
    status = flinktop(place, "status", "--kubernetes", "--context", "test")
    assert (
        f"{NAMESPACE}/{NAME}  http://{NAME}-rest.{NAMESPACE}.test.kubernetes:8081  Flink 2.3.0"
        in status.stdout
    )
    assert NAMES["failing"] in status.stdout
    with monitor(place.home, "watch", "--kubernetes", environ=environment(place.kubeconfig)) as pty:
        pty.wait_for(re.compile(rf"{NAMESPACE}/{NAME} +found +it was found in Kubernetes"), STARTS)
        place.server.store.remove("FlinkDeployment", NAMESPACE, NAME)
        place.server.store.remove("Service", NAMESPACE, f"{NAME}-rest")
        pty.wait_for(re.compile(rf"{NAMESPACE}/{NAME} .* it was deleted in Kubernetes"), STARTS)


def flinktop(place: Place, *words: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "flinktop", *words],
        env={**around(place.home), **environment(place.kubeconfig)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
