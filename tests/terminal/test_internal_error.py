"""An error of its own that nothing caught: a sentence, the terminal given back, the trace in the log."""

import sys
from pathlib import Path

import pytest

from tests.depth import named_in_depth
from tests.terminal.monitor import STARTS, environment, log_of
from tests.terminal.pty import Pty

BROKEN = """
import sys
import time
from flinktop import cli
from flinktop.ui.app import FlinkTop
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.help import HelpScreen
from flinktop.ui.screens.leave import LeaveScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.write_view import WriteView
from flinktop.ui.widgets.chart import Chart
from flinktop.ui.widgets.table import LiveTable

def broken(*_given, **_named):
    raise RuntimeError("it broke [red]")

async def broken_later(*_given, **_named):
    broken()

def no_more_files(*_given):
    raise OSError(24, "Too many open files")

class Slow:
    # A terminal that takes its time.
    def __init__(self, file):
        self.file = file

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, text):
        time.sleep(0.03)
        return self.file.write(text)

{breaks}
sys.exit(cli.main(["demo", "restart-loop"]))
"""
BREAKS = {
    "action": ("OverviewScreen.action_sort = broken", ["s"]),
    "compose": ("JobScreen.body = broken", ["enter"]),
    "mount": ("LeaveScreen.on_mount = broken", ["q"]),
    "render": ("LeaveScreen.render_lines = broken", ["q"]),
    "message": ("OverviewScreen._open_job = broken; LiveTable.action_open = broken", ["enter"]),
    "worker": ("FlinkTop.action_help = lambda self: self.run_worker(broken_later())", ["?"]),
    "timer": ("FlinkTop.action_help = lambda self: self.set_interval(0.01, broken)", ["?"]),
    "start": ("FlinkTop.get_default_screen = broken", []),
    "style": ("FlinkTop._get_default_css = broken", []),
    "app": ("FlinkTop.__init__ = broken", []),
    "settings": ("from flinktop import settings; settings.read_sources = broken", []),
    "end": ("FlinkTop._shutdown = broken_later", ["q", "q"]),
    "end, slow": ("FlinkTop._shutdown = broken_later; sys.__stderr__ = Slow(sys.__stderr__)", ["q", "q"]),
    "later": ("FlinkTop.action_help = lambda self: self.call_after_refresh(broken)", ["?"]),
}


def broken(home: Path, breaks: str) -> Pty:
    """The demo with something in it that raises."""
    return Pty([sys.executable, "-c", BROKEN.format(breaks=breaks)], environ=environment(home))


@pytest.mark.deep
@pytest.mark.parametrize(("breaks", "keys"), named_in_depth(BREAKS, fast=["action"]))
def test_an_error_of_its_own_is_a_sentence(tmp_path: Path, breaks: str, keys: list[str]) -> None:
    with broken(tmp_path, breaks) as pty:
        if keys:
            pty.wait_for("inventory-sync", STARTS)
        pty.press(*keys)
        left = pty.left(STARTS)
        assert (left.code, left.modes, left.termios) == (1, (), ())
        said = " ".join(pty.text.split())
    assert "flinktop has ended because of an internal error (RuntimeError: it broke [red])." in said
    assert "flinktop.log" in said.replace(" ", "")
    assert "Traceback" not in said
    assert said.count("internal error") == 1
    assert "RuntimeError: it broke [red]" in log_of(tmp_path)
    assert "Traceback (most recent call last)" in log_of(tmp_path)


@pytest.mark.deep
def test_an_engine_that_can_not_be_started_is_one_sentence(tmp_path: Path) -> None:
    breaks = "from flinktop.engine.engine import Engine; Engine.start = no_more_files"
    with broken(tmp_path, breaks) as pty:
        left = pty.left(STARTS)
        assert (left.code, left.modes, left.termios) == (1, (), ())
        said = pty.text.strip()
    assert said == "flinktop: the engine could not be started: OSError(24, 'Too many open files')"


@pytest.mark.deep
@pytest.mark.parametrize(
    ("breaks", "keys", "said"),
    [
        (
            "from textual.drivers.linux_driver import LinuxDriver; LinuxDriver.run_input_thread = broken",
            [],
            "InputFailed: RuntimeError: it broke [red]",
        ),
        ("FlinkTop.CSS = 'Toast {'", [], "UnexpectedEnd: "),
        (
            "HelpScreen.DEFAULT_CSS = 'Toast {'; HelpScreen.CLOSES_WHEN_BROKEN = False",
            ["?"],
            "UnexpectedEnd: ",
        ),
    ],
)
def test_what_textual_would_print_a_trace_of_is_a_sentence(
    tmp_path: Path, breaks: str, keys: list[str], said: str
) -> None:
    with broken(tmp_path, breaks) as pty:
        if keys:
            pty.wait_for("inventory-sync", STARTS)
        pty.press(*keys)
        left = pty.left(STARTS)
        assert (left.code, left.modes, left.termios) == (1, (), ())
        text = " ".join(pty.text.split())
    assert f"flinktop has ended because of an internal error ({said}" in text
    assert "Traceback" not in text
    assert "─" not in text
    assert said in log_of(tmp_path)


@pytest.mark.deep
def test_what_was_typed_is_not_in_the_log_of_an_error(tmp_path: Path) -> None:
    typed = "hush-hush"
    with broken(
        tmp_path, "WriteView.CLOSES_WHEN_BROKEN = False; WriteView.action_other_kind = broken"
    ) as pty:
        pty.wait_for("inventory-sync", STARTS)
        pty.press("w")
        pty.wait_for("Write this view")
        pty.write(typed)
        pty.wait_for(typed)
        pty.press("down")
        assert pty.left(STARTS).code == 1
        assert typed not in pty.text
    assert "it broke" in log_of(tmp_path)
    assert typed not in log_of(tmp_path)


@pytest.mark.deep
def test_an_error_in_a_thread_is_logged_and_not_shown(tmp_path: Path) -> None:
    breaks = "import threading; FlinkTop.action_help = lambda self: threading.Thread(target=broken).start()"
    with broken(tmp_path, breaks) as pty:
        pty.wait_for("inventory-sync", STARTS)
        pty.press("?", "q")
        assert "it broke" not in pty.wait_for("Leave flinktop?")
        pty.press("q")
        assert pty.left().clean
        assert "Traceback" not in pty.text
    assert "it broke [red]" in log_of(tmp_path)
