"""Texts and form fields of an act before it is sent."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from flinktop.model import redaction

GIVEN_IN_PART = (  # why an act can't be repeated from the ledger
    f"a part of {{path}} was kept as {redaction.HIDDEN}, as it looked like a secret: give it whole"
)
SWITCHED_OFF = {  # by feature: why acts that need it are unavailable
    "web_cancel": "the cluster's operator has switched cancelling off (web.cancel.enable: false)",
    "web_submit": "this cluster takes no jars (web.submit.enable: false, or it runs one application)",
}
LOSS, AFTERWARDS = "data loss", "afterwards"
"""Labels of the lines about the effect of an act; the others are about its target."""


class Line(Struct, frozen=True):
    """One line of the dialog before an act; `tone` is "", "warn" or "bad"."""

    label: str
    text: str
    tone: str = ""


class Choice(Struct, frozen=True):
    """One of the allowed values of a field."""

    label: str
    words: str = ""  # its meaning
    value: Any = None


class Field(Struct, frozen=True):
    """A field in the form of an act."""

    name: str
    label: str
    choices: tuple[Choice, ...] = ()  # empty: free text
    placeholder: str = ""
    since: tuple[int, int] = (1, 9)  # the first release that has it
    lines: bool = False  # whether the text may have several lines
    of: str = ""  # the field that must not be empty for this one to apply
    parse: Callable[[str], Any] = lambda text: text.strip() or None
    """Converts text to the value. Raises ValueError if it is invalid."""
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
