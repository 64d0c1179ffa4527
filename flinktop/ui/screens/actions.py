"""The menu of actions on the selected thing: each act with what it does, or why it is off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from rich.cells import cell_len
from textual import on
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from flinktop.engine.acts.cluster_acts import CancelApplication, DeleteDataset, Dispose, Shutdown
from flinktop.engine.acts.form import Line
from flinktop.engine.acts.jar_files import DeleteJar, UploadJar
from flinktop.engine.acts.job_acts import Cancel, Checkpoint, Savepoint, SavepointAndCancel, Stop
from flinktop.engine.acts.rescale import Rescale
from flinktop.engine.acts.run_jar import PlanJar, RunAgain, RunJar
from flinktop.engine.acts.target import target_queries
from flinktop.facts.restore import rerun
from flinktop.flink.jars import RunOptions
from flinktop.ui.dialog import Dialog, lines_content
from flinktop.ui.places import ConfirmPlace, Place, PlanPreviewPlace, RescalePlace, RunJarPlace, UploadPlace
from flinktop.ui.widgets.celltext import clip
from flinktop.ui.widgets.columns import Cell, Column
from flinktop.ui.widgets.table import LiveTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.content import Content

    from flinktop.engine.acts.act import Request
    from flinktop.engine.host import Port
    from flinktop.flink.checkpoints import Checkpoint as CheckpointAnswer
    from flinktop.flink.endpoint import Query
    from flinktop.ui.live_app import LiveApp

CHROME = 5  # lines of the box besides the rows and the text below them: border, name, header, blank line
LEAST_EXPLAINED = 4
SIMULATED = "demo: actions disabled"


@dataclass(frozen=True, slots=True)
class Look:
    """What a row of the menu says now."""

    reason: str | None  # why it is not possible; None when it is
    summary: str
    lines: tuple[Line, ...]  # what it does, or why it is not possible now


class Entry(Protocol):
    """A row of the menu."""

    @property
    def on(self) -> str: ...  # the name of its target; foreign text
    @property
    def title(self) -> str: ...
    @property
    def key(self) -> str: ...  # that does the same; "" for none
    @property
    def job_id(self) -> str | None: ...
    @property
    def address(self) -> str | None: ...  # of a link
    def look(self, app: LiveApp) -> Look: ...
    def open(self, app: LiveApp) -> None: ...


@dataclass(frozen=True, slots=True)
class Action:
    """One row of a menu: an act on one thing; rows never change."""

    port: Port
    on: str  # the name of its target; foreign text
    title: str
    now: Callable[[], Request]  # the act as it would be requested now
    place: Callable[[Any], Place]  # the dialog for it

    @property
    def reason(self) -> str | None:
        """Why it can't be done now; None when it can."""
        act = self.now()
        return act.unavailable(self.port.target(act.job_id))

    @property
    def summary(self) -> str:
        """What it does, in a few words."""
        act = self.now()
        return act.summary(self.port.target(act.job_id))

    @property
    def key(self) -> str:
        return ""

    @property
    def address(self) -> None:
        return None

    @property
    def job_id(self) -> str | None:
        return self.now().job_id

    def look(self, app: LiveApp) -> Look:
        """What it does, or why it is not possible now."""
        act = self.now()
        target = self.port.target(act.job_id)
        reason = SIMULATED if app.profile.demo else act.unavailable(target)
        lines = (Line("not now", reason, "warn"),) if reason is not None else act.explanation(target)
        return Look(reason, act.summary(target), lines)

    def open(self, app: LiveApp) -> None:
        """Open its dialog, or show why it is not possible now; nothing is sent."""
        if (reason := self.reason) is not None:
            app.notify(f"{self.title}: {reason}", markup=False, severity="warning")
        else:
            app.go(self.place(self.now()))


def _action(port: Port, on: str, act: Request, place: Callable[[Any], Place] = ConfirmPlace) -> Action:
    return Action(port, on, act.title, lambda: act, place)


def on_job(port: Port, job: str, name: str = "") -> tuple[Action, ...]:
    """The actions on a job: the most wanted first, cancelling last."""
    known = port.target(job).job
    name = name or (known.name if known is not None else "")
    on = f"job {name or job}"
    saving = (Stop(job, name), Savepoint(job, name), SavepointAndCancel(job, name), Checkpoint(job, name))
    return (
        *(_action(port, on, act) for act in saving),
        _action(port, on, Rescale(job, name), lambda _: RescalePlace(job, name)),
        _run_again(port, job, on),
        _action(port, on, Cancel(job, name)),
    )


def _run_again(port: Port, job: str, on: str, path: str | None = None) -> Action:
    now = partial(rerun, port, job, path)
    return Action(port, on, now().title, now, again_place)


def again_place(act: RunAgain) -> RunJarPlace:
    """The form for running a job again, filled in."""
    return RunJarPlace(act.jar, act.options, act.name, act.of)


def on_savepoint(port: Port, path: str, job: str = "") -> tuple[Action, ...]:
    """The actions on a savepoint; of this job if that is known."""
    on = f"savepoint {path}"
    again = (_run_again(port, job, on, path),) if job else ()
    return (*again, _action(port, on, Dispose(path)))


