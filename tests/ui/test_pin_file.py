"""Pinned metrics on disk."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from flinktop.engine.pins import ALL, Pin
from flinktop.ui import pin_file

PIN = Pin("j" * 32, "v" * 32, ALL, "busy [x] 件数")


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert pin_file.load(state) == ()
    assert pin_file.save(state, [PIN]) is None
    assert pin_file.load(state) == (PIN,)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (state, state / pin_file.NAME)]
    assert modes == [0o700, 0o600]


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    pins = [Pin("j", "", ALL, str(number)) for number in range(pin_file.MOST + 5)]
    pin_file.save(tmp_path, pins)
    assert pin_file.load(tmp_path) == tuple(pins[5:])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pins": 1}', '{"pins": [{}]}', '{"pins": [null]}', "null"])
def test_a_file_that_makes_no_sense_is_no_pins(tmp_path: Path, text: str) -> None:
    (tmp_path / pin_file.NAME).write_text(text, encoding="utf-8")
    assert pin_file.load(tmp_path) == ()


def test_an_unwritable_directory_is_reported(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    told = pin_file.save(blocked / "state", [PIN])
    assert told is not None
    assert "could not be saved" in told
