"""The commands on what is found in Kubernetes: the real kubectl, an API server and clusters of the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import flinktop
from flinktop.engine.clock import Clock
from flinktop.engine.fleet import Fleet, Member
from flinktop.engine.host import Port
from flinktop.engine.kubernetes_search import KubernetesSearch
from flinktop.flink.connection import Connection
from flinktop.kubernetes.wanted import Wanted
from tests.engine.acting import JOB
from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer
from tests.headless.served import served
from tests.kubernetes import kubectl, objects, pods

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.kubernetes.apiserver.server import ApiServer

pytestmark = pytest.mark.deep
PATIENCE = 30.0


class Place:
    """Clusters behind an API server."""

    def __init__(self, api: ApiServer, stack: ExitStack, home: Path) -> None:
        self.api = api
        self._stack = stack
        self._home = home
        self.kubeconfig = api.kubeconfig(
            api.context("prod", "dev"),
            api.context("limited", "limited"),
            api.context("empty", namespace="no"),
        )

    def put(self, name: str, namespace: str = "default") -> None:
        """A deployment of the operator, with a Flink behind its service."""
        server = self._stack.enter_context(FixtureServer(FixtureCluster("1.20.5")))
        self.api.store.put(
            objects.deployment(name, namespace),
            objects.rest_service(name, namespace),
            pods.pod(name, "jobmanager", namespace),
            pods.pod(name, "taskmanager", namespace),
        )
        self.api.network.lead(namespace, f"{name}-rest", server.url)

    def remove(self, name: str, namespace: str = "default") -> None:
        self.api.store.remove("FlinkDeployment", namespace, name)
        self.api.store.remove("Service", namespace, f"{name}-rest")

    @property
    def environ(self) -> dict[str, str]:
        return {
            **os.environ,
            "PATH": f"{kubectl.program().parent}:{os.environ['PATH']}",
            "HOME": str(self._home),
            "XDG_STATE_HOME": str(self._home),
            "KUBECONFIG": str(self.kubeconfig),
            "FLINKTOP_CONFIG": "/dev/null",
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command of flinktop, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "flinktop", *words],
            env=self.environ,
            cwd=Path(flinktop.__file__).parent.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def place(apiserver: ApiServer, tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        found = Place(apiserver, stack, tmp_path)
        found.put("orders")
        found.put("search", "other")
        yield found


def test_clusters_lists_what_is_found(place: Place) -> None:
    done = place.run("clusters", "--kubernetes", "-A")
    assert done.returncode == 0, done.stderr
    title, *rows = done.stdout.splitlines()
    assert title.split() == ["NAME", "SERVICE", "CONTEXT", "PODS", "OPERATOR", "ANSWERS"]
    assert [row.split() for row in rows] == [
        ["default/orders", "orders-rest", "prod", "2/2", "STABLE", "Flink", "1.20.5"],
        ["other/search", "search-rest", "prod", "2/2", "STABLE", "Flink", "1.20.5"],
    ]
    names = place.run("clusters", "--kubernetes", "--names")
    assert names.stdout == "default/orders\n"
    (one,) = json.loads(place.run("clusters", "--kubernetes", "--json").stdout)["clusters"]
    assert (one["name"], one["namespace"], one["flink"]) == ("default/orders", "default", "1.20.5")


def test_status_looks_at_what_is_found(place: Place) -> None:
    done = place.run("status", "--kubernetes", "-n", "other", "--json", "--wait", "20")
    assert done.stderr == ""
    document: Any = json.loads(done.stdout)
    (one,) = document["clusters"]
    assert (one["target"], one["reachable"], one["error"]) == ("other/search", True, None)
    assert one["url"] == "http://search-rest.other.prod.kubernetes:8081"
    assert one["jobs"]
    assert done.returncode == {"critical": 2, "warning": 1, "ok": 0}[document["worst"]]
    # It lists, and follows nothing.
    assert not [asked for asked in place.api.asked if "watch=1" in asked.target]


def test_a_cluster_is_acted_on_by_its_name(place: Place, tmp_path: Path) -> None:
    kubernetes = ("--kubernetes", "-A", "--yes")
    with served(tmp_path) as at:
        place.api.network.lead("other", "search-rest", at.url)
        several = place.run("savepoint", JOB, *kubernetes)
        assert several.returncode == 2
        assert "choose one with --target; found: default/orders, other/search\n" in several.stderr
        unknown = place.run("savepoint", JOB, *kubernetes, "--target", "serch", "--json")
        assert json.loads(unknown.stdout)["state"] == "usage"
        assert "no Flink cluster 'serch' was found" in unknown.stderr
        done = place.run("savepoint", JOB, *kubernetes, "--target", "search")
        assert (done.returncode, done.stderr) == (0, "")
        assert at.jobmanager.acts() == [f"POST jobs/{JOB}/savepoints"]
        managed = place.run("cancel", JOB, "--kubernetes", "-n", "other", "--yes")
        assert managed.returncode == 4
        assert "is managed by FlinkDeployment other/search: the operator would undo it" in managed.stderr
        assert len(at.jobmanager.acts()) == 1


def test_a_bundle_of_a_job_of_a_cluster(place: Place, tmp_path: Path) -> None:
    job = FixtureCluster("1.20.5").job("steady")
    output = tmp_path / "a.zip"
    done = place.run("bundle", job, "--kubernetes", "-n", "other", "--wait", "2", "-o", str(output))
    assert (done.returncode, done.stdout) == (0, f"{output}\n"), done.stderr


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--context", "empty"), "no Flink cluster found in context empty, namespace no"),
        (("--context", "nope"), "kubectl has no context nope (it has empty, limited, prod)"),
    ],
)
def test_what_finds_nothing_is_unknown(place: Place, words: tuple[str, ...], error: str) -> None:
    done = place.run("status", "--kubernetes", *words, "--json", "--wait", "5")
    (one,) = json.loads(done.stdout)["clusters"]
    assert (one["reachable"], one["error"], done.returncode) == (False, error, 3)


def test_a_missing_right_is_said(place: Place) -> None:
    place.api.rights.of["limited"] = ()
    done = place.run("clusters", "--kubernetes", "--context", "limited")
    assert done.returncode == 3
    assert "the right to list services in namespace default is missing" in done.stderr


def test_watch_follows_what_comes_and_goes(place: Place) -> None:
    with watching(place, "watch", "--kubernetes", "--json") as until:
        assert until("ready")["words"].startswith("ready")
        place.put("later")
        assert until("found", "default/later")["url"] == "http://later-rest.default.prod.kubernetes:8081"
        # Which of its findings is the first depends on which answer comes first.
        assert until("raised", "default/later")["finding"]["severity"] in ("critical", "warning")
        place.remove("later")
        assert "deleted in Kubernetes" in until("gone", "default/later")["words"]


@contextmanager
def watching(place: Place, *words: str) -> Iterator[Callable[..., dict[str, Any]]]:
    """A command that runs on; gives what waits for a line of it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flinktop", *words],
        env=place.environ,
        cwd=Path(flinktop.__file__).parent.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    limit = threading.Timer(PATIENCE, process.kill)
    limit.start()

    def until(what: str, target: str = "") -> dict[str, Any]:
        assert process.stdout is not None
        for text in process.stdout:
            line: dict[str, Any] = json.loads(text)
            if line["event"] == what and (not target or line["target"] == target):
                return line
        raise AssertionError(f"it has ended before {what} {target}")

    try:
        yield until
    finally:
        limit.cancel()
        process.terminate()
        process.communicate()


