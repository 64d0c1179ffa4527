"""The command palette: every command that works here, every job and TaskManager by name, the themes."""

from __future__ import annotations

import contextlib
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from textual import events
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.taskmanagers import TASKMANAGERS
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.model import processes
from flinktop.settings import THEMES
from flinktop.ui.live_app import LiveApp
from flinktop.ui.places import (
    AlertsPlace,
    FleetAlertsPlace,
    JarsPlace,
    JobManagerPlace,
    JobPlace,
    OperationsPlace,
    OverviewPlace,
    Place,
    TaskManagerPlace,
    TaskManagersPlace,
    TimelinePlace,
    is_at,
)
from flinktop.ui.screens.actions import on_cluster
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.steady import AnswersOnce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from flinktop.engine.host import Port

MOST = 500
"""Most entries shown: more than anybody scrolls through."""

PLACES: tuple[tuple[str, str, Place], ...] = (
    ("tm", "TaskManagers, problems first.", TaskManagersPlace()),
    ("jm", "The JobManager: memory, configuration, logs, threads.", JobManagerPlace()),
    ("jars", "Jars that were uploaded.", JarsPlace()),
    ("applications", "Applications: jobs that were submitted together (2.3+).", JarsPlace("applications")),
    ("alerts", "Alerts: what is open and what was; acknowledge, mute.", AlertsPlace()),
    ("timeline", "Timeline of the cluster: what happened, newest first.", TimelinePlace()),
    ("ops", "Operations log: every act from this flinktop, and its outcome.", OperationsPlace()),
    ("datasets", "Cached intermediate results of batch programs (1.11+).", JarsPlace("datasets")),
    (
        "logs",
        "The JobManager's log files; those of a TaskManager are on its own screen.",
        JobManagerPlace("files"),
    ),
)
"""Places that a short word leads to: the word, its description, and the place."""
Entry = tuple[str, str, "Callable[[], Any]"]
"""The text that is typed and shown, what it does, and the function that does it."""


OF_THE_LIST = frozenset({"enter", "up", "down", "pageup", "pagedown", "home", "end"}) | frozenset(
    f"{with_}+{key}" for with_ in ("ctrl", "shift") for key in ("home", "end")
)
"""Keys that act on the results, not on the typed text."""


class Palette(CommandPalette, AnswersOnce[None]):
    """Textual's palette, in which enter and the arrows act on the results for everything that was typed."""

    def __init__(self) -> None:
        """Textual's own texts end in an ellipsis."""
        super().__init__(placeholder="Search for commands and jobs")

    def ready_for(self, event: events.Event) -> bool:
        """Letters at once; keys that choose from the list when the results for the typed text are there."""
        typed = isinstance(event, events.Key | events.Paste) and getattr(event, "key", "") not in OF_THE_LIST
        return super().ready_for(event) and (typed or not self._searching)

    @property
    def _searching(self) -> bool:
        return any(worker.node is self and not worker.is_finished for worker in self.app.workers)

    def _action_command_list(self, action: str) -> None:
        """Move in the list; one that has not been laid out yet does not know its lines."""
        with contextlib.suppress(KeyError):
            super()._action_command_list(action)

    def _watch__list_visible(self) -> None:
        # A search that ends late sets it in a closed palette.
        if self.alive:
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        if self.alive:
            await super()._watch__show_busy()


