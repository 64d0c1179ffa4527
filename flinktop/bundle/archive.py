"""Writes a bundle: readable by its owner only, never over another file, and never half under its name."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import zipfile
from datetime import UTC, datetime
from secrets import token_hex
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from flinktop.bundle.contents import DIRECTORY
from flinktop.flink.text import clean
from flinktop.model import redaction

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    from flinktop.bundle.contents import File

ENDING: Final = ".zip"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_OF_A_NAME: Final = 80
_MOST_TRIES: Final = 100
_NO_LINKS: Final = frozenset(
    {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
)
"""Errors of a file system without hard links."""


class NotWritten(Exception):  # noqa: N818 -- it says what happened
    """The bundle could not be written; the text is a sentence."""


def proposed_name(job: str, wall: float) -> str:
    """The name of the bundle of a job, with the local time (`wall`, s since 1970): only safe characters."""
    name = _UNSAFE.sub("-", redaction.text(clean(job)))[:_MOST_OF_A_NAME].strip("-.") or "job"
    return f"flinktop-{name}-{_local(wall):%Y%m%d-%H%M%S}{ENDING}"


def _local(wall: float) -> datetime:
    """A time (s since 1970) in this machine's zone; 1980 for one outside the calendar."""
    try:
        return datetime.fromtimestamp(wall, tz=UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return datetime(1980, 1, 1, tzinfo=UTC)


class Archive:
    """A bundle's file, from before its content is collected until it is complete.

    Until `write` the content is in a file of another name beside it, which is removed when this is left.
    """

    def __init__(self, path: Path, *, overwrite: bool = False, numbered: bool = False) -> None:
        """`overwrite` replaces an existing file; `numbered` chooses another name instead of failing."""
        self.path = path
        self._overwrite = overwrite
        self._numbered = numbered
        self._part = path.with_name(f".{path.name[:_MOST_OF_A_NAME]}.{token_hex(4)}.part")
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        """Raises NotWritten if the file could not be written later."""
        if not self._overwrite and not self._numbered and os.path.lexists(self.path):
            raise _there_already(self.path)
        if self.path.is_dir():
            raise NotWritten(f"{_shown(self.path)} is a directory: give the name of a file")
        try:
            if self._numbered:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            opened = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _failed(self.path, error) from None
        self._file = os.fdopen(opened, "wb")
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    def write(self, files: Iterable[File], wall: float) -> int:
        """Write the files, then give the file its name; returns its bytes. Raises NotWritten."""
        assert self._file is not None  # noqa: S101 -- it was entered
        try:
            _pack(self._file, files, wall)
            self._file.flush()
            os.fsync(self._file.fileno())
            size = self._file.tell()
            self._file.close()
            self._name_it()
        except OSError as error:
            raise _failed(self.path, error) from None
        return size

    def _name_it(self) -> None:
        if self._overwrite:
            self._part.replace(self.path)
            return
        whole = self.path
        for number in range(2, _MOST_TRIES):
            try:
                _link(self._part, self.path)
            except FileExistsError:
                if not self._numbered:
                    raise _there_already(self.path) from None
                self.path = whole.with_name(f"{whole.stem}-{number}{whole.suffix}")
            else:
                return
        raise _there_already(whole)


def _link(part: Path, path: Path) -> None:
    """Give a file another name. Raises FileExistsError if there is a file of that name."""
    try:
        os.link(part, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        part.rename(path)


def _pack(file: BinaryIO, files: Iterable[File], wall: float) -> None:
    when = _local(wall)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for one in files:
            info = zipfile.ZipInfo(f"{DIRECTORY}/{one.kind.name}", _zip_time(when))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100600 << 16
            packed.writestr(info, one.body)


def _zip_time(when: datetime) -> tuple[int, int, int, int, int, int]:
    """A time as a zip file has it: from 1980 to 2107."""
    year = min(max(when.year, 1980), 2107)
    return year, when.month, when.day, when.hour, when.minute, when.second


def _there_already(path: Path) -> NotWritten:
    return NotWritten(f"{_shown(path)} exists already: choose another name, or --overwrite")


def _failed(path: Path, error: OSError) -> NotWritten:
    directory = _shown(path.parent)
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return NotWritten(f"{_shown(path)} can't be written: there is no directory {directory}")
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return NotWritten(
                f"{_shown(path)} can't be written: {directory} is not writable ({error.strerror})"
            )
        case errno.ENOSPC | errno.EDQUOT:
            return NotWritten(f"{_shown(path)} can't be written: the disk is full ({error.strerror})")
        case _:
            return NotWritten(f"{_shown(path)} can't be written: {error.strerror or error}")


def _shown(path: Path) -> str:
    return clean(str(path))
