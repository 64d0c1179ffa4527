"""The frame of every screen: the current place, its tabs, how fresh it is, which keys work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from flinktop.facts.jobs import job_name
from flinktop.facts.operations import took, under_way
from flinktop.flink.cluster import CONFIG
from flinktop.flink.errors import LoginRefused, NotFlink, NotReady, Unauthorized, Unreachable
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.ui.keys import ACTIONS, GLOBAL, key_name
from flinktop.ui.live import Asks, LiveScreen, Panel
from flinktop.ui.panels.parts import RIGHT_GAP as GAP
from flinktop.ui.panels.parts import KeptWidth, Part, assemble, cells, fit, right_cells
from flinktop.ui.panels.verdicts import TONES as SEVERITY_TONES
from flinktop.ui.places import is_of_fleet
from flinktop.ui.theme import cluster_style
from flinktop.ui.widgets.celltext import clip
from flinktop.ui.widgets.growth import redraw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from textual.content import Content

    from flinktop.engine.alerts.alert import AlertsView
    from flinktop.engine.host import Port
    from flinktop.engine.link import Link, TunnelLink
    from flinktop.engine.operation import Operation
    from flinktop.facts.known import Known
    from flinktop.flink.endpoint import Query
    from flinktop.ui.command import Command


SLOW_SECONDS = 2.0  # an answer that took longer is slow
LOST_SECONDS = 15.0
"""A cluster that can't be read for longer is lost; before that the screen is merely stale."""
LIVE_INTERVALS = 2.0  # answers within this number of intervals are live
STALE_INTERVALS = 4.0
FORBIDDEN = 403
UNENCRYPTED = ("UNENCRYPTED LOGIN", "NO TLS")
"""Warnings about a login that others on the network can read: the long one, and a short one."""
NARROW = 100  # cells below which the frame shows less
LONGEST_CRUMB = 40
CRUMBS = (40, 24, 14)  # widths of the places on the way here, with less and less room
SHORTEST_CRUMB = 8  # width of this place alone, before the cluster's name is dropped
FIRST_KEYS = 2  # of a footer: help and palette, which lead to everything else
SEPARATOR = " ▸ "
FLEET: Part = ("fleet", "info")
"""The name of all clusters together, if there are several."""
SIGN, ALERT_SIGN = "⟳", "⚠"
CHIP_GAP = 3  # cells between the alerts and the operations in progress
GAPS = (3, 2, 1, 0)  # blanks between tabs that have blanks or brackets of their own


def freshness(
    link: Link,
    now: float,
    interval: float,
    *,
    paused: bool = False,
    late: float | None = None,
    tunnel: TunnelLink | None = None,
    short: bool = False,
) -> Part:
    """How fresh the screen is, in words and a shape; times in s on the engine's clock.

    `late`: the age of the oldest part of the screen, if it has missed its interval twice.
    """
    if paused:
        return "⏸ paused", "warn"
    if tunnel is not None and tunnel.state == "starting":
        return "◐ tunnel starting", "info"
    if tunnel is not None and tunnel.state == "ended":
        return f"✕ tunnel ended, retry in {max(0.0, (tunnel.retry_at or now) - now):.0f} s", "bad"
    if link.error is not None:
        return _outage(link, now)
    if link.answered is None:
        waited = f" {fmt.duration(now - link.since)}" if late is not None else ""
        return f"◐ connecting{waited}", "info"
    return _answering(link, now - link.answered, interval, late, short=short)


def _answering(link: Link, silent: float, interval: float, late: float | None, *, short: bool) -> Part:
    """How fresh it is while the cluster is not lost; the last good answer is `silent` s old."""
    if silent > max(LOST_SECONDS, STALE_INTERVALS * interval):
        return f"○ stale {fmt.duration(silent)}", "warn"
    if link.unhelpful and silent > LIVE_INTERVALS * interval:
        # Answers arrive, but none of them is good.
        late = silent
    if late is not None:
        return f"◐ slow, data {fmt.duration(late)} old", "warn"
    if link.latency > SLOW_SECONDS:
        return f"◐ slow {link.latency:.1f} s", "warn"
    return (f"● live {interval:.3g} s" if short else f"● live, every {interval:.3g} s"), "good"


def _outage(link: Link, now: float) -> Part:
    out = now - link.since
    refused = _refused(link)
    if link.answered is not None and not refused and out < LOST_SECONDS:
        return f"○ stale {fmt.duration(now - link.answered)}", "warn"
    if isinstance(link.error, LoginRefused):
        return f"✕ {refused}, press r", "bad"
    what = refused or (f"lost {fmt.duration(out)}" if link.answered is not None else _no_answer(link))
    return f"✕ {what}, retry in {max(0.0, (link.retry_at or now) - now):.0f} s", "bad"


