"""What everything looks like: contrast, colours of the terminal's own, none at all, plain ASCII, boxes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.screen import Screen
from textual.theme import Theme

from flinktop.engine.acts.job_acts import Cancel, Stop
from flinktop.engine.journal.event import Event, EventKind
from flinktop.ui import theme
from flinktop.ui.live import Panel, is_displayed
from flinktop.ui.screens.alerts import AlertsScreen
from flinktop.ui.screens.checkpoint import CheckpointScreen, CheckpointVertexScreen
from flinktop.ui.screens.checkpoints import CheckpointsScreen
from flinktop.ui.screens.confirm import ConfirmScreen
from flinktop.ui.screens.event import EventScreen
from flinktop.ui.screens.jars import JarsScreen
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.operations import OperationsScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.process_screen import JobManagerScreen, TaskManagerScreen
from flinktop.ui.screens.rescale import RescaleScreen
from flinktop.ui.screens.run_jar import RunJarScreen
from flinktop.ui.screens.subtask import SubtaskScreen
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.screens.taskmanagers import TaskManagersScreen
from flinktop.ui.screens.timeline import TimelineScreen
from flinktop.ui.screens.upload import UploadScreen
from flinktop.ui.screens.vertex import VertexScreen
from flinktop.ui.screens.why import WhyScreen
from flinktop.ui.theme import FAINT, faint_as_dim
from flinktop.ui.widgets.chart import Line, Options, draw
from flinktop.ui.widgets.styles import LOOKS
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor

pytestmark = pytest.mark.deep

OURS = (theme.DARK, theme.LIGHT)
EVERY_THEME = ("dark", "light", "ansi", "ansi-dark", "ansi-light")
READABLE, VISIBLE = 4.5, 3.0
"""Contrast that WCAG asks of text, and of small pictures."""


def colours(of: Theme) -> dict[str, Color]:
    """The variables of a theme that are colours, as they are mixed where they are used."""
    variables = of.to_color_system().generate()
    return {name: Color.parse(text) for name, text in variables.items() if text.startswith("#")}


def grounds(known: dict[str, Color]) -> Iterator[tuple[str, Color]]:
    """What text stands on: the screen, the frame's bars, the cursor's row with the focus and without."""
    background = known["background"]
    yield "background", background
    yield "panel", known["panel"]
    yield "cursor", known["block-cursor-background"]
    yield "resting", background.blend(known["foreground"], 0.07)


@pytest.mark.parametrize("of", OURS, ids=lambda of: of.name)
@pytest.mark.parametrize("tone", LOOKS)
def test_every_tone_is_readable_everywhere(of: Theme, tone: str) -> None:
    known = colours(of)
    colour = known[LOOKS[tone][0].removeprefix("$")]
    for name, ground in grounds(known):
        assert colour.a == 1  # not a mixture with what is behind it
        ratio = contrast(colour, ground)
        assert ratio >= (VISIBLE if tone == "trend" else READABLE), (
            f"{tone} on {name} of {of.name}: {ratio:.2f}"
        )


def contrast(one: Color, other: Color) -> float:
    """By WCAG 2: 1 (the same) to 21 (black on white)."""

    def luminance(colour: Color) -> float:
        parts = [part / 255 for part in colour.rgb]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("of", theme.THEMES, ids=lambda of: of.name)
def test_what_is_good_warns_and_is_bad_differ(of: Theme) -> None:
    variables = of.to_color_system().generate()
    looks = [variables[LOOKS[tone][0].removeprefix("$")] for tone in ("good", "warn", "bad", "info")]
    assert len(set(looks)) == 4
    lines = [variables[LOOKS[tone][0].removeprefix("$")] for tone in ("first", "second", "third")]
    assert len(set(lines)) == 3


@pytest.mark.parametrize(
    ("setting", "own", "terminal", "name"),
    [
        ("dark", True, "", "flinktop-dark"),
        ("light", True, "", "flinktop-light"),
        ("dark", False, "", "flinktop-ansi-dark"),
        ("light", False, "", "flinktop-ansi-light"),
        ("ansi-dark", True, "0;15", "flinktop-ansi-dark"),
        ("ansi-light", True, "", "flinktop-ansi-light"),
        ("ansi", True, "", "flinktop-ansi-dark"),
        ("ansi", True, "15;0", "flinktop-ansi-dark"),
        ("ansi", True, "0;15", "flinktop-ansi-light"),
        ("ansi", True, "0;default;15", "flinktop-ansi-light"),
        ("ansi", False, "nonsense", "flinktop-ansi-dark"),
    ],
)
def test_which_theme_a_setting_means(setting: str, own: bool, terminal: str, name: str) -> None:  # noqa: FBT001 -- a table
    assert theme.theme_name(setting, own_colours=own, environ={"COLORFGBG": terminal}) == name


def test_faint_text_is_the_terminals_dim_and_nothing_else_is() -> None:
    faint = Style(color=RichColor.from_ansi(8), bold=True)
    assert faint_as_dim(faint) == Style(color=RichColor.default(), bold=True, dim=True)
    assert Color.parse(FAINT).rich_color.number == 8
    for style in (Style(color="red"), Style(), Style(color="#808080")):
        assert faint_as_dim(style) == style


def segments(day: Day) -> Iterator[Segment]:
    """Everything on the screen, as it goes to the terminal."""
    for strip in day.app.screen._compositor.render_strips():
        yield from strip


# -- every screen ----------------------------------------------------------------------------------------

Opening = Callable[[FixtureCluster], Screen[Any]]


def _completed(cluster: FixtureCluster) -> int:
    stats = cluster.document(f"jobs/{cluster.job('steady')}/checkpoints")
    return int(stats["latest"]["completed"]["id"])


def _taskmanager(cluster: FixtureCluster) -> str:
    return str(cluster.document("taskmanagers")["taskmanagers"][0]["id"])


def _vertex(cluster: FixtureCluster) -> str:
    return str(cluster.document(f"jobs/{cluster.job('steady')}")["vertices"][0]["id"])


def _happened(cluster: FixtureCluster) -> Event:
    """A failure of a job, as the journal has it."""
    return Event(kind=EventKind.FAILURE, at=1000.0, cluster="", words="no", key="", job=cluster.job("steady"))


SCREENS: dict[str, Opening] = {
    "overview": lambda _: OverviewScreen(),
    "job": lambda cluster: JobScreen(cluster.job("steady")),
    "why": lambda cluster: WhyScreen(cluster.job("failing"), cluster=True),
    "vertex": lambda cluster: VertexScreen(cluster.job("steady"), _vertex(cluster)),
    "subtask": lambda cluster: SubtaskScreen(cluster.job("steady"), _vertex(cluster), 0),
    "checkpoints": lambda cluster: CheckpointsScreen(cluster.job("steady")),
    "checkpoint": lambda cluster: CheckpointScreen(cluster.job("steady"), _completed(cluster)),
    "checkpoint vertex": lambda cluster: CheckpointVertexScreen(
        cluster.job("steady"), _completed(cluster), _vertex(cluster)
    ),
    "TaskManagers": lambda _: TaskManagersScreen(),
    "TaskManager": lambda cluster: TaskManagerScreen(_taskmanager(cluster)),
    "JobManager": lambda _: JobManagerScreen(),
    "alerts": lambda _: AlertsScreen(),
    "timeline": lambda _: TimelineScreen(),
    "event": lambda cluster: EventScreen(_happened(cluster)),
    "jars": lambda _: JarsScreen(),
    "operations": lambda _: OperationsScreen(),
    "stop": lambda cluster: ConfirmScreen(Stop(cluster.job("steady"))),
    "cancel": lambda cluster: ConfirmScreen(Cancel(cluster.job("steady"))),
    "run a jar": lambda cluster: RunJarScreen(cluster.document("jars")["files"][0]["id"]),
    "upload": lambda _: UploadScreen(),
    "parallelism": lambda cluster: RescaleScreen(cluster.job("steady")),
}


async def pages(day: Day, opening: Opening) -> Any:
    """A screen with each of its tabs."""
    screen = opening(day.cluster)
    await day.app.push_screen(screen)
    await day.settled()
    await day.wait(12)
    tabs = screen.tab_names if isinstance(screen, TabbedScreen) else ("",)
    for number, tab in enumerate(tabs, 1):
        if tab:
            await day.press(str(number))
            await day.wait(3)
        yield tab


def foreign(cluster: FixtureCluster) -> set[str]:
    """Letters beyond ASCII that are the cluster's: of its names."""
    documents = [cluster.document("jobs/overview")]
    documents += [cluster.document(f"jobs/{job['jid']}") for job in documents[0]["jobs"]]
    return {letter for letter in json.dumps(documents, ensure_ascii=False) if not letter.isascii()}


