"""Why under bad input: odd figures, endless texts, what is gone, half of the answers, small terminals."""

from __future__ import annotations

import math
from typing import Any

import pytest
from rich.cells import cell_len

from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.vertex import VertexScreen
from flinktop.ui.screens.why import WhyScreen
from tests.depth import in_depth
from tests.ui.judged import finding
from tests.ui.test_why import JOB, Ill, ill

ENDLESS = "[bold]x[/] endless wörter 作业 [/i] \x1b[31m{}% " * 300
"""Over 10,000 characters."""
SIZES = ((80, 24), (20, 5), (120, 40), (200, 60))
NUMBERS = (math.nan, math.inf, -math.inf, -5, 0, 1e300, 2**63, None, "NaN", "")
UNITS = ("ms/s", "ms", "s", "bytes", "1/s", "%", "", "parsecs")


def stands(it: Ill, told: object = "") -> None:
    """No panel is broken, and every row is as wide as the terminal."""
    assert not it.day.app.screen.query(".-broken"), told
    assert {cell_len(line) for line in it.day.lines} == {it.day.app.size.width}, told
    assert "cannot show" not in it.day.text


def odd(it: Ill, since: float, text: str = "") -> Finding:
    """A finding of a vertex with all odd figures."""
    figures = [Evidence(f"figure {unit}{text}", number, unit) for number in NUMBERS for unit in UNITS]
    return finding(
        Kind.SKEW,
        words=text,
        since=since,
        next=text,
        culprit=Culprit(
            vertex=it.vertex["id"], vertex_name=text, subtasks=(2**31,), taskmanager=text or None
        ),
        evidence=tuple(figures),
    )


async def looks(it: Ill) -> None:
    """Use every key that does not leave, and see that all stands."""
    for key in ("j", "k", "G", "g", "s", "S", "tab", "G", "g", "shift+tab", "z", "z", "t", "y"):
        await it.day.press(key)
        stands(it, key)
    it.here(WhyScreen)


# -- figures and texts -------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("since", [math.nan, math.inf, -1.0, 0.0, 9.2e18])
async def test_odd_figures_are_no_figures(since: float) -> None:
    async with ill() as it:
        await it.has(odd(it, since))
        await it.open()
        stands(it, since)
        await looks(it)
        assert not {"nan", "inf", "-inf", "None"}.intersection(it.day.text.split())
        assert "since " not in it.day.text
        assert "log at" not in it.day.text


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES)
async def test_endless_texts_leave_room_for_the_rest(size: tuple[int, int]) -> None:
    async with ill(size) as it:
        first = odd(it, it.since, ENDLESS)
        second = finding(Kind.RECORD_ERRORS, words="short", culprit=it.at(0))
        await it.has(first, second)
        await it.open()
        stands(it)
        await looks(it)
        if size != (20, 5):
            assert "[bold]x[/]" in it.day.text
            assert "next: " in it.day.text
            assert "V vertex" in it.day.text or "enter vertex" in it.day.text
            assert "EVIDENCE" in it.day.text
        await it.day.press("j", "enter")
        it.here(VertexScreen)
        await it.day.press("escape", "escape")
        it.here(OverviewScreen)


@pytest.mark.long
@pytest.mark.parametrize("evidence", [(), (Evidence(""),), (Evidence("", ""),), (Evidence("\n\n\t"),)])
async def test_empty_evidence(evidence: tuple[Evidence, ...]) -> None:
    async with ill() as it:
        await it.has(finding(Kind.SKEW, evidence=evidence))
        await it.open()
        stands(it)
        if not evidence:
            assert "no figures: Flink reports this itself" in it.day.text
        await looks(it)


