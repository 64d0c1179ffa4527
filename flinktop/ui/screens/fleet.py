"""Where flinktop opens with several clusters: the clusters, the worst jobs, all jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.ui import keys
from flinktop.ui.known_fleet import profile_of
from flinktop.ui.live import panel_of
from flinktop.ui.panels.fleet_clusters import FleetClusters
from flinktop.ui.panels.fleet_frame import FleetBottomLine, FleetTopLine
from flinktop.ui.panels.fleet_jobs import FleetJobs, WorstJobs, of_key
from flinktop.ui.panels.fleet_search import SearchNotice
from flinktop.ui.panels.fleet_table import FleetTable
from flinktop.ui.places import DescribedPlace, JobPlace, TimelinePlace
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.widgets.messages import Opened

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.kubernetes_text import Described
    from flinktop.settings import Profile
    from flinktop.ui.panels.frame import BottomLine


class FleetScreen(TabbedScreen, sheet="fleet.tcss"):
    """All clusters at once. A cluster is opened over it, so that esc finds the cursor where it was."""

    COMMANDS_HERE = keys.FLEET

    def __init__(self) -> None:
        super().__init__()

    @property
    def crumb(self) -> str:
        """In the name of a written view; the breadcrumb of a cluster begins with the fleet anyway."""
        return self.tab

    def top(self) -> ComposeResult:
        yield FleetTopLine()
        if self.app.fleet is not None and self.app.fleet.searches:
            yield SearchNotice()

    def bottom(self) -> BottomLine:
        return FleetBottomLine()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Ended jobs are hidden in the table of all jobs only."""
        if action == keys.HIDE_FINISHED.id and self.tab != "jobs":
            return False
        return super().check_action(action, parameters)

    def state_words(self) -> str:
        words, jobs = super().state_words(), self.panel("jobs")
        return f"{words}  ended jobs hidden".strip() if jobs is not None and jobs.hide_finished else words

    @property
    def _panel(self) -> FleetTable[object] | None:
        """The panel of the table that keys act on."""
        panel = panel_of(self.table())
        return panel if isinstance(panel, FleetTable) else None

    @property
    def cluster(self) -> str | None:
        """The cluster under the cursor, or that of the job there."""
        panel, table = self._panel, self.table()
        if panel is None or table is None or table.cursor_key is None:
            return None
        return table.cursor_key if isinstance(panel, FleetClusters) else of_key(table.cursor_key)[0]

    def own_cluster(self) -> tuple[Port, Profile] | None:
        """The cluster under the cursor, or that of the job there."""
        if (name := self.cluster) is None or self.app.fleet is None:
            return None
        member = self.app.fleet.get(name)
        return (member.port, profile_of(member)) if member is not None else None

    def selected(self) -> dict[str, str]:
        """The job under the cursor."""
        table = self.table()
        if table is None or table.cursor_key is None or isinstance(self._panel, FleetClusters):
            return {}
        return {"job": of_key(table.cursor_key)[1]}

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        if isinstance(panel_of(event.widget), FleetClusters):
            self.app.open_cluster(event.key)
        else:
            cluster, job = of_key(event.key)
            self.app.open_cluster(cluster, JobPlace(job))

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

    def action_copy(self) -> None:
        panel = self._panel
        if panel is not None and (text := panel.copied()) is not None:
            self.app.copy_text(text)

    def action_hide_finished(self) -> None:
        jobs = self.panel("jobs")
        if isinstance(jobs, FleetJobs) and not isinstance(jobs, WorstJobs):
            jobs.toggle_finished()
            self.tick()

    def tick(self, *, everything: bool = True) -> None:
        """Time has passed; the clusters take no more room than they need."""
        super().tick(everything=everything)
        if (clusters := self.panel("clusters")) is not None:
            clusters.fit_height()
