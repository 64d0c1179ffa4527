"""The ready file: what it replaces, what it leaves alone, and when it goes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from flinktop.headless.ready_file import ReadyFile, ReadyFileError


def test_it_is_there_from_write_to_remove(tmp_path: Path) -> None:
    path = tmp_path / "ready"
    file = ReadyFile(path)
    file.prepare()
    assert list(tmp_path.iterdir()) == []
    file.write()
    assert path.read_text() == f"flinktop watch {os.getpid()}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    file.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("left", ["", "flinktop watch 4711\n"])
def test_a_stale_one_is_gone_before_the_first_round(tmp_path: Path, left: str) -> None:
    path = tmp_path / "ready"
    path.write_text(left)
    ReadyFile(path).prepare()
    assert not path.exists()


def test_a_file_of_the_user_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("mine")
    with pytest.raises(ReadyFileError, match="is no ready file of flinktop: it is not overwritten"):
        ReadyFile(path).prepare()
    assert path.read_text() == "mine"
    with pytest.raises(ReadyFileError, match="is no ready file of flinktop"):
        ReadyFile(tmp_path).prepare()
    big = tmp_path / "big"
    big.write_text("flinktop watch\n" * 100)
    with pytest.raises(ReadyFileError, match="is no ready file of flinktop"):
        ReadyFile(big).prepare()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("")
    link.symlink_to(target)
    with pytest.raises(ReadyFileError):
        ReadyFile(link).prepare()


def test_where_none_can_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ReadyFileError, match=r"no/ready can't be written \(No such file or directory\)"):
        ReadyFile(tmp_path / "no" / "ready").prepare()


def test_the_file_of_another_watcher_stays(tmp_path: Path) -> None:
    path = tmp_path / "ready"
    first, second = ReadyFile(path), ReadyFile(path)
    first.write()
    second.write()
    first.remove()
    assert path.exists()
    second.remove()
    assert not path.exists()
    second.remove()
