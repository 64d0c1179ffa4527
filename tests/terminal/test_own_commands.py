"""Commands and links of one's own in a real terminal: handed over and taken back, and nothing is left."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer
from tests.terminal.monitor import (
    LIVE,
    QUESTION,
    STARTS,
    command,
    environment,
    filter_line,
    monitor,
    session_of,
    wait_until,
)
from tests.terminal.pty import Pty

pytestmark = pytest.mark.deep

EVIL = "-rf $(touch evil) \"two\" 'q' {job}\nsecond ✓作"
CLEAN = EVIL.replace("\n", " ")
"""As flinktop has it: a name is one line."""
WORDS = "import json, sys; print('GOT', json.dumps(sys.argv[1:]), flush=True)"
ENDLESS = "flinktop-test-endless"
CONFIG = f"""
[[commands]]
key = "X"
on = "job"
name = "ask"
run = [{json.dumps(sys.executable)}, "-ISc", "{WORDS}; print('NAME', input('name? '))", "--", "{{job_name}}"]

[[commands]]
key = "Y"
on = "job"
name = "wait"
run = ["sh", "-c", "printf '\\\\033[?1003h\\\\033[?25l\\\\033[?2004h'; stty raw -echo; echo child-runs; sleep 1000; true", "{ENDLESS}"]

[[commands]]
key = "I"
on = "job"
name = "interruptible"
run = ["sh", "-c", "echo child-runs; exec sleep 1000", "{ENDLESS}"]

[[commands]]
key = "U"
on = "job"
name = "fails"
run = ["sh", "-c", "echo no such pod; exit 3"]

[[commands]]
key = "Q"
on = "job"
name = "quiet one"
how = "quiet"
run = [{json.dumps(sys.executable)}, "-ISc", "{WORDS}", "--", "{{job_name}}"]

[[commands]]
key = "C"
on = "job"
name = "background one"
how = "background"
run = [{json.dumps(sys.executable)}, "-ISc", "{WORDS}", "--", "{{job_name}}"]

[[commands]]
key = "R"
on = "job"
name = "endless"
how = "background"
run = ["sh", "-c", "sleep 1000; true", "{ENDLESS}"]

[[commands]]
key = "Z"
on = "job"
name = "endless quiet"
how = "quiet"
run = ["sh", "-c", "echo begun; sleep 1000; true", "{ENDLESS}"]