def stay_within(day: Day, tab: str) -> None:
    """No panel stands out of the screen's body."""
    bodies = day.app.screen.query("#body")
    body = bodies.first().region if bodies else day.app.screen.region
    for panel in day.app.screen.query(Panel):
        framed = not bodies or bodies.first() in panel.ancestors
        if is_displayed(panel) and panel.region.area and framed:
            assert body.contains_region(panel.region), f"{tab}: {panel} {panel.region} {body}"


@pytest.mark.parametrize("name", SCREENS)
@pytest.mark.parametrize(
    "size", [(80, 24), pytest.param((100, 30), marks=pytest.mark.long), (200, 60)], ids=str
)
async def test_plain_ascii_draws_every_screen_and_panels_stay_within(
    name: str, size: tuple[int, int]
) -> None:
    async with monitor("1.20.5", size, ascii_only=True) as day:
        allowed = foreign(day.cluster)
        async for tab in pages(day, SCREENS[name]):
            odd = {letter for letter in day.text if not letter.isascii()} - allowed
            assert not odd, f"{tab}: {odd}\n{day.text}"
            stay_within(day, tab)


@pytest.mark.parametrize("name", SCREENS)
async def test_without_colours_there_are_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with monitor("1.20.5") as day:
        async for tab in pages(day, SCREENS[name]):
            for segment in segments(day):
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    assert colour is None or colour.is_default, f"{tab}: {segment}"


