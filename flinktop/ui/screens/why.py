"""Why a job is unhealthy, and the cluster: the findings with their evidence, and the way to each culprit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Container

from flinktop.facts.culprits import JOBMANAGER, OF_CHECKPOINTS, OF_FAILURES, culprits
from flinktop.judgement.finding import Kind
from flinktop.ui import keys
from flinktop.ui.panels.why import Choice, EvidenceTable, FindingDetail, FindingsTable, WhyHeader, ways
from flinktop.ui.panels.why_charts import WhyCharts
from flinktop.ui.places import (
    CheckpointPlace,
    CheckpointsPlace,
    FaultPlace,
    JobManagerPlace,
    JobPlace,
    Place,
    SubtaskPlace,
    TaskManagerPlace,
    TaskManagersPlace,
    VertexPlace,
    WhyPlace,
)
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.widgets.messages import Moved, Opened

if TYPE_CHECKING:
    from textual.app import ComposeResult

_OF_THE_FINDING = frozenset({command.id for command in (*keys.CULPRITS, *keys.PROCESS_VIEWS)})
_OF_MACHINES = frozenset({Kind.NO_SLOTS, Kind.TASKMANAGER_LOST, Kind.TASKMANAGER_FLAPPING})


class WhyScreen(ClusterScreen, sheet="why.tcss"):
    """The findings of a job ("" for none) and of the cluster; it stays until the user leaves it."""

    COMMANDS_HERE = keys.WHY_SCREEN
    AUTO_FOCUS = "#findings"
    crumb = "why"

    def __init__(self, job: str = "", cluster: bool = False) -> None:  # noqa: FBT001, FBT002 -- a place's fields
        super().__init__()
        self.job = job
        self.choice = Choice(job, cluster=cluster)

    def body(self) -> ComposeResult:
        yield WhyHeader(self.job)
        yield FindingsTable(self.choice)
        with Container(id="why"):
            with Container(id="finding"):
                yield FindingDetail(self.choice)
                yield EvidenceTable(self.choice)
            yield WhyCharts(self.choice)

    @on(Moved)
    def _selected(self, event: Moved) -> None:
        if event.control.id == "findings" and event.key != self.choice.key:
            self.choice.key = event.key
            for panel in self.panels():
                if not isinstance(panel, FindingsTable):
                    panel.update()
            self.tick()

    def tick(self, *, everything: bool = True) -> None:
        """Without a finding there is nothing to show below the list."""
        super().tick(everything=everything)
        for below in self.query("#why"):
            if below.display != (shown := bool(self.choice.rows(self.port))):
                below.display = shown
                for panel in self.panels():
                    panel.follow_display()

    @on(Opened)
    def _opened(self, _event: Opened) -> None:
        """Open the culprit, from the finding and from its evidence."""
        place = next(iter(self._places().values()), None) or self._fallback()
        if place is not None:
            self.app.go(place)

    def _places(self) -> dict[str, Place]:
        """The places that the selected finding leads to, by command, in the order in which they are shown."""
        row, port = self.choice.row(self.port), self.port
        if row is None:
            return {}
        found, job = culprits(port, row), row.job
        places: dict[str, Place] = {}
        if found.vertex is not None:
            places["vertex"] = VertexPlace(job, found.vertex)
            if found.subtask is not None:
                places["subtask"] = SubtaskPlace(job, found.vertex, found.subtask)
        if found.taskmanager == JOBMANAGER:
            places |= {"taskmanager": JobManagerPlace(), "log": JobManagerPlace("log")}
            places["threads"] = JobManagerPlace("threads")
        elif found.taskmanager is not None:
            of = found.taskmanager
            places |= {"taskmanager": TaskManagerPlace(of), "log": TaskManagerPlace(of, "log", "", found.at)}
            places["threads"] = TaskManagerPlace(of, "threads", found.threads)
        if row.finding.kind in OF_CHECKPOINTS:
            number = found.checkpoint
            places["checkpoints"] = (
                CheckpointPlace(job, number) if number is not None else CheckpointsPlace(job)
            )
        if row.finding.kind in OF_FAILURES:
            fault = found.fault
            places["exception"] = (
                FaultPlace(job, *fault) if fault is not None else JobPlace(job, "exceptions")
            )
        shown = [way.command.id for way in ways(found, row, "")]
        return {name: places[name] for name in shown}

    def _fallback(self) -> Place | None:
        """Where to look when a finding has no culprit of its own."""
        row = self.choice.row(self.port)
        if row is not None and row.finding.kind in _OF_MACHINES:
            return TaskManagersPlace()
        return JobPlace(row.job) if row is not None and row.job and self.choice.cluster else None

    def selected(self) -> dict[str, str]:
        """The culprit of the selected finding."""
        row, port = self.choice.row(self.app.port), self.app.port
        if row is None:
            return super().selected()
        found = culprits(port, row)
        known = {
            "job": row.job,
            "vertex": found.vertex,
            "subtask": str(found.subtask) if found.subtask is not None else None,
            "taskmanager": found.taskmanager,
            "checkpoint": str(found.checkpoint) if found.checkpoint is not None else None,
            "jobmanager": "JobManager" if found.taskmanager == JOBMANAGER else None,
        }
        return {name: value for name, value in known.items() if value}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what the selected finding leads to."""
        if action in _OF_THE_FINDING and action not in self._places():
            return False
        if action in ("checkpoints", "bundle") and not self.job:
            return False
        return super().check_action(action, parameters)

    def _go(self, command: str) -> None:
        if (place := self._places().get(command)) is not None:
            self.app.go(place)

    def action_vertex(self) -> None:
        self._go("vertex")

    def action_subtask(self) -> None:
        self._go("subtask")

    def action_taskmanager(self) -> None:
        self._go("taskmanager")

    def action_exception(self) -> None:
        self._go("exception")

    def action_log(self) -> None:
        self._go("log")

    def action_threads(self) -> None:
        self._go("threads")

    def action_checkpoints(self) -> None:
        self.app.go(self._places().get("checkpoints", CheckpointsPlace(self.job)))

    def action_bundle(self) -> None:
        self.app.open_bundle(self.job)

    def action_copy(self) -> None:
        """Copy the sentence of the finding, or the row of the evidence."""
        if (row := self.choice.row(self.port)) is not None:
            self.app.copy_text(row.finding.words)

    def neighbour(self, by: int) -> Place | None:
        job = self.neighbour_key(self.job, by)
        return WhyPlace(job, self.choice.cluster) if job is not None else None
