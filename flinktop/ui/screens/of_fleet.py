"""What the screens of a fleet share: the frame, and the keys that act on the cluster under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.ui.known_fleet import profile_of
from flinktop.ui.panels.fleet_frame import FleetBottomLine, FleetTopLine
from flinktop.ui.places import DescribedPlace, TimelinePlace
from flinktop.ui.screens.cluster_screen import ClusterScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.kubernetes_text import Described
    from flinktop.settings import Profile
    from flinktop.ui.panels.frame import BottomLine


class OfFleet(ClusterScreen):
    """A screen of several clusters. One that is opened lies over it, so that esc finds the cursor again."""

    def top(self) -> ComposeResult:
        yield FleetTopLine()

    def bottom(self) -> BottomLine:
        return FleetBottomLine()

    @property
    def cluster(self) -> str | None:
        """The name of the cluster that the row under the cursor is about."""
        raise NotImplementedError

    def own_cluster(self) -> tuple[Port, Profile] | None:
        """The cluster under the cursor."""
        if (name := self.cluster) is None or self.app.fleet is None:
            return None
        member = self.app.fleet.get(name)
        return (member.port, profile_of(member)) if member is not None else None

    def action_timeline(self) -> None:
        """The timeline of the cluster under the cursor."""
        if self.cluster is not None:
            self.app.open_cluster(self.cluster, TimelinePlace())

    def described(self) -> Described | None:
        """The deployment of the cluster under the cursor, or of the job there."""
        if (found := self.own_cluster()) is None or (state := found[0].kubernetes) is None:
            return None
        from flinktop.engine import kubernetes_text as texts  # noqa: PLC0415 -- on Kubernetes alone

        job = self.selected().get("job")
        return texts.job_described(state, job) if job else texts.cluster_described(state)

    def action_describe(self) -> None:
        what = self.described()
        if self.cluster is not None and what is not None:
            self.app.open_cluster(self.cluster, DescribedPlace(what))

    def action_refresh(self) -> None:
        """Ask the cluster under the cursor again now; and search for clusters where that has failed."""
        if self.app.fleet is not None:
            self.app.fleet.search_now()
        if (own := self.own_cluster()) is not None:
            own[0].refresh()
