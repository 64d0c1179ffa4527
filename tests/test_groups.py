"""`[[groups]]` of the config file: what holds for all clusters that match."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flinktop.cli import main
from flinktop.settings import Flags, Profile, SettingsError, read_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

CLUSTERS = """
[clusters.prod-eu]
url = "http://eu:8081"
[clusters.prod-us]
url = "http://us:8081"
color = "cyan"
protected = false
read_only = false
refresh = 5
[clusters.dev]
url = "http://dev:8081"
"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "FLINKTOP_TARGET", "FLINKTOP_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def profile(
    path: Path, groups: str, target: str, *, top: str = "", environ: Mapping[str, str] | None = None
) -> Profile:
    file = path / "config.toml"
    file.write_text(f"{top}\n{CLUSTERS}\n{groups}")
    return read_sources(Flags(config=str(file)), {"HOME": str(path), **(environ or {})}).profile(target)


PROD = """
[[groups]]
clusters = "prod-*"
name = "prod"
color = "red"
read_only = true
protected = true
refresh = 20
"""


def test_a_group_holds_for_what_matches_and_for_nothing_else(tmp_path: Path) -> None:
    found = profile(tmp_path, PROD, "prod-eu")
    assert (found.group, found.colour, found.protected, found.refresh) == ("prod", "red", True, 20.0)
    assert found.connection.read_only
    other = profile(tmp_path, PROD, "dev")
    assert (other.group, other.colour, other.protected, other.refresh) == ("", None, False, None)
    assert not other.connection.read_only


def test_a_clusters_own_keys_beat_it_but_for_read_only_which_is_only_tightened(tmp_path: Path) -> None:
    found = profile(tmp_path, PROD, "prod-us")
    assert (found.group, found.colour, found.protected, found.refresh) == ("prod", "cyan", False, 5.0)
    assert found.connection.read_only


@pytest.mark.parametrize(
    ("top", "marks", "environ", "expected"),
    [
        ("read_only = true", ["false"], {}, True),
        ("", ["true", "false"], {}, True),
        ("", ['"default"'], {}, True),
        ("", ['"default"'], {"FLINKTOP_READ_ONLY": "no"}, False),
        ("", ['"default"', "true"], {"FLINKTOP_READ_ONLY": "no"}, True),
        ("", ["false"], {}, False),
    ],
)
def test_the_strictest_decides(
    top: str, marks: list[str], environ: dict[str, str], expected: object, tmp_path: Path
) -> None:
    groups = "".join(f'[[groups]]\nclusters = "dev"\nname = "g"\nread_only = {mark}\n' for mark in marks)
    found = profile(tmp_path, groups, "dev", top=top, environ=environ)
    assert found.connection.read_only is expected


def test_of_several_the_last_that_matches_decides_key_by_key(tmp_path: Path) -> None:
    more = '[[groups]]\nclusters = ["prod-eu", "dev"]\nname = "europe"\ncolor = "#00ff00"\n'
    found = profile(tmp_path, PROD + more, "prod-eu")
    assert (found.group, found.colour, found.refresh) == ("europe", "#00ff00", 20.0)
    assert profile(tmp_path, more, "dev").group == "europe"


def test_an_address_of_a_cluster_has_its_guards(tmp_path: Path) -> None:
    found = profile(tmp_path, PROD, "http://EU:8081/")
    assert (found.name, found.protected, found.connection.read_only) == ("prod-eu", True, True)


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ('name = "a"', "line 14: [[groups]] needs clusters, names or patterns"),
        ('clusters = "a"', "line 14: [[groups]] needs a name, such as"),
        ('clusters = "a"\nname = "a b"', "name must be one word without blanks, not 'a b'"),
        (
            'clusters = "a"\nname = "a"\ncolour = "red"',
            "[[groups]] has no key 'colour'; did you mean 'color'?",
        ),
        ('clusters = []\nname = "a"', "clusters must not be an empty list"),
        ('clusters = "a"\nname = "a"\nread_only = "yes"', 'read_only must be true, false or "default"'),
    ],
)
def test_a_mistake_in_a_group_is_a_sentence_with_its_line(group: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        profile(tmp_path, f"[[groups]]\n{group}\n", "dev")
    assert said in str(caught.value)


def test_clusters_lists_groups_and_says_which_matches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'{CLUSTERS}{PROD}[[groups]]\nclusters = "prdo-*"\nname = "typo"\n')
    assert main(["clusters", "--no-ask", "--config", str(file)]) == 0
    out = capsys.readouterr().out
    assert [line.split() for line in out.splitlines() if line.startswith("prod-eu")] == [
        ["prod-eu", "http://eu:8081", "read-only,", "protected,", "group", "prod"]
    ]
    assert "groups    prod: prod-*: read-only, protected, color red, every 20 s" in out
    assert "NO CLUSTER of the config is named 'prdo-*'" in out
