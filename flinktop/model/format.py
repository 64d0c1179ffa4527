"""Numbers, times and sizes as short text for people."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

UNKNOWN = "…"  # requested, or about to be, and not known yet
FAILED = "!"  # for a value whose request failed
ABSENT = "–"  # noqa: RUF001 -- a dash as wide as a digit, not a minus
"""Not available in this release or for this thing. Never 0."""

_THOUSAND = 1000.0
_KIBI = 1024.0
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_HALF_YEAR = 182 * _DAY


def count(value: float | None) -> str:
    """A count or a rate in at most five cells: 0, 7.5, 999, 1.2k, 81k, 4.5M; "…" for None and NaN."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value < 0:
        return f"-{count(-value).lstrip('<>')}"
    if 0 < value < 9.95 and value != int(value):  # noqa: PLR2004 -- below ten a decimal is significant
        return f"{value:.1f}" if value >= 0.05 else "<0.1"  # noqa: PLR2004 -- rounds to 0.0 below
    for unit in ("", "k", "M", "G", "T", "P", "E"):
        if value < 999.5:  # noqa: PLR2004 -- 999.5 would round to four digits
            small = unit and value < 9.95  # noqa: PLR2004 -- 9.95 would round to 10.0
            return f"{value:.1f}{unit}" if small else f"{value:.0f}{unit}"
        value /= _THOUSAND
    return ">999E"


def number(value: int | None) -> str:
    """A number with all its digits; "–" if not reported: None, or Flink's -1."""  # noqa: RUF002 -- ABSENT
    return ABSENT if value is None or value < 0 else str(value)


def part(some: int | None, whole: int | None) -> str:
    """A part of a whole: 3/4; "–/4" and "–/–" if not reported."""  # noqa: RUF002 -- ABSENT
    return f"{number(some)}/{number(whole)}"


def cores(value: float) -> str:
    """Processors of a slot, which may be fractions: 2, 0.5, 0.125."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if value < _THOUSAND else count(value)


def size(value: float | None) -> str:
    """Bytes with binary units in at most six cells: 0 B, 512 B, 1.5 kB, 20 MB; "–" for Flink's -1."""  # noqa: RUF002 -- ABSENT
    if value is None or math.isnan(value):
        return UNKNOWN
    if value < 0 or math.isinf(value):
        return ABSENT
    for unit in ("B", "kB", "MB", "GB", "TB", "PB", "EB"):
        if value < 999.5:  # noqa: PLR2004 -- 999.5 would round to four digits
            small = unit != "B" and value < 9.95  # noqa: PLR2004 -- 9.95 would round to 10.0
            return f"{value:.1f} {unit}" if small else f"{value:.0f} {unit}"
        value /= _KIBI
    return "∞"


