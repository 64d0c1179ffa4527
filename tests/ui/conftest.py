"""What every test of the screens stands on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.judged import asks_nothing


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a key writes where flinktop was started lands in a directory of the test's own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def quiet_judge() -> Iterator[None]:
    """The judge asks for nothing: what a test counts is asked by the screen."""
    with asks_nothing():
        yield
