"""What the tables of a fleet share: their rows come from the facts of all clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from rich.cells import cell_len

from flinktop.flink.text import clean
from flinktop.ui.panels.columns import trend_text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.celltext import clip
from flinktop.ui.widgets.columns import Stripes
from flinktop.ui.widgets.styles import own_colour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.engine.series import SeriesName
    from flinktop.facts.fleet import FleetFacts
    from flinktop.flink.endpoint import Query

R = TypeVar("R")

LEAST_NAMESPACE: Final = 2
"""Cells of a namespace below which it is not shortened for the sake of the name behind it."""


class FleetTable(TablePanel[R]):
    """Rows of several clusters. It asks for nothing: engines keep fresh what is known of each cluster."""

    FADES = False
    LOADING = "connecting…"

    def facts(self) -> FleetFacts:
        """What is known of all clusters now."""
        return self.app.fleet_facts()

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:  # noqa: ARG002 -- of no single cluster
        """With many clusters there is news all the time: it is shown once a second."""
        self.wants_tick = True

    def trend_of(self, cluster: str, series: SeriesName) -> str:
        """A series of a cluster over the last half hour."""
        member = self.app.fleet.get(cluster) if self.app.fleet is not None else None
        return trend_text(member.port, series, ascii=self.ascii) if member is not None else ""


def cluster_tone(colour: str | None) -> str:
    """The tone of a cluster's name: the colour in its config."""
    return own_colour(colour) if colour is not None else "strong"


def cluster_name(label: str, width: int) -> str:
    """A cluster's name in `width` cells: of NAMESPACE/NAME the end is worth more than the beginning."""
    before, slash, name = clean(label).rpartition("/")
    room = width - cell_len(name) - 1
    if not slash or cell_len(before) <= room or room < LEAST_NAMESPACE:
        return clip(clean(label), width)
    return f"{clip(before, room)}/{name}"


def cluster_stripes(label: str, width: int, tone: str) -> Stripes:
    """The cell of a cluster's name, whole in its tone."""
    name = cluster_name(label, width)
    return Stripes(((f"{name}{' ' * (width - cell_len(name))}", tone),))


def words_match(text: str, fields: Mapping[str, str], others: str) -> bool:
    """Whether each word of a filter occurs: after the name of a field and a colon in that, else anywhere.

    All texts are in lower case.
    """
    for word in text.casefold().split():
        field, colon, wanted = word.partition(":")
        if colon and field in fields:
            if wanted not in fields[field]:
                return False
        elif word not in others and not any(word in one for one in fields.values()):
            return False
    return True
