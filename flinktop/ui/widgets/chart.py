"""Lines over time, drawn by plotext in a thread of its own; the only module that imports plotext."""

from __future__ import annotations

import asyncio
import math
import re
import sys
import threading
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from functools import cache, partial
from queue import SimpleQueue
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

from rich.cells import cell_len
from textual.widget import Widget

from flinktop.ui.widgets.axes import Axis, Point, Scale, thin, time_axis, value_axis
from flinktop.ui.widgets.celltext import clip, wrap
from flinktop.ui.widgets.line import LinePainter
from flinktop.ui.widgets.spark import spark
from flinktop.ui.widgets.styles import component_classes, style_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.strip import Strip


Run = tuple[str, str]
"""Text and the name of its style."""

AXIS = "axis"
LEAST_WIDTH, LEAST_HEIGHT = 16, 4
_ANSI = re.compile(r"\x1b\[([0-9;]*)m")
_COLOUR = "38;5;"
_TO_ASCII = str.maketrans("│─┤├┬┴┼└┘┌┐", "|-+++++++++")
_BRAILLE = "braille"
# Without colours, lines are distinguished by their markers.
_COLOURLESS_MARKERS = (_BRAILLE, "o", "+", "x", "*", "#")
_ASCII_MARKERS = ("*", "+", "o", "x", "#", "@")
_DOTS = "⠒"
_NAME_WIDTH = 24


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: its name in the legend, points of (seconds, value), and the name of its style.

    A NaN is a gap in the line; infinities are left out.
    """

    name: str
    points: tuple[Point, ...]
    style: str = "info"


@dataclass(frozen=True, slots=True)
class Options:
    """How a chart is labelled and drawn.

    Attributes:
        label: Text of a value.
        clock: Text of a time in seconds; None counts back from the newest.
        high: A fixed upper limit of the values.
        scale: Which steps of the values are round.
        ascii: Whether plain ASCII draws it.
        colours: Whether its lines are distinguished by their colours.
    """

    label: Callable[[float], str]
    clock: Callable[[float], str] | None = None
    high: float | None = None
    scale: Scale = "decimal"
    ascii: bool = False
    colours: bool = True

    def marker(self, number: int) -> str:
        """The plotext marker for the line of this number."""
        if self.ascii:
            return _ASCII_MARKERS[number % len(_ASCII_MARKERS)]
        return _BRAILLE if self.colours else _COLOURLESS_MARKERS[number % len(_COLOURLESS_MARKERS)]

    def legend_mark(self, number: int) -> str:
        """The mark of that line in the legend."""
        marker = self.marker(number)
        return marker if marker != _BRAILLE else "━" if self.colours else _DOTS


def draw(
    lines: Sequence[Line], width: int, height: int, *, since: float, until: float, options: Options
) -> list[list[Run]]:
    """The picture of the lines with its axes, as rows of runs; runs in the order of the screen.

    plotext keeps one figure for the whole process: only call this in the drawing thread. From plotext 5.3.2:
    a missing value must be NaN, a point far beyond the limits takes seconds, wide characters break the rows,
    hence none of the callers' names reach it.
    """
    plt = _plotext()

    seen = [value for line in lines for at, value in line.points if since <= at <= until]
    up = value_axis(seen, height - 2, options.label, options.high, options.scale)
    columns = max(width - max(len(label) for label in up.labels) - 1, 1)
    across = _window(since, until, columns, options)
    plt.clear_figure()
    plt.theme("clear")
    # plotext would cut the picture to the terminal size that it assumes.
    plt.limit_size(False, False)  # noqa: FBT003 - width, height
    plt.plot_size(width, height)
    plt.xlim(across.low, across.high)
    plt.ylim(up.low, up.high)
    plt.xticks(list(across.ticks), list(across.labels))
    plt.yticks(list(up.ticks), list(up.labels))
    plt.xaxes(True, False)  # noqa: FBT003 - lower, upper
    plt.yaxes(True, False)  # noqa: FBT003 - left, right
    for number, line in enumerate(lines):
        points = thin(line.points, across, up, columns * 2)
        if all(math.isnan(value) for _, value in points):
            continue
        # The colour is the line's number, mapped back to its style later.
        plt.plot(*map(list, zip(*points, strict=True)), marker=options.marker(number), color=number + 1)
    text = plt.build()
    return _runs(text.translate(_TO_ASCII) if options.ascii else text, [line.style for line in lines])


def _plotext() -> ModuleType:
    """plotext, imported when the first chart is drawn: it takes 15 to 40 ms.

    It formats the documentation of all its functions while it is imported, which takes as long as all else,
    and 0.5 MB: here it finds modules in place of those that would.
    """
    if (loaded := sys.modules.get("plotext")) is not None:
        return loaded
    names = ("plotext._doc", "plotext._doc_utils")
    for name in names:
        sys.modules[name] = ModuleType(name)
    sys.modules[names[1]].__dict__.update(documentation=None, add=lambda _function: None)
    try:
        import plotext  # noqa: PLC0415
    except (ImportError, AttributeError):  # another release, which needs them
        for name in [one for one in sys.modules if one.partition(".")[0] == "plotext"]:
            del sys.modules[name]
        import plotext  # noqa: PLC0415
    return plotext  # type: ignore[no-any-return]


def _window(since: float, until: float, columns: int, options: Options) -> Axis:
    """The time axis, moved to whole columns, so that a line keeps its shape while it moves."""
    # plotext puts the limits on the middle of the first and the last dot.
    step = (until - since) / max(columns - (1 if options.ascii else 0.5), 1)
    last = math.ceil(until / step) * step
    if options.clock:
        return time_axis(last - (until - since), last, columns, options.clock)
    axis = time_axis(since - until, 0, columns, lambda at: _ago(-at))
    return Axis(last - (until - since), last, tuple(tick + last for tick in axis.ticks), axis.labels)


def _ago(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"-{seconds / size:.3g}{unit}"
    return f"-{seconds:.0f}s" if seconds else "now"


def _runs(text: str, styles: Sequence[str]) -> list[list[Run]]:
    """The output of plotext as rows of runs; each colour in it is the number of a line."""
    rows: list[list[Run]] = []
    for row in text.rstrip("\n").split("\n"):
        runs: list[Run] = []
        style = AXIS
        for number, piece in enumerate(_ANSI.split(row)):
            if number % 2:
                line = int(piece.removeprefix(_COLOUR)) - 1 if piece.startswith(_COLOUR) else -1
                style = styles[line] if 0 <= line < len(styles) else AXIS
            elif piece:
                runs.append((piece, style))
        rows.append(runs)
    return rows


class Chart(Widget):
    """Lines over time under a title and a legend; without points it shows `empty`.

    A new picture is drawn when the newest point moves it by a column, or when the lines or the size change.
    Until it is ready the old one stays.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = component_classes(AXIS)
    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Chart {
        background: transparent;
        & > .style--axis { color: $text-disabled; }
    }
    """ + style_rules("Chart")

    def __init__(
        self, title: str = "", *, empty: str = "no data yet", ascii: bool = False, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._title = title
        self._detail = ""
        self._empty = empty
        self._ascii = ascii
        self._lines: tuple[Line, ...] = ()
        self._since = self._until = 0.0
        self._options = Options(label=str, ascii=ascii)
        self._painter = LinePainter(self.get_component_rich_style, ascii=ascii)
        self._picture: list[list[Run]] = []
        self._failure = ""
        self._drawn_for: tuple[Any, ...] = ()
        self._drawing = False
        self._heading: list[Run] = []

    def set_lines(self, lines: Sequence[Line], options: Options, *, since: float, until: float) -> None:
        """Show these lines, later ones on top, from `since` to `until` (s)."""
        had = self._has_points()
        self._lines = tuple(lines)
        self._until = until if math.isfinite(until) else 0.0
        self._since = since if math.isfinite(since) and since < self._until else self._until - 1.0
        self._options = replace(options, ascii=self._ascii, colours=not self.app.no_color)
        if had != self._has_points() or self._is_small():
            self.refresh()
        self._update()

    def set_title(self, text: str, detail: str = "") -> None:
        """Set the title, and a muted detail after it, before the legend."""
        if (text, detail) != (self._title, self._detail):
            self._title, self._detail = text, detail
            self._update()

    def set_empty(self, text: str) -> None:
        if text != self._empty:
            self._empty = text
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            return self._painter.runs(self._heading, width)
        if not self._has_points():
            return self._words(self._empty, "muted", y)
        if self._is_small():
            line = self._lines[y - 1] if y <= len(self._lines) else None
            return self._painter.runs([] if line is None else [(self._spark(line), line.style)], width)
        if self._failure:
            return self._words(self._failure, "bad", y)
        return self._painter.runs(self._picture[y - 1] if y <= len(self._picture) else [], width)

    def on_resize(self) -> None:
        self._update()

    def _update(self) -> None:
        """Update the heading, and draw a new picture if the last one no longer fits."""
        if not self.is_mounted or not self.size.width:
            return
        heading = self._make_heading()
        if heading != self._heading:
            self._heading = heading
            self.refresh(self.size.region.split_horizontal(1)[0])
        if (
            self._has_points()
            and not self._is_small()
            and not self._drawing
            and self._wanted() != self._drawn_for
        ):
            self._drawing = True
            # Its annotation omits types that it accepts; a coroutine pending at the app's end would warn.
            self.run_worker(self._draw, group="chart", name="chart")  # type: ignore[arg-type]

    async def _draw(self) -> None:
        """Draw until the picture is the wanted one."""
        loop = asyncio.get_running_loop()
        try:
            while self._has_points() and not self._is_small() and self._wanted() != self._drawn_for:
                self._drawn_for = self._wanted()
                width, height = self.size
                ask = partial(
                    draw,
                    self._lines,
                    width - 1,
                    height - 1,
                    since=self._since,
                    until=self._until,
                    options=self._options,
                )
                try:
                    self._picture = await loop.run_in_executor(drawing_thread(), ask)
                    self._failure = ""
                except Exception as error:  # noqa: BLE001 - a chart that can't be drawn must not end the program
                    self._failure = f"cannot draw this: {error!r}"
                self.refresh()
        finally:
            self._drawing = False

    def _wanted(self) -> tuple[Any, ...]:
        """What the picture depends on; it is drawn again when this changes."""
        span, until = self._until - self._since, self._until
        step = span / max(self.size.width, 1)
        newest = max((line.points[-1][0] for line in self._lines if line.points), default=until)
        oldest = min((line.points[0][0] for line in self._lines if line.points), default=until)
        # While new points arrive they move the picture; when they stop, time moves it.
        moved = newest if until - 2 * step <= newest <= until else until
        return (
            self.size,
            round(span, 3),
            math.floor(moved / step),
            math.floor(oldest / step) if oldest > self._since else None,
            self._title,
            self._detail,
            tuple((line.name, line.style, bool(line.points)) for line in self._lines),
            self._options.high,
            self._options.clock(0.0) if self._options.clock else None,
        )

    def _has_points(self) -> bool:
        return any(math.isfinite(value) for line in self._lines for _, value in line.points)

    def _is_small(self) -> bool:
        return self.size.width < LEAST_WIDTH or self.size.height - 1 < LEAST_HEIGHT

    def _make_heading(self) -> list[Run]:
        """The title and a legend with the newest values; what has no room is left out."""
        width = self.size.width - 1
        title = [(clip(self._title, width), "strong")] if self._title else []
        detail = f"{', ' if title else ''}{self._detail}" if self._detail else ""
        for detailed, newest in ((True, True), (True, False), (False, False)):
            runs = [*title, (detail, "muted")] if detail and detailed else [*title]
            for number, line in enumerate(self._lines):
                mark = self._options.legend_mark(number)
                value = _newest(line) if newest else None
                label = "" if value is None else f" {self._options.label(value)}"
                name = clip(line.name, _NAME_WIDTH)
                runs += [("   " if runs else "", ""), (mark, line.style), (f" {name}", "muted"), (label, "")]
            if sum(cell_len(text) for text, _ in runs) <= width:
                return runs
        return title

    def _spark(self, line: Line) -> str:
        inside = [value for at, value in line.points if self._since <= at <= self._until]
        return spark(inside, max(self.size.width - 1, 0), ascii=self._ascii, top=self._options.high)

    def _words(self, text: str, style: str, y: int) -> Strip:
        """Line `y` of a text in the middle of the picture's place."""
        width, height = self.size
        lines = wrap(text, max(width - 2, 1), max(height - 1, 1))
        at = y - 1 - max(height - 1 - len(lines), 0) // 2
        if not 0 <= at < len(lines):
            return self._painter.runs([], width)
        return self._painter.runs(
            [(" " * ((width - cell_len(lines[at])) // 2 - 1) + lines[at], style)], width
        )

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painter.forget()


def _newest(line: Line) -> float | None:
    value = line.points[-1][1] if line.points else math.nan
    return value if math.isfinite(value) else None


P = ParamSpec("P")
T = TypeVar("T")


class DrawingThread(Executor):
    """One thread that runs one job after the other, and that nobody waits for when the process ends."""

    def __init__(self) -> None:
        self._work_queue: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        threading.Thread(target=self._work, name="flinktop-chart", daemon=True).start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        self._work_queue.put((future, partial(fn, *args, **kwargs)))
        return future

    def _work(self) -> None:
        while True:
            future, work = self._work_queue.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 -- it is raised where the result is awaited
                future.set_exception(error)
            else:
                future.set_result(result)


@cache
def drawing_thread() -> DrawingThread:
    """The one thread that calls plotext, started by the first chart.

    One for the process, because plotext has one figure for the process.
    """
    return DrawingThread()
