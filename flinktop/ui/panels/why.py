"""What is wrong and why: the findings, one of them with its evidence, and what it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.facts.culprits import (
    JOBMANAGER,
    OF_CHECKPOINTS,
    OF_FAILURES,
    Culprits,
    FoundRow,
    culprits,
    culprits_asks,
    found,
)
from flinktop.facts.faults import when_words
from flinktop.facts.jobs import is_gone, job_name, known_job
from flinktop.facts.verdicts import job_verdict
from flinktop.flink.jobs import JOB
from flinktop.flink.text import clean
from flinktop.judgement.finding import Severity, figure
from flinktop.model import format as fmt
from flinktop.model import states, subtask_names
from flinktop.ui import keys
from flinktop.ui.panels.columns import near, text
from flinktop.ui.panels.parts import GAP, MOST_ROWS, Line, LinesPanel, Part, cells, pair
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.panels.verdicts import TONES, mark
from flinktop.ui.widgets.celltext import clip, wrap
from flinktop.ui.widgets.columns import Column
from flinktop.ui.widgets.growth import redraw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flinktop.engine.host import Port
    from flinktop.judgement.finding import Evidence
    from flinktop.ui.command import Command
    from flinktop.ui.live import Asks
    from flinktop.ui.widgets.columns import Cell

LONGEST_NAME = 40  # cells of the name of something that a finding leads to
LEAST_LABEL, VALUE, GAPS = 20, 12, 8  # cells of evidence: of its label at least, its figure, between them
MOST_LINES = 6  # lines of a sentence
MOST_LINKS = 4  # of one's own below a finding


class Way(Struct, frozen=True):
    """A command that leads from a finding to its culprit, and what it opens."""

    command: Command
    words: str


def ways(found_in: Culprits, row: FoundRow, when: str) -> tuple[Way, ...]:
    """What a finding leads to; enter opens the first. `when` is the time of its log."""
    kind = row.finding.kind
    all_of_them: list[Way] = []

    def add(command: Command, words: str, *, first: bool = False) -> None:
        all_of_them.insert(0 if first else len(all_of_them), Way(command, clip(words, LONGEST_NAME)))

    if found_in.vertex is not None:
        add(keys.VERTEX_OF, f"vertex {clean(found_in.vertex_name)}")
    if found_in.subtask is not None:
        add(keys.SUBTASK_OF, subtask_names.named(found_in.subtask, found_in.parallelism))
    if found_in.taskmanager is not None:
        of = "" if found_in.taskmanager == JOBMANAGER else "TaskManager "
        add(keys.TASKMANAGER_OF, f"{of}{clean(found_in.taskmanager_name)}")
    if kind in OF_CHECKPOINTS:
        number = found_in.checkpoint
        add(
            keys.CHECKPOINTS_HERE, f"checkpoint {number}" if number is not None else "checkpoints", first=True
        )
    if kind in OF_FAILURES:
        add(keys.EXCEPTION_OF, "exception" if found_in.fault is not None else "exceptions", first=True)
    if found_in.taskmanager is not None:
        add(keys.LOG_HERE, f"log at {when}" if when else "log")
        add(keys.THREADS_HERE, "thread dump")
    return tuple(all_of_them)


class Choice:
    """The findings of a job, of the cluster, or of both, and which of them is selected: shared by panels."""

    def __init__(self, job: str, *, cluster: bool) -> None:
        self.job, self.cluster = job, cluster
        self.key: str | None = None

    def rows(self, port: Port) -> list[FoundRow]:
        return found(port, self.job, cluster=self.cluster)

    def row(self, port: Port) -> FoundRow | None:
        """The selected finding as it is now, else the first; None without findings."""
        rows = self.rows(port)
        return next((one for one in rows if one.key == self.key), rows[0] if rows else None)


def judged_words(port: Port, job: str) -> str:
    """How old the figures of the verdict are; "" without a verdict, and for a job that has ended."""
    verdict = job_verdict(port, job)
    if verdict is None or verdict.age is None:
        return ""
    return f"judged from figures {fmt.duration(verdict.age)} old"


class WhyHeader(LinesPanel):
    """The job that is judged; what is said of it, where that is no finding."""

    def asks(self) -> Asks:
        return {JOB(job=self.job): 0.0} if self.job else {}

    def lines(self) -> Sequence[Line]:
        port = self.port
        if not self.job:
            return [[("the cluster itself", "strong")]]
        verdict = job_verdict(port, self.job)
        line: Line = [(clean(job_name(port, self.job)), "strong")]
        if verdict is None:
            return self._unjudged(line)
        known = port.verdict(self.job)
        if known is not None:
            line += [GAP, (states.words(known.state), states.tone(known.state))]
        old = verdict.old is not None
        if judged := judged_words(port, self.job):
            line += [GAP, (judged, "stale" if old else "muted")]
        # The findings are listed below.
        said = any(one.words == verdict.words for one in verdict.findings)
        words = f"{mark(verdict.severity)} {clean(verdict.words)}"
        return [line, [] if said else [(words, TONES[verdict.severity])]]

    def _unjudged(self, line: Line) -> Sequence[Line]:
        """A job without a verdict: what was said last of one that Flink no longer has."""
        remembered = known_job(self.port, self.job) if is_gone(self.port, self.job) else None
        if remembered is None:
            return [[*line, GAP, ("not judged yet", "muted")]]
        words = f"{mark(remembered.severity)} {clean(remembered.words)}" if remembered.words else ""
        seen = f"last seen {self.near(remembered.seen)}"
        return [[*line, GAP, (seen, "stale")], [(words, TONES[remembered.severity])] if words else []]


def _severity(row: FoundRow) -> Cell:
    severity = row.finding.severity
    return f"{mark(severity)} {severity}", TONES[severity]


class FindingsTable(TablePanel[FoundRow]):
    """The findings, the first cause first."""

    BOX = "Findings"
    TABLE = "findings"
    TABLE_ID = "findings"
    FADES = False
    MOST_ROWS = 6

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice.job, id="findings-panel")
        self.choice = choice

    def columns(self) -> Sequence[Column[FoundRow]]:
        scope: tuple[Column[FoundRow], ...] = (
            (text("scope", "SCOPE", 7, lambda row: "job" if row.job else "cluster", sort=True, drop=2),)
            if self.choice.cluster and self.job
            else ()
        )
        return (
            Column("severity", "SEVERITY", 10, _severity, sort=lambda row: row.finding.severity.rank, drop=3),
            *scope,
            text(
                "finding",
                "FINDING",
                30,
                lambda row: clean(row.finding.words),
                tone="strong",
                sort=lambda row: row.finding.kind.rank,
                flex=True,
            ),
            near("since", "SINCE", lambda row: row.finding.since, self.near, blank=fmt.ABSENT, drop=1),
        )

    def rows(self) -> Sequence[FoundRow]:
        return self.choice.rows(self.port)

    def show(self) -> None:
        super().show()
        rows = min(max(len(self.table.shown_keys()), 1), self.MOST_ROWS)
        self.styles.height = rows + 1 + 2 * self.boxed

    def empty(self) -> str:
        port = self.port
        if not self.job:
            return "nothing is wrong with the cluster itself"
        name, verdict = clean(job_name(port, self.job)), port.verdict(self.job)
        if verdict is None and is_gone(port, self.job):
            return f"Flink has no answers about {name}: tab 9 of the job shows its history"
        if verdict is None:
            return f"{name} is not judged yet: its answers have not come"
        if verdict.severity is not Severity.OK:
            return clean(verdict.words)
        judged = judged_words(port, self.job)
        return f"nothing is wrong with {name}{f'; {judged}' if judged else ''}"


class FindingDetail(LinesPanel):
    """One finding: its sentence, since when, what to do next, and the keys to what it leads to."""

    DEFAULT_CSS = "FindingDetail { max-height: 12; }"

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice.job)
        self.choice = choice
        self._keys: list[Line] = []

    def asks(self) -> Asks:
        row = self.choice.row(self.port)
        return culprits_asks(self.port, row) if row is not None else {}

    def lines(self) -> Sequence[Line | Part]:
        row = self.choice.row(self.port)
        if row is None:
            return []
        finding, port = row.finding, self.port
        lines: list[Line | Part] = [
            (f"{mark(finding.severity)} {clean(finding.words)}", TONES[finding.severity])
        ]
        if finding.since is not None:
            when = when_words(int(finding.since), self.zone_offset(), port.known_time())
            lines.append(pair("since", when))
        if finding.next:
            lines.append((f"next: {clean(finding.next)}", ""))
        return [*lines, *self._links(row)]

    def _links(self, row: FoundRow) -> Sequence[Line]:
        """The links of one's own that belong to the finding."""
        if self.app.own is None:
            return ()
        from flinktop.ui.own_commands.terminal_link import link_style  # noqa: PLC0415 -- few configs have any

        found = self.app.own.links_of(self.port, self.profile, row)[:MOST_LINKS]
        return [[(f"{clean(one.name)} ", "muted"), (one.url, link_style(one.url))] for one in found]

    def show(self) -> None:
        row = self.choice.row(self.port)
        found_now = self._ways(row) if row is not None else []
        if found_now != self._keys:
            self._keys = found_now
            redraw(self, grown=True)
        super().show()

    def _ways(self, row: FoundRow) -> list[Line]:
        """Each key and what it opens."""
        since = row.finding.since
        when = self.near(since) if since is not None else ""
        return [
            [(f"{'enter' if not number else keys.key_name(way.command.keys[0])} ", "info"), (way.words, "")]
            for number, way in enumerate(ways(culprits(self.port, row), row, when))
        ]

    def laid_out(self, width: int) -> Sequence[Line | Part]:
        """The keys in as many lines as they need; an endless sentence is cut for them."""
        lines, ways = super().laid_out(width), in_lines(self._keys, width)
        most = self.styles.max_height
        rows = int(most.value) if most is not None else MOST_ROWS
        room = rows - len(ways) - sum(isinstance(line, list) for line in lines)
        sentences = [wrap(line[0], max(width, 1), MOST_ROWS) for line in lines if isinstance(line, tuple)]
        given = shared_rows([len(one) for one in sentences], room)
        laid: list[Line | Part] = []
        for line in lines:
            if isinstance(line, list):
                laid.append(line)
                continue
            number, of = given.pop(0), sentences.pop(0)
            if number < len(of):
                of[number - 1] = f"{clip(of[number - 1], width - 2)} …"
            laid += [[(row, line[1])] for row in of[:number]]
        return [*laid, *ways]


