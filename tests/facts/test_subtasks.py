"""What is known of a subtask, by totals, metrics, and how both have moved."""

from __future__ import annotations

import pytest

from flinktop.engine.store import Reading
from flinktop.facts.freshness import ABSENT, OLD_SECONDS, Figure
from flinktop.facts.subtasks import SubtaskFacts, SubtaskHistory, VertexContext, matches, vertex_context
from flinktop.flink.errors import NotFound, Unreachable
from flinktop.flink.jobs import JOB, Job, JobVertex
from flinktop.flink.metrics import Metric
from flinktop.flink.vertices import Attempt, IoMetrics, Vertex
from flinktop.model.subtask_figures import SubtaskIds
from flinktop.ui.panels.subtasks_table import SubtasksTable
from tests.facts.given import Given
from tests.ui.drawn import columns_of

IN, OUT, BUSY, MARK = (
    "numRecordsInPerSecond",
    "numRecordsOutPerSecond",
    "busyTimeMsPerSecond",
    "currentInputWatermark",
)
CONTEXT = VertexContext(ids=SubtaskIds((IN, OUT, BUSY, MARK)))
GONE = Unreachable("GET", "http://flink.test", "nothing listens there")


def attempt(number: int = 0, records: int = 0, *, subtask: int = 0, status: str = "RUNNING") -> Attempt:
    totals = IoMetrics(
        read_records=records, read_records_complete=True, write_records=0, write_records_complete=True
    )
    return Attempt(
        subtask=subtask,
        status=status,
        attempt=number,
        endpoint="host-a:6121",
        start_time=1,
        duration=90_000,
        metrics=totals,
        taskmanager_id="tm-7",
    )


def seen(known: Given, *attempts: Attempt) -> SubtaskHistory:
    history = SubtaskHistory(known, "j", "v")
    look(known, history, *attempts or (attempt(),))
    return history


def look(known: Given, history: SubtaskHistory, *attempts: Attempt) -> None:
    history.take_totals(Reading(Vertex(subtasks=attempts), known.now()))


def measure(known: Given, history: SubtaskHistory, **values: float) -> None:
    ids = {"taken": IN, "sent": OUT, "busy": BUSY, "mark": MARK}
    metrics = tuple(Metric(f"0.{ids[name]}", str(int(value))) for name, value in values.items())
    history.take_figures(Reading(metrics, known.now()))


def facts(history: SubtaskHistory, context: VertexContext = CONTEXT, subtask: int = 0) -> SubtaskFacts:
    return history.facts(history.attempts[subtask], context)


def test_before_its_metrics_are_known() -> None:
    found = facts(seen(Given()))
    assert (found.state, found.host, found.detail.seconds) == ("RUNNING", "host-a:6121", 90.0)
    assert found.taken == found.busy == found.lag == Figure()
    assert found.mark == Figure()
    assert found.idle.absent


def test_figures_from_metrics() -> None:
    known = Given()
    history = seen(known)
    now = known.cluster_time() * 1000
    measure(known, history, taken=5.0, sent=6.0, busy=900.0, mark=now - 3000)
    found = facts(history)
    assert (found.taken.value, found.sent.value, found.busy.value) == (5.0, 6.0, 900.0)
    assert found.lag.value == pytest.approx(3.0)
    assert found.mark.value == now - 3000
    assert history.read_at([0]) == known.now()


@pytest.mark.parametrize(("mark", "text"), [(-(2**63), "none"), (2**63 - 1, "ended")])
def test_a_watermark_that_has_not_come_or_has_ended_has_no_lag(mark: float, text: str) -> None:
    known = Given()
    history = seen(known)
    measure(known, history, mark=mark)
    found = facts(history)
    assert found.lag == ABSENT
    shown = {column.key: column.cell(found)[0] for column in columns_of(SubtasksTable, known)}
    assert shown["watermark"] == text


async def test_old_metrics_are_replaced_by_the_change_of_totals() -> None:
    known = Given()
    history = seen(known, attempt(records=100))
    measure(known, history, taken=5.0)
    for _ in range(4):
        await known.clock.advance(10)
        look(known, history, attempt(records=int(100 + 40 * (known.now() - 1000.0))))
    assert known.now() - 1000.0 > OLD_SECONDS
    found = facts(history)
    assert found.stale
    assert found.taken.value == pytest.approx(40.0)
    assert not found.old


async def test_metrics_of_the_attempt_before_are_not_its_own() -> None:
    known = Given()
    history = seen(known)
    measure(known, history, taken=5.0)
    await known.clock.advance(1)
    look(known, history, attempt(1))
    assert facts(history).taken == Figure()
    history.take_figures(Reading(None, error=GONE))
    assert history.failed
    assert facts(history).taken == Figure(failed=True)


def test_an_ended_subtask_has_totals_only() -> None:
    found = facts(seen(Given(), attempt(records=9, status="FINISHED")))
    assert (found.total_taken.value, found.taken, found.busy, found.lag) == (9, ABSENT, ABSENT, ABSENT)


def test_sources_take_nothing_in_and_sinks_send_nothing() -> None:
    history = seen(Given())
    source, sink = VertexContext(source=True), VertexContext(sink=True)
    assert facts(history, source).total_taken == facts(history, source).bytes_taken == ABSENT
    assert facts(history, sink).total_sent == facts(history, sink).bytes_sent == ABSENT


def test_what_flink_has_dropped_is_old() -> None:
    known = Given()
    history = seen(known)
    assert not facts(history).old
    history.take_totals(Reading(error=NotFound("GET", "http://flink.test")))
    assert facts(history).old
    known.lost = GONE
    look(known, history, attempt())
    assert facts(history).old


def test_the_busiest_needs_attention_first() -> None:
    known = Given()
    history = seen(known, attempt(), attempt(subtask=1), attempt(subtask=2, status="FAILED"))
    measure(known, history, busy=990.0)
    order = sorted(history.attempts, key=lambda one: facts(history, subtask=one).attention)
    assert order == [2, 0, 1]


def test_concurrent_attempts_have_its_attention_and_their_own_totals() -> None:
    other = attempt(1, 4)
    one = Attempt(subtask=0, status="RUNNING", attempt=0, other_concurrent_attempts=(other,))
    history = seen(Given(), one)
    main = facts(history)
    (beside,) = history.concurrent(main)
    assert (beside.key, beside.attempt, beside.total_taken.value) == ("0.0", 1, 4)
    assert beside.attention == main.attention
    assert beside.taken == ABSENT


def test_what_all_subtasks_of_a_vertex_have_in_common() -> None:
    known = Given()
    assert vertex_context(known, "j", "v") is None
    known.answer(JOB(job="j"), Job("j", vertices=(JobVertex("v", "map"),)))
    context = vertex_context(known, "j", "v")
    assert context is not None
    assert "busy" in context.ids.measures
    assert vertex_context(known, "j", "w") is None


def test_a_filter_finds_hosts_taskmanagers_states_and_indices() -> None:
    found = facts(seen(Given()))
    assert all(matches(found, text) for text in ("host-a", "TM-7", "running", "state:run", "0", "host 0"))
    assert not any(matches(found, text) for text in ("9", "state:host", "elsewhere"))


def test_its_lag_is_that_of_the_answers_time_however_late_it_is_looked_at() -> None:
    known = Given()
    history = seen(known)
    mark = known.cluster_time() - 30.0
    metrics: tuple[Metric, ...] = (Metric(f"0.{MARK}", str(int(mark * 1000))),)
    answer = Reading(metrics, known.now() - 8.0)
    history.take_figures(answer)
    assert facts(history).lag.value == pytest.approx(22.0, abs=0.1)
