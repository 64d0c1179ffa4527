"""An operation as text: what is left to itself, and the table."""

import pytest

from flinktop.engine.acts.verdict import Explanation, Result
from flinktop.engine.operation import Operation, State
from flinktop.headless.cells import cells
from flinktop.headless.output import as_object, table, unfinished_text


def of(kind: str, subject: str = "orders", **given: object) -> Operation:
    known = {"id": "1" * 32, "cluster": "http://a:1", "cluster_name": "a", "by": "me@here", "planned": 9.0}
    return Operation(kind=kind, act=None, subject=subject, **{**known, **given})  # type: ignore[arg-type]


def test_only_what_has_a_trigger_is_remembered_by_flink() -> None:
    for kind in ("savepoint", "stop"):
        told = unfinished_text(of(kind, state=State.RUNNING, trigger="2" * 32))
        assert "five minutes after its end, unless rest.async.store-duration (Flink 1.15+) says" in told
    for kind in ("cancel", "run-jar", "submit-graph"):
        told = unfinished_text(of(kind, state=State.ACCEPTED))
        assert "minutes" not in told
        assert "flinktop operations" in told


def test_a_never_submitted_operation_has_no_id() -> None:
    told = as_object(of("run-jar", id="", planned=0.0))
    assert (told["id"], told["planned"], told["kind"]) == (None, None, "run-jar")
    assert as_object(of("run-jar"))["id"] == "1" * 32


@pytest.mark.parametrize(
    ("text", "wide"), [("", 0), ("orders", 6), ("注文", 4), ("한국", 4), ("é", 1), ("e\u0301", 1), ("ｱ🚀", 3)]
)
def test_cells_of_a_terminal(text: str, wide: int) -> None:
    assert cells(text) == wide


def test_wide_names_keep_the_columns() -> None:
    names = ("orders", "注文の集計ジョブ", "주문", "e\u0301te\u0301", "a much longer name of a job")
    rows = tuple(of("cancel", name, state=State.DONE, result=Result(job_state="CANCELED")) for name in names)
    head, *lines = table(rows)
    starts = {cells(line[: line.index("me@here")]) for line in lines if "me@here" in line}
    assert starts == {cells(head[: head.index("BY")])}
    assert sum(line.strip() == "job state  CANCELED" for line in lines) == len(names)


KNOWN = Explanation("disk-full", "Disk full", "The disk is full\x1b[2J.", "Free [b]space[/b].")


def test_a_well_known_failure_is_explained() -> None:
    failed = of("savepoint", state=State.FAILED, reason="no space", explanation=KNOWN)
    rows = [line.strip() for line in table((failed,))]
    assert rows[-3:] == [
        "reason     no space",
        "means      The disk is full.",
        "next       Free [b]space[/b].",
    ]
    told = as_object(failed)["failure"]
    assert (told["id"], told["name"], told["next"]) == ("disk-full", "Disk full", "Free [b]space[/b].")
    done, unknown = of("stop", state=State.DONE, explanation=KNOWN), of("stop", state=State.FAILED)
    for other in (done, unknown):
        assert as_object(other)["failure"] is None
        assert "means" not in " ".join(table((other,)))