def shared_rows(wanted: Sequence[int], room: int) -> list[int]:
    """Rows for each of some sentences: all that it wants, or its share of the room, one at least."""
    given: list[int] = []
    for place, rows in enumerate(wanted):
        others = sum(wanted[place + 1 :])
        free = room - sum(given)
        given.append(max(1, min(rows, max(free - others, free // (len(wanted) - place)))))
    return given


def in_lines(groups: Iterable[Line], width: int) -> list[Line]:
    """Groups of parts in lines of at most `width` cells, none of them broken."""
    lines: list[Line] = []
    for group in groups:
        if lines and cells([*lines[-1], GAP, *group]) <= width:
            lines[-1] += [GAP, *group]
        else:
            lines.append(list(group))
    return lines


class EvidenceRow(Struct, frozen=True):
    """A figure that a finding rests on, or a line of a sentence."""

    key: str
    what: str
    value: str


def evidence_rows(
    evidence: Sequence[Evidence], width: int, near: Callable[[float], str]
) -> list[EvidenceRow]:
    """The figures, each after its label in `width` cells; long labels and sentences take several rows.

    `near` writes a time (ms since 1970).
    """
    rows: list[EvidenceRow] = []
    for number, one in enumerate(evidence):
        what, value = clean(one.what), figure(one, near)
        if isinstance(one.value, str):
            what, value = f"{what}: {value}", ""
        first, *more = wrap(what, max(width, LEAST_LABEL), MOST_LINES)
        rows.append(EvidenceRow(str(number), first, value))
        rows += [EvidenceRow(f"{number} {at}", f"  {line}", "") for at, line in enumerate(more)]
    return rows


class EvidenceTable(TablePanel[EvidenceRow]):
    """The figures that the selected finding rests on, with their units."""

    BOX = "Evidence"
    TABLE_ID = "evidence"
    FADES = False
    COLUMNS = (
        text("what", "EVIDENCE", LEAST_LABEL, lambda row: row.what, flex=True),
        text("value", "VALUE", VALUE, lambda row: row.value, tone="strong", blank="", align="right"),
    )

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice.job, id="evidence-panel")
        self.choice = choice

    def rows(self) -> Sequence[EvidenceRow] | None:
        row, width = self.choice.row(self.port), self.content_size.width
        if not width:
            return None
        return evidence_rows(row.finding.evidence if row is not None else (), width - VALUE - GAPS, self.near)

    def empty(self) -> str:
        return "no figures: Flink reports this itself" if self.choice.row(self.port) is not None else ""
