"""The form that is filled in before a jar is run: the options that the release has, as fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Static

from flinktop.flink.jars import ClaimMode, RunOptions
from flinktop.ui import run_text
from flinktop.ui.theme import TONES
from flinktop.ui.widgets.celltext import clip
from flinktop.ui.widgets.form import Choice, LineField, LinesField, Option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.flink.features import Features
    from flinktop.flink.jars import JarEntry

ARGUMENTS_SHOWN, ARGUMENTS_ON_TALL, TALL = 5, 16, 32
"""How many are listed, on a short screen and on one of so many rows."""
CLAIM_WORDS = {
    "": "as configured in the cluster",
    "NO_CLAIM": "you keep it; the first checkpoint is a full one",
    "CLAIM": "Flink owns it and deletes it when no longer needed",
    "LEGACY": "you keep it, and the job may still depend on it",
}
CLAIMS: dict[str, ClaimMode] = {mode: mode for mode in get_args(ClaimMode)}
"""Claim modes by their names."""


class RunForm(Vertical):
    """The fields. What the release lacks is not there, and said in one line.

    Args:
        features: What the cluster can do.
        options: What to begin with.
        ascii_only: Whether marks are plain ASCII.
    """

    DEFAULT_CSS = """
    RunForm { height: auto; }
    RunForm .row { height: auto; }
    RunForm .label { width: auto; min-width: 14; padding-right: 1; color: $text-muted; }
    RunForm #argument-list { margin-left: 14; height: auto; display: none; }
    RunForm #lacks { color: $text-muted; height: auto; display: none; }
    """

    def __init__(self, features: Features, options: RunOptions, *, ascii_only: bool) -> None:
        super().__init__()
        self._features = features
        self._begin = options
        self._ascii = ascii_only

    def compose(self) -> ComposeResult:
        options = self._begin
        parallelism = str(options.parallelism) if options.parallelism is not None else ""
        yield from self._row("class", LineField(options.entry_class or "", id="entry-class"))
        arguments = run_text.arguments_text(options.arguments)
        yield from self._row("arguments", LinesField(arguments, id="arguments"))
        yield Static(id="argument-list", markup=False)
        yield from self._row(
            "parallelism", LineField(parallelism, placeholder="program default", id="parallelism")
        )
        yield from self._row(
            "restores",
            LineField(
                options.savepoint or "",
                placeholder="path of a savepoint; ctrl+o lists known ones",
                id="savepoint",
            ),
        )
        drops = [
            Option("no", "no", "fails if state matches no operator"),
            Option("yes", "yes", "drops state that matches no operator"),
        ]
        yield from self._row(
            "allow non-restored state", Choice(drops, ascii=self._ascii, id="allow"), "restoring"
        )
        if self._features.has(1, 15):
            modes = [Option(mode, mode or "default", words) for mode, words in CLAIM_WORDS.items()]
            yield from self._row("restore mode", Choice(modes, ascii=self._ascii, id="claim"), "restoring")
        if self._features.has(1, 17):
            lines = run_text.settings_text(options.configuration)
            placeholder = "key: value, one per line, for this job only"
            yield from self._row(
                "configuration", LinesField(lines, placeholder=placeholder, id="configuration")
            )
        yield Static(id="lacks", markup=False)

    @staticmethod
    def _row(label: str, field: LineField | LinesField | Choice, kind: str = "") -> ComposeResult:
        with Horizontal(classes=f"row {kind}"):
            yield Static(label, classes="label", markup=False)
            yield field

    def on_mount(self) -> None:
        self.query_one("#allow", Choice).value = "yes" if self._begin.allow_non_restored_state else "no"
        if self._features.has(1, 15):
            self.query_one("#claim", Choice).value = self._begin.claim_mode or ""
        # The end of a path is what tells it from others.
        savepoint = self.query_one("#savepoint", LineField)
        savepoint.cursor_position = len(savepoint.value)
        lacking = [
            words
            for since, words in (
                ((1, 15), "restore modes (1.15+)"),
                ((1, 17), "configuration per job (1.17+)"),
            )
            if not self._features.has(*since)
        ]
        lacks = self.query_one("#lacks", Static)
        lacks.display = bool(lacking)
        lacks.update(f"Flink {self._features.version} has no {', no '.join(lacking)}.")
        self.look()

    def suggest(self, entries: Sequence[JarEntry]) -> None:
        """Take these for the classes that the jar's manifest names."""
        names = [entry.name for entry in entries]
        field = self.query_one("#entry-class", LineField)
        field.suggester = SuggestFromList(names, case_sensitive=False) if names else None
        more = f", or {len(names) - 1} more: ctrl+o lists them" if len(names) > 1 else ""
        field.placeholder = f"{names[0]} (from manifest){more}" if names else "none in the manifest"

    @property
    def restores(self) -> bool:
        """Whether a savepoint is named."""
        return bool(self.query_one("#savepoint", LineField).value.strip())

    def options(self) -> RunOptions:
        """What the fields say.

        Raises:
            ValueError: one of them can't be understood; in words.
        """
        restores = self.restores
        claim = self.query_one("#claim", Choice).value if self._features.has(1, 15) else ""
        configuration = (
            run_text.settings_of(self.query_one("#configuration", LinesField).text)
            if self._features.has(1, 17)
            else {}
        )
        return RunOptions(
            entry_class=self.query_one("#entry-class", LineField).value.strip() or None,
            arguments=run_text.arguments_of(self.query_one("#arguments", LinesField).text),
            parallelism=run_text.parallelism_of(self.query_one("#parallelism", LineField).value),
            savepoint=self.query_one("#savepoint", LineField).value.strip() or None,
            allow_non_restored_state=restores and self.query_one("#allow", Choice).value == "yes",
            claim_mode=CLAIMS.get(claim) if restores else None,
            configuration=configuration,
        )

    def look(self) -> None:
        """Show what follows from the fields: the arguments one by one, what is asked about a savepoint."""
        for row in self.query(".restoring"):
            row.display = self.restores
        shown = self.query_one("#argument-list", Static)
        try:
            arguments = run_text.arguments_of(self.query_one("#arguments", LinesField).text)
        except ValueError:
            return
        shown.display = bool(arguments)
        shown.update(self._listed(arguments))

    def on_resize(self) -> None:
        self.look()

    def _listed(self, arguments: Sequence[str]) -> Content:
        """Each argument on a line of its own, line ends as marks."""
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
