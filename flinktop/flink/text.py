"""Cleaning text from outside: removes whatever controls a terminal, and limits the length."""

import re
import unicodedata
from collections.abc import Iterator, Mapping


def _spelled_out(letters: str) -> Iterator[str]:
    """The characters of a class of a pattern, such as a-c."""
    at = 0
    while at < len(letters):
        last = at + 2 if letters[at + 1 : at + 2] == "-" else at
        yield from map(chr, range(ord(letters[at]), ord(letters[last]) + 1))
        at = last + 1


_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x1b\x07\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
)
"""Whole terminal sequences (colours, titles), removed with their parameters. A sequence ends before the
start of the next one, so that each character is examined once."""
MOST = 64 * 1024  # characters of one text that are kept: a stack of a thousand frames
_NOTE = 64  # characters for the note that some are left out
_HIDDEN = "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
"""Characters without a width: bidi controls reverse the rest of a line, the others hide in names."""
_BLANK = "\t\n\v\f\r\u0085\u2028\u2029"
_OTHERS = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
_LONE_SURROGATES = "\ud800-\udfff"
_ANY = re.compile(f"[{_BLANK}{_HIDDEN}{_OTHERS}{_LONE_SURROGATES}]")
_ANY_BUT_LINES = re.compile(f"[\v\f\r\u0085\u2028\u2029{_HIDDEN}{_OTHERS}{_LONE_SURROGATES}]")
_LONE_SURROGATE = re.compile(f"[{_LONE_SURROGATES}]")
_INSTEAD: dict[int, str] = {
    ord(letter): instead
    for letters, instead in ((_BLANK, " "), (_HIDDEN, ""), (_OTHERS, "\ufffd"))
    for letter in _spelled_out(letters)
}
"""What stands in the place of a character; not of the two thousand lone surrogates, to save memory."""
_INSTEAD_BUT_LINES = {letter: instead for letter, instead in _INSTEAD.items() if chr(letter) not in "\n\t"}
MOST_MARKS = 8  # characters drawn over one letter: more than any script has
_NOT_MARKS = (
    "\\w\\s\x00-\u02ff\u2010-\u2027\u2030-\u205f\u2100-\u2bff\u3000-\u3029\uff00-\uff9f\ufffc\ufffd"
    "\U0001f000-\U0001f3fa\U0001f400-\U0001faff"
)
"""Letters, spaces, and signs that often stand in rows: lines, arrows, punctuation, pictures."""
_HANGUL_PARTS = "\u1160-\u11ff\u3164\ud7b0-\ud7ff\uffa0"
PILE = re.compile(f"(?:[^{_NOT_MARKS}]|[{_HANGUL_PARTS}]){{{MOST_MARKS + 1},}}")
"""What may be too many characters in one cell: to cut a line of thousands keeps a core busy for minutes."""
_OVER_ONE_LETTER = frozenset(("Mn", "Me", "Mc", "Cf", "Cn", "Lo", "Sk"))
"""Unicode categories of what `PILE` finds that has no cell of its own."""
_NAMED = {"gt": ">", "lt": "<", "amp": "&", "quot": '"', "#39": "'", "#x27": "'"}
"""What Flink writes of the names of HTML."""
_WELL_KNOWN = re.compile(rf"&({'|'.join(_NAMED)});")
_ANOTHER_NAME = re.compile(rf"&(?!(?:{'|'.join(_NAMED)});|[\t\n\f <&;]|\Z)")


def clean(text: str) -> str:
    """The text on one line, without whatever controls a terminal.

    Terminal sequences and characters without width are removed, line breaks and tabs become spaces, any
    other control character and lone surrogate becomes U+FFFD. Of characters that are drawn over one letter
    the first `MOST_MARKS` are kept.
    """
    if text.isascii() and text.isprintable():
        return text
    if _ANY.search(text):
        text = _replaced(text, _INSTEAD)
    return text if text.isascii() else PILE.sub(_thinned, text)


def clean_lines(text: str) -> str:
    r"""As `clean`, but \n and \t stay: for stack traces and logs."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    if _ANY_BUT_LINES.search(text):
        text = _replaced(text, _INSTEAD_BUT_LINES)
    return text if text.isascii() else PILE.sub(_thinned, text)


def cut(text: str, most: int = MOST) -> str:
    """The text, without its middle if it is longer than `most`: a stack has its reason at both ends."""
    if len(text) <= most:
        return text
    end = (most - _NOTE) // 4
    begin = most - _NOTE - end
    # In ASCII: any other character would double the memory of the text.
    return f"{text[:begin]}\n... {len(text) - begin - end:,} letters are left out ...\n{text[-end:]}"


def unescape(text: str) -> str:
    """Text in HTML, as html.unescape reads it: that loads 0.4 MB, which few texts need."""
    if "&" not in text:
        return text
    if _ANOTHER_NAME.search(text) is not None:
        import html  # noqa: PLC0415

        return html.unescape(text)
    return _WELL_KNOWN.sub(lambda found: _NAMED[found[1]], text)


def _replaced(text: str, instead: Mapping[int, str]) -> str:
    """The text without terminal sequences, and with what stands in the place of its other controls."""
    if not text.isascii():
        text = _LONE_SURROGATE.sub("\ufffd", _SEQUENCE.sub("", text))
    elif "\x1b" in text:
        text = _SEQUENCE.sub("", text)
    return text.translate(instead)


def _thinned(found: re.Match[str]) -> str:
    kept, marks = [], 0
    for letter in found[0]:
        marks = marks + 1 if unicodedata.category(letter) in _OVER_ONE_LETTER else 0
        if marks <= MOST_MARKS:
            kept.append(letter)
    return "".join(kept)
