"""A secret in each place that flinktop takes one from: none of them is anywhere else afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fixture_server import FixtureServer, Said
from tests.headless.served import REPOSITORY, served
from tests.terminal.monitor import LIVE, STARTS, environment
from tests.terminal.pty import Pty

PLACES = (
    *("environment-token", "environment-password", "file", "command", "header"),
    *("argument", "pair", "option", "address", "error"),
)


@dataclass
class Planted:
    """A home, and beside it the files that hold secrets."""

    home: Path
    vault: Path
    secrets: dict[str, str] = field(
        default_factory=lambda: {place: f"hush-{place}-0xC0FFEE" for place in PLACES}
    )

    def __post_init__(self) -> None:
        self.vault.mkdir()
        (self.vault / "token").write_text(self.secrets["file"])
        (self.vault / "headers").write_text(f"X-Gate-Key: {self.secrets['header']}\n")
        # What another process could see of it is noted by the command itself.
        (self.vault / "command").write_text(
            "tr '\\0' '\\n' < /proc/self/environ > \"$0.seen\"\n"
            "tr '\\0' '\\n' < /proc/$$/cmdline >> \"$0.seen\"\n"
            f"echo {self.secrets['command']}\n"
        )

    @property
    def environ(self) -> dict[str, str]:
        return environment(
            self.home,
            {
                "PATH": os.environ["PATH"],
                "FLINKTOP_TOKEN": self.secrets["environment-token"],
                "FLINKTOP_PASSWORD": self.secrets["environment-password"],
            },
        )

    def found_in(self, *outputs: bytes) -> list[str]:
        """Places whose secrets stand in what was printed, in a file below home, or in what a child shows."""
        files = [path.read_bytes() for path in self.home.rglob("*") if path.is_file()]
        assert files
        seen = [path.read_bytes() for path in self.vault.glob("*.seen")]
        everything = b"\n".join((*outputs, *files, *seen))
        basic = b64encode(f"ann:{self.secrets['command']}".encode()).decode()
        return [
            name for name, secret in {**self.secrets, "basic": basic}.items() if secret.encode() in everything
        ]


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    (tmp_path / "home").mkdir()
    return Planted(tmp_path / "home", tmp_path / "vault")


@pytest.mark.deep
def test_commands_leave_no_secret_anywhere(planted: Planted) -> None:
    jar = planted.home / "job.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("a/Main.class", "x")
    secret = planted.secrets
    arguments = ("--db.password", secret["argument"], "-p", secret["option"])
    pair = f"jdbc:mysql://h/db?user=u&password={secret['pair']}"
    printed: list[bytes] = []

    def flinktop(*words: str, url: str) -> int:
        done = subprocess.run(
            [sys.executable, "-m", "flinktop", words[0], "--debug", "--target", url, *words[1:]],
            env=planted.environ,
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        printed.extend((done.stdout, done.stderr))
        return done.returncode

    with served(planted.home) as at:
        command = f"sh {planted.vault / 'command'}"
        run = ("submit", str(jar), "--yes", "--json", "--token-command", command, "--", *arguments, pair)
        at.jobmanager.main_throws = f"{' '.join(arguments)} {pair} token={secret['error']}"
        assert flinktop(*run, url=at.url) == 1
        directory = f"s3://KEY:{secret['address']}@bucket/savepoints"
        vault = str(planted.vault)
        files = ("--token-file", f"{vault}/token", "--header-file", f"{vault}/headers")
        savepoint = ("savepoint", "orders [v1]", "--yes", "--directory", directory)
        assert flinktop(*savepoint, *files, url=at.url) == 0
        sent = json.dumps(at.jobmanager.sent)
    shown = subprocess.run(
        [sys.executable, "-m", "flinktop", "operations", "--json"],
        env=planted.environ,
        cwd=REPOSITORY,
        capture_output=True,
        timeout=60,
        check=True,
    )
    for name in ("argument", "option", "pair", "address"):
        assert secret[name] in sent, "Flink gets them as they are"
    assert b"s3://******@bucket/savepoints/savepoint-1" in shown.stdout
    assert len(list(planted.vault.glob("*.seen"))) == 1
    assert planted.found_in(*printed, shown.stdout) == []


CRASHES = """
import sys
from flinktop import cli
from flinktop.ui.app import FlinkTop

def broken(self):
    password = {secret!r}
    raise RuntimeError(f"no login with password={{password}}")

FlinkTop.action_help = broken
sys.exit(cli.main(["prod", "--debug"]))
"""


@pytest.mark.deep
@pytest.mark.parametrize("kind", ["password", "token"])
def test_the_monitor_leaves_no_secret_anywhere(planted: Planted, server: FixtureServer, kind: str) -> None:
    secret = planted.secrets
    vault = planted.vault
    if kind == "password":
        login = f'user = "ann"\npassword_command = "sh {vault}/command"'
        basic = b64encode(f"ann:{secret['command']}".encode()).decode()
        repeats = f"no: Basic {basic}, {secret['command']}, {secret['header']}"
    else:
        login = f'token_file = "{vault}/token"'
        repeats = f"no: Bearer {secret['file']}, {secret['file']}, {secret['header']}"
    config = planted.home / "config" / "flinktop" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[clusters.prod]\nurl = "{server.url}"\nheader_file = "{vault}/headers"\n{login}\n')
    script = CRASHES.format(secret=secret["error"])
    screens: list[str] = []
    with Pty([sys.executable, "-c", script], environ=planted.environ, cwd=planted.home) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for("steady [test]")
        pty.press("y")
        screens.append(pty.wait_for("copied.txt"))
        pty.press("w")
        pty.wait_for("Write this view to a file")
        pty.press("enter")
        screens.append(pty.wait_for("Wrote"))
        pty.press("ctrl+s")
        screens.append(pty.wait_for("svg"))
        server.said = Said(401, repeats.encode())
        pty.press("r")
        screens.append(pty.wait_for("login refused, press r"))
        pty.press("?")
        assert pty.left().code == 1
        screens.append(pty.text)
        assert "internal error" in pty.text
        written = bytes(pty.written)
    assert planted.found_in(written, *(screen.encode() for screen in screens)) == []
