"""A verdict and its findings in words: a mark, a sentence and a colour, and how old it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from flinktop.flink.text import clean
from flinktop.judgement.finding import Severity
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.widgets.celltext import clip
from flinktop.ui.widgets.columns import Stripes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.engine.judge import Judged
    from flinktop.facts.verdicts import JobVerdict
    from flinktop.judgement.finding import Finding
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.columns import Cell

TONES: Final[Mapping[Severity, str]] = {
    Severity.CRITICAL: "bad",
    Severity.WARNING: "warn",
    Severity.UNKNOWN: "warn",
    Severity.INFO: "info",
    Severity.OK: "muted",
}
LEAST_WORDS: Final = 12
"""Cells that words keep next to the age of a verdict."""


def mark(severity: Severity) -> str:
    """One cell whose shape shows the severity."""
    return "?" if severity is Severity.UNKNOWN else states.mark("", TONES[severity])


def age_words(verdict: JobVerdict) -> str:
    """How old a verdict is, where that must be shown; else nothing."""
    return f"{fmt.duration(verdict.old)} ago" if verdict.old is not None else ""


def verdict_cell(verdict: JobVerdict | None) -> Cell:
    """The whole verdict in a cell."""
    if verdict is None:
        return fmt.UNKNOWN, "muted"
    words = f"{mark(verdict.severity)} {clean(verdict.words)}"
    age = age_words(verdict)
    return f"{words} ({age})" if age else words, TONES[verdict.severity]


def verdict_stripes(verdict: JobVerdict | None, width: int) -> Stripes:
    """The verdict in `width` cells; its end is cut, its age is not."""
    if verdict is None:
        return Stripes(((fmt.UNKNOWN, "muted"),))
    tone, age = TONES[verdict.severity], age_words(verdict)
    words = f"{mark(verdict.severity)} {clean(verdict.words)}"
    if not age or width - cell_len(age) - 1 < LEAST_WORDS:
        return Stripes(((words, tone),))
    return Stripes(((f"{clip(words, width - cell_len(age) - 1)} ", tone), (age, "stale")))


def ill_parts(judged: Judged | None) -> list[Part]:
    """How many jobs are ill, in the colour of the worst; [] if none is."""
    if judged is None or not judged.ill:
        return []
    worst = min((one.severity for one in judged.verdicts.values()), key=lambda one: one.rank)
    severity = Severity.CRITICAL if worst is Severity.CRITICAL else Severity.WARNING
    return [(f"{mark(severity)} {judged.ill} ill", TONES[severity])]


def cluster_parts(findings: Iterable[Finding]) -> list[Part]:
    """The kinds of the findings of the cluster itself."""
    found: list[Part] = []
    for one in findings:
        found.append((f"{'  ' if found else ''}{mark(one.severity)} {one.kind}", TONES[one.severity]))
    return found
