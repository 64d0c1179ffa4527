"""The command `flinktop status` as a script runs it: what it prints where, and its exit codes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flinktop.cli import main
from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer
from tests.house.test_startup import importers

AT_ONCE = ("--wait", "0")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "FLINKTOP_TARGET", "FLINKTOP_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def server() -> Iterator[FixtureServer]:
    with FixtureServer(FixtureCluster("1.20.5")) as server:
        yield server


class Config:
    """A config file with clusters."""

    def __init__(self, home: Path) -> None:
        self.path = home / ".config" / "flinktop" / "config.toml"
        self.path.parent.mkdir(parents=True)

    def write(self, clusters: dict[str, str], more: str = "") -> None:
        tables = "".join(f'[clusters.{name}]\nurl = "{url}"\n' for name, url in clusters.items())
        self.path.write_text(f"{more}\n{tables}", encoding="utf-8")


@pytest.fixture
def config(home: Path) -> Config:
    return Config(home)


def document(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["status", *words, "--json", *AT_ONCE])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, found


def test_one_document_goes_to_stdout(server: FixtureServer, capsys: pytest.CaptureFixture[str]) -> None:
    main(["status", server.url, "--json", *AT_ONCE])
    out, err = capsys.readouterr()
    assert out.endswith("}\n")
    assert out.count("\n") == 1
    assert err == ""
    found = json.loads(out)
    assert list(found) == ["version", "at", "worst", "clusters"]
    (cluster,) = found["clusters"]
    assert (cluster["url"], cluster["reachable"], cluster["look"]) == (server.url, True, "brief")
    assert all(len(one["id"]) == 32 for one in cluster["jobs"])


def test_without_a_target_it_is_the_cluster_that_would_be_opened(
    server: FixtureServer, config: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write({"dev": "http://127.0.0.1:1", "prod": server.url}, 'default = "prod"')
    assert document(capsys)[1]["clusters"][0]["target"] == "prod"
    monkeypatch.setenv("FLINKTOP_TARGET", "dev")
    assert document(capsys)[1]["clusters"][0]["target"] == "dev"


def test_all_are_those_of_the_config(
    server: FixtureServer, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write({"away": "http://127.0.0.1:1", "prod": server.url})
    code, found = document(capsys, "--all")
    assert [(one["target"], one["reachable"]) for one in found["clusters"]] == [
        ("away", False),
        ("prod", True),
    ]
    assert "nothing is listening" in found["clusters"][0]["error"]
    assert code in (2, 3)


@pytest.mark.deep
def test_targets_are_printed_in_their_order(
    server: FixtureServer, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write({"a": server.url})
    _, found = document(capsys, "127.0.0.1:1", "a")
    assert [one["target"] for one in found["clusters"]] == ["127.0.0.1:1", "a"]


@pytest.mark.deep
def test_the_same_cluster_twice_is_printed_once(
    server: FixtureServer, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write({"a": server.url})
    _, found = document(capsys, server.url, "a")
    assert [one["target"] for one in found["clusters"]] == ["a"]
    _, found = document(capsys, "http://127.0.0.1:1", "https://127.0.0.1:1")
    assert [one["url"] for one in found["clusters"]] == ["http://127.0.0.1:1", "https://127.0.0.1:1"]


@pytest.mark.deep
def test_an_expected_job_that_is_missing_is_critical(
    server: FixtureServer, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write({"prod": server.url}, 'expect = ["nobody", "*"]')
    code, found = document(capsys, "prod")
    assert code == 2
    assert [one["name"] for one in found["clusters"][0]["jobs"] if one["kind"] == "job-missing"] == ["nobody"]
    config.write({"prod": server.url}, 'expect = ["nobody"]\n[[findings]]\nkind = "job-missing"\noff = true')
    _, found = document(capsys, "prod")
    assert not [one for one in found["clusters"][0]["jobs"] if one["kind"] == "job-missing"]


def test_a_job_from_the_web_ui_s_address_is_that_job(
    server: FixtureServer, capsys: pytest.CaptureFixture[str]
) -> None:
    job = server.cluster.job("steady")
    _, found = document(capsys, f"{server.url}/#/job/running/{job}/overview")
    assert [one["id"] for one in found["clusters"][0]["jobs"]] == [job]


def test_a_job_that_is_not_there_is_3_and_said(
    server: FixtureServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", server.url, "--job", "nothing\x1b[2J", "--json", *AT_ONCE]) == 3
    out, err = capsys.readouterr()
    assert (json.loads(out)["worst"], json.loads(out)["clusters"][0]["jobs"]) == ("unknown", [])
    assert err == "flinktop: no such job 'nothing'\n"


@pytest.mark.parametrize(
    "words",
    [
        ["--jsno"],
        ["no-such-cluster"],
        ["--wait", "long"],
        ["--all"],
        ["--all", "prod"],
        ["--refresh", "0", "http://127.0.0.1:1"],
        ["--config", "missing.toml"],
        ["http://user:hush@h:1"],
        ["http://127.0.0.1:1", "http://127.0.0.1:2", "--token-file", "t"],
        ["http://127.0.0.1:1", "--json", *AT_ONCE],
    ],
    ids=lambda words: " ".join(words)[:20],
)
def test_whatever_is_wrong_is_3(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", *words]) == 3
    out, err = capsys.readouterr()
    assert out.startswith("{") if "--json" in words else (out == "" and err.startswith("flinktop: "))
    assert "hush" not in err


def test_a_wrong_config_is_3(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    config.write({"prod": "http://h:1"}, "expect = 1")
    assert main(["--debug", "status"]) == 3
    assert "config.toml, line 1: expect must be a list of texts" in capsys.readouterr().err


def test_an_uncaught_error_is_3(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(*_given: object) -> int:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("flinktop.headless.status.run_status", fails)
    assert main(["status", "http://h:1"]) == 3
    assert "internal error (ZeroDivisionError" in capsys.readouterr().err


def test_the_same_mistakes_of_other_commands_are_2(config: Config) -> None:
    assert main(["--jsno", "h:1"]) == 2
    assert main(["clusters", "status"]) == 2
    config.write({"prod": "http://h:1"}, "expect = 1")
    assert main(["clusters"]) == 2


# -- the process ---------------------------------------------------------------------------------------


def run(server: FixtureServer, home: Path, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flinktop", "status", server.url, *words, *AT_ONCE],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONDONTWRITEBYTECODE": "1"},
        **{"stdout": subprocess.PIPE, **more},
    )


@pytest.mark.deep
def test_a_full_disk_is_3(server: FixtureServer, home: Path) -> None:
    for form in ("json", "text", "prometheus"):
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            done = run(server, home, "--format", form, stdout=full)
        assert (done.returncode, "No space left" in done.stderr) == (3, True), done


@pytest.mark.deep
@pytest.mark.parametrize("login", [(), ("--token-command", "sleep 60")])
def test_a_server_that_never_answers_is_given_up(home: Path, login: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "flinktop", "status", url, "--wait", "1", "--json", *login],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={"HOME": str(home), "PATH": os.environ["PATH"]},
        )
    assert done.returncode == 3
    assert json.loads(done.stdout)["clusters"][0]["reachable"] is False
    assert time.monotonic() - began < 6


@pytest.mark.deep
def test_a_script_sees_no_progress_and_no_colour(server: FixtureServer, home: Path) -> None:
    done = run(server, home)
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout


@pytest.mark.deep
def test_it_loads_no_terminal_and_no_ledger(server: FixtureServer, home: Path) -> None:
    _, asked = importers(["status", server.url, *AT_ONCE], home)
    heavy = (
        "textual",
        "rich",
        "plotext",
        "sqlite3",
        "flinktop.ui",
        "flinktop.local.session",
    )
    assert not [name for name in asked if name in heavy or name.startswith("flinktop.ui.")]
