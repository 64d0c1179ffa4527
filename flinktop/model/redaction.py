"""Removes secrets from text, arguments and settings before they are stored, shown or copied.

A program's arguments may contain passwords. HIDDEN replaces: values of pairs with a secret's name
anywhere in a text (`--db.password=x`, `…?user=u&password=x`, `{"token": "x"}`), the word after an option
with such a name (`--key x`, `-p x`), users in addresses (`s3://KEY:SECRET@…`,
`jdbc:oracle:thin:u/pw@…`), and texts in the form of a secret (a bearer token, a JWT, a private key).
Anything else can't be distinguished from other text and is kept.

An argument may be a megabyte long: every pattern here is linear in the length of the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HIDDEN = "******"

_WHOLE = r"jaas|authorization|cookie|connection[-_.]?string|http-headers"  # hidden up to the end of the value
_PARTS = (  # parts of a name that make its value a secret
    rf"{_WHOLE}|passw|pss?wd|pswd|passphrase|passcode|secret|token|credential|bearer|signature"
    r"|basic[-_.]?auth|auth[-_.]?params|(?:api|access|private|account|shared|service|encryption|auth)[-_.]?key"
)
_LAST = "key|auth|pass|pwd|pw|psw|sig|sas|pin|otp|jwt|creds?|login|p"
"""Last words of such a name: `--key`, `basic.auth`, `Pwd`, `-p`; not `key.serializer`."""
_OTHER_WORDS = "(?:by|com|encom|sur|over|under|tres|multi)pass|oldpwd"  # same endings, but no secrets
_JOINED = rf"(?!{_OTHER_WORDS})[a-z]{{1,20}}(?:pass|pwd|pw)"  # `-storepass`, `dbpwd`; not `bypass`
_NAME = re.compile(  # the end of a secret's name, from its significant word on
    rf"(?:{_PARTS})[\w.-]{{0,200}}"
    rf"|(?:(?<![^\W_])(?:{_LAST}|{_JOINED})|(?-i:(?<=[a-z0-9])(?:Key|Auth|Pass|Pwd|Pw|Sig|Pin|Login)))(?![\w.-])",
    re.IGNORECASE,
)
_IS_WHOLE = re.compile(_WHOLE, re.IGNORECASE)
_BEFORE = re.compile(r"[\w.-]{0,80}")  # the start of a name, read backwards from that word
_SIGN = re.compile(  # between a name and its value
    r"""(?:\[\d{1,4}\]|%)?\\{0,4}["'`]?[\])]?[ \t]{0,20}"""
    r"""(?:=>|:=|->|==|=(?!=)|:(?!//|:)|%3[AD])(?:[ \t]{0,20}\r?\n[ \t]{0,80}(?=["'`])|[ \t]{0,20})"""
    r"""|>(?=[^\s=>])""",
    re.IGNORECASE,
)
_VALUE = re.compile(  # the same if the name is a value itself: `{"name": "password", "value": "x"}`
    r"""\\{0,4}["'`]?[ \t]{0,4}[,;]?[ \t]{0,4}\\{0,4}["'`]?value\\{0,4}["'`]?[ \t]{0,4}[=:][ \t]{0,4}""",
    re.IGNORECASE,
)
_NAMED = re.compile(  # a secret's name as the value of a pair, with the secret after it
    rf"""(?:{_SIGN.pattern})\\{{0,4}}["'`]?([\w.-]{{1,200}}){_VALUE.pattern}""", re.IGNORECASE
)
_SPACE = re.compile(r"[ \t]{1,20}")
_QUOTE = re.compile(r"""(\\{0,4})(["'`])""")
_BRACKETS = {"{": re.compile(r"[{}]"), "[": re.compile(r"[\[\]]"), "(": re.compile(r"[()]")}
_END = re.compile(
    r"""[\r\n<]"""
    r"""|["'`](?=[,;)}\]\s]|$)"""
    r"""|[ \t]{1,4}(?=-{1,2}[^\W\d_])"""
    r"""|[,;&?|})\]\s][ \t]{0,4}(?=\\{0,4}["'`]?[\w.-]{1,80}\\{0,4}["'`]?[ \t]{0,4}(?:=|:|%3[AD]))"""
    r"""|%26(?=[\w.-]{1,80}(?:=|%3D))""",
    re.IGNORECASE,
)
"""The end of an unquoted value: end of line or of the quotes around it, an option, or another pair."""
_LINE_END = re.compile(r"[\r\n]")
_WORD_END = re.compile(r"\s")
_FIRST = re.compile(r"-{0,2}[\w.-]{1,80}=")  # a name in front of an address
_JDBC = re.compile(r"jdbc:\w{1,40}:(?:\w{1,40}:){0,2}", re.IGNORECASE)
_PORT = re.compile(r"\d{1,5}(?:[/,?]|$)")
_RUN = re.compile(r"""[^\s"'`<>]+""")  # characters that may contain an address
_DIGEST = re.compile(r"@sha(?:256|512):[0-9a-f]{32,128}")  # of an image of a container
_LOOKS = re.compile(
    r"(?<![\w-])(?:bearer|basic|negotiate)[ \t]{1,4}([A-Za-z0-9+/._~=-]{6,})"
    r"|(?<![\w-])(eyJ[\w-]{6,4000}\.[\w.-]{4,})"
    r"|(?<![\w-])(?:-u[= \t]{0,4}|--(?:proxy-)?user(?:name)?(?:=|[ \t]{1,4}))[\"']?"
    r"(?!\w{1,40}://)([^\s:\"'@]{1,200}:[^\s\"']+)"
    r"|(?<!\w)identified[ \t]{1,4}by[ \t]{1,4}[\"']?([^\s\"';]+)"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----",
    re.IGNORECASE,
)
_PEM_END = "-----END"
_USERS = ("-u", "-U", "--user", "--username", "--proxy-user")  # a user, after a colon also a password


