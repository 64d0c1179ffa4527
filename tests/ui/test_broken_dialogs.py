"""A dialog that fails says so or is closed; the screens behind it live, and nothing is sent by it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from textual.screen import Screen

from flinktop.engine.acts.job_acts import Stop
from flinktop.flink.jars import RunOptions
from flinktop.ui.app import FlinkTop
from flinktop.ui.dialog import ActButton, Dialog
from flinktop.ui.palette import Palette
from flinktop.ui.screens.confirm import ConfirmScreen
from flinktop.ui.screens.help import HelpScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.pick import PickJar
from flinktop.ui.screens.plan_preview import PlanPreviewScreen
from flinktop.ui.screens.rescale import RescaleScreen
from flinktop.ui.screens.run_jar import RunJarScreen
from flinktop.ui.screens.upload import UploadScreen
from flinktop.ui.screens.write_view import WriteView
from tests.ui.acting import ActingDay, acting

pytestmark = pytest.mark.deep

DEEP = pytest.mark.deep


def broken(*_given: Any, **_named: Any) -> Any:
    raise RuntimeError("it broke [red]\x1b[2J")


SAYS = "cannot show this: RuntimeError: it broke [red]"
CLOSED = "The dialog has failed because of an internal error (RuntimeError: it broke [red])."
DIALOGS: dict[str, Callable[[ActingDay], Dialog[Any]]] = {
    "confirm": lambda ui: ConfirmScreen(Stop(ui.job, "steady")),
    "upload": lambda _ui: UploadScreen(),
    "plan": lambda _ui: PlanPreviewScreen("x.jar", "x.jar", RunOptions()),
    "rescale": lambda ui: RescaleScreen(ui.job, "steady"),
    "run": lambda _ui: RunJarScreen(),
    "pick": lambda _ui: PickJar(),
}


async def opened(ui: ActingDay, screen: Screen[Any]) -> None:
    ui.app.push_screen(screen)
    await ui.settled()


@pytest.mark.parametrize("part", ["renew", "watched"])
@pytest.mark.parametrize(
    "kind", [name if name == "confirm" else pytest.param(name, marks=DEEP) for name in DIALOGS]
)
async def test_a_dialog_that_cannot_show_its_facts_says_so(
    kind: str, part: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with acting(size=(80, 24), raise_errors=False) as ui:
        dialog = DIALOGS[kind](ui)
        monkeypatch.setattr(type(dialog), part, broken)
        await opened(ui, dialog)
        await ui.wait(3)
        assert ui.app.screen is dialog
        assert SAYS in ui.text
        assert "\x1b" not in ui.text
        logged = [one for one in caplog.records if one.message.startswith("the dialog ")]
        assert len(logged) == 1
        await ui.press("tab", "enter", "right", "enter", "escape")
        assert isinstance(ui.app.screen, OverviewScreen)
        assert (ui.acts(), ui.port.operations()) == ([], ())


async def test_a_dialog_that_can_show_its_facts_again_does(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(size=(80, 24), raise_errors=False) as ui:
        await ui.press("a", "enter")
        assert "[ Stop with savepoint ]" in ui.text
        with monkeypatch.context() as for_a_while:
            for_a_while.setattr(ConfirmScreen, "renew", broken)
            await ui.wait(2)
            assert SAYS in ui.text
            assert "[ Stop with savepoint ]" not in ui.text
            await ui.press("right", "enter")
        await ui.wait(2)
        assert SAYS not in ui.text
        assert ui.app.focused is not None
        assert ui.app.focused.id == "back"
        await ui.press("right", "enter")
        assert ui.acts() == [f"POST jobs/{ui.job}/stop"]


BREAKS: dict[str, tuple[type[Any], str, list[str]]] = {
    "handler": (FlinkTop, "submit", ["a", "enter", "right", "enter"]),
    "action": (ConfirmScreen, "action_sideways", ["a", "enter", "right"]),
    "compose": (ConfirmScreen, "compose", ["a", "enter"]),
    "mount": (ConfirmScreen, "on_mount", ["a", "enter"]),
    "focus": (ActButton, "on_focus", ["a", "enter", "right"]),
    "render": (ActButton, "render", ["a", "enter"]),
    "help": (HelpScreen, "compose", ["question_mark"]),
    "write": (WriteView, "action_other_kind", ["w", "down"]),
    "palette": (Palette, "compose", ["colon"]),
}


@pytest.mark.parametrize(
    "name", [name if name in ("handler", "action") else pytest.param(name, marks=DEEP) for name in BREAKS]
)
async def test_a_dialog_that_fails_otherwise_is_closed(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kind, part, keys = BREAKS[name]
    async with acting(size=(80, 24), raise_errors=False) as ui:
        monkeypatch.setattr(kind, part, broken)
        await ui.press(*keys)
        await ui.wait(1)
        assert not isinstance(ui.app.screen, kind)
        await ui.press("escape")
        assert isinstance(ui.app.screen, OverviewScreen)
        assert CLOSED in ui.notes
        [logged] = [one for one in caplog.records if one.levelno == logging.ERROR]
        assert logged.exc_info is not None
        await ui.press("down", "a")
        assert "EFFECT" in ui.text
        assert ui.acts() == []
