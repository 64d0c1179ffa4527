"""Findings and rounds made up for tests of alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.engine.alerts.alerts import after
from flinktop.engine.alerts.channels import due
from flinktop.engine.alerts.policy import AlertPolicy
from flinktop.engine.alerts.seen import Found, Seen, SeenJob
from flinktop.engine.alerts.state import Alerts, Channel, Moment
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.engine.alerts.alert import Alert, Call

CLUSTER = "http://flink.test:8081"
WALL = 1_700_000_000.0


def finding(
    kind: Kind = Kind.RESTART_LOOP, severity: Severity = Severity.CRITICAL, since: float | None = None
) -> Finding:
    """A finding of this kind."""
    return Finding(
        kind=kind,
        severity=severity,
        words=f"{kind}: something is wrong",
        culprit=Culprit(vertex="v1", vertex_name="Map", subtasks=(0, 1)),
        evidence=(Evidence("busy, highest subtask", 1000, "ms/s"),),
        next="look at it",
        since=since,
    )


def found(
    job: str = "a1", kind: Kind = Kind.RESTART_LOOP, severity: Severity = Severity.CRITICAL, name: str = ""
) -> Found:
    """A finding of a job; the job's name is `job` with "orders-" before it where none is given."""
    return Found(finding(kind, severity), job, name or f"orders-{job}")


class Rounds:
    """Alerts from round to round, and what a terminal and a command were told."""

    def __init__(self, policy: AlertPolicy | None = None) -> None:
        self.policy = policy or AlertPolicy()
        self.state = Alerts(cluster=CLUSTER, target="prod")
        self.now, self.wall, self.minute = 1000.0, WALL, 12 * 60
        self.jobs: dict[str, SeenJob] = {}
        self.reachable = self.complete = True
        self.told: list[Call] = []

    @property
    def at(self) -> Moment:
        return Moment(self.now, self.wall, self.minute)

    def look(self, *seen: Found) -> list[Call]:
        """One round, 2 s after the one before; the calls of a terminal in it."""
        for one in seen:
            if one.job:
                self.jobs.setdefault(one.job, SeenJob(one.job_name))
        self.now += 2.0
        self.wall += 2.0
        places = {one.place: one for one in seen}
        what = Seen(
            found=places,
            jobs=self.jobs,
            reachable=self.reachable,
            complete=self.complete,
            now=self.wall * 1000.0,
        )
        self.state = after(self.state, what, self.policy, self.at)
        self.state, calls = due(self.state, Channel.TERMINAL, self.at, repeat=self.policy.repeat)
        self.told += calls
        return list(calls)

    def looks(self, seconds: float, *seen: Found) -> list[Call]:
        """Rounds for so long that see the same; their calls."""
        calls = []
        for _ in range(int(seconds / 2)):
            calls += self.look(*seen)
        return calls

    def settle(self, *seen: Found) -> list[Call]:
        """The first rounds, after which what stands already is known."""
        return self.looks(40.0, *seen)

    @property
    def open(self) -> list[Alert]:
        return [track.alert for _, track in self.state.open]


def said(calls: Iterable[Call]) -> list[tuple[str, ...]]:
    """Change and jobs of each call."""
    return [(str(call.change), *(one.job or one.job_name for one in call.alerts)) for call in calls]
