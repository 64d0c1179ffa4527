"""Of a log that comes in pieces the part around a time is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flinktop.bundle.log_window import AROUND, END, LATER, MARGIN, LogWindow

BEGAN = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
MOST = 40_000


def log(entries: int, zone: float = 0.0, pattern: str = "%Y-%m-%d %H:%M:%S,019") -> bytes:
    """An entry of 100 bytes each second, with a line of a stack."""
    lines = []
    for number in range(entries):
        when = BEGAN + timedelta(seconds=number + zone)
        lines.append(f"{when.strftime(pattern)} INFO  a.b.C [] - entry {number}".ljust(79) + "\n")
        lines.append("\tat a.b.C.d(C.java)\n")
    return "".join(lines).encode()


def window(body: bytes, at: float | None, *, piece: int = 7001, zone: float = 0.0) -> tuple[str, str, int]:
    """Where the kept part is, the text, and how many bytes were taken."""
    kept = LogWindow(MOST, at, zone)
    taken = 0
    for start in range(0, len(body), piece):
        taken += len(body[start : start + piece])
        if not kept.take(body[start : start + piece]):
            break
    found = kept.close()
    text = found.body[found.lead :]
    assert body[found.begins : found.ends] == text
    assert len(text) <= MOST
    assert found.lead <= MARGIN
    assert body[found.begins - found.lead : found.begins] == found.body[: found.lead]
    return found.place, text.decode(), taken


def at(second: int) -> float:
    return BEGAN.timestamp() + second


@pytest.mark.parametrize("piece", [1, 17, 4096, 10_000_000])
def test_what_led_to_the_time_and_what_followed_is_kept(piece: int) -> None:
    entries = 300 if piece == 1 else 5000
    second = entries // 2
    place, text, _ = window(log(entries), at(second), piece=piece)
    assert place == AROUND
    assert f"entry {second}" in text
    assert text.startswith(("2026-", "\tat"))
    assert text.endswith("\n")
    if entries == 5000:
        before, after = text.split(f"entry {second - 1}".ljust(5))[0], text.split(f"entry {second}")[1]
        assert 0.3 * MOST < len(before) < 0.5 * MOST
        assert len(after) > 0.5 * MOST


def test_the_rest_of_the_file_is_not_read() -> None:
    _, _, taken = window(log(5000), at(10))
    assert taken < 2 * MOST


def test_the_time_is_that_of_the_process() -> None:
    place, text, _ = window(log(2000, zone=9 * 3600.0), at(1000), zone=9 * 3600.0)
    assert (place, "entry 1000 " in text) == (AROUND, True)


def test_a_time_with_a_zone_of_its_own_is_utc() -> None:
    body = log(2000, pattern='{"@timestamp":"%Y-%m-%dT%H:%M:%S.019Z"}')
    place, text, _ = window(body, at(1000), zone=9 * 3600.0)
    assert (place, "entry 1000 " in text) == (AROUND, True)


def test_a_file_that_begins_later_gives_its_beginning() -> None:
    place, text, _ = window(log(5000), at(-500))
    assert (place, text[:60]) == (LATER, log(1).decode()[:60])


@pytest.mark.parametrize("second", [None, 90_000])
def test_without_such_a_time_the_end_is_kept(second: int | None) -> None:
    place, text, taken = window(log(5000), None if second is None else at(second))
    assert place == END
    assert text.endswith("\tat a.b.C.d(C.java)\n")
    assert "entry 4999 " in text
    assert len(text) > MOST - 200
    assert taken == len(log(5000))


@pytest.mark.parametrize(
    "body", [b"", b"no time\n", b"x" * 200_000, b"\xff\xfe\n" * 50_000, b"2026-99-99 99:99:99 \n"]
)
def test_a_file_that_is_no_log_gives_its_end(body: bytes) -> None:
    place, text = END, ""
    kept = LogWindow(MOST, at(0), 0.0)
    for start in range(0, len(body), 5000):
        kept.take(body[start : start + 5000])
    found = kept.close()
    place, text = found.place, found.body[found.lead :].decode("utf-8", "replace")
    assert place in (END, LATER)
    assert len(found.body) - found.lead <= MOST
    assert bool(text) == bool(body)


@pytest.mark.parametrize("moment", [float("inf"), -1e20, 1e20])
def test_a_time_outside_the_calendar_is_none(moment: float) -> None:
    place, _, _ = window(log(100), moment)
    assert place == END
