"""The vertices of a job with the lower and upper bound of their parallelism, which can be edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.ui.widgets.table import Column, LiveTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flinktop.flink.jobs import JobVertex
    from flinktop.flink.rescale import VertexRequirements

FEWEST, MOST = 0, 1  # the two bounds of a vertex
DIGITS = 5  # of a bound: the greatest max parallelism of Flink is 32768
Bound = tuple[str, int]  # vertex and which of its bounds


class BoundsForm:
    """The bounds that the cluster has, and the texts typed over them."""

    def __init__(self) -> None:
        self.current: dict[str, tuple[int, int]] = {}
        """By vertex, the bounds that the cluster has."""
        self._typed: dict[Bound, str] = {}

    def load(self, requirements: Mapping[str, VertexRequirements]) -> None:
        """Take the cluster's bounds; typed texts stay."""
        self.current = {
            vertex: (one.parallelism.lower_bound, one.parallelism.upper_bound)
            for vertex, one in requirements.items()
        }

    def text(self, bound: Bound) -> str:
        """The text of a bound in its cell."""
        vertex, side = bound
        return self._typed.get(bound, str(self.current[vertex][side]) if vertex in self.current else "")

    def set_text(self, bound: Bound, text: str) -> None:
        """Replace the text of a cell."""
        self._typed[bound] = text[:DIGITS]

    def change(self, bound: Bound, by: int) -> None:
        """Raise or lower a bound; never below one."""
        self.set_text(bound, str(max(1, self._number(bound) + by)))

    def changed(self, bound: Bound) -> bool:
        """Whether a bound differs from the cluster's."""
        vertex, side = bound
        return vertex in self.current and self._number(bound) != self.current[vertex][side]

    def bounds(self) -> dict[str, tuple[int, int]]:
        """The new bounds of the changed vertices; an empty cell counts as 0."""
        return {
            vertex: (self._number((vertex, FEWEST)), self._number((vertex, MOST)))
            for vertex in self.current
            if self.changed((vertex, FEWEST)) or self.changed((vertex, MOST))
        }

    def _number(self, bound: Bound) -> int:
        text = self.text(bound)
        return int(text) if text.lstrip("-").isdecimal() else 0


@dataclass(frozen=True, slots=True)
class BoundsRow:
    """One vertex."""

    vertex: JobVertex
    texts: tuple[str, str]
    changed: tuple[bool, bool]
    at: int | None  # which of its bounds the keys change


def bounds_rows(vertices: Sequence[JobVertex], form: BoundsForm, at: Bound | None) -> list[BoundsRow]:
    """A row for each vertex whose bounds are known, in the order of the job."""
    return [
        BoundsRow(
            vertex,
            (form.text((vertex.id, FEWEST)), form.text((vertex.id, MOST))),
            (form.changed((vertex.id, FEWEST)), form.changed((vertex.id, MOST))),
            at[1] if at is not None and at[0] == vertex.id else None,
        )
        for vertex in vertices
        if vertex.id in form.current
    ]


def _bound_column(key: str, title: str, side: int) -> Column[BoundsRow]:
    def cell(row: BoundsRow) -> tuple[str, str]:
        text = row.texts[side]
        tone = "selected" if row.changed[side] else ""
        return (f"[{text}]" if row.at == side else f"{text} "), tone

    return Column(key, title, DIGITS + 2, cell, align="right")


def _highest(row: BoundsRow) -> tuple[str, str]:
    highest = row.vertex.max_parallelism  # 1.13+
    return str(highest) if highest and highest > 0 else "", "muted"


class BoundsTable(LiveTable[BoundsRow]):
    """Up and down choose a vertex, left and right one of its bounds; digits, + and - change that."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "side(0)", "Fewest", show=False),
        Binding("right,l", "side(1)", "Most", show=False),
        Binding("plus", "change(1)", "More", show=False),
        Binding("minus", "change(-1)", "Fewer", show=False),
        Binding("backspace,delete", "erase", "Erase", show=False),
        # Bound like the others: keys that a widget reads itself overtake bound keys that were pressed
        # earlier, and a digit after an arrow would change another vertex.
        *(Binding(str(digit), f"digit({digit})", str(digit), show=False) for digit in range(10)),
    ]

    class Edited(Message):
        """A bound was changed, or another one selected."""

    def __init__(self, form: BoundsForm, *, ascii: bool, id: str | None = None) -> None:
        columns: list[Column[BoundsRow]] = [
            Column("name", "VERTEX", 16, lambda row: (clean(row.vertex.name), "strong"), flex=True),
            Column("now", "NOW", 5, lambda row: (fmt.number(row.vertex.parallelism), ""), align="right"),
            _bound_column("fewest", "FEWEST", FEWEST),
            _bound_column("most", "MOST", MOST),
            Column("highest", "MAX", 5, _highest, align="right", drop=1),
        ]
        super().__init__(columns, row_key=lambda row: row.vertex.id, ascii=ascii, id=id)
        self.form = form
        self._side = MOST
        self._fresh = True
        """Whether the next digit starts a new number."""

    @property
    def at(self) -> Bound | None:
        """The bound that keys change."""
        return (self.cursor_key, self._side) if self.cursor_key is not None else None

    def action_side(self, side: int) -> None:
        self._side = side
        self._edited(fresh=True)

    def action_step(self, by: int) -> None:
        super().action_step(by)
        self._edited(fresh=True)

    def action_change(self, by: int) -> None:
        if self.at is not None:
            self.form.change(self.at, by)
            self._edited(fresh=True)

    def action_erase(self) -> None:
        if self.at is not None:
            self.form.set_text(self.at, self.form.text(self.at)[:-1])
            self._edited(fresh=False)

    def action_digit(self, digit: int) -> None:
        if self.at is not None:
            self.form.set_text(self.at, f"{'' if self._fresh else self.form.text(self.at)}{digit}")
            self._edited(fresh=False)

    def _edited(self, *, fresh: bool) -> None:
        self._fresh = fresh
        self.post_message(self.Edited())
