"""The dialog before an act: what it says, what it sends, and that nothing is sent by mistake."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events
from textual.screen import Screen

from flinktop.engine.acts.act import Act
from flinktop.engine.acts.cluster_acts import CancelApplication, DeleteDataset, Dispose, Shutdown
from flinktop.engine.acts.job_acts import Cancel, Checkpoint, Savepoint, SavepointAndCancel, Stop
from flinktop.engine.operation import State
from flinktop.ui.screens.actions import ActionsScreen
from flinktop.ui.screens.confirm import ConfirmScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.widgets.form import PressButton
from tests.ui.acting import ActingDay, RecordedJobManager, acting
from tests.ui.day import LETTERS

DEEP = pytest.mark.deep
NAME = "steady [test] <b>作业</b>"


def seen(ui: ActingDay) -> type[Screen[Any]]:
    """Which screen or dialog is seen."""
    return type(ui.app.screen)


def focused(ui: ActingDay) -> str | None:
    """What has the keys."""
    return ui.app.focused.id if ui.app.focused is not None else None


def can_do(ui: ActingDay) -> bool:
    """Whether the act's button is on."""
    return not ui.app.screen.query_one("#do", PressButton).disabled


async def click(ui: ActingDay, what: str) -> None:
    """Click in the middle of something, as a terminal tells of it."""
    x, y = ui.app.screen.query_one(what).region.center
    for kind in (events.MouseDown, events.MouseUp):
        event = kind(None, x, y, 0, 0, 1, shift=False, meta=False, ctrl=False, screen_x=x, screen_y=y)
        assert ui.app._driver is not None
        ui.app._driver.send_message(event)
        await ui.settled()


async def ask(ui: ActingDay, act: Act) -> None:
    """Open the dialog of an act."""
    ui.app.push_screen(ConfirmScreen(act))
    await ui.settled()


@pytest.mark.deep
async def test_a_job_is_stopped_by_keys_alone() -> None:
    async with acting(size=(80, 24)) as ui:
        await ui.press("a", "enter")
        assert "│ job              " + NAME in ui.text
        assert f"│ id               {ui.job}" in ui.text
        assert "last checkpoint  7 s ago" in ui.text
        await ui.wait(2)
        assert "last checkpoint  9 s ago" in ui.text
        # The way back has the focus: from there down to the options, and up to the act.
        assert focused(ui) == "back"
        await ui.press("right", "down")
        await ui.paste("s3://a b")
        assert "directory        s3://a b" in ui.text
        await ui.press("enter", "right", "down", "right", "right")
        assert "open windows and timers fire now" in ui.text
        await ui.press("down", "right")
        assert focused(ui) == "do"
        await ui.press("enter")
        assert seen(ui) is OverviewScreen
        (sent,) = ui.jobmanager.sent
        assert sent[0] == f"POST jobs/{ui.job}/stop"
        number = ui.port.operations()[0].id
        assert sent[1] == {
            "targetDirectory": "s3://a b",
            "drain": True,
            "formatType": "NATIVE",
            "triggerId": number,
        }
        assert ui.notes[0] == f"Submitted: stop with savepoint of {NAME}. Press O to follow it."
        await ui.wait(12)
        assert ui.port.operations()[0].state is State.DONE
        assert "FINISHED" in ui.text


async def test_nothing_is_sent_unless_the_act_itself_is_pressed() -> None:
    async with acting(size=(80, 24)) as ui:
        await ui.press("a", "enter", "y", "n", "space", "S", "enter")
        assert seen(ui) is ActionsScreen  # the way back was pressed
        await ui.press("enter", "tab", "escape")
        assert seen(ui) is ActionsScreen
        await ui.press("enter", "tab", "tab", *"y", "enter", "escape", "escape")
        assert seen(ui) is OverviewScreen
        await ui.wait(3)
        assert (ui.acts(), ui.port.operations()) == ([], ())


async def test_on_a_protected_cluster_the_name_is_typed() -> None:
    async with acting(size=(80, 24), protected=True) as ui:
        await ui.press("a", "end", "enter")
        assert "This cluster is protected: type the job's name to confirm: steady" in ui.text
        assert not can_do(ui)
        await ui.press("right")
        assert focused(ui) == "typed"
        await ui.paste(NAME[:-1])
        await ui.press("enter")
        assert (can_do(ui), focused(ui)) == (False, "typed")
        await ui.press(">", "enter")
        assert (can_do(ui), focused(ui)) == (True, "do")
        assert ui.acts() == []
        await ui.press("enter")
        assert ui.acts() == [f"PATCH jobs/{ui.job}?mode=cancel"]
        await ui.wait(3)
        assert ui.port.operations()[0].state is State.DONE


