"""What a vertex does: its operators as the job's plan describes them, and its inputs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from flinktop.facts.freshness import why_empty
from flinktop.flink.jobs import JOB, PLAN
from flinktop.ui.dialog import Dialog
from flinktop.ui.theme import TONES
from flinktop.ui.widgets.celltext import wrap

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import PlanNode

MOST_LINES = 200
"""Most lines of one operator: a query of a few pages."""
LEAST = 20
"""Least width of the text (cells), however far Flink has indented its operator."""
_BRANCH = re.compile(r"(?<![ :]) (?=[ :]*[+:]- )")
"""Where Flink starts a line for the next operator of a chain (1.15+); names are in one line here."""


def indented(text: str, width: int) -> list[str]:
    """Lines that fit into a width, at least one for each operator, with Flink's indentation."""
    lines: list[str] = []
    for line in _BRANCH.sub("\n", text).split("\n"):
        # The tree that Flink draws before an operator continues below its first line.
        words = line.lstrip(" :") if _BRANCH.search(f" {line}") else line.lstrip(" ")
        words = f":{words}" if words.startswith("- ") else words
        tree = line[: len(line) - len(words)][: max(0, width - LEAST)]
        lines += [tree + part for part in wrap(words, width - len(tree), MOST_LINES)]
    return lines


class VertexPlanScreen(Dialog[None]):
    """A vertex's part of `/jobs/:jobid/plan`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,i", "leave", "back", show=False),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
    ]
    TITLE_WORDS = "What it does"

    def __init__(self, job: str, vertex: str) -> None:
        super().__init__()
        self._query = PLAN(job=job)
        self._job = job
        self._vertex = vertex
        self._shown: Content | None = None

    def body(self) -> ComposeResult:
        yield Static("", classes="words", markup=False)

    def watched(self) -> Iterable[Query[Any]]:
        return (self._query,)

    def renew(self) -> None:
        content = self._described()
        if content != self._shown:
            self._shown = content
            self.query_one(Static).update(content)

    def _described(self) -> Content:
        reading = self.port.reading(self._query)
        if reading is None or reading.value is None:
            return Content.styled(why_empty(self.port, reading, "loading plan…"), TONES["muted"])
        node = next((one for one in reading.value.plan.nodes if one.id == self._vertex), None)
        if node is None:
            return Content.styled("The plan has no such vertex: the job has changed.", TONES["muted"])
        feeds = [Content.styled(line, TONES["muted"]) for line in self._feeds(node)]
        words = node.description or node.operator or "Flink gives no description."
        return Content("\n").join([*feeds, *map(Content, indented(words, self.words_width))])

    def _feeds(self, node: PlanNode) -> list[str]:
        job = self.port.value(JOB(job=self._job))
        names = {vertex.id: vertex.name for vertex in job.vertices} if job is not None else {}
        lines: list[str] = []
        for edge in node.inputs:
            how = ", ".join(filter(None, (edge.ship_strategy, edge.exchange.replace("_", " "))))
            lines += wrap(f"{how} from {names.get(edge.id, edge.id)}", self.words_width, 2)
        return [*lines, ""] if lines else []
