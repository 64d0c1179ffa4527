"""Where texts of Kubernetes are read: the last log of a pod, and what kubectl describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.ui import keys
from flinktop.ui.panels.kubernetes_text import DescribedView, PodLogView
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.screens.log_screen import LogCommands

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.kubernetes_text import Described, PodLog


class PodLogScreen(LogCommands):
    """The log of a pod's container that has ended."""

    COMMANDS_HERE = keys.POD_LOG
    AUTO_FOCUS = "Pager"

    def __init__(self, what: Any) -> None:
        """`what` is a PodLog."""
        super().__init__()
        self.what: PodLog = what

    @property
    def crumb(self) -> str:
        return f"last log of {self.what.pod}"

    def selected(self) -> dict[str, str]:
        return {"taskmanager": self.what.pod}

    def body(self) -> ComposeResult:
        yield PodLogView(self.what)


class DescribedScreen(ClusterScreen):
    """What kubectl describes of a pod, a deployment or a service."""

    COMMANDS_HERE = keys.DESCRIPTION_OF
    AUTO_FOCUS = "Pager"

    def __init__(self, what: Any) -> None:
        """`what` is a Described."""
        super().__init__()
        self.what: Described = what

    @property
    def crumb(self) -> str:
        return f"{self.what.kind} {self.what.name}"

    def selected(self) -> dict[str, str]:
        return {}

    def body(self) -> ComposeResult:
        yield DescribedView(self.what)

    def action_refresh(self) -> None:
        self.query_one(DescribedView).read_again()
        super().action_refresh()
