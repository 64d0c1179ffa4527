"""The Textual app: one cluster, a stack of screens, and how news from the engine reaches them."""

from __future__ import annotations

import logging
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import events
from textual._context import active_message_pump
from textual._files import generate_datetime_filename
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.dom import DOMNode
from textual.widget import Widget
from textual.worker import WorkerFailed, get_current_worker

from flinktop.engine.clock import Clock
from flinktop.engine.host import EngineFailed, Port
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.text import clean_lines
from flinktop.internal_error import report, strays_logged, words_of
from flinktop.ui import keys, theme
from flinktop.ui.changed_runs import WritesChanges
from flinktop.ui.leaving import Leaving, RestartingDriver, flush_output, leave_on_hang_up, leave_on_signals
from flinktop.ui.live import FactsChanged, LiveScreen
from flinktop.ui.live_app import LiveApp
from flinktop.ui.operation_news import OperationNews
from flinktop.ui.places import (
    AlertsPlace,
    CheckpointsPlace,
    HelpPlace,
    JobManagerPlace,
    JobPlace,
    LeavePlace,
    OperationsPlace,
    OverviewPlace,
    PalettePlace,
    Place,
    TaskManagersPlace,
    VertexPlace,
    WallPlace,
    commands_here,
    is_at,
)
from flinktop.ui.private_files import put_text
from flinktop.ui.spare_memory import (
    SpareMemory,
    begin_to_collect,
    exempt_loaded_modules,
    forget_closed_screens,
)
from flinktop.ui.steady import AnswersOnce, Steady
from flinktop.ui.terminal_bytes import accept_any_bytes, keep_columns
from flinktop.ui.theme import FaintAsDim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import httpx
    from rich.console import RenderableType
    from textual.actions import ActionParseResult
    from textual.binding import BindingType
    from textual.command import Provider
    from textual.filter import LineFilter
    from textual.notifications import Notify

    from flinktop.engine.acts.run_jar import RunJar
    from flinktop.engine.alerts.alert import AlertsView, Call
    from flinktop.engine.alerts.hook import HookRunner
    from flinktop.engine.alerts.policy import AlertPolicy
    from flinktop.engine.fleet import OneLedger
    from flinktop.engine.journal.journal import Journal
    from flinktop.engine.text_reader import TextReader
    from flinktop.flink.endpoint import Query
    from flinktop.flink.tls_contexts import TlsContexts
    from flinktop.judgement.rules import Policy
    from flinktop.settings import JournalBounds, Profile, Settings
    from flinktop.ui.calling import Calling

log = logging.getLogger(__name__)

FEW_COLOURS = frozenset({"standard", None})
"""Colour systems of terminals that have sixteen colours of their own, or none."""


class InputFailed(Exception):  # noqa: N818 -- it says what happened
    """The terminal's keys can no longer be read."""


