"""What is said of searches for clusters: why nothing was found, and what could not be searched."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from flinktop.flink.text import clean
from flinktop.ui.panels.frame import Line
from flinktop.ui.widgets.growth import redraw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.engine.fleet import SearchState
    from flinktop.flink.endpoint import Query
    from flinktop.ui.panels.parts import Part

MOST: Final = 3
"""Problems that are shown; the log has all of them."""


def none_found(searches: Sequence[SearchState]) -> str:
    """What is said where clusters would be, a line for each search; "" if there is none."""
    return "\n".join(map(_found_nothing, searches))


def _found_nothing(search: SearchState) -> str:
    where = clean(search.where)
    if search.searched:
        return clean(search.nothing) or f"no cluster found in {where}"
    return f"{'nothing is known yet of' if search.problems else 'looking for Flink clusters in'} {where}"


def problem_lines(searches: Sequence[SearchState], now: float) -> list[list[Part]]:
    """What could not be searched, the first few; `now` on the clock of the engines (s)."""
    found = [(problem, one.retry_at) for one in searches for problem in one.problems]
    lines: list[list[Part]] = []
    for problem, retry_at in found[:MOST]:
        line: list[Part] = [(f"✕ {clean(problem).rstrip('.')}", "bad")]
        if retry_at is not None:
            seconds = max(0, math.ceil(retry_at - now))
            line.append((f"; tried again in {seconds} s, or press r", "muted"))
        lines.append(line)
    more = len(found) - MOST
    if more > 0:
        lines.append([(f"{more} more problem{'' if more == 1 else 's'}: flinktop's log has them", "muted")])
    return lines


class SearchNotice(Line):
    """What could not be searched, and when that is tried again; nothing while all goes well."""

    ticks_when_paused = True
    ticks_when_hidden = True
    DEFAULT_CSS = "SearchNotice { height: auto; max-height: 7; display: none; padding: 0 1; }"

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:  # noqa: ARG002 -- of no single cluster
        self.wants_tick = True

    def show(self) -> None:
        fleet = self.app.fleet
        states = [one.state for one in fleet.searches] if fleet is not None else []
        lines = problem_lines(states, self.app.clock.now())
        parts: list[Part] = []
        for number, line in enumerate(lines):
            parts += [("\n", ""), *line] if number else line
        self.display = bool(lines)
        if parts != self._parts:
            self._parts = parts
            # Another sentence may need a different number of lines.
            redraw(self, grown=True)
