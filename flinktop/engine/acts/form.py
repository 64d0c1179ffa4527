"""What is said of an act before it is sent: its lines, what can be filled in, why it is off."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from flinktop.model import redaction

GIVEN_IN_PART = (  # why an act can't be done again with what was kept of it
    f"a part of {{path}} was kept as {redaction.HIDDEN}, as it looked like a secret: give it whole"
)
SWITCHED_OFF = {  # what to say where the cluster does not have a feature that acts need
    "web_cancel": "the cluster's operator has switched cancelling off (web.cancel.enable: false)",
    "web_submit": "this cluster takes no jars (web.submit.enable: false, or it runs one application)",
}
LOSS, AFTERWARDS = "data loss", "afterwards"
"""Labels of the lines that say what an act does; the others say what it is done to."""


class Line(Struct, frozen=True):
    """One line of what a dialog says before an act; `tone` is "", "warn" or "bad"."""

    label: str
    text: str
    tone: str = ""


class Choice(Struct, frozen=True):
    """One of the values that a field may have."""

    label: str
    words: str = ""  # what it means
    value: Any = None


class Field(Struct, frozen=True):
    """A field of an act that is filled in before it is sent."""

    name: str
    label: str
    choices: tuple[Choice, ...] = ()  # empty: text that is typed
    placeholder: str = ""
    since: tuple[int, int] = (1, 9)  # the first release that has it
    lines: bool = False  # whether the text may have several lines
    of: str = ""  # the field that must be filled in before this one is asked for
    parse: Callable[[str], Any] = lambda text: text.strip() or None
    """The value of a text. Raises ValueError where it has none."""
    write: Callable[[Any], str] = lambda value: str(value or "")

    def value(self, text: str) -> Any:
        """The value of a choice by its label, or of a text. Raises ValueError."""
        if not self.choices:
            return self.parse(text)
        return next(one.value for one in self.choices if one.label == text)

    def text(self, value: Any) -> str:
        """The label of a choice by its value, or the text that has this value."""
        if not self.choices:
            return self.write(value)
        return next(one.label for one in self.choices if one.value == value)
