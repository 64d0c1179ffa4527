"""A screen with tabs: one group of panels is visible at a time, and only what is visible is polled."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Container
from textual.widget import Widget

from flinktop.ui.panels.frame import TabLine
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.tabs import Tab
from flinktop.ui.widgets.flame import FlameView

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.geometry import Size

    from flinktop.ui.live import Panel
    from flinktop.ui.tabs import TabPanel

ONE_TAB = {"pin": "metrics", "flame_kind": "flame", "zoom_in": "flame", "profile": "profiler"}
"""Actions that do something on one tab only."""


class TabbedScreen(ClusterScreen):
    """A header, a line of tabs, and the panels of the open tab.

    Its tabs (ui/tabs.py) are among its commands. Subclasses pass on the panels' subject: their arguments.
    A panel is imported and made when it is first shown; one that does not belong to the open tab is hidden,
    watches nothing, and keeps its cursor, order and filter.
    """

    TABS: ClassVar[tuple[Tab, ...]] = ()
    HEADER: ClassVar[type[Panel] | None] = None
    """The panel above the tabs; its arguments are those of the other panels."""
    AUTO_FOCUS = None

    def __init_subclass__(cls, **options: Any) -> None:
        cls.TABS = tuple(command for command in cls.COMMANDS_HERE if isinstance(command, Tab))
        super().__init_subclass__(**options)

    def __init__(self, *of: Any, tab: str = "") -> None:
        super().__init__()
        self.of = of
        self.tab = ""
        """The open tab's name; "" until the screen has a size."""
        self.made: dict[str, Any] = {}
        """The panels that have been shown, by id; their classes are named by the tabs."""
        self._wanted = tab

    @property
    def tab_names(self) -> tuple[str, ...]:
        return tuple(tab.name for tab in self.TABS)

    @property
    def _open_tab(self) -> Tab:
        return next(tab for tab in self.TABS if tab.name == self.tab)

    def first_tab(self, size: Size) -> str:  # noqa: ARG002 -- for subclasses
        return self._wanted or self.tab_names[0]

    def has_room(self, panel: TabPanel, size: Size) -> bool:
        """Whether a panel of the open tab is shown at this size."""
        return size.width >= panel.width and size.height >= panel.height

    def make(self, panel: TabPanel) -> Panel:
        """A panel that is shown for the first time."""
        module, _, name = panel.panel.partition(".")
        kind = getattr(import_module(f"flinktop.ui.panels.{module}"), name)
        made: Panel = kind(*self.arguments(panel), **self.options(panel), id=panel.id)
        return made

    def arguments(self, panel: TabPanel) -> tuple[Any, ...]:  # noqa: ARG002 -- for subclasses
        """The arguments of a panel: its subject."""
        return self.of

    def options(self, panel: TabPanel) -> dict[str, Any]:  # noqa: ARG002 -- for subclasses
        """How a panel is shown first."""
        return {}

    def panel(self, name: str) -> Any:
        """A panel by its id, if it is visible and mounted; else None."""
        panel = self.made.get(name)
        return panel if panel is not None and panel.is_mounted and panel.display else None

    def body(self) -> ComposeResult:
        if self.HEADER is not None:
            yield self.HEADER(*self.of)
        yield TabLine(self.TABS)
        yield Container(id="tabs")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a command of a single tab works on the open one, and whether there is something to open."""
        if ONE_TAB.get(action, self.tab) != self.tab:
            return False
        if action == "open" and self.tab and not self._open_tab.opens:
            return False
        return super().check_action(action, parameters)

    def action_zoom_in(self) -> None:
        searched = self.searched()
        if isinstance(searched, FlameView):
            searched.action_open()

    def action_flame_kind(self) -> None:
        if (flame := self.panel("flame")) is not None:
            flame.next_kind()

    def action_pin(self) -> None:
        if (metrics := self.panel("metrics")) is not None:
            metrics.toggle_pin()
            self.made["pins"].update()

    def go_back(self) -> bool:
        """A zoomed flame graph first shows all again."""
        flame = self.made.get("flame")
        return (flame is not None and flame.leave_zoom()) or super().go_back()

    async def action_show_tab(self, name: str) -> None:
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
        shown = [panel.id for panel in self._open_tab.panels if self.has_room(panel, self.size)]
        for name in self.tab_names:
            self.set_class(name == self.tab, f"-tab-{name}")
        for name, panel in self.made.items():
            panel.set_shown(name in shown)
        await self._mount(shown)
        if self.closing:
            return
        for panel in self.panels():
            panel.follow_display()
        self.query_one(TabLine).open_tab(self.tab)

    async def _mount(self, names: list[str]) -> None:
        """Mount those of these panels that were never shown, each before the one that follows it."""
        tabs = self.query_one("#tabs")
        following: Panel | None = None
        every = {panel.id: panel for tab in self.TABS for panel in tab.panels}
        for name in reversed(every):
            if name in names and name not in self.made:
                self.made[name] = self.make(every[name])
            if (panel := self.made.get(name)) is not None and name in names and not panel.is_attached:
                await tabs.mount(panel, before=following)
            if panel is not None and panel.is_attached:
                following = panel

    def _shown(self) -> list[Any]:
        names = [panel.id for panel in self._open_tab.panels] if self.tab else []
        found = [self.made[name] for name in names if name in self.made]
        return sorted((one for one in found if one.display), key=lambda panel: panel.id != self.tab)

    def copied(self) -> str | None:
        return next((text for panel in self._shown() if panel.is_mounted and (text := panel.copied())), None)

    def focus_first(self) -> None:
        for panel in self._shown():
            for widget in panel.walk_children(Widget):
                if widget.focusable:
                    self.set_focus(widget)
                    return

    def tick(self, *, everything: bool = True) -> None:
        """Time has passed; a panel that had nothing to focus when its tab was opened may have it now."""
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
