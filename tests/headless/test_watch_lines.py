"""The lines of `flinktop watch`, and what they tell of alerts."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.engine.alerts.alert import Alert, AlertsView, Call, Change
from flinktop.engine.alerts.document import document
from flinktop.headless.alert_changes import Known, changes
from flinktop.headless.watch_lines import MOST_WORDS, Line, What, as_json, as_text
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity

AT = 1_795_892_400.0  # 2026-11-28T19:00:00Z
JOB = "a" * 32
FINDING = Finding(
    kind=Kind.RESTART_LOOP,
    severity=Severity.CRITICAL,
    words="restart-loop: 5 failures in 3 m",
    culprit=Culprit(vertex_name="Join users", subtasks=(3,)),
    evidence=(Evidence("cause", "java.io.IOException"), Evidence("failures", 5)),
    since=AT * 1000.0 - 180_000.0,
)
RAISED = Line(
    at=AT,
    what=What.RAISED,
    words=FINDING.words,
    target="prod",
    url="http://jm:8081",
    job=JOB,
    job_name="orders",
    finding=FINDING,
    happened=AT - 2.0,
    note="flapping",
)


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


def test_text_has_time_with_offset_cluster_job_and_what_happened() -> None:
    assert as_text(RAISED) == (
        "2026-11-28T20:00:00+01:00  prod  orders  raised critical  restart-loop: 5 failures in 3 m"
    )


def test_text_of_the_cluster_itself_and_of_the_watcher() -> None:
    of_cluster = replace(RAISED, job="", job_name="")
    assert "  prod  (cluster)  raised critical  " in as_text(of_cluster)
    lost = Line(at=AT, what=What.LOST, words="no answer", target="prod")
    assert as_text(lost) == "2026-11-28T20:00:00+01:00  prod  lost  no answer"
    note = Line(at=AT, what=What.READY, words="ready")
    assert as_text(note) == "2026-11-28T20:00:00+01:00  flinktop  ready"


def test_json_has_the_keys_of_a_hook_s_document_and_the_time() -> None:
    line = as_json(RAISED)
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2026-11-28T19:00:00Z",
        "version": 1,
        "target": "prod",
        "url": "http://jm:8081",
        "job": {"id": JOB, "name": "orders"},
        "finding": {
            "kind": "restart-loop",
            "severity": "critical",
            "since": "2026-11-28T18:57:00Z",
            "words": "restart-loop: 5 failures in 3 m",
            "culprit": {
                "vertex": None,
                "vertex_name": "Join users",
                "subtasks": [3],
                "taskmanager": None,
            },
            "evidence": [
                {"what": "cause", "value": "java.io.IOException", "unit": ""},
                {"what": "failures", "value": 5, "unit": ""},
            ],
            "next": "",
        },
        "event": "raised",
        "at": "2026-11-28T18:59:58Z",
        "note": "flapping",
        "words": "restart-loop: 5 failures in 3 m",
    }


def test_its_keys_are_those_of_a_hook_s_document() -> None:
    found = json.loads(document(Call(Change.RAISED, (alert(),), AT), "http://jm:8081"))
    line = json.loads(as_json(RAISED))
    assert [key for key in line if key not in ("time", "words")] == list(found)
    assert list(line["finding"]) == list(found["finding"])
    assert list(line["job"]) == list(found["job"])


def test_every_line_has_all_keys() -> None:
    note = json.loads(as_json(Line(at=AT, what=What.NOTE, words="x")))
    assert list(note) == list(json.loads(as_json(RAISED)))
    assert {note[key] for key in ("target", "url", "job", "finding", "at", "note")} == {None}
    missing = json.loads(as_json(replace(RAISED, job="", job_name="billing-*")))
    assert missing["job"] == {"id": None, "name": "billing-*"}


@pytest.mark.parametrize("write", [as_text, as_json])
def test_foreign_text_is_cleaned_bounded_and_without_secrets(write: Any) -> None:
    evil = replace(
        RAISED, job_name="or\x1b[2Jders\n2026 fake", words="password=hunter2 \x07\n" + "x" * 10_000
    )
    line = write(evil)
    assert "\n" not in line
    assert "\x1b" not in line
    assert "hunter2" not in line
    assert line.count("x") < MOST_WORDS + 10


# -- alerts --------------------------------------------------------------------------------------------


def alert(
    name: str = "orders", *, raised: float = AT, severity: Severity = Severity.WARNING, **more: Any
) -> Alert:
    finding = replace(FINDING, severity=severity)
    return Alert(cluster="c", target="prod", job=name, job_name=name, finding=finding, raised=raised, **more)


def told(before: Known, view: AlertsView, began: float = AT - 100.0) -> list[tuple[str, str]]:
    return [(str(what), one.job_name) for what, one in changes(before, view, began)]


def test_what_is_raised_is_told_oldest_first_and_once() -> None:
    view = AlertsView(open=(alert("b", raised=AT + 2), alert("a", raised=AT + 1)))
    assert told(Known(), view) == [("raised", "a"), ("raised", "b")]
    assert told(Known(view, first=False), view) == []


def test_what_was_open_before_the_start_is_told_as_such() -> None:
    view = AlertsView(open=(alert("a", raised=AT - 3600),))
    assert told(Known(), view) == [("open", "a")]


def test_what_cleared_before_the_start_is_nothing_and_while_it_was_away_is_told() -> None:
    old = alert("old", raised=AT - 7200, cleared=AT - 3600)
    away = alert("away", raised=AT - 7200, cleared=AT)
    view = AlertsView(past=(away, old))
    assert told(Known(), view) == [("cleared", "away")]
    assert told(Known(view, first=False), view) == []


def test_worse_is_escalated_and_better_is_nothing() -> None:
    warning, critical = (
        AlertsView(open=(alert(severity=one),)) for one in (Severity.WARNING, Severity.CRITICAL)
    )
    assert told(Known(warning, first=False), critical) == [("escalated", "orders")]
    assert told(Known(critical, first=False), warning) == []


def test_what_clears_is_told_once() -> None:
    was_open = AlertsView(open=(alert(),))
    over = AlertsView(past=(alert(cleared=AT + 60),))
    assert told(Known(was_open, first=False), over) == [("cleared", "orders")]
    assert told(Known(over, first=False), over) == []


def test_one_that_comes_back_is_raised_again() -> None:
    over = AlertsView(past=(alert(cleared=AT + 60),))
    again = AlertsView(open=(alert(raised=AT + 90),), past=over.past)
    assert told(Known(over, first=False), again) == [("raised", "orders")]


def test_what_came_and_went_between_two_looks_is_told_whole() -> None:
    view = AlertsView(past=(alert(cleared=AT + 1),))
    assert told(Known(AlertsView(), first=False), view) == [("raised", "orders"), ("cleared", "orders")]


def test_what_cleared_and_is_not_kept_any_more_is_told() -> None:
    was_open = AlertsView(open=(alert(),))
    assert told(Known(was_open, first=False), AlertsView()) == [("cleared", "orders")]


def test_a_thousand_at_once_are_a_line_each() -> None:
    view = AlertsView(open=tuple(alert(f"job {number}") for number in range(1000)))
    assert len(told(Known(), view)) == 1000
