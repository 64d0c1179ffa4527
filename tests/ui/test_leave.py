"""The question before leaving, and what it says of what is under way."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flinktop.engine.acts.jar_files import UploadJar
from flinktop.engine.acts.job_acts import Savepoint
from flinktop.engine.operation import Operation, State
from flinktop.ui.screens.leave import left_behind
from flinktop.ui.widgets.form import PressButton
from tests.depth import in_depth
from tests.ui.acting import acting
from tests.ui.day import monitor

BASE = Operation("1" * 32, "http://x", "x", "savepoint", Savepoint("a" * 32, "orders [/b]"), "orders [/b]")


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (replace(BASE, state=State.RUNNING), "followed again at the next start"),
        (replace(BASE, state=State.SENT), "followed again at the next start"),
        (replace(BASE, state=State.PLANNED), "has not been sent yet: leaving drops it"),
        (replace(BASE, state=State.SENT, act=UploadJar("/a.jar")), "leaving cuts it off"),
    ],
)
def test_the_effect_of_leaving_is_shown(operation: Operation, words: str) -> None:
    assert words in left_behind(operation)
    assert "orders [/b]" in left_behind(operation)


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), pytest.param((60, 20), marks=pytest.mark.deep)], ids=str)
async def test_what_is_under_way_is_named_until_it_has_ended(size: tuple[int, int]) -> None:
    async with acting(size=size) as ui:
        ui.port.submit(Savepoint(ui.job, "orders [/b]"))
        await ui.settled()
        await ui.press("q")
        assert "savepoint of orders [/b] is in progress" in ui.text
        assert "[ Leave ]  q leave   esc stay" in ui.text
        await ui.wait(8)
        ui.app.screen._name_them()  # type: ignore[attr-defined]  # its timer runs on the machine's clock
        await ui.settled()
        assert "in progress" not in ui.text
        await ui.press("escape")
        assert ui.app.is_running


@pytest.mark.deep
async def test_esc_on_the_first_screen_does_nothing() -> None:
    async with monitor("1.20.5") as day:
        before = day.lines
        for _ in range(20):
            await day.press("escape")
        assert day.lines[1:] == before[1:]
        assert day.app.is_running


@pytest.mark.deep
async def test_esc_undoes_what_there_is_before_it_does_nothing() -> None:
    async with monitor("1.20.5") as day:
        await day.press("slash", *"steady", "enter", "escape", "escape")
        assert day.table.filter == ""
        assert "Leave flinktop?" not in day.text


@pytest.mark.deep
@pytest.mark.parametrize(
    "key",
    in_depth(["y", "n", "x", "space", "tab", "down", "a", "colon", "question_mark", "ctrl+q"], ["y", "tab"]),
)
async def test_other_keys_do_not_answer_whether_to_leave(key: str) -> None:
    async with monitor("1.20.5") as day:
        await day.press("q", key)
        assert "Leave flinktop?" in day.text
        assert day.app.return_value is None
        assert isinstance(day.app.focused, PressButton)
        await day.press("escape")
        assert "Leave flinktop?" not in day.text
        assert day.app.return_value is None


@pytest.mark.deep
async def test_what_is_deleted_with_a_local_cluster_is_shown() -> None:
    async with monitor("1.20.5", local=True) as day:
        await day.press("q")
        assert day.line("The local cluster and its savepoints are deleted.")
    async with monitor("1.20.5") as day:
        await day.press("q")
        assert not day.line("are deleted")
