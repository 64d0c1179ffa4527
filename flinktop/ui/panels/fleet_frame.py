"""The frame of a fleet's own screens: which clusters, how many answer, how many jobs are unhealthy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flinktop.facts.fleet import ClusterState
from flinktop.facts.operations import under_way
from flinktop.flink.text import clean
from flinktop.judgement.finding import Severity
from flinktop.model import format as fmt
from flinktop.ui.panels.frame import FLEET, NARROW, SEPARATOR, BottomLine, Line
from flinktop.ui.panels.parts import cells, fit, right_cells
from flinktop.ui.panels.verdicts import TONES, mark
from flinktop.ui.places import FleetPlace, is_at
from flinktop.ui.widgets.celltext import clip

if TYPE_CHECKING:
    from flinktop.engine.alerts.alert import AlertsView
    from flinktop.engine.operation import Operation
    from flinktop.facts.fleet import FleetFacts
    from flinktop.flink.endpoint import Query
    from flinktop.ui.panels.parts import Part


LEAST_WHERE: Final = 12
"""Cells below which it is not said where clusters are searched."""


def answering(facts: FleetFacts, *, short: bool = False) -> Part:
    """How many clusters answer."""
    whole = len(facts.clusters)
    live = sum(one.state is ClusterState.LIVE for one in facts.clusters)
    if not whole:
        return "no clusters", "muted"
    away = sum(one.state is ClusterState.UNREACHABLE for one in facts.clusters)
    words = f"{live}/{whole} live" if short else f"{live} of {whole} live"
    if live == whole:
        return f"● {words}", "good"
    return (
        (f"▲ {words}", "warn") if away and live else (f"✕ {words}", "bad") if away else (f"◐ {words}", "info")
    )


def unhealthy(facts: FleetFacts) -> Part:
    """How many jobs are unhealthy, in the tone of the worst."""
    found = sum(one.ill for one in facts.clusters)
    jobs = sum(sum(one.jobs.values()) for one in facts.clusters)
    if not found:
        return f"{jobs} job{'' if jobs == 1 else 's'}", "muted"
    worst = Severity.CRITICAL if any(one.severity is Severity.CRITICAL for one in facts.clusters) else None
    severity = worst or Severity.WARNING
    return f"{mark(severity)} {found} of {jobs} jobs unhealthy", TONES[severity]


def throughput(facts: FleetFacts) -> str:
    """The records/s of all clusters, and of how many if not of all that answer."""
    live = [one for one in facts.clusters if one.state is ClusterState.LIVE]
    known = sum(one.rate is not None for one in live)
    words = f"{fmt.count(facts.rate)} records/s"
    return words if known == len(live) else f"{words}, {known} of {len(live)} known"


class FleetTopLine(Line):
    """How the clusters are, all together."""

    ticks_when_paused = True
    DEFAULT_CSS = "FleetTopLine { background: $panel; padding: 0 1; }"

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:  # noqa: ARG002 -- of no single cluster
        self.wants_tick = True

    def show(self) -> None:
        facts, narrow = self.app.fleet_facts(), self.size.width < NARROW
        right: list[Part] = [("⏸ paused", "warn")] if self.place.paused else []
        right += [answering(facts, short=narrow), unhealthy(facts)]
        kept = len(right)
        if facts.rate is not None:
            right.append((throughput(facts), ""))
        if facts.age is not None:
            right.append((f"data up to {fmt.span(facts.age)} old", "muted"))
        now = self.app.clock.wall()
        right.append((f"{fmt.clock(now, None)} {fmt.offset_name(None, now)}", "muted"))
        left: list[Part] = [("flinktop", "info"), ("  ", ""), (FLEET[0], "strong")]
        searches = self.app.fleet.searches if self.app.fleet is not None else ()
        if not is_at(self.place, FleetPlace):
            left[-1:] = [FLEET, (SEPARATOR, "muted"), (self.place.crumb, "strong")]
        elif searches:
            # Where it searches is the name of such a fleet.
            words = "; ".join(clean(one.state.where) for one in searches)
            room = self.content_size.width - cells(left) - right_cells(right[:kept]) - 2
            left.append((f"  {clip(words, room)}" if room > LEAST_WHERE else "", "muted"))
        self.set_parts(fit(left, right, self.content_size.width, keep=kept))


class FleetBottomLine(BottomLine):
    """The keys that work here, and the alerts and operations of all clusters."""

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:  # noqa: ARG002 -- of no single cluster
        self.wants_tick = True

    def alerts(self) -> AlertsView | None:
        return self.app.alerts_of_all()

    def operations(self) -> tuple[Operation, ...]:
        return tuple(one for port in self.app.ports for one in under_way(port))
