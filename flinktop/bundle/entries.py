"""Makes the files of a bundle: without secrets, without what controls a terminal, within their shares."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from flinktop.bundle import redacted
from flinktop.bundle.contents import MOST_OF_A_LOG, File, FileKind
from flinktop.flink.text import clean_lines, cut
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Iterable

_STEPS: Final = ((64 * 1024, 1_000_000), (16 * 1024, 5000), (4096, 1000), (1024, 200), (256, 50), (96, 10))
"""How a document is made smaller: letters of each text and items of each list that are kept."""
_CONTROLS: Final = re.compile(
    "[\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\U000e0000-\\U000e007f]"
)
"""What may stand in a JSON text as it is, and controls a terminal or hides in one."""
_LEFT_OUT: Final = "…"


class TooLarge(ValueError):  # noqa: N818 -- it says what is wrong
    """A document that is larger than its share, however it is cut; the text says how large."""


class Unwritable(ValueError):  # noqa: N818 -- it says what is wrong
    """A document that can't be written as JSON; the text says why."""


class Shares:
    """How many bytes each file may have in a bundle of `most` bytes."""

    def __init__(self, most: int) -> None:
        self.most = most

    def of(self, kind: FileKind) -> int:
        """Bytes that a file may have."""
        share = int(self.most * kind.share)
        return min(share, MOST_OF_A_LOG) if kind.name.endswith(".log") else share

    def text(self, kind: FileKind, lines: Iterable[str]) -> File:
        """A text; the middle of one that is too large is left out."""
        most = self.of(kind)
        whole = redacted.without_keys(clean_lines("\n".join(lines))).rstrip("\n") + "\n"
        # A search for secrets takes long: what is left out is not searched.
        return File(kind, _cut_bytes(redacted.text(_cut_bytes(whole, most).decode()), most))

    def log(self, kind: FileKind, text: str) -> File:
        """A log, which was cut already; at most its end is left out."""
        # Cleaned first: a name may be hidden behind characters without a width.
        return File(kind, _begin(redacted.text(clean_lines(text)), self.of(kind)))

    def json(self, kind: FileKind, given: Any) -> tuple[File, str]:
        """A document, which is changed, and a sentence if it was made smaller, else "".

        Raises:
            TooLarge: it is too large even then.
            Unwritable: it is nested too deeply.
        """
        most, size = self.of(kind), 0
        for step in (None, *_STEPS):
            document = given if step is None else _smaller(given, *step)
            encoded = len(_encoded(document))
            size = size or encoded
            # A search for secrets takes long: what is too large anyway is not searched.
            if encoded <= most and (body := _written(redacted.document(document), most)) is not None:
                note = _note(kind, size, most, *step) if step is not None else ""
                return File(kind, body), note
        raise TooLarge(f"{fmt.size(size)}, and its share of the bundle is {fmt.size(most)}")


def _note(kind: FileKind, size: int, most: int, letters: int, items: int) -> str:
    larger = f"{kind.name} was {fmt.size(size)}, more than its share of {fmt.size(most)}"
    return f"{larger}: texts in it are cut to {letters} letters, lists to {items} items."


def _cut_bytes(text: str, most: int) -> bytes:
    body = text.encode("utf-8", "replace")
    if len(body) <= most:
        return body
    note = f"\n… {fmt.size(len(body) - most)} are left out here …\n".encode()
    end = most // 4
    head = body[: max(0, most - end - len(note))]
    head = head[: head.rfind(b"\n")] if b"\n" in head else head
    tail = body[-end:]
    tail = tail[tail.find(b"\n") + 1 :]
    return _whole(head) + note + _whole(tail)


def _begin(text: str, most: int) -> bytes:
    body = text.encode("utf-8", "replace")
    if len(body) <= most:
        return body
    body = body[:most]
    return _whole(body[: body.rfind(b"\n") + 1] or body)


def _whole(body: bytes) -> bytes:
    """The bytes without a character that was cut at an end."""
    return body.decode("utf-8", "ignore").encode()


def _encoded(document: Any) -> bytes:
    try:
        return msgspec.json.encode(document)
    except (ValueError, TypeError, OverflowError):
        # Lone surrogates and numbers beyond 64 bits, which no Flink writes.
        pass
    except RecursionError:
        raise Unwritable("it is nested too deeply") from None
    try:
        return json.dumps(document).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise Unwritable(f"it can't be written: {type(error).__name__}") from None


def _written(document: Any, most: int) -> bytes | None:
    """The document as plain text, with a line for each field where there is room; None if it is too large."""
    body = _encoded(document)
    forms = [body]
    with contextlib.suppress(msgspec.DecodeError, RecursionError):
        forms.insert(0, msgspec.json.format(body, indent=1))
    for form in forms:
        written = _CONTROLS.sub(_escaped, form.decode("utf-8", "replace")).encode() + b"\n"
        if len(written) <= most:
            return written
    return None


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code > 0xFFFF:  # noqa: PLR2004 -- JSON has escapes of four digits
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"


def _smaller(document: Any, letters: int, items: int) -> Any:
    """The document with shorter texts and lists; lists and objects are changed, not copied."""
    root = [document]
    waiting: list[Any] = [root]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list) and len(one) > items:
            del one[items:]
            one.append(_LEFT_OUT)
        pairs = enumerate(one) if isinstance(one, list) else tuple(one.items())
        for at, value in pairs:
            if isinstance(value, str) and len(value) > letters:
                one[at] = cut(redacted.without_keys(value), letters)
            elif isinstance(value, list | dict):
                waiting.append(value)
    return root[0]
