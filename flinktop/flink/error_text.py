"""The message of an error answer: Flink's without the Java trace, a web page's title."""

import re
from dataclasses import dataclass

import msgspec

from flinktop.flink.text import clean, clean_lines, cut, unescape

_CLASS = re.compile(r"(?:[a-z][\w$]*\.)+[\w$]*[A-Z][\w$]*")  # `org.apache.flink.Some$Exception`
_MOST_CLASSES = 20  # wrapper classes skipped before one message: each wrapper repeats its cause
_TRACE = re.compile(r"\n[ \t]*(?:at [\w.$/<>@]+[(]|\.\.\. \d+ (?:more|common))")
_CAUSE = re.compile(r"^Caused by: ", re.MULTILINE)
_SERVER_SIDE = "<Exception on server side:"
_SERVER_SIDE_END = "End of exception on server side"
_MOST_EXCEPTIONS = 20  # of a chain that are kept: the outermost and the deepest of more
_MOST_EXCEPTION = 1000  # characters of one of them
_VAGUE = (  # messages that are meaningless without the deepest cause
    "Could not execute application.",
    "Internal server error.",
    "The main method caused an error",
    "Failed to transfer file",
    "Could not dispose savepoint",
    "Recovery is suppressed by",
    "An Exception occurred while triggering the checkpoint",
)
_NO_ROUTE = ("Not found.", "File not found.")
TOO_LONG = "the request line is longer than the 4096 bytes that Flink reads (/bad-request)"
NO_ENDPOINT = "this Flink has no such endpoint"
MOST = 400  # characters of a message that fit where errors are shown


class _Errors(msgspec.Struct):
    """The body of every error answer of Flink."""

    errors: list[str]


def java_sentence(text: str) -> str:
    """The one-line message of a Java exception, without trace and class names.

    Wrappers (CompletionException and the like) only repeat their cause. After a wrapper, or a vague
    message, the deepest cause is added: it has the reason.
    """
    causes = [_Cause.of(head) for head in _heads(text)]
    wrapped = causes[0].repeats
    chosen = next((cause for cause in causes if not cause.repeats), causes[-1])
    # The very last cause is often only a path or a class.
    deepest = next((cause for cause in reversed(causes) if " " in cause.message), causes[-1])
    if (
        (wrapped or chosen.message.startswith(_VAGUE))
        and deepest.message
        and deepest.message not in chosen.message
    ):
        return f"{chosen.sentence.rstrip('.')}: {deepest.sentence}"
    return chosen.sentence


def without_frames(trace: str) -> str:
    """The exceptions of a Java trace with classes and messages, in the form of a trace; cleaned, and short.

    The classes, which `java_sentence` leaves out, tell which failure it is.
    """
    heads = [clean_lines(head)[:_MOST_EXCEPTION] for head in _heads(trace) if head]
    del heads[1 : 1 - _MOST_EXCEPTIONS]
    return "\nCaused by: ".join(heads)


def _heads(trace: str) -> list[str]:
    """Class and message of each exception of a chain, the outermost first."""
    causes = _CAUSE.split(cut(trace.strip()).removeprefix(_SERVER_SIDE))
    return [
        _TRACE.split(cause.strip(), maxsplit=1)[0].split(_SERVER_SIDE_END, 1)[0].strip() for cause in causes
    ]


@dataclass(frozen=True, slots=True)
class _Cause:
    """One exception of a chain."""

    name: str  # its class without the package
    message: str
    repeats: bool  # a wrapper: its message is the class and message of its cause

    @classmethod
    def of(cls, text: str) -> "_Cause":
        names: list[str] = []
        while len(names) < _MOST_CLASSES and (found := _CLASS.match(text)):
            rest = text[found.end() :]
            # "java.lang.ClassNotFoundException: my.own.Class": the last name is the message.
            if (rest and not rest.startswith(":")) or (names and not rest):
                break
            names.append(found[0].rpartition(".")[2])
            text = rest.removeprefix(":").lstrip()
        name = names[-1] if names else ""
        return cls(name, " ".join(clean(text).split()), len(names) > 1)

    @property
    def sentence(self) -> str:
        if self.name and " " not in self.message:
            return f"{self.name}: {self.message}" if self.message else self.name
        return self.message


def flink_errors(body: bytes) -> str | None:
    """The server's message in `{"errors": [...]}`; None if the body is not Flink's."""
    error = _error(body)
    return _reworded(java_sentence(error)) if error else error


def flink_exceptions(body: bytes) -> str:
    """The exceptions in the same answer, as `without_frames`; up to 1.9 often a message alone."""
    return without_frames(_error(body) or "")


def _error(body: bytes) -> str | None:
    """The text that says most in `{"errors": [...]}`; None if the body is not Flink's."""
    try:
        errors = msgspec.json.decode(body, type=_Errors).errors
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    chosen = [error for error in errors if error.strip() not in ("", "Internal server error.")] or errors
    return chosen[0] if chosen else ""


def _reworded(sentence: str) -> str:
    """Flink's message, or a clearer one if it is about Flink's internals."""
    if sentence.endswith("/bad-request."):
        return TOO_LONG
    # A path without a handler reaches the file server of the Web UI.
    if sentence.startswith(("Unable to load requested file ", "Not found: /")) or sentence in _NO_ROUTE:
        return NO_ENDPOINT
    if sentence.startswith("Operation not found under key"):
        return (
            "the server no longer knows this operation; it forgets operations five minutes after they end, "
            "unless rest.async.store-duration (Flink 1.15+) says otherwise"
        )
    return sentence


def page_title(body: bytes) -> str | None:
    """The title of a web page, "" for one without; None if the body is not a web page."""
    head = body[:20_000].decode("utf-8", "replace")
    if not re.match(r"\s*(?:<!doctype html|<html|<head|<body|<!--|<\?xml)", head, re.IGNORECASE):
        return None
    found = re.search(r"<title[^<>]*>(.{0,200}?)</title>", head, re.IGNORECASE | re.DOTALL)
    return " ".join(clean(unescape(found[1])).split()) if found else ""


def shorten(text: str, most: int = MOST) -> str:
    """The text, cut with an ellipsis if it is too long."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