class FlinkTop(LiveApp, WritesChanges, inherit_bindings=False):
    """flinktop on one cluster. Bindings are not inherited: Textual's ctrl+q would quit at once."""

    TITLE = "flinktop"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {commands_here}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings(keys.GLOBAL)]
    ENABLE_COMMAND_PALETTE = True
    CSS = """
    /* They cover rows: as few as possible. */
    Toast { width: auto; max-width: 90%; padding: 0 1; }
    /* Above the keys, and above the line in which a filter is typed. */
    ToastRack { margin-bottom: 2; }
    /* Textual's emoji has a width that terminals disagree about. */
    CommandPalette SearchIcon { display: none; }
    /* Textual draws its own lines, edges and scroll bars with blocks. */
    FlinkTop.-ascii {
        * { scrollbar-size-vertical: 0; }
        Toast { border: none; padding: 0 2; }
        HelpScreen > VerticalScroll, Dialog > .dialog { border: ascii $border; }
        LeaveScreen > Vertical, WriteView > Vertical { border: ascii $border; }
        ClusterScreen.-tall .-box { border: ascii $border-blurred; }
        ClusterScreen.-tall .-box:focus-within { border: ascii $border; }
        CommandPalette #--input { border: blank; }
        CommandPalette CommandList { border: none; }
        CommandPalette LoadingIndicator { display: none; }
    }
    """

    def __init__(
        self, port: Port | None, settings: Settings, profile: Profile | None, *, clock: Clock | None = None
    ) -> None:
        # Without colours Textual takes shades of grey, and black on black with the terminal's colours.
        ansi_color = True if "NO_COLOR" in os.environ else None
        opened = (port, profile) if port is not None and profile is not None else None
        super().__init__(port.clock if port else clock or Clock(), settings, opened, ansi_color=ansi_color)
        self._mouse_on = settings.mouse
        self.set_class(settings.ascii, "-ascii")
        for one in theme.THEMES:
            self.register_theme(one)
        self._faint = FaintAsDim()
        self._ascii_shapes: tuple[LineFilter, ...] = ()
        if settings.ascii:
            from flinktop.ui.ascii_shapes import AsciiShapes  # noqa: PLC0415 -- few terminals need it

            self._ascii_shapes = (AsciiShapes(),)
        self._operation_news: dict[Port, OperationNews] = {}
        self._noticed: set[str] = set()
        self._calling: Calling | None = None
        self._alerts: AlertsView | None = None  # as they were shown
        self._spare_memory = SpareMemory()
        self._has_drawn = False  # the jobs, or why they are unknown
        self.on_exit: Callable[[int], None] = lambda _code: None
        """Called with the exit code when the app starts to exit."""
        if settings.own is not None:
            from flinktop.ui.own_commands.own import OwnCommands  # noqa: PLC0415 -- few configs have them

            self.own = OwnCommands(self, settings.own)
        self.choose_theme(settings.theme)

    async def on_event(self, event: events.Event) -> None:
        """Handle keys, pastes and clicks in order, each when the one before is done."""
        typed = isinstance(event, events.InputEvent | events.Paste) and not event.is_forwarded
        if typed and isinstance(event, events.Paste):
            # Fields show their text unchanged.
            event.text = clean_lines(event.text)
        if not typed or self.key_order.admits(event):
            await super().on_event(event)

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run the action of a key or a palette entry; does nothing on a screen that is not mounted."""
        node = default_namespace
        if isinstance(node, Widget) and not (
            node.is_attached and all(one.alive for one in node.ancestors_with_self if isinstance(one, Steady))
        ):
            return False
        dialog = self._dialog_of(node)
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:
            if dialog is None:
                raise
            self._close_broken(dialog, error)
            return True

    def pop_screen(self) -> AwaitComplete:
        """Close the top screen, unless it is the last screen of the cluster."""
        if any(isinstance(screen, LiveScreen) for screen in self.screen_stack[:-1]):
            return super().pop_screen()
        return AwaitComplete()

    def _handle_exception(self, error: Exception) -> None:
        """Exit because of an uncaught error: one sentence on the terminal, the trace in the log.

        An error in a dialog closes only that dialog.
        """
        failed: object = active_message_pump.get(None)
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error, failed = error.error, get_current_worker().node
        if (dialog := self._dialog_of(failed)) is not None:
            # Its messages are no longer handled.
            self.call_later(self._close_broken, dialog, error)
            return
        self._leave_on_error(error)

    def panic(self, *renderables: RenderableType) -> None:
        """Exit because the thread that reads the keys has failed: Textual passes on only its trace."""
        words = []
        for one in renderables:
            # Textual imports rich.traceback when there is one.
            trace = getattr(one, "trace", None)
            for stack in trace.stacks if trace is not None else ():
                frames = "\n".join(f"  {at.filename}, line {at.lineno}, in {at.name}" for at in stack.frames)
                words.append(f"{stack.exc_type}: {stack.exc_value}")
                log.critical("keys can't be read: %s\n%s", words[-1], frames)
        self._leave_on_error(InputFailed(*words[-1:]))

    def _dialog_of(self, node: object) -> AnswersOnce[Any] | None:
        if self.raise_errors or self._exit or not isinstance(node, DOMNode):
            return None
        for one in node.ancestors_with_self:
            if isinstance(one, AnswersOnce) and one.CLOSES_WHEN_BROKEN and one in self.screen_stack:
                return one
        return None

    def _close_broken(self, dialog: AnswersOnce[Any], error: Exception) -> None:
        if dialog not in self.screen_stack:
            return
        log.error("the dialog %s was closed by an error", type(dialog).__name__, exc_info=error)
        while dialog in self.screen_stack:
            self.pop_screen()
        words = f"The dialog has failed because of an internal error ({words_of(error)})."
        self.notify(words, severity="error", timeout=10, markup=False)

    def _leave_on_error(self, error: Exception) -> None:
        sentence = report(error, self.settings.paths.log)
        if not self._exit_renderables:
            self._return_code = 1
            self._exit_renderables.append(Text(sentence, no_wrap=True, overflow="ignore"))
            # Tests that run the app raise it again.
            self._exception = error
            self.on_exit(1)
        self._close_calling()
        self._close_messages_no_wait()
        self._exception_event.set()

    def on_mount(self) -> None:
        self.open_first()
        if self.settings.wall:
            self.go(WallPlace())
        self.listen(lambda: self.post_message(FactsChanged()))
        self.set_interval(1.0, self.tick)
        for note in self.first_notes():
            self.notify(note, markup=False, timeout=10)

    def open_first(self) -> None:
        """Show what flinktop opens with."""
        self.go(OverviewPlace())
        if (shown := self.profile.shows) is not None:
            self.go(JobPlace(shown.job, shown.tab))
            if shown.checkpoints:
                self.go(CheckpointsPlace(shown.job))
            if shown.vertex:
                self.go(VertexPlace(shown.job, shown.vertex))

    def listen(self, notify: Callable[[], object]) -> None:
        """Have `notify` called when an engine has news."""
        self.port.on_change(notify)

    def first_notes(self) -> Iterable[str]:
        """Messages to show when flinktop opens."""
        return (*self.settings.notes, *self.profile.notes)

    def tick(self) -> None:
        """A second has passed: update ages and times."""
        forget_closed_screens()
        # Below the first screen lies one of Textual.
        self._spare_memory.second(at_first_screen=len(self.screen_stack) <= 1 + 1)
        self.second()
        if self._calling is not None:
            self._calling.second()
        for screen in self.screen_stack:
            if isinstance(screen, LiveScreen) and screen.seen:
                screen.second()
            elif isinstance(screen, AnswersOnce):
                screen.news()
        self._leave_without_engine()

    def failure(self) -> str | None:
        """Why nothing on the screen will ever change again: the engine has ended with an error."""
        return self.port.failure

    def _leave_without_engine(self) -> None:
        if (failure := self.failure()) is not None and not self._exit:
            self.exit(1, 1, Text(f"flinktop: {failure}"))

    def on_notify(self, event: Notify) -> None:
        """Make room for a message that Textual is about to show."""
        from flinktop.ui.few_messages import make_room  # noqa: PLC0415 -- after the first paint

        make_room(self, event.notification)

    def on_facts_changed(self) -> None:
        self._leave_without_engine()
        ports = self.take_news()
        for screen in self.screen_stack:
            if isinstance(screen, AnswersOnce):
                screen.news()
        for port in ports:
            self._say_what_ended(port)
        self.call()
        for notice in (notice for port in ports for notice in port.notices()):
            if notice not in self._noticed:
                self._noticed.add(notice)
                self.notify(notice, severity="warning", timeout=30, markup=False)

    def take_news(self) -> Iterable[Port]:
        """Pass what has changed to the screens; returns the engines with news."""
        self.show_changes(self.port.take_changes())
        if not self._has_drawn and self.port.brief(JOBS_OVERVIEW()) is not None:
            self._has_drawn = True
            self.screen.call_after_refresh(self.port.drawn)
        return (self.port,)

    def show_changes(self, changes: frozenset[Query[Any]]) -> None:
        """Show what has changed on the cluster that is open."""
        for screen in self.screen_stack:
            if isinstance(screen, LiveScreen) and screen.seen:
                screen.facts_changed(changes)

    def _say_what_ended(self, port: Port) -> None:
        """Notify of the operations and bundles of a cluster that have ended."""
        news = self._operation_news.setdefault(port, OperationNews())
        bundles = self.bundles[port].ended() if port in self.bundles else []
        for one in (*news.ended(port.operations()), *bundles):
            self.notify(one.words, title=one.title, severity=one.severity, timeout=one.seconds, markup=False)

    def call(self) -> None:
        """Show what is open, and call about it."""
        view = self.alerts_of_all()
        if view is self._alerts or (self._calling is None and not view.open and not view.calls):
            return
        self._alerts = view
        if self._calling is None:
            from flinktop.alert_rules import Notify  # noqa: PLC0415 -- after the first paint
            from flinktop.ui.calling import Calling  # noqa: PLC0415
            from flinktop.ui.few_messages import show_toast  # noqa: PLC0415

            self._calling = Calling(
                self.settings.notify or Notify(),
                write=self._write_to_terminal,
                toast=partial(show_toast, self),
                now=self.clock.now,
                environ=os.environ,
                several=self.fleet is not None,
                lists=self.lists,
            )
            calling = self._calling
            self.app_suspend_signal.subscribe(self, lambda _app: calling.pause(), immediate=True)
            self.app_resume_signal.subscribe(self, lambda _app: calling.resume(), immediate=True)
        self._calling.news(view, [call for port in self.ports for call in port.take_calls()])

    def lists(self, call: Call) -> bool:  # noqa: ARG002 -- for several clusters
        """Whether the alerts of a call are in the list that the key for alerts opens from here."""
        return True

    def _write_to_terminal(self, sequence: str) -> None:
        """Write between two frames."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    @property
    def terminal_reset(self) -> str:
        """What restores the terminal beyond its modes, if the app does not end by itself."""
        return self._calling.reset if self._calling is not None else ""

    def _close_calling(self) -> None:
        if self._calling is not None:
            self._calling.close()

    def exit(
        self, result: int | None = None, return_code: int = 0, message: RenderableType | None = None
    ) -> None:
        """Exit. Textual closes its screens first; the caller of the app makes sure that it ends."""
        self.on_exit(return_code if result is None else result)
        self._close_calling()
        super().exit(result, return_code, message)

    def action_help(self) -> None:
        screen = self.screen
        here = screen.COMMANDS_HERE if isinstance(screen, LiveScreen) else ()
        # Few clusters are on Kubernetes: elsewhere it does nothing on any screen.
        if screen.check_action(keys.DESCRIBE.id, ()) is False:
            here = tuple(command for command in here if command is not keys.DESCRIBE)
        read_only = self.is_open and self.profile.connection.read_only
        those = [command for command in here if not (command.acts and read_only)]
        own = self.own.commands_here(self.screen) if self.own is not None else ()
        legend = screen.legend() if isinstance(screen, LiveScreen) else ()
        self.go(HelpPlace([*those, *own, *keys.GLOBAL], legend))

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, CommandPalette):
            self.go(PalettePlace())

    def go_once(self, place: Place) -> None:
        """Go to a place of the cluster, unless it is on the screen."""
        if self.is_open and isinstance(self.screen, LiveScreen) and not is_at(self.screen, type(place)):
            self.go(place)

    def action_operations(self) -> None:
        self.go_once(OperationsPlace())

    def action_alerts(self) -> None:
        self.go_once(AlertsPlace())

    def action_wall(self) -> None:
        """Show the wall, or go back from it."""
        if is_at(self.screen, WallPlace):
            self.pop_screen()
        elif isinstance(self.screen, LiveScreen):
            self.go(WallPlace())

    def action_taskmanagers(self) -> None:
        self.go_once(TaskManagersPlace())

    def action_jobmanager(self) -> None:
        self.go_once(JobManagerPlace())

    def action_leave(self) -> None:
        """Ask before leaving; called a second time, leave."""
        if is_at(self.screen, LeavePlace):
            self.exit(0)
        else:
            self.ask_to_leave()

    def action_mouse(self) -> None:
        driver = self._driver
        switch = getattr(
            driver, "_disable_mouse_support" if self._mouse_on else "_enable_mouse_support", None
        )
        if switch is None:
            self.notify("This terminal has no mouse to switch.", markup=False)
            return
        driver._mouse = True  # type: ignore[union-attr]  # noqa: SLF001 -- Textual has no public switch
        switch()
        self._mouse_on = not self._mouse_on
        words = (
            "on: click opens, m gives the mouse back to the terminal"
            if self._mouse_on
            else "off: the terminal selects"
        )
        self.notify(f"Mouse {words}", markup=False)

    def action_picture(self) -> None:
        try:
            name = generate_datetime_filename(self.title, ".svg")
            path = self.settings.paths.state / name
            put_text(path, self.export_screenshot())
        except OSError as error:
            self.notify(f"The picture could not be saved: {error}", markup=False, severity="error")
        else:
            self.notify(f"Saved {path}", markup=False)

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = [*super().get_line_filters(), *self._ascii_shapes]
        return [self._faint, *filters] if self.native_ansi_color else filters


