"""How far one act is to follow through the house: from `a` on a job to the list of what can be done.

Every call of a function of ours that the key or the list makes until the list stands is traced, and the
modules of these functions are counted. Not counted is what is gone through whatever a key is about: the bases
of all screens and dialogs, the table of places, the widgets (`OF_EVERY_KEY`); the Port with what the engine
keeps behind it, which every panel asks (`BEHIND_THE_PORT`); and Flink's answers with the formats and states
that all rooms read them by (`VOCABULARY`). The modules that declare acts count as one: they stand beside each
other, and whoever follows one act reads one of them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import flinktop
from flinktop.engine.acts.kinds import ACTS
from flinktop.engine.acts.run_jar import RunAgain
from flinktop.ui.places import JobPlace
from flinktop.ui.screens.actions import ActionsScreen
from tests.ui.acting import acting

PACKAGE = f"{Path(flinktop.__file__).parent}/"
MOST = 6
OF_EVERY_KEY = ("ui.app", "ui.live", "ui.live_app", "ui.steady", "ui.dialog", "ui.places", "ui.widgets")
BEHIND_THE_PORT = ("engine",)
ACTS_ROOM = "engine.acts"
VOCABULARY = ("flink", "model")
DECLARATIONS = {act.__module__ for act in (*ACTS, RunAgain)}


def name_of(path: str) -> str | None:
    """The module of ours that a file is, below flinktop."""
    if not path.startswith(PACKAGE):
        return None
    return path.removeprefix(PACKAGE).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def inside(name: str, places: tuple[str, ...]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def counted(name: str) -> str | None:
    """What a module counts as; None when it does not."""
    if f"flinktop.{name}" in DECLARATIONS:
        return "an act's declaration"
    if inside(name, (ACTS_ROOM,)):
        return name
    return None if inside(name, (*OF_EVERY_KEY, *BEHIND_THE_PORT, *VOCABULARY)) else name


class Followed:
    """The modules in which functions were called, and where a lower room called one of the terminal's."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.climbs: set[str] = set()

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        name = name_of(frame.f_code.co_filename)
        if event != "call" or name is None or not _for_the_list(frame):
            return
        self.modules.add(name)
        below = name_of(frame.f_back.f_code.co_filename) if frame.f_back is not None else None
        if name.startswith("ui.") and below is not None and not below.startswith("ui."):
            self.climbs.add(f"{below} -> {name}")


def _for_the_list(frame: FrameType | None) -> bool:
    """Whether something is called for the key or by the list, not by a panel behind it that draws itself."""
    while frame is not None:
        list_itself = name_of(frame.f_code.co_filename) == "ui.screens.actions"
        if list_itself or frame.f_code.co_name == "action_actions":
            return True
        frame = frame.f_back
    return False


@pytest.mark.deep
async def test_the_actions_of_a_job_are_at_most_six_modules_away() -> None:
    async with acting() as ui:
        ui.app.go(JobPlace(ui.job))
        await ui.settled()
        await ui.wait(3)
        followed = Followed()
        sys.setprofile(followed)
        try:
            await ui.press("a")
            await ui.settled()
        finally:
            sys.setprofile(None)
        assert isinstance(ui.app.screen, ActionsScreen)
        assert len(ui.app.screen.table.shown_rows()) == 7
    passed = sorted({one for name in followed.modules if (one := counted(name)) is not None})
    assert "ui.screens.actions" in passed, "nothing was followed"
    assert len(passed) <= MOST, ", ".join(passed)
    assert not followed.climbs, "a lower room calls the terminal's"
