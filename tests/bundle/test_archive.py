"""The file of a bundle: private, whole or not there, never over another one."""

from __future__ import annotations

import errno
import os
import re
import stat
import zipfile
from pathlib import Path

import pytest

from flinktop.bundle.archive import Archive, NotWritten, proposed_name
from flinktop.bundle.contents import README, VERDICT_JSON, File

FILES = (File(README, b"words"), File(VERDICT_JSON, b"{}"))
WALL = 1_796_000_000.0


def left(directory: Path) -> list[str]:
    return sorted(one.name for one in directory.iterdir())


@pytest.mark.parametrize(
    ("job", "begins"),
    [
        ("fraud-scoring", "flinktop-fraud-scoring-2026"),
        ("a/../b c\n\x1b[2J事", "flinktop-a-..-b-c-2026"),
        ("...", "flinktop-job-2026"),
        ("", "flinktop-job-2026"),
        ("x" * 500, f"flinktop-{'x' * 80}-2026"),
        ("load password=hush", "flinktop-load-password-2026"),
    ],
)
def test_a_name_has_safe_characters_and_the_time(job: str, begins: str) -> None:
    name = proposed_name(job, WALL)
    assert name.startswith(begins)
    assert re.fullmatch(r"flinktop-[A-Za-z0-9._-]{1,80}-\d{8}-\d{6}\.zip", name)
    assert "hush" not in name


@pytest.mark.parametrize("wall", [-1e30, 1e30, float("nan")])
def test_a_clock_outside_the_calendar_gives_a_name_all_the_same(wall: float) -> None:
    assert proposed_name("x", wall) == "flinktop-x-19800101-000000.zip"


def test_the_file_is_private_and_holds_what_was_given(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    old = os.umask(0)
    try:
        with Archive(path) as archive:
            assert not path.exists()
            size = archive.write(FILES, WALL)
    finally:
        os.umask(old)
    assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_size) == (0o600, size)
    assert left(tmp_path) == ["x.zip"]
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == ["flinktop-bundle/README.txt", "flinktop-bundle/verdict.json"]
        assert packed.read("flinktop-bundle/README.txt") == b"words"
        assert {one.date_time[0] for one in packed.infolist()} == {2026}
        assert {one.external_attr >> 16 & 0o777 for one in packed.infolist()} == {0o600}


def test_an_existing_file_is_refused_before_anything_is_collected(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_text("mine")
    with (
        pytest.raises(NotWritten, match="exists already: choose another name, or --overwrite"),
        Archive(path),
    ):
        pytest.fail("it was opened")
    assert (path.read_text(), left(tmp_path)) == ("mine", ["x.zip"])


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with Archive(path) as archive:
        path.write_text("mine")
        with pytest.raises(NotWritten, match="exists already"):
            archive.write(FILES, WALL)
    assert (path.read_text(), left(tmp_path)) == ("mine", ["x.zip"])


def test_a_dangling_link_is_a_file_that_exists(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotWritten, match="exists already"), Archive(path):
        pytest.fail("it was opened")


def test_told_to_it_replaces_the_file_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_text("old")
    with Archive(path, overwrite=True) as archive:
        assert path.read_text() == "old"
        archive.write(FILES, WALL)
    assert (zipfile.is_zipfile(path), stat.S_IMODE(path.stat().st_mode)) == (True, 0o600)


def test_a_name_of_ours_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    path = tmp_path / "state" / "x.zip"
    for _ in range(3):
        with Archive(path, numbered=True) as archive:
            archive.write(FILES, WALL)
    assert left(path.parent) == ["x-2.zip", "x-3.zip", "x.zip"]
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_is_given_up_leaves_nothing_behind(tmp_path: Path) -> None:
    with Archive(tmp_path / "x.zip"):
        (part,) = left(tmp_path)
        assert part.startswith(".x.zip.")
    assert left(tmp_path) == []


def test_a_file_system_without_links_is_served_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    with Archive(tmp_path / "x.zip") as archive:
        archive.write(FILES, WALL)
    with Archive(tmp_path / "x.zip", numbered=True) as archive:
        archive.write(FILES, WALL)
    assert left(tmp_path) == ["x-2.zip", "x.zip"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EROFS, "is not writable"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_disk_that_takes_no_more_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def fail(_file: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(NotWritten, match=words), Archive(tmp_path / "x.zip") as archive:
        archive.write(FILES, WALL)
    assert left(tmp_path) == []


def test_a_directory_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "no" / "x.zip"
    with pytest.raises(NotWritten, match=f"there is no directory {path.parent}"), Archive(path):
        pytest.fail("it was opened")
    (tmp_path / "no").write_text("a file")
    with pytest.raises(NotWritten, match="there is no directory"), Archive(path):
        pytest.fail("it was opened")
    with pytest.raises(NotWritten, match="is a directory: give the name"), Archive(tmp_path, overwrite=True):
        pytest.fail("it was opened")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_directory_that_is_not_writable_is_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(NotWritten, match="is not writable"), Archive(tmp_path / "x.zip"):
            pytest.fail("it was opened")
    finally:
        tmp_path.chmod(0o700)
