"""The lines of `flinktop status` for people: a line for each cluster, then what is wrong, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.flink.text import clean
from flinktop.headless.cells import cells
from flinktop.headless.status_json import links_on
from flinktop.headless.status_report import Look
from flinktop.judgement.finding import Severity, figure
from flinktop.judgement.finding_json import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flinktop.headless.status_report import ClusterStatus, Status
    from flinktop.judgement.finding import Finding
    from flinktop.judgement.finding_links import FoundLink, WrittenLink
    from flinktop.judgement.verdict import Verdict

ORDER: Final = (Severity.CRITICAL, Severity.WARNING, Severity.UNKNOWN, Severity.INFO, Severity.OK)
"""The order of rows, as on the screen."""
_WIDEST: Final = 40  # cells of a job's name that push the words to the right
_LOOKS: Final = {
    Look.COARSE: "only suspicious jobs looked at closely",
    Look.BRIEF: "a short look, rates and trends may be missing",
}


def lines(status: Status, *, explain: bool, links: Sequence[WrittenLink] = ()) -> Iterator[str]:
    """The whole report; several clusters most severe first, else in the order in which they were named.

    `links` are those of the config.
    """
    for cluster in sorted(status.clusters, key=_urgency):
        yield clean(_headline(cluster))
        yield from (f"  {line}" for line in _rows(cluster, status.at, links if explain else None))


def _urgency(cluster: ClusterStatus) -> int:
    return min((ORDER.index(severity) for severity in cluster.severities), default=len(ORDER))


def _headline(cluster: ClusterStatus) -> str:
    where = cluster.target if cluster.target in cluster.url else f"{cluster.target}  {cluster.url}"
    if cluster.error is not None:
        return f"{where}  can't be asked: {cluster.error}"
    release = [f"Flink {cluster.release}"] if cluster.release else []
    counts = dict.fromkeys(ORDER, 0)
    for verdict in cluster.verdicts:
        counts[verdict.severity] += 1
    jobs = ", ".join(f"{count} {severity}" for severity, count in counts.items() if count)
    number = len(cluster.verdicts)
    said = f"{number} job{'' if number == 1 else 's'}{f': {jobs}' if jobs else ''}"
    look = [_LOOKS[cluster.look]] if cluster.look in _LOOKS else []
    return "  ".join((where, *release, said, *(f"({one})" for one in look)))


def _rows(cluster: ClusterStatus, at: float, links: Sequence[WrittenLink] | None) -> Iterator[str]:
    """The lines of a cluster; with `links` each finding is explained."""
    found = links_on(cluster, links or (), at)
    rows: list[tuple[Severity, str, str, tuple[Finding, ...], Verdict | None]] = [
        (finding.severity, "", finding.words, (finding,), None) for finding in cluster.findings
    ]
    rows += [
        (one.severity, one.name, one.words, one.findings, one)
        for one in cluster.sorted_verdicts
        if one.severity is not Severity.OK
    ]
    rows.sort(key=lambda row: ORDER.index(row[0]))
    names = [clean(name) or "(cluster)" for _, name, _, _, _ in rows]
    width = max((min(_WIDEST, cells(name)) for name in names), default=0)
    for name, (severity, _, words, findings, verdict) in zip(names, rows, strict=True):
        yield f"{severity:8}  {name}{' ' * (width - cells(name))}  {clean(words)}"
        for number, finding in enumerate(findings if links is not None else ()):
            if number:
                yield f"{'':10}{finding.severity:8}  {clean(finding.words)}"
            yield from (f"{'':12}{line}" for line in _explained(finding, found(finding, verdict) or ()))


def _explained(finding: Finding, links: Iterable[FoundLink]) -> Iterator[str]:
    """Since when, where, on what evidence, and what to look at next."""
    if (since := moment(finding.since)) is not None:
        yield f"since     {since}"
    culprit = finding.culprit
    where = [culprit.vertex_name or culprit.vertex or ""]
    if culprit.subtasks:
        several = "s" if len(culprit.subtasks) > 1 else ""
        where.append(f"subtask{several} {', '.join(map(str, culprit.subtasks))}")
    if culprit.taskmanager:
        where.append(f"TaskManager {culprit.taskmanager}")
    if any(where):
        yield f"where     {clean('; '.join(filter(None, where)))}"
    for one in finding.evidence:
        value = figure(one, lambda at: moment(at) or "")
        yield f"evidence  {clean(one.what)}{f': {value}' if value else ''}"
    if finding.next:
        yield f"next      {clean(finding.next)}"
    for link in links:
        yield f"link      {clean(link.name)}: {link.url}"