def _refused(link: Link) -> str:
    """That the server rejects us, or is not Flink, which waiting does not change; or ""."""
    if isinstance(link.error, Unauthorized):
        return "access denied" if link.error.status == FORBIDDEN else "login refused"
    return "not Flink" if isinstance(link.error, NotFlink) else ""


def _no_answer(link: Link) -> str:
    """What came instead of a first good answer."""
    if isinstance(link.error, NotReady):
        return "not ready"
    status = link.error.status if link.error is not None else None
    return "no answer" if isinstance(link.error, Unreachable) or status is None else f"error {status}"


def deleted_for(port: Port, now: float) -> float | None:
    """For how long (s) a cluster has been deleted in Kubernetes; None while it is there, or elsewhere."""
    deleted = port.kubernetes.deleted if port.kubernetes is not None else None
    return None if deleted is None else max(0.0, now - deleted)


def load(link: Link, pad: Callable[[str], str] = str) -> str:
    """The load on the JobManager: requests a second, and how long the last one took, padded."""
    rate = f"{link.per_second:.1f}" if link.per_second < 9.95 else f"{link.per_second:.0f}"  # noqa: PLR2004 -- rounds to 10.0
    return f"{rate} req/s {pad(fmt.milliseconds(link.latency * 1000))}"


class Line(Panel):
    """One line of the frame, redrawn only when its text changes."""

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._parts: list[Part] = []

    @property
    def place(self) -> LiveScreen:
        return cast("LiveScreen", self.screen)

    def draw(self) -> None:
        if self.place.alive:
            # What it shows about other parts of the screen is known once these are there.
            super().draw()

    def set_parts(self, parts: list[Part]) -> None:
        if parts != self._parts:
            self._parts = parts
            self.refresh()

    def render(self) -> Content:
        return assemble(self._parts)


def places_of(known: Known, screens: Iterable[object]) -> list[str]:
    """The names of the places on the way to the last of these screens, each once; foreign text.

    A job is named before the first place of it, though that was reached without its own screen.
    """
    places: list[str] = []
    jobs: set[str] = set()
    for screen in dict.fromkeys(screens):
        if not isinstance(screen, LiveScreen) or is_of_fleet(screen):
            # The fleet stands before the cluster.
            continue
        names = [screen.crumb]
        if screen.job and screen.job not in jobs:
            jobs.add(screen.job)
            names.insert(0, job_name(known, screen.job))
        places += [name for name in dict.fromkeys(names) if name]
    return places


class TopLine(Line):
    """The current place; freshness, load, release and time of the cluster."""

    ticks_when_paused = True
    DEFAULT_CSS = "TopLine { background: $panel; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._latency = KeptWidth(len("10 ms"))

    def asks(self) -> Asks:
        return {CONFIG(): 60.0}

    def show(self) -> None:
        port, profile = self.port, self.profile
        right = [self._fresh(short=self.size.width < NARROW)]
        if profile.demo:
            right.append(("DEMO", "info"))
        if profile.connection.read_only:
            right.append(("READ-ONLY", "warn"))
        if profile.lets_everybody_in:
            right.append(("OPEN TO ALL USERS", "bad"))
        if profile.connection.login_unencrypted and port.kubernetes is None:
            # kubectl's port-forward is encrypted.
            right.append((self._unencrypted(right), "bad"))
        # Whether actions are possible and whether the cluster is real is shown however little room there is.
        kept = len(right)
        if port.crashes:
            right.append((f"engine restarted x {port.crashes}", "bad"))
        if port.recorder_errors:
            right.append((f"errors in the log x {port.recorder_errors}", "bad"))
        right.append((load(port.link(), self._latency), "muted"))
        if port.features.version:
            history = " history" if port.features.history_server else ""
            right.append((f"Flink {port.features.version}{history}", "muted"))
        now, offset = port.cluster_time(), self.zone_offset()
        right.append((f"{fmt.clock(now, offset)} {fmt.offset_name(offset, now)}", "muted"))
        trail = self._trail(right_cells(right[:kept]))
        if trail != self._trail(0):
            # The places have priority.
            right[0] = self._fresh(short=True)
            trail = self._trail(right_cells(right[:kept]))
        self.set_parts(fit(trail, right, self.content_size.width, keep=kept))

    def _fresh(self, *, short: bool) -> Part:
        port = self.port
        if (gone := deleted_for(port, self.app.clock.wall())) is not None:
            return f"✕ deleted {fmt.duration(gone)} ago", "bad"
        paused, late = self.place.paused, port.late()
        return freshness(
            port.link(),
            port.now(),
            port.interval,
            paused=paused,
            late=late,
            tunnel=port.tunnel,
            short=short,
        )

    def _unencrypted(self, right: Sequence[Part]) -> str:
        """That the login is sent unencrypted, in words that leave room for the cluster's name."""
        for words in UNENCRYPTED:
            taken = right_cells((*right, (words, "")))
            trail = self._trail(taken)
            if self._cluster in trail and cells(trail) <= self.content_size.width - taken:
                break
        return words

    @property
    def _cluster(self) -> Part:
        return self.profile.name, cluster_style(self.profile.colour)

    def _trail(self, taken: int) -> list[Part]:
        """The breadcrumb: the cluster, then each place on the way here.

        Where there is not enough room for it next to what must stay at the right, the places between the
        cluster and this one are cut, then left out; at last only this place is named.
        """
        places = places_of(self.port, [*self.app.screen_stack, self.place])
        room = self.content_size.width - taken
        root: list[Part] = [] if self.app.fleet is None else [FLEET, (SEPARATOR, "muted")]
        for parts in _trails(self._cluster, [clip(place, LONGEST_CRUMB) for place in places], root):
            if cells(parts) <= room:
                break
        return parts


