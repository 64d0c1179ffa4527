"""A number that may be absent, not known yet, or impossible to have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.facts.unanswered import blank_mark
from flinktop.model import format as fmt
from flinktop.model import lag as lags

if TYPE_CHECKING:
    from flinktop.engine.series import SeriesName
    from flinktop.facts.known import Known


class Figure(Struct, frozen=True):
    """A number that may be absent in this release or for this vertex, or not known yet."""

    value: float | None = None
    absent: bool = False
    failed: bool = False
    """It was asked for and could not be had."""
    tone: str = ""
    """The style of one whose history decides: see `lag_figure`."""

    @property
    def blank(self) -> tuple[str, str]:
        """What stands in its place while it has no value, with its tone."""
        return (fmt.ABSENT, "muted") if self.absent else blank_mark(failed=self.failed)


ABSENT = Figure(absent=True)


def lag_figure(known: Known, series: SeriesName, seconds: float | None) -> Figure:
    """A watermark lag, whose series decides on its colour; None is none."""
    if seconds is None:
        return ABSENT
    late = seconds >= lags.LATE
    return Figure(seconds, tone=lags.tone(known.points(series, known.now() - 2 * lags.REACH)) if late else "")
