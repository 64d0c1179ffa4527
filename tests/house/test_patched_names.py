"""What tests and pictures replace by a dotted name is there: the type checker does not look into a text."""

import ast
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def patched(tree: ast.Module) -> Iterator[str]:
    """The dotted names of ours that are handed to `mock.patch` and `monkeypatch.setattr`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        match node.args[0]:
            case ast.Constant(value=str(name)) if node.func.attr in ("patch", "setattr"):
                if name.startswith("flinktop."):
                    yield name


def exists(name: str) -> bool:
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.deep
def test_what_is_replaced_by_name_is_there() -> None:
    files = [path for room in ("tests", "screenshots") for path in sorted((ROOT / room).rglob("*.py"))]
    names = {name for path in files for name in patched(ast.parse(path.read_text(encoding="utf-8")))}
    assert "flinktop.engine.operations.current_user" in names
    assert [name for name in sorted(names) if not exists(name)] == []


def test_a_name_that_is_not_there_is_found() -> None:
    [name] = patched(ast.parse('mock.patch("flinktop.engine.operations.asked_by", return_value="")'))
    assert not exists(name)
