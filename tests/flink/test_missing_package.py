"""The line that installs a package, tried in the environments that it is for."""

import shlex
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from flinktop.flink import missing_package
from flinktop.flink.missing_package import install_command

Environment = Callable[..., str]
WANTED = ("some-package==1", "other>=2,<3")
PYTHON = "/opt/my tools/bin/python"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """What is said in an environment with these packages and files."""

    def said(*, own: bool = True, packages: tuple[str, ...] = ("pip",), files: tuple[str, ...] = ()) -> str:
        prefix = tmp_path / "flinktop"
        prefix.mkdir()
        for name in files:
            (prefix / name).touch()
        monkeypatch.setattr(sys, "prefix", str(prefix))
        monkeypatch.setattr(sys, "base_prefix", str(tmp_path / "usr") if own else str(prefix))
        monkeypatch.setattr(sys, "executable", PYTHON)
        monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(prefix))
        monkeypatch.setattr(missing_package, "find_spec", lambda name: name if name in packages else None)
        monkeypatch.setenv("PATH", "")
        return install_command(*WANTED)

    return said


def test_an_environment_with_pip(environment: Environment) -> None:
    # An environment of a Python that its system manages takes packages all the same.
    said = environment(files=("EXTERNALLY-MANAGED",))
    assert shlex.split(said) == [PYTHON, "-m", "pip", "install", *WANTED]


def test_a_python_that_takes_packages(environment: Environment) -> None:
    assert shlex.split(environment(own=False)) == [PYTHON, "-m", "pip", "install", *WANTED]


@pytest.mark.parametrize("packages", [("pip",), ()])
def test_a_python_that_its_system_manages(environment: Environment, packages: tuple[str, ...]) -> None:
    said = environment(own=False, packages=packages, files=("EXTERNALLY-MANAGED",))
    made, installed, started = said.split(" && ")
    assert shlex.split(made) == [PYTHON, "-m", "venv", "--system-site-packages", "~/.flinktop-venv"]
    assert shlex.split(installed) == ["~/.flinktop-venv/bin/pip", "install", *WANTED]
    assert started == "~/.flinktop-venv/bin/python -m flinktop"


def test_pipx(environment: Environment) -> None:
    said = environment(packages=(), files=("pipx_metadata.json",))
    assert shlex.split(said) == ["pipx", "inject", "flinktop", *WANTED]


def test_an_environment_of_uv(environment: Environment) -> None:
    assert shlex.split(environment(packages=())) == ["uv", "pip", "install", "--python", PYTHON, *WANTED]


def test_an_environment_that_was_made_without_pip(environment: Environment) -> None:
    first, second = environment(packages=("ensurepip",)).split(" && ")
    assert shlex.split(first) == [PYTHON, "-m", "ensurepip"]
    assert shlex.split(second) == [PYTHON, "-m", "pip", "install", *WANTED]