[[links]]
key = "D"
on = "job"
name = "Grafana"
url = "https://grafana/d?var-job={{job_name}}"
"""  # noqa: E501 -- as a config file has it


@pytest.fixture
def server() -> Iterator[FixtureServer]:
    """A recorded 1.20.5 with a job of a hostile name."""
    cluster = FixtureCluster("1.20.5")
    steady = cluster.job("steady")

    def listed(document: Any) -> Any:
        for job in document["jobs"]:
            if job["jid"] == steady:
                job["name"] = EVIL
        return document

    cluster.changed["jobs/overview"] = listed
    cluster.changed[f"jobs/{steady}"] = lambda document: document | {"name": EVIL}
    with FixtureServer(cluster, moves=True) as server:
        yield server


def configured(home: Path) -> None:
    config = home / "config" / "flinktop" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG, encoding="utf-8")


def select_evil(pty: Pty) -> None:
    pty.wait_for(LIVE, STARTS)
    pty.press("/")
    pty.wait_for(filter_line(""))
    pty.write("touch")
    pty.wait_for(filter_line("touch"))
    pty.press("enter")
    pty.wait_for(re.compile("touch evil"))


@pytest.fixture
def pty(server: FixtureServer, tmp_path: Path) -> Iterator[Pty]:
    configured(tmp_path)
    with monitor(tmp_path, server.url, cwd=tmp_path, environ={"PYTHONPATH": ":".join(sys.path)}) as pty:
        select_evil(pty)
        yield pty


def lasting(pty: Pty) -> frozenset[str]:
    """What of the terminal is not as at the start, between two frames."""
    return frozenset(pty.changed) - {"synchronized output"}


def leave(pty: Pty) -> None:
    pty.press("ctrl+c")
    pty.wait_for(QUESTION)
    pty.press("ctrl+c")
    assert pty.left().clean


def got(text: str) -> list[str]:
    """The arguments that a command has printed, however the terminal has wrapped them."""
    found = re.search(r"GOT (\[.*?\])", text.replace("\n", "").replace("│", ""))
    assert found is not None, text
    arguments: list[str] = json.loads(re.sub(r"  +", "", found[1]))
    return arguments


def test_in_the_terminal_it_steps_aside_and_comes_back(pty: Pty, tmp_path: Path) -> None:
    modes = lasting(pty)
    pty.press("X")
    pty.wait_for("name?")
    assert got(pty.text) == ["--", CLEAN]
    assert LIVE.search(pty.text) is None
    # The terminal is as any program finds it: lines are edited and echoed.
    assert pty.changed == ()
    pty.write("me\r")
    pty.wait_for(LIVE)
    wait_until("the modes are flinktop's again", lambda: lasting(pty) == modes)
    assert not (tmp_path / "evil").exists()
    leave(pty)


def test_its_modes_are_undone_and_what_was_typed_for_it_is_not_ours(pty: Pty) -> None:
    modes = lasting(pty)
    pty.press("Y")
    pty.wait_for("child-runs")
    (child,) = session_of(pty, ENDLESS)
    pty.write("qqqq")
    os.killpg(child, signal.SIGTERM)
    pty.wait_for("wait was ended by SIGTERM. Press enter to go back.")
    pty.press("enter")
    pty.wait_for(LIVE)
    pty.wait_for("wait was ended by SIGTERM.")
    wait_until("the modes are flinktop's again", lambda: lasting(pty) == modes)
    assert QUESTION not in pty.text
    leave(pty)


def test_ctrl_c_goes_to_the_command_alone(pty: Pty, server: FixtureServer) -> None:
    pty.press("I")
    pty.wait_for("child-runs")
    asked = len(server.asked)
    # Polling goes on.
    server.wait_until(lambda all_of_them: len(all_of_them) > asked + 3, 20.0)
    pty.press("ctrl+c")
    pty.wait_for(LIVE)
    pty.wait_for("interruptible was ended by SIGINT.")
    assert QUESTION not in pty.text
    assert not session_of(pty, ENDLESS)
    leave(pty)


def test_a_status_that_is_not_0_is_said_and_can_be_read(pty: Pty) -> None:
    pty.press("U")
    pty.wait_for("fails ended with status 3. Press enter to go back.")
    assert "no such pod" in pty.text
    pty.press("enter")
    pty.wait_for(LIVE)
    pty.wait_for("fails ended with status 3.")
    leave(pty)


def test_quiet_and_background_and_a_link(pty: Pty, tmp_path: Path) -> None:
    pty.press("Q")
    pty.wait_for("quiet one has ended.")
    assert got(pty.text) == ["--", CLEAN]
    pty.press("escape")
    pty.wait_until_gone("quiet one")
    pty.press("C")
    pty.wait_for("background one has ended.")
    pty.wait_for("GOT")
    pty.press("D")
    pty.wait_for("y copies the address")
    url = f"https://grafana/d?var-job={quote(CLEAN, safe='')}"
    wait_until(
        "the terminal gets the link",
        lambda: re.search(rb"\x1b\]8;[^;]*;" + re.escape(url.encode()) + rb"\x1b\\", pty.written) is not None,
    )
    pty.press("y")
    copied = tmp_path / "state" / "flinktop" / "copied.txt"
    wait_until("it is copied", lambda: copied.exists() and copied.read_text() == f"{url}\n")
    pty.press("escape")
    pty.wait_until_gone("y copies the address")
    assert not (tmp_path / "evil").exists()
    leave(pty)


@pytest.mark.deep(cases=15)
@pytest.mark.parametrize("key", ["I", "R", "Z"])
@pytest.mark.parametrize("end", ["quit", "TERM", "HUP", "KILL", "hang-up"])
def test_nothing_is_left_however_flinktop_ends(pty: Pty, key: str, end: str) -> None:
    pty.press(key)
    home = _home_of(pty)
    wait_until("it runs", lambda: bool(_endless(home)))
    running = _endless(home)
    if end == "KILL":
        # Nobody is left to end what the command itself has started.
        commands = [pid for pid in running if os.getpgid(pid) == pid]
        pty.signal(signal.SIGKILL)
        wait_until("the command is gone", lambda: not any(map(_lives, commands)))
        for pid in _endless(home):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return
    if end == "quit" and key == "I":
        pytest.skip("the terminal is the command's")
    if end == "quit":
        pty.press("ctrl+c")
        pty.wait_for(QUESTION)
        pty.wait_for("leaving ends it")
        pty.press("ctrl+c")
        assert pty.left().clean
    elif end == "hang-up":
        pty.hang_up()
        pty.process.wait(10.0)
    else:
        number = getattr(signal, f"SIG{end}")
        pty.signal(number)
        assert pty.process.wait(10.0) == 128 + number
        assert pty.left().clean
    wait_until("it is gone", lambda: not any(map(_lives, running)))


@pytest.mark.parametrize("end", ["TERM", "hang-up"])
def test_it_ends_while_it_waits_for_enter(pty: Pty, end: str) -> None:
    pty.press("U")
    pty.wait_for("Press enter to go back.")
    if end == "hang-up":
        pty.hang_up()
        assert pty.process.wait(10.0) == 128 + signal.SIGHUP
    else:
        pty.signal(signal.SIGTERM)
        assert pty.process.wait(10.0) == 128 + signal.SIGTERM
        assert pty.left().clean


def _endless(home: str) -> list[int]:
    """The commands that a flinktop of this home has started, and what these have, in whatever session."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_text(errors="replace").split("\0")
            environ = (process / "environ").read_text(errors="replace").split("\0")
        except OSError:
            continue
        of_this = f"FLINKTOP_CONFIG={home}/config/flinktop/config.toml" in environ
        if ("sleep" in words[:1] or ENDLESS in words) and of_this:
            found.append(int(process.name))
    return found


