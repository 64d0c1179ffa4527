"""What is wrong with the journal's file is said once, as a notification."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.journal.given import event, opened
from tests.ui.day import monitor


@pytest.mark.deep
async def test_a_damaged_journal_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"no database at all, but a text of some length" * 50)
    async with monitor() as day:
        journal = opened(path)
        day.port.engine.journal = journal
        journal.add([event(1)])
        await day.wait(4)
        (said,) = (one for one in day.app._notifications if "journal" in one.message)
        assert said.message.startswith(f"The journal {path} is damaged")
        await day.wait(60)
        assert [one for one in day.app._notifications if "journal" in one.message] == [said]
