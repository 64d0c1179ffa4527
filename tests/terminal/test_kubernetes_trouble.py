"""What a person reads in a terminal of 80x24 when nothing, or not everything, can be had of Kubernetes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixture_server import FixtureServer
from tests.kubernetes import kubectl
from tests.kubernetes.apiserver.rights import PROXY, READ, VIEW, Rule
from tests.kubernetes.apiserver.server import ApiServer
from tests.terminal.kubernetes import NAMESPACE, apiserver, kubeconfig, kubectls, put_cluster, says, searching
from tests.terminal.monitor import STARTS, log_of
from tests.terminal.pty import Pty

pytestmark = pytest.mark.deep

NOT_LOGGED_IN = (
    "kubectl is not logged in to context test: log in again as for kubectl; flinktop then goes on by itself"
)
LIVE = re.compile(r"orders +● live")


@pytest.fixture
def one(server: FixtureServer, tmp_path: Path) -> Iterator[ApiServer]:
    with apiserver(tmp_path / "api", server, "orders") as one:
        yield one


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    assert "Traceback" not in log_of(tmp_path / "home")


def reads(pty: Pty, sentence: str) -> str:
    """Wait for a sentence; nothing is said to be missing that could only not be seen."""
    text = pty.wait_for(says(sentence), STARTS)
    assert "no Flink cluster found" not in text
    return text


def test_no_kubectl(home: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with searching(home, tmp_path / "kubeconfig", environ={"PATH": str(tmp_path / "empty")}) as pty:
        reads(pty, "✕ there is no program kubectl: install kubectl, or name it with kubectl in the config")
        pty.wait_for(re.compile(r"; tried again in \d+ s, or press r"))


def test_kubectl_that_comes_is_used(one: ApiServer, home: Path, tmp_path: Path) -> None:
    """By r at once, without a new start."""
    config = kubeconfig(one)
    late = tmp_path / "late"
    late.mkdir()
    with searching(home, config, environ={"PATH": str(late)}) as pty:
        reads(pty, "there is no program kubectl")
        (late / "kubectl").symlink_to(kubectl.program())
        pty.press("r")
        pty.wait_for(LIVE, STARTS)


def test_no_configuration(home: Path, tmp_path: Path) -> None:
    with searching(home, tmp_path / "nothing") as pty:
        reads(pty, "✕ kubectl has no current context: choose one (kubectl config use-context), or name it")


def test_a_configuration_that_cannot_be_read(home: Path, tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("a: b: c")
    with searching(home, tmp_path / "bad") as pty:
        reads(pty, "✕ kubectl can't read its configuration: error loading config file")


def test_an_unknown_context(one: ApiServer, home: Path) -> None:
    with searching(home, kubeconfig(one), "--context", "prod [red]") as pty:
        reads(pty, "✕ kubectl has no context prod [red] (it has test)")


@pytest.mark.long
def test_a_login_that_is_refused_and_then_accepted(one: ApiServer, home: Path) -> None:
    one.lose_login("dev")
    with searching(home, kubeconfig(one)) as pty:
        reads(pty, f"✕ {NOT_LOGGED_IN}")
        one.give_login_back("dev")
        pty.press("r")
        pty.wait_for(LIVE, STARTS)
        pty.wait_until_gone("not logged in")


def test_a_login_program_that_fails_says_why(one: ApiServer, home: Path) -> None:
    config = one.kubeconfig(one.context(by="exec", namespace=NAMESPACE))
    one.plugins["dev"].fail("Your session has expired: tool login [prod]")
    with searching(home, config) as pty:
        reads(
            pty,
            "✕ kubectl's login to context test failed: plugin ended with 1: Your session has expired: "
            "tool login [prod]",
        )
        one.renew("dev")
        pty.press("r")
        pty.wait_for(LIVE, STARTS)


def test_a_login_that_ends_after_an_hour_by_itself_and_is_renewed(one: ApiServer, home: Path) -> None:
    """Kubectl runs the login program again; nothing is seen of it."""
    config = one.kubeconfig(one.context(by="exec", namespace=NAMESPACE))
    with searching(home, config) as pty:
        pty.wait_for(LIVE, STARTS)
        one.renew("dev")
        put_cluster(one, "clicks", "http://127.0.0.1:9")
        pty.wait_for(re.compile(r"clicks +"), STARTS)
        pty.wait_for(LIVE)


def test_nothing_may_be_read(one: ApiServer, home: Path) -> None:
    one.rights.of["dev"] = ()
    with searching(home, kubeconfig(one)) as pty:
        reads(
            pty,
            "✕ the right to list flinkdeployments.flink.apache.org in namespace flink is missing "
            "(context test)",
        )
        pty.wait_for("3 more problems: flinktop's log has them")


def test_pods_may_not_be_read(one: ApiServer, home: Path) -> None:
    flink = Rule(READ, ("*",), ("flink.apache.org",))
    one.rights.of["dev"] = (Rule(READ, ("services",)), flink, PROXY)
    with searching(home, kubeconfig(one)) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for(says("✕ the right to list pods in namespace flink is missing"))


def test_the_whole_cluster_may_not_be_read(one: ApiServer, home: Path) -> None:
    one.rights.of["dev"] = tuple(
        Rule(rule.verbs, rule.resources, rule.groups, (NAMESPACE,)) for rule in (*VIEW, PROXY)
    )
    with searching(home, kubeconfig(one), "--all-namespaces") as pty:
        reads(pty, "✕ the right to list flinkdeployments.flink.apache.org in the whole cluster is missing")


def test_neither_way_to_a_cluster_is_allowed(one: ApiServer, home: Path) -> None:
    one.rights.of["dev"] = VIEW
    with searching(home, kubeconfig(one)) as pty:
        pty.wait_for(re.compile(r"orders +✕ no answer +\? (?:connection: )?the right"), STARTS)
        pty.press("enter")
        pty.wait_for(
            says("the right to create pods/portforward in namespace flink is missing (context test)")
        )


def test_no_operator(one: ApiServer, server: FixtureServer, home: Path) -> None:
    put_cluster(one, "plain", server.url, managed=False)
    for plural in ("flinkdeployments", "flinksessionjobs", "flinkstatesnapshots"):
        one.store.remove_kind(plural)
    with searching(home, kubeconfig(one)) as pty:
        pty.wait_for(re.compile("plain +● live"), STARTS)


def test_another_namespace_has_none(one: ApiServer, home: Path) -> None:
    with searching(home, kubeconfig(one), "--namespace", "elsewhere") as pty:
        pty.wait_for("no Flink cluster found in context test, namespace elsewhere", STARTS)


@pytest.mark.long
def test_an_api_server_that_is_away_and_comes_back(one: ApiServer, home: Path) -> None:
    config = kubeconfig(one)
    with searching(home, config) as pty:
        pty.wait_for(LIVE, STARTS)
        one.stop()
        pty.wait_for(re.compile("orders +✕ lost"), STARTS)
        pty.wait_for(says("the API server of context test can't be reached"), STARTS)
        one.start()
        pty.press("r")
        pty.wait_for(LIVE, STARTS)
        pty.wait_until_gone("can't be reached", STARTS)


def test_kubectl_that_dies_is_started_again(one: ApiServer, home: Path) -> None:
    config = kubeconfig(one)
    with searching(home, config) as pty:
        pty.wait_for(LIVE, STARTS)
        [proxy] = kubectls(config, "proxy")
        os.kill(proxy, 9)
        put_cluster(one, "clicks", one.url)
        pty.wait_for(re.compile("clicks +"), STARTS)
        pty.wait_for(LIVE, STARTS)
        assert kubectls(config, "proxy") != [proxy]