def on_checkpoint(port: Port, job: str, checkpoint: CheckpointAnswer) -> tuple[Action, ...]:
    """The actions on a checkpoint in a job's history, while it is there; savepoints can be deleted."""
    path = checkpoint.external_path
    if checkpoint.status != "COMPLETED" or checkpoint.discarded or not path:
        return ()
    if checkpoint.is_savepoint:
        return on_savepoint(port, path, job)
    return (_run_again(port, job, f"checkpoint {path}", path),)


def on_jar(port: Port, jar: str, name: str) -> tuple[Action, ...]:
    """The actions on a jar that is stored on the JobManager."""
    on = f"jar {name or jar}"
    return (
        _action(port, on, RunJar(jar, name), lambda _: RunJarPlace(jar, name=name)),
        _action(port, on, PlanJar(jar), lambda _: PlanPreviewPlace(jar, name, RunOptions())),
        _action(port, on, UploadJar(""), lambda _: UploadPlace()),
        _action(port, on, DeleteJar(jar, name)),
    )


def on_application(port: Port, application: str, name: str, status: str) -> tuple[Action, ...]:
    """The actions on an application (2.3+)."""
    on = f"application {name or application}"
    return (_action(port, on, CancelApplication(application, name, status)),)


def on_dataset(port: Port, dataset: str) -> tuple[Action, ...]:
    """The actions on an intermediate result that programs share (1.11+)."""
    return (_action(port, f"dataset {dataset}", DeleteDataset(dataset)),)


def on_cluster(port: Port) -> tuple[Action, ...]:
    """The actions on the whole cluster."""
    cluster = port.target().cluster
    on = f"cluster {cluster}"
    return (
        _action(port, on, UploadJar(""), lambda _: UploadPlace()),
        _action(port, on, RunJar(""), lambda _: RunJarPlace()),
        _action(port, on, Shutdown(cluster)),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    action: Entry
    look: Look


class ActionsScreen(Dialog[None]):
    """Chooses an action. Enter opens the dialog of the selected act; no letter does anything."""

    DEFAULT_CSS = """
    ActionsScreen > .dialog { padding: 0; }
    ActionsScreen #on { height: 1; padding: 0 1; }
    ActionsScreen #explained { height: auto; padding: 0 1; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,a", "leave", "back", show=False),
        Binding("y", "copy", "copy the address", show=False),
    ]

    def __init__(self, actions: tuple[Entry, ...]) -> None:
        super().__init__()
        self._actions = actions

    def watched(self) -> Iterable[Query[Any]]:
        jobs = dict.fromkeys(action.job_id for action in self._actions)
        return [query for job in jobs for query in target_queries(job)]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Actions"
            yield Static(id="on", markup=False)
            titles = max(cell_len(action.title) for action in self._actions)
            keys = max(cell_len(action.key) for action in self._actions)
            own = (Column("key", "KEY", max(keys, 3), _key),) if keys else ()
            yield LiveTable(
                (
                    Column("label", "ACTION", titles, _title),
                    *own,
                    Column("words", "EFFECT", 16, _summary, flex=True),
                ),
                row_key=lambda row: row.action.title,
                dim=lambda row: row.look.reason is not None,
                ascii=self.app.settings.ascii,
            )
            yield Static(id="explained", markup=False)

    @property
    def table(self) -> LiveTable[_Row]:
        return self.query_one(LiveTable)

    def renew(self) -> None:
        if not self.query("#explained"):
            return
        self.query_one("#on", Static).update(clip(self._actions[0].on, self.words_width))
        rows = [self._row(action) for action in self._actions]
        self.table.set_rows(rows)
        height = self.app.size.height - CHROME
        # As many lines as the longest of them: nothing moves when another row is selected.
        longest = max(self._explained(row).plain.count("\n") + 1 for row in rows)
        below = min(max(longest, LEAST_EXPLAINED), max(height - len(rows), LEAST_EXPLAINED))
        self.query_one("#explained").styles.height = below
        self.table.styles.height = 1 + max(1, min(len(self._actions), height - below))
        self._explain()

    @on(LiveTable.Moved)
    def _explain(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            self.query_one("#explained", Static).update(self._explained(row))

    def _row(self, action: Entry) -> _Row:
        return _Row(action, action.look(self.app))

    def _explained(self, row: _Row) -> Content:
        return lines_content(row.look.lines, self.words_width)

    @on(LiveTable.Opened)
    def _open(self) -> None:
        row = self.table.cursor_row
        if row is None:
            return
        if row.look.reason is not None:
            words = f"{row.action.title}: {row.look.reason}"
            self.app.notify(words, markup=False, severity="warning")
        else:
            row.action.open(self.app)
        if self.app.screen is self:
            self.renew()

    def action_copy(self) -> None:
        """Copy the address of a link."""
        row = self.table.cursor_row
        if row is not None and (address := row.action.address) is not None:
            self.app.copy_text(address)


def _title(row: _Row) -> Cell:
    return row.action.title, "" if row.look.reason is None else "muted"


def _key(row: _Row) -> Cell:
    return row.action.key, "info"


def _summary(row: _Row) -> Cell:
    look = row.look
    return (look.summary if look.reason in (None, SIMULATED) else look.reason or "", "muted")
