"""Where flinktop opens with several clusters: the clusters, the worst jobs, all jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.ui import keys
from flinktop.ui.live import panel_of
from flinktop.ui.panels.fleet_clusters import FleetClusters
from flinktop.ui.panels.fleet_jobs import FleetJobs, WorstJobs, of_key
from flinktop.ui.panels.fleet_search import SearchNotice
from flinktop.ui.panels.fleet_table import FleetTable
from flinktop.ui.places import JobPlace
from flinktop.ui.screens.of_fleet import OfFleet
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.widgets.messages import Opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult


class FleetScreen(TabbedScreen, OfFleet, sheet="fleet.tcss"):
    """All clusters at once."""

    COMMANDS_HERE = keys.FLEET

    def __init__(self) -> None:
        super().__init__()

    @property
    def crumb(self) -> str:
        """In the name of a written view; the breadcrumb of a cluster begins with the fleet anyway."""
        return self.tab

    def top(self) -> ComposeResult:
        yield from super().top()
        if self.app.fleet is not None and self.app.fleet.searches:
            yield SearchNotice()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Ended jobs are hidden in the table of all jobs only."""
        if action == keys.HIDE_FINISHED.id and self.tab != "jobs":
            return False
        return super().check_action(action, parameters)

    def legend(self) -> Sequence[tuple[str, str]]:
        panel = self._panel
        return panel.legend() if isinstance(panel, FleetClusters) else ()

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
