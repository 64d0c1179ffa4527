"""The tests of the journal do not wait for the disk."""

import pytest


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    # No test cuts the power, and a busy disk takes a tenth of a second for each transaction.
    monkeypatch.setattr("flinktop.engine.journal.tables.SYNCED", "OFF")
