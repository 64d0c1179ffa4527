"""How flinktop calls in its terminal: bell, notification on the desktop, the window's title, and toasts.

Everything is written by Textual's writer between two frames, so that nothing interleaves.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct
from msgspec.structs import replace
from rich.cells import cell_len

from flinktop.engine.alerts.alert import Call, Change
from flinktop.flink.secrets import environment
from flinktop.flink.text import clean
from flinktop.judgement.finding import Severity
from flinktop.ui.desktop_notification import (
    TMUX_ASKS,
    notification,
    passed_through,
    protocol,
    protocol_in_tmux,
)
from flinktop.ui.gathered_calls import GatheredCalls
from flinktop.ui.widgets.celltext import clip, safe, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flinktop.alert_rules import Notify
    from flinktop.engine.alerts.alert import Alert, AlertsView

BELL_SECONDS: Final = 10.0
"""Between two bells at least."""
TOAST_LINES: Final = 2
TOAST_SHARE: Final = 0.9
TOAST_EDGE: Final = 6
"""Most lines of a toast, the share of the columns that it may take, and how many of these its frame takes."""
MOST_WORDS: Final = 300
MOST_TITLE: Final = 120
TMUX_SECONDS: Final = 2.0
KEEP_TITLE: Final = "\x1b[22;0t"
RESTORE_TITLE: Final = "\x1b]2;\x07\x1b[23;0t"
"""Empties the title first: a terminal that can't restore it would keep ours."""
_BELL: Final = "\x07"


class Toast(Struct, frozen=True):
    """A message on the screen, over rows of it."""

    words: str  # includes foreign text
    severity: Literal["information", "warning", "error"]
    seconds: float
    hint: str = ""  # what to do about it
    kind: str = ""
    replaces: bool = False  # all messages of its kind that are on the screen

    def text(self, width: int) -> str:
        """The message on a terminal of `width` columns: in one line, else in two, which end with the hint."""
        room = int(width * TOAST_SHARE) - TOAST_EDGE
        hint = f"  {self.hint}" if self.hint else ""
        lines = wrap(self.words, room, TOAST_LINES + 1)
        if len(lines) <= TOAST_LINES and cell_len(lines[-1] + hint) <= room:
            return "\n".join(lines) + hint
        if len(lines) < TOAST_LINES:
            return f"{lines[0]}\n{hint.lstrip()}"
        if len(hint) > room // 2:
            return "\n".join(lines[:TOAST_LINES])
        rest = " ".join(safe(self.words).split()[len(lines[0].split()) :])
        return f"{lines[0]}\n{clip(rest, room - len(hint))}{hint}"


class Calling:
    """Calls in the terminal. Used by one thread, but for `write`, which another one may call as well."""

    def __init__(
        self,
        notify: Notify,
        *,
        write: Callable[[str], object],
        toast: Callable[[Toast], object],
        now: Callable[[], float],
        environ: Mapping[str, str],
        ask_tmux: Callable[[], str] | None = None,
        several: bool = False,
        lists: Callable[[Call], bool] = lambda _call: True,
    ) -> None:
        """`write` writes to the terminal, `toast` shows a message, `now` is a clock that never jumps (s).

        With `several` clusters each call says its own. `lists` says whether the alerts of a call are in the
        list that a key leads to from here.
        """
        self._lists = lists
        self._several = several
        self._gathered = GatheredCalls()
        self._notify = notify
        self._write = write
        self._toast = toast
        self._now = now
        self._environ = environ
        self._ask_tmux = ask_tmux or _asked_tmux
        self._rang: float | None = None
        self._number = 0
        self._title = ""  # as it was written; "" for none
        self._paused = ""  # what it was before a pause
        self._closed = False

    def news(self, view: AlertsView, calls: Iterable[Call]) -> None:
        """Show the alerts, and call about those that were not called about yet."""
        if self._closed:
            return
        self._write_title(title(view.open, several=self._several) if self._notify.title else "")
        self._gathered.add(calls, self._now())
        self.second()

    def second(self) -> None:
        """Call about what was gathered; to be called every second."""
        if self._closed:
            return
        due = self._gathered.due(self._now())
        for one in due:
            toast = toast_of(one.call, several=self._several, listed=self._lists(one.call))
            self._toast(replace(toast, replaces=one.replaces))
        urgent = [one.new for one in due if one.new.change in (Change.RAISED, Change.ESCALATED)]
        if not urgent:
            return
        self._ring()
        if self._notify.desktop != "off":
            self._show_on_desktop(urgent)

    def close(self) -> None:
        """Restore the title; nothing is written after that."""
        self._write_title("")
        self._closed = True

    def pause(self) -> None:
        """Restore the title before somebody else gets the terminal for a time."""
        self._paused = self._title
        self._write_title("")

    def resume(self) -> None:
        """Take the title again after `pause`."""
        self._write_title(self._paused)

    @property
    def reset(self) -> str:
        """What restores the terminal if `close` can't be called any more."""
        return RESTORE_TITLE if self._title else ""

    def _ring(self) -> None:
        now = self._now()
        if self._notify.bell and (self._rang is None or now - self._rang >= BELL_SECONDS):
            self._rang = now
            self._write(_BELL)

    def _write_title(self, text: str) -> None:
        if text == self._title:
            return
        if not text:
            self._write(RESTORE_TITLE)
        else:
            self._write(f"{'' if self._title else KEEP_TITLE}\x1b]2;{text}\x07")
        self._title = text

    def _show_on_desktop(self, calls: list[Call]) -> None:
        self._number += 1
        heading, body = _together(calls, several=self._several)
        critical = any(call.alerts[0].severity is Severity.CRITICAL for call in calls)

        def send(kind: str) -> None:
            sequence = notification(kind, heading, body, number=self._number, critical=critical)
            if sequence and not self._closed:
                self._write(passed_through(sequence, self._environ))

        if self._notify.desktop != "auto":
            send(self._notify.desktop)
        elif not self._environ.get("TMUX"):
            send(protocol(self._environ))
        else:
            # tmux may hang, and the screen must not.
            threading.Thread(
                target=lambda: send(self._kind_in_tmux()), name="flinktop-tmux", daemon=True
            ).start()

    def _kind_in_tmux(self) -> str:
        return protocol_in_tmux(self._ask_tmux(), self._environ)