def deleted(port: Port) -> bool:
    """Whether Kubernetes says that the cluster is gone."""
    return port.kubernetes is not None and port.kubernetes.deleted is not None


def test_a_fleet_grows_and_loses_and_regains_its_login(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBECONFIG", "PATH", "HOME"):
        monkeypatch.setenv(name, place.environ[name])
    clock, changed = Clock(), threading.Event()

    def member(found: Any, way: Any, _kubectl: object) -> Member:
        return Member(found.name, Port(Connection(found.url), clock, transport=way, name=found.name))

    search = KubernetesSearch(Wanted(), clock, member)
    fleet = Fleet([], [search])
    fleet.on_change(changed.set)

    def until(holds: Callable[[], object]) -> None:
        end = clock.now() + PATIENCE
        while not holds():
            assert clock.now() < end, search.state
            changed.wait(1.0)
            changed.clear()
            fleet.take_changes()

    def answers(name: str) -> bool:
        one = fleet.get(name)
        return one is not None and one.port.link().answered is not None and one.port.lost is None

    fleet.start()
    try:
        until(lambda: answers("default/orders"))
        orders = fleet["default/orders"].port
        assert orders.kubernetes is not None
        assert [pod.ready for pod in orders.kubernetes.pods] == [True, True]
        place.put("later")
        until(lambda: answers("default/later"))
        fleet.open("default/orders")
        place.remove("orders")
        until(lambda: "default/orders" not in fleet)
        until(lambda: deleted(orders))
        place.api.lose_login("dev")
        until(lambda: any("not logged in" in problem for problem in search.state.problems))
        assert "default/later" in fleet
        place.api.give_login_back("dev")
        fleet.search_now()
        until(lambda: not search.state.problems and answers("default/later"))
        place.put("orders")
        until(lambda: answers("default/orders"))
        assert fleet["default/orders"].port is orders
        assert not deleted(orders)
    finally:
        fleet.stop()
    assert fleet.failure is None
