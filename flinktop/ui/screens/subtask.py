"""One subtask of a vertex: its attempts, its metrics, its charts."""

from __future__ import annotations

from flinktop.facts.vertices import vertex_of
from flinktop.model import subtask_names
from flinktop.ui import keys
from flinktop.ui.panels.vertex_header import SubtaskHeader
from flinktop.ui.places import Place, SubtaskPlace
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.screens.taskmanager_of import Location, RunsOnTaskManager, of_subtask


class SubtaskScreen(RunsOnTaskManager, TabbedScreen, sheet="subtask.tcss"):
    """A subtask; the screen stays until the user leaves it, whatever happens to the subtask."""

    COMMANDS_HERE = keys.SUBTASK
    HEADER = SubtaskHeader

    def __init__(self, job: str, vertex: str, subtask: int, tab: str = "") -> None:
        super().__init__(job, vertex, subtask, tab=tab)
        self.job = job
        self.vertex = vertex
        self.subtask = subtask

    @property
    def crumb(self) -> str:
        known = vertex_of(self.port, self.job, self.vertex)
        return subtask_names.named(self.subtask, known[1].parallelism if known is not None else None)

    def location(self) -> Location:
        return of_subtask(self.port, self.job, self.vertex, self.subtask)

    def selected(self) -> dict[str, str]:
        """The subtask with its vertex, and the TaskManager that it runs on."""
        found = super().selected() | {"vertex": self.vertex, "subtask": str(self.subtask)}
        taskmanager = self.location().taskmanager
        return found | ({"taskmanager": taskmanager} if taskmanager is not None else {})

    def neighbour(self, by: int) -> Place | None:
        known = vertex_of(self.port, self.job, self.vertex)
        count = known[1].parallelism if known is not None else 0
        if count == 0 or (count == 1 and self.subtask == 0):
            return None
        # A subtask removed by a smaller parallelism is followed by the first, preceded by the last.
        inside = min(self.subtask, count if by < 0 else count - 1)
        return SubtaskPlace(self.job, self.vertex, (inside + by) % count, self.tab)
