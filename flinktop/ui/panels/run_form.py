"""The form for running a jar: the options of the release, as fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Static

from flinktop.engine.acts.run_jar import RUN_FIELDS
from flinktop.flink.jars import RunOptions
from flinktop.model import run_text
from flinktop.ui.act_dialog import ActForm
from flinktop.ui.theme import TONES
from flinktop.ui.widgets.celltext import clip
from flinktop.ui.widgets.form import LineField, LinesField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.flink.features import Features
    from flinktop.flink.jars import JarEntry

ARGUMENTS_SHOWN, ARGUMENTS_ON_TALL, TALL = 5, 16, 32
"""Listed arguments, on a short screen and on one of `TALL` rows."""
LACKS = {"claim_mode": "restore modes (1.15+)", "configuration": "configuration per job (1.17+)"}
"""The names of fields that a release may lack."""


class RunForm(ActForm):
    """The fields, and the arguments one by one. Fields that the release lacks are listed in one line."""

    DEFAULT_CSS = """
    RunForm #argument-list { margin-left: 14; height: auto; display: none; }
    RunForm #lacks { color: $text-muted; height: auto; }
    """

    def __init__(self, features: Features, options: RunOptions, *, ascii: bool) -> None:
        fields = [one for one in RUN_FIELDS if features.has(*one.since)]
        super().__init__(fields, options, ascii=ascii)
        lacking = [LACKS[one.name] for one in RUN_FIELDS if one not in fields]
        self._lacks = f"Flink {features.version} has no {', no '.join(lacking)}." if lacking else ""

    def on_mount(self) -> None:
        self.mount(Static(id="argument-list", markup=False), after="#row-arguments")
        if self._lacks:
            self.mount(Static(self._lacks, id="lacks", markup=False))
        # The end of a path identifies it.
        savepoint = self.query_one("#savepoint", LineField)
        savepoint.cursor_position = len(savepoint.value)
        self.refresh_fields()

    def suggest(self, entries: Sequence[JarEntry]) -> None:
        """Use these as the classes in the jar's manifest."""
        names = [entry.name for entry in entries]
        field = self.query_one("#entry_class", LineField)
        field.suggester = SuggestFromList(names, case_sensitive=False) if names else None
        more = f", or {len(names) - 1} more: ctrl+o lists them" if len(names) > 1 else ""
        field.placeholder = f"{names[0]} (from manifest){more}" if names else "none in the manifest"

    @property
    def restores(self) -> bool:
        """Whether a savepoint is named."""
        return bool(self.query_one("#savepoint", LineField).value.strip())

    def options(self) -> RunOptions:
        """The options in the fields. Raises ValueError, in words, if one of them can't be parsed."""
        return RunOptions(**self.values())

    def refresh_fields(self) -> None:
        """Update what depends on the fields: the list of arguments, the fields for a savepoint."""
        super().refresh_fields()
        shown = self.query_one("#argument-list", Static)
        try:
            arguments = run_text.arguments_of(self.query_one("#arguments", LinesField).text)
        except ValueError:
            return
        shown.display = bool(arguments)
        shown.update(self._listed(arguments))

    def on_resize(self) -> None:
        self.refresh_fields()

    def _listed(self, arguments: Sequence[str]) -> Content:
        """Each argument on its own line, line ends as marks."""
        mark = "\\n" if self._ascii else "↵"
        most = ARGUMENTS_ON_TALL if self.app.size.height >= TALL else ARGUMENTS_SHOWN
        most = most if len(arguments) <= most else most - 1
        width = max(self.content_size.width - 20, 10)
        lines = [
            Content.assemble(
                (f"{number:>2}  ", TONES["muted"]),
                clip(argument.replace("\n", mark), width) or '""',
            )
            for number, argument in enumerate(arguments[:most], 1)
        ]
        if len(arguments) > most:
            lines.append(Content.styled(f"    and {len(arguments) - most} more", TONES["muted"]))
        return Content("\n").join(lines)
