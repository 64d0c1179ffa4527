"""Checks of settings from any source: themes, colours, seconds, addresses, names, headers.

Every check returns the normalized value or raises NotAllowed with the rest of a sentence; the caller puts
the value's location before it. No sentence repeats a value that could be a secret.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

THEMES: Final = ("dark", "light", "ansi", "ansi-dark", "ansi-light")
COLOURS: Final = ("red", "yellow", "green", "cyan", "blue", "magenta", "white")
COMMANDS: Final = (
    "open", "local", "demo", "status", "bundle", "explain", "operations", "savepoint", "stop", "cancel",
    "submit", "clusters", "journal", "watch", "columns", "completion", "kubernetes",
)  # fmt: skip
LATER_COMMANDS: Final = ("journal", "bundle", "watch", "columns", "completion", "kubernetes")
"""Commands that came when clusters could already bear their names: `open NAME` opens such a cluster."""
RESERVED: Final = (*(name for name in COMMANDS if name not in LATER_COMMANDS), "replay", "record")
"""Commands, including planned ones: a cluster with such a name could not be opened by it."""
DAYS: Final = "a number of days from 1 to 3650"
MEGABYTES: Final = "a whole number of megabytes from 4 to 4096"
SHORTEST: Final = 0.5
LONGEST: Final = 3600.0
SECONDS: Final = f"a number of seconds from {SHORTEST:g} to {LONGEST:g}"

_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("0", "false", "no", "off")
_NUMBER: Final = r"(\d{1,9}(?:\.\d{1,3})?)"
_DURATION: Final = re.compile(" ?".join(rf"(?:{_NUMBER} ?{unit})?" for unit in "dhms"))
_UNITS: Final = (24 * 3600, 3600, 60, 1)
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CLUSTER_NAME: Final = re.compile(r"[^\s:/@-][^\s:/@]*")
_HOST_PORT: Final = re.compile(r"(\[[^\]\s]*\]|[^\s:/@\[\]]+):\d+([/#].*)?")


class NotAllowed(ValueError):  # noqa: N818 -- the name says what happened
    """An invalid value of a setting; the text is the rest of a sentence."""


class SettingsError(Exception):
    """An invalid setting: one sentence with its location and the allowed values."""


def near(word: str, names: Iterable[str]) -> str:
    """Similar names, as "; did you mean 'x'?"; "" if there are none."""
    import difflib  # noqa: PLC0415 -- only a mistake needs it

    close = difflib.get_close_matches(word.lower(), list(names), n=2)
    return f"; did you mean {listed(map(repr, close))}?" if close else ""


def listed(words: Iterable[str]) -> str:
    """Words as a list: "a, b or c"."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def shown(text: str) -> str:
    """Text of the user for a message: one line, no control characters, shortened."""
    plain = _plain(text)
    return plain if len(plain) <= 80 else plain[:79] + "…"  # noqa: PLR2004 -- a line of a terminal


def shown_path(path: Path) -> str:
    """A path for a message: one line, no control characters, not shortened."""
    return _plain(str(path))


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def one_of(text: str, names: tuple[str, ...]) -> str:
    """Check that a word is one of `names`."""
    if text not in names:
        raise NotAllowed(f"must be {listed(names)}, not '{shown(text)}'{near(text, names)}")
    return text


def colour(text: str) -> str:
    """Check a cluster's colour: a name or #rrggbb."""
    if re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return text.lower()
    if text not in COLOURS:
        names = ", ".join(COLOURS)
        raise NotAllowed(f"must be {names} or #rrggbb, not '{shown(text)}'{near(text, COLOURS)}")
    return text


def group_name(text: str) -> str:
    """Check the name of a group: one word, as a filter writes it after `group:`."""
    if any(letter.isspace() for letter in text):
        raise NotAllowed(f"must be one word without blanks, not '{shown(text)}'")
    return text


def truth(text: str) -> bool:
    """Check a boolean environment variable."""
    word = text.strip().lower()
    if word not in _TRUE + _FALSE:
        raise NotAllowed(f"must be {listed(_TRUE + _FALSE)}, not '{shown(text)}'")
    return word in _TRUE


def seconds(value: float) -> float:
    """Check a refresh interval (s)."""
    if not SHORTEST <= value <= LONGEST:
        raise NotAllowed(f"must be {SECONDS}, not {shown(str(value).removesuffix('.0'))}")
    return float(value)


def seconds_text(text: str) -> float:
    """Check a refresh interval (s) given as text."""
    try:
        value = float(text)
    except ValueError:
        raise NotAllowed(f"must be {SECONDS}, not '{shown(text)}'") from None
    return seconds(value)


