"""Where the threads of a vertex, or of one subtask, spend their time: Flink's flame graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.facts.freshness import missing_words
from flinktop.flink.vertices import FLAMEGRAPH
from flinktop.model import flame
from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.panels.table_panel import Words
from flinktop.ui.widgets.flame import FlameView, Found

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.flink.endpoint import Query
    from flinktop.flink.vertices import FlameGraph
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Part

KINDS = (
    ("full", "all threads", "threads"),
    ("on_cpu", "on-CPU", "threads that run or could run"),
    ("off_cpu", "off-CPU", "threads that wait or are blocked"),
)
"""Flink's name of each kind, ours, and what it samples."""
SECONDS = 60.0  # seconds until Flink samples again (`rest.flamegraph.refresh-interval`)
OFF = -2
HOTTEST = 3
LOADING = "loading flame graph…"


class FlamePanel(Panel):
    """A flame graph of one kind; each request makes Flink take a hundred samples of the vertex's threads."""

    BOX = "Flame graph"
    DEFAULT_CSS = "FlamePanel { height: 1fr; } FlamePanel FlameView { height: 1fr; }"

    def __init__(self, job: str, vertex: str, subtask: int | None = None, *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self._subtask = subtask
        self.kind = 0  # which of `KINDS`
        self._graph: tuple[flame.Piece, ...] = ()
        self._shown: FlameGraph | None = None

    def compose(self) -> ComposeResult:
        yield Words()
        yield FlameView(self._look_for, ascii=self.ascii)

    @property
    def view(self) -> FlameView:
        return self.query_one(FlameView)

    @property
    def _query(self) -> Query[FlameGraph]:
        of_subtask = {"subtaskindex": self._subtask} if self._subtask is not None else {}
        return FLAMEGRAPH(job=self.job, vertex=self.vertex, **of_subtask, type=KINDS[self.kind][0])

    @property
    def _missing(self) -> str:
        if absent := missing_words(self.port, FLAMEGRAPH, "flame graphs"):
            return absent
        if self._subtask is not None and not self.port.features.has(1, 17):
            return (
                "The flame graph of one subtask needs Flink 1.17 or later;\n"
                "that of all subtasks is a tab of the vertex."
            )
        return ""

    def asks(self) -> Asks:
        if self._missing:
            return {}
        reading = self.port.reading(self._query)
        # While there is none, samples are being taken: poll again soon.
        sampled = reading is not None and reading.value is not None and reading.value.data is not None
        return {self._query: SECONDS if sampled else 0.0}

    def next_kind(self) -> None:
        self.kind = (self.kind + 1) % len(KINDS)
        self._graph, self._shown = (), None
        self.view.set_empty(LOADING)
        self.update()

    def show(self) -> None:
        reading = self.port.reading(self._query)
        answer = reading.value if reading is not None else None
        if self._missing or reading is None or answer is None:
            self._graph, self._shown = (), None
            error = reading.error if reading is not None else None
            self.view.set_empty(self._missing or (error.reason if error is not None else LOADING))
        elif answer.data is None or not answer.data.value:
            self._graph, self._shown = (), answer
            self.view.set_empty(self._nothing(answer))
        elif answer is not self._shown:
            self._draw(answer)
        lines = self._lines() if self._graph else [] if self._missing else [self._head()]
        self.query_one(Words).set_lines(lines)

    def _draw(self, answer: FlameGraph) -> None:
        """Show a new graph, with zoom and selection as they were if it has the same methods."""
        before, view = self._graph, self.view
        assert answer.data is not None  # noqa: S101 -- the caller has looked
        graph = flame.pieces(answer.data)
        if before:
            zoomed = flame.find(graph, flame.path(before, view.zoomed))
            selected = flame.find(graph, flame.path(before, view.selected))
        else:
            zoomed, selected = 0, flame.trunk(graph)
        self._graph, self._shown = graph, answer
        view.set_graph(lambda top, width: flame.rows(graph, top, width), zoomed, selected)

    def _nothing(self, answer: FlameGraph) -> str:
        if answer.data is not None:
            return f"no samples: Flink found no {KINDS[self.kind][2]}; x shows others"
        if answer.end_timestamp == OFF:
            return (
                "Flame graphs are disabled on this cluster.\n"
                "Enable them with rest.flamegraph.enabled: true; sampling costs the TaskManagers."
            )
        missing = answer.missing or ""
        return f"{missing}: 100 samples, about 5 s" if answer.end_timestamp not in (-1, OFF) else missing

    def _look_for(self, text: str) -> Found:
        numbers = flame.matching(self._graph, text)
        share = fmt.share(flame.share(self._graph, numbers))
        words = f"in {share} of the samples" if numbers else "not found"
        return Found(frozenset(numbers), words)

    @on(FlameView.Selected)
    def _selected(self) -> None:
        self.draw()

    def _head(self) -> list[Part]:
        """What the samples are of, and when they were taken."""
        answer = self._shown
        parts: list[Part] = [(KINDS[self.kind][1], "strong")]
        if self._graph:
            parts += [("   ", ""), (_samples(self._graph[0].samples), "")]
        if answer is not None and answer.end_timestamp > 0:
            now, at = self.port.known_time(), answer.end_timestamp / 1000.0
            parts.append((f" at {fmt.near(at, self.zone_offset(), now)}", ""))
            parts.append((f", {fmt.duration(now - at)} ago", "muted"))
        others = [name for at, (_, name, _) in enumerate(KINDS) if at != self.kind]
        return [*parts, (f"   x shows {', '.join(others)}", "muted")]

    def _lines(self) -> list[list[Part]]:
        graph = self._graph
        number = self.view.selected if self.view.selected < len(graph) else 0
        whole, piece = graph[0].samples, graph[number]
        hot: list[Part] = [("hottest ", "muted")]
        for name, own in flame.hottest(graph, HOTTEST):
            hot += [(fmt.share(own / whole), "strong"), (f" {name}   ", "")]
        chosen: list[Part] = [
            (fmt.share(piece.samples / whole).rjust(5), "strong"),
            (f"  {flame.without_line(piece.name)}", ""),
        ]
        if piece.own:
            chosen.append((f"   itself {fmt.share(piece.own / whole)}", "muted"))
        if self.view.zoomed:
            chosen.append(("   zoomed in, esc shows all", "info"))
        return [self._head(), hot, chosen]

    def copied(self) -> str | None:
        number = self.view.selected
        return self._graph[number].name if number < len(self._graph) else None

    def leave_zoom(self) -> bool:
        """Show all again; returns whether anything was zoomed."""
        if not self.is_mounted or not self.displayed or not self.view.zoomed:
            return False
        self.view.action_out()
        return True


def _samples(many: int) -> str:
    return f"{many} sample" if many == 1 else f"{many} samples"
