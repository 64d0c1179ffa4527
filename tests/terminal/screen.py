"""A terminal to look at: what a program wrote, as rows of text, and the modes it has left on.

pyte prints some sequences that it does not know as text, and knows no private modes; this stands before it.
"""

import codecs
import re
from typing import Final

import pyte

# Private modes and what they are at the start; a program that has left has put them back.
MODES: Final = {
    "1": ("application cursor keys", False),
    "7": ("line wrap", True),
    "25": ("cursor", True),
    "47": ("alternate screen", False),
    "1000": ("mouse", False),
    "1002": ("mouse drag", False),
    "1003": ("mouse motion", False),
    "1004": ("focus reports", False),
    "1006": ("mouse as SGR", False),
    "1015": ("mouse as urxvt", False),
    "1016": ("mouse in pixels", False),
    "1049": ("alternate screen", False),
    "2004": ("bracketed paste", False),
    "2026": ("synchronized output", False),
    "2048": ("in-band resize", False),
}
# What pyte understands of them.
_PYTE_KNOWS: Final = ("7", "25")
_LONGEST: Final = 65_536

_SEQUENCE: Final = re.compile(
    r"""\x1b(?:
      \[ (?P<mark>[<=>?]?) (?P<numbers>[0-9;:]*) (?P<between>[ -/]*) (?P<final>[@-~])
    | \] (?:[^\x07\x1b]|\x1b(?!\\))* (?:\x07|\x1b\\)   # OSC: titles, colours, clipboard
    | [P_^X] (?:[^\x1b]|\x1b(?!\\))* \x1b\\            # DCS, APC, PM, SOS
    | (?P<short>[0-OQ-WYZ\\`-~] | [ -/]+[0-~])
    )""",
    re.VERBOSE,
)
# A sequence that its writer never ended: the next one begins in it, or a control character comes.
_CUT_SHORT: Final = re.compile(
    r"\x1b(?:\[[0-9;:<=>?]*[ -/]*)?(?=[^ -~])|\x1b[\]P_^X][^\x07\x1b]*(?=\x1b[^\\])"
)
_REPLIES: Final = {
    "c": "\x1b[?62;22c",  # what are you: a VT220 with colours
    "5n": "\x1b[0n",
    "?2026$p": "\x1b[?2026;2$y",  # synchronized output: known, and off
    "?2048$p": "\x1b[?2048;0$y",  # in-band resize: not known
}


class TerminalScreen:
    """What a terminal of a given size shows after all that was fed to it."""

    def __init__(self, columns: int, rows: int) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._on = {mode: start for mode, (_name, start) in MODES.items()}
        self._keyboards = 0
        self.ever_on: set[str] = set()

    def feed(self, data: bytes) -> bytes:
        """Take what a program wrote, and give what a terminal answers to the questions in it."""
        text, at, answers = self._rest + self._decoder.decode(data), 0, ""
        self._rest = ""
        while (escape := text.find("\x1b", at)) >= 0:
            self._stream.feed(text[at:escape])
            if short := _CUT_SHORT.match(text, escape):
                at = short.end()
                continue
            found = _SEQUENCE.match(text, escape)
            if found is None and len(text) - escape < _LONGEST:
                # The end of it is still to come.
                self._rest = text[escape:]
                return answers.encode()
            if found is None:
                at = escape + 1
                continue
            answers += _REPLIES.get(found.group()[2:], "") if found["final"] else ""
            self._sequence(found)
            at = found.end()
        self._stream.feed(text[at:])
        return answers.encode()

    def _sequence(self, found: re.Match[str]) -> None:
        if found["short"]:
            self._stream.feed(found.group())
        elif not found["final"] or found["between"]:
            return
        elif found["mark"] == "?" and found["final"] in "hl":
            for mode in found["numbers"].split(";"):
                self._set(mode, on=found["final"] == "h")
        elif found["mark"] and found["final"] == "u":
            self._keyboards = max(0, self._keyboards + {">": 1, "<": -1}.get(found["mark"], 0))
        elif not found["mark"] and ":" not in found["numbers"]:
            self._stream.feed(found.group())

    def _set(self, mode: str, *, on: bool) -> None:
        if mode not in MODES:
            return
        self._on[mode] = on
        if on:
            self.ever_on.add(MODES[mode][0])
        if mode in ("47", "1049"):
            self._stream.feed("\x1b[m\x1b[2J\x1b[H")
        elif mode in _PYTE_KNOWS:
            self._stream.feed(f"\x1b[?{mode}{'h' if on else 'l'}")

    def resize(self, columns: int, rows: int) -> None:
        self._screen.resize(rows, columns)

    @property
    def text(self) -> str:
        """The rows from top to bottom, without the blanks at their ends."""
        # Not pyte's own `display`: it fails on a wide letter that a new width has cut in two.
        rows = (self._screen.buffer[number] for number in range(self._screen.lines))
        columns = range(self._screen.columns)
        return "\n".join("".join(row[column].data for column in columns).rstrip() for row in rows)

    @property
    def cells(self) -> list[list[pyte.screens.Char]]:
        """Each cell of each row, with its colours; of a wide letter the second one is empty."""
        rows = (self._screen.buffer[number] for number in range(self._screen.lines))
        return [[row[column] for column in range(self._screen.columns)] for row in rows]

    def is_reverse(self, text: str) -> bool:
        """Whether the first row that holds a text shows it in reverse."""
        for number in range(self._screen.lines):
            row = self._screen.buffer[number]
            cells = [
                cell
                for column in range(self._screen.columns)
                for cell in [row[column]] * len(row[column].data)
            ]
            at = "".join(row[column].data for column in range(self._screen.columns)).find(text)
            if at >= 0:
                return all(cell.reverse for cell in cells[at : at + len(text)])
        return False

    @property
    def cursor_keys_of_applications(self) -> bool:
        return self._on["1"]

    @property
    def changed_modes(self) -> tuple[str, ...]:
        """Names of the modes that are not as at the start."""
        changed = {name for mode, (name, start) in MODES.items() if self._on[mode] != start}
        return tuple(sorted(changed | ({"kitty keyboard"} if self._keyboards else set())))