@pytest.mark.parametrize("name", SCREENS)
async def test_the_terminals_own_colours_are_all_there_is_in_its_theme(name: str) -> None:
    async with monitor("1.20.5", theme="ansi-dark") as day:
        async for tab in pages(day, SCREENS[name]):
            stay_within(day, tab)
            for segment in segments(day):
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    own = colour is not None and (colour.number is None or colour.number > 15)
                    assert colour is None or colour.is_default or not own, f"{tab}: {segment}"


async def test_the_help_and_the_question_are_without_colours_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with monitor("1.20.5") as day:
        for key in ("question_mark", "a", "q"):
            await day.press(key)
            for segment in segments(day):
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    assert colour is None or colour.is_default, f"{key}: {segment}"
            await day.press("escape")


async def test_another_theme_chosen_without_colours_brings_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with monitor("1.20.5") as day:
        day.app.choose_theme("light")
        await day.settled()
        assert day.app.theme == "flinktop-ansi-light"


@pytest.mark.parametrize("colourless", [False, True])
@pytest.mark.parametrize("chosen", EVERY_THEME)
async def test_the_cursor_is_visible_in_every_theme(
    chosen: str,
    colourless: bool,  # noqa: FBT001 -- one of two worlds
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if colourless:
        monkeypatch.setenv("NO_COLOR", "1")
    async with monitor("1.20.5", theme=chosen) as day:
        strips = day.app.screen._compositor.render_strips()
        grounds = []
        for key in day.table.visible_keys()[:2]:
            at = day.table.region.y + 1 + day.table.visible_keys().index(key)
            inside = [segment for segment in strips[at] if segment.style and "RUNNING" in segment.text] or [
                segment for segment in strips[at] if segment.style and segment.text.strip(" │")
            ]
            style = inside[0].style
            assert style is not None
            grounds.append((style.bgcolor, style.reverse or False))
        assert grounds[0] != grounds[1]


# -- details ---------------------------------------------------------------------------------------------


def drawn(*, colours: bool) -> list[str]:
    """What two lines of a chart are drawn with."""
    lines = [
        Line("high", tuple((float(at), 9.0) for at in range(100)), "first"),
        Line("low", tuple((float(at), 1.0) for at in range(100)), "second"),
    ]
    rows = draw(lines, 40, 12, since=0.0, until=99.0, options=Options(label=str, colours=colours))
    return ["".join(text for row in rows for text, style in row if style == line.style) for line in lines]


def test_lines_of_a_chart_without_colours_differ_in_shape() -> None:
    high, low = drawn(colours=False)
    assert not set(high) & set(low) - {" "}
    high, low = drawn(colours=True)
    assert {ord(letter) >> 8 for letter in high + low if letter != " "} == {0x28}


def test_the_legend_shows_that_shape() -> None:
    without = Options(label=str, colours=False)
    marks = [without.legend_mark(number) for number in range(3)]
    assert len(set(marks)) == 3
    assert marks[1] == without.marker(1)
    assert {Options(label=str).legend_mark(number) for number in range(3)} == {"━"}


@pytest.mark.parametrize(
    ("size", "ascii_only", "corner"),
    [((120, 40), False, "╭"), ((120, 40), True, "+"), ((80, 24), False, ""), ((200, 60), False, "╭")],
)
async def test_panels_have_boxes_where_there_is_room(
    size: tuple[int, int],
    ascii_only: bool,  # noqa: FBT001 -- a table
    corner: str,
) -> None:
    async with monitor("1.20.5", size, ascii_only=ascii_only) as day:
        boxes = [line for line in day.lines if " Jobs " in line and line.lstrip()[:1] == corner]
        assert bool(boxes) == bool(corner)
        # A chart is named once: in its box, else in its first line.
        assert day.text.count("Records/s") == 1


async def test_a_title_is_where_it_should_be_after_a_resize() -> None:
    async with monitor("1.20.5") as day:
        for size in ((80, 24), (120, 40), (80, 24), (200, 60)):
            await day.pilot.resize_terminal(*size)
            await day.settled()
            assert day.text.count("Records/s") == 1


async def test_not_known_absent_zero_and_old_never_look_alike() -> None:
    cluster = FixtureCluster("1.20.5")
    async with monitor(cluster=cluster) as day:
        fresh = {(segment.text, str(segment.style)) for segment in segments(day) if "RUNNING" in segment.text}
        day.cluster.failure = ConnectionError("gone")
        await day.wait(20)
        old = {(segment.text, str(segment.style)) for segment in segments(day) if "RUNNING" in segment.text}
        assert fresh
        assert old
        assert not fresh & old
        assert "lost" in day.text or "stale" in day.text