def duration(seconds: float | None) -> str:
    """A duration in its largest unit, or two if the second matters: 45 s, 3 m, 2 h 5 m, 12 d."""
    if seconds is None or math.isnan(seconds):
        return UNKNOWN
    if seconds == math.inf:
        return "∞"
    whole = int(max(0.0, seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} m"
    if whole < _DAY:
        minutes = whole % _HOUR // _MINUTE
        return f"{whole // _HOUR} h {minutes} m" if whole < 10 * _HOUR and minutes else f"{whole // _HOUR} h"
    hours = whole % _DAY // _HOUR
    return f"{whole // _DAY} d {hours} h" if whole < 10 * _DAY and hours else f"{whole // _DAY} d"


def span(seconds: float | None) -> str:
    """A duration in its largest unit alone: 45 s, 2 h, 12 d; five cells up to 999 days."""
    if seconds is None or not math.isfinite(seconds) or seconds < _MINUTE:
        return duration(seconds)
    whole = int(seconds)
    unit, name = next(
        (size, name) for size, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")) if whole >= size
    )
    return f"{whole // unit} {name}"


def milliseconds(value: float | None) -> str:
    """A latency or a checkpoint's duration, given in ms: 14 ms, 6.7 s, 3 m."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if value < 0:
        return ABSENT
    if value < 999.5:  # noqa: PLR2004 -- 999.5 would round to four digits
        return f"{value:.0f} ms"
    seconds = value / _THOUSAND
    # 9.95 would round to 10.0; truncated it would be 9, less than before.
    return f"{seconds:.1f} s" if seconds < 9.95 else duration(seconds + 0.5)  # noqa: PLR2004


def elapsed(milliseconds: int) -> str:
    """A duration given in ms; "–" for Flink's -1."""  # noqa: RUF002 -- ABSENT
    return duration(milliseconds / _THOUSAND) if milliseconds >= 0 else ABSENT


def exact(milliseconds: int) -> str:
    """A configured duration to the last millisecond: 500 ms, 1 m 30 s, 2 h."""
    parts: list[str] = []
    rest = max(0, milliseconds)
    for name, unit in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count_of, rest = divmod(rest, unit)
        if count_of:
            parts.append(f"{count_of} {name}")
    return " ".join(parts) or "0 s"


def per_mille(value: float | None) -> str:
    """Flink's ms/s (busy, backpressured, idle; 0 to 1000) as a percentage without its sign."""
    if value is None or math.isnan(value):
        return UNKNOWN
    return f"{round(min(1000.0, max(0.0, value)) / 10)}"


def clock(epoch: float, offset: float | None) -> str:
    """HH:MM:SS of seconds since 1970, at an offset from UTC (s; None: the local time zone)."""
    return _written("%H:%M:%S", epoch, offset)


def moment(epoch: float, offset: float | None) -> str:
    """Date and time of seconds since 1970, to the second."""
    return _written("%Y-%m-%d %H:%M:%S", epoch, offset)


def near(epoch: float, offset: float | None, now: float) -> str:
    """A time (s since 1970), 11 cells: HH:MM:SS near `now`, MM-DD HH:MM within half a year, else the date."""
    if epoch < 0:
        return ABSENT
    away = abs(epoch - now)
    if away < _DAY / 2:
        return clock(epoch, offset)
    return moment(epoch, offset)[5:16] if away < _HALF_YEAR else moment(epoch, offset)[:10]


def exact_number(value: float) -> str:
    """A number without loss: integers with all digits, others with three decimals."""
    if math.isfinite(value) and value != int(value):
        return f"{value:.3f}"
    return f"{value:.0f}" if math.isfinite(value) else ("∞" if value > 0 else "-∞")


def share(part: float) -> str:
    """A share (0 to 1), or a percentage already divided by 100: 0 %, <1 %, 61 %."""
    percent = part * 100
    return "<1 %" if percent > 0 and round(percent) == 0 else f"{percent:.0f} %"


def _written(pattern: str, epoch: float, offset: float | None) -> str:
    """A time by a pattern; "…" for a time or an offset outside the calendar."""
    if epoch < 0:
        return ABSENT
    try:
        zone = None if offset is None else timezone(timedelta(seconds=offset))
        return datetime.fromtimestamp(epoch, tz=UTC).astimezone(zone).strftime(pattern)
    except (ValueError, OverflowError, OSError):
        return UNKNOWN


def offset_name(offset: float | None, epoch: float) -> str:
    """An offset from UTC as +09:00; UTC for 0."""
    seconds = offset if offset is not None else _own_offset(epoch)
    if not seconds or not math.isfinite(seconds) or abs(seconds) >= _DAY:
        return "UTC"
    sign = "+" if seconds > 0 else "-"
    minutes = int(abs(seconds)) // _MINUTE
    return f"{sign}{minutes // _MINUTE:02}:{minutes % _MINUTE:02}"


def _own_offset(epoch: float) -> float:
    """The offset of the local time zone from UTC at a time (s)."""
    try:
        return (datetime.fromtimestamp(epoch, tz=UTC).astimezone().utcoffset() or timedelta()).total_seconds()
    except (ValueError, OverflowError, OSError):
        return 0.0
