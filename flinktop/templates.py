"""Texts with `{name}`s in them, which are filled with what is known of a selected thing.

Used in arguments of a program and in addresses. A value is never split, and no shell sees it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from flinktop.allowed import NotAllowed, shown

LONGEST_ARGUMENT: Final = 128 * 1024 - 1
"""Bytes of one argument that Linux takes (MAX_ARG_STRLEN)."""

_BRACES: Final = re.compile(r"\{\{|\}\}|\{([a-z_]+)\}|[{}]")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:/@%+=,-]*")
"""Letters that mean nothing to a shell."""
_OF_ADDRESSES: Final = "!#$%&()*+,/:;=?@[]~"
"""Characters of an address that stand for themselves."""


class NotFilled(Exception):  # noqa: N818 -- the name says what happened
    """A template can't be filled with these values; the text is the rest of a sentence."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a template: a text, or the name of a value."""

    text: str
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """A text with the names of values in it."""

    parts: tuple[Part, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The values that it needs, each once."""
        return tuple(dict.fromkeys(part.text for part in self.parts if part.is_name))

    @property
    def text(self) -> str:
        """As it is written, for people."""
        return "".join(f"{{{part.text}}}" if part.is_name else part.text for part in self.parts)

    @property
    def _begins_with_value(self) -> bool:
        return bool(self.parts) and self.parts[0].is_name

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with these values. Raises NotFilled."""
        return "".join(value_of(part.text, values) if part.is_name else part.text for part in self.parts)

    def argument(self, values: Mapping[str, str], *, behind_dashes: bool = False) -> str:
        """One argument of a program; line breaks in a value are passed as they are.

        `behind_dashes`: whether it stands behind a `--`, so that no program takes it for an option.
        Raises NotFilled.
        """
        found = self.filled(values)
        if self._begins_with_value and found.startswith("-") and not behind_dashes:
            name = self.parts[0].text
            raise NotFilled(
                f"the value of {{{name}}} begins with '-' and would be taken for an option: "
                f'put "--" before it, or write it behind its option, as in "--name={{{name}}}"'
            )
        for part in self.parts:
            if part.is_name and "\0" in values[part.text]:
                raise NotFilled(f"the value of {{{part.text}}} holds a NUL character, which no argument can")
        try:
            size = len(found.encode())
        except UnicodeEncodeError:
            raise NotFilled(f"the value of {' and '.join(self._braced)} is no valid text") from None
        if size > LONGEST_ARGUMENT:
            raise NotFilled(
                f"the value of {' and '.join(self._braced)} makes an argument of {size:,} bytes: "
                f"at most {LONGEST_ARGUMENT:,} are possible"
            )
        return found

    @property
    def _braced(self) -> tuple[str, ...]:
        return tuple(f"{{{name}}}" for name in self.names)

    def address(self, values: Mapping[str, str]) -> str:
        """An address: values are percent-encoded, but for a `{url}` at its beginning. Raises NotFilled."""
        found = []
        for place, part in enumerate(self.parts):
            if not part.is_name:
                found.append(quote(part.text, safe=_OF_ADDRESSES))
            elif place == 0 and part.text == "url":
                found.append(quote(value_of(part.text, values), safe=_OF_ADDRESSES))
            else:
                found.append(quote(value_of(part.text, values), safe="", errors="replace"))
        return "".join(found)

    def refuse_letters_of_shells(self, values: Mapping[str, str], program: str) -> None:
        """Raise NotFilled for a value that a shell would not take as one plain word."""
        for name in self.names:
            if not _PLAIN.fullmatch(value_of(name, values)):
                raise NotFilled(
                    f"the value of {{{name}}} holds a character that a shell reads as more than a letter, "
                    f"and {shown(program)} hands its words to a shell"
                )


def value_of(name: str, values: Mapping[str, str]) -> str:
    """A value by its name. Raises NotFilled if it is not known."""
    if not (value := values.get(name)):
        raise NotFilled(f"{{{name}}} is not known here")
    return value


def template(text: str) -> Template:
    """Read a template: `{name}` is a value, `{{` and `}}` are braces. Raises NotAllowed."""
    parts: list[Part] = []
    plain, at = "", 0
    for found in _BRACES.finditer(text):
        plain += text[at : found.start()]
        at = found.end()
        if found[1] is not None:
            parts += [Part(plain)] if plain else []
            parts.append(Part(found[1], is_name=True))
            plain = ""
        elif found[0] in ("{{", "}}"):
            plain += found[0][0]
        else:
            raise NotAllowed(
                f"has a '{found[0]}' that belongs to no value: '{shown(text)}'; a value is written {{job}}, "
                "a brace of its own {{ or }}"
            )
    plain += text[at:]
    parts += [Part(plain)] if plain or not parts else []
    return Template(tuple(parts))
