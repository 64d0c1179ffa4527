"""Choosing one of a list: a jar, an entry class, what to restore from."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from rich.cells import cell_len
from textual import on
from textual.widgets import Static

from flinktop.facts.freshness import why_empty
from flinktop.facts.restore import restore_points, to_ask
from flinktop.flink.jars import JARS
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.model.checkpoints import tail
from flinktop.ui.dialog import Dialog
from flinktop.ui.panels.columns import text
from flinktop.ui.widgets.celltext import safe
from flinktop.ui.widgets.columns import Column, Stripes
from flinktop.ui.widgets.table import LiveTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.app import ComposeResult

    from flinktop.facts.restore import RestorePoint
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jars import Jar, JarEntry

R = TypeVar("R")

WIDE = 100  # cells of a terminal from which on a cluster's name may take more
WIDE_NAME, NARROW_NAME = 24, 16  # most cells that it takes; an address with its port is 15


class PickScreen(Dialog[str | None], Generic[R]):
    """Rows; enter returns the key of the row under the cursor, esc returns none."""

    DEFAULT_CSS = """
    PickScreen > .dialog { width: 110; height: 20; max-height: 90%; overflow-y: hidden; }
    PickScreen LiveTable { height: 1fr; }
    PickScreen #whole { height: auto; max-height: 3; color: $text-muted; padding: 0 1; }
    """
    EMPTY: ClassVar[str] = ""
    KEY: ClassVar[str]  # the field of a row that is returned when it is chosen

    def columns(self) -> list[Column[R]]:
        """From left to right."""
        raise NotImplementedError

    def rows(self) -> Sequence[R]:
        """The rows to choose from, as known now."""
        raise NotImplementedError

    def why_no_rows(self) -> str:
        """Why there are no rows yet, if so."""
        return ""

    def body(self) -> ComposeResult:
        yield LiveTable(
            self.columns(), row_key=attrgetter(self.KEY), ascii=self.app.settings.ascii, empty=self.EMPTY
        )
        yield Static(id="whole", markup=False)

    def renew(self) -> None:
        table = self.query_one(LiveTable)
        table.set_empty(self.why_no_rows() or self.EMPTY)
        table.set_rows(self.rows())
        # Ages grow.
        table.redraw_cells()
        self._show_whole()

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.query_one(LiveTable))

    def age(self, at: float) -> str:
        """How long ago a time (s since 1970) was."""
        return fmt.span(max(0.0, self.port.known_time() - at))

    @on(LiveTable.Moved)
    def _show_whole(self) -> None:
        self.query_one("#whole", Static).update(safe(self.query_one(LiveTable).cursor_key or ""))

    @on(LiveTable.Opened)
    def _chosen(self, event: LiveTable.Opened) -> None:
        event.stop()
        self.dismiss(event.key)


class PickJar(PickScreen["Jar"]):
    """One of the jars on the cluster, by its id."""

    TITLE_WORDS = "Which jar?"
    EMPTY = "No jars yet; upload one (a)."
    KEY = "id"

    def columns(self) -> list[Column[Jar]]:
        def classes(jar: Jar) -> str:
            return ", ".join(entry.name for entry in jar.entry)

        def uploaded(jar: Jar) -> str:
            return f"{self.age(jar.uploaded / 1000.0)} ago" if jar.uploaded > 0 else fmt.ABSENT

        return [
            text("name", "JAR", 20, lambda jar: jar.name, tone="strong", flex=True),
            text("classes", "CLASSES", 20, classes, blank="", flex=True),
            text("age", "UPLOADED", 9, uploaded, align="right"),
        ]

    def watched(self) -> Iterable[Query[Any]]:
        return (JARS(),)

    def why_no_rows(self) -> str:
        return why_empty(self.port, self.port.reading(JARS()), "loading jars…")

    def rows(self) -> Sequence[Jar]:
        answer = self.port.value(JARS())
        jars = answer.files if answer is not None else ()
        return sorted(jars, key=lambda jar: -jar.uploaded)


class PickClass(PickScreen["JarEntry"]):
    """One of the classes that a jar's manifest names."""

    TITLE_WORDS = "Which class?"
    EMPTY = "The jar's manifest names no class with a main()."
    KEY = "name"

    def __init__(self, entries: Sequence[JarEntry]) -> None:
        super().__init__()
        self._entries = tuple(entries)

    def columns(self) -> list[Column[JarEntry]]:
        return [
            text("name", "CLASS", 30, lambda entry: entry.name, tone="strong", flex=True),
            text(
                "words", "", 10, lambda one: one.description or "", tone="muted", blank="", flex=True, drop=1
            ),
        ]

    def rows(self) -> Sequence[JarEntry]:
        return self._entries


class PickRestore(PickScreen["RestorePoint"]):
    """A savepoint, or a checkpoint that Flink has kept, by its path."""

    TITLE_WORDS = "Restore from"
    EMPTY = "No known savepoints: none taken by flinktop, none of this cluster's jobs."
    KEY = "path"

    def columns(self) -> list[Column[RestorePoint]]:
        columns: list[Column[RestorePoint]] = [
            text("kind", "KIND", 10, lambda point: "savepoint" if point.savepoint else "checkpoint", drop=2),
            text("name", "JOB", 12, lambda point: point.name or point.job, tone="strong", flex=True),
            text("age", "AGE", 6, lambda point: self.age(point.made), align="right", drop=1),
            Column("path", "PATH", 24, lambda point: (point.path, "muted"), flex=True, stripes=_end_of_path),
        ]
        others = max((cell_len(safe(point.cluster)) for point in self.rows()), default=0)
        if others:
            title = "OTHER CLUSTER"
            most = WIDE_NAME if self.app.size.width >= WIDE else NARROW_NAME
            width = min(max(others, len(title)), most)
            columns.insert(
                2, text("cluster", title, width, lambda point: point.cluster, tone="warn", blank="")
            )
        return columns

    def renew(self) -> None:
        table = self.query_one(LiveTable)
        columns = self.columns()
        if [one.width for one in columns] != [one.width for one in table.columns]:
            table.set_columns(columns)
        super().renew()

    def watched(self) -> Iterable[Query[Any]]:
        """The jobs, and once the checkpoints of each."""
        return (JOBS_OVERVIEW(), *to_ask(self.port))

    def why_no_rows(self) -> str:
        return "loading jobs…" if to_ask(self.port) else ""

    def rows(self) -> Sequence[RestorePoint]:
        return restore_points(self.port)


def _end_of_path(point: RestorePoint, width: int) -> Stripes:
    return Stripes(((tail(safe(point.path), width, fmt.UNKNOWN), "muted"),))
