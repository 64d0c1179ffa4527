"""Style sheets that are parsed once, for all apps of a test run: hundreds of apps have the same ones."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

_parsed: dict[Hashable, list[RuleSet]] = {}
_parse = Stylesheet._parse_rules


def _parse_once(sheet: Stylesheet, css: str, *given: Any, **named: Any) -> list[RuleSet]:
    key = (css, given, *named.items(), *sheet._variables.items())
    if key not in _parsed:
        _parsed[key] = _parse(sheet, css, *given, **named)
    return _parsed[key]


@contextmanager
def parsed_once() -> Iterator[None]:
    """Rules are made anew only where their text or the colours of the theme are."""
    with mock.patch.object(Stylesheet, "_parse_rules", _parse_once):
        yield
