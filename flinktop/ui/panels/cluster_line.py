"""One line about the whole cluster: TaskManagers, slots, jobs by state."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.panels.frame import Line, Part
from flinktop.ui.widgets.spark import bar

if TYPE_CHECKING:
    from flinktop.engine.store import Reading
    from flinktop.flink.cluster import ClusterOverview
    from flinktop.flink.jobs import JobsOverview

BAR_CELLS = 8


def slots_parts(overview: ClusterOverview, *, ascii_only: bool) -> list[Part]:
    """TaskManagers and slots; what is blocked only where something is."""
    used = overview.slots_total - overview.slots_available
    none = "bad" if overview.taskmanagers == 0 else "strong"
    parts: list[Part] = [("TaskManagers ", "muted"), (str(overview.taskmanagers), none)]
    if overview.taskmanagers_blocked:
        parts.append((f" ({overview.taskmanagers_blocked} blocked)", "warn"))
    full = overview.slots_total > 0 and overview.slots_available == 0
    parts += [("   slots ", "muted"), (f"{used}/{overview.slots_total} ", "warn" if full else "strong")]
    if overview.slots_total:
        parts.append(
            (bar(used / overview.slots_total, BAR_CELLS, ascii=ascii_only), "warn" if full else "good")
        )
    if overview.slots_free_and_blocked:
        parts.append((f" {overview.slots_free_and_blocked} blocked", "warn"))
    return parts


def state_parts(jobs: JobsOverview) -> list[Part]:
    """Jobs by state, the worst first."""
    counts = Counter(job.state for job in jobs.jobs)
    parts: list[Part] = [("   jobs ", "muted")]
    if not counts:
        parts.append(("none", "strong"))
    for state in sorted(counts, key=lambda state: (-states.severity(state), state != "RUNNING", state)):
        tone = states.tone(state)
        parts.append((f"{counts[state]} {state.lower()}  ", tone))
    return parts


class ClusterLine(Line):
    """TaskManagers, slots and jobs by state (`/overview`, `/jobs/overview`)."""

    DEFAULT_CSS = "ClusterLine { padding: 0 1; }"

    def on_mount(self) -> None:
        """Watch both overviews at the cluster's own rate."""
        self.watch_query("overview", OVERVIEW(), self._show_overview)
        self.watch_query("jobs", JOBS_OVERVIEW(), self._show_jobs)
        super().on_mount()

    def _show_overview(self, _reading: Reading[ClusterOverview]) -> None:
        self.tick()

    def _show_jobs(self, _reading: Reading[JobsOverview]) -> None:
        self.tick()

    def tick(self) -> None:
        """Lay the line out from what is known."""
        overview = self.port.reading(OVERVIEW())
        jobs = self.port.reading(JOBS_OVERVIEW())
        parts: list[Part] = []
        if overview is not None and overview.value is not None:
            parts += slots_parts(overview.value, ascii_only=self.app.settings.ascii)
        elif self.port.features.history_server:
            parts += [("a HistoryServer: jobs that have ended", "info")]
        else:
            parts += [
                ("TaskManagers ", "muted"),
                (fmt.UNKNOWN, ""),
                ("   slots ", "muted"),
                (fmt.UNKNOWN, ""),
            ]
        if jobs is not None and jobs.value is not None:
            parts += state_parts(jobs.value)
        if self.port.link.error is not None:
            parts = [(text, "stale") for text, _ in parts]
        self.set_parts(parts)
