"""Sending files to the cluster."""

from collections.abc import Awaitable, Callable
from typing import BinaryIO, TypeVar

from flinktop.flink.errors import Rejected

T = TypeVar("T")

KINDS = ("application/x-java-archive", "application/java-archive", "application/zip")  # not used by Flink
_NETTY_FAILURE = "File upload failed"


async def send_files(send: Callable[[str], Awaitable[T]]) -> T:
    """Send files, and again if the server failed because of how the bytes were split into packets.

    The netty of Flink 1.14 fails with a 500 if a packet ends in a carriage return; then nothing was
    accepted. Another content type shifts the bytes.
    """
    for kind in KINDS[:-1]:
        try:
            return await send(kind)
        except Rejected as error:
            if not error.detail.startswith(_NETTY_FAILURE):
                raise
    return await send(KINDS[-1])


class ProgressFile:
    """A file that reports how much of it was read; httpx accepts it as a file."""

    def __init__(self, file: BinaryIO, size: int, progress: Callable[[int, int], None] | None) -> None:
        self._file = file
        self._size = size
        self._progress = progress
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._read += len(chunk)
        if self._progress is not None:
            self._progress(self._read, self._size)
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        """Seek; a body that is sent again starts at 0."""
        position = self._file.seek(offset, whence)
        self._read = position if whence == 0 else self._read
        return position

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        """The descriptor, from which httpx learns the length."""
        return self._file.fileno()
