"""The jars that were uploaded to the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flinktop.facts.freshness import is_old
from flinktop.facts.unanswered import missing_words
from flinktop.flink.errors import NotFound
from flinktop.flink.jars import JARS
from flinktop.model import format as fmt
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.table import Column

if TYPE_CHECKING:
    from flinktop.engine.store import Reading
    from flinktop.flink.jars import Jar, Jars

SECONDS = 10.0
OFF = (
    "This cluster takes no jars: web.submit.enable is false, or it was started for one application, or "
    "flink-runtime-web is not on its class path."
)


@dataclass(frozen=True, slots=True)
class JarRow:
    """One jar."""

    id: str
    name: str
    classes: str
    """Those with a main() that its manifest names; what it says of them."""
    uploaded: str
    at: int
    """ms since 1970."""
    old: bool = False


def jar_row(jar: Jar, offset: float | None, *, old: bool) -> JarRow:
    """One row."""
    return JarRow(
        jar.id,
        jar.name,
        ", ".join(f"{one.name} ({one.description})" if one.description else one.name for one in jar.entry),
        fmt.moment(jar.uploaded / 1000.0, offset) if jar.uploaded > 0 else fmt.ABSENT,
        jar.uploaded,
        old,
    )


class JarsTable(AnswerTable[JarRow]):
    """Jars with their entry classes, the newest first."""

    BOX = "Jars"
    ASKING = "loading jars…"

    def columns(self) -> list[Column[JarRow]]:
        """Name, classes, when it was uploaded."""
        found: list[Column[JarRow]] = [
            Column("name", "JAR", 20, lambda row: (row.name, "strong"), sort=lambda row: row.name, flex=True),
            Column(
                "classes",
                "ENTRY CLASS",
                20,
                lambda row: (row.classes or "none is named", "" if row.classes else "muted"),
                sort=lambda row: row.classes,
                flex=True,
            ),
            Column(
                "uploaded",
                "UPLOADED",
                19,
                lambda row: (row.uploaded, ""),
                sort=lambda row: row.at,
                align="right",
                descending=True,
            ),
            Column("id", "ID", 36, lambda row: (row.id, "muted"), drop=1),
        ]
        return found

    def row_key(self, row: JarRow) -> str:
        """The id, by which it is run."""
        return row.id

    def on_mount(self) -> None:
        """Watch the list, where there is one."""
        if absent := missing_words(self.port, JARS, "uploaded jars"):
            self.table.set_empty(absent)
        else:
            self.watch_query("jars", JARS(), self._told, every=SECONDS)
        super().on_mount()

    def tick(self) -> None:
        """Times in another zone, and what grows old."""
        reading = self.port.reading(JARS())
        if reading is not None and "jars" in self.slots():
            self._told(reading)

    def _told(self, reading: Reading[Jars]) -> None:
        if isinstance(reading.error, NotFound):
            self.table.set_empty(OFF)
            self.table.set_rows(())
            return
        self.explain(reading, "No jars have been uploaded.")
        offset, old = zone_offset(self), is_old(self.port, reading)
        rows = one_by_one(
            reading.value.files if reading.value is not None else (),
            lambda jar: jar_row(jar, offset, old=old),
            key=lambda jar: jar.id,
            name=lambda jar: jar.name,
        )
        rows.sort(key=lambda row: (-row.at, row.name))
        self.table.set_rows(rows)
