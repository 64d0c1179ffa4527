"""A log as entries: first lines, levels, and filters by level and text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from flinktop.flink.text import MOST, clean, clean_lines, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flinktop.flink.logs import LogFile

LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")  # of log4j and logback, worst last
TROUBLE = ("WARN", "ERROR", "FATAL")
STEPS = ("", "INFO", "WARN", "ERROR")  # minimum levels that can be chosen; "" shows everything

_ENTRY = re.compile(r"[\d\[{][^\n]{0,100}?\b(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)(?:ING)?\b")
"""The first line of an entry: a time or a bracket, followed by a level. Matches Flink's own pattern
(`2026-11-22 04:10:06,019 INFO  logger [] - words`), logback's, and one JSON object per line."""
_PARTS = re.compile(r"(\S+ \S+)( +)([A-Z]+)( +)(\S+)(.*)", re.DOTALL)  # date, time, level, logger, words
_LEAD = re.compile(r"\s*(?:\[\]\s*)?-\s+|\s+")  # before the words: an empty context, a dash
_TONES = {"FATAL": "bad", "ERROR": "bad", "WARN": "warn", "DEBUG": "muted", "TRACE": "muted"}


class LogLine(NamedTuple):
    """One line."""

    text: str
    level: str  # of its entry; "" before the first line that has one
    at: int  # its offset in the file in bytes
    first: bool  # whether its entry begins here; other lines continue one, such as stack traces
    short: str  # the line with a shorter prefix: see `shortened`


def read(body: bytes, begins: int = 0) -> tuple[LogLine, ...]:
    """The lines of a log; `body` starts at the start of a line, at offset `begins` of the file."""
    if not body:
        return ()
    # Every line ends with one, so that \r\n is kept together.
    body = body if body.endswith(b"\n") else body + b"\n"
    raws = body.split(b"\n")[:-1]
    texts = clean_lines(body.decode("utf-8", "replace")).split("\n")[:-1]
    if len(texts) != len(raws):
        # A terminal sequence spans line ends: clean each line on its own.
        texts = [clean_lines(raw.decode("utf-8", "replace")) for raw in raws]
    texts = [clean(cut(text)) if len(text) > MOST else text for text in texts]
    lines: list[LogLine] = []
    level, at = "", begins
    for raw, text in zip(raws, texts, strict=True):
        found = _ENTRY.match(text)
        if found is not None:
            level = found[1]
        short = shortened(text) if found is not None else text
        lines.append(LogLine(text, level, at, found is not None, short))
        at += len(raw) + 1
    return tuple(lines)


def shortened(text: str) -> str:
    """A line of Flink's own pattern with month, day and second, level, class and words; others unchanged.

    On a screen of 80 columns the full class name would leave no room for the words.
    """
    found = _PARTS.fullmatch(text)
    if found is None or found[3] not in LEVELS:
        return text
    when, _, level, _, logger, words = found.groups()
    clock = when.partition(",")[0].partition(".")[0]
    rest = _LEAD.sub("", words, count=1)
    return f"{clock[5:] if clock[4:5] == '-' else clock} {level:<5} {logger.rpartition('.')[2]}  {rest}"


def entries(lines: Sequence[LogLine]) -> Iterator[Sequence[LogLine]]:
    """Each entry with all its lines."""
    began = 0
    for number, line in enumerate(lines):
        if line.first and number > began:
            yield lines[began:number]
            began = number
    if began < len(lines):
        yield lines[began:]


def chosen(lines: Sequence[LogLine], least: str, text: str) -> Sequence[LogLine]:
    """The entries with at least this level, or without one, that contain this text, with all lines."""
    if not least and not text:
        return lines
    rank = LEVELS.index(least) if least else 0
    wanted = text.casefold()
    found: list[LogLine] = []
    for entry in entries(lines):
        level = entry[0].level
        if level and LEVELS.index(level) < rank:
            continue
        if not wanted or any(wanted in line.text.casefold() for line in entry):
            found += entry
    return found


def next_step(least: str) -> str:
    """The next level that can be chosen."""
    return STEPS[(STEPS.index(least) + 1) % len(STEPS)]


