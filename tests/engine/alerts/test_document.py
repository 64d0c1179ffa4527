"""The JSON document that a command gets."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from flinktop.engine.alerts.alert import Alert, Call, Change
from flinktop.engine.alerts.document import MOST_ALERTS, MOST_BYTES, document
from flinktop.judgement.finding import Evidence, Finding, Kind, Severity
from flinktop.judgement.finding_json import finding_object
from tests.engine.alerts.given import CLUSTER, WALL, finding

URL = "http://flink.test:8081"


def alert(job: str = "a1", given: Finding | None = None, name: str = "orders") -> Alert:
    return Alert(
        cluster=CLUSTER, target="prod", job=job, job_name=name, finding=given or finding(), raised=WALL
    )


def read(*alerts: Alert, change: Change = Change.RAISED) -> dict[str, Any]:
    raw = document(Call(change, alerts, WALL), URL)
    assert raw.endswith(b"}\n")
    assert raw.count(b"\n") == 1
    found: dict[str, Any] = json.loads(raw)
    return found


def test_the_document_of_one_alert() -> None:
    given = finding(since=WALL * 1000.0)
    assert read(alert(given=given)) == {
        "version": 1,
        "target": "prod",
        "url": URL,
        "job": {"id": "a1", "name": "orders"},
        "finding": {
            "kind": "restart-loop",
            "severity": "critical",
            "since": "2023-11-14T22:13:20Z",
            "words": "restart-loop: something is wrong",
            "culprit": {"vertex": "v1", "vertex_name": "Map", "subtasks": [0, 1], "taskmanager": None},
            "evidence": [{"what": "busy, highest subtask", "value": 1000, "unit": "ms/s"}],
            "next": "look at it",
        },
        "event": "raised",
        "at": "2023-11-14T22:13:20Z",
        "note": None,
    }


def test_the_finding_is_that_of_status() -> None:
    assert read(alert())["finding"] == finding_object(finding())


def test_the_events() -> None:
    assert [read(alert(), change=change)["event"] for change in Change] == [
        "raised", "cleared", "escalated", "repeated",
    ]  # fmt: skip


def test_the_cluster_itself_has_no_job() -> None:
    assert read(alert("", finding(Kind.CLUSTER_LOST), name=""))["job"] is None


def test_a_job_that_is_missing_has_a_name() -> None:
    assert read(alert("", finding(Kind.JOB_MISSING)))["job"] == {"id": None, "name": "orders"}


def test_why_it_was_cleared_and_that_it_comes_and_goes_is_noted() -> None:
    gone = replace(alert(), cleared=WALL, why_cleared="Flink does not list the job any more")
    assert read(gone, change=Change.CLEARED)["note"] == "Flink does not list the job any more"
    assert read(replace(alert(), flapping=True))["note"].startswith("flapping: ")


def test_a_summary() -> None:
    warning = alert("b2", finding(Kind.SKEW, Severity.WARNING), "billing")
    found = read(alert(), warning, alert("", finding(Kind.MEMORY, Severity.WARNING), ""))
    assert found["job"] is None
    assert found["count"] == 3
    assert found["finding"]["kind"] == "restart-loop"
    assert found["finding"]["severity"] == "critical"
    assert (
        found["finding"]["words"] == "3 alerts (1 critical); worst: orders: restart-loop: something is wrong"
    )
    assert [one["job"] for one in found["alerts"]] == [
        {"id": "a1", "name": "orders"},
        {"id": "b2", "name": "billing"},
        None,
    ]
    assert found["alerts"][1]["finding"] == finding_object(finding(Kind.SKEW, Severity.WARNING))


def test_a_summary_is_bounded() -> None:
    found = read(*(alert(f"{number}") for number in range(1000)))
    assert len(found["alerts"]) == MOST_ALERTS
    assert found["count"] == 1000
    assert found["finding"]["words"].startswith("1000 critical alerts; worst: orders: ")
    large = finding()
    large = replace(large, evidence=tuple(Evidence("x" * 2000, "y" * 2000) for _ in range(20)))
    raw = document(Call(Change.RAISED, tuple(alert(f"{n}", large) for n in range(1000)), WALL), URL)
    assert len(raw) < 2 * MOST_BYTES
    assert json.loads(raw)["alerts"]


def test_names_are_cleaned() -> None:
    found = read(alert(name="orders\x1b]0;x\x07"))
    assert found["job"]["name"] == "orders"
