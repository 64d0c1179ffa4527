"""Operations from flinktops as events, when they have ended."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.engine.acts.job_acts import Cancel, Savepoint
from flinktop.engine.acts.verdict import Explanation, Result
from flinktop.engine.journal import operations
from flinktop.engine.journal.event import Event, EventKind
from flinktop.engine.operation import Operation, State
from flinktop.judgement.finding import Severity

CLUSTER = "http://jm:8081"
JOB = "a" * 32
NOW = 1_700_000_000.0


def operation(number: int = 1, state: State = State.DONE, **given: Any) -> Operation:
    usual: dict[str, Any] = {
        "id": f"{number:032x}",
        "cluster": CLUSTER,
        "cluster_name": "prod",
        "kind": "savepoint",
        "act": Savepoint(JOB, "orders"),
        "subject": "orders",
        "job": JOB,
        "by": "ada@desk",
        "state": state,
        "planned": NOW,
        "ended": NOW + 5.0 + number,
    }
    return Operation(**usual | given)


def ended(*found: Operation, known: tuple[str, ...] = ()) -> list[Event]:
    return list(operations.ended(known, found, CLUSTER, ahead=2.0)[1])


def test_one_that_is_done() -> None:
    [event] = ended(operation(result=Result(savepoint="s3://k:secret@b/sp-1")))
    assert event.kind is EventKind.OPERATION
    assert event.words == "Savepoint of orders: done"
    assert event.at == 1000.0 * (NOW + 6.0 + 2.0), "by the cluster's clock"
    assert (event.job, event.job_name, event.severity) == (JOB, "orders", Severity.OK)
    assert event.details.splitlines() == ["by: ada@desk", "savepoint: s3://******@b/sp-1"]


def test_one_that_failed_says_why_and_what_to_do() -> None:
    known = Explanation("x", "no space", "The disk is full.", "Make room.")
    [event] = ended(operation(state=State.FAILED, reason="No space left", explanation=known))
    assert event.words == "Savepoint of orders: failed: No space left"
    assert event.severity is Severity.WARNING
    assert event.details.splitlines()[-2:] == ["means: The disk is full.", "next: Make room."]


def test_one_whose_end_is_not_known() -> None:
    [event] = ended(operation(state=State.LOST, reason="the answer was lost"))
    assert event.words == "Savepoint of orders: outcome unknown: the answer was lost"


def test_an_act_on_the_job_is_named_by_its_label() -> None:
    [event] = ended(operation(act=Cancel(JOB, "orders"), kind="cancel"))
    assert event.words == "Cancel of orders: done"


@pytest.mark.parametrize("state", [State.PLANNED, State.SENT, State.RUNNING, State.REFUSED, State.UNKNOWN])
def test_what_has_not_ended_or_was_never_sent_is_none(state: State) -> None:
    assert ended(operation(state=state)) == []


def test_each_is_told_once_and_only_of_this_cluster() -> None:
    one, two = operation(1), operation(2)
    assert [event.key for event in ended(two, one)] == [f"operation {one.id}", f"operation {two.id}"]
    assert ended(one, two, known=(one.id, two.id)) == []
    assert ended(operation(cluster="http://other:8081")) == []


def test_a_secret_in_a_reason_is_not_kept() -> None:
    [event] = ended(operation(state=State.FAILED, reason="no login with password=hunter2"))
    assert "hunter2" not in event.words
