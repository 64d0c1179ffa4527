"""Choosing one of a list: a jar, an entry class, what to restore from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from rich.cells import cell_len
from textual import on
from textual.widgets import Static

from flinktop.facts.restore import restore_points, to_ask
from flinktop.facts.unanswered import why_empty
from flinktop.flink.jars import JARS
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.model.checkpoints import tail
from flinktop.ui.dialog import Dialog
from flinktop.ui.widgets.celltext import safe
from flinktop.ui.widgets.columns import Stripes
from flinktop.ui.widgets.table import Column, LiveTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.app import ComposeResult

    from flinktop.flink.endpoint import Query
    from flinktop.flink.jars import Jar, JarEntry
    from flinktop.model.restore_points import RestorePoint

R = TypeVar("R")

WIDE = 100
"""Cells of a terminal from which a cluster's name may take more."""
WIDE_NAME, NARROW_NAME = 24, 16
"""Cells that it takes at the most; an address with its port is 15."""


class PickScreen(Dialog[str | None], Generic[R]):
    """Rows; enter gives the key of the one under the cursor, esc gives none."""

    DEFAULT_CSS = """
    PickScreen > .dialog { width: 110; height: 20; max-height: 90%; overflow-y: hidden; }
    PickScreen LiveTable { height: 1fr; }
    PickScreen #whole { height: auto; max-height: 3; color: $text-muted; padding: 0 1; }
    """
    EMPTY: ClassVar[str] = ""

    def columns(self) -> list[Column[R]]:
        """From left to right."""
        raise NotImplementedError

    def row_key(self, row: R) -> str:
        """What is given when it is chosen."""
        raise NotImplementedError

    def rows(self) -> Sequence[R]:
        """What there is to choose from, as it is known now."""
        raise NotImplementedError

    def asking(self) -> str:
        """Why there are no rows yet, if that is so."""
        return ""

    def body(self) -> ComposeResult:
        """The rows, and the whole of what the cursor is on."""
        columns, ascii_only = self.columns(), self.app.settings.ascii
        yield LiveTable(
            columns,
            row_key=self.row_key,
            ascii=ascii_only,
            empty=self.EMPTY,
        )
        yield Static(id="whole", markup=False)

    def renew(self) -> None:
        """The rows as they are known now."""
        table = self.query_one(LiveTable)
        table.set_empty(self.asking() or self.EMPTY)
        table.set_rows(self.rows())
        self._whole(table)

    def on_mount(self) -> None:
        """The rows have the focus."""
        super().on_mount()
        self.set_focus(self.query_one(LiveTable))

    @on(LiveTable.Moved)
    def _moved(self) -> None:
        self._whole(self.query_one(LiveTable))

    def _whole(self, table: LiveTable[Any]) -> None:
        self.query_one("#whole", Static).update(safe(table.cursor_key or ""))

    @on(LiveTable.Opened)
    def _chosen(self, event: LiveTable.Opened) -> None:
        event.stop()
        self.dismiss(event.key)


class PickJar(PickScreen["Jar"]):
    """One of the jars on the cluster, by its id."""

    TITLE_WORDS = "Which jar?"
    EMPTY = "No jars yet; upload one (a)."

    def columns(self) -> list[Column[Jar]]:
        """Name, classes, when it was uploaded."""
        return [
            Column("name", "JAR", 20, lambda jar: (jar.name, "strong"), flex=True),
            Column(
                "classes", "CLASSES", 20, lambda jar: (", ".join(e.name for e in jar.entry), ""), flex=True
            ),
            Column("age", "UPLOADED", 9, lambda jar: (self._age(jar.uploaded), ""), align="right"),
        ]

    def row_key(self, row: Jar) -> str:
        """Its id."""
        return row.id

    def _age(self, at: int) -> str:
        return f"{fmt.span(max(0.0, self.port.known_time() - at / 1000.0))} ago" if at > 0 else fmt.ABSENT

    def watched(self) -> Iterable[Query[Any]]:
        """The list."""
        return (JARS(),)

    def asking(self) -> str:
        """Until the list is known."""
        reading = self.port.reading(JARS())
        return why_empty(self.port, reading, "loading jars…")

    def rows(self) -> Sequence[Jar]:
        """Newest first."""
        reading = self.port.reading(JARS())
        jars = reading.value.files if reading is not None and reading.value is not None else ()
        return sorted(jars, key=lambda jar: -jar.uploaded)


