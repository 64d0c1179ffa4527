"""What a server says in words: Flink's error bodies without their Java traces, foreign pages by title."""

import html
import re
from dataclasses import dataclass

import msgspec

from flinktop.flink.text import clean, cut

_CLASS = re.compile(r"(?:[a-z][\w$]*\.)+[\w$]*[A-Z][\w$]*")  # `org.apache.flink.Some$Exception`
_MOST_CLASSES = 20  # classes before one message that are passed over: each wrapper repeats what it wraps
_TRACE = re.compile(r"\n[ \t]*(?:at [\w.$/<>@]+[(]|\.\.\. \d+ (?:more|common))")
_CAUSE = re.compile(r"^Caused by: ", re.MULTILINE)
_SERVER_SIDE = "<Exception on server side:"
_VAGUE = (  # messages that say nothing without their deepest cause
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
MOST = 400  # letters of a sentence that fit where errors are shown


class _Errors(msgspec.Struct):
    """The body of every answer of Flink that is no success."""

    errors: list[str]


def java_sentence(text: str) -> str:
    """The one sentence in a Java exception: up to the trace, without class names.

    Wrappers (CompletionException and the like) only repeat their cause. Where there was one, and after a
    message that says nothing, the deepest sentence is told as well: there the reason is.
    """
    causes = [_Cause.of(cause) for cause in _CAUSE.split(cut(text.strip()).removeprefix(_SERVER_SIDE))]
    wrapped = causes[0].repeats
    chosen = next((cause for cause in causes if not cause.repeats), causes[-1])
    # Below the last sentence there is often but a path or a class.
    deepest = next((cause for cause in reversed(causes) if " " in cause.message), causes[-1])
    if (
        (wrapped or chosen.message.startswith(_VAGUE))
        and deepest.message
        and deepest.message not in chosen.message
    ):
        return f"{chosen.sentence.rstrip('.')}: {deepest.sentence}"
    return chosen.sentence


@dataclass(frozen=True, slots=True)
class _Cause:
    """One exception of a chain."""

    name: str  # its class without the package
    message: str
    repeats: bool  # a wrapper: its message is its cause's class and message

    @classmethod
    def of(cls, text: str) -> "_Cause":
        text = (
            _TRACE.split(text.strip(), maxsplit=1)[0].split("End of exception on server side", 1)[0].strip()
        )
        names: list[str] = []
        while len(names) < _MOST_CLASSES and (found := _CLASS.match(text)):
            rest = text[found.end() :]
            # "java.lang.ClassNotFoundException: my.own.Class": the last one is the message.
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
    """The server's own sentence in `{"errors": [...]}`; None when the body is not Flink's."""
    try:
        errors = msgspec.json.decode(body, type=_Errors).errors
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    chosen = [error for error in errors if error.strip() not in ("", "Internal server error.")] or errors
    return _reworded(java_sentence(chosen[0])) if chosen else ""


def _reworded(sentence: str) -> str:
    """Flink's sentence, or a better one where it speaks of its own insides."""
    if sentence.endswith("/bad-request."):
        return TOO_LONG
    # A path that no handler knows ends at the server of the Web UI's files.
    if sentence.startswith(("Unable to load requested file ", "Not found: /")) or sentence in _NO_ROUTE:
        return NO_ENDPOINT
    if sentence.startswith("Operation not found under key"):
        return (
            "the server no longer knows this operation; it forgets operations five minutes after they end, "
            "unless rest.async.store-duration (Flink 1.15+) says otherwise"
        )
    return sentence


def page_title(body: bytes) -> str | None:
    """The title of a web page, "" for one without; None when the body is no web page."""
    head = body[:20_000].decode("utf-8", "replace")
    if not re.match(r"\s*(?:<!doctype html|<html|<head|<body|<!--|<\?xml)", head, re.IGNORECASE):
        return None
    found = re.search(r"<title[^<>]*>(.{0,200}?)</title>", head, re.IGNORECASE | re.DOTALL)
    return " ".join(clean(html.unescape(found[1])).split()) if found else ""


def shorten(text: str, most: int = MOST) -> str:
    """The text, cut with an ellipsis when it is longer than fits."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