class _Span(NamedTuple):
    """A part of a text that is hidden."""

    start: int
    end: int


def text(given: str) -> str:
    """A text without secrets."""
    users = tuple(_users(given))
    user_names = frozenset(span.start for span in users if given.endswith("://", 0, span.start))
    spans = sorted([*users, *_values(given, user_names), *_by_looks(given)])
    if not spans:
        return given
    parts: list[str] = []
    at = 0
    for start, end in _merged(spans):
        parts += (given[at:start], HIDDEN)
        at = end
    return "".join((*parts, given[at:]))


def words(given: Sequence[str]) -> tuple[str, ...]:
    """A program's arguments without secrets: the word after a secret's option is always hidden."""
    shown: list[str] = []
    before = ""
    for word in given:
        shown.append(HIDDEN if word and _follows_a_name(before, word) else text(word))
        # The sign may be a word of its own.
        before = f"{before}{word}" if word in ("=", ":") else word
    return tuple(shown)


def settings(given: Mapping[str, str]) -> dict[str, str]:
    """Settings without secrets."""
    return {key: setting(key, value) for key, value in given.items()}


def setting(key: str, value: str) -> str:
    """The value of one setting without secrets."""
    return HIDDEN if value and is_secret(key) else text(value)


def is_secret(name: str) -> bool:
    """Whether a name is that of a secret."""
    return any(found.end() == len(name) for found in _NAME.finditer(name))


def hides(*given: str) -> bool:
    """Whether something was removed, so that these can't be used again as they are."""
    return any(HIDDEN in one for one in given)


def _follows_a_name(before: str, word: str) -> bool:
    """Whether a word is the value of the option, or of the name with its sign, before it."""
    if before in _USERS:
        return ":" in word
    bare = before.rstrip("=:")
    return (before.startswith("-") or bare != before) and "=" not in bare and is_secret(bare.rstrip("\"'`\\"))


def _values(given: str, user_names: frozenset[int]) -> Iterator[_Span]:
    """The values of pairs and options with a secret's name.

    `user_names`: starts of user names in addresses (`s3://KEY:SECRET@bucket`), which are hidden anyway: the
    text after the @ is not part of them.
    """
    until = 0
    for found in _NAME.finditer(given):
        if found.start() < until:
            continue
        name = _NAMED.match(given, found.end())
        if name is not None and is_secret(name[1]):
            # `key=password,value=x`: the next pair has the value.
            continue
        begins = _begins(given, found.start())
        sign = _SIGN.match(given, found.end()) or _VALUE.match(given, found.end())
        if sign is not None:
            if begins in user_names and sign[0] == ":":
                continue
            start = sign.end()
            end = _value_end(given, start, whole=_IS_WHOLE.match(found[0]) is not None)
        elif given.startswith("-", begins) and (space := _SPACE.match(given, found.end())):
            start = space.end()
            end = _word_end(given, start)
        else:
            continue
        until = end
        start, end = _within_quotes(given, start, end)
        if end > start:
            yield _Span(start, end)


