"""What was asked of the cluster and has not ended, in the few cells that the frame has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.operations import took
from flinktop.flink.text import clean
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from flinktop.engine.operation import Operation

SIGN = "⟳"


def chips(operations: tuple[Operation, ...], wall: float) -> tuple[str, ...]:
    """Ways to say it, the longest first; () when nothing is under way.

    Args:
        operations: those under way.
        wall: This machine's time (s since 1970), by which operations are written down.
    """
    if not operations:
        return ()
    if len(operations) > 1:
        return f"{SIGN} {len(operations)} operations", f"{SIGN} {len(operations)}"
    one = operations[0]
    if one.progress is not None:
        sent, size = one.progress
        so_far = f"{100 * sent // max(size, 1)} %"
    else:
        so_far = fmt.duration(took(one, wall))
    return f"{SIGN} {clean(one.label)} {so_far}", f"{SIGN} {so_far}"
