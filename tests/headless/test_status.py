"""`flinktop status`: the JSON document, the exit codes and the lines, of verdicts made up for it."""

from __future__ import annotations

import io
import json
import math
import sys
from typing import Any

import pytest

from flinktop.engine.clock import Clock
from flinktop.headless.status import print_status
from flinktop.headless.status_args import StatusArgs
from flinktop.headless.status_json import as_object
from flinktop.headless.status_report import ClusterStatus, Look, Status
from flinktop.headless.status_text import lines
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.finding_json import moment, plain
from flinktop.judgement.verdict import Verdict
from flinktop.model import format as fmt

AT = 1_795_892_400_000.0  # 2026-11-28T19:00:00Z
ESC = "\x1b[31m"


def finding(kind: Kind = Kind.BOTTLENECK, severity: Severity = Severity.WARNING, **more: Any) -> Finding:
    return Finding(kind=kind, severity=severity, words=f"{kind}: Join users", **more)


def verdict(*findings: Finding, name: str = "orders", severity: Severity | None = None) -> Verdict:
    first = findings[0] if findings else None
    return Verdict(
        job="a" * 32,
        name=name,
        state="RUNNING",
        severity=severity or (first.severity if first else Severity.OK),
        kind=str(first.kind) if first else "healthy",
        words=first.words if first else "healthy",
        findings=findings,
        at=AT,
    )


def status(*verdicts: Verdict, error: str | None = None, **more: Any) -> Status:
    cluster = ClusterStatus(
        target="prod",
        url="http://jm:8081",
        release=None if error else "1.20.5",
        look=None if error else Look.CLOSE,
        error=error,
        verdicts=verdicts,
        **more,
    )
    return Status(at=AT, clusters=(cluster,))


DETAILED = finding(
    since=AT - 530_000.0,
    culprit=Culprit(vertex="b" * 32, vertex_name="Join users", subtasks=(0, 1, 2)),
    evidence=(
        Evidence("busy, highest subtask", 1000.0, "ms/s"),
        Evidence("skew", math.nan, "%"),
        Evidence("ratio", 0.25),
        Evidence("cause", "java.io.IOException"),
    ),
    next="open the vertex",
)


def test_the_document_is_that_of_the_contract() -> None:
    assert as_object(status(verdict(DETAILED))) == {
        "version": 1,
        "at": "2026-11-28T19:00:00Z",
        "worst": "warning",
        "clusters": [
            {
                "target": "prod",
                "url": "http://jm:8081",
                "reachable": True,
                "error": None,
                "release": "1.20.5",
                "look": "close",
                "findings": [],
                "jobs": [
                    {
                        "id": "a" * 32,
                        "name": "orders",
                        "state": "RUNNING",
                        "severity": "warning",
                        "kind": "bottleneck",
                        "words": "bottleneck: Join users",
                        "findings": [
                            {
                                "kind": "bottleneck",
                                "severity": "warning",
                                "since": "2026-11-28T18:51:10Z",
                                "words": "bottleneck: Join users",
                                "culprit": {
                                    "vertex": "b" * 32,
                                    "vertex_name": "Join users",
                                    "subtasks": [0, 1, 2],
                                    "taskmanager": None,
                                },
                                "evidence": [
                                    {"what": "busy, highest subtask", "value": 1000, "unit": "ms/s"},
                                    {"what": "skew", "value": None, "unit": "%"},
                                    {"what": "ratio", "value": 0.25, "unit": ""},
                                    {"what": "cause", "value": "java.io.IOException", "unit": ""},
                                ],
                                "next": "open the vertex",
                            }
                        ],
                    }
                ],
            }
        ],
    }


def test_what_is_not_known_of_a_culprit_and_of_a_time_is_null() -> None:
    unknown = finding(culprit=Culprit(taskmanager=""))
    found = as_object(status(verdict(unknown)))["clusters"][0]["jobs"][0]["findings"][0]
    assert set(found["culprit"].values()) == {None}
    assert found["since"] is None


def test_a_job_without_findings_has_none() -> None:
    one = as_object(status(verdict()))["clusters"][0]["jobs"][0]
    assert (one["severity"], one["kind"], one["findings"]) == ("ok", "healthy", [])


def test_a_cluster_that_cannot_be_asked_has_all_keys() -> None:
    (lost,) = as_object(status(error="connection refused"))["clusters"]
    (well,) = as_object(status(verdict()))["clusters"]
    assert lost.keys() == well.keys()
    assert (lost["reachable"], lost["error"], lost["jobs"]) == (False, "connection refused", [])


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (math.inf, None),
        (-math.inf, None),
        (math.nan, None),
        (None, None),
        (3, 3),
        (1e300, 1e300),
        (-0.5, -0.5),
        (f"a{ESC}b\nc", "ab c"),
    ],
)
def test_values_are_plain(value: float | str | None, written: float | str | None) -> None:
    assert plain(value) == written
    json.dumps(plain(value), allow_nan=False)