async def test_a_job_without_a_visible_name_is_confirmed_by_its_id() -> None:
    def blank(jobmanager: RecordedJobManager) -> None:
        next(iter(jobmanager.jobs.values())).name = " \u200b"

    async with acting(size=(80, 24), protected=True, prepare=blank) as ui:
        await ui.press("a", "end", "enter")
        assert f"type the job's id to confirm: {ui.job}" in " ".join(ui.text.replace("│", "").split())
        assert not can_do(ui)
        await ui.press("right", " ")
        assert not can_do(ui)
        await ui.press("backspace")
        await ui.paste(ui.job)
        await ui.press("enter", "enter")
        assert ui.acts() == [f"PATCH jobs/{ui.job}?mode=cancel"]


PASTED = ("a", "enter", "right", "enter")
"""Keys that a pasted text may be: the menu, its first dialog, the act's button, and enter."""


async def test_pasted_text_sends_nothing() -> None:
    async with acting(size=(80, 24)) as ui:
        await ui.type_ahead(*PASTED, "enter")
        assert (seen(ui), focused(ui)) == (ConfirmScreen, "do")
        await ui.clock.advance(0.3)
        await ui.type_ahead("enter")
        assert (seen(ui), ui.acts()) == (ConfirmScreen, [])
        await ui.clock.advance(0.2)
        await ui.type_ahead("enter")
        assert ui.acts() == [f"POST jobs/{ui.job}/stop"]


async def test_what_was_typed_before_the_button_had_the_focus_does_not_press_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with acting(size=(80, 24)) as ui:
        sideways = ConfirmScreen.action_sideways

        def slow(dialog: ConfirmScreen, by: int) -> None:
            sideways(dialog, by)
            ui.app.call_next(ui.clock.advance, 5.0)

        monkeypatch.setattr(ConfirmScreen, "action_sideways", slow)
        for key in PASTED:
            event = events.Key(key, LETTERS.get(key, key))
            ui.app.post_message(event)
        await ui.settled()
        assert (seen(ui), focused(ui), ui.acts()) == (ConfirmScreen, "do", [])
        await ui.type_ahead("enter")
        assert ui.acts() == [f"POST jobs/{ui.job}/stop"]


async def test_the_button_is_dim_until_it_takes_an_enter() -> None:
    async with acting(size=(80, 24)) as ui:
        await ui.press("a", "enter", "right")
        button = ui.app.screen.query_one("#do", PressButton)
        assert (button.styles.text_style.dim, button.styles.text_style.reverse) == (True, None)
        await ui.wait(1)
        assert (button.styles.text_style.dim, button.styles.text_style.reverse) == (None, True)


async def test_a_click_counts_once_the_dialog_can_have_been_read() -> None:
    async with acting(size=(80, 24)) as ui:
        await ui.type_ahead("a", "enter")
        await click(ui, "#do")
        assert (seen(ui), ui.acts()) == (ConfirmScreen, [])
        await ui.clock.advance(0.5)
        await click(ui, "#do")
        assert ui.acts() == [f"POST jobs/{ui.job}/stop"]


@DEEP
async def test_a_job_that_vanishes_during_the_question() -> None:
    async with acting(size=(80, 24), jobs=("steady", "slow")) as ui:
        job = ui.job
        await ask(ui, Stop(job, NAME))
        await ui.press("right")
        assert (focused(ui), can_do(ui)) == ("do", True)
        ui.jobmanager.jobs[job].state = "RESTARTING"
        await ui.wait(4)
        assert not can_do(ui)
        assert "Not now: the job is RESTARTING: it must be RUNNING" in ui.text
        assert focused(ui) == "back"
        del ui.jobmanager.jobs[job]
        await ui.wait(4)
        assert "Not now: the cluster does not know this job any more" in ui.text
        # Its target is the same; the other job, on which the cursor is now, is not meant.
        assert NAME in ui.text
        await ui.press("right", "enter")
        assert ui.acts() == []


