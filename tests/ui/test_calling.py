"""How flinktop calls in its terminal: what is written to it, and what is shown."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from textual.widgets._toast import Toast as ShownToast
from textual.widgets._toast import ToastHolder

from flinktop.alert_rules import Notify
from flinktop.engine.alerts.alert import Alert, AlertsView, Call, Change
from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.ui.calling import KEEP_TITLE, RESTORE_TITLE, Calling, Toast, spoken, title
from flinktop.ui.desktop_notification import notification, passed_through, protocol, protocol_in_tmux
from flinktop.ui.few_messages import MOST_SHOWN, show_toast
from tests.ui.day import Day, monitor

if TYPE_CHECKING:
    from collections.abc import Callable

WALL = 1_700_000_000.0
EVIL = 'orders\x1b]0;evil\x07\x1b\\\x9c\x9d;"; rm -rf [/bold]'
TITLE = re.compile(r"\x1b\]2;([^\x07]*)\x07")


def alert(
    job: str = "orders", severity: Severity = Severity.CRITICAL, kind: Kind = Kind.RESTART_LOOP
) -> Alert:
    return Alert(
        cluster="http://flink.test:8081",
        target="prod",
        job="a1",
        job_name=job,
        finding=Finding(kind=kind, severity=severity, words=f"{kind}: 3 failures"),
        raised=WALL,
        calls=True,
    )


class Terminal:
    """A terminal that is called in."""

    def __init__(
        self,
        notify: Notify | None = None,
        environ: dict[str, str] | None = None,
        tmux: Callable[[], str] = str,
        *,
        several: bool = False,
    ) -> None:
        self.now = 100.0
        self.written = ""
        self.toasts: list[Toast] = []
        self.calling = Calling(
            notify or Notify(),
            write=self._write,
            toast=self.toasts.append,
            now=lambda: self.now,
            environ=environ or {"TERM": "xterm-kitty"},
            ask_tmux=tmux,
            several=several,
        )

    def _write(self, text: str) -> None:
        self.written += text

    def call(self, *calls: Call, view: AlertsView | None = None) -> str:
        """What is written about calls."""
        before = len(self.written)
        self.calling.news(view or AlertsView(), calls)
        return self.written[before:]


def raised(*alerts: Alert, change: Change = Change.RAISED) -> Call:
    return Call(change, alerts or (alert(),), WALL)


BELL_ONLY = Notify(desktop="off", title=False)


def test_a_call_rings_once_and_is_shown() -> None:
    terminal = Terminal(BELL_ONLY)
    assert terminal.call(raised()) == "\x07"
    (toast,) = terminal.toasts
    assert toast.severity == "error"
    assert toast.text(80) == "critical: orders: restart-loop: 3 failures  Press ! for alerts."


def test_a_batch_rings_once_and_not_more_than_every_ten_seconds() -> None:
    terminal = Terminal(BELL_ONLY)
    assert terminal.call(raised(alert("a")), raised(alert("b"))) == "\x07"
    terminal.now += 9.0
    assert terminal.call(raised(alert("c"))) == ""
    terminal.now += 2.0
    assert terminal.call(raised(alert("d"), change=Change.ESCALATED)) == "\x07"
    assert len(terminal.toasts) == 4


def test_what_is_over_does_not_ring() -> None:
    terminal = Terminal(Notify(title=False))
    over = replace(alert(), cleared=WALL, why_cleared="Flink does not list the job any more")
    assert terminal.call(raised(over, change=Change.CLEARED)) == ""
    (toast,) = terminal.toasts
    assert toast.text(120) == "cleared: orders: restart-loop (Flink does not list the job any more)"
    assert toast.severity == "information"


def test_a_summary_is_one_toast() -> None:
    terminal = Terminal(BELL_ONLY)
    many = [alert(f"job-{number}") for number in range(1000)]
    terminal.call(raised(*many))
    (toast,) = terminal.toasts
    assert toast.text(80) == (
        "1000 alerts raised: 1000 critical - job-0: restart-loop, job-1:\n"
        "restart-loop, job-2: restart-loop, job-3: re…  Press ! for alerts."
    )
    assert "and 996 more  Press" in toast.text(200)


def lost(number: int, change: Change = Change.RAISED) -> Call:
    """A call of one cluster of many."""
    one = alert(kind=Kind.CLUSTER_LOST)
    name = f"eu-{number}"
    return raised(replace(one, cluster=f"http://{name}", target=name, job="", job_name=""), change=change)


def test_calls_of_many_clusters_are_two_messages_and_then_one() -> None:
    terminal = Terminal(BELL_ONLY, several=True)
    terminal.call(lost(1), lost(2))
    assert [one.replaces for one in terminal.toasts] == [False, False]
    terminal.now += 1.0
    terminal.call(lost(3))
    whole = terminal.toasts[2]
    assert whole.replaces
    assert whole.kind == terminal.toasts[0].kind
    assert whole.words.startswith("3 alerts raised on 3 clusters: 3 critical - cluster eu-1: cluster-lost, ")
    for number in range(4, 41):
        terminal.now += 0.1
        terminal.call(lost(number))
    assert len(terminal.toasts) == 3, "it stays readable for a while"
    terminal.now += 5.0
    terminal.calling.second()
    assert len(terminal.toasts) == 4
    assert terminal.toasts[3].text(120).startswith("40 alerts raised on 40 clusters: 40 critical - ")
    assert terminal.toasts[3].text(120).endswith("Press ! for alerts.")
    terminal.now += 60.0
    terminal.calling.second()
    terminal.call(lost(41))
    assert len(terminal.toasts) == 5
    assert terminal.toasts[4].words.startswith("critical: cluster eu-41: ")


def test_what_is_over_is_gathered_apart_and_an_alert_counts_once() -> None:
    terminal = Terminal(BELL_ONLY, several=True)
    terminal.call(lost(1), lost(1), lost(2), lost(1, Change.CLEARED))
    raised_ones, cleared = terminal.toasts
    assert raised_ones.words.startswith("2 alerts raised on 2 clusters")
    assert cleared.words == "cleared: cluster eu-1: cluster-lost"
    assert cleared.kind != raised_ones.kind


@pytest.mark.parametrize("width", [30, 60, 80, 120, 200])
@pytest.mark.parametrize("words", [EVIL, "an-unbroken-name " * 20, "x" * 500, "作业" * 60, ""])
def test_a_toast_takes_two_rows_at_the_most(words: str, width: int) -> None:
    terminal = Terminal(BELL_ONLY)
    one = alert()
    terminal.call(raised(replace(one, job_name=words, finding=replace(one.finding, words=words))))
    text = terminal.toasts[0].text(width)
    lines = text.split("\n")
    assert len(lines) <= 2
    assert all(cell_len(line) <= width * 0.9 - 5 for line in lines)
    assert "\x1b" not in text
    assert lines[-1].endswith("Press ! for alerts.") or width < 60


def test_nothing_that_is_off_is_written() -> None:
    terminal = Terminal(Notify(bell=False, desktop="off", title=False))
    assert terminal.call(raised(), view=AlertsView(open=(alert(),))) == ""
    assert len(terminal.toasts) == 1


# -- the title -----------------------------------------------------------------------------------------

TITLE_ONLY = Notify(bell=False, desktop="off")


def test_the_title_says_what_is_open_and_is_restored() -> None:
    terminal = Terminal(TITLE_ONLY)
    one = AlertsView(open=(alert(),))
    two = AlertsView(open=(alert("billing"), alert()))
    assert terminal.call(view=one) == f"{KEEP_TITLE}\x1b]2;flinktop: 1 critical - orders: restart-loop\x07"
    assert terminal.call(view=one) == ""
    assert terminal.call(view=two) == "\x1b]2;flinktop: 2 critical - billing: restart-loop\x07"
    assert terminal.call(view=AlertsView()) == RESTORE_TITLE
    assert terminal.call(view=AlertsView()) == ""


def test_leaving_restores_the_title_once() -> None:
    terminal = Terminal(TITLE_ONLY)
    assert terminal.calling.reset == ""
    terminal.call(view=AlertsView(open=(alert(),)))
    assert terminal.calling.reset == RESTORE_TITLE
    terminal.calling.close()
    assert terminal.written.endswith(RESTORE_TITLE)
    assert terminal.calling.reset == ""
    assert terminal.call(raised(), view=AlertsView(open=(alert(),))) == "", "it is over"


def test_the_title_is_about_what_calls_and_is_not_quiet() -> None:
    listed = replace(alert(), calls=False)
    quiet = [replace(alert(), acknowledged=WALL), replace(alert(), muted=WALL + 60.0)]
    warning = alert("billing", Severity.WARNING, Kind.SKEW)
    assert title([listed, *quiet]) == ""
    assert title([listed, *quiet, warning]) == "flinktop: 1 warning - billing: skew"
    assert title([warning, warning]) == "flinktop: 2 warnings - billing: skew"
    assert title([warning, alert()]) == "flinktop: 1 critical - orders: restart-loop"
    lost = replace(alert("", kind=Kind.CLUSTER_LOST), job="")
    assert title([lost]) == "flinktop: 1 critical - prod: cluster-lost"


# -- foreign text --------------------------------------------------------------------------------------


@pytest.mark.parametrize("desktop", ["osc9", "osc777", "osc99"])
@pytest.mark.parametrize(
    "environ", [{}, {"TMUX": "/tmp/tmux"}, {"STY": "1.pts"}], ids=["alone", "tmux", "screen"]
)
def test_nothing_foreign_ends_a_sequence(desktop: str, environ: dict[str, str]) -> None:
    terminal = Terminal(Notify(desktop=desktop), environ)
    evil = alert(EVIL)
    evil = replace(evil, target=EVIL, finding=replace(evil.finding, words=EVIL * 50))
    written = terminal.call(raised(evil), view=AlertsView(open=(evil,)))
    # A semicolon begins nothing in a title.
    text = TITLE.sub("", written.replace("\x1b\x1b", "\x1b"))
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", TITLE.findall(written)[0])
    for known in (
        r"\x1bPtmux;",
        r"\x1bP",
        r"\x1b\]9;",
        r"\x1b\]777;notify;[^;\x1b\x07]*;",
        r"\x1b\]99;i=flinktop1:d=0:u=2;",
        r"\x1b\]99;i=flinktop1:d=1:p=body;",
        r"\x1b\[22;0t",
        r"\x1b\\",
        r"\x07",
    ):
        text = re.sub(known, "", text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f;]", text), repr(text)
    assert len(written) < 1500


# -- desktop notifications -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"TERM": "xterm-kitty"}, "osc99"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "osc99"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "osc9"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "osc9"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "osc777"),
        ({"TERM": "wezterm"}, "osc777"),
        ({"TERM": "xterm-ghostty"}, "osc777"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, "osc777"),
        ({"TERM": "foot"}, "osc777"),
        ({"TERM": "foot-extra"}, "osc777"),
        ({"TERM": "rxvt-unicode-256color"}, "osc777"),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "230804"}, "osc777"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "osc777"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "3800"}, ""),
        ({"TERM": "xterm-256color", "VTE_VERSION": "x"}, ""),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, ""),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "vscode", "KITTY_WINDOW_ID": "1"}, ""),
        ({"TERM": "alacritty", "WEZTERM_PANE": "0"}, ""),
        ({"TERM": "xterm-256color", "WT_SESSION": "x"}, ""),
        ({"TERM": "xterm"}, ""),
        ({"TERM": "linux"}, ""),
        ({}, ""),
    ],
)
def test_the_sequence_that_a_terminal_knows(environ: dict[str, str], kind: str) -> None:
    assert protocol(environ) == kind


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("iTerm2 3.5.0\txterm-256color\n", "osc9"),
        ("kitty(0.35.2)\txterm-kitty\n", "osc99"),
        ("WezTerm 20240203\txterm-256color\n", "osc777"),
        ("\tfoot\n", "osc777"),
        ("XTerm(390)\txterm-256color\n", "osc99"),
        ("", "osc99"),
    ],
)
def test_in_tmux_the_terminal_around_it_is_meant(answer: str, kind: str) -> None:
    inside = {"TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "KITTY_WINDOW_ID": "1"}
    assert protocol_in_tmux(answer, inside) == kind


def test_the_sequences() -> None:
    def made(kind: str) -> str:
        return notification(kind, "flinktop prod: critical", "orders: a; b", number=7, critical=True)

    assert made("osc9") == "\x1b]9;flinktop prod: critical: orders: a, b\x07"
    assert made("osc777") == "\x1b]777;notify;flinktop prod: critical;orders: a, b\x07"
    assert made("osc99") == (
        "\x1b]99;i=flinktop7:d=0:u=2;flinktop prod: critical\x1b\\"
        "\x1b]99;i=flinktop7:d=1:p=body;orders: a, b\x1b\\"
    )
    assert made("") == ""
    around = passed_through(made("osc777"), {"TMUX": "/tmp/tmux-0/default,1,0"})
    assert around == "\x1bPtmux;\x1b\x1b]777;notify;flinktop prod: critical;orders: a, b\x07\x1b\\"
    screen = passed_through(made("osc99"), {"STY": "1.pts-0.host"})
    assert screen == (
        "\x1bP\x1b]99;i=flinktop7:d=0:u=2;flinktop prod: critical\x07\x1b\\"
        "\x1bP\x1b]99;i=flinktop7:d=1:p=body;orders: a, b\x07\x1b\\"
    )
    assert passed_through("", {"TMUX": "x"}) == ""


def test_calls_of_one_batch_are_one_notification() -> None:
    terminal = Terminal(Notify(bell=False, title=False, desktop="osc777"))
    written = terminal.call(raised(alert("a")), raised(alert("b")), raised(alert("c"), change=Change.CLEARED))
    assert written == (
        "\x1b]777;notify;flinktop prod: 2 alerts;a: restart-loop: 3 failures, b: restart-loop: 3 failures\x07"
    )


def test_auto_asks_tmux_and_does_not_wait_for_it() -> None:
    asked, answer = threading.Event(), threading.Event()

    def slow() -> str:
        asked.set()
        assert answer.wait(20.0)
        return "iTerm2 3.5.0\txterm-256color\n"

    terminal = Terminal(Notify(bell=False, title=False), {"TMUX": "x", "TERM": "screen"}, slow)
    assert terminal.call(raised()) == ""
    assert asked.wait(20.0)
    answer.set()
    pace, deadline = threading.Event(), time.monotonic() + 20.0
    while not terminal.written:
        assert time.monotonic() < deadline
        pace.wait(0.005)
    assert (
        terminal.written
        == "\x1bPtmux;\x1b\x1b]9;flinktop prod: critical: orders: restart-loop: 3 failures\x07\x1b\\"
    )


COMES_AND_GOES = "(flapping: it does not call again until it was quiet for 10 minutes)"


@pytest.mark.parametrize(
    ("call", "heading", "words"),
    [
        (raised(), "critical", "orders: restart-loop: 3 failures"),
        (raised(change=Change.ESCALATED), "worse now", "orders: restart-loop: 3 failures"),
        (
            raised(replace(alert(), flapping=True)),
            "critical",
            f"orders: restart-loop: 3 failures {COMES_AND_GOES}",
        ),
        (
            raised(replace(alert("", kind=Kind.CLUSTER_LOST), job="")),
            "critical",
            "cluster prod: cluster-lost: 3 failures",
        ),
        (
            raised(alert(), alert("b"), change=Change.CLEARED),
            "2 alerts cleared",
            "orders: restart-loop, b: restart-loop",
        ),
        (
            raised(alert(), alert("b", Severity.WARNING)),
            "2 alerts raised",
            "1 critical - orders: restart-loop, b: restart-loop",
        ),
    ],
)
def test_what_is_said_of_a_call(call: Call, heading: str, words: str) -> None:
    assert spoken(call) == (heading, words)


# -- the app -------------------------------------------------------------------------------------------


@pytest.mark.deep
@pytest.mark.parametrize(
    "ascii_only", [pytest.param(False, id="unicode"), pytest.param(True, id="ascii", marks=pytest.mark.deep)]
)
async def test_the_app_calls_in_its_terminal(*, ascii_only: bool) -> None:
    written: list[str] = []
    # The kind that is set, whatever terminal the tests run in.
    notify = Notify(desktop="osc777")
    async with monitor(
        demo="restart-loop", written=written.append, notify=notify, ascii_only=ascii_only
    ) as day:
        await day.wait(40)
        text = "".join(written)
        assert text.count("\x07\x1b]777;notify;flinktop test-cluster: 2 alerts raised;2 critical - ") == 1
        assert TITLE.findall(text)[-1].startswith("flinktop: 2 critical - ")
        assert "Press ! for alerts." in day.text
        for one in day.port.alerts.open:
            day.port.acknowledge(one.key)
        await day.wait(3)
        assert RESTORE_TITLE in written
        before = len(written)
        await day.wait(60)
        assert "\x07" not in "".join(written[before:])


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.deep)])
async def test_a_call_covers_two_rows_at_the_most(size: tuple[int, int]) -> None:
    async with monitor(demo="mixed", size=size, notify=Notify(desktop="off")) as day:
        await day.wait(40)
        (toast,) = day.app.screen.query(ShownToast)
        assert toast.size.height <= 2
        assert "Press ! for alerts." in day.text


def shown(day: Day) -> list[str]:
    """The messages on the screen, from top to bottom."""
    return [str(toast.render()) for toast in day.app.screen.query(ShownToast)]


async def test_a_few_messages_are_shown_the_worst_and_the_newest() -> None:
    async with monitor() as day:
        day.app.notify("first error", severity="error")
        day.app.notify("first remark")
        day.app.notify("first warning", severity="warning")
        day.app.notify("second remark")
        await day.settled()
        assert shown(day) == ["first error", "first warning", "second remark"]
        show_toast(day.app, Toast("2 alerts", "error", 20.0, kind="raised"))
        await day.settled()
        show_toast(day.app, Toast("3 alerts", "error", 20.0, kind="raised", replaces=True))
        await day.settled()
        assert shown(day) == ["first error", "first warning", "3 alerts"]
        assert len(day.app.screen.query(ToastHolder)) == MOST_SHOWN


@pytest.mark.deep
async def test_the_title_is_restored_when_the_app_ends() -> None:
    written: list[str] = []
    async with monitor(demo="restart-loop", written=written.append, notify=Notify(desktop="off")) as day:
        await day.wait(40)
        assert day.app.terminal_reset == RESTORE_TITLE
        day.app.exit(0)
        assert written[-1] == RESTORE_TITLE
        assert day.app.terminal_reset == ""


@pytest.mark.deep
async def test_an_app_that_does_not_ring_writes_nothing() -> None:
    written: list[str] = []
    async with monitor(demo="restart-loop", written=written.append) as day:
        await day.wait(40)
        assert day.port.alerts.open
        assert day.port.alerts.calls == ()
        assert "Press !" not in day.text
