"""Running a jar from its form: what is typed reaches the cluster as its release wants it."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any
from unittest import mock

import httpx
import pytest
from msgspec.structs import replace
from textual import events
from textual.screen import Screen

from flinktop.engine.acts.job_acts import Stop
from flinktop.engine.acts.run_jar import RunJar
from flinktop.facts.restore import rerun
from flinktop.flink.jars import RunOptions
from flinktop.ui.places import screen_of
from flinktop.ui.screens.actions import SIMULATED, again_place
from flinktop.ui.screens.confirm import ConfirmScreen
from flinktop.ui.screens.jars import JarsScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.pick import PickJar, PickRestore
from flinktop.ui.screens.plan_preview import PlanPreviewScreen
from flinktop.ui.screens.run_jar import RunJarScreen
from flinktop.ui.widgets.form import Choice, LinesField, PressButton
from tests.fixture_cluster import FIXTURES
from tests.ui.acting import ActingDay, RecordedJobManager, acting
from tests.ui.day import monitor
from tests.ui.test_looks import foreign

deep = partial(pytest.param, marks=pytest.mark.deep)
OTHERS = [deep(release) for release in ("1.9.3", "1.14.6", "2.3.0")]


def seen(ui: ActingDay) -> type[Screen[Any]]:
    """Which screen or dialog is seen."""
    return type(ui.app.screen)


def focused(ui: ActingDay) -> str | None:
    """What has the keys."""
    return ui.app.focused.id if ui.app.focused is not None else None


def jar_of(ui: ActingDay) -> str:
    """The id of the recorded jar."""
    return next(iter(ui.jobmanager.jars))


async def show(ui: ActingDay, screen: Screen[Any]) -> None:
    """Open a dialog, and wait until what it asks for is known."""
    ui.app.push_screen(screen)
    await ui.settled()


async def type_in(ui: ActingDay, field: str, text: str) -> None:
    """Go to a field by tab, and paste a text as a terminal hands it on."""
    for _ in range(20):
        if focused(ui) == field:
            break
        await ui.press("tab")
    assert focused(ui) == field
    if text:
        ui.app.post_message(events.Paste(text))
        await ui.settled()


async def press_button(ui: ActingDay, name: str) -> None:
    """Go to a button by tab and press it."""
    await type_in(ui, name, "")
    await ui.press("enter")


def words(ui: ActingDay) -> str:
    """What is read on the screen, wherever lines are broken."""
    return " ".join(ui.text.replace("│", "").split())


async def run(ui: ActingDay) -> dict[str, Any]:
    """Press Run and say yes; what came to the cluster by that."""
    before = len(ui.jobmanager.sent)
    await press_button(ui, "run")
    assert seen(ui) is ConfirmScreen
    await ui.press("tab", "enter")
    await ui.wait(3)
    [(line, sent)] = ui.jobmanager.sent[before:]
    assert line == f"POST jars/{jar_of(ui)}/run"
    assert sent.pop("jobId") in ui.jobmanager.jobs
    return dict(sent)


CLAIM = {"1.9.3": {}, "1.14.6": {}, "1.20.5": {"claimMode": "CLAIM"}, "2.3.0": {"claimMode": "CLAIM"}}
CONFIGURATION = {"pipeline.name": "typed: here", "state.backend.type": "rocksdb"}
SETTINGS = {"1.20.5": {"flinkConfiguration": CONFIGURATION}, "2.3.0": {"flinkConfiguration": CONFIGURATION}}


@pytest.mark.deep
@pytest.mark.parametrize("release", ["1.20.5", *OTHERS])
async def test_what_is_typed_reaches_the_cluster(release: str) -> None:
    async with acting(release, (80, 24)) as ui:
        await show(ui, RunJarScreen(jar_of(ui)))
        await type_in(ui, "entry_class", "a.Main")
        await type_in(ui, "arguments", "--names a,b --title 'orders, eu'")
        for shown in ("1  --names", "2  a,b", "4  orders, eu"):
            assert shown in ui.text
        await type_in(ui, "parallelism", "3")
        await type_in(ui, "savepoint", "file:/s/1")
        await type_in(ui, "allow_non_restored_state", "")
        await ui.press("right")
        if CLAIM[release]:
            await type_in(ui, "claim_mode", "")
            await ui.press("right", "right")
        else:
            assert "no restore modes (1.15+)" in ui.text
            assert not ui.app.screen.query("#claim_mode")
        if release in SETTINGS:
            await type_in(ui, "configuration", "pipeline.name: typed: here\nstate.backend.type: rocksdb")
        else:
            assert "no configuration per job (1.17+)" in ui.text
            assert not ui.app.screen.query("#configuration")
        assert await run(ui) == {
            "entryClass": "a.Main",
            "programArgsList": ["--names", "a,b", "--title", "orders, eu"],
            "parallelism": 3,
            "savepointPath": "file:/s/1",
            "allowNonRestoredState": True,
            **CLAIM[release],
            **SETTINGS.get(release, {}),
        }
        assert seen(ui) is OverviewScreen


@pytest.mark.deep
async def test_a_jar_alone_is_run_as_it_is() -> None:
    async with acting() as ui:
        await show(ui, JarsScreen())
        await ui.wait(1)
        await ui.press("enter")
        await ui.settled()
        assert (seen(ui), focused(ui)) == (RunJarScreen, "entry_class")
        assert await run(ui) == {}
        assert seen(ui) is JarsScreen


@pytest.mark.deep
async def test_esc_at_every_stage_sends_nothing() -> None:
    async with acting() as ui:
        await show(ui, RunJarScreen(jar_of(ui)))
        await type_in(ui, "arguments", "--kept 1")
        await press_button(ui, "plan")
        assert (seen(ui), focused(ui)) == (PlanPreviewScreen, "back")
        await ui.press("escape")
        # What was typed is still there, and the keys go on where they were.
        assert (seen(ui), focused(ui)) == (RunJarScreen, "plan")
        assert ui.app.screen.query_one("#arguments", LinesField).text == "--kept 1"
        await press_button(ui, "run")
        assert (seen(ui), focused(ui)) == (ConfirmScreen, "back")
        await ui.press("y", "enter")
        assert seen(ui) is RunJarScreen
        await ui.press("escape")
        assert (seen(ui), ui.acts()) == (OverviewScreen, [])


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("arguments", "--title 'orders", "arguments: a quote is not closed"),
        deep("parallelism", "two", "parallelism: two is not a number"),
        deep("parallelism", "0", "a parallelism of 0 is none"),
        deep("configuration", "no value", "configuration: line 1 is not `key: value`"),
    ],
)
async def test_what_can_not_be_parsed_is_reported(field: str, text: str, words: str) -> None:
    async with acting(size=(80, 24)) as ui:
        await show(ui, RunJarScreen(jar_of(ui)))
        await type_in(ui, field, text)
        assert words in ui.text
        assert ui.app.screen.query_one("#run", PressButton).disabled
        await ui.press("shift+home", "shift+up", "delete")
        assert not ui.app.screen.query_one("#run", PressButton).disabled


@pytest.mark.deep
async def test_a_savepoint_is_picked_from_those_known() -> None:
    async with acting(size=(80, 24)) as ui:
        ui.port.submit(Stop(ui.job, "steady", "file:/a/very/long/way/to/the/directory"))
        await ui.wait(12)
        await show(ui, RunJarScreen(jar_of(ui)))
        await type_in(ui, "savepoint", "")
        await ui.press("ctrl+o")
        await ui.settled()
        line = ui.line("savepoint   steady")
        # Paths differ at their ends; the whole one stands below.
        assert line.endswith("directory/savepoint-1")
        assert "file:/a/very/long/way/to/the/directory/savepoint-1" in ui.text
        await ui.press("enter")
        assert focused(ui) == "savepoint"
        assert (await run(ui))["savepointPath"] == "file:/a/very/long/way/to/the/directory/savepoint-1"


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_savepoints_of_another_cluster_come_last_and_say_so(size: tuple[int, int]) -> None:
    async with acting(size=size) as ui:
        ui.port.submit(Stop(ui.job, "steady", "file:/here"))
        await ui.wait(12)
        [made] = ui.port.operations()
        result = replace(made.result, savepoint="file:/there/savepoint-9")
        # Newer than this cluster's own.
        other = replace(
            made, cluster="http://prod:8081", cluster_name="127.0.0.1:18230", job="a" * 32, subject="orders",
            result=result, ended=(made.ended or 0.0) + 1,
        )  # fmt: skip
        ui.app.push_screen(PickRestore())
        await ui.settled()
        assert "OTHER CLUSTER" not in ui.text
        with mock.patch.object(ui.port, "operations", return_value=(other, made)):
            await ui.wait(1)
            assert "OTHER CLUSTER" in ui.text
            assert ui.text.index("here/savepoint-1") < ui.text.index("there/savepoint-9")
            assert "127.0.0.1:18230" in ui.line("orders")
            assert ui.text.count("18230") == 1


@pytest.mark.deep
async def test_the_manifest_names_the_class() -> None:
    async with acting() as ui:
        await show(ui, RunJarScreen(jar_of(ui)))
        assert "TestJob (from manifest)" in ui.line("class")
        await ui.press("ctrl+o", "enter")
        assert (await run(ui)) == {"entryClass": "TestJob"}


@pytest.mark.deep
async def test_a_plan_is_drawn_before_anything_runs() -> None:
    async with acting(size=(80, 24)) as ui:
        await show(ui, PlanPreviewScreen(jar_of(ui), "test-job.jar", RunOptions(arguments=("a,b",))))
        assert "the jar's main() runs on the JobManager" in ui.text
        assert (focused(ui), ui.acts()) == ("back", [])
        await ui.press("tab", "enter")
        await ui.wait(1)
        assert ui.jobmanager.sent == [(f"POST jars/{jar_of(ui)}/plan", {"programArgsList": ["a,b"]})]
        assert "5 vertices" in ui.text
        assert "Source: events [v1]" in ui.text
        await ui.press("end")
        assert "Sink: nowhere [sink]" in ui.text
        await ui.press("escape")
        assert seen(ui) is OverviewScreen


@pytest.mark.deep
async def test_pasted_text_asks_for_no_plan() -> None:
    async with acting(size=(80, 24)) as ui:
        await show(ui, PlanPreviewScreen(jar_of(ui), "test-job.jar", RunOptions()))
        await ui.clock.advance(5.0)
        await ui.type_ahead("tab", "enter", "enter")
        assert (focused(ui), ui.acts()) == ("do", [])
        await ui.clock.advance(0.5)
        await ui.type_ahead("enter")
        await ui.wait(1)
        assert ui.acts() == [f"POST jars/{jar_of(ui)}/plan"]


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_on_a_protected_cluster_the_name_is_typed_before_a_plan(size: tuple[int, int]) -> None:
    async with acting(size=size, protected=True) as ui:
        await show(ui, PlanPreviewScreen(jar_of(ui), "test-job.jar", RunOptions()))
        assert "This cluster is protected: type the cluster's name to confirm: test-cluster" in words(ui)
        await type_in(ui, "typed", "test-cluste")
        await ui.press("enter", "tab", "enter")
        assert (seen(ui), ui.acts()) == (OverviewScreen, [])
        await show(ui, PlanPreviewScreen(jar_of(ui), "test-job.jar", RunOptions()))
        await type_in(ui, "typed", "test-cluster")
        await ui.press("enter")
        assert (focused(ui), ui.acts()) == ("do", [])
        await ui.press("enter")
        await ui.wait(1)
        assert ui.acts() == [f"POST jars/{jar_of(ui)}/plan"]
        assert "5 vertices" in ui.text


@pytest.mark.deep
async def test_a_plan_of_1_9_holds_no_comma() -> None:
    async with acting("1.9.3") as ui:
        await show(ui, PlanPreviewScreen(jar_of(ui), "test-job.jar", RunOptions(arguments=("a,b",))))
        await ui.press("tab", "enter")
        await ui.wait(1)
        assert "Flink 1.9 can't plan a jar whose arguments contain a comma" in words(ui)
        assert ui.acts() == []


async def test_a_plan_that_takes_long_is_waited_for_or_left() -> None:
    async with acting(size=(60, 20)) as ui:
        done = asyncio.Event()
        answer = ui.jobmanager.handle_async_request

        async def late(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/plan"):
                await done.wait()
            return await answer(request)

        with mock.patch.object(ui.jobmanager, "handle_async_request", late):
            await show(ui, PlanPreviewScreen(jar_of(ui), "test-job.jar", RunOptions()))
            await ui.press("tab", "enter")
            assert "waiting for 0 s" in ui.text
            await ui.wait(7)
            assert "waiting for 7 s: main() runs on the JobManager; esc closes" in words(ui)
            await ui.press("escape")
            done.set()
            await ui.wait(1)
        assert (seen(ui), ui.acts()) == (OverviewScreen, [f"POST jars/{jar_of(ui)}/plan"])


async def test_a_main_that_throws_is_reported_with_its_message() -> None:
    def throws(jobmanager: RecordedJobManager) -> None:
        jobmanager.main_throws = "no topic [red] given"

    async with acting(size=(80, 24), prepare=throws) as ui:
        await show(ui, PlanPreviewScreen(jar_of(ui), "test-job.jar", RunOptions()))
        await ui.press("tab", "enter")
        await ui.wait(1)
        assert "no plan: Could not execute application: no topic [red] given" in words(ui)
        assert "at x.Y" not in ui.text
        assert "Caused by" not in ui.text


@pytest.mark.deep
async def test_a_job_that_was_run_from_here_is_run_again_as_it_was() -> None:
    options = RunOptions(entry_class="a.Main", arguments=("--title", "a, b"), parallelism=2)
    async with acting() as ui:
        number = ui.port.submit(RunJar(jar_of(ui), "test-job.jar", options))
        await ui.wait(6)
        ui.port.submit(Stop(number, "run"))
        await ui.wait(12)
        assert ui.jobmanager.jobs[number].state == "FINISHED"
        # The jar was uploaded anew meanwhile, and has another id.
        ui.jobmanager.jars = {"new": "test-job.jar"}
        await show(ui, screen_of(again_place(rerun(ui.port, number))))
        assert "second copy" not in ui.text
        assert "with empty state" not in ui.text
        assert "test-job.jar is gone: this is the newest of that name, uploaded" in words(ui)
        assert await run(ui) == {
            "entryClass": "a.Main",
            "programArgsList": ["--title", "a, b"],
            "parallelism": 2,
            "savepointPath": "file:/savepoints/savepoint-1",
            "allowNonRestoredState": False,
        }


@pytest.mark.deep
async def test_a_sample_of_a_local_flink_is_run_again_as_it_was() -> None:
    options = RunOptions(arguments=("CREATE TABLE t (a INT)", "INSERT INTO t SELECT ','"))
    async with acting() as ui:
        ui.port.runs = {ui.job: RunJar(jar_of(ui), "samples.jar", options)}
        ui.port.submit(Stop(ui.job, "steady"))
        await ui.wait(12)
        await show(ui, screen_of(again_place(rerun(ui.port, ui.job))))
        assert await run(ui) == {
            "programArgsList": list(options.arguments),
            "savepointPath": "file:/savepoints/savepoint-1",
            "allowNonRestoredState": False,
        }


@pytest.mark.deep
async def test_secrets_are_not_kept_but_typed_again() -> None:
    options = RunOptions(arguments=("--password", "hunter2"))
    async with acting() as ui:
        number = ui.port.submit(RunJar(jar_of(ui), "test-job.jar", options))
        await ui.wait(6)
        await show(ui, screen_of(again_place(rerun(ui.port, number))))
        assert "run is RUNNING: a second copy would start" in ui.text
        assert "is gone" not in ui.text
        assert "nothing is restored: the job starts with empty state" in ui.text
        assert "hunter2" not in ui.text
        assert "looked like a secret: give it anew" in ui.text
        assert ui.app.screen.query_one("#run", PressButton).disabled
        await type_in(ui, "arguments", "")
        ui.app.screen.query_one("#arguments", LinesField).text = ""
        await type_in(ui, "arguments", "--password again")
        assert (await run(ui))["programArgsList"] == ["--password", "again"]


@pytest.mark.deep
async def test_a_job_of_elsewhere_is_run_again_from_a_jar_of_choice() -> None:
    async with acting(size=(80, 24)) as ui:
        ui.port.submit(Stop(ui.job, "steady"))
        await ui.wait(12)
        await show(ui, screen_of(again_place(rerun(ui.port, ui.job))))
        assert "choose the jar first" in ui.text
        assert focused(ui) == "choose"
        await ui.press("enter")
        await ui.settled()
        await ui.press("enter")
        # The next letters are the class.
        await ui.press(*"a.Main", "tab")
        assert focused(ui) == "arguments"
        assert await run(ui) == {
            "entryClass": "a.Main",
            "savepointPath": "file:/savepoints/savepoint-1",
            "allowNonRestoredState": False,
        }


@pytest.mark.deep
async def test_a_jar_that_is_gone_is_not_run() -> None:
    async with acting() as ui:
        await show(ui, RunJarScreen(jar_of(ui)))
        ui.jobmanager.jars.clear()
        await ui.wait(12)
        assert "this jar is not on the cluster any more" in ui.text
        assert ui.app.screen.query_one("#run", PressButton).disabled


@pytest.mark.deep
async def test_read_only_offers_no_form() -> None:
    async with acting(read_only=True) as ui:
        await show(ui, JarsScreen())
        await ui.wait(1)
        await ui.press("enter")
        assert seen(ui) is JarsScreen
        await show(ui, PlanPreviewScreen(jar_of(ui), "test-job.jar", RunOptions()))
        assert "opened read-only, and a plan runs the jar's main()" in " ".join(
            ui.text.replace("│", "").split()
        )
        assert ui.app.screen.query_one("#do", PressButton).disabled


@pytest.mark.deep
@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_the_form_is_of_use_on_a_small_screen(size: tuple[int, int]) -> None:
    options = RunOptions(arguments=tuple("abcdefgh"), savepoint="file:/s/1", configuration={"a.b": "1"})
    async with acting(size=size, ascii_only=True) as ui:
        await show(ui, RunJarScreen(jar_of(ui), options))
        await press_button(ui, "run")
        assert seen(ui) is ConfirmScreen
        await ui.press("escape")
        assert "[ Run ]" in ui.text
        await type_in(ui, "claim_mode", "")
        assert ui.app.screen.query_one("#claim_mode", Choice).value == "default"
        assert "< default  >" in ui.line("restore mode")
        assert ui.text.isascii()


@pytest.mark.deep
async def test_plans_and_lists_are_plain_ascii_where_asked() -> None:
    async with acting(size=(80, 24), ascii_only=True) as ui:
        allowed = foreign(ui.cluster)
        await show(ui, PlanPreviewScreen(jar_of(ui), "test-job.jar", RunOptions()))
        await ui.press("tab", "enter")
        await ui.wait(1)
        assert "-HASH->" in ui.text
        for screen in (None, PickRestore(), PickJar()):
            if screen is not None:
                await show(ui, screen)
                await ui.wait(2)
            assert not {letter for letter in ui.text if not letter.isascii()} - allowed, ui.text


@pytest.mark.deep
async def test_a_simulated_cluster_runs_no_jars() -> None:
    async with monitor("2.3.0", demo="healthy") as day:
        day.app.push_screen(JarsScreen())
        await day.settled()
        await day.wait(3)
        await day.press("enter")
        assert type(day.app.screen) is JarsScreen
        assert [one.message for one in day.app._notifications] == [SIMULATED]


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), deep((120, 40))])
@pytest.mark.parametrize("release", ["1.20.5", *OTHERS])
async def test_a_program_that_cannot_be_run_says_what_that_means(release: str, size: tuple[int, int]) -> None:
    async with acting(release, size) as ui:
        body = json.loads((FIXTURES / release / "POST.jars.jar.run.json").read_bytes())
        ui.jobmanager.errors = body["errors"]
        await show(ui, RunJarScreen(jar_of(ui)))
        await press_button(ui, "run")
        await ui.press("tab", "enter")
        await ui.wait(3)
        note = ui.notes[-1]
        assert "The program's entry point class 'no.such.Class' was not found in the jar file." in note
        assert "means: The jar has no class no.such.Class that could be run." in note
        assert "next: Correct the name of the class" in note
        await show(ui, PlanPreviewScreen(jar_of(ui), "test-job.jar", RunOptions()))
        await ui.press("tab", "enter")
        await ui.wait(1)
        assert "means The jar has no class no.such.Class that could be run." in words(ui)
        assert "look whether the build has put it into this jar." in words(ui)


async def test_an_error_that_is_not_known_is_shown_as_it_is() -> None:
    async with acting(size=(80, 24)) as ui:
        ui.jobmanager.errors = ["a.B: an [red]odd[/red]\x1b[2J\x00 \u202e"]
        await show(ui, PlanPreviewScreen(jar_of(ui), "test-job.jar", RunOptions()))
        await ui.press("tab", "enter")
        await ui.wait(1)
        assert "no plan: an [red]odd[/red]" in words(ui)
        assert "means" not in words(ui)
        ui.jobmanager.errors = []
        await ui.press("escape")
        await show(ui, PlanPreviewScreen(jar_of(ui), "test-job.jar", RunOptions()))
        await ui.press("tab", "enter")
        await ui.wait(1)
        assert "no plan: 500 Internal Server Error" in words(ui)
        assert "means" not in words(ui)