def tone(line: LogLine) -> str:
    """The style of a line; in a stack trace the exceptions are highlighted and the frames dimmed."""
    if line.first:
        return _TONES.get(line.level, "")
    if line.text.lstrip().startswith(("at ", "... ")):
        return "muted"
    return "strong" if line.text.startswith(("Caused by:", "Suppressed:")) else ""


def parts(text: str, style: str) -> list[tuple[str, str]]:
    """A line as styled parts: time and logger are dimmed, the level and bad words highlighted."""
    found = _PARTS.match(text) if text[:1].isdigit() else None
    if found is None or found[3] not in LEVELS:
        return [(text, style)]
    when, gap, level, second, logger, words = found.groups()
    return [
        (f"{when}{gap}", "muted"),
        (level, style or "info"),
        (f"{second}{logger}", "muted"),
        (words, style),
    ]


def counted(lines: Iterable[LogLine]) -> dict[str, int]:
    """Numbers of entries by level, for the levels that need attention."""
    found = {"ERROR": 0, "WARN": 0}
    for line in lines:
        if line.first and line.level in ("FATAL", "ERROR"):
            found["ERROR"] += 1
        elif line.first and line.level == "WARN":
            found["WARN"] += 1
    return found


_STAMP = re.compile(r"\D{0,40}?(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:[.,](\d{3})\d*)?(Z?)")


def stamp(text: str, offset: float) -> float | None:
    """The time of a line (s since 1970); None without date and time.

    Flink's own pattern has no time zone: it is that of the process, `offset` seconds from UTC.
    """
    found = _STAMP.match(text)
    if found is None:
        return None
    date, clock, thousandths, zulu = found.groups()
    try:
        written = datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return written + int(thousandths or 0) / 1000.0 - (0.0 if zulu else offset)


def first_since(lines: Sequence[LogLine], at: float, offset: float) -> int | None:
    """The index of the first entry since a time (s since 1970), else their number; None without times."""
    known = False
    for number, line in enumerate(lines):
        written = stamp(line.text, offset) if line.first else None
        if written is not None:
            known = True
            if written >= at:
                return number
    return len(lines) if known else None


def first_trouble(lines: Sequence[LogLine], at: float, until: float, offset: float) -> int | None:
    """The index of the first entry between two times (s since 1970) that tells of trouble; None if none does.

    That is one of a warning or worse, or one with a stack: Flink up to 1.10 logs a task's failure as INFO.
    """
    start = first_since(lines, at, offset)
    for number in range(start if start is not None else len(lines), len(lines)):
        line = lines[number]
        if not line.first:
            continue
        written = stamp(line.text, offset)
        if written is not None and written > until:
            return None
        has_stack = number + 1 < len(lines) and not lines[number + 1].first
        if has_stack or line.level in TROUBLE:
            return number
    return None


# -- which file of a log directory belongs to a process ----------------------------------------------

OF_TASKMANAGERS = ("taskexecutor", "taskmanager")
OF_JOBMANAGERS = (  # parts of log file names by Flink's scripts and images
    "standalonesession",
    "standalonejob",
    "jobmanager",
    "kubernetes-session",
    "kubernetes-application",
    "yarn-session",
)
OF_OTHERS = ("historyserver", "sql-gateway", "sql-client", "-client-", "zookeeper", "python")


def own_files(files: Iterable[LogFile], *, taskmanager: bool, stdout: bool) -> tuple[LogFile, ...]:
    """The files that …/log or …/stdout may send; Flink's list does not mark that file.

    Processes of one machine may share a log directory, and then each lists the files of all. Files with a
    name of another kind of process are left out; the remaining ones can't be told apart.
    """
    ending = ".out" if stdout else ".log"
    found = [one for one in files if one.name.endswith(ending)]
    own, other = (OF_TASKMANAGERS, OF_JOBMANAGERS) if taskmanager else (OF_JOBMANAGERS, OF_TASKMANAGERS)
    named = tuple(one for one in found if any(word in one.name for word in own))
    return named or tuple(one for one in found if not any(word in one.name for word in (*other, *OF_OTHERS)))


def is_refuted(*, before: int | None, read: int, after: int | None) -> bool:
    """Whether a file of the list can't be the one that was read.

    A log only grows, so its size (bytes) in the list before and after the read must enclose the bytes read;
    None if there is no such list. A log that was rotated in the meantime is read again.
    """
    return (before is not None and before > read) or (after is not None and after < read)
