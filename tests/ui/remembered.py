"""What a test says that has happened: events in a journal in memory, and the alerts of the cluster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from unittest import mock

from flinktop.engine.alerts.alert import Alert, AlertsView
from flinktop.engine.host import Port
from flinktop.engine.journal.event import Event, EventKind, KnownJob
from flinktop.engine.journal.journal import Journal
from flinktop.judgement.finding import Finding, Kind, Severity
from tests.ui.day import Day

MINUTE = 60_000.0
STACK = (
    "java.lang.IllegalStateException: disk full\n"
    "\tat com.example.Orders.write(Orders.java:12)\n"
    "\tat org.apache.flink.streaming.runtime.tasks.StreamTask.run(StreamTask.java:1)\n"
    "\tat org.apache.flink.runtime.taskmanager.Task.run(Task.java:2)\n"
    "\tat java.base/java.lang.Thread.run(Thread.java:3)\n"
    "Caused by: java.io.IOException: No space left on device\n"
    "\tat com.example.Disk.put(Disk.java:7)\n"
)


class Past:
    """What has happened on the cluster of a day, as a test says it."""

    def __init__(self, day: Day, port: Port | None = None, target: str = "test-cluster") -> None:
        """`port` and `target`: of another cluster than the first."""
        self.day = day
        self.port = port or day.port
        self.target = target
        self.now = self.port.cluster_time() * 1000.0
        self.journal = Journal(None, day.clock, inline=True)
        self._number = 0
        self.port.engine.journal = self.journal

    def event(self, kind: EventKind, words: str, ago: float, **rest: Any) -> Event:
        """An event so many minutes ago."""
        self._number += 1
        usual: dict[str, Any] = {
            "key": f"{self._number}",
            "cluster": self.port.connection.url,
            "words": words,
            "at": self.now - ago * MINUTE,
        }
        return Event(kind=kind, **(usual | rest))

    async def happened(self, *events: Event) -> None:
        """These have happened too."""
        self.journal.add(events)
        await self.shown()

    async def knew(self, *jobs: KnownJob) -> None:
        self.journal.keep_jobs(jobs)
        await self.shown()

    async def shown(self) -> None:
        """Let the screen see it."""
        self.port._changed()
        await self.day.settled()

    def job(self, job: str, job_name: str, **rest: Any) -> KnownJob:
        """What is known last of a job."""
        usual: dict[str, Any] = {"state": "FAILED", "seen": self.now - 360 * MINUTE}
        return KnownJob(cluster=self.port.connection.url, job=job, name=job_name, **(usual | rest))

    def alert(
        self, kind: Kind, ago: float, *, severity: Severity = Severity.WARNING, words: str = "", **rest: Any
    ) -> Alert:
        """An alert that was raised so many minutes ago."""
        found = rest.pop("finding", None) or Finding(
            kind=kind, severity=severity, words=f"{kind}: {words}" if words else str(kind)
        )
        url = self.port.connection.url
        return Alert(cluster=url, target=self.target, finding=found, raised=self.wall - ago * 60.0, **rest)

    @property
    def wall(self) -> float:
        return self.day.clock.wall()

    async def alerts(self, opened: Iterable[Alert] = (), past: Iterable[Alert] = (), **rest: Any) -> None:
        """These are the alerts, and they stay it."""
        caller = self.port.engine.caller
        assert caller is not None
        caller.round = mock.Mock()  # type: ignore[method-assign]
        caller.view = AlertsView(open=tuple(opened), past=tuple(past), **rest)
        await self.shown()
