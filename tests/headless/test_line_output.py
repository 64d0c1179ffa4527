"""Lines for a reader: slow, gone, or a disk that is full. Real pipes; nothing is timed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinktop.headless import line_output
from flinktop.headless.line_output import LineOutput

PATIENCE = 10.0


class Pipe:
    """A pipe whose reader is the test."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        self.read = b""

    def read_to(self, end: bytes) -> bytes:
        """All that was read up to an end."""
        while not self.read.endswith(end):
            chunk = os.read(self.reader, 65536)
            assert chunk, f"closed after {self.read[-200:]!r}"
            self.read += chunk
        return self.read

    def close(self) -> None:
        for descriptor in (self.reader, self.writer):
            if descriptor >= 0:
                os.close(descriptor)
        self.reader = self.writer = -1

    def leave(self) -> None:
        """Nobody reads any more."""
        os.close(self.reader)
        self.reader = -1


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    one = Pipe()
    yield one
    one.close()


class Failures:
    """What was said of failures; a test waits for the first."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._first = threading.Event()

    def __call__(self, why: str) -> None:
        self.said.append(why)
        self._first.set()

    def wait(self) -> None:
        assert self._first.wait(PATIENCE)


def dropped(number: int) -> str:
    return f"<{number} dropped>"


def test_lines_come_in_order(pipe: Pipe) -> None:
    output = LineOutput(pipe.writer, dropped=dropped)
    output.add("before the start")
    output.start()
    for number in range(100):
        output.add(f"line {number} é")
    assert output.close(PATIENCE)
    found = pipe.read_to("99 é\n".encode()).decode().splitlines()
    assert found == ["before the start", *(f"line {number} é" for number in range(100))]


def test_a_reader_that_does_not_read_stops_nobody_and_the_oldest_lines_are_counted(pipe: Pipe) -> None:
    output = LineOutput(pipe.writer, dropped=dropped, most_lines=100)
    output.start()
    line = "x" * 1000
    # Ten times what the pipe and the queue hold; each call returns at once, or the test would hang.
    for number in range(2000):
        output.add(f"{number} {line}")
    missing = output.dropped
    assert not output.close(0.0)
    found = pipe.read_to(f"1999 {line}\n".encode()).decode().splitlines()
    expected = 0
    told = []
    for one in found:
        if one.startswith("<"):
            told.append(int(one[1:].partition(" ")[0]))
            expected += told[-1]
        else:
            assert int(one.partition(" ")[0]) == expected
            expected += 1
    assert expected == 2000
    # A slow writer may have told of some before the pipe was full.
    assert sum(told) > 1000
    assert told[-1] == missing or not missing


def test_bytes_that_wait_are_bounded(pipe: Pipe) -> None:
    output = LineOutput(pipe.writer, dropped=dropped, most_bytes=5000)
    for number in range(100):
        output.add(f"{number:03} {'x' * 995}")
    assert output.dropped == 95
    output.start()
    assert output.close(PATIENCE)
    found = pipe.read_to(b"x\n").decode().splitlines()
    assert [one[:4] for one in found] == ["<95 ", *(f"{number:03} " for number in range(95, 100))]


def test_a_pipe_that_is_closed_is_said_once(pipe: Pipe) -> None:
    failed = Failures()
    output = LineOutput(pipe.writer, dropped=dropped, failed=failed)
    pipe.leave()
    output.start()
    output.add("one")
    failed.wait()
    for number in range(20):
        output.add(f"{number}")
    assert not output.close(PATIENCE)
    assert failed.said == ["Broken pipe"]


def test_a_full_disk_is_said_once_and_lines_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of the time between are counted in the first line after it."""
    failed, again = Failures(), threading.Event()
    write, full = os.write, True
    # How long it waits before it tries again is not what is tested.
    monkeypatch.setattr(line_output, "RETRY_SECONDS", 0.001)

    def on_a_disk(descriptor: int, data: bytes) -> int:
        if full:
            raise OSError(28, "No space left on device")
        written = write(descriptor, data)
        again.set()
        return written

    with (tmp_path / "lines").open("wb") as file:
        monkeypatch.setattr(os, "write", on_a_disk)
        output = LineOutput(file.fileno(), dropped=dropped, failed=failed)
        output.start()
        output.add("one")
        failed.wait()
        full = False
        assert again.wait(PATIENCE)
        output.add("two")
        assert output.close(PATIENCE)
    assert failed.said == ["No space left on device"]
    assert (tmp_path / "lines").read_text() == "<1 dropped>\ntwo\n"


def test_a_line_that_was_cut_short_is_ended_before_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, room, failed = os.write, 3, Failures()
    monkeypatch.setattr(line_output, "RETRY_SECONDS", 0.001)

    def on_a_disk(descriptor: int, data: bytes) -> int:
        nonlocal room
        if room == 0:
            room = 1000
            raise OSError(28, "No space left on device")
        written = write(descriptor, bytes(data)[:room])
        room -= written
        return written

    with (tmp_path / "lines").open("wb") as file:
        monkeypatch.setattr(os, "write", on_a_disk)
        output = LineOutput(file.fileno(), dropped=dropped, failed=failed)
        output.start()
        output.add("abcdef")
        failed.wait()
        output.add("next")
        assert output.close(PATIENCE)
    assert (tmp_path / "lines").read_text() == "abc\n<1 dropped>\nnext\n"


def test_a_descriptor_that_does_not_block_gets_all_lines(pipe: Pipe) -> None:
    os.set_blocking(pipe.writer, False)
    output = LineOutput(pipe.writer, dropped=dropped)
    output.start()
    for number in range(500):
        output.add(f"{number} {'x' * 1000}")
    found = pipe.read_to(b"499 " + b"x" * 1000 + b"\n").decode().splitlines()
    assert [int(one.partition(" ")[0]) for one in found] == list(range(500))
    assert output.close(PATIENCE)