@pytest.mark.parametrize("value", [None, 0.0, -1.0, math.nan, math.inf, 1e18])
def test_a_time_that_is_none_is_null(value: float | None) -> None:
    assert moment(value) is None


# -- how bad it is -------------------------------------------------------------------------------------

CRITICAL = finding(Kind.FAILED, Severity.CRITICAL)
WARNING, INFO = finding(), finding(Kind.CHECKPOINTS_OFF, Severity.INFO)


@pytest.mark.parametrize(
    ("report", "worst", "code"),
    [
        (status(), "ok", 0),
        (status(verdict()), "ok", 0),
        (status(verdict(INFO)), "info", 0),
        (status(verdict(), verdict(WARNING)), "warning", 1),
        (status(verdict(WARNING), verdict(severity=Severity.UNKNOWN)), "unknown", 3),
        (status(error="refused"), "unknown", 3),
        (status(verdict(severity=Severity.UNKNOWN), verdict(CRITICAL)), "critical", 2),
        (status(findings=(finding(Kind.MEMORY, Severity.CRITICAL),)), "critical", 2),
        (status(findings=(finding(Kind.MEMORY),)), "warning", 1),
        (Status(at=AT, clusters=status(verdict(WARNING)).clusters, missing_job="x"), "unknown", 3),
        (
            Status(at=AT, clusters=(*status(verdict(CRITICAL)).clusters, *status(error="x").clusters)),
            "critical",
            2,
        ),
    ],
)
def test_the_exit_code_says_how_bad_it_is(report: Status, worst: str, code: int) -> None:
    assert (report.worst, report.code) == (worst, code)
    assert as_object(report)["worst"] == worst


# -- lines ---------------------------------------------------------------------------------------------


def test_lines_have_the_worst_first() -> None:
    report = status(
        verdict(name="healthy one"),
        verdict(INFO, name="informed"),
        verdict(severity=Severity.UNKNOWN, name="unread"),
        verdict(WARNING, name="slow"),
        verdict(CRITICAL, name="dead"),
        findings=(finding(Kind.MEMORY),),
    )
    found = list(lines(report, explain=False))
    assert found[0] == (
        "prod  http://jm:8081  Flink 1.20.5  5 jobs: 1 critical, 1 warning, 1 unknown, 1 info, 1 ok"
    )
    assert [line.split()[:2] for line in found[1:]] == [
        ["critical", "dead"],
        ["warning", "(cluster)"],
        ["warning", "slow"],
        ["unknown", "unread"],
        ["info", "informed"],
    ]


def test_lines_are_explained() -> None:
    said = "\n".join(lines(status(verdict(DETAILED)), explain=True))
    for part in (
        "since     2026-11-28T18:51:10Z",
        "where     Join users; subtasks 0, 1, 2",
        "evidence  busy, highest subtask: 1000 ms/s",
        "evidence  cause: java.io.IOException",
        "next      open the vertex",
    ):
        assert part in said
    assert "evidence" not in "\n".join(lines(status(verdict(DETAILED)), explain=False))


def test_figures_are_written_as_on_the_screen() -> None:
    figures = (
        Evidence("behind it", 34_204_896, "ms"),
        Evidence("records pending", 29_457_099),
        Evidence("size", 2_900_000_000, "bytes"),
        Evidence("lost", math.nan, "ms"),
        Evidence("watermark", 1_796_062_974_000, "ms"),
        Evidence("earlier reason: closed"),
    )
    one = finding(culprit=Culprit(vertex_name="Join", subtasks=(0,)), evidence=figures)
    said = [line.strip() for line in lines(status(verdict(one)), explain=True)]
    assert said[2:] == [
        "where     Join; subtask 0",
        "evidence  behind it: 9 h 30 m",
        "evidence  records pending: 29M",
        "evidence  size: 2.7 GB",
        f"evidence  lost: {fmt.ABSENT}",
        "evidence  watermark: 2026-11-30T18:22:54Z",
        "evidence  earlier reason: closed",
    ]


def test_a_cluster_that_cannot_be_asked_is_a_line() -> None:
    assert list(lines(status(error="connection refused"), explain=True)) == [
        "prod  http://jm:8081  can't be asked: connection refused"
    ]


def test_names_from_outside_cannot_control_a_terminal() -> None:
    nasty = f'a"b\\c\nd{ESC}e\u202e'
    one = finding(culprit=Culprit(vertex_name=nasty), evidence=(Evidence(nasty, nasty, nasty),), next=nasty)
    report = status(verdict(one, name=nasty))
    said = [*lines(report, explain=True), json.dumps(as_object(report), ensure_ascii=False)]
    assert not any("\x1b" in line or "\u202e" in line or "\n" in line for line in said)
    assert as_object(report)["clusters"][0]["jobs"][0]["name"] == 'a"b\\c de'


def test_the_document_is_utf8_on_any_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="ascii"))
    print_status(status(verdict(name="作业")), StatusArgs(form="json"), Clock())
    assert json.loads(out.getvalue().decode("utf-8"))["clusters"][0]["jobs"][0]["name"] == "作业"
