"""What is known of the parts of a vertex: attempts, backpressure, watermarks, its TaskManagers."""

from __future__ import annotations

import math
from types import SimpleNamespace

from flinktop.facts.freshness import ABSENT
from flinktop.facts.subtasks import VertexContext
from flinktop.facts.vertex_parts import (
    NOWHERE,
    Marks,
    concurrent_attempt,
    pressure_facts,
    taskmanager_of,
    vertex_taskmanager,
)
from flinktop.flink.vertices import Attempt, IoMetrics, SubtaskBackpressure, VertexTaskManager
from flinktop.model.subtask_figures import ENDED, NO_WATERMARK
from flinktop.ui.panels.attempts import PHASES, AttemptsTable
from flinktop.ui.panels.vertex_parts import mark_text, raw_text
from tests.ui.drawn import columns_of

NOW = 1_700_000_000.0


def test_an_attempts_time_in_each_state_if_the_release_has_it() -> None:
    def cells(one: Attempt) -> list[str]:
        port = SimpleNamespace(known_time=lambda: NOW)
        columns = columns_of(AttemptsTable, port, _vertex_context=lambda: VertexContext(sink=True))
        return [column.cell(one)[0] for column in columns if column.usual]

    totals = IoMetrics(read_records=5, read_records_complete=True)
    one = Attempt(attempt=2, status="FAILED", start_time=1000, duration=3000, metrics=totals)
    number, _, _, ended, duration, _, taken, sent, *spent = cells(one)
    assert (number, duration, taken, sent) == ("2", "3 s", "5", "–")  # noqa: RUF001 -- ABSENT
    assert spent == ["–"] * len(PHASES)  # noqa: RUF001 -- ABSENT
    assert ended == "–"  # noqa: RUF001 -- ABSENT
    told = Attempt(status_duration={"RUNNING": 7})
    assert cells(told)[-4:] == ["–", "–", "–", "7 ms"]  # noqa: RUF001 -- ABSENT


def test_in_a_vertexs_first_minute_shares_may_not_be_measured_yet() -> None:
    one = SubtaskBackpressure(subtask=3, ratio=0.0, busy_ratio=1.0, idle_ratio=0.0)
    known = pressure_facts(one, 3, ".0", young=False)
    assert (known.key, known.busy, known.idle, known.unmeasured) == ("3.0", 1.0, 0.0, False)
    legacy = SubtaskBackpressure(subtask=3, ratio=0.1, idle_ratio=0.0)
    assert pressure_facts(legacy, 3, "", young=False).idle is None


def test_the_subtask_that_holds_the_watermark_back() -> None:
    known = {0: NOW * 1000 - 60_000, 1: NOW * 1000, 2: math.inf}
    marks = Marks(known, NOW)
    late, foremost, ended, unknown = (marks.facts(index, ()) for index in range(4))
    assert (late.holds, late.lag.value, late.behind) == (True, 60.0, 60.0)
    assert (foremost.holds, foremost.behind) == (False, 0.0)
    assert (mark_text(ended.mark, 0.0, NOW), ended.lag) == ("the input has ended", ABSENT)
    assert (unknown.mark, mark_text(None, 0.0, NOW), raw_text(None)) == (None, "…", "…")


def test_a_watermark_far_from_now_is_written_with_its_date() -> None:
    assert mark_text(NOW * 1000, 0.0, NOW) == "22:13:20"
    assert mark_text(1000.0, 0.0, NOW).startswith("1970-01-01")
    assert mark_text(NO_WATERMARK, 0.0, NOW) == "none yet"
    assert mark_text(ENDED, 0.0, NOW) == "the input has ended"


def test_a_taskmanagers_share_of_a_vertex() -> None:
    spent = IoMetrics(
        accumulated_busy_time=30.0, accumulated_backpressured_time=10.0, accumulated_idle_time=60.0
    )
    one = VertexTaskManager(
        host="h:1",
        status="RUNNING",
        taskmanager_id="tm",
        status_counts={"RUNNING": 2, "FAILED": 1},
        metrics=spent,
    )
    found = vertex_taskmanager(one, source=True, sink=False)
    assert (found.key, found.subtasks, found.busy) == ("tm", 3, 300.0)
    assert found.counts == "1 failed  2 running"
    assert found.taken == ABSENT
    beside = concurrent_attempt(1, Attempt(attempt=4, taskmanager_id="tm"), 8, source=True, sink=False)
    assert beside.counts == "attempt 4"
    assert beside.name.startswith(NOWHERE)
    assert taskmanager_of(beside.key) == "tm"
