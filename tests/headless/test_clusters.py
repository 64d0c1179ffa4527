"""The command `flinktop clusters` on clusters that answer, hang, refuse and are none."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from flinktop.cli import main
from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer, Said
from tests.house.test_startup import HEAVY, chain, importers
from tests.tunnel.standing import StandIn

HTML = Said(200, b"<html><title>Sign in</title></html>", {"Content-Type": "text/html"})
LOGIN = Said(401, b"who are you", {"WWW-Authenticate": "Basic"})


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "FLINKTOP_TARGET", "FLINKTOP_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def hanging() -> Iterator[str]:
    """An address where connections are taken and never answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=400) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def dead() -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def configured(home: Path, urls: dict[str, str], more: str = "") -> None:
    path = home / ".config" / "flinktop" / "config.toml"
    path.parent.mkdir(parents=True)
    tables = "".join(f'[clusters.{name}]\nurl = "{url}"\n' for name, url in urls.items())
    path.write_text(f"{tables}{more}", encoding="utf-8")


def test_each_cluster_is_listed_with_how_it_is_reached_and_whether_it_answers(
    home: Path, dead: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as stack:
        live, old, html, login = (
            stack.enter_context(FixtureServer(FixtureCluster(release)))
            for release in ("2.3.0", "1.9.3", "1.20.5", "1.20.5")
        )
        html.said, login.said = HTML, LOGIN
        urls = {"dead": dead, "live": live.url, "old": old.url}
        configured(home, urls | {"html": html.url, "login": login.url}, 'user = "hush"\npassword_env = "P"\n')
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("P", "hush")
            assert main(["clusters"]) == 0
            out, err = capsys.readouterr()
            assert main(["clusters", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
    assert err == ""
    assert "hush" not in out
    lines = out.splitlines()
    # In the order of the config, whichever answers first.
    assert [line.split()[0] for line in lines[:6]] == ["NAME", *urls, "html", "login"]
    said = {line.split()[0]: line[lines[0].index("ANSWERS") :] for line in lines[1:6]}
    assert said["live"] == "Flink 2.3.0"
    assert said["old"] == "Flink 1.9.3"
    assert "nothing is listening" in said["dead"]
    assert "Sign in" in said["html"]
    assert "check the user, password" in said["login"]
    assert "basic from the environment" in lines[5]
    clusters = {one["name"]: one for one in found["clusters"]}
    assert (clusters["live"]["answers"], clusters["live"]["flink"], clusters["live"]["reason"]) == (
        True,
        "2.3.0",
        None,
    )
    assert (clusters["dead"]["answers"], clusters["dead"]["flink"]) == (False, None)
    assert {name: one["reason"] for name, one in clusters.items() if not one["answers"]} == {
        name: said[name] for name in ("dead", "html", "login")
    }


@pytest.mark.deep
def test_one_that_hangs_is_given_up_and_delays_no_other(
    home: Path, hanging: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with FixtureServer(FixtureCluster("1.20.5")) as server:
        configured(home, {"hangs": hanging, "live": server.url, "too": hanging})
        began = time.monotonic()
        assert main(["clusters"]) == 0
        assert 3 <= time.monotonic() - began < 6
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("  no answer within 3 s")
    assert lines[2].endswith("  Flink 1.20.5")
    assert lines[3].endswith("  no answer within 3 s")


def test_nobody_is_asked_unless_wanted(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FixtureServer(FixtureCluster("1.20.5")) as server:
        configured(home, {"a": server.url, "b": server.url})
        assert main(["clusters", "--no-ask"]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"NAME  URL\na     {server.url}\n")
        assert main(["clusters", "--no-ask", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert [one["answers"] for one in found["clusters"]] == [None, None]
        assert main(["clusters", "--names"]) == 0
        assert capsys.readouterr() == ("a\nb\n", "")
        assert server.asked == []


@pytest.mark.deep
def test_names_are_listed_without_the_client(home: Path) -> None:
    configured(home, {"a": "http://h:1"})
    for words in (["clusters", "--names"], ["clusters", "--no-ask"], ["columns"]):
        left, asked = importers(words, home)
        assert left == 0
        heavy = [name for name in asked if name.partition(".")[0] in HEAVY or name in HEAVY]
        assert not heavy, "\n".join(chain(name, asked) for name in heavy)


@pytest.mark.deep
def test_300_clusters_of_which_3_answer_end_in_a_bounded_time(
    home: Path,
    hanging: str,
    dead: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("flinktop.headless.ask_clusters.SECONDS", 1.0)
    with ExitStack() as stack:
        live = [stack.enter_context(FixtureServer(FixtureCluster("1.20.5"))) for _ in range(3)]
        urls = {f"c{at:03}": hanging if at % 3 else dead for at in range(300)}
        urls |= {f"c{at:03}": server.url for at, server in zip((0, 150, 299), live, strict=True)}
        configured(home, urls)
        began = time.monotonic()
        assert main(["clusters"]) == 0
        assert time.monotonic() - began < 30
    lines = capsys.readouterr().out.splitlines()[1:301]
    assert [line.split()[0] for line in lines] == sorted(urls)
    assert [line.split()[0] for line in lines if line.endswith("Flink 1.20.5")] == ["c000", "c150", "c299"]
    reasons = [line for line in lines if "no answer within" in line or "nothing is listening" in line]
    assert len(reasons) == 297


@pytest.mark.deep
def test_tunnels_are_opened_and_ended(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("flinktop.headless.ask_clusters.SECONDS", 2.0)
    with FixtureServer(FixtureCluster("1.20.5")) as server:
        port = int(server.url.rpartition(":")[2])
        through = {day: StandIn(home, port, day) for day in ("well", "denied", "silent")}
        tables = "".join(
            f'[clusters.{day}]\nurl = "http://{day}:8081"\n{one.toml}' for day, one in through.items()
        )
        configured(home, {}, tables)
        assert main(["clusters"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["well", "http://well:8081", "Flink", "1.20.5"]
    assert "ended (255): me@bastion: Permission denied" in lines[3]
    assert lines[5].endswith("its tunnel was not open within 2 s")
    assert all(line.strip().startswith("through: ") for line in lines[2:7:2])
    assert [one.running for one in through.values()] == [[], [], []]
