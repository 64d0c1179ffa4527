"""Columns that the config chooses: which are shown, in which order, what gives way; and their names."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from flinktop.column_names import TABLES
from flinktop.ui import panels
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.columns import Column, chosen, spans_in
from tests.ui.day import monitor
from tests.ui.drawn import columns_of

WITHOUT = {"EvidenceTable"}
"""Tables whose columns can't be chosen: a label and its value, which take the width together."""
VARIANTS: tuple[dict[str, Any], ...] = (
    {
        "job": "",
        "_archive": False,
        "_ended": (False, False),
        "_narrow": False,
        "_several_clusters": False,
        "_on_kubernetes": False,
    },
    {
        "job": "j",
        "_archive": True,
        "_ended": (True, True),
        "_narrow": True,
        "_several_clusters": True,
        "_on_kubernetes": True,
    },
)


def kinds(of: type[Any] = TablePanel) -> Iterator[type[Any]]:
    for kind in of.__subclasses__():
        if kind.__module__.startswith("flinktop."):
            yield kind
        yield from kinds(kind)


def all_columns(kind: type[Any], variant: dict[str, Any]) -> list[Column[Any]]:
    of_kind = {
        name: getattr(kind, name)
        for name in ("COLUMNS", "TABLE", "TITLE", "ALONE", "PINS", "OF", "SERIALIZED")
        if hasattr(kind, name)
    }
    app = SimpleNamespace(settings=SimpleNamespace(columns={}))
    rest = {"app": app, "choice": SimpleNamespace(cluster=True), "_by_day": True}
    rest |= dict.fromkeys(("_moment", "_planned", "_vertex_context", "_wall", "_lasted"))
    rest["facts"] = lambda: SimpleNamespace(clusters=[SimpleNamespace(group="a group")])
    return list(columns_of(kind, None, **of_kind, **rest, **variant))


def test_every_table_of_the_screens_has_the_names_of_its_columns() -> None:
    for module in pkgutil.iter_modules(panels.__path__):
        importlib.import_module(f"{panels.__name__}.{module.name}")
    named = {table.name: table for table in TABLES}
    titles: dict[str, dict[str, set[str]]] = {}
    usual: dict[str, dict[str, bool]] = {}
    for kind in kinds():
        if not kind.TABLE and kind.__subclasses__():
            # What several tables share.
            continue
        assert bool(kind.TABLE) != (kind.__name__ in WITHOUT), f"{kind.__name__} has no name in the config"
        for variant in VARIANTS if kind.TABLE else ():
            found = all_columns(kind, variant)
            for column in found:
                titles.setdefault(kind.TABLE, {}).setdefault(column.key, set()).add(column.title)
                usual.setdefault(kind.TABLE, {}).setdefault(column.key, column.usual)
            keys = [column.key for column in found]
            order = [one.name for one in named[kind.TABLE].columns]
            assert keys == [name for name in order if name in keys], f"{kind.__name__}: another order"
    assert {name: {one.name for one in table.columns} for name, table in named.items()} == {
        name: {*columns} for name, columns in titles.items()
    }
    # It comes with a second cluster.
    usual["operations"]["cluster"] = True
    for name, table in named.items():
        assert table.row_name in titles[name]
        for its in table.columns:
            assert its.title in titles[name][its.name], f"{name}: {its.name}"
            assert its.usual == usual[name][its.name], f"{name}: {its.name}"


COLUMNS = [
    Column[str]("state", "STATE", 10, lambda row: (row, ""), drop=3, leaves=30),
    Column[str]("name", "NAME", 10, lambda row: (row, ""), flex=True),
    Column[str]("in", "IN", 10, lambda row: (row, ""), drop=1),
    Column[str]("id", "ID", 10, lambda row: (row, ""), usual=False),
]


@pytest.mark.parametrize(
    ("show", "width", "seen"),
    [
        (("id", "name", "state"), 80, "id name state"),
        # What has no room goes from the right.
        (("id", "name", "state"), 30, "id name"),
        (("id", "in", "name", "state"), 25, "id name"),
        (("in", "id", "name"), 12, "name"),
        # Without the name the first stays.
        (("in", "id"), 12, "in"),
        (("gone", "id"), 80, "id"),
        (("gone",), 80, "state name in"),
    ],
)
def test_chosen_columns_stand_in_their_order_and_go_from_the_right(
    show: tuple[str, ...], width: int, seen: str
) -> None:
    assert " ".join(one.column.key for one in spans_in(chosen(COLUMNS, show, "name"), width)) == seen


async def test_the_jobs_have_the_columns_of_the_config() -> None:
    async with monitor(columns={"jobs": ("id", "job", "parallelism", "state")}) as day:
        header = next(line for line in day.lines if " PAR " in line)
        assert header.strip("│ ").split() == ["ID", "JOB", "PAR", "STATE"]
        job = day.cluster.job("steady")
        line = day.line("steady").strip("│ ").split()
        assert line[0] == job
        assert line[-3:] == ["2", "●", "RUNNING"]
        # The order of the sort keys is that of the columns, and the filter still finds what is not shown.
        await day.press("s")
        assert day.table.sort_label.startswith("ID ")
        await day.press("s")
        assert day.table.sort_label.startswith("JOB ")


@pytest.mark.deep
async def test_lines_below_a_table_follow_its_columns() -> None:
    show = ("host", "busy", "taskmanager")
    async with monitor(size=(120, 50), columns={"subtasks": show, "vertices": ("vertex", "id")}) as day:
        await day.press("slash", *"steady", "enter", "enter")
        await day.wait(3)
        assert next(line for line in day.lines if "VERTEX" in line).strip("│ ").split() == ["VERTEX", "ID"]
        await day.press("2", "enter")
        await day.wait(3)
        header = next(line for line in day.lines if "TASKMANAGER" in line).strip("│ ").split()
        assert header == ["HOST", "BUSY%", "TASKMANAGER"]
        assert {line.strip("│ ").split()[0] for line in day.lines if line.strip("│ ")} >= {
            "min",
            "avg",
            "max",
        }


@pytest.mark.deep
async def test_the_filter_finds_what_is_in_a_column_that_is_not_shown() -> None:
    async with monitor(columns={"taskmanagers": ("heap", "slots")}) as day:
        await day.press("M")
        await day.wait(3)
        name = day.table.shown_keys()[0]
        assert not any("TASKMANAGER " in line for line in day.lines)
        await day.press("slash", *name[:6], "enter")
        assert name in day.table.shown_keys()
