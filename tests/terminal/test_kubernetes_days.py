"""Clusters in Kubernetes come, change and go under a monitor in a terminal, on an API server's bad days."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixture_server import FixtureServer
from tests.kubernetes import objects, pods
from tests.kubernetes.apiserver.server import ApiServer
from tests.terminal.kubernetes import (
    NAMESPACE,
    apiserver,
    environment,
    kubeconfig,
    kubectls,
    put_cluster,
    says,
    searching,
)
from tests.terminal.monitor import LIVE, STARTS, log_of, wait_until

pytestmark = pytest.mark.deep

MANY = 300
WATCHED = 6
"""Kinds that are followed in each namespace."""
LONGEST = "0" + "x" * 62
"""As long as the name of anything in Kubernetes may be that is a label too."""


@pytest.fixture
def one(server: FixtureServer, tmp_path: Path) -> Iterator[ApiServer]:
    with apiserver(tmp_path / "api", server, "orders") as one:
        yield one


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    assert "Traceback" not in log_of(tmp_path / "home")


def is_live(name: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(name)} +● live")


def remove_cluster(server: ApiServer, name: str) -> None:
    """As the operator does it: the resource goes first."""
    server.store.remove("FlinkDeployment", NAMESPACE, name)
    for service in (f"{name}-rest", name):
        server.store.remove("Service", NAMESPACE, service)
    for component in ("jobmanager", "taskmanager"):
        server.store.remove("Pod", NAMESPACE, pods.pod_name(name, component))


def test_a_deployment_appears_is_upgraded_suspended_and_deleted_while_it_is_open(
    one: ApiServer, server: FixtureServer, home: Path
) -> None:
    with searching(home, kubeconfig(one), columns=120) as pty:
        pty.wait_for(is_live("orders"), STARTS)
        put_cluster(one, "clicks", server.url)
        pty.wait_for(is_live("clicks"), STARTS)
        pty.press("/")
        pty.write("clicks")
        pty.press("enter")
        pty.wait_until_gone("orders-1")
        pty.press("enter")
        pty.wait_for("▸ flink/clicks ")
        pty.wait_for("steady [test]", STARTS)
        pty.press("enter")
        pty.wait_for(re.compile("managed by FlinkDeployment flink/clicks +STABLE"))
        status = {"status__lifecycleState": "UPGRADING", "status__jobManagerDeploymentStatus": "DEPLOYING"}
        one.store.patch("FlinkDeployment", NAMESPACE, "clicks", **status)
        pty.wait_for("UPGRADING")
        one.store.patch(
            "FlinkDeployment",
            NAMESPACE,
            "clicks",
            status__lifecycleState="SUSPENDED",
            spec__job__state="suspended",
        )
        del one.network.services[NAMESPACE, "clicks-rest"]
        pty.wait_for("SUSPENDED")
        pty.wait_for(re.compile(r"✕ lost \d+ s|○ stale"), STARTS)
        one.network.lead(NAMESPACE, "clicks-rest", server.url)
        remove_cluster(one, "clicks")
        pty.wait_for(re.compile(r"✕ deleted \d+ s ago"), STARTS)
        pty.wait_for(says("This cluster was deleted in Kubernetes"))
        pty.press("escape")
        pty.wait_for("▸ flink/clicks ")
        pty.press("escape")
        pty.wait_for("[1 Clusters]")
        pty.press("escape")
        pty.wait_until_gone("clicks")
        pty.wait_for(is_live("orders"))
        put_cluster(one, "clicks", server.url)
        pty.wait_for(is_live("clicks"), STARTS)


@pytest.mark.long
def test_watches_that_end_versions_that_are_gone_and_too_many_requests(
    one: ApiServer, server: FixtureServer, home: Path
) -> None:
    one.watches.longest = 2.0
    with searching(home, kubeconfig(one)) as pty:
        pty.wait_for(is_live("orders"), STARTS)
        begun = one.watches.started
        wait_until("watches began anew", lambda: one.watches.started >= begun + 2 * WATCHED, STARTS)
        one.forget()
        one.cut_watches()
        put_cluster(one, "clicks", server.url)
        pty.wait_for(is_live("clicks"), STARTS)
        one.be_busy(20)
        put_cluster(one, "baskets", server.url)
        pty.wait_for(is_live("baskets"), STARTS)
        pty.wait_until_gone("✕ the API server", STARTS)


def test_kubectl_that_prints_warnings(one: ApiServer, home: Path, tmp_path: Path) -> None:
    config = kubeconfig(one)
    directory = tmp_path / "loud"
    directory.mkdir()
    real = environment(config)["PATH"].partition(":")[0]
    (directory / "kubectl").write_text(
        "#!/bin/sh\n"
        "echo 'Warning: the plugin [red] is old' >&2\n"
        f'echo "E1201 08:28:07.620670   10264 memcache.go:381] something" >&2\nexec {real}/kubectl "$@"\n'
    )
    (directory / "kubectl").chmod(0o755)
    with searching(home, config, environ={"PATH": f"{directory}:/usr/bin:/bin"}) as pty:
        pty.wait_for(is_live("orders"), STARTS)
        assert "Warning" not in pty.text
        pty.press("i")
        pty.wait_for(re.compile("Name: +orders"), STARTS)
        assert "Warning: the plugin" not in pty.text


CONTEXT = "arn:aws:eks:eu-central-1:123456789012:cluster/prod.eu"


def test_two_contexts_with_the_same_names(server: FixtureServer, home: Path, tmp_path: Path) -> None:
    """One of them goes away: the other is no different."""
    config = home / "config" / "flinktop" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        f'[kubernetes.eu]\ncontext = "{CONTEXT}"\n\n[kubernetes.us]\ncontext = "gke_p_us-east1_x.y"\n'
    )
    with (
        apiserver(tmp_path / "api eu", server, "orders") as eu,
        apiserver(tmp_path / "api us", server, "orders") as us,
    ):
        both = eu.kubeconfig(
            eu.context(CONTEXT, namespace=NAMESPACE), us.context("gke_p_us-east1_x.y", namespace=NAMESPACE)
        )
        with searching(home, both, "eu", "us", columns=120) as pty:
            pty.wait_for("● 2 of 2 live", STARTS)
            assert "eu/flink/orders" in pty.text
            assert "us/flink/orders" in pty.text
            assert len(kubectls(both, "proxy")) == 2
            remove_cluster(us, "orders")
            pty.wait_for("● 1 of 1 live", STARTS)
            assert "us/flink/orders" not in pty.text
            pty.press("enter")
            pty.wait_for("▸ eu/flink/orders ")
            pty.wait_for(LIVE)


def test_names_with_everything_that_is_allowed(one: ApiServer, server: FixtureServer, home: Path) -> None:
    long, short = LONGEST, "0"
    for name in (long, short):
        one.store.put(
            objects.deployment(name, LONGEST),
            objects.service(f"s{name[1:]}", LONGEST, selector={"app": name, "component": "jobmanager"}),
            *(pods.pod(name, "jobmanager", LONGEST, name=f"{name}-jm.x"),),
        )
        one.network.lead(LONGEST, f"s{name[1:]}", server.url)
    with searching(home, one.kubeconfig(one.context(CONTEXT, namespace=LONGEST))) as pty:
        pty.wait_for(re.compile(r"2/2 live"), STARTS)
        pty.press("enter")
        pty.wait_for(LIVE, STARTS)
        pty.wait_for("作业")
        pty.press("i")
        pty.wait_for(re.compile(r"Namespace: +" + LONGEST), STARTS)
        pty.press("escape")


@pytest.mark.long
def test_hundreds_of_deployments(one: ApiServer, server: FixtureServer, home: Path) -> None:
    for number in range(MANY - 1):
        put_cluster(one, f"orders-{number:03}", server.url)
    with searching(home, kubeconfig(one), columns=120) as pty:
        pty.wait_for(re.compile(rf"of {MANY} live"), STARTS)
        pty.press("G")
        pty.press("g")
        pty.wait_for(f"● {MANY} of {MANY} live", 240.0)
        for number in range(MANY - 1):
            remove_cluster(one, f"orders-{number:03}")
        pty.wait_for("1 of 1 live", 60.0)
        pty.signal(signal.SIGTERM)
        assert pty.left(5.0).code == 128 + signal.SIGTERM