def _begin(app: FlinkTop, past: Iterable[tuple[Query[Any], Any, float]]) -> None:
    """Start the engine after the first paint, which its requests would delay."""
    begin_to_collect()
    try:
        # Without a past, what judges is loaded before the first answer: later it would delay a person's keys.
        app.port.start_thread(past, draws=bool(past))
    except EngineFailed as error:
        app.exit(1, 1, Text(f"flinktop: {error}"))


def _policy(settings: Settings, profile: Profile) -> Policy | None:
    """What the config says of findings; None, and nothing imported before the first paint, if nothing."""
    if not settings.findings and not profile.expect:
        return None
    from flinktop.judgement.rules import Policy, as_rules  # noqa: PLC0415

    return Policy(profile.name, as_rules(settings.findings), profile.expect)


class OneJournal:
    """The journal of this process; made when an engine starts, which is after the first paint."""

    def __init__(self, path: Path | None, bounds: JournalBounds) -> None:
        """`path` None: in memory."""
        self._path = path
        self._bounds = bounds
        self._made: Journal | None = None

    def __call__(self) -> Journal:
        from flinktop.engine.journal.journal import Journal  # noqa: PLC0415

        if self._made is None:
            bounds = self._bounds
            self._made = Journal(self._path, Clock(), days=bounds.days, most_bytes=bounds.megabytes << 20)
        return self._made

    def close(self, seconds: float) -> None:
        """Write what waits, in at most so many seconds."""
        if self._made is not None:
            self._made.close(seconds)


