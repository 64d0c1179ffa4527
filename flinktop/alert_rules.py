"""`[[alerts]]` and `[notify]` of the config file: which findings call, and how.

The words are those of `flinktop.judgement`, which settings must not import; see finding_rules.py.
"""

import re
from dataclasses import dataclass
from typing import Final

from flinktop.allowed import NotAllowed, duration_text, listed, near, shown

SEVERITIES: Final = ("critical", "warning")
DESKTOPS: Final = ("auto", "osc9", "osc777", "osc99", "off")
LONGEST_WAIT: Final = 24 * 3600.0
SHORTEST_REPEAT: Final = 10.0
LONGEST_REPEAT: Final = 7 * 24 * 3600.0
MOST_WORDS: Final = 100
"""Words of a command; a longer list is a mistake."""

_TIMES: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")
_DAY: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One `[[alerts]]`: which findings it is about, and whether they call; None is a missing key."""

    clusters: tuple[str, ...] | None = None  # names or patterns of names
    jobs: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    severity: str | None = None  # at least
    wait: float | None = None  # `for`, seconds
    between: tuple[int, int] | None = None  # minutes of the day, local time
    off: bool | None = None

    @property
    def sentence(self) -> str:
        """What it says, as a line for people."""
        what = listed(self.kinds) if self.kinds else "all findings"
        least = " of severity critical" if self.severity == "critical" else ""
        jobs = f" of {listed(self.jobs)}" if self.jobs else ""
        clusters = f" on {listed(self.clusters)}" if self.clusters else ""
        times = ""
        if self.between is not None:
            times = f" between {_clock(self.between[0])} and {_clock(self.between[1])}"
        says = "off" if self.off else "calls"
        wait = f" after {duration_text(self.wait)} more" if self.wait else ""
        return f"{what}{least}{jobs}{clusters}{times}: {says}{wait}"


@dataclass(frozen=True, slots=True)
class Notify:
    """`[notify]`: how flinktop calls."""

    bell: bool = True
    desktop: str = "auto"  # one of DESKTOPS
    title: bool = True  # whether the terminal's title says what is open
    command: tuple[str, ...] = ()  # program and arguments; empty: none
    repeat: float | None = None  # seconds between two calls of the command while an alert is open

    @property
    def sentence(self) -> str:
        """What applies, as a line for people."""
        ways = [
            "bell" if self.bell else "",
            f"desktop notification ({self.desktop})" if self.desktop != "off" else "",
            "title" if self.title else "",
            # Its arguments may be secrets.
            f"command {shown(self.command[0])}" if self.command else "",
        ]
        found = ", ".join(filter(None, ways)) or "nothing: alerts are listed only"
        again = f", repeated every {duration_text(self.repeat)}" if self.command and self.repeat else ""
        return f"{found}{again}"


def severity(text: str) -> str:
    """Check the least severity that calls."""
    if text == "info":
        raise NotAllowed(f"must be {listed(SEVERITIES)}, not 'info': a finding of severity info never alerts")
    if text not in SEVERITIES:
        raise NotAllowed(f"must be {listed(SEVERITIES)}, not '{shown(text)}'{near(text, SEVERITIES)}")
    return text


def between(text: str) -> tuple[int, int]:
    """Check two times of the day, `22:00-06:00`, and return them as minutes; the second may be 24:00."""
    found = _TIMES.fullmatch(text.strip())
    if found is None:
        raise NotAllowed(f"must be two times of the day such as \"22:00-06:00\", not '{shown(text)}'")
    begin, end = (int(found[at]) * 60 + int(found[at + 1]) for at in (1, 3))
    minutes = (int(found[2]), int(found[4]))
    if begin >= _DAY or end > _DAY or max(minutes) >= 60:  # noqa: PLR2004 -- minutes of an hour
        raise NotAllowed(f"must have times from 00:00 to 23:59, not '{shown(text)}'")
    if begin == end % _DAY:
        raise NotAllowed(f"begins and ends at {_clock(begin)}: leave it out for the whole day")
    return begin, end


def command(words: tuple[str, ...]) -> tuple[str, ...]:
    """Check a command: a program and its arguments, as a list."""
    if len(words) > MOST_WORDS:
        raise NotAllowed(f"must have at most {MOST_WORDS} words, not {len(words)}")
    if len(words) == 1 and " " in words[0].strip():
        raise NotAllowed(
            "is started without a shell: write program and arguments as a list, "
            'such as ["notify-send", "flinktop"], or ["sh", "-c", "…"] for a shell'
        )
    return words


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
