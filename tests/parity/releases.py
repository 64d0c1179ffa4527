"""On which releases a named test runs, read from its source: its parametrize, its fixtures, its own words.

Found are the values of a `release` that is parametrised by a decorator, by the module's `pytestmark` or by a
fixture that the test takes, directly or through others, in its module or its directory's conftest.py; else
every release that the test, or a function of its module that it calls, writes out; else the one that what it
opens (`monitor`, `acting`) has by itself. Releases marked long are left out.

Not seen are values that are computed, and what a test does on some of its releases only: a `skip`, or an `if`
in its body.
"""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
RELEASE = re.compile(r"[12]\.\d+\.\d+")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """What is written at the top of a file of tests."""

    path: Path
    functions: dict[str, _Function]
    values: dict[str, ast.expr]
    imports: dict[str, tuple[str, str]]
    """By its name here: a module of the tests, and the name there."""


@functools.cache
def module(path: Path) -> Module:
    """A file of tests, parsed."""
    found = Module(path, {}, {}, {})
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, _Function):
            found.functions[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.values[node.targets[0].id] = node.value
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests."):
            for alias in node.names:
                found.imports[alias.asname or alias.name] = (str(node.module), alias.name)
    return found


def releases_of(node: str) -> frozenset[str] | None:
    """The releases that a test (file::name) runs on, those marked long left out.

    None where its source does not say.
    """
    found = parametrised(node)
    if found is not None:
        return found
    home, function = _test(node)
    return _written(function, home, frozenset()) or _by_itself(function, home) or None


def parametrised(node: str) -> frozenset[str] | None:
    """The releases that a test, or a fixture of its, is parametrised with; None where neither is."""
    home, function = _test(node)
    marks = list(function.decorator_list)
    if (mark := home.values.get("pytestmark")) is not None:
        marks += mark.elts if isinstance(mark, ast.List) else [mark]
    for one in marks:
        if (found := _parametrised(one, home)) is not None:
            return found
    return _by_fixtures(function, home, frozenset())


def _test(node: str) -> tuple[Module, _Function]:
    file, _, name = node.partition("::")
    home = module(REPOSITORY / file)
    return home, home.functions[name]


def _parametrised(mark: ast.expr, home: Module) -> frozenset[str] | None:
    """The releases of `pytest.mark.parametrize("release", …)`, or of a name for it."""
    if isinstance(mark, ast.Name) and mark.id in home.values:
        return _parametrised(home.values[mark.id], home)
    if not (isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("mark.parametrize")):
        return None
    names = [name for words in _constants(mark.args[0]) for name in re.split(r",\s*", words)]
    return _values(mark.args[1], home, names.index("release")) if "release" in names else None


def _constants(expression: ast.expr) -> list[str]:
    constants = (one.value for one in ast.walk(expression) if isinstance(one, ast.Constant))
    return [value for value in constants if isinstance(value, str)]


def _values(expression: ast.expr, home: Module, place: int = 0) -> frozenset[str] | None:
    """The releases in a list of parameters; `place` is where in a row they stand."""
    if isinstance(expression, ast.Name):
        if expression.id in home.values:
            return _values(home.values[expression.id], home, place)
        if expression.id in home.imports:
            other, name = _imported(expression.id, home)
            return _values(other.values[name], other, place) if name in other.values else None
        return None
    if not isinstance(expression, ast.List | ast.Tuple):
        return None
    found: set[str] = set()
    for row in expression.elts:
        values = _row(row, home, place)
        if values is None:
            return None
        found |= values
    return frozenset(found)


def _row(row: ast.expr, home: Module, place: int) -> frozenset[str] | None:
    """The release of one set of parameters: none where it is marked long; of a list in a list all."""
    if isinstance(row, ast.Starred):
        return _values(row.value, home, place)
    if isinstance(row, ast.Call):
        if any(word.arg == "marks" and "long" in ast.unparse(word.value) for word in row.keywords):
            return frozenset()
        row = row.args[place]
    elif isinstance(row, ast.Tuple | ast.List):
        row = row.elts[place]
    return frozenset({str(row.value)}) if isinstance(row, ast.Constant) else None


def _by_fixtures(function: _Function, home: Module, seen: frozenset[str]) -> frozenset[str] | None:
    for argument in function.args.args:
        name = argument.arg
        if name in seen:
            continue
        for place in (home, _conftest(home)):
            fixture = place.functions.get(name) if place is not None else None
            if fixture is None or place is None:
                continue
            for mark in fixture.decorator_list:
                if isinstance(mark, ast.Call):
                    for word in mark.keywords:
                        if word.arg == "params" and (found := _values(word.value, place)) is not None:
                            return found
            if (found := _by_fixtures(fixture, place, seen | {name})) is not None:
                return found
            break
    return None


def _conftest(home: Module) -> Module | None:
    path = home.path.parent / "conftest.py"
    return module(path) if path.exists() else None


def _imported(name: str, home: Module) -> tuple[Module, str]:
    there, other = home.imports[name]
    return module(REPOSITORY / (there.replace(".", "/") + ".py")), other


def _by_itself(function: _Function, home: Module) -> frozenset[str]:
    """The `release` that something imported has, which the function calls without one."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in home.imports:
            other, name = _imported(node.id, home)
            if name in other.functions:
                given = other.functions[name].args
                pairs = zip(reversed(given.args), reversed(given.defaults), strict=False)
                found |= {
                    one for argument, value in pairs if argument.arg == "release" for one in _constants(value)
                }
    return frozenset(found)


def _written(function: _Function, home: Module, seen: frozenset[str]) -> frozenset[str]:
    """Releases that a function, or one that it calls, has in its words."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and RELEASE.fullmatch(node.value):
            found.add(node.value)
        elif isinstance(node, ast.Name) and node.id not in seen:
            if node.id in home.functions:
                found |= _written(home.functions[node.id], home, seen | {node.id})
            elif node.id in home.values:
                found |= {one for one in _constants(home.values[node.id]) if RELEASE.fullmatch(one)}
    return frozenset(found)
