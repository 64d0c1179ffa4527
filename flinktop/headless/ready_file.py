"""A file that is there while the watcher is ready: for probes, and for scripts that wait for it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from flinktop.allowed import shown_path

if TYPE_CHECKING:
    from pathlib import Path

_MARK: Final = "flinktop watch"
_MOST: Final = 200
"""Bytes of such a file."""


class ReadyFileError(Exception):
    """The file can't be used; the text is a sentence."""


class ReadyFile:
    """One such file, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity: tuple[int, int] | None = None  # of the file that was written here

    def prepare(self) -> None:
        """Remove a file that an earlier watcher left, and try whether one can be written.

        Raises ReadyFileError if it can't, or if the file there is not one that a watcher wrote.
        """
        name = shown_path(self.path)
        try:
            if self._is_another_file():
                raise ReadyFileError(
                    f"{name} is there and is no ready file of flinktop: it is not overwritten; name another"
                )
            trial = self._write_beside()
            trial.unlink()
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise ReadyFileError(f"{name} can't be written ({error.strerror})") from None

    def write(self) -> None:
        """Write it; a file that is there is replaced. Raises OSError."""
        written = self._write_beside()
        try:
            at = written.stat()
            written.replace(self.path)
        except OSError:
            with suppress(OSError):
                written.unlink()
            raise
        self._identity = at.st_dev, at.st_ino

    def remove(self) -> None:
        """Remove it, unless another watcher has replaced it meanwhile."""
        with suppress(OSError):
            at = self.path.lstat()
            if self._identity == (at.st_dev, at.st_ino):
                self.path.unlink()

    def _is_another_file(self) -> bool:
        try:
            at = self.path.lstat()
        except FileNotFoundError:
            return False
        if not stat.S_ISREG(at.st_mode) or at.st_size > _MOST:
            return True
        return at.st_size > 0 and not self.path.read_bytes().startswith(_MARK.encode())

    def _write_beside(self) -> Path:
        """Write a file next to it. Raises OSError."""
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, f"{_MARK} {os.getpid()}\n".encode())
        except OSError:
            beside.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        return beside
