"""One vertex in one checkpoint, by subtask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import neighbour, vertex_names
from flinktop.ui import keys
from flinktop.ui.panels.checkpoint_share_header import CheckpointShareHeader
from flinktop.ui.panels.checkpoint_subtasks import CheckpointShares
from flinktop.ui.places import CheckpointVertexPlace, Place
from flinktop.ui.screens.cluster_screen import ClusterScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult


class CheckpointVertexScreen(ClusterScreen, sheet="checkpoint_vertex.tcss"):
    """A vertex's share of a checkpoint, by the ids of job, checkpoint and vertex."""

    COMMANDS_HERE = keys.CHECKPOINT_VERTEX
    AUTO_FOCUS = "#subtasks"

    def __init__(self, job: str, checkpoint: int, vertex: str) -> None:
        super().__init__()
        self.job = job
        self.checkpoint = checkpoint
        self.vertex = vertex

    @property
    def crumb(self) -> str:
        return vertex_names(self.app.port, self.job).get(self.vertex, self.vertex)

    def body(self) -> ComposeResult:
        yield CheckpointShareHeader(self.job, self.checkpoint, self.vertex)
        yield CheckpointShares(self.job, self.checkpoint, self.vertex)

    def action_copy(self) -> None:
        self.app.copy_text(self.vertex)

    def neighbour(self, by: int) -> Place | None:
        """The same vertex in the next older (-1) or newer checkpoint."""
        number = neighbour(self.app.port, self.job, self.checkpoint, by)
        return CheckpointVertexPlace(self.job, number, self.vertex) if number is not None else None
