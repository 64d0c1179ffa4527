"""A job's checkpoints and savepoints, newest first, those that Flink has dropped too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on

from flinktop.facts.checkpoints import ONCE, ListedCheckpoint, listed_checkpoint
from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.panels.checkpoint_lines import why_empty
from flinktop.ui.panels.checkpoint_overview import full_size
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.widgets.columns import Stripes
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.table import Cell, Column, LiveTable
from flinktop.ui.widgets.table_messages import VisibleChanged

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.checkpoints import Checkpoint
    from flinktop.ui.widgets.one_by_one import MadeRows

GONE, SHORTLY = "dropped by Flink", "dropped by Flink"
ROOM_FOR_WORDS = 48
"""Cells from which on it is told in whole words that one is no longer told of."""
UNSEEN = "▲ UNKNOWN"
"""The state of one that was in progress when it was told last."""


def history_rows(port: Port, job: str, offset: float | None) -> MadeRows[ListedCheckpoint]:
    """Those in progress first, then newest first."""
    now = port.known_time()
    rows = one_by_one(
        port.checkpoints(job),
        lambda seen: listed_checkpoint(seen, now, offset),
        key=lambda seen: str(seen.checkpoint.id),
    )
    rows.sort(key=lambda row: not row.under_way)
    return rows


def in_flight(processed: float | None, persisted: float | None) -> str:
    """Bytes in flight that were processed and persisted during the alignment; "–" before 1.12."""  # noqa: RUF002 -- ABSENT
    if processed is None and persisted is None:
        return fmt.ABSENT
    return "/".join(fmt.size(part) if part is not None else fmt.ABSENT for part in (processed, persisted))


def _text(text: str, tone: str = "") -> Cell:
    return text, "muted" if text in (fmt.ABSENT, fmt.UNKNOWN) else tone


def _state(row: ListedCheckpoint) -> Cell:
    if row.gone and judge.is_under_way(row.checkpoint):
        return UNSEEN, "warn"
    return judge.state(row.checkpoint.status), judge.tone(row.checkpoint.status)


def _acknowledged(row: ListedCheckpoint) -> Cell:
    one = row.checkpoint
    tone = "" if not one.missing else "info" if row.under_way else "bad"
    return fmt.part(one.num_acknowledged_subtasks, one.num_subtasks), tone


def _files(row: ListedCheckpoint) -> Cell:
    if row.checkpoint.status != judge.COMPLETED:
        return fmt.ABSENT, "muted"
    return ("discarded", "muted") if row.checkpoint.discarded else ("kept", "")


def _note_parts(row: ListedCheckpoint) -> list[Cell]:
    """Why it failed or where it lies, and that Flink has dropped it."""
    one = row.checkpoint
    parts: list[Cell] = [(GONE, "stale")] if row.gone else []
    if one.status == judge.FAILED:
        parts.append((one.failure_message or "Flink gave no reason", "bad"))
    elif one.external_path:
        parts.append((one.external_path, "muted"))
    return parts


def _note(row: ListedCheckpoint) -> Cell:
    return "  ".join(text for text, _ in _note_parts(row)), ""


def _painted_note(row: ListedCheckpoint, width: int, *, ascii_only: bool) -> Stripes:
    """The note in its column; of a path the end is shown, which tells checkpoints apart."""
    runs: list[Cell] = []
    room = width
    for said, tone in _note_parts(row):
        text = SHORTLY if said == GONE and width < ROOM_FOR_WORDS else said
        if runs:
            runs.append(("  ", ""))
            room -= 2
        is_path = text == row.checkpoint.external_path
        shown = judge.tail(text, max(room, 0), mark="~" if ascii_only else "…") if is_path else text
        runs.append((shown, tone))
        room -= len(shown)
    return Stripes(tuple(runs))


def columns(*, ascii_only: bool) -> list[Column[ListedCheckpoint]]:
    """The columns; what tells one checkpoint from another, how it went and how long it took stay longest."""

    def number(key: str, title: str, width: int, drop: int) -> Column[ListedCheckpoint]:
        return Column(
            key,
            title,
            width,
            lambda row: _text(
                fmt.size(row.checkpoint.written) if key == "written" else full_size(row.checkpoint)
            ),
            sort=lambda row: getattr(row.checkpoint, "written" if key == "written" else "full_size"),
            align="right",
            descending=True,
            drop=drop,
        )

    found: list[Column[ListedCheckpoint]] = [
        Column(
            "id",
            "ID",
            6,
            lambda row: (str(row.checkpoint.id), "strong"),
            sort=lambda row: row.checkpoint.id,
            align="right",
            descending=True,
        ),
        Column("state", "STATE", 13, _state, sort=lambda row: row.checkpoint.status),
        Column("type", "TYPE", 10, lambda row: (judge.kind(row.checkpoint), ""), sort=_kind, drop=3),
        Column(
            "triggered",
            "TRIGGERED",
            11,
            lambda row: (row.triggered, ""),
            sort=lambda row: row.checkpoint.trigger_timestamp,
            align="right",
            descending=True,
            drop=4,
        ),
        Column("age", "AGE", 5, lambda row: (row.age, "muted"), align="right", drop=6),
        Column("acknowledged", "ACKED", 9, _acknowledged, sort=_missing, align="right", drop=5),
        Column(
            "duration",
            "DURATION",
            8,
            lambda row: _text(row.took, "info" if row.under_way else ""),
            sort=lambda row: row.checkpoint.duration,
            align="right",
            descending=True,
            drop=1,
        ),
        number("written", "WRITTEN", 7, 2),
        number("full", "FULL", 6, 7),
        Column(
            "in-flight",
            "IN FLIGHT",
            13,
            lambda row: _text(in_flight(row.checkpoint.processed_data, row.checkpoint.persisted_data)),
            sort=lambda row: row.checkpoint.processed_data,
            align="right",
            descending=True,
            drop=9,
        ),
        Column("files", "FILES", 9, _files, drop=8),
        Column(
            "name",
            "PATH OR REASON",
            16,
            _note,
            flex=True,
            stripes=lambda row, width: _painted_note(row, width, ascii_only=ascii_only),
        ),
    ]
    return found


def _kind(row: ListedCheckpoint) -> str:
    return judge.kind(row.checkpoint)


def _missing(row: ListedCheckpoint) -> int | None:
    return -row.checkpoint.missing if row.checkpoint.missing is not None else None


class CheckpointHistory(Panel):
    """Every checkpoint seen of one job; the details of failed ones on the screen are fetched once."""

    BOX = "History"
    DEFAULT_CSS = "CheckpointHistory { height: 1fr; } CheckpointHistory LiveTable { height: 1fr; }"

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._visible: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """One table."""
        ascii_only = self.app.settings.ascii
        yield LiveTable(
            columns(ascii_only=ascii_only),
            row_key=lambda row: str(row.checkpoint.id),
            dim=lambda row: row.gone,
            ascii=ascii_only,
            id="checkpoints",
        )

    def on_mount(self) -> None:
        """Watch the history."""
        self.watch_query("checkpoints", CHECKPOINTS(job=self._job), self._show_history)
        self.watch_query("job", JOB(job=self._job), self._show_history)
        super().on_mount()

    @property
    def table(self) -> LiveTable[ListedCheckpoint]:
        """The table itself."""
        return self.query_one(LiveTable)

    def tick(self) -> None:
        """Ages move on."""
        rows = history_rows(self.port, self._job, zone_offset(self))
        nothing = why_empty(self.port, self._job, "loading checkpoints…", "no checkpoint yet")
        self.table.set_empty(nothing)
        if rows or not self.table.shown_keys():
            # A job that Flink has long forgotten keeps its last picture.
            self.table.set_rows(rows)
        self._follow()

    def _show_history(self, _reading: Reading[Any]) -> None:
        self.tick()

    @on(VisibleChanged)
    def _scrolled(self, event: VisibleChanged) -> None:
        self._visible = event.keys
        self._follow()

    def _follow(self) -> None:
        """Fetch the details of the failed ones on the screen, one after the other, each once.

        Flink drops them with its history of ten; who did not acknowledge is then known no more.
        """
        wanted = next((key for key in self._visible if self._lacks_details(key)), None)
        query = CHECKPOINT(job=self._job, checkpoint=wanted) if wanted is not None else None
        if query is None:
            self.drop_query("failed")
        else:
            self.watch_query("failed", query, self._told, every=ONCE)

    def _lacks_details(self, key: str) -> bool:
        seen = next((one for one in self.port.checkpoints(self._job) if str(one.checkpoint.id) == key), None)
        if seen is None or seen.gone or seen.checkpoint.status != judge.FAILED or seen.checkpoint.tasks:
            return False
        asked = self.port.reading(CHECKPOINT(job=self._job, checkpoint=key))
        return asked is None or (asked.value is None and asked.error is None)

    def _told(self, _reading: Reading[Checkpoint]) -> None:
        self._follow()
