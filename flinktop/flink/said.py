"""What a server says in words: Flink's error bodies without their Java traces, foreign pages by title."""

import html
import re

import msgspec

from flinktop.flink.text import clean

_CLASS = re.compile(r"^(?:[a-z][\w$]*\.)+[\w$]*[A-Z][\w$]*(?::\s*|$)")
"""`org.apache.flink.Some$Exception: ` at the beginning of a message."""
_WRAPPER = re.compile(
    r"^[\w.$]*\b(?:CompletionException|ExecutionException|InvocationTargetException|UndeclaredThrowableException"
    r"|SerializedThrowable|RuntimeException|RestHandlerException|ProgramInvocationException)\b"
)
_TRACE = re.compile(r"\n\s*(?:at [\w.$/<>@]+[(]|\.\.\. \d+ (?:more|common))")
_CAUSE = re.compile(r"^Caused by: ", re.MULTILINE)
_SERVER_SIDE = "<Exception on server side:"
_VAGUE = (
    "Could not execute application.",
    "Internal server error.",
    "The main method caused an error",
    "Failed to transfer file",
)
"""Messages that say nothing without their deepest cause."""
_NO_ROUTE = ("Not found.", "File not found.")
MOST = 400
"""Letters of a sentence that fit where errors are shown."""


class _Errors(msgspec.Struct):
    """The body of every answer of Flink that is no success."""

    errors: list[str]


def java_sentence(text: str) -> str:
    """The one sentence in a Java exception: up to the trace, without class names.

    From a wrapper (CompletionException and the like) the deepest cause is taken, where the reason is.
    """
    text = text.strip().removeprefix(_SERVER_SIDE).strip()
    causes = _CAUSE.split(text)
    outer, deepest = (_message(causes[0]), _message(causes[-1]))
    if len(causes) == 1:
        return outer
    if not outer or _is_wrapper(causes[0]):
        return deepest or outer
    if outer.startswith(_VAGUE) and deepest and deepest not in outer:
        return f"{outer.rstrip('.')}: {deepest}"
    return outer


def _is_wrapper(text: str) -> bool:
    """A class whose message only repeats its cause's class and message."""
    head = text.lstrip()
    return bool(_WRAPPER.match(head)) and bool(_CLASS.match(_CLASS.sub("", head, count=1)))


def _message(text: str) -> str:
    text = _TRACE.split(text, maxsplit=1)[0].split("End of exception on server side", 1)[0].strip()
    name = ""
    while found := _CLASS.match(text):
        name = found[0].rstrip(": ").rpartition(".")[2]
        text = text[found.end() :].lstrip()
    return " ".join(clean(text).split()) or name


def flink_errors(body: bytes) -> str | None:
    """The server's own sentence in `{"errors": [...]}`; None when the body is not Flink's."""
    try:
        errors = msgspec.json.decode(body, type=_Errors).errors
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    told = [error for error in errors if error.strip() not in ("", "Internal server error.")] or errors
    return _reworded(java_sentence(told[0])) if told else ""


def _reworded(sentence: str) -> str:
    """Flink's sentence, or a better one where it speaks of its own insides."""
    if sentence.endswith("/bad-request."):
        return "the request line is longer than the 4096 bytes that Flink reads (/bad-request)"
    # A path that no handler knows ends at the server of the Web UI's files.
    if sentence.startswith(("Unable to load requested file ", "Not found: /")) or sentence in _NO_ROUTE:
        return "this Flink has no such endpoint"
    if sentence.startswith("Operation not found under key"):
        return "the server knows no such operation; it forgets them five minutes after their end"
    return sentence


def page_title(body: bytes) -> str | None:
    """The title of a web page, "" for one without; None when the body is no web page."""
    head = body[:20_000].decode("utf-8", "replace")
    if not re.match(r"\s*(?:<!doctype html|<html|<head|<body|<!--|<\?xml)", head, re.IGNORECASE):
        return None
    found = re.search(r"<title[^>]*>(.{0,200}?)</title>", head, re.IGNORECASE | re.DOTALL)
    return " ".join(clean(html.unescape(found[1])).split()) if found else ""


def shorten(text: str, most: int = MOST) -> str:
    """The text, cut with an ellipsis when it is longer than fits."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