def _together(calls: list[Call], *, several: bool = False) -> tuple[str, str]:
    """Heading and sentence of one notification about calls: desktops show one at a time."""
    targets = {clean(one.target) for call in calls for one in call.alerts}
    here = f"flinktop {min(targets)}" if len(targets) == 1 else f"flinktop {len(targets)} clusters"
    words = [spoken(call, several=several and len(targets) > 1) for call in calls]
    if len(words) == 1:
        return f"{here}: {words[0][0]}", words[0][1]
    count = sum(len(call.alerts) for call in calls)
    return f"{here}: {count} alerts", _cut(", ".join(one for _, one in words))


def title(alerts: Iterable[Alert], *, several: bool = False) -> str:
    """The window's title while alerts call that nobody has acknowledged or muted; "" for the usual one.

    It names the cluster where there are `several`.
    """
    loud = [one for one in alerts if one.calls and one.acknowledged is None and one.muted is None]
    if not loud:
        return ""
    worst = min(loud, key=lambda one: one.severity.rank)
    same = sum(one.severity is worst.severity for one in loud)
    what = "critical" if worst.severity is Severity.CRITICAL else "warning" if same == 1 else "warnings"
    whose = _job_and_cluster(worst) if several else clean(worst.job_name) or clean(worst.target)
    text = f"flinktop: {same} {what} - {whose}: {worst.finding.kind}"
    return text if len(text) <= MOST_TITLE else f"{text[: MOST_TITLE - 1]}…"


def toast_of(call: Call, *, several: bool = False, listed: bool = True) -> Toast:
    """The message on the screen about a call; `listed`: a key leads to its alerts from here."""
    worst = call.alerts[0]
    heading, words = spoken(call, several=several)
    whole = f"{heading}: {words}"
    if call.change is Change.CLEARED:
        return Toast(whole, "information", 8.0, kind=call.change)
    severity: Literal["warning", "error"] = "error" if worst.severity is Severity.CRITICAL else "warning"
    return Toast(whole, severity, 20.0, "Press ! for alerts." if listed else "", kind=call.change)


def spoken(call: Call, *, several: bool = False) -> tuple[str, str]:
    """What is said about a call: a heading, and a sentence; with its cluster where there are `several`."""
    worst = call.alerts[0]
    target = clean(worst.target)
    if len(call.alerts) > 1:
        critical = sum(one.severity is Severity.CRITICAL for one in call.alerts)
        verb = {Change.CLEARED: "cleared", Change.ESCALATED: "are worse now"}.get(call.change, "raised")
        clusters = len({one.target for one in call.alerts})
        where = f" on {clusters} clusters" if several and clusters > 1 else ""
        heading = f"{len(call.alerts)} alerts {verb}{where}"
        count = f"{critical} critical - " if critical and call.change is not Change.CLEARED else ""
        return heading, _cut(f"{count}{_jobs(call.alerts, several=several)}")
    whose = clean(worst.job_name) or f"cluster {target}"
    if several:
        whose = _job_and_cluster(worst)
    if call.change is Change.CLEARED:
        why = f" ({worst.why_cleared})" if worst.why_cleared else ""
        return "cleared", _cut(f"{whose}: {worst.finding.kind}{why}")
    what = "worse now" if call.change is Change.ESCALATED else str(worst.severity)
    flapping = (
        " (flapping: it does not call again until it was quiet for 10 minutes)" if worst.flapping else ""
    )
    return what, _cut(f"{whose}: {clean(worst.finding.words)}{flapping}")


def _job_and_cluster(alert: Alert) -> str:
    job, target = clean(alert.job_name), clean(alert.target)
    return f"{job} on {target}" if job else f"cluster {target}"


def _jobs(alerts: Iterable[Alert], *, several: bool = False) -> str:
    """The first of many alerts, and how many more there are."""
    found = [
        f"{_job_and_cluster(one) if several else clean(one.job_name) or 'cluster'}: {one.finding.kind}"
        for one in alerts
    ]
    few, more = found[:4], len(found) - 4
    return ", ".join(few) + (f" and {more} more" if more > 0 else "")


def _cut(text: str) -> str:
    return text if len(text) <= MOST_WORDS else f"{text[: MOST_WORDS - 1]}…"


def _asked_tmux() -> str:
    tmux = shutil.which("tmux")
    if tmux is None:
        return ""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            [tmux, *TMUX_ASKS],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment(),
            timeout=TMUX_SECONDS,
            check=False,
        )
        return done.stdout.decode(errors="replace")
    return ""