def _trails(cluster: Part, names: Sequence[str], root: Sequence[Part] = ()) -> Iterator[list[Part]]:
    """The possible breadcrumbs, the longest first; `root` stands before the cluster."""
    yield [("flinktop", "info"), ("  ", ""), *root, *_joined(cluster, names)]
    between, here = names[:-1], list(names[-1:])
    for most in CRUMBS:
        yield [*root, *_joined(cluster, [*(clip(name, most) for name in between), *here])]
    short = ["…", *here] if between else here
    yield _joined(cluster, short)
    yield _joined(cluster, [*short[:-1], *(clip(name, CRUMBS[-1]) for name in here)])
    yield _joined(cluster, [clip(name, SHORTEST_CRUMB) for name in here])
    if here:
        yield [(here[0], "strong")]


def _joined(cluster: Part, names: Sequence[str]) -> list[Part]:
    parts = [cluster]
    for name in names:
        parts += [(SEPARATOR, "muted"), (name, "strong")]
    return parts


class Notice(Line):
    """One sentence under the top line while the cluster can't be read: why, and what to do."""

    ticks_when_paused = True
    ticks_when_hidden = True
    DEFAULT_CSS = "Notice { height: auto; max-height: 3; display: none; color: $error; padding: 0 1; }"

    def show(self) -> None:
        error, gone = self.port.link().error, deleted_for(self.port, self.app.clock.wall())
        self.display = error is not None or gone is not None
        parts: list[Part] = []
        if gone is not None:
            words = f"This cluster was deleted in Kubernetes {fmt.duration(gone)} ago; what is shown is old."
            parts = [(words, "bad")]
        elif error is not None:
            hint = "; press r to try again" if isinstance(error, LoginRefused) else ""
            # The address of a cluster found in Kubernetes is no one's to connect to.
            found = self.port.kubernetes is not None
            where = self.profile.name if found else self.port.connection.url
            parts = [(f"{where}: {error.reason}{hint}", "bad")]
        if parts != self._parts:
            self._parts = parts
            # Another sentence may need a different number of lines.
            redraw(self, grown=True)


class BottomLine(Line):
    """The keys that work here, the alerts that nobody has seen to, and the operations in progress."""

    ticks_when_paused = True
    follows_operations = True
    DEFAULT_CSS = "BottomLine { background: $panel; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._shown_alerts: AlertsView | None = None

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        if self.port.judged is not None and self.port.alerts is not self._shown_alerts:
            self.update()
        else:
            super().facts_changed(changes)

    def show(self) -> None:
        """Lay out as many keys as there is room for; help and palette before alerts and operations."""
        width, place = self.content_size.width, self.place
        words = place.state_words()
        parts: list[Part] = [(f"{clip(words, LONGEST_CRUMB)}  ", "warn")] if words else []
        commands: list[list[Part]] = [
            [(key_name(command.keys[0]), "info"), (f" {place.label_of(command)}  ", "muted")]
            for command in self._commands()
            if command.shown and offers(place, command)
        ]
        room = width - cells(parts) - sum(cells(one) for one in commands[:FIRST_KEYS]) - GAP
        chip = self._chip(room)
        room = width - (cells(chip) + GAP if chip else 0)
        for part in commands:
            if cells((*parts, *part)) > room:
                break
            parts += part
        if chip:
            parts += [(" " * (width - cells(chip) - cells(parts)), ""), *chip]
        self.set_parts(parts)

    def operations(self) -> tuple[Operation, ...]:
        """The operations in progress."""
        return under_way(self.port)

    def alerts(self) -> AlertsView | None:
        """The alerts; None before anything was judged: the first picture needs nothing of them."""
        return self.port.alerts if self.port.judged is not None else None

    def _commands(self) -> tuple[Command, ...]:
        """The commands of this place; those of one's own come after the menu that lists them."""
        place, own = self.place, self.app.own
        here = (*GLOBAL, *place.COMMANDS_HERE)
        if own is None or not (mine := own.commands_here(place)):
            return here
        after = next((at for at, one in enumerate(here, 1) if one is ACTIONS), len(here))
        return (*here[:after], *mine, *here[after:])

    def _chip(self, room: int) -> list[Part]:
        """Alerts and operations in progress, as long as `room` cells allow; alerts are the last to go."""
        alerts, tone = self._alerts()
        operations = chips(self.operations(), self.app.clock.wall())
        for alert in (*alerts, ""):
            for operation in (*operations, ""):
                parts: list[Part] = [(alert, tone)] if alert else []
                if operation:
                    parts += [(" " * CHIP_GAP, "")] if alert else []
                    parts.append((operation, "info"))
                if parts and cells(parts) <= room:
                    return parts
        return []

    def _alerts(self) -> tuple[tuple[str, ...], str]:
        """Texts for the alerts that nobody has seen to, the longest first, and the tone of the worst."""
        view = self.alerts()
        if view is None:
            return (), ""
        from flinktop.facts.alerts import unheard  # noqa: PLC0415

        self._shown_alerts = view
        found = unheard(view.open, self.app.clock.wall())
        if not found:
            return (), ""
        worst = min((one.severity for one in found), key=lambda one: one.rank)
        many = "s" if len(found) > 1 else ""
        short = f"{ALERT_SIGN} {len(found)}"
        return (f"{short} alert{many}", short), SEVERITY_TONES[worst]


