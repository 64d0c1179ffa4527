"""Prometheus' text format, read back by its rules."""

from __future__ import annotations

from flinktop.headless.status_prometheus import exposition
from flinktop.headless.status_report import Status
from flinktop.judgement.finding import Culprit, Kind, Severity
from tests.headless.exposition import parsed, sample
from tests.headless.test_status import finding, status, verdict


def test_a_finding_is_a_gauge_with_its_culprit() -> None:
    culprit = Culprit(vertex_name='Join "users"\\', subtasks=(0, 7), taskmanager="tm-1")
    samples = parsed(exposition(status(verdict(finding(culprit=culprit)), age=0.5), 1234.5))
    assert sample(samples, "flinktop_finding")[1:] == (
        {
            "cluster": "prod",
            "job": "orders",
            "job_id": "a" * 32,
            "kind": "bottleneck",
            "severity": "warning",
            "vertex": 'Join "users"\\',
            "subtasks": "0,7",
            "taskmanager": "tm-1",
        },
        2.0,
    )
    assert sample(samples, "flinktop_job_severity")[2] == 2.0
    assert sample(samples, "flinktop_up")[1:] == ({"cluster": "prod"}, 1.0)
    assert sample(samples, "flinktop_success")[2] == 1.0
    assert sample(samples, "flinktop_timestamp_seconds")[2] == 1234.5
    assert sample(samples, "flinktop_age_seconds")[2] == 0.5


def test_a_cluster_that_cannot_be_asked_is_no_success() -> None:
    clusters = (*status(verdict()).clusters, *status(error="refused").clusters)
    samples = parsed(exposition(Status(at=0.0, clusters=clusters), 1.0))
    assert sample(samples, "flinktop_success")[2] == 0.0


def test_equal_findings_are_one_sample_the_worse() -> None:
    both = finding(Kind.MEMORY), finding(Kind.MEMORY)
    unknown = verdict(severity=Severity.UNKNOWN)
    samples = parsed(exposition(status(unknown, unknown, findings=both), 1.0))
    assert sum(name == "flinktop_finding" for name, _, _ in samples) == 1
    of_cluster = sample(samples, "flinktop_finding")
    assert (of_cluster[1]["job"], of_cluster[1]["job_id"]) == ("", "")


def test_lines_in_names_do_not_break_lines() -> None:
    samples = parsed(exposition(status(verdict(finding(), name='a\nb"\x1b[31mc')), 1.0))
    assert sample(samples, "flinktop_finding")[1]["job"] == 'a b"c'
