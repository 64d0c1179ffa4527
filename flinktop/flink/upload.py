"""Files on their way to the cluster."""

from collections.abc import Callable
from typing import BinaryIO


class Watched:
    """A file that says how much of it was read; httpx takes it for a file."""

    def __init__(self, file: BinaryIO, size: int, progress: Callable[[int, int], None] | None) -> None:
        self._file = file
        self._size = size
        self._progress = progress
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        chunk = self._file.read(size)
        self._read += len(chunk)
        if self._progress is not None:
            self._progress(self._read, self._size)
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; a body that is sent again begins at 0."""
        position = self._file.seek(offset, whence)
        self._read = position if whence == 0 else self._read
        return position

    def tell(self) -> int:
        """Where the next read begins."""
        return self._file.tell()

    def fileno(self) -> int:
        """The descriptor, from which httpx learns the length."""
        return self._file.fileno()