@DEEP
@pytest.mark.parametrize(
    ("release", "kind", "rows", "sent"),
    [
        ("1.9.3", Stop, ["directory", "drain"], ("stop", {"drain": False})),
        ("1.9.3", SavepointAndCancel, ["directory"], ("savepoints", {"cancel-job": True})),
        ("1.14.6", Savepoint, ["directory"], ("savepoints", {})),
        ("2.3.0", Savepoint, ["directory", "form"], ("savepoints", {})),
        ("2.3.0", Checkpoint, ["full"], ("checkpoints", {"checkpointType": "FULL"})),
    ],
)
async def test_what_the_release_lacks_is_not_offered(
    release: str, kind: Any, rows: list[str], sent: tuple[str, dict[str, Any]]
) -> None:
    async with acting(release, (80, 24)) as ui:
        await ask(ui, kind(ui.job, NAME))
        shown = [row.id for row in ui.app.screen.query("#options .row") if row.display]
        assert shown == [f"row-{name}" for name in rows]
        if "full" in rows:
            await ui.press("up", "right", "down")
        await ui.press("right", "enter")
        ((line, body),) = ui.jobmanager.sent
        assert line == f"POST jobs/{ui.job}/{sent[0]}"
        body.pop("triggerId", None)
        assert body.items() >= sent[1].items()
        assert "formatType" not in body


@DEEP
@pytest.mark.parametrize(
    ("act", "whose", "typed", "line"),
    [
        (
            Dispose("file:/savepoints/savepoint-1"),
            "the savepoint's name",
            "savepoint-1",
            "POST savepoint-disposal",
        ),
        (Shutdown("test-cluster"), "the cluster's name", "test-cluster", "DELETE cluster"),
        (DeleteDataset("d1"), "", "", "DELETE datasets/d1"),
        (CancelApplication("a" * 32, "etl [x]", "RUNNING"), "", "", f"POST applications/{'a' * 32}/cancel"),
    ],
    ids=lambda it: it.kind if isinstance(it, Act) else "",
)
async def test_every_other_act_has_its_dialog(act: Act, whose: str, typed: str, line: str) -> None:
    async with acting("2.3.0", (80, 24)) as ui:
        await ask(ui, act)
        assert act.subject in ui.text
        if typed:
            assert not can_do(ui)
            assert f"This can't be undone: type {whose} to confirm: {typed}" in ui.text
            await ui.press("left")
            await ui.paste(typed)
            await ui.press("down")
        await ui.press("right", "enter")
        assert ui.acts() == [line]


@DEEP
@pytest.mark.parametrize("size", [(60, 20), (200, 60)])
async def test_it_fits_and_is_used_at_every_size(size: tuple[int, int]) -> None:
    def batched(jobmanager: RecordedJobManager) -> None:
        next(iter(jobmanager.jobs.values())).name = "[/]<x> " * 30

    async with acting("1.20.5", size, protected=True, prepare=batched) as ui:
        await ui.press("a", "enter")
        for lines in (ui.lines, ui.lines):
            assert len(lines) == size[1]
            assert any("[ Back ]" in line for line in lines)
        for _ in range(5):
            await ui.press("down")
            field = ui.app.focused
            assert field is not None
            assert ui.app.screen.region.contains_region(field.region)
            assert any(
                row.region.overlaps(field.region) for row in ui.app.screen.query("#scrolled, .buttons")
            )
        await ui.press("pagedown", "pageup", "escape", "escape")
        assert ui.acts() == []


@DEEP
async def test_it_is_laid_out_again_when_the_terminal_changes() -> None:
    async with acting(size=(120, 40)) as ui:
        await ask(ui, Stop(ui.job, NAME))
        await ui.pilot.resize_terminal(60, 20)
        await ui.settled()
        assert ui.line("data loss") == "data loss        none: the savepoint holds everything"
        assert ui.line("[ Back ]").startswith("[ Back ]  [ Stop with savepoint ]")


@DEEP
async def test_a_cluster_that_does_not_answer_gets_no_act() -> None:
    async with acting(size=(80, 24)) as ui:
        await ask(ui, Cancel(ui.job, NAME))
        ui.jobmanager.gone = True
        # What is pressed before the loss is seen is refused by the engine, which asks the cluster first.
        await ui.press("right", "enter")
        assert seen(ui) is OverviewScreen
        await ui.wait(6)
        (operation,) = ui.port.operations()
        assert (operation.state, "does not answer" in operation.reason) == (State.REFUSED, True)
        await ask(ui, Cancel(ui.job, NAME))
        assert "Not now: the cluster does not answer" in ui.text
        assert not can_do(ui)
        ui.jobmanager.gone = False
        await ui.wait(30)
        assert can_do(ui)
        assert ui.acts() == []
