"""The menu that mutes an alert, its job or its kind for a while, and ends what is muted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual import on
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from flinktop.facts.alerts import job_words, mute_words
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.ui.dialog import Dialog
from flinktop.ui.panels.columns import text
from flinktop.ui.widgets.celltext import clip
from flinktop.ui.widgets.table import LiveTable

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from flinktop.engine.alerts.alert import Alert, AlertKey

TIMES = (15 * 60.0, 3600.0, 24 * 3600.0, math.inf)
"""For how long alerts are muted (s)."""
UNTIL_CLEARED = "until it clears"
CHROME = 4  # lines of the box besides the rows: border, name, header


class _Row(Struct, frozen=True):
    """Something that the menu does."""

    key: str
    what: str
    time: str
    of: tuple[str, str, str]
    seconds: float | None = None  # None: unmute


class MuteScreen(Dialog[None]):
    """Chooses what is muted and for how long. Nothing of it changes the cluster."""

    DEFAULT_CSS = """
    MuteScreen > .dialog { padding: 0; overflow-y: hidden; }
    MuteScreen #on { height: 1; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,x", "leave", "back", show=False)]

    def __init__(self, alert: Alert | None) -> None:
        super().__init__()
        self._alert = alert

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Mute"
            yield Static(id="on", markup=False)
            yield LiveTable(
                (
                    text("what", "ALERTS", 24, lambda row: row.what, flex=True),
                    text("time", "TIME", 24, lambda row: row.time, tone="strong"),
                ),
                row_key=lambda row: row.key,
                ascii=self.app.settings.ascii,
                empty="Nothing is muted, and no alert is selected.",
            )

    @property
    def table(self) -> LiveTable[_Row]:
        return self.query_one(LiveTable)

    def renew(self) -> None:
        alert = self._alert
        # Opened in the list of the alerts of all clusters, which may have jobs of one name.
        where = "" if self.app.is_open else f" on {clean(self.profile.name)}"
        words = f"{job_words(alert)}{where}: {clean(alert.finding.words)}" if alert is not None else ""
        self.query_one("#on", Static).update(clip(words, self.words_width))
        rows = self._rows()
        self.table.set_rows(rows)
        self.table.styles.height = 1 + max(1, min(len(rows), self.app.size.height - CHROME))

    def _rows(self) -> list[_Row]:
        """First what ends a mute, then what begins one."""
        wall = self.port.clock.wall()
        rows = [
            _Row(f"unmute {mute.key}", f"unmute {mute_words(mute)}", _left(mute.until - wall), mute.key)
            for mute in self.port.alerts.mutes
            if mute.until > wall
        ]
        if self._alert is None or not self._alert.is_open:
            scopes = self._wide(self._alert) if self._alert is not None else []
        else:
            scopes = [("this alert", self._alert.key), *self._wide(self._alert)]
        for what, key in scopes:
            for seconds in TIMES:
                time = UNTIL_CLEARED if math.isinf(seconds) else f"for {fmt.span(seconds)}"
                rows.append(_Row(f"mute {key} {seconds}", f"mute {what}", time, key, seconds))
        return rows

    @staticmethod
    def _wide(alert: Alert) -> list[tuple[str, AlertKey]]:
        """Its whole job, and its kind on the cluster."""
        found = [(f"all {alert.finding.kind} alerts of the cluster", alert.kind_key)]
        if alert.job_key != alert.key:
            found.insert(0, (f"all alerts of {job_words(alert)}", alert.job_key))
        return found

    @on(LiveTable.Opened)
    def _chosen(self, event: LiveTable.Opened) -> None:
        event.stop()
        row = self.table.cursor_row
        if row is None:
            return
        if row.seconds is None:
            self.port.unmute(row.of)
            self.app.notify(f"{row.what[:1].upper()}{row.what[1:]}: done.", markup=False)
        else:
            self.port.mute(row.of, row.seconds)
            self.app.notify(f"Muted {row.what.removeprefix('mute ')} {row.time}.", markup=False)
        self.dismiss(None)


def _left(seconds: float) -> str:
    return f"muted {UNTIL_CLEARED}" if math.isinf(seconds) else f"muted for {fmt.span(seconds)} more"
