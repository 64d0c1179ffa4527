"""How an ended job ended: its result, its net run time, the reason of a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.jobs import EXECUTION_RESULT
from flinktop.model import faults
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from flinktop.engine.host import Port
    from flinktop.ui.panels.frame import Part

_TONES = {"SUCCEEDED": "good", "FAILED": "bad", "CANCELED": "muted"}


def result_line(job: str, port: Port) -> list[Part]:
    """What `/jobs/:jobid/execution-result` says; [] while it is not known, or the job has not ended."""
    reading = port.reading(EXECUTION_RESULT(job=job))
    result = reading.value.job_execution_result if reading is not None and reading.value is not None else None
    if result is None:
        return []
    status = result.application_status
    parts: list[Part] = [("result ", "muted"), (status, _TONES.get(status, "warn"))]
    if result.net_runtime is not None:
        parts += [("   ran ", "muted"), (fmt.milliseconds(result.net_runtime), "")]
    if result.accumulator_results:
        parts += [("   accumulators ", "muted"), (str(len(result.accumulator_results)), "")]
    if result.failure_cause is not None:
        trace = result.failure_cause.stack_trace
        parts += [
            ("   cause ", "muted"),
            (faults.root(trace).sentence or result.failure_cause.sentence, "bad"),
        ]
    return parts