class PickClass(PickScreen["JarEntry"]):
    """One of the classes that a jar's manifest names."""

    TITLE_WORDS = "Which class?"
    EMPTY = "The jar's manifest names no class with a main()."

    def __init__(self, entries: Sequence[JarEntry]) -> None:
        super().__init__()
        self._entries = tuple(entries)

    def columns(self) -> list[Column[JarEntry]]:
        """Name, and what the manifest says of it."""
        return [
            Column("name", "CLASS", 30, lambda entry: (entry.name, "strong"), flex=True),
            Column("words", "", 10, lambda entry: (entry.description or "", "muted"), flex=True, drop=1),
        ]

    def row_key(self, row: JarEntry) -> str:
        """Its name."""
        return row.name

    def rows(self) -> Sequence[JarEntry]:
        """As the manifest has them."""
        return self._entries


@dataclass(frozen=True, slots=True)
class _Row:
    """A savepoint or checkpoint with its age in words."""

    point: RestorePoint
    age: str


class PickRestore(PickScreen[_Row]):
    """A savepoint, or a checkpoint that Flink has left, by its path."""

    TITLE_WORDS = "Restore from"
    EMPTY = "No known savepoints: none taken by flinktop, none of this cluster's jobs."

    def columns(self) -> list[Column[_Row]]:
        """Kind, job, age, the end of the path, by which paths differ, and the cluster if any is another's."""
        return self._columns(max((cell_len(safe(row.point.cluster)) for row in self.rows()), default=0))

    def _columns(self, others: int) -> list[Column[_Row]]:
        """With a column for the names of other clusters, the longest of which takes so many cells."""
        columns: list[Column[_Row]] = [
            Column("kind", "KIND", 10, lambda row: (_kind(row), ""), drop=2),
            Column("name", "JOB", 12, lambda row: (row.point.name or row.point.job, "strong"), flex=True),
            Column("age", "AGE", 6, lambda row: (row.age, ""), align="right", drop=1),
            Column("path", "PATH", 24, lambda row: (row.point.path, "muted"), flex=True, stripes=self._path),
        ]
        if others:
            title = "OTHER CLUSTER"
            most = WIDE_NAME if self.app.size.width >= WIDE else NARROW_NAME
            width = min(max(others, len(title)), most)
            columns.insert(2, Column("cluster", title, width, lambda row: (row.point.cluster, "warn")))
        return columns

    def renew(self) -> None:
        """The rows as they are known now; a column for other clusters once there is a row of one."""
        table = self.query_one(LiveTable)
        columns = self.columns()
        if [one.width for one in columns] != [one.width for one in table.columns]:
            table.set_columns(columns)
        super().renew()

    def row_key(self, row: _Row) -> str:
        """Its path."""
        return row.point.path

    def watched(self) -> Iterable[Query[Any]]:
        """The jobs, and once what each tells of its checkpoints."""
        return (JOBS_OVERVIEW(), *to_ask(self.port))

    def asking(self) -> str:
        """Until each job has told."""
        return "loading jobs…" if to_ask(self.port) else ""

    def rows(self) -> Sequence[_Row]:
        """This cluster's first, the newest first."""
        now = self.port.known_time()
        return [_Row(point, fmt.span(max(0.0, now - point.made))) for point in restore_points(self.port)]

    def _path(self, row: _Row, width: int) -> Stripes:
        mark = fmt.UNKNOWN
        return Stripes(((tail(safe(row.point.path), width, mark), "muted"),))


def _kind(row: _Row) -> str:
    return "savepoint" if row.point.savepoint else "checkpoint"
