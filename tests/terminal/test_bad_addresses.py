"""Addresses with no Flink behind them, and a Flink that goes away: a sentence each, and no traceback."""

import json
import re
import ssl
from pathlib import Path

import pytest

from flinktop.local.processes import free_port
from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer, Said
from tests.terminal.monitor import LIVE, STARTS, log_of, monitor, open_job

pytestmark = pytest.mark.deep

LOGIN = "https://sso.example.org/login?next=flink"
NO_FLINK = [
    (Said(401, b"<html>who are you?</html>"), "401"),
    (Said(200, b"<!doctype html><p>It works!</p>", {"Content-Type": "text/html"}), "not Flink's JSON"),
    # Longer than the one before: it needs a second line.
    (Said(302, b"", {"Location": LOGIN}), "looks like a login (check the user, password, token"),
    (Said(502, b"Bad Gateway"), "502"),
    (Said(503, json.dumps({"errors": ["Service temporarily unavailable"]}).encode()), "temporarily"),
]


def says(sentence: str) -> re.Pattern[str]:
    """A sentence that may be broken between any two words."""
    return re.compile(r"\s+".join(re.escape(word) for word in sentence.split()))


def test_whatever_answers_is_said_until_flink_does(server: FixtureServer, tmp_path: Path) -> None:
    server.said = NO_FLINK[0][0]
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for("✕ login refused", STARTS)
        for said, sentence in NO_FLINK:
            server.said = said
            pty.press("r")
            pty.wait_for(says(sentence))
        server.said = None
        pty.press("r")
        pty.wait_for(LIVE)
        screen = pty.wait_for("steady [test]")
        assert "who are you" not in screen
        pty.press("ctrl+c", "ctrl+c")
        assert pty.left().clean
    assert "Traceback" not in log_of(tmp_path)


def test_nothing_listens_and_then_flink_does(tmp_path: Path) -> None:
    server = FixtureServer(FixtureCluster("1.20.5"), port=free_port())
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for("connection refused: nothing is listening on that port", STARTS)
        with server:
            pty.wait_for(LIVE)
            pty.wait_for("steady [test]")


def test_https_to_a_plain_port(server: FixtureServer, tmp_path: Path) -> None:
    with monitor(tmp_path, server.url.replace("http:", "https:")) as pty:
        pty.wait_for("the port does not speak TLS: use http://", STARTS)


def test_http_to_a_tls_port(tmp_path: Path) -> None:
    # It comes to no handshake, so no certificate is needed.
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with (
        FixtureServer(FixtureCluster("1.20.5"), tls=tls) as server,
        monitor(tmp_path, server.url.replace("https:", "http:")) as pty,
    ):
        pty.wait_for(re.compile(r"speaks TLS.*https://"), STARTS)


@pytest.mark.long
def test_flink_goes_away_and_comes_back(server: FixtureServer, tmp_path: Path) -> None:
    """What was known stays on the screen; that it is lost, and for how long, is said."""
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for("steady [test]")
        server.stop()
        pty.wait_for(re.compile(r"○ stale \d+ s"))
        pty.wait_for("connection refused")
        screen = pty.wait_for(re.compile(r"✕ lost \d+ s, retry in"), 25.0)
        for name in ("steady [test]", "slow [test]", "TaskManagers 1"):
            assert name in screen
        server.start()
        # By itself it would ask again after 16 s.
        pty.press("r")
        pty.wait_for(LIVE)
        pty.wait_until_gone("connection refused")


def test_a_job_vanishes_while_it_is_open(server: FixtureServer, tmp_path: Path) -> None:
    job = server.cluster.job("steady")
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for("steady [test]")
        open_job(pty, "steady")
        pty.wait_for(job)
        pty.wait_for("Source")
        server.vanish(job)
        screen = pty.wait_for("Flink no longer knows this job")
        assert "Source" in screen
        pty.press("escape")
        pty.wait_for("nothing matches 'steady'")


@pytest.mark.parametrize("word", ["http://127.0.0.1:1", "http://no-such-host.invalid:8081"])
def test_leaving_while_there_is_no_flink(word: str, tmp_path: Path) -> None:
    with monitor(tmp_path, word) as pty:
        pty.wait_for("✕ no answer", STARTS)
        pty.press("q")
        pty.wait_for("Leave flinktop?")
        pty.press("q")
        assert pty.left().clean
