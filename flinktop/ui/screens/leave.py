"""The question before leaving, with the operations in progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from flinktop.engine.operation import State
from flinktop.facts.operations import under_way
from flinktop.flink.text import clean
from flinktop.ui.live_app import LiveApp
from flinktop.ui.steady import Modal
from flinktop.ui.widgets.form import PressButton

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from flinktop.engine.operation import Operation

MOST = 5  # operations that are named


def left_behind(operation: Operation, *, several: bool = False) -> str:
    """What leaving means for an operation in progress; with its cluster where there are `several`."""
    where = f" on {operation.cluster_name}" if several else ""
    what = clean(f"{operation.label} of {operation.subject}{where}")
    if operation.state is State.PLANNED:
        return f"{what} has not been sent yet: leaving drops it"
    if operation.state is State.SENT and operation.act is not None and operation.act.transfer:
        return f"{what} is being sent: leaving cuts it off"
    return f"{what} is in progress: it continues, and is followed again at the next start"


class LeaveScreen(Modal[bool]):
    """Leave flinktop? `q` again, ctrl+c again (a command of the app) or enter on the button leave; esc stays.

    No other key answers: `y` copies everywhere else.
    """

    DEFAULT_CSS = """
    LeaveScreen > .dialog { width: 56; max-height: 100%; }
    LeaveScreen.-under-way > .dialog { width: 72; padding: 0 1; }
    LeaveScreen Static { width: 1fr; }
    LeaveScreen #under-way { display: none; color: $warning; margin-bottom: 1; }
    LeaveScreen.-under-way #under-way { display: block; }
    LeaveScreen #deleted { color: $warning; margin-bottom: 1; }
    LeaveScreen Horizontal { height: 1; width: 1fr; }
    """
    app = getters.app(LiveApp)
    # Without this dialog nobody could leave.
    CLOSES_WHEN_BROKEN: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "answer(True)", "leave", show=False),
        Binding("escape", "answer(False)", "stay", show=False),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Leave flinktop?"
            yield Static(id="under-way", markup=False)
            if self.app.deletes_cluster:
                yield Static("The local cluster and its savepoints are deleted.", id="deleted", markup=False)
            with Horizontal():
                yield PressButton("Leave", id="leave")
                yield Static(Content.assemble(("q", "$primary"), " leave   ", ("esc", "$primary"), " stay"))

    def on_mount(self) -> None:
        """Focus the button; name what is in progress, for as long as it is."""
        self.query_one(PressButton).focus()
        self._name_them()
        self.set_interval(1.0, self._name_them)

    def _name_them(self) -> None:
        # Operations followed by another flinktop don't depend on this one.
        ours = [one for port in self.app.ports for one in under_way(port) if one.ours]
        several = self.app.fleet is not None
        lines = [left_behind(one, several=several) for one in ours[:MOST]]
        lines += [f"and {len(ours) - MOST} more"] if len(ours) > MOST else []
        bundles = [name for of_cluster in self.app.bundles.values() for name in of_cluster.under_way]
        lines += [f"the bundle of {clean(name)} is being made: leaving drops it" for name in bundles[:MOST]]
        running = self.app.own.running if self.app.own is not None else ()
        lines += [f"the command {clean(name)} runs: leaving ends it" for name in running[:MOST]]
        self.set_class(bool(lines), "-under-way")
        self.query_one("#under-way", Static).update(Content("\n".join(lines)))

    @on(PressButton.Pressed)
    def _leave(self) -> None:
        self.action_answer(leave=True)

    def action_answer(self, leave: bool) -> None:  # noqa: FBT001 -- as a binding hands it over
        self.dismiss(leave)
