"""A screen with tabs: one group of panels is seen at a time, and only what is seen is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container
from textual.widget import Widget

from flinktop.ui.panels.tab_line import TabLine
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.widgets.flame import FlameView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events
    from textual.app import ComposeResult
    from textual.geometry import Size

    from flinktop.ui.keys import Command
    from flinktop.ui.live import Panel

ONE_TAB = {"pin": "metrics", "flame_kind": "flame", "zoom_in": "flame", "profile": "profiler"}
"""Actions that have something to do on one tab alone."""


class TabbedScreen(ClusterScreen):
    """Headers, a line of tabs, and the panels of the tab that is open.

    Subclasses declare `TABS`, the commands that `keys.tab` makes, and say by `panels_of` what each shows. A
    panel that is not among them is hidden, asks for nothing, and keeps its cursor, order and filter.
    """

    TABS: ClassVar[tuple[Command, ...]] = ()
    NOTHING_OPENS: ClassVar[frozenset[str]] = frozenset()
    """Tabs on which enter opens nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.tab = ""
        """The open tab's name; "" until the screen has a size."""
        self._made: dict[str, Panel] = {}

    @property
    def tab_names(self) -> tuple[str, ...]:
        """The names of the tabs from left to right."""
        return tuple(command.id.removeprefix("tab_") for command in self.TABS)

    def first_tab(self, size: Size) -> str:  # noqa: ARG002 -- for subclasses
        """The tab to open with at this size."""
        return self.tab_names[0]

    def panels_of(self, tab: str, size: Size) -> tuple[str, ...]:
        """The ids of the panels that a tab shows at this size; the first has the focus."""
        raise NotImplementedError

    def headers(self) -> ComposeResult:
        """What stands above the tabs, whichever is open."""
        yield from ()

    def tabbed(self) -> Iterable[Panel]:
        """All panels of all tabs, in the order in which they stand; each is mounted when it is first seen."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        """Headers, tabs, panels."""
        yield from self.headers()
        yield TabLine(self.TABS)
        yield Container(id="tabs")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is for one tab alone is offered there; opening where something opens."""
        if ONE_TAB.get(action, self.tab) != self.tab or (action == "open" and self.tab in self.NOTHING_OPENS):
            return False
        return super().check_action(action, parameters)

    def action_zoom_in(self) -> None:
        """Give the selected method of a flame graph the whole width."""
        searched = self.searched()
        if isinstance(searched, FlameView):
            searched.action_open()

    async def action_show_tab(self, name: str) -> None:
        """Open a tab."""
        if name in self.tab_names and name != self.tab:
            self.tab = name
            self.end_zoom()
            await self.show_panels()
            self.focus_first()
            self.tick()

    async def show_panels(self) -> None:
        """Show the open tab's panels, as many as there is room for."""
        if not self.alive:
            return
        if not self._made:
            self._made = {panel.id or "": panel for panel in self.tabbed()}
        shown = self.panels_of(self.tab, self.size)
        for name in self.tab_names:
            self.set_class(name == self.tab, f"-tab-{name}")
        for name, panel in self._made.items():
            panel.set_shown(name in shown)
        await self._mount(shown)
        if self.going:
            return
        for panel in self.panels():
            panel.follow_display()
        self.query_one(TabLine).open_tab(self.tab)

    async def _mount(self, names: tuple[str, ...]) -> None:
        """Mount those of these panels that were never seen, each before the one that follows it."""
        tabs = self.query_one("#tabs")
        following: Panel | None = None
        for name, panel in reversed(self._made.items()):
            if name in names and not panel.is_attached:
                await tabs.mount(panel, before=following)
            if panel.is_attached:
                following = panel

    def copied(self) -> str | None:
        """What the open tab has to copy of its selected row, if that is more than an id."""
        seen = (self._made[name] for name in self.panels_of(self.tab, self.size) if name in self._made)
        return next((text for panel in seen if panel.is_mounted and (text := panel.copied())), None)

    def focus_first(self) -> None:
        """Give the keys to the first panel of the open tab."""
        for name in self.panels_of(self.tab, self.size):
            for widget in self._made[name].walk_children(Widget):
                if widget.focusable:
                    self.set_focus(widget)
                    return

    def tick(self, *, everything: bool = True) -> None:
        """Time moves on; a panel that had nothing to focus when its tab was opened has it now."""
        if self.focused is None and self.tab:
            self.focus_first()
        super().tick(everything=everything)

    async def on_resize(self, event: events.Resize) -> None:
        """Choose the first tab by the first size; later sizes change what it has room for."""
        opening = not self.tab
        if opening:
            self.tab = self.first_tab(event.size)
        await self.show_panels()
        if opening:
            self.focus_first()
