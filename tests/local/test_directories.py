import tempfile
from pathlib import Path

import pytest

from flinktop.local.directories import OwnedDirectory, sweep


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_owned_directory_survives_a_sweep_and_goes_when_removed() -> None:
    owned = OwnedDirectory()
    (owned.path / "log").mkdir()
    sweep()
    assert (owned.path / "log").is_dir()
    owned.remove()
    assert not owned.path.exists()
    owned.remove()


def test_only_its_user_may_read_it() -> None:
    owned = OwnedDirectory()
    assert owned.path.stat().st_mode & 0o077 == 0
    owned.remove()


def test_directories_without_an_owner_go(temporary: Path) -> None:
    dead = temporary / "flinktop-local-dead"
    (dead / "checkpoints").mkdir(parents=True)
    (dead / "owner").touch()
    empty = temporary / "flinktop-local-empty"
    empty.mkdir()
    sweep()
    assert list(temporary.iterdir()) == []


def test_foreign_directories_are_kept(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "owner").touch()
    (temporary / "flinktop-local-link").symlink_to(elsewhere)
    # No lock in it: not made by OwnedDirectory.
    (temporary / "flinktop-local-notes").mkdir()
    (temporary / "flinktop-local-notes" / "text").touch()
    sweep()
    names = {path.name for path in temporary.iterdir()}
    assert names == {"elsewhere", "flinktop-local-link", "flinktop-local-notes"}
    assert (elsewhere / "owner").exists()