def offers(screen: LiveScreen, command: Command) -> bool:
    """Whether a command does something with what the screen shows now."""
    name = (command.action or command.id).partition("(")[0]
    return command.app or screen.check_action(name, ()) is not False


def chips(operations: tuple[Operation, ...], wall: float) -> tuple[str, ...]:
    """Texts for the operations in progress at this machine's time (s since 1970), the longest first."""
    if not operations:
        return ()
    if len(operations) > 1:
        return f"{SIGN} {len(operations)} operations", f"{SIGN} {len(operations)}"
    one = operations[0]
    if one.progress is not None:
        sent, size = one.progress
        so_far = f"{100 * sent // max(size, 1)} %"
    else:
        so_far = fmt.duration(took(one, wall))
    return f"{SIGN} {clean(one.label)} {so_far}", f"{SIGN} {so_far}"


def tab_parts(tabs: Sequence[Command], opened: str, width: int) -> list[Part]:
    """The tabs in at most `width` cells: by whole names, else by short ones, else by numbers alone.

    A tab has the same width whether it is open or not, so that none moves when another is opened.
    """
    whole, short = [tab.label for tab in tabs], [tab.short for tab in tabs]
    for gap in GAPS:
        parts = _spaced_tabs(tabs, opened, gap)
        if cells(parts) <= width:
            return parts
    for names in (whole, short):
        parts = _dense_tabs(tabs, names, opened)
        if cells(parts) <= width:
            return parts
    return _dense_tabs(tabs, [tab.short if tab.id == f"tab_{opened}" else "" for tab in tabs], opened)


def _open(tab: Command, name: str) -> Part:
    # A shape as well as a colour marks the open one.
    return f"[{tab.keys[0]} {name}]", "selected"


def _spaced_tabs(tabs: Sequence[Command], opened: str, gap: int) -> list[Part]:
    """Each tab with a blank or a bracket on both sides."""
    parts: list[Part] = []
    for tab in tabs:
        if parts:
            parts.append((" " * gap, ""))
        if tab.id == f"tab_{opened}":
            parts.append(_open(tab, tab.label))
        else:
            parts += [(f" {tab.keys[0]}", "info"), (f" {tab.label} ", "muted")]
    return parts


def _dense_tabs(tabs: Sequence[Command], names: Sequence[str], opened: str) -> list[Part]:
    """One blank between tabs and around all of them; the brackets of the open one replace two of these."""
    parts: list[Part] = [(" ", "")]
    for tab, name in zip(tabs, names, strict=True):
        if tab.id == f"tab_{opened}":
            parts[-1] = _open(tab, name)
        else:
            parts += [(tab.keys[0], "info"), (f" {name}".rstrip(), "muted"), (" ", "")]
    return parts


class TabLine(Line):
    """The tabs of a screen; it watches nothing."""

    ticks_when_paused = True
    DEFAULT_CSS = "TabLine { padding: 0 1; }"

    def __init__(self, tabs: Sequence[Command]) -> None:
        super().__init__()
        self._tabs = tabs
        self._opened = ""

    def open_tab(self, name: str) -> None:
        self._opened = name
        if self.is_mounted:
            self.update()

    def show(self) -> None:
        self.set_parts(tab_parts(self._tabs, self._opened, self.content_size.width))