def _begins(given: str, at: int) -> int:
    """Start of the name around a position, with the dashes of an option: `-p`, `--db-password`."""
    before = _BEFORE.match(given[max(0, at - 81) : at][::-1])
    return at - (before.end() if before is not None else 0)


def _value_end(given: str, start: int, *, whole: bool) -> int:
    if (quote := _QUOTE.match(given, start)) is not None:
        return _closed(given, quote)
    if whole:
        end = _LINE_END.search(given, start)
        return end.start() if end is not None else len(given)
    if (brackets := _BRACKETS.get(given[start : start + 1])) is not None:
        line = _LINE_END.search(given, start)
        return _closing(given, brackets, start, line.start() if line is not None else len(given))
    end = _END.search(given, start)
    return end.start() if end is not None else len(given)


def _closing(given: str, brackets: re.Pattern[str], start: int, last: int) -> int:
    """Position of the closing bracket; `last` if there is none."""
    depth = 0
    for one in brackets.finditer(given, start, last):
        depth += 1 if one[0] == given[start] else -1
        if depth == 0:
            return one.end()
    return last


def _word_end(given: str, start: int) -> int:
    if (quote := _QUOTE.match(given, start)) is not None:
        return _closed(given, quote)
    end = _WORD_END.search(given, start)
    return end.start() if end is not None else len(given)


def _closed(given: str, quote: re.Match[str]) -> int:
    """Position of the closing quote: with as many backslashes; a doubled one (SQL) belongs to the text."""
    mark = quote[0]
    at = quote.end()
    while (found := given.find(mark, at)) >= 0:
        at = found + len(mark)
        escaped = given[found - 1] == "\\" and found > quote.end()
        doubled = given.startswith(mark, at) and found > quote.end()
        if not escaped and not doubled:
            return at
        at += len(mark) if doubled else 0
    return len(given)


def _within_quotes(given: str, start: int, end: int) -> tuple[int, int]:
    quote = _QUOTE.match(given, start, end)
    if quote is None:
        return start, end
    closed = given.endswith(quote[0], quote.end(), end)
    return quote.end(), end - len(quote[0]) if closed else end


def _users(given: str) -> Iterator[_Span]:
    """The users before the @ of addresses."""
    if "@" not in given:
        return
    for run in _RUN.finditer(given):
        first, last = given.find("@", *run.span()), given.rfind("@", *run.span())
        if last >= 0 and _DIGEST.match(given, last):
            last = given.rfind("@", run.start(), last)
        if last < 0:
            continue
        scheme = given.find("://", run.start(), first)
        begins = run.start()
        if scheme >= 0:
            end = _user_end(given, scheme + 3, first, last)
            begins = scheme + 3
        else:
            if (name := _FIRST.match(given, begins, last)) is not None:
                begins = name.end()
            jdbc = _JDBC.match(given, begins, last)
            begins = jdbc.end() if jdbc is not None else begins
            colon = given.find(":", begins, last)
            end = (
                last
                if jdbc is not None or (colon >= 0 and not _PORT.match(given, colon + 1, last))
                else begins
            )
        if end > begins:
            yield _Span(begins, end)


def _user_end(given: str, begins: int, first: int, last: int) -> int:
    """End of the user that begins after a scheme; `begins` if there is none.

    Keys may contain slashes, which don't end them; a port does.
    """
    slash = given.find("/", begins, last)
    if slash < 0:
        return last
    colon = given.find(":", begins, slash)
    if colon >= 0 and not _PORT.match(given, colon + 1, last):
        return last
    return given.rfind("@", begins, slash) if first < slash else begins


def _by_looks(given: str) -> Iterator[_Span]:
    until = 0
    for found in _LOOKS.finditer(given):
        if found.start() < until:
            continue
        start, until = found.span(found.lastindex or 0)
        if found.lastindex is None:
            end = given.find(_PEM_END, found.end())
            start, until = found.end(), len(given) if end < 0 else end
        yield _Span(start, until)


def _merged(spans: list[_Span]) -> Iterator[_Span]:
    start, end = spans[0]
    for span in spans[1:]:
        if span.start >= end:
            yield _Span(start, end)
            start, end = span
        else:
            end = max(end, span.end)
    yield _Span(start, end)
