"""What was asked of clusters: the list, one of them, the frame's chip, the toast at the end, the header."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from flinktop.engine.acts.cluster_acts import Dispose
from flinktop.engine.acts.jar_files import UploadJar
from flinktop.engine.acts.job_acts import Savepoint, Stop
from flinktop.engine.acts.rescale import Rescale
from flinktop.engine.acts.verdict import Explanation, Result
from flinktop.engine.ledger import Ledger
from flinktop.engine.operation import FINAL, Operation, State
from flinktop.model import format as fmt
from flinktop.ui.operation_news import OperationNews, ending
from flinktop.ui.panels.frame import chips
from flinktop.ui.panels.operations import OperationsTable, matches
from flinktop.ui.widgets.columns import Column, spans_in, usual
from tests.engine.acting import process
from tests.facts.test_operations import BASE, JOB, NAME
from tests.ui.acting import ActingDay, RecordedJobManager, acting
from tests.ui.day import monitor
from tests.ui.drawn import columns_of
from tests.ui.test_looks import segments

SIZES = [
    (80, 24),
    pytest.param((60, 20), marks=pytest.mark.deep),
    pytest.param((120, 40), marks=pytest.mark.deep),
    pytest.param((200, 60), marks=pytest.mark.deep),
]


# -- in words --------------------------------------------------------------------------------------------


def shown(*, clusters: bool) -> Sequence[Column[Operation]]:
    port = SimpleNamespace(clock=SimpleNamespace(wall=lambda: 1041.0))
    planned = partial(fmt.near, offset=0.0, now=1041.0)
    return usual(columns_of(OperationsTable, port, _several_clusters=clusters, _planned=planned))


def test_every_state_has_its_own_words_or_shape() -> None:
    column = shown(clusters=False)[0]
    texts = {column.cell(replace(BASE, state=state))[0] for state in State}
    assert len(texts) == len(State)
    assert all(cell_len(text) <= column.width for text in texts)


def test_the_chip_shows_one_operation_by_name_and_several_by_number() -> None:
    one = replace(BASE, state=State.RUNNING)
    assert chips((one,), 1041.0) == ("⟳ savepoint 41 s", "⟳ 41 s")
    upload = replace(one, kind="upload", act=UploadJar("/a.jar"), progress=(43, 100))
    assert chips((upload,), 1041.0)[0] == "⟳ upload jar 43 %"
    assert chips((one, one, one), 1041.0) == ("⟳ 3 operations", "⟳ 3")
    assert chips((), 1041.0) == ()


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (58, ["STATE", "WHAT", "ON", "RESULT OR REASON"]),
        (78, ["STATE", "WHAT", "ON", "WHEN", "RESULT OR REASON"]),
        (117, ["STATE", "WHAT", "ON", "JOB", "WHEN", "TOOK", "RESULT OR REASON"]),
        (197, ["STATE", "WHAT", "ON", "JOB", "WHEN", "TOOK", "BY", "RESULT OR REASON"]),
    ],
)
def test_columns_give_way_in_order(width: int, titles: list[str]) -> None:
    found = spans_in(shown(clusters=False), width)
    assert [where.column.title for where in found] == titles


def test_the_cluster_column_is_shown_for_several_clusters_and_outlasts_the_time() -> None:
    wide = [where.column.title for where in spans_in(shown(clusters=True), 197)]
    assert "CLUSTER" in wide
    narrow = [where.column.title for where in spans_in(shown(clusters=True), 79)]
    assert "CLUSTER" in narrow
    assert "WHEN" not in narrow
    row = replace(BASE, cluster_name="flink-production-eu:8081")
    column = next(one for one in shown(clusters=True) if one.key == "cluster")
    assert column.stripes is not None
    assert column.stripes(row, 10).runs == (("…n-eu:8081", ""),)


def test_the_filter_searches_the_data_not_the_visible_text() -> None:
    row = replace(BASE, state=State.FAILED, reason="no space left")
    for text in ("state:failed", "ann@desk", JOB, "space steady", "test-cluster"):
        assert matches(row, text, "12:00:00"), text
    for text in ("state:done", "space nothing"):
        assert not matches(row, text, "12:00:00"), text


# -- the end of one --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(FINAL))
def test_each_end_is_notified_once_and_a_bad_one_longer(state: State) -> None:
    news = OperationNews()
    began = (replace(BASE, state=State.RUNNING, ours=True),)
    assert news.ended(began) == []
    over = (replace(BASE, state=state, ours=True, reason="because", result=Result(savepoint="s3://b/sp")),)
    [said] = news.ended(over)
    assert said.title == f"savepoint: {state}"
    assert NAME in said.words
    assert "s3://b/sp" in said.words
    assert ("because" in said.words) is (state is not State.DONE)
    assert (said.seconds >= 20, said.severity != "information") == (state is not State.DONE,) * 2
    assert news.ended((*over,)) == []


def test_operations_of_others_or_ended_before_are_not_notified() -> None:
    news = OperationNews()
    assert news.ended((replace(BASE, state=State.DONE),)) == []
    assert news.ended((replace(BASE, state=State.FAILED, reason="x"),)) == []


def test_operations_that_end_at_once_are_notified_oldest_first() -> None:
    refused = replace(BASE, id="2" * 32, state=State.REFUSED, reason="b", ours=True)
    failed = replace(BASE, state=State.FAILED, reason="a", ours=True)
    assert [one.title for one in OperationNews().ended((refused, failed))] == [
        "savepoint: failed",
        "savepoint: refused",
    ]


def test_an_endless_reason_is_cut() -> None:
    assert len(ending(replace(BASE, state=State.FAILED, reason="x" * 9000)).words) < 600


# -- on the screen ---------------------------------------------------------------------------------------


async def savepoint(ui: ActingDay, directory: str | None = None) -> str:
    """Ask for a savepoint and see it to its end; its id."""
    number = ui.port.submit(Savepoint(ui.job, NAME, directory))
    await ui.settled()
    await ui.wait(8)
    return number


def place_of(ui: ActingDay) -> str:
    """The screen that is seen."""
    return type(ui.app.screen).__name__


@pytest.mark.deep
@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_savepoint_is_followed_from_chip_to_toast_to_list(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acting(size=size) as ui:
        number = ui.port.submit(Savepoint(ui.job, NAME))
        await ui.settled()
        await ui.wait(2)
        assert "⟳ savepoint 2 s" in ui.lines[-1]
        assert "? help  : command" in ui.lines[-1]
        await ui.wait(6)
        assert "⟳" not in ui.lines[-1]
        path = ui.jobmanager.savepoints[0].path
        assert ui.notes == [f"{NAME}\n{path}"]
        await ui.press("O")
        assert place_of(ui) == "OperationsScreen"
        row = ui.line("● DONE")
        assert "savepoint" in row
        assert path[-12:] in row
        copied: list[str] = []
        monkeypatch.setattr(ui.app, "copy_text", copied.append)
        await ui.press("y", "enter")
        assert place_of(ui) == "OperationScreen"
        for fact in (path, ui.job, number, "test-cluster", "requested", "ended"):
            assert fact in ui.text, fact
        await ui.press("y", "enter")
        assert copied == [path, path]
        assert place_of(ui) == "JobScreen"
        await ui.wait(1)
        assert f"{path}" in ui.line("last savepoint")


@pytest.mark.deep
@pytest.mark.parametrize("size", SIZES[:1] + SIZES[2:3], ids=str)
async def test_a_well_known_failure_says_what_it_means_and_what_to_do(
    size: tuple[int, int], tmp_path: Path
) -> None:
    async with acting(size=size, state=tmp_path) as ui:
        ui.jobmanager.fails = "Failed to create savepoint directory at file:/no/[b]entry[/b]\x1b[2J\x00"
        await savepoint(ui)
        [note] = ui.notes
        assert "means: Flink could not make the directory of a savepoint at file:/no/[b]entry[/b]" in note
        assert "next: Give a directory in which the user that Flink runs as may write" in note
        await ui.press("O")
        if size[0] < 100:
            await ui.press("enter")
        await explained(ui)
    # A restart.
    async with acting(size=size, state=tmp_path) as ui:
        await ui.press("O", "enter")
        await explained(ui)


async def explained(ui: ActingDay) -> None:
    """Both sentences are on the screen, whole."""
    read = " ".join(ui.text.replace("│", "").split())
    assert "means Flink could not make the directory of a savepoint at file:/no/[b]entry[/b]" in read
    assert "it may not write there, or something else has that name." in read
    assert "all see under this path." in read


def test_what_was_done_is_not_explained() -> None:
    known = Explanation("x", "X", "It means x.", "Do y.")
    assert "It means x." in ending(replace(BASE, state=State.FAILED, reason="a", explanation=known)).words
    assert "It means x." not in ending(replace(BASE, state=State.DONE, explanation=known)).words
    endless = ending(replace(BASE, state=State.FAILED, reason="a" * 9000, explanation=known)).words
    assert len(endless) < 400
    assert endless.endswith("Do y.")


@pytest.mark.deep
async def test_what_failed_or_was_refused_says_why(tmp_path: Path) -> None:
    async with acting(state=tmp_path) as ui:
        ui.jobmanager.fails = "no space left on device"
        await savepoint(ui)
        ui.port.submit(Rescale(ui.job, NAME, {"v1": (1, 2)}))
        await ui.settled()
        await ui.press("O")
        assert "no space left on device" in ui.line("✕ FAILED")
        assert "needs jobmanager.schedul" in ui.line("○ REFUSED")
        await ui.press("slash", *"state:failed", "enter")
        assert "REFUSED" not in ui.text.partition("Operation ")[0]
    # A restart: what was refused was not sent, and is not kept.
    async with acting(state=tmp_path) as ui:
        await ui.press("O")
        assert "no space left on device" in ui.line("✕ FAILED")
        assert "REFUSED" not in ui.text
        assert ui.notes == []


@pytest.mark.deep
async def test_a_stop_shows_both_facts_and_its_detail_follows_it() -> None:
    async with acting() as ui:
        ui.port.submit(Stop(ui.job, NAME))
        await ui.settled()
        await ui.wait(2)
        await ui.press("O")
        assert "◐ RUNNING" in ui.text
        assert "savepoint    not yet" in ui.text
        await ui.wait(8)
        assert "savepoint    made" in ui.text
        assert "job is       FINISHED" in ui.text


@pytest.mark.deep
@pytest.mark.parametrize("opened", [False, True])
async def test_the_actions_are_those_of_its_savepoint_or_its_job(opened: bool) -> None:  # noqa: FBT001 -- one of two screens
    async with acting() as ui:
        await savepoint(ui)
        ui.jobmanager.fails = "no space left on device"
        await savepoint(ui)
        await ui.press("O", *(("enter",) if opened else ()))
        assert "no space left on device" in ui.text
        await ui.press("a")
        assert "Delete savepoint" not in ui.text
        assert "Take savepoint" in ui.text
        await ui.press("escape", *(("greater_than_sign",) if opened else ("down",)), "a")
        assert "Run again from this" in ui.text
        assert "Delete savepoint" in ui.text
        assert ui.jobmanager.savepoints[0].path in ui.text


@pytest.mark.deep
async def test_the_detail_is_of_the_row_under_the_cursor() -> None:
    async with acting() as ui:
        await savepoint(ui, directory="file:/first")
        await savepoint(ui, directory="file:/second")
        await ui.press("O")
        assert "directory    file:/second" in ui.text
        await ui.press("down")
        assert "directory    file:/first" in ui.text
        await ui.press("enter", "less_than_sign")
        assert "directory    file:/second" in ui.text
        await ui.press("less_than_sign", "greater_than_sign")
        assert "directory    file:/first" in ui.text
        await ui.press("escape")
        assert place_of(ui) == "OperationsScreen"


def kept(path: Path, *operations: Operation) -> None:
    """Write operations of other flinktops down."""
    ledger = Ledger(path / "operations.db", process(77))
    for one in operations:
        ledger.add(one, one.planned)
        ledger.save(one, one.planned)
    ledger.close()


@pytest.mark.deep
async def test_clusters_are_distinguished_and_operations_on_others_are_not_in_progress_here(
    tmp_path: Path,
) -> None:
    away = replace(BASE, cluster="http://away:8081", cluster_name="away [x]", state=State.RUNNING)
    kept(tmp_path, away)
    async with acting(state=tmp_path) as ui:
        await savepoint(ui)
        assert "⟳" not in ui.lines[-1]
        await ui.press("O", "down")
        assert "away [x]" in ui.line("◐ RUNNING")
        assert "test-cluster" in ui.line("● DONE")
        assert "a flinktop that opens its cluster follows it" in ui.text
        await ui.press("enter", "enter")
        assert place_of(ui) == "OperationScreen"
        assert ui.notes[-1] == "Its job is on another cluster: flinktop away [x] opens that."


@pytest.mark.deep
async def test_operations_of_another_flinktop_are_in_progress_too_but_not_notified(tmp_path: Path) -> None:
    mine = process(78)
    ledger = Ledger(tmp_path / "operations.db", mine, lives=lambda _pid: True)
    async with acting(state=tmp_path) as ui:
        running = replace(BASE, planned=ui.clock.wall(), state=State.RUNNING)
        ledger.add(running, ui.clock.wall())
        await ui.wait(4)
        assert "⟳ savepoint" in ui.lines[-1]
        await ui.press("O")
        assert "another flinktop follows it" in ui.text
        ledger.save(replace(running, state=State.DONE, ended=ui.clock.wall()), ui.clock.wall())
        await ui.wait(4)
        assert "● DONE" in ui.text
        assert ui.notes == []
    ledger.close()


@pytest.mark.deep
@pytest.mark.parametrize("width", [36, 50, 80])
async def test_the_chip_never_hides_help_and_palette(width: int) -> None:
    async with acting(size=(width, 24)) as ui:
        ui.port.submit(Stop(ui.job, NAME))
        await ui.settled()
        await ui.wait(2)
        assert "? help  : command" in ui.lines[-1]
        assert "⟳" in ui.lines[-1]
        assert "2 s" in ui.lines[-1]


@pytest.mark.deep
async def test_everything_is_ascii_where_that_is_wanted() -> None:
    async with acting(ascii_only=True, jobs=("steady", "slow")) as ui:
        await savepoint(ui)
        for job in ui.jobmanager.jobs:
            ui.port.submit(Stop(job, NAME))
        await ui.settled()
        await ui.wait(1)
        assert "@ 2 operations" in ui.lines[-1]
        for key in ("O", "enter", "escape", "escape", "q"):
            await ui.press(key)
            assert not {letter for letter in ui.text if not letter.isascii()} - set("作业"), ui.text


@pytest.mark.deep
async def test_without_colours_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with acting() as ui:
        ui.jobmanager.fails = "no space left on device"
        await savepoint(ui)
        ui.port.submit(Stop(ui.job, NAME))
        await ui.settled()
        await ui.wait(1)
        for key in ("O", "enter", "escape", "escape", "q"):
            await ui.press(key)
            for segment in segments(ui):
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    assert colour is None or colour.is_default, f"{key}: {segment}"


@pytest.mark.deep
async def test_empty_says_why() -> None:
    async with acting() as ui:
        await ui.press("colon", *"ops")
        await ui.sees("Operations log: every act")
        await ui.press("enter")
        assert "No operations from this flinktop yet." in ui.text
    async with acting(read_only=True) as ui:
        await ui.press("O")
        assert "This cluster is opened read-only." in ui.text
    async with monitor(demo="healthy") as day:
        await day.press("O")
        assert "Demo: actions are disabled" in day.text


@pytest.mark.deep
async def test_an_unusable_ledger_is_reported(tmp_path: Path) -> None:
    (tmp_path / "operations.db").mkdir()
    async with acting(state=tmp_path) as ui:
        await ui.press("O")
        assert "Every action is recorded in the ledger first, and" in ui.text


@pytest.mark.deep
async def test_a_savepoint_that_was_deleted_is_the_jobs_last_no_more() -> None:
    async with acting() as ui:
        await savepoint(ui)
        path = ui.jobmanager.savepoints[0].path
        await ui.press("O", "enter", "enter")
        await ui.wait(2)
        assert path in ui.line("last savepoint")
        ui.port.submit(Dispose(path), typed=path.rpartition("/")[2])
        await ui.settled()
        await ui.wait(8)
        assert path not in ui.line("last savepoint")


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (60, 20), (120, 40)], ids=str)
async def test_the_header_shows_the_end_of_a_long_path_and_the_vertices_keep_their_room(
    size: tuple[int, int],
) -> None:
    async with acting(size=size) as ui:
        await savepoint(ui, directory="s3://bucket/" + "long/" * 30 + "end")
        await ui.press("O", "enter", "enter")
        await ui.wait(2)
        line = ui.line("last savepoint")
        assert line.rstrip().endswith("end/savepoint-1")
        assert "ago" in line
        assert len(ui.table.visible_keys()) >= 3


@pytest.mark.deep
@pytest.mark.parametrize("release", ["1.9.3", "2.3.0"])
async def test_other_releases_are_followed_as_well(release: str) -> None:
    async with acting(release) as ui:
        await savepoint(ui)
        await ui.press("O")
        assert ui.jobmanager.savepoints[0].path in ui.text


@pytest.mark.deep
async def test_a_lost_one_says_so_in_a_warning() -> None:
    def forgets(jobmanager: RecordedJobManager) -> None:
        jobmanager.fault = lambda method, path: (
            "cut before" if method == "POST" and "savepoints" in path else ""
        )

    async with acting("1.9.3", prepare=forgets) as ui:
        ui.port.submit(Savepoint(ui.job, NAME))
        await ui.settled()
        await ui.wait(80)
        assert [note.title for note in ui.app._notifications] == ["savepoint: lost"]
        assert [note.severity for note in ui.app._notifications] == ["warning"]
