"""What is known of an exception: what, where, when and how often."""

from __future__ import annotations

from flinktop.facts.faults import fault_facts, repeated_parts, when_words
from flinktop.flink.exceptions import Fault
from flinktop.model.faults import FaultGroup

NOW = 1_700_000_000.0
AT = int(NOW - 60) * 1000
BESIDE = Fault("java.io.IOException", "java.io.IOException: gone")
FIRST = Fault("java.lang.IllegalStateException", "java.lang.IllegalStateException: no", AT - 60_000)
LATEST = Fault(
    "java.lang.IllegalStateException",
    "java.lang.IllegalStateException: no",
    AT,
    task_name="map (3/4)",
    task_manager_id="tm-1",
    failure_labels={"kind": "user", "code": "7"},
    concurrent_exceptions=(BESIDE,),
)


def group(count: int = 3) -> FaultGroup:
    return FaultGroup("k", FIRST, LATEST, count, (LATEST, FIRST))


def test_a_group_and_the_failures_concurrent_with_its_latest() -> None:
    main, beside = fault_facts(group())
    assert (main.count, main.at, main.first) == (3, AT, AT - 60_000)
    assert (main.task, main.subtask, main.index, main.taskmanager) == ("map", "2 (3/4)", 2, "tm-1")
    assert main.labels == "code=7 kind=user"
    assert main.key != beside.key
    assert (beside.count, beside.name[:6], beside.at, beside.first) == (1, "  and ", AT, AT)
    assert beside.subtask == "–"  # noqa: RUF001 -- ABSENT


def test_when_it_was_and_how_often() -> None:
    assert when_words(AT, 0.0, NOW) == "22:12:20, 1 m ago"
    assert when_words(-1, 0.0, NOW) == "Flink does not report when"
    assert repeated_parts(group(1), 0.0, NOW) == []
    assert (
        "".join(text for text, _ in repeated_parts(group(), 0.0, NOW)) == "same error 3 times since 22:11:20"
    )
