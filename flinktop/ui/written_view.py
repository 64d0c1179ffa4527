"""What a screen shows, as text for a person or as JSON for a program: whole tables, whole texts."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from flinktop.model import format as fmt
from flinktop.ui.panels.frame import TopLine, places_of
from flinktop.ui.private_files import private
from flinktop.ui.widgets.painted_view import TextView
from flinktop.ui.widgets.table import LiveTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.ui.screens.cluster_screen import ClusterScreen

GAP = 2
JSON_ENDING = ".json"
NO_NAME = re.compile(r"[^\w.]+")
"""Characters that are removed from a file's name."""
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Rows:
    """A table as it stands: filtered and ordered as on the screen, with all of its columns and rows."""

    columns: tuple[tuple[str, str, bool], ...]
    """Key and title of each, and whether it is aligned right."""
    rows: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]
    """The key of each, and the text and sort value of each cell."""
    filter: str = ""
    order: str = ""
    """The column it is sorted by, in words; empty for the default order."""


@dataclass(frozen=True, slots=True)
class View:
    """Where the user is, and what the screen shows."""

    cluster: str
    url: str
    flink: str
    """Release of the cluster; empty while it is not known."""
    places: tuple[str, ...]
    """The breadcrumb."""
    at: str
    """When it was written: the cluster's time, ISO 8601."""
    rows: Rows | None = None
    lines: tuple[str, ...] = field(default=())
    """The text, or the visible screen where there is neither table nor text."""


def rows_of(table: LiveTable[Any]) -> Rows:
    """A table's rows without headings, including rows scrolled away and columns that had no room."""
    columns = table.columns
    rows = tuple(
        (key, tuple((column.cell(row)[0], column.sort(row) if column.sort else None) for column in columns))
        for key, row in zip(table.shown_keys(), table.shown_rows(), strict=True)
        if not table.is_heading(row)
    )
    return Rows(
        tuple((column.key, column.title, column.align == "right") for column in columns),
        rows,
        table.filter,
        table.sort_label,
    )


def view_of(screen: ClusterScreen) -> View:
    """What a screen shows now: the table or text that the keys act on, else the screen."""
    app, searched = screen.app, screen.searched()
    rows: Rows | None = None
    lines: tuple[str, ...] = ()
    if isinstance(searched, LiveTable):
        rows = rows_of(searched)
    elif isinstance(searched, TextView):
        lines = tuple(text for text, _ in searched.lines)
    else:
        lines = screen.seen_lines()
    if not app.is_open:
        now = app.clock.wall()
        at = f"{fmt.moment(now, None)} {fmt.offset_name(None, now)}"
        return View("fleet", "", "", (screen.crumb,), at, rows=rows, lines=lines)
    port = screen.port
    now, offset = port.cluster_time(), screen.query_one(TopLine).zone_offset()
    return View(
        cluster=screen.profile.name,
        url=port.connection.url,
        flink=port.features.version,
        places=tuple(places_of(port, app.screen_stack)),
        at=f"{fmt.moment(now, offset)} {fmt.offset_name(offset, now)}",
        rows=rows,
        lines=lines,
    )


def proposed_path(view: View) -> Path:
    """A text file in the directory where flinktop was started; in the home directory if that is gone."""
    name = "-".join(("flinktop", *view.places[-2:], view.at[:19]))
    try:
        here = Path.cwd()
    except OSError:
        here = Path.home()
    return here / f"{NO_NAME.sub('-', name)[:LONGEST_NAME]}.txt"


def as_text(view: View) -> str:
    """For a person: a heading, then the table in columns, or the text."""
    heading = [
        " ▸ ".join((view.cluster, *view.places)),
        "   ".join(part for part in (view.url, f"Flink {view.flink}" if view.flink else "", view.at) if part),
    ]
    if view.rows is None:
        return "\n".join([*heading, "", *view.lines]) + "\n"
    about = [f"/{view.rows.filter}"] if view.rows.filter else []
    about += [view.rows.order] if view.rows.order else []
    heading += ["   ".join(about)] if about else []
    return "\n".join([*heading, "", *_in_columns(view.rows)]) + "\n"


def as_json(view: View) -> str:
    """For a program: the `value` of a cell is its number as Flink sent it, without unit or rounding."""
    document: dict[str, Any] = {
        "cluster": view.cluster,
        "url": view.url,
        "flink": view.flink,
        "view": list(view.places),
        "at": view.at,
    }
    if view.rows is None:
        document["lines"] = list(view.lines)
    else:
        keys = [key for key, _, _ in view.rows.columns]
        document["filter"] = view.rows.filter
        document["order"] = view.rows.order
        document["columns"] = {key: title for key, title, _ in view.rows.columns}
        document["rows"] = [
            {"id": id_, "cells": dict(zip(keys, (_cell(*cell) for cell in cells), strict=True))}
            for id_, cells in view.rows.rows
        ]
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def write(view: View, path: Path) -> int:
    """Write a view readable only by its owner, as JSON if the name ends so, else as text; returns its bytes.

    Raises:
        OSError: it can't be written, or the file exists already.
    """
    text = as_json(view) if path.suffix == JSON_ENDING else as_text(view)
    with open(path, "x", encoding="utf-8", opener=private) as file:
        file.write(text)
    return len(text.encode())


def _cell(text: str, value: Any) -> dict[str, Any]:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    # The sort value of a word is a rank, and means nothing outside.
    if number and any(letter.isdigit() for letter in text):
        return {"text": text, "value": value}
    return {"text": text}


def _in_columns(table: Rows) -> list[str]:
    titles = [title for _, title, _ in table.columns]
    cells = [[text for text, _ in row] for _, row in table.rows]
    widths = [max(cell_len(row[at]) for row in (titles, *cells)) for at in range(len(titles))]
    right = [at_right for _, _, at_right in table.columns]
    return [_line(row, widths, right) for row in (titles, *cells)]


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (
        " " * (width - cell_len(text)) + text if at_right else text + " " * (width - cell_len(text))
        for text, width, at_right in zip(cells, widths, right, strict=True)
    )
    return (" " * GAP).join(padded).rstrip()
