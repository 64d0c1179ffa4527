"""The well-known failure of a trace or a message; cached, as a failure is judged with each look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.model import faults

if TYPE_CHECKING:
    from flinktop.known.recognise import Known


def _recognised(trace: str) -> Known | None:
    from flinktop.known.recognise import of_trace  # noqa: PLC0415 -- loads the table: with the first failure

    return of_trace(trace)


known = faults.ByHash(_recognised, faults.MOST_KNOWN)
"""The failure, or None."""
