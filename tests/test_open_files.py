"""Which files others on this machine may read or write."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinktop import open_files
from flinktop.open_files import others_read, others_write


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory that anybody comes to, and a file in it; groups are shared.

    Not pytest's own: those lie below one that is its owner's alone.
    """
    monkeypatch.setattr(open_files, "_is_own", lambda _group, _user: False)
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        place.chmod(0o755)
        if not all(parent.stat().st_mode & stat.S_IXOTH for parent in place.resolve().parents):
            pytest.skip("nobody else comes to the temporary directory")
        (place / "file").write_text("hush")
        yield place


@pytest.mark.parametrize(
    ("mode", "reads", "writes"),
    [
        (0o600, False, False),
        (0o400, False, False),
        (0o644, True, False),
        (0o640, True, False),
        (0o604, True, False),
        (0o666, True, True),
        (0o620, False, True),
        (0o602, False, True),
    ],
)
def test_the_mode_of_a_file(place: Path, mode: int, *, reads: bool, writes: bool) -> None:
    file = place / "file"
    file.chmod(mode)
    assert (others_read(file), others_write(file)) == (reads, writes)
    # Nobody comes there.
    place.chmod(0o700)
    assert (others_read(file), others_write(file)) == (False, False)


def test_a_directory_in_which_others_may_put_another_file(place: Path) -> None:
    (place / "file").chmod(0o600)
    place.chmod(0o777)
    assert others_write(place / "file")
    place.chmod(0o1777)
    assert not others_write(place / "file")


def test_a_file_of_somebody_else(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = place / "file"
    file.chmod(0o600)
    if os.getuid() == 0:
        os.chown(file, 65_534, 65_534)
    else:
        monkeypatch.setattr("os.getuid", lambda: 65_534)
    assert others_write(file)


def test_a_link_is_as_open_as_its_target(place: Path) -> None:
    (place / "file").chmod(0o600)
    (place / "link").symlink_to("file")
    assert not others_read(place / "link")
    (place / "file").chmod(0o644)
    assert others_read(place / "link")


def test_a_missing_file_is_open_to_nobody(tmp_path: Path) -> None:
    assert not others_read(tmp_path / "missing")
    assert not others_write(tmp_path / "missing")


def test_a_group_of_its_user_alone_is_nobody_else(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setattr(open_files, "_is_own", lambda _group, _user: True)
    (place / "file").chmod(0o660)
    assert not others_read(place / "file")
    assert not others_write(place / "file")