def _alerting(settings: Settings, profile: Profile) -> AlertPolicy:
    """What the config says of alerts; called after the first paint."""
    from flinktop.engine.alerts.policy import policy  # noqa: PLC0415

    # Nobody is to be woken because of a cluster that does not exist.
    links = settings.own.links if settings.own is not None else ()
    return policy(settings.alerts, settings.notify if not profile.demo else None, profile.name, links)


def run(
    settings: Settings,
    profile: Profile,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    past: Iterable[tuple[Query[Any], Any, float]] = (),
    runs: Mapping[str, RunJar] | None = None,
) -> int:
    """Run the app on one cluster until the user leaves; returns the exit code.

    `transport` replaces the network where it is given. `past` are earlier answers, oldest first, each with
    its age in seconds; `runs` holds, by job id, how jobs were started that the ledger does not know.
    """
    # Of a cluster that does not exist nothing is remembered.
    journal = OneJournal(settings.paths.journal if transport is None else None, settings.journal)
    port = port_of(settings, profile, Clock(), journal, transport=transport, runs=runs)

    def made() -> FlinkTop:
        app = FlinkTop(port, settings, profile)
        app.on_first_paint = partial(_begin, app, past)
        return app

    return until_left(settings, Leaving(port, journal.close), made)


def port_of(
    settings: Settings,
    profile: Profile,
    clock: Clock,
    journal: OneJournal,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    runs: Mapping[str, RunJar] | None = None,
    hooks: Callable[[], HookRunner | None] | None = None,
    contexts: TlsContexts | None = None,
    ledger: OneLedger | None = None,
    kubectl: TextReader | None = None,
) -> Port:
    """The engine of a cluster; it is not started.

    `hooks`, `contexts` and `ledger` are shared with other engines. `kubectl` reads texts of Kubernetes.
    """
    return Port(
        profile.connection,
        clock,
        refresh=profile.refresh,
        transport=transport,
        name=profile.name,
        protected=profile.protected,
        # Operations on a cluster that does not exist are not worth recording.
        ledger=ledger or (settings.paths.operations if transport is None else None),
        policy=_policy(settings, profile),
        journal=journal,
        runs=runs,
        alerting=partial(_alerting, settings, profile),
        hooks=hooks,
        contexts=contexts,
        rings=True,
        allow_managed=profile.allow_managed,
        kubectl=kubectl,
    )


