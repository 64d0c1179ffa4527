r"""`flinktop status` in Prometheus' text format, for a file that node_exporter's textfile collector reads.

A line is `name{label="value"} number`; in a label's value `\`, `"` and line breaks are escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.flink.text import clean
from flinktop.judgement.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flinktop.headless.status_report import ClusterStatus, Status
    from flinktop.judgement.finding import Finding
    from flinktop.judgement.verdict import Verdict

LEVELS: Final = {
    Severity.OK: 0,
    Severity.INFO: 1,
    Severity.WARNING: 2,
    Severity.UNKNOWN: 3,
    Severity.CRITICAL: 4,
}
"""The value of a gauge, so that `max` and `>=` work."""
_LEVELS: Final = "0 ok, 1 info, 2 warning, 3 unknown, 4 critical"
_HELP: Final = {
    "flinktop_up": "Whether the cluster could be asked.",
    "flinktop_success": "Whether all clusters could be asked, and the job of --job is there.",
    "flinktop_timestamp_seconds": "When this was written, by the clock of the machine that wrote it.",
    "flinktop_age_seconds": "Age of the cluster's list of jobs when this was written.",
    "flinktop_job_severity": f"The verdict on a job: {_LEVELS}.",
    "flinktop_finding": f"What is wrong with a job or, without one, with its cluster: {_LEVELS}.",
}


def exposition(status: Status, now: float) -> str:
    """The whole text; `now` is this machine's time in s since 1970."""
    samples: dict[str, dict[str, float]] = {name: {} for name in _HELP}
    asked = all(cluster.error is None for cluster in status.clusters) and status.missing_job is None
    samples["flinktop_success"][""] = float(asked)
    samples["flinktop_timestamp_seconds"][""] = now
    for cluster in status.clusters:
        for name, labels, value in _of_cluster(cluster):
            known, key = samples[name], _labels(labels)
            # Two samples with the same labels would make the whole file invalid: the worse one stays.
            known[key] = max(value, known.get(key, value))
    return "".join(_lines(samples))


def _lines(samples: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    for name, values in samples.items():
        if values:
            yield f"# HELP {name} {_HELP[name]}\n# TYPE {name} gauge\n"
        yield from (f"{name}{labels} {value:.15g}\n" for labels, value in values.items())


def _of_cluster(cluster: ClusterStatus) -> Iterator[tuple[str, dict[str, str], float]]:
    labels = {"cluster": cluster.target}
    yield "flinktop_up", labels, float(cluster.error is None)
    if cluster.age is not None:
        yield "flinktop_age_seconds", labels, cluster.age
    for finding in cluster.findings:
        yield _finding(labels, finding)
    for verdict in cluster.sorted_verdicts:
        of_job = {**labels, **_of_job(verdict)}
        more = {"state": verdict.state, "kind": verdict.kind, "severity": str(verdict.severity)}
        yield "flinktop_job_severity", {**of_job, **more}, LEVELS[verdict.severity]
        for finding in verdict.findings:
            yield _finding(of_job, finding)


def _of_job(verdict: Verdict) -> dict[str, str]:
    return {"job": verdict.name, "job_id": verdict.job}


def _finding(labels: Mapping[str, str], finding: Finding) -> tuple[str, dict[str, str], float]:
    culprit = finding.culprit
    found = {
        "job": "",
        "job_id": "",
        **labels,
        "kind": str(finding.kind),
        "severity": str(finding.severity),
        "vertex": culprit.vertex_name or culprit.vertex or "",
        "subtasks": ",".join(map(str, culprit.subtasks)),
        "taskmanager": culprit.taskmanager or "",
    }
    return "flinktop_finding", found, LEVELS[finding.severity]


def _labels(labels: Mapping[str, str]) -> str:
    """Labels in braces; an empty value is the same as no label to Prometheus."""
    pairs = (f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{','.join(pairs)}}}"


def _escaped(value: str) -> str:
    return clean(value).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