@pytest.mark.deep
@pytest.mark.parametrize("size", in_depth(SIZES, [(20, 5)]))
async def test_it_works_at_any_size_and_while_that_changes(size: tuple[int, int]) -> None:
    async with ill((120, 40)) as it:
        await it.has(finding(Kind.SKEW, culprit=it.at(1)), finding(Kind.RECORD_ERRORS))
        await it.open()
        await it.day.press("j")
        await it.day.pilot.resize_terminal(*size)
        await it.day.wait(2)
        stands(it)
        # The selected one is to be seen, whatever else is.
        assert "record" in it.day.text
        await it.day.press("k", "enter")
        it.here(VertexScreen)
        await it.day.press("escape")
        await it.day.pilot.resize_terminal(120, 40)
        await it.day.wait(2)
        stands(it)
        assert it.here(WhyScreen).choice.key == it.here(WhyScreen).choice.rows(it.day.port)[0].key


# -- what is gone ------------------------------------------------------------------------------------------


@pytest.mark.deep
async def test_a_job_that_vanishes_while_why_is_open() -> None:
    async with ill() as it:
        await it.has(finding(Kind.SKEW, culprit=it.at(1)))
        screen = await it.open()
        gone = (404, {"errors": [f"Job {it.job} not found"]})

        def without(document: dict[str, Any]) -> dict[str, Any]:
            return {"jobs": [one for one in document["jobs"] if one["jid"] != it.job]}

        paths = [f"jobs/{it.job}{rest}" for rest in ("", "/checkpoints", "/exceptions", "/config")]
        it.day.cluster.changed = {"jobs/overview": without, **dict.fromkeys(paths, gone)}
        await it.day.wait(60)
        stands(it)
        assert it.day.app.screen is screen
        assert JOB in it.day.text
        await it.day.press("V")
        await it.day.wait(3)
        stands(it)
        await it.day.press("escape")
        it.here(WhyScreen)
        await it.day.press("escape")
        it.here(OverviewScreen)


@pytest.mark.deep
async def test_a_verdict_that_goes_with_its_job_leaves_a_sentence() -> None:
    async with ill() as it:
        await it.has(finding(Kind.SKEW, culprit=it.at(1)))
        await it.open()
        judge = it.day.port.engine.judge
        judge.judged = type(judge.judged)({}, ())
        it.here(WhyScreen).tick()
        await it.day.settled()
        stands(it)
        assert "skew" not in it.day.text
        assert f"{JOB} is not judged" in it.day.text
        await it.day.press("V", "u", "h", "l", "d", "e", "enter", "y")
        it.here(WhyScreen)


GONE = {
    "V": "vertex",
    "u": "subtask",
    "h": "taskmanager",
    "l": "log",
    "d": "threads",
    "c": "checkpoints",
    "enter": "the first of them",
}


@pytest.mark.deep
@pytest.mark.parametrize("key", in_depth(GONE, ["V"]))
async def test_a_culprit_that_is_no_longer_there(key: str) -> None:
    async with ill() as it:
        culprit = Culprit(
            vertex="f" * 32, vertex_name="Gone: [b]vertex[/b]", subtasks=(99,), taskmanager="gone:1-abc"
        )
        gone = finding(Kind.CHECKPOINT_SLOW, words="it was slow", since=it.since, culprit=culprit)
        await it.has(finding(Kind.RECORD_ERRORS), gone)
        await it.open()
        await it.day.press("j")
        if key == "enter":
            # Between the look and the key the checkpoints are gone as well.
            it.day.cluster.changed = {
                f"jobs/{it.job}/checkpoints/details/{number}": (404, {"errors": ["gone"]})
                for number in range(1, 3000)
            }
        await it.day.press(key)
        await it.day.wait(12)
        stands(it, key)
        assert not isinstance(it.day.app.screen, WhyScreen)
        await it.day.press("escape")
        if key == "d" and not isinstance(it.day.app.screen, WhyScreen):
            await it.day.press("escape")
        screen = it.here(WhyScreen)
        row = screen.choice.row(it.day.port)
        assert row is not None
        assert row.finding == gone
        assert "it was slow" in it.day.text


