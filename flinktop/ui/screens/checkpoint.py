"""One checkpoint of a job, by vertex, and one vertex in it, by subtask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.facts.checkpoints import checkpoint_facts, neighbour, vertex_names
from flinktop.ui import keys
from flinktop.ui.panels.checkpoint_header import CheckpointHeader, CheckpointShareHeader
from flinktop.ui.panels.checkpoint_shares import CheckpointShares, CheckpointVertices
from flinktop.ui.places import CheckpointPlace, CheckpointVertexPlace, Place
from flinktop.ui.screens.actions import on_checkpoint
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.widgets.messages import Moved, Opened

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from flinktop.flink.checkpoints import Checkpoint
    from flinktop.ui.screens.actions import Action

PREVIEW_SIZE = (120, 40)
"""From this size on the selected vertex's subtasks are shown too."""


class CheckpointScreen(ClusterScreen, sheet="checkpoint.tcss"):
    """A checkpoint or savepoint of a job."""

    COMMANDS_HERE = keys.CHECKPOINT
    AUTO_FOCUS = "#shares"

    def __init__(self, job: str, checkpoint: int) -> None:
        super().__init__()
        self.job = job
        self.checkpoint = checkpoint

    @property
    def crumb(self) -> str:
        known = self._known
        return (
            f"{'savepoint' if known is not None and known.is_savepoint else 'checkpoint'} {self.checkpoint}"
        )

    @property
    def _known(self) -> Checkpoint | None:
        return checkpoint_facts(self.port, self.job, self.checkpoint).checkpoint

    def body(self) -> ComposeResult:
        yield CheckpointHeader(self.job, self.checkpoint)
        yield CheckpointVertices(self.job, self.checkpoint)
        preview = CheckpointShares(self.job, self.checkpoint)
        preview.display = False
        yield preview

    def actions(self) -> tuple[Action, ...]:
        known = self._known
        return (*super().actions(), *(on_checkpoint(self.port, self.job, known) if known else ()))

    def selected(self) -> dict[str, str]:
        """The checkpoint, and the vertex under the cursor."""
        table = self.table()
        vertex = table.cursor_key if table is not None and table.id == "shares" else None
        found = super().selected() | {"checkpoint": str(self.checkpoint)}
        return found | ({"vertex": vertex} if vertex is not None else {})

    def on_resize(self, event: events.Resize) -> None:
        room = event.size.width >= PREVIEW_SIZE[0] and event.size.height >= PREVIEW_SIZE[1]
        self.query_one(CheckpointShares).set_shown(room)

    @on(Moved)
    def _select(self, event: Moved) -> None:
        if event.key is not None and event.control.id == "shares":
            self.query_one(CheckpointShares).show_vertex(event.key)

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        if event.control.id == "shares":
            self.app.go(CheckpointVertexPlace(self.job, self.checkpoint, event.key))

    def action_copy(self) -> None:
        known = self._known
        path = known.external_path if known is not None else None
        self.app.copy_text(path or str(self.checkpoint))

    def neighbour(self, by: int) -> Place | None:
        """The next older (-1) or newer checkpoint."""
        number = neighbour(self.port, self.job, self.checkpoint, by)
        return CheckpointPlace(self.job, number) if number is not None else None


class CheckpointVertexScreen(ClusterScreen, sheet="checkpoint_vertex.tcss"):
    """The part of a vertex in a checkpoint."""

    COMMANDS_HERE = keys.CHECKPOINT_VERTEX
    AUTO_FOCUS = "#subtasks"

    def __init__(self, job: str, checkpoint: int, vertex: str) -> None:
        super().__init__()
        self.job = job
        self.checkpoint = checkpoint
        self.vertex = vertex

    @property
    def crumb(self) -> str:
        return vertex_names(self.port, self.job).get(self.vertex, self.vertex)

    def body(self) -> ComposeResult:
        yield CheckpointShareHeader(self.job, self.checkpoint, self.vertex)
        yield CheckpointShares(self.job, self.checkpoint, self.vertex)

    def selected(self) -> dict[str, str]:
        """The checkpoint with the vertex, and the subtask under the cursor."""
        table = self.table()
        key = table.cursor_key if table is not None else None
        found = super().selected() | {"checkpoint": str(self.checkpoint), "vertex": self.vertex}
        return found | ({"subtask": key} if key is not None and key.isdigit() else {})

    def action_copy(self) -> None:
        self.app.copy_text(self.vertex)

    def neighbour(self, by: int) -> Place | None:
        """The same vertex in the next older (-1) or newer checkpoint."""
        number = neighbour(self.port, self.job, self.checkpoint, by)
        return CheckpointVertexPlace(self.job, number, self.vertex) if number is not None else None
