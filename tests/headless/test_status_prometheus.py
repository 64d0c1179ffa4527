"""Prometheus' text format, read back by its rules."""

from __future__ import annotations

import re

from flinktop.headless.status_prometheus import exposition
from flinktop.headless.status_report import Status
from flinktop.judgement.finding import Culprit, Kind, Severity
from tests.headless.test_status import finding, status, verdict

_SAMPLE = re.compile(r"([a-z_]+)(\{(.*)\})? (\S+)")
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
_ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}

Sample = tuple[str, dict[str, str], float]


def parsed(text: str) -> list[Sample]:
    """The samples; every line must be one, or a comment about what follows."""
    assert text.endswith("\n")
    found, typed = [], set()
    for line in text.splitlines():
        if line.startswith("#"):
            _, what, name, *rest = line.split(" ", 3)
            assert what in ("HELP", "TYPE")
            if what == "TYPE":
                assert rest == ["gauge"]
                assert name not in typed
                typed.add(name)
            continue
        match = _SAMPLE.fullmatch(line)
        assert match is not None, line
        name, _, labels, value = match.groups()
        assert name in typed
        pairs = _LABEL.findall(labels or "")
        assert "".join(m[0] for m in _LABEL.finditer(labels or "")) == (labels or "")
        unescaped = {key: re.sub(r"\\[\\\"n]", lambda found: _ESCAPES[found[0]], text) for key, text in pairs}
        found.append((name, unescaped, float(value)))
    keys = [(name, tuple(sorted(labels.items()))) for name, labels, _ in found]
    assert len(keys) == len(set(keys)), "two samples with the same labels"
    return found


def sample(samples: list[Sample], name: str) -> Sample:
    return next(one for one in samples if one[0] == name)


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