# -- a cluster that answers half of it ---------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("which", [0, 1])
async def test_a_cluster_that_answers_half_of_the_requests(which: int) -> None:
    async with ill() as it:
        await it.has(
            finding(Kind.RESTART_LOOP, Severity.CRITICAL, since=it.since, culprit=it.at(1)),
            of_cluster=(finding(Kind.MEMORY, culprit=Culprit(taskmanager=it.taskmanager)),),
        )
        await it.open()
        answer = it.day.cluster.answer
        asked = 0

        def half(target: str) -> tuple[int, bytes]:
            nonlocal asked
            asked += 1
            broken = (503, b'{"errors":["no"]}') if asked % 4 == which else (200, b'{"jobs":[{')
            return answer(target) if asked % 2 == which else broken

        it.day.cluster.answer = half  # type: ignore[method-assign]
        for key in ("j", "k", "V", "escape", "u", "escape", "h", "escape", "l", "escape", "enter", "escape"):
            await it.day.press(key)
            await it.day.wait(4)
            stands(it, key)
        it.here(WhyScreen)
        assert it.day.port.engine.crashes == 0
        assert asked > 20


# -- findings that come, change and go ---------------------------------------------------------------------


@pytest.mark.deep
async def test_the_cursor_stays_on_its_finding_whatever_comes_and_goes() -> None:
    async with ill() as it:
        skew = finding(Kind.SKEW, words="the chosen one", culprit=it.at(1))
        errors, slow = finding(Kind.RECORD_ERRORS), finding(Kind.CHECKPOINT_SLOW, Severity.INFO)
        await it.has(errors, skew, slow)
        await it.open()
        await it.day.press("j")

        def chosen() -> str:
            row = it.here(WhyScreen).choice.row(it.day.port)
            assert row is not None
            assert f"▲ {row.finding.words}" in it.day.text or f"◐ {row.finding.words}" in it.day.text
            return str(row.finding.kind)

        assert chosen() == "skew"
        for findings in (
            (skew, errors, slow),
            (slow, errors, skew),
            (finding(Kind.NO_SLOTS, Severity.CRITICAL), errors, skew, slow),
            (finding(Kind.SKEW, Severity.WARNING, words="in other words", culprit=it.at(0)), errors),
            (skew,),
            (errors, slow, skew),
        ):
            await it.has(*findings)
            assert chosen() == "skew"
        # When it clears, a neighbour is chosen; it does not jump back by itself.
        await it.has(errors, slow)
        left = chosen()
        await it.has(errors, skew, slow)
        assert chosen() == left
        await it.has()
        assert "nothing is wrong" in it.day.text
        await it.has(errors, skew)
        assert chosen() == "record-errors"


@pytest.mark.deep
async def test_two_findings_of_a_kind_and_culprit_are_two_rows() -> None:
    async with ill() as it:
        first = finding(Kind.MEMORY, words="heap", culprit=Culprit(taskmanager=it.taskmanager))
        second = finding(Kind.MEMORY, words="metaspace", culprit=Culprit(taskmanager=it.taskmanager))
        await it.has(of_cluster=(first, second))
        await it.open()
        assert "▲ memory: heap" in it.day.text
        await it.day.press("j")
        assert "▲ memory: metaspace" in it.day.text
        await it.day.press("k")
        assert "▲ memory: heap" in it.day.text


# -- keys typed ahead --------------------------------------------------------------------------------------


@pytest.mark.long
async def test_keys_typed_ahead_of_the_screen_lead_to_the_same_places() -> None:
    async with ill() as it:
        await it.has(finding(Kind.RECORD_ERRORS), finding(Kind.SKEW, culprit=it.at(1)))
        await it.day.press("slash", *JOB, "enter")
        await it.day.type_ahead("v", "j", "V", "escape", "u", "escape", "enter")
        assert it.here(VertexScreen).vertex == it.vertex["id"]
        await it.day.type_ahead("escape", "escape", "enter", "v", "escape")
        it.here(JobScreen)
        await it.day.type_ahead("v", "V")
        # The first finding leads nowhere.
        it.here(WhyScreen)
