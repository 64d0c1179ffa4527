"""Writing what is seen to a file."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from flinktop.ui.written_view import Rows, View, as_json, as_text
from tests.ui.day import monitor

if TYPE_CHECKING:
    from pathlib import Path

ROWS = Rows(
    (("name", "JOB", False), ("in", "IN/s", True), ("state", "STATE", False)),
    (
        ("a1", (("clicks", "clicks"), ("81k", 81234.5), ("RUNNING", 3))),
        ("b2", (("b", "b"), ("…", None), ("FAILED", 0))),
    ),
    filter="c",
    order="IN/s ▼",
)
VIEW = View("prod", "http://flink:8081", "1.20.5", ("jobs",), "2026-11-22 10:00:00 UTC", ROWS)


def test_text_is_in_columns_under_its_heading() -> None:
    assert as_text(VIEW).splitlines() == [
        "prod ▸ jobs",
        "http://flink:8081   Flink 1.20.5   2026-11-22 10:00:00 UTC",
        "/c   IN/s ▼",
        "",
        "JOB     IN/s  STATE",
        "clicks   81k  RUNNING",
        "b          …  FAILED",
    ]


def test_json_has_the_numbers_themselves_and_no_ranks() -> None:
    told = json.loads(as_json(VIEW))
    assert told["rows"][0] == {
        "id": "a1",
        "cells": {
            "name": {"text": "clicks"},
            "in": {"text": "81k", "value": 81234.5},
            "state": {"text": "RUNNING"},
        },
    }
    assert told["rows"][1]["cells"]["in"] == {"text": "…"}
    assert (told["filter"], told["order"], told["view"]) == ("c", "IN/s ▼", ["jobs"])


def mode_of(path: Path) -> int:
    """Who may do what with it."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.deep
async def test_a_table_is_written_whole_and_no_file_is_overwritten(tmp_path: Path) -> None:
    async with monitor("1.20.5", size=(80, 24)) as day:
        await day.press("w")
        await day.sees("Write this view to a file")
        await day.press("down", "enter")
        await day.sees("Wrote")
        (path,) = tmp_path.glob("*.json")
        told = json.loads(path.read_text())
        assert len(told["rows"]) > 0
        assert {"job", "state"} <= set(told["columns"])
        await day.press("w")
        await day.press("down", "enter")
        await day.sees("is there already: choose another name")
        await day.press("escape")
        assert [path] == list(tmp_path.glob("*"))
        assert mode_of(path) == 0o600


@pytest.mark.deep
async def test_where_there_is_no_table_the_screen_is_written(tmp_path: Path) -> None:
    async with monitor("1.20.5") as day:
        await day.press("enter")
        await day.wait(3)
        await day.press("3")
        await day.wait(3)
        await day.press("w", "enter")
        await day.sees("Wrote")
        (path,) = tmp_path.glob("*.txt")
        assert "Charts" in path.read_text()
        assert "esc back" in path.read_text()


@pytest.mark.deep
async def test_an_unwritable_place_is_reported() -> None:
    async with monitor("1.20.5") as day:
        await day.press("w")
        await day.press("ctrl+u", *"/proc/nowhere/x.txt", "enter")
        await day.sees("could not be written")


async def test_the_directory_that_it_was_started_in_may_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    monkeypatch.setenv("HOME", str(tmp_path))
    async with monitor("1.20.5", size=(80, 24)) as day:
        gone.rmdir()
        await day.press("w", "enter")
        await day.sees("Wrote")
        assert list(tmp_path.glob("flinktop-*.txt"))


async def test_a_picture_is_taken_of_a_dialog_too(tmp_path: Path) -> None:
    async with monitor("1.20.5", size=(80, 24), state=tmp_path / "state") as day:
        await day.press("a", "ctrl+s")
        await day.sees("Saved ")
        [picture] = (tmp_path / "state").glob("flinktop_*.svg")
        assert "ACTION" in picture.read_text()
        assert mode_of(picture) == 0o600
        assert mode_of(picture.parent) == 0o700