class Commands(Provider):
    """What can be chosen from here."""

    _watched: Port | None = None
    """The engine that keeps the list of TaskManagers fresh."""

    def _entries(self) -> Iterator[Entry]:
        app = self.app
        if not isinstance(app, LiveApp):
            return
        seen: set[str] = set()
        # Commands of this place first: a hasty enter must not choose leaving.
        for active in sorted(self.screen.active_bindings.values(), key=lambda active: active.node is app):
            binding = active.binding
            if binding.id and binding.description and active.enabled and binding.id not in seen:
                seen.add(binding.id)
                yield (
                    f"{binding.description}  ({binding.key_display or binding.key})",
                    binding.tooltip,
                    partial(app.run_action, binding.action, active.node),
                )
        if app.is_open:
            yield from self._actions(app)
            yield from self._own(app)
            yield "jobs", "The overview with all jobs.", partial(_overview, app)
            for word, words, place in PLACES:
                yield word, words, partial(app.go, place)
        else:
            yield from self._own(app)
        for theme in THEMES:
            yield f"theme {theme}", "Change the theme.", partial(app.choose_theme, theme)
        if app.fleet is not None:
            yield from self._of_fleet(app)
        else:
            jobs = app.port.value(JOBS_OVERVIEW())
            for job in jobs.jobs if jobs is not None else ():
                yield f"job {job.name}", f"{job.state}, {job.jid}", partial(_open, app, job.jid)
        if app.is_open:
            yield from self._taskmanagers(app)

    @staticmethod
    def _of_fleet(app: LiveApp) -> Iterator[Entry]:
        """Every cluster, and every job of every cluster."""
        facts = app.fleet_facts()
        if app.is_open:
            yield "fleet", "All clusters.", app.close_clusters
            yield "alerts of all clusters", "What is open and what was.", partial(_alerts_of_all, app)
        for one in facts.clusters:
            words = one.words or str(one.state)
            about = f"{one.job_name}: {words}" if one.job_name else words
            yield f"cluster {clean(one.name)}", clean(about), partial(app.open_cluster, one.name)
        for job in facts.jobs:
            yield (
                f"job {job.name} on {clean(job.cluster)}",
                f"{job.state}, {job.jid}",
                partial(app.open_cluster, job.cluster, JobPlace(job.jid)),
            )

    @staticmethod
    def _taskmanagers(app: LiveApp) -> Iterator[Entry]:
        taskmanagers = app.port.value(TASKMANAGERS())
        for one in taskmanagers.taskmanagers if taskmanagers is not None else ():
            words = f"{fmt.number(one.slots_used)} of {fmt.number(one.slots_number)} slots"
            yield (f"tm {'  '.join(processes.names(one))}", words, partial(app.go, TaskManagerPlace(one.id)))

    def _actions(self, app: LiveApp) -> Iterator[Entry]:
        """The actions on the selected thing, as in the menu of actions."""
        profile = app.profile
        if not isinstance(self.screen, ClusterScreen) or profile.connection.read_only or profile.demo:
            return
        here = self.screen.actions()
        named = {action.title for action in here}
        # Actions on the whole cluster are found from everywhere.
        for action in (*here, *(one for one in on_cluster(app.port) if one.title not in named)):
            words = action.reason or action.summary
            yield action.title, f"{action.on}: {words}", partial(action.open, app)

    def _own(self, app: LiveApp) -> Iterator[Entry]:
        """Commands and links of one's own about the selected thing."""
        if app.own is None or not isinstance(self.screen, ClusterScreen):
            return
        for entry in app.own.entries(self.screen):
            key = f"  ({entry.key})" if entry.key else ""
            look = entry.look(app)
            words = f"{entry.on}: {look.reason or look.summary}"
            yield f"own {entry.title}{key}", words, partial(entry.open, app)

    async def startup(self) -> None:
        """Keep the list of TaskManagers fresh while the palette is open; of the cluster that is open then."""
        if isinstance(self.app, LiveApp) and self.app.is_open:
            port = self.app.port
            if not port.features.history_server:
                self._watched = port
                port.watch(TASKMANAGERS())

    async def shutdown(self) -> None:
        if self._watched is not None:
            self._watched.unwatch(TASKMANAGERS())

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for text, words, act in islice(self._entries(), MOST):
            yield DiscoveryHit(Content(text), act, text=text, help=_plain(words))

    async def search(self, query: str) -> Hits:
        """What matches the typed text; a colon before it, as in `:jars`, is ignored."""
        wanted = query.lstrip(": ")
        if not wanted:
            async for hit in self.discover():
                yield hit
            return
        matcher = self.matcher(wanted)
        found = 0
        for text, words, act in self._entries():
            score = matcher.match(text)
            if score > 0 and found < MOST:
                found += 1
                yield Hit(score, Content(text), act, text=text, help=_plain(words))


def _plain(words: str) -> str:
    """Text as Textual's palette shows it: it parses help as markup."""
    return words.replace("[", r"\[")


def _overview(app: LiveApp) -> None:
    for _ in app.screen_stack:
        if not is_at(app.screen, OverviewPlace):
            app.pop_screen()


def _alerts_of_all(app: LiveApp) -> None:
    app.close_clusters()
    app.go(FleetAlertsPlace())


def _open(app: LiveApp, job: str) -> None:
    _overview(app)
    app.go(JobPlace(job))
