"""Style sheets that are parsed and matched once, for all apps of a test run: hundreds have the same ones.

Finding the rules of each widget was a third of the time that an app took to start.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from textual.app import App
from textual.css.model import RuleSet
from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.widget import Widget

_parsed: dict[Hashable, list[RuleSet]] = {}
_themes: dict[tuple[tuple[str, str], ...], int] = {}
_parse = Stylesheet._parse_rules


def _theme(sheet: Stylesheet) -> int:
    """One number for all sheets of the same variables."""
    variables, number = sheet.__dict__.get("_theme", (None, 0))
    if variables is not sheet._variables:
        number = _themes.setdefault(tuple(sheet._variables.items()), len(_themes))
        sheet.__dict__["_theme"] = sheet._variables, number
    return int(number)


def _parse_once(sheet: Stylesheet, css: str, *given: Any, **named: Any) -> list[RuleSet]:
    key = css, given, *named.items(), _theme(sheet)
    if key not in _parsed:
        _parsed[key] = _parse(sheet, css, *given, **named)
    return _parsed[key]


# -- which rules are a node's ------------------------------------------------------------------------------

_FLAGS = ("_has_hover_style", "_has_focus_within", "_has_order_style", "_has_odd_or_even")
"""What is noted at a node of the rules that may become its own."""

_Path = tuple[tuple[Hashable, ...], ...]


@dataclass(frozen=True, slots=True)
class _Match:
    """The rules of a node, and its flags."""

    rules: RulesMap
    flags: tuple[bool, ...]


@dataclass(slots=True)
class _Known:
    """What was found out about a sheet, until it has other rules."""

    rules: dict[str, list[RuleSet]] | None = None
    numbers: dict[Hashable, int | None] = field(default_factory=dict)
    """Of the rules that may be those of a node of this kind, id and classes."""
    within: DOMNode | None = None
    path: _Path = ()


_sheets: dict[tuple[RuleSet, ...], dict[Hashable, int | None]] = {}
"""Of all the rules of a sheet what `_Known.numbers` has."""
_numbers: dict[tuple[RuleSet, ...], int] = {}
_matched: dict[tuple[int, _Path], _Match] = {}
_apply = Stylesheet.apply
_replace = Stylesheet.replace_rules


def _number(sheet: Stylesheet, node: DOMNode) -> int | None:
    """One for the rules that may be a node's; None where they ask for its siblings or children."""
    names = sheet.rules_map.keys() & node._selector_names
    found = {rule for name in names for rule in sheet.rules_map[name]}
    if any(not rule.pseudo_classes.isdisjoint(sheet._EXCLUDE_PSEUDO_CLASSES_FROM_CACHE) for rule in found):
        return None
    return _numbers.setdefault(tuple(filter(found.__contains__, sheet.rules)), len(_numbers))


def _own(node: DOMNode) -> tuple[Hashable, ...]:
    """What a selector may ask of one node."""
    own = type(node), node._id, frozenset(node._classes)
    if isinstance(node, Widget):
        return *own, node.mouse_hover, node.has_focus, node.disabled, node.allow_focus()
    if isinstance(node, App):
        return *own, node.app_focus, node.theme, node.native_ansi_color, node.no_color, node.is_inline
    return own


def _apply_once(sheet: Stylesheet, node: DOMNode, *, animate: bool = False, cache: Any = None) -> None:
    known: _Known = sheet.__dict__.setdefault("_known", _Known())
    if known.rules is not sheet.rules_map:
        known.rules, known.numbers = sheet.rules_map, _sheets.setdefault(tuple(sheet.rules), {})
    if node._parent is not None and node._parent is known.within:
        path: _Path = (*known.path, _own(node))
    else:
        path = tuple(map(_own, node.css_path_nodes))
    named = path[-1][:3]
    if named not in known.numbers:
        known.numbers[named] = _number(sheet, node)
    number = known.numbers[named]
    component = type(node) is DOMNode
    if not component:
        # Its components come next.
        known.within, known.path = node, path
    if number is None:
        _apply(sheet, node, animate=animate, cache=cache)
    elif (match := _matched.get((number, path))) is not None:
        for name, value in zip(_FLAGS, match.flags, strict=True):
            setattr(node, name, value)
        sheet.replace_rules(node, match.rules, animate=animate)
        sheet._process_component_classes(node)
    else:
        _match(sheet, node, (number, path), animate=animate)
    if not component:
        known.within = None


def _match(sheet: Stylesheet, node: DOMNode, key: tuple[int, _Path], *, animate: bool) -> None:
    """Have Textual find the rules of a node, and remember them."""
    found: list[RulesMap] = []

    def take(of: DOMNode, rules: RulesMap, animate: bool = False) -> None:  # noqa: FBT001, FBT002 -- Textual's
        if of is node:
            found.append(rules)
        _replace(of, rules, animate=animate)

    with mock.patch.object(sheet, "replace_rules", take):
        _apply(sheet, node, animate=animate)
    if found:
        _matched[key] = _Match(found[0], tuple(getattr(node, name) for name in _FLAGS))


@contextmanager
def parsed_once() -> Iterator[None]:
    """Rules are made and matched anew only where their text, the theme or the widget differs."""
    with (
        mock.patch.object(Stylesheet, "_parse_rules", _parse_once),
        mock.patch.object(Stylesheet, "apply", _apply_once),
    ):
        yield
