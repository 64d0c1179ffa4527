"""Label and field selectors of lists and watches."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.kubernetes.apiserver.statuses import Refused
from tests.kubernetes.objects import Object

Test = Callable[[Object], bool]
_SET = re.compile(r"\s*(?P<key>\S+)\s+(?P<how>in|notin)\s*\((?P<values>[^)]*)\)\s*")
_COMMA = re.compile(r",(?![^(]*\))")


def selector(query: Mapping[str, str]) -> Test:
    """Whether an object is among those that a request asks for.

    Raises:
        Refused: 400, a selector that cannot be read.
    """
    tests = [_label(part) for part in _COMMA.split(query.get("labelSelector", "")) if part]
    tests += [_field(part) for part in query.get("fieldSelector", "").split(",") if part]
    return lambda given: all(test(given) for test in tests)


def _label(part: str) -> Test:
    found = _SET.fullmatch(part)
    if found:
        key, values = found["key"], {value.strip() for value in found["values"].split(",")}
        wanted = found["how"] == "in"
        return lambda given: (_labels(given).get(key) in values) == wanted
    if "!=" in part:
        key, value = (word.strip() for word in part.split("!=", 1))
        return lambda given: _labels(given).get(key) != value
    if "=" in part:
        key, value = (word.strip() for word in part.replace("==", "=").split("=", 1))
        return lambda given: _labels(given).get(key) == value
    if part.startswith("!"):
        return lambda given: part[1:] not in _labels(given)
    if re.search(r"[\s()]", part):
        raise Refused(400, f"unable to parse requirement: found '{part}'")
    return lambda given: part in _labels(given)


def _labels(given: Object) -> Mapping[str, str]:
    labels: Mapping[str, str] = given["metadata"].get("labels", {})
    return labels


def _field(part: str) -> Test:
    negated = "!=" in part
    key, value = part.split("!=" if negated else "=", 1)
    way = key.split(".")
    return lambda given: (_at(given, way) == value.removeprefix("=")) != negated


def _at(given: Any, way: list[str]) -> str:
    for word in way:
        given = given.get(word, {}) if isinstance(given, dict) else {}
    return str(given) if given else ""