def until_left(settings: Settings, leaving: Leaving, make: Callable[[], FlinkTop]) -> int:
    """Run an app that is made here until the user leaves; returns the exit code."""
    if settings.no_color:
        os.environ["NO_COLOR"] = "1"
    app: FlinkTop | None = None
    exempt_loaded_modules()
    try:
        app = make()
        if app.console.color_system in FEW_COLOURS:
            app.own_colours = False
            app.choose_theme(settings.theme)
        accept_any_bytes()
        app.driver_class = RestartingDriver
        app.on_exit = leaving.begin
        app.is_leaving = lambda: leaving.has_begun
        if app.own is not None:
            leaving.end_commands = app.own.close
        leaving.terminal_reset = lambda: app.terminal_reset
        # When the terminal is gone, nothing is left to write once the signal handling has ended.
        with (
            keep_columns(),
            strays_logged(),
            leave_on_signals(app, leaving),
            leave_on_hang_up(app, leaving),
        ):
            code = app.run(mouse=settings.mouse)
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is said in a sentence
        if app is not None:
            flush_output(app)
        sys.stderr.write(f"{report(error, settings.paths.log)}\n")
        return leaving.code(1)
    finally:
        leaving.stop_engine()
    return leaving.code(code if code is not None else app.return_code or 0)
