"""Places as values: each has the screen that it names, with the fields as its arguments."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest
from textual.screen import Screen

import flinktop
from flinktop.ui.places import SCREENS, JobManagerPlace, JobPlace, Place, is_at, screen_of
from flinktop.ui.screens.job import JobScreen


@pytest.mark.parametrize("place", SCREENS, ids=lambda place: place.__name__)
def test_the_fields_of_a_place_are_the_arguments_of_its_screen(place: type[Place]) -> None:
    module, name = SCREENS[place]
    screen = getattr(import_module(f"flinktop.ui.{module}"), name)
    assert issubclass(screen, Screen)
    taken = list(inspect.signature(screen).parameters.values())
    names = list(place.__struct_fields__)
    given = [one.name for one in taken if one.kind is one.POSITIONAL_OR_KEYWORD][: len(names)]
    assert names == given
    assert all(one.default is not one.empty for one in taken[len(names) :] if one.kind is not one.VAR_KEYWORD)


def test_a_place_opens_its_screen() -> None:
    screen = screen_of(JobPlace("a" * 32, "charts"))
    assert isinstance(screen, JobScreen)
    assert screen.job == "a" * 32
    assert is_at(screen, JobPlace)
    assert not is_at(screen, JobManagerPlace)


def test_screens_are_named_by_places_alone() -> None:
    """But for what the app asks before it leaves, and the help."""
    ui = Path(flinktop.__file__).parent / "ui"
    naming = {
        path.stem
        for path in ui.rglob("*.py")
        if ".push_screen(" in path.read_text(encoding="utf-8")
        or ".switch_screen(" in path.read_text(encoding="utf-8")
    }
    assert naming == {"live_app", "process_screen", "run_jar"}
