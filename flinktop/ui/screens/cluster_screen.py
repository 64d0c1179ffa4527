"""What all screens of a cluster share: the frame, and the commands that work everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on
from textual.containers import Container
from textual.widgets import Input

from flinktop.facts.jobs import job_name
from flinktop.ui import keys
from flinktop.ui.live import LiveScreen, is_displayed, panel_of
from flinktop.ui.panels.frame import BottomLine, Notice, TopLine
from flinktop.ui.panels.time_chart import stepped
from flinktop.ui.places import (
    ActionsPlace,
    DescribedPlace,
    TimelinePlace,
    cluster_actions,
    is_at,
    job_actions,
    write_place,
)
from flinktop.ui.screens.filter_line import Filtered, FilterLine
from flinktop.ui.widgets.messages import Searched
from flinktop.ui.widgets.painted_view import SearchedView, TextView
from flinktop.ui.widgets.table import LiveTable

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.kubernetes_text import Described
    from flinktop.settings import Profile
    from flinktop.ui.command import Command
    from flinktop.ui.places import Place
    from flinktop.ui.screens.actions import Action

ZOOMED = "-zoomed"
"""Class of a screen that shows one panel only, and of that panel."""
STEP = 1.5
"""Factor between two poll intervals that + and - choose."""


class ClusterScreen(LiveScreen):
    """A framed screen; its contents come from `body`."""

    CSS_PATH = ["cluster_screen.tcss"]  # noqa: RUF012 -- Textual declares it so

    def __init_subclass__(cls, sheet: str = "", **options: Any) -> None:
        """`sheet` is the style sheet of this screen alone."""
        if sheet:
            cls.CSS_PATH = ["cluster_screen.tcss", sheet]
        super().__init_subclass__(**options)

    def compose(self) -> ComposeResult:
        yield from self.top()
        with Container(id="body"):
            yield from self.body()
        yield FilterLine()
        yield self.bottom()

    def top(self) -> ComposeResult:
        """The frame above the body."""
        yield TopLine()
        yield Notice()

    def bottom(self) -> BottomLine:
        """The frame below it."""
        return BottomLine()

    def body(self) -> ComposeResult:
        yield from ()

    def table(self) -> LiveTable[Any] | None:
        """The table that open, filter, sort and copy act on: the focused one, else the first visible one."""
        if isinstance(self.focused, LiveTable):
            return self.focused
        return next((table for table in self.query(LiveTable) if is_displayed(table)), None)

    def searched(self) -> LiveTable[Any] | SearchedView | None:
        """What a slash searches, a table, text or flame graph: the focused one, else the first visible."""
        if isinstance(self.focused, LiveTable | SearchedView):
            return self.focused
        return next((one for one in self.query(TextView) if is_displayed(one)), None) or self.table()

    def pager(self) -> TextView | None:
        searched = self.searched()
        return searched if isinstance(searched, TextView) else None

    def label_of(self, command: Command) -> str:
        finds = command is keys.FILTER and isinstance(self.searched(), SearchedView)
        return "find" if finds else command.label

    def narrowed(self) -> Filtered | None:
        """What has a filter that esc clears: the table or text, else the panel around it."""
        searched = self.searched()
        found = (one for one in (searched, panel_of(searched)) if isinstance(one, Filtered))
        return next((one for one in found if one.filter), None)

    def state_words(self) -> str:
        """The kept filter and the chosen order of the table; the search text of a text."""
        searched = self.searched()
        if isinstance(searched, SearchedView):
            return searched.search_label
        if (table := self.table()) is None:
            return ""
        words = [f"/{table.filter}"] if table.filter else []
        return "  ".join([*words, table.sort_label] if table.sort_label else words)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A slash in the filter line is a letter, though the key has priority; read-only has no actions."""
        if action in ("filter", "only") and isinstance(self.focused, Input):
            return False
        if action == keys.ACTIONS.id and self.profile.connection.read_only:
            # Of one's own there may be some that change nothing.
            return self.app.own is not None and bool(self.app.own.entries(self))
        if action == keys.DESCRIBE.id and self.described() is None:
            return False
        return super().check_action(action, parameters)

    def actions(self) -> tuple[Action, ...]:
        """The actions on the selected thing: on the job of this place, else on the cluster."""
        port = self.port
        return job_actions(port, self.job) if self.job else cluster_actions(port)

    def selected(self) -> dict[str, str]:
        """The ids of what is selected, by what it is: job, vertex, subtask, taskmanager, checkpoint.

        Commands and links of one's own are about these, or about the cluster.
        """
        return {"job": self.job} if self.job else {}

    def own_cluster(self) -> tuple[Port, Profile] | None:
        """The cluster that commands and links of one's own are about; None without one."""
        return (self.port, self.profile) if self.app.is_open else None

    def on_key(self, event: events.Key) -> None:
        own = self.app.own
        if own is not None and own.press(event.character or "", event.key, self):
            event.stop()
        elif event.key in keys.ACTIONS.keys and self.app.is_open and self.profile.connection.read_only:
            self.app.notify_read_only()

    def described(self) -> Described | None:
        """What kubectl can describe of what is selected; None: nothing of it is on Kubernetes."""
        state = self.port.kubernetes if self.app.is_open else None
        if state is None:
            return None
        # Few clusters are on Kubernetes: only these import it.
        from flinktop.engine import kubernetes_text as texts  # noqa: PLC0415

        if not self.job:
            return texts.cluster_described(state)
        return texts.job_described(state, self.job, job_name(self.port, self.job))

    def action_describe(self) -> None:
        if (what := self.described()) is not None:
            self.app.go(DescribedPlace(what))

    def neighbour(self, by: int) -> Place | None:  # noqa: ARG002 -- for subclasses
        """The place before (-1) or after (1) this one, in the same view; None without one."""
        return None

    def _go_to_neighbour(self, by: int) -> None:
        if (place := self.neighbour(by)) is not None:
            self.app.go(place, instead=True)

    def neighbour_key(self, key: str, by: int) -> str | None:
        """The row before or after one in the list that this place was opened from; None without another."""
        below = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else None
        tables = below.query(LiveTable) if below is not None else ()
        shown = tables.first().shown_keys() if tables else ()
        if key not in shown or len(shown) == 1:
            return None
        return shown[(shown.index(key) + by) % len(shown)]

    def action_previous(self) -> None:
        self._go_to_neighbour(-1)

    def action_next(self) -> None:
        self._go_to_neighbour(1)

    def action_actions(self) -> None:
        acts = () if self.profile.connection.read_only else self.actions()
        own = self.app.own.entries(self) if self.app.own is not None else ()
        self.app.go(ActionsPlace((*acts, *own)))

    def action_back(self) -> None:
        """Undo one thing; on the first screen there may be nothing to undo."""
        self.go_back()

    def action_back_or_leave(self) -> None:
        """Undo one thing; where there is nothing to undo, ask before leaving."""
        if not self.go_back():
            self.app.ask_to_leave()

    def go_back(self) -> bool:
        """Undo one thing: filter line, zoom, filter, pause, or the screen; returns whether there was one."""
        narrowed = self.narrowed()
        filter_line = self.query_one(FilterLine)
        if filter_line.display:
            filter_line.close(clear=True)
        elif self.has_class(ZOOMED):
            self.action_zoom()
        elif narrowed is not None:
            narrowed.filter = ""
        elif self.paused:
            self.action_pause()
        elif len([screen for screen in self.app.screen_stack if isinstance(screen, LiveScreen)]) > 1:
            self.app.pop_screen()
        else:
            return False
        return True

    def action_open(self) -> None:
        if (table := self.table()) is not None:
            table.action_open()

    def action_filter(self) -> None:
        if (searched := self.searched()) is not None:
            self.query_one(FilterLine).open(searched, searched)

    def action_only(self) -> None:
        pager = self.pager()
        panel: object = panel_of(pager)
        if pager is not None and isinstance(panel, Filtered):
            self.query_one(FilterLine).open(panel, pager, "&")

    def action_match(self, by: int) -> None:
        searched = self.searched()
        if isinstance(searched, SearchedView):
            searched.step_match(by)

    def action_wrap(self) -> None:
        if (pager := self.pager()) is not None:
            pager.toggle_wrap()

    @on(Searched)
    def _matches_changed(self) -> None:
        self.tick()

    def action_sort(self) -> None:
        if (table := self.table()) is not None:
            table.next_sort()
            self.tick()

    def action_reverse(self) -> None:
        if (table := self.table()) is not None:
            table.reverse_sort()
            self.tick()

    def action_copy(self) -> None:
        if (pager := self.pager()) is not None and pager.lines:
            self.app.copy_text(pager.visible_text)
            return
        if (table := self.table()) is not None and table.cursor_key is not None:
            self.app.copy_text(table.cursor_key)

    def action_write(self) -> None:
        self.app.go(write_place(self))

    def seen_lines(self) -> tuple[str, ...]:
        strips = self._compositor.render_strips(self.size)
        return tuple(strip.text.rstrip() for strip in strips)

    def action_pause(self) -> None:
        self.set_paused(not self.paused)

    def action_refresh(self) -> None:
        self.port.refresh()

    def action_slower(self) -> None:
        self.port.stretch_interval(STEP)
        self.tick()

    def action_faster(self) -> None:
        """Poll more often; the cluster's own interval is the shortest."""
        self.port.stretch_interval(1 / STEP)
        self.tick()

    def action_zone(self) -> None:
        self.app.next_zone()
        self.tick()

    def action_window(self, by: int) -> None:
        self.app.chart_window = stepped(self.app.chart_window, by)
        self.tick()

    def action_timeline(self) -> None:
        if not is_at(self, TimelinePlace):
            self.app.go(TimelinePlace())

    def action_zoom(self) -> None:
        """Give the whole body to the focused panel, or take it back; the frame stays."""
        if self.has_class(ZOOMED):
            self.end_zoom()
        elif (panel := panel_of(self.focused)) is not None:
            self.add_class(ZOOMED)
            panel.add_class(ZOOMED)
            self.call_after_refresh(self._follow_display)

    def end_zoom(self) -> None:
        """Show all panels again, if one is zoomed."""
        if not self.has_class(ZOOMED):
            return
        self.remove_class(ZOOMED)
        for one in self.panels():
            one.remove_class(ZOOMED)
        # Only then are they visible, and watch again.
        self.call_after_refresh(self._follow_display)

    def _follow_display(self) -> None:
        for panel in self.panels():
            # A panel that is being mounted starts by itself.
            if panel.is_mounted:
                panel.follow_display()
