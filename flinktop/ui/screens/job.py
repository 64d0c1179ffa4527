"""One job: its header, its graph and vertices, its charts, its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.facts.faults import found_fault
from flinktop.facts.jobs import is_gone, job_name, known_job
from flinktop.model.pending_operators import is_pending
from flinktop.ui import keys
from flinktop.ui.panels.job_header import JobHeader
from flinktop.ui.places import (
    CheckpointsPlace,
    EventPlace,
    FaultPlace,
    JobPlace,
    Place,
    SubtaskPlace,
    VertexPlace,
    WhyPlace,
)
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.screens.taskmanager_of import FaultOnTaskManager
from flinktop.ui.subjects import HISTORY, go_to, of_event
from flinktop.ui.widgets.messages import BoxMoved, BoxOpened, Moved, Opened
from flinktop.ui.widgets.table import LiveTable

if TYPE_CHECKING:
    from textual.geometry import Size

    from flinktop.engine.journal.event import Event
    from flinktop.facts.faults import FaultFacts
    from flinktop.ui.screens.taskmanager_of import Location
    from flinktop.ui.tabs import TabPanel

GRAPH_SIZE = (120, 40)
"""From this size on a job opens on its graph, with the vertices below."""
LEAST_STACK = 8
"""Least blank lines below the exceptions for which the stack of the selected one is shown."""


class JobScreen(FaultOnTaskManager, TabbedScreen, sheet="job.tcss"):
    """A job; the screen stays until the user leaves it, whatever happens to the job."""

    COMMANDS_HERE = keys.JOB
    HEADER = JobHeader

    def __init__(self, job: str, tab: str = "") -> None:
        super().__init__(job, tab=tab)
        self.job = job

    @property
    def crumb(self) -> str:
        return job_name(self.port, self.job)

    def first_tab(self, size: Size) -> str:
        """The graph where there is room for it, else the vertices; of a job that is gone its history."""
        if not self._wanted and is_gone(self.port, self.job):
            return HISTORY
        roomy = size.width >= GRAPH_SIZE[0] and size.height >= GRAPH_SIZE[1]
        return self._wanted or ("graph" if roomy else "vertices")

    def has_room(self, panel: TabPanel, size: Size) -> bool:
        """The stack of an exception is also shown where the exceptions leave enough blank lines for it."""
        exceptions = self.made.get("exceptions")
        if super().has_room(panel, size) or panel.id != "stack" or exceptions is None:
            return super().has_room(panel, size)
        # While the screen is being closed it has no widgets.
        room = max((tabs.size.height for tabs in self.query("#tabs")), default=0)
        return exceptions.lines_needed is not None and room - exceptions.lines_needed >= LEAST_STACK

    def tick(self, *, everything: bool = True) -> None:
        super().tick(everything=everything)
        if self.tab == "exceptions" and self.query("#tabs"):
            stack = next(one for one in self._open_tab.panels if one.id == "stack")
            if (self.panel("stack") is not None) != self.has_room(stack, self.size):
                self.call_later(self.show_panels)

    def focus_first(self) -> None:
        """Where graph and vertices are both visible the vertices get the focus: they are what is opened."""
        if self.tab == "graph" and (vertices := self.panel("vertices")) is not None:
            # A panel that has just been mounted has no table yet; this runs again each second.
            for table in vertices.query(LiveTable):
                self.set_focus(table)
        else:
            super().focus_first()

    @on(Moved)
    def _select_together(self, event: Moved) -> None:
        graph, stack = self.made.get("graph"), self.made.get("stack")
        if (detail := self.made.get("event")) is not None and event.control.id == "history-rows":
            detail.choose(self._event(event))
        if event.key is not None and event.control.id == "vertex-rows" and graph is not None:
            graph.select(event.key)
        elif stack is not None and (fault := self._fault(event)) is not None:
            stack.choose(fault.group, fault.at, fault.concurrent)

    def _fault(self, event: Moved | Opened) -> FaultFacts | None:
        """The selected exception, if the event came from the exceptions."""
        exceptions = self.made.get("exceptions")
        if exceptions is None or not exceptions.is_mounted or event.control is not exceptions.table:
            return None
        selected: FaultFacts | None = exceptions.selected()
        return selected

    @on(BoxMoved)
    def _select_in_table(self, event: BoxMoved) -> None:
        if (vertices := self.panel("vertices")) is not None:
            vertices.table.cursor_key = event.key

    def _event(self, event: Moved | Opened) -> Event | None:
        """The event of a row, if it is one of the history."""
        history = self.made.get(HISTORY)
        if history is None or not history.is_mounted or event.control is not history.table:
            return None
        found: Event | None = history.event(event.key)
        return found

    @on(Opened)
    def _open_row(self, event: Opened) -> None:
        if (happened := self._event(event)) is not None:
            self._open_event(happened)
        elif event.control.id == "vertex-rows":
            self._open_vertex(event.key)
        elif (fault := self._fault(event)) is not None:
            self.app.go(FaultPlace(self.job, fault.group, fault.at, fault.concurrent))
        elif event.key.startswith("subtask "):
            _, vertex, subtask = event.key.split(" ")
            self.app.go(SubtaskPlace(self.job, vertex, int(subtask.partition(".")[0])))

    def _open_event(self, event: Event) -> None:
        """Go to what an event is about: of this job that is another of its tabs."""
        place = of_event(self.port, event)
        if not isinstance(place, JobPlace):
            go_to(self.app, place)
        elif place.tab in (HISTORY, ""):
            self.app.go(EventPlace(event))
        else:
            self.run_worker(self.action_show_tab(place.tab))

    @on(BoxOpened)
    def _open_box(self, event: BoxOpened) -> None:
        self._open_vertex(event.key)

    def _open_vertex(self, vertex: str) -> None:
        if is_pending(vertex):
            self.app.notify(
                "This operator is pending: it has no subtasks before it is planned.", markup=False
            )
            return
        self.app.go(VertexPlace(self.job, vertex))

    def selected(self) -> dict[str, str]:
        """The job, and the vertex under the cursor."""
        graph, vertices = self.panel("graph"), self.panel("vertices")
        table = next(iter(vertices.query(LiveTable)), None) if vertices is not None else None
        vertex = table.cursor_key if table is not None else None
        if vertex is None and graph is not None:
            vertex = graph.selected
        known = vertex is not None and not is_pending(vertex)
        return super().selected() | ({"vertex": vertex} if vertex is not None and known else {})

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("log", "threads") and self.tab != "exceptions":
            return False
        return super().check_action(action, parameters)

    def location(self) -> Location | None:
        exceptions = self.panel("exceptions")
        row = exceptions.selected() if exceptions is not None else None
        faults = self.port.faults(self.job)
        found = found_fault(faults, row.group, row.at, row.concurrent) if row is not None else None
        return self.location_of(found[1], row.at) if row is not None and found is not None else None

    def action_open(self) -> None:
        graph = self.panel("graph")
        if self.tab == "graph" and graph is not None and graph.selected is not None:
            self._open_vertex(graph.selected)
        else:
            super().action_open()

    def action_checkpoints(self) -> None:
        self.app.go(CheckpointsPlace(self.job))

    def action_why(self) -> None:
        self.app.go(WhyPlace(self.job))

    def action_bundle(self) -> None:
        self.app.open_bundle(self.job)

    def action_copy(self) -> None:
        """Of a job that is gone the path of its last checkpoint: it can be run again from there."""
        remembered = known_job(self.port, self.job) if is_gone(self.port, self.job) else None
        path = remembered.checkpoint if remembered is not None else ""
        self.app.copy_text(path or self.copied() or self.job)

    def neighbour(self, by: int) -> Place | None:
        job = self.neighbour_key(self.job, by)
        return JobPlace(job, self.tab) if job is not None else None
