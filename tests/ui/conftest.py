"""What every test of the screens stands on."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a key writes where flinktop was started lands in a directory of the test's own."""
    monkeypatch.chdir(tmp_path)
