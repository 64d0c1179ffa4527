"""Files from the cluster: only their end is kept, one at a time, given up by closing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from flinktop.engine.transfers import KEPT, LARGE, LOOK_EVERY, MOST, SPARE, Transfer, Transfers
from flinktop.flink.errors import Rejected
from flinktop.flink.http import Http
from flinktop.flink.process import Process
from tests.manual_clock import ManualClock

LOG, STDOUT = Process("tm-1").log, Process("tm-1").stdout


class Files:
    """Streams what a test lays down; a file with a gate waits at it before its last byte."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.announced = True
        self.gates: dict[str, asyncio.Event] = {}
        self.open: set[str] = set()
        self.most_open = 0
        self.sent: list[str] = []

    async def stream(
        self, path: str, *, on_start: Callable[[int | None], None], **_limits: object
    ) -> AsyncIterator[bytes]:
        self.sent.append(path)
        self.open.add(path)
        self.most_open = max(self.most_open, len(self.open))
        try:
            body = self.bodies.get(path)
            if body is None:
                raise Rejected("GET", path, "the file is unavailable", status=500)
            on_start(len(body) if self.announced else None)
            for at in range(0, len(body), 65536):
                yield body[at : at + 65536]
            if path in self.gates:
                await self.gates[path].wait()
        finally:
            self.open.discard(path)


def transfers() -> tuple[Transfers, Files]:
    files = Files()
    return Transfers(cast(Http, files), ManualClock(), lambda _query: None), files


async def ended(all_of_them: Transfers) -> None:
    async with asyncio.timeout(10):
        while not all_of_them.idle:  # noqa: ASYNC110 -- it is read as the screen reads it
            await asyncio.sleep(0)


def known(all_of_them: Transfers) -> Transfer:
    found = all_of_them.get(LOG)
    assert found is not None
    return found


async def test_a_small_file_is_kept_whole() -> None:
    ours, files = transfers()
    files.bodies[LOG.target] = b"2026-11-22 04:10:06,019 INFO  a [] - one\n\tat two\n"
    ours.begin(LOG)
    await ended(ours)
    found = known(ours)
    assert [line.text for line in found.lines] == ["2026-11-22 04:10:06,019 INFO  a [] - one", "\tat two"]
    assert (found.state, found.begins, found.read, found.size) == ("done", 0, 49, 49)


@pytest.mark.deep
async def test_of_a_long_file_the_last_whole_lines_are_kept() -> None:
    ours, files = transfers()
    lines = [f"line {number:06}".encode() for number in range(500_000)]
    files.bodies[LOG.target] = b"\n".join(lines) + b"\n"
    ours.begin(LOG)
    await ended(ours)
    found = known(ours)
    assert found.lines[-1].text == "line 499999"
    assert found.begins + KEPT >= found.read > KEPT
    first = found.lines[0]
    assert first.at == found.begins == int(first.text.split()[1]) * 12


async def test_a_file_larger_than_allowed_is_not_sent() -> None:
    ours, files = transfers()
    files.bodies[LOG.target] = b"x" * (LARGE + 1)
    ours.begin(LOG)
    await ended(ours)
    assert (known(ours).state, known(ours).received, known(ours).size) == ("large", 0, LARGE + 1)
    ours.begin(LOG, most=LARGE * 2)
    await ended(ours)
    assert known(ours).state == "done"


async def test_a_file_of_unknown_size_is_given_up_once_it_is_too_large() -> None:
    ours, files = transfers()
    files.announced = False
    files.bodies[LOG.target] = b"x" * 300_000
    ours.begin(LOG, most=100_000)
    await ended(ours)
    assert known(ours).state == "large"
    assert 100_000 < known(ours).received < 300_000


async def test_one_file_at_a_time() -> None:
    ours, files = transfers()
    files.bodies = {LOG.target: b"a\n", STDOUT.target: b"b\n"}
    files.gates[LOG.target] = asyncio.Event()
    ours.begin(LOG)
    ours.begin(STDOUT)
    for _ in range(20):
        await asyncio.sleep(0)
    waiting = ours.get(STDOUT)
    assert waiting is not None
    assert waiting.state == "waiting"
    files.gates[LOG.target].set()
    await ended(ours)
    assert files.sent == [LOG.target, STDOUT.target]
    assert files.most_open == 1


async def test_ending_a_transfer_closes_its_connection_and_forgets_it() -> None:
    ours, files = transfers()
    files.bodies[LOG.target] = b"a\n"
    files.gates[LOG.target] = asyncio.Event()
    ours.begin(LOG)
    for _ in range(20):
        await asyncio.sleep(0)
    assert files.open
    ours.end(LOG)
    await ended(ours)
    assert not files.open
    assert ours.get(LOG) is None


async def test_a_file_requested_again_at_once_is_read() -> None:
    ours, files = transfers()
    files.bodies[LOG.target] = b"a\n"
    files.gates[LOG.target] = asyncio.Event()
    ours.begin(LOG)
    await asyncio.sleep(0)
    ours.end(LOG)
    files.gates[LOG.target].set()
    ours.begin(LOG)
    await ended(ours)
    assert known(ours).state == "done"