def _home_of(pty: Pty) -> str:
    environ = Path(f"/proc/{pty.process.pid}/environ").read_text(errors="replace").split("\0")
    return next(one for one in environ if one.startswith("HOME="))[5:]


def _foreground(pid: int) -> int:
    """The process group in the foreground of the terminal of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[5])


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_ctrl_z_stops_both_and_fg_continues_both(server: FixtureServer, tmp_path: Path) -> None:
    configured(tmp_path)
    script = f'set -m; {shlex.join(command(server.url))}; echo "stopped $?"; read -r; fg; echo "ended $?"'
    environ = environment(tmp_path) | {"PYTHONPATH": ":".join(sys.path)}
    with Pty(["bash", "-c", script], environ=environ) as pty:
        select_evil(pty)
        pty.press("I")
        pty.wait_for("child-runs")
        wait_until("the shell has become sleep", lambda: len(session_of(pty, "sleep")) == 1)
        (child,) = session_of(pty, "sleep")
        pty.write("\x1a")
        pty.wait_for("stopped 148")
        pty.press("enter")
        wait_until("the terminal is the command's", lambda: _foreground(child) == child)
        pty.write("\x03")
        pty.wait_for(LIVE)
        pty.wait_for("interruptible was ended by SIGINT.")
        pty.press("ctrl+c")
        pty.wait_for(QUESTION)
        pty.press("ctrl+c")
        pty.wait_for("ended 0")
