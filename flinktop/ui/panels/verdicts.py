"""A verdict and its findings in words: a mark, a sentence and a colour, and how old it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from flinktop.flink.text import clean
from flinktop.judgement.finding import Severity, figure
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.panels.parts import GAP, cells, fit, pair, right_cells
from flinktop.ui.widgets.celltext import clip
from flinktop.ui.widgets.columns import Stripes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.engine.judge import Judged
    from flinktop.facts.verdicts import JobVerdict
    from flinktop.judgement.finding import Finding
    from flinktop.ui.panels.parts import Line, Part
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


def evidence_parts(finding: Finding, width: int) -> list[Part]:
    """The figures that a finding rests on, the main ones first: as many as `width` cells hold whole."""
    found: list[Part] = []
    for one in finding.evidence:
        # A time alone says little in one line.
        value = figure(one, lambda _at: "")
        parts = [*found, GAP, (f"{clean(one.what)} ", "muted"), (value, "")]
        if value and cells(parts) > width:
            break
        found = parts if value else found
    return found


def verdict_line(verdict: JobVerdict | None, width: int) -> Line:
    """The first finding with its main evidence, how many more there are, and the key that shows them."""
    if verdict is None:
        return pair("verdict", fmt.UNKNOWN, "muted")
    tone = TONES[verdict.severity]
    left: Line = [(f"{mark(verdict.severity)} {clean(verdict.words)}", tone)]
    right: Line = []
    # What is said may also be that something is not known.
    said = [one for one in verdict.findings[:1] if one.words == verdict.words]
    if verdict.findings:
        more = len(verdict.findings) - len(said)
        right.append((f"+{more} more, v: why" if more else "v: why", "info"))
    if age := age_words(verdict):
        right.insert(0, (age, "stale"))
    for one in said:
        left += evidence_parts(one, width - cells(left) - right_cells(right))
    return fit(left, right, width, keep=len(right))


def unhealthy_parts(judged: Judged | None) -> list[Part]:
    """How many jobs are unhealthy, in the colour of the worst; [] if none is."""
    if judged is None or not judged.unhealthy:
        return []
    worst = min((one.severity for one in judged.verdicts.values()), key=lambda one: one.rank)
    severity = Severity.CRITICAL if worst is Severity.CRITICAL else Severity.WARNING
    return [(f"{mark(severity)} {judged.unhealthy} unhealthy", TONES[severity])]


def cluster_parts(findings: Iterable[Finding]) -> list[Part]:
    """The kinds of the findings of the cluster itself."""
    found: list[Part] = []
    for one in findings:
        found.append((f"{'  ' if found else ''}{mark(one.severity)} {one.kind}", TONES[one.severity]))
    return found