async def test_a_failure_says_why_and_keeps_what_was_read() -> None:
    ours, files = transfers()
    files.bodies[LOG.target] = b"a\n"
    ours.begin(LOG)
    await ended(ours)
    del files.bodies[LOG.target]
    ours.begin(LOG)
    await ended(ours)
    assert (known(ours).state, known(ours).reason) == ("failed", "the file is unavailable")
    assert [line.text for line in known(ours).lines] == ["a"]


async def test_a_file_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    ours, files = transfers()
    files.bodies[LOG.target] = b"<html>" * 100_000
    there = tmp_path / "profiles" / "run.html"
    ours.begin(LOG, file=there)
    await ended(ours)
    assert there.read_bytes() == files.bodies[LOG.target]
    assert known(ours).file == there
    del files.bodies[LOG.target]
    other = tmp_path / "profiles" / "other.html"
    ours.begin(LOG, file=other)
    await ended(ours)
    assert known(ours).state == "failed"
    assert [path.name for path in other.parent.iterdir()] == ["run.html"]


async def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    ours, files = transfers()
    files.bodies[LOG.target] = b"x"
    (tmp_path / "file").write_text("")
    ours.begin(LOG, file=tmp_path / "file" / "below.html")
    await ended(ours)
    assert known(ours).state == "failed"
    assert "could not be written" in known(ours).reason


def with_free(monkeypatch: pytest.MonkeyPatch, *free: int) -> None:
    """Let so much be free at each look."""
    looks = iter((*free, *[free[-1]] * 1000))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=next(looks)))


@pytest.mark.parametrize("announced", [True, False])
async def test_a_file_for_which_there_is_no_room_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, announced: bool
) -> None:
    ours, files = transfers()
    files.announced = announced
    files.bodies[LOG.target] = b"x" * 1_000_000
    with_free(monkeypatch, SPARE + (900_000 if announced else 10_000))
    ours.begin(LOG, file=tmp_path / "run.html")
    await ended(ours)
    assert known(ours).state == "failed"
    assert f"are free in {tmp_path}" in known(ours).reason
    assert list(tmp_path.iterdir()) == []


async def test_free_space_is_checked_again_during_a_transfer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, files = transfers()
    files.announced = False
    files.bodies[LOG.target] = b"x" * (3 * LOOK_EVERY)
    with_free(monkeypatch, 2 * SPARE, SPARE)
    ours.begin(LOG, most=MOST, file=tmp_path / "run.html")
    await ended(ours)
    assert known(ours).state == "failed"
    assert known(ours).received < 2 * LOOK_EVERY
    assert list(tmp_path.iterdir()) == []


async def test_a_saved_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    ours, files = transfers()
    files.bodies[LOG.target] = b"x"
    ours.begin(LOG, file=tmp_path / "profiles" / "run.html")
    await ended(ours)
    assert (tmp_path / "profiles" / "run.html").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "profiles").stat().st_mode & 0o777 == 0o700


HEAP = b"java.lang.OutOfMemoryError: Java heap space"


async def test_the_well_known_failures_of_what_is_kept_are_found_by_their_lines() -> None:
    ours, files = transfers()
    head = b"2026-11-22 04:10:06,019 ERROR a [] - \x1b[31mfailed\x1b[0m\x00\r\n"
    files.bodies[LOG.target] = head + HEAP + b"\r\n\tat a.B.c(B.java:1)\r\n" + head + HEAP + b"\n"
    ours.begin(LOG)
    await ended(ours)
    found = known(ours)
    assert [(one.failure.id, one.line) for one in found.known] == [("oom-heap", 2), ("oom-heap", 5)]
    assert [found.lines[one.line - 1].text for one in found.known] == [HEAP.decode()] * 2
    # Read again, it is another file.
    files.bodies[LOG.target] = head
    ours.begin(LOG)
    await ended(ours)
    assert known(ours).known == ()


async def test_lines_have_the_same_numbers_whatever_is_in_them() -> None:
    odd = [
        b"\x85\xe2\x80\xa8",
        b"\x0b\x0c",
        b"\x1b]0;title",
        b"x" * 300_000,
        b"\xff\xfe",
        b"\r",
        b"[b]\\n\\tat x",
    ]
    ours, files = transfers()
    files.bodies[LOG.target] = b"\n".join([*odd, HEAP, *odd, HEAP, b""])
    ours.begin(LOG)
    await ended(ours)
    found = known(ours)
    assert [one.line for one in found.known] == [len(odd) + 1, 2 * len(odd) + 2]
    assert {found.lines[one.line - 1].text for one in found.known} == {HEAP.decode()}


async def test_a_log_is_shown_though_its_failures_cannot_be_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_text: str) -> None:
        raise RecursionError

    monkeypatch.setattr("flinktop.engine.transfers.of_text", broken)
    ours, files = transfers()
    files.bodies[LOG.target] = HEAP
    ours.begin(LOG)
    await ended(ours)
    assert (known(ours).state, known(ours).known) == ("done", ())
    assert [line.text for line in known(ours).lines] == [HEAP.decode()]