def days(value: float) -> float:
    """Check for how many days the journal is kept."""
    if not 1 <= value <= 3650:  # noqa: PLR2004 -- as DAYS says
        raise NotAllowed(f"must be {DAYS}, not {value:g}")
    return float(value)


def megabytes(value: float) -> int:
    """Check how many megabytes the journal may take."""
    if not (4 <= value <= 4096 and float(value).is_integer()):  # noqa: PLR2004 -- as MEGABYTES says
        raise NotAllowed(f"must be {MEGABYTES}, not {value:g}")
    return int(value)


def duration(text: str, least: float, most: float) -> float:
    """Check a duration such as 30s, 5m, 2h, 1d or 1m30s, from `least` to `most` (s); returns seconds."""
    found = _DURATION.fullmatch(text.strip())
    allowed = f"from {duration_text(least)} to {duration_text(most)}"
    if found is None or not any(found.groups()):
        raise NotAllowed(f'must be a duration {allowed}, such as "30s", "5m" or "2h", not \'{shown(text)}\'')
    value = sum(float(number) * unit for number, unit in zip(found.groups(), _UNITS, strict=True) if number)
    if not least <= value <= most:
        raise NotAllowed(f"must be a duration {allowed}, not '{shown(text)}'")
    return value


def duration_text(seconds: float) -> str:
    """A duration as settings have it: 90 is 1m30s."""
    left, parts = seconds, []
    for unit, name in zip(_UNITS[:-1], "dhm", strict=True):
        count, left = divmod(left, unit)
        parts += [f"{count:.0f}{name}"] if count else []
    return "".join((*parts, *([f"{left:g}s"] if left or not parts else [])))


def cluster_name(text: str) -> str:
    """Check a cluster name: it must not be a command or look like an address or an option."""
    if text in RESERVED:
        raise NotAllowed(f"'{text}' is a command of flinktop: give the cluster another name")
    return plain_name(text, "a cluster's name")


def plain_name(text: str, what: str = "a name") -> str:
    """Check a name: one word that does not look like an address, a path or an option."""
    if not (_CLUSTER_NAME.fullmatch(text) and text.isprintable()):
        raise NotAllowed(f"{what} must not be empty, begin with '-' or hold spaces, ':', '/' or '@'")
    return text


def is_address(text: str) -> bool:
    """Whether a target is an address (http://…, host:port, host:port/base), not a cluster's name."""
    return "://" in text or "@" in text or _HOST_PORT.fullmatch(text) is not None


def address(text: str) -> str:
    """Check an address and return the base URL of its cluster, without a trailing slash.

    `host:port` means http://host:port. The part after `#` is dropped: it is the Web UI's, see
    `addresses.shown_job`.
    """
    if "@" in text:
        raise NotAllowed(
            "an address must not hold a user or a password: give them by --user and --password-file, by "
            "FLINKTOP_USER and FLINKTOP_PASSWORD, or by user and password_file in the config file"
        )
    if any(c.isspace() or not c.isprintable() for c in text):
        raise NotAllowed("an address must not hold spaces or control characters")
    if not is_address(text):
        raise NotAllowed("an address is written http://host:port, https://host:port/base or host:port")
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise NotAllowed(
            "the host or the port of the address can't be read: write http://host:port"
        ) from None
    if parts.scheme not in ("http", "https"):
        raise NotAllowed(f"an address starts with http:// or https://, not '{shown(parts.scheme)}://'")
    if not host or port == 0:
        raise NotAllowed("the address needs a host and a port from 1 to 65535: write http://host:port")
    if parts.query:
        raise NotAllowed("an address must not have a query ('?' and what follows)")
    where = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{where}{'' if port is None else f':{port}'}{parts.path.rstrip('/')}"


def header(name: str, value: str) -> tuple[str, str]:
    """Check an HTTP header that is no secret."""
    if not _HEADER_NAME.fullmatch(name):
        raise NotAllowed(f"'{shown(name)}' is not a valid header name")
    if name.lower() in ("authorization", "cookie", "proxy-authorization"):
        raise NotAllowed(
            f"{name} is a secret and does not belong here: put it in a file and name it by header_file"
        )
    if not value.isprintable():
        raise NotAllowed(f"the header {name} must be one line without control characters")
    return name, value.strip()


def header_line(text: str) -> tuple[str, str]:
    """Check an HTTP header given as 'Name: value'."""
    name, colon, value = text.partition(":")
    if not colon:
        raise NotAllowed("must look like 'Name: value'")
    return header(name.strip(), value)
