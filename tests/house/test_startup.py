"""What answers at once loads nothing heavy, and the first picture what is seen: run as a person would."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import flinktop
from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer
from tests.terminal.monitor import LIVE, STARTS, environment
from tests.terminal.pty import Pty

# What a terminal or a cluster needs, and a sentence does not.
HEAVY = (
    "textual",
    "rich",
    "httpx",
    "msgspec",
    "plotext",
    "asyncio",
    "flinktop.ui",
    "flinktop.engine",
)


def importers(words: list[str], home: Path) -> tuple[int, dict[str, str]]:
    """The exit code for these words, and each module that was loaded with the one that asked for it."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "flinktop", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=Path(flinktop.__file__).parent.parent,
    )
    # The one who asks stands below what was loaded for it, with less indentation.
    rows = re.findall(r"^import time:\s+\d+ \|\s+\d+ \| ( *)(\S+)$", done.stderr, re.MULTILINE)
    asked: dict[str, str] = {}
    below: list[tuple[int, str]] = []
    for indent, name in reversed(rows):
        while below and below[-1][0] >= len(indent):
            below.pop()
        asked[name] = below[-1][1] if below else "python"
        below.append((len(indent), name))
    return done.returncode, asked


def chain(name: str, asked: dict[str, str]) -> str:
    names = [name]
    while names[-1] in asked:
        names.append(asked[names[-1]])
    return " <- ".join(names)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--version"], 0),
        (["--help"], 0),
        (["clusters"], 0),
        (["--config", "wrong.toml", "h:8081"], 2),
        (["--no-such-option"], 2),
        (["no-such-cluster"], 2),
    ],
    ids=["version", "help", "clusters", "config error", "usage error", "unknown target"],
)
def test_a_sentence_loads_no_terminal_and_no_client(words: list[str], code: int, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("theme = 1")
    left, asked = importers([word.replace("wrong", f"{tmp_path}/wrong") for word in words], tmp_path)
    assert left == code
    assert "flinktop.cli" in asked, "the list of imports was not understood"
    heavy = [name for name in asked if name.startswith(tuple(f"{one}." for one in HEAVY)) or name in HEAVY]
    assert not heavy, "\n".join(chain(name, asked) for name in heavy)


def test_who_asked_is_understood(tmp_path: Path) -> None:
    _left, asked = importers(["clusters"], tmp_path)
    assert chain("flinktop.addresses", asked) == "flinktop.addresses <- flinktop.settings <- python"


FIRST_PICTURE = """
import sys
from pathlib import Path
from flinktop import cli
from flinktop.ui import app

begin = app._begin

def painted(*given):
    Path(sys.argv[2]).write_text(" ".join(sys.modules))
    begin(*given)

app._begin = painted
sys.exit(cli.main([sys.argv[1]]))
"""
MOST_MODULES = 121
"""Of flinktop, when the overview is painted for the first time."""


def test_the_first_picture_loads_what_is_seen(tmp_path: Path) -> None:
    loaded = tmp_path / "loaded"
    with FixtureServer(FixtureCluster("1.20.5")) as server:
        words = [sys.executable, "-c", FIRST_PICTURE, server.url, str(loaded)]
        with Pty(words, environ=environment(tmp_path), cwd=Path(flinktop.__file__).parent.parent) as pty:
            pty.wait_for(LIVE, STARTS)
    names = loaded.read_text().split()
    ours = sorted(name for name in names if name.partition(".")[0] == "flinktop")
    assert len(ours) <= MOST_MODULES, "\n".join(ours)
    assert not {"httpx", "sqlite3", "plotext"} & {*names}
