"""What is written of characters that the terminal's encoding lacks."""

import sys
from io import BytesIO, TextIOWrapper

import pytest

from flinktop.ui.terminal_bytes import keep_columns


def test_a_character_that_cannot_be_written_keeps_its_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = TextIOWrapper(BytesIO(), encoding="latin-1", errors="backslashreplace")
    monkeypatch.setattr(sys, "__stderr__", terminal)
    with keep_columns():
        terminal.write("caf\u00e9 \u65e5\u672c \u2192 e\u0301|")
    terminal.write("\u2192")
    terminal.flush()
    assert terminal.buffer.getvalue() == b"caf\xe9 ???? ? e|\\u2192"
