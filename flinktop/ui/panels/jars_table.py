"""The jars that were uploaded to the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.errors import NotFound
from flinktop.flink.jars import JARS, Jar
from flinktop.ui.panels.columns import text, when
from flinktop.ui.panels.table_panel import TablePanel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.flink.jars import Jars
    from flinktop.ui.widgets.columns import Column

OFF = (
    "This cluster takes no jars: web.submit.enable is false, or it was started for one application, or "
    "flink-runtime-web is not on its class path."
)


class JarsTable(TablePanel[Jar]):
    """Jars with their entry classes, the newest first."""

    ENDPOINT = JARS
    KEY = "id"
    BOX = "Jars"
    TABLE = "jars"
    LOADING = "loading jars…"
    NOTHING = "No jars have been uploaded."
    MISSING = "uploaded jars"
    EVERY = 10.0

    def columns(self) -> Sequence[Column[Jar]]:
        def classes(jar: Jar) -> str:
            return ", ".join(
                f"{one.name} ({one.description})" if one.description else one.name for one in jar.entry
            )

        return (
            text("jar", "JAR", 20, lambda jar: jar.name, tone="strong", sort=True, flex=True),
            text("classes", "ENTRY CLASS", 20, classes, blank="none is named", sort=True, flex=True),
            when("uploaded", "UPLOADED", lambda jar: jar.uploaded, self.zone_offset),
            text("id", "ID", 36, lambda jar: jar.id, tone="muted", drop=1),
        )

    def rows(self) -> Sequence[Jar] | None:
        return () if self._off else super().rows()

    def rows_of(self, answer: Jars) -> Sequence[Jar]:
        return sorted(answer.files, key=lambda jar: (-jar.uploaded, jar.name))

    def empty(self) -> str:
        return OFF if self._off else super().empty()

    @property
    def _off(self) -> bool:
        return self.reading is not None and isinstance(self.reading.error, NotFound)
