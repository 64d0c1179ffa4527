"""Commands and links of one's own: where they are offered, what they get, and what is said of each."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from flinktop.config_file import read_config
from flinktop.flink.connection import Secret
from flinktop.own_keys import OwnKeys
from tests.fixture_cluster import FixtureCluster
from tests.manual_clock import ManualClock
from tests.ui.day import PATIENCE, Day, monitor
from tests.ui.fleet_day import fleet_of, simulated

STEADY = "steady [test] <b>作业</b>"
EVIL = "-rf $(touch evil) \"two\" 'q' {job} ✓作"
SHOW = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
RUN = json.dumps([sys.executable, "-ISc", SHOW])


def own(tmp_path: Path, text: str) -> OwnKeys:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    found = read_config(path).own
    assert found is not None
    return found


def command(more: str, *arguments: str, key: str = "X", on: str = "job", name: str = "mine") -> str:
    """A `[[commands]]` that prints its arguments and its environment as JSON."""
    words = json.dumps([sys.executable, "-ISc", SHOW, *arguments], ensure_ascii=False)
    return f'[[commands]]\nkey = "{key}"\non = "{on}"\nname = "{name}"\nrun = {words}\n{more}\n'


def named(name: str) -> FixtureCluster:
    """A recorded cluster on which the steady job has another name."""
    cluster = FixtureCluster("1.20.5")
    steady = cluster.job("steady")

    def listed(document: Any) -> Any:
        for job in document["jobs"]:
            if job["jid"] == steady:
                job["name"] = name
        return document

    cluster.changed["jobs/overview"] = listed
    cluster.changed[f"jobs/{steady}"] = lambda document: document | {"name": name}
    return cluster


async def until(day: Day, what: str, happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"{what}\n{day.text}"
        await asyncio.sleep(0.01)
        day.app.tick()
        await day.settled()


async def says(day: Day, part: str) -> None:
    """Wait until a notification says it, in however many lines."""
    await until(day, f"{part!r} is said", lambda: any(part in one.message for one in day.app._notifications))


async def select(day: Day, name: str) -> None:
    """Put the cursor of the overview on a job."""
    await day.press("slash", *name, "enter")


def printed(day: Day) -> tuple[list[str], dict[str, str]]:
    """What the command that prints all has got."""
    run = day.app.screen.run  # type: ignore[attr-defined] # the screen of an output
    arguments, environ = json.loads(run.output.last_line)
    return arguments, environ


@pytest.mark.deep
async def test_a_quiet_command_gets_each_value_as_one_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLINKTOP_PASSWORD", "planted-secret")
    monkeypatch.setenv("MY_TOKEN", "planted-secret")
    text = command('how = "quiet"', "--", "{job_name}", "<{job_name}>", "{job}", "{state}")
    cluster = named(EVIL)
    token = Secret("environment", "MY_TOKEN")
    async with monitor(cluster=cluster, own=own(tmp_path, text), token=token) as day:
        await select(day, "touch")
        await day.press("X")
        await day.sees("mine has ended.")
        arguments, environ = printed(day)
        job = cluster.job("steady")
        assert arguments == ["--", EVIL, f"<{EVIL}>", job, "RUNNING"]
        assert environ["FLINKTOP_JOB_NAME"] == EVIL
        assert environ["FLINKTOP_JOB"] == job
        assert environ["FLINKTOP_CLUSTER"] == "test-cluster"
        assert environ["FLINKTOP_URL"] == "http://flink.test:8081"
        assert environ["PATH"] == os.environ["PATH"]
        assert not [name for name, value in environ.items() if "planted-secret" in value]
        await day.press("escape")
        assert "JOB" in day.text
    assert not Path("evil").exists()


@pytest.mark.deep
async def test_a_value_that_looks_like_an_option_is_refused_and_said(tmp_path: Path) -> None:
    text = command('how = "quiet"', "{job_name}")
    async with monitor(cluster=named("-rf"), own=own(tmp_path, text)) as day:
        await select(day, "-rf")
        await day.press("X")
        await says(day, "begins with '-'")
        assert "Output" not in day.text


@pytest.mark.deep
async def test_they_stand_in_footer_help_palette_and_menu(tmp_path: Path) -> None:
    text = (
        command("", "{job}", name="first")
        + command('how = "background"', "{vertex}", key="Y", on="vertex", name="second")
        + '[[links]]\nkey = "D"\non = "job"\nname = "Grafana"\nurl = "https://g/?j={job_name}&f={since_ms}"\n'
        + '[[links]]\non = ["job", "cluster"]\nclusters = "other-*"\nname = "elsewhere"\nurl = "https://e/"\n'
    )
    async with monitor(own=own(tmp_path, text)) as day:
        await select(day, "steady")
        footer = day.lines[-1]
        assert "X first" in footer
        assert "D Grafana" in footer
        assert "second" not in footer
        await day.press("question_mark", "pagedown", "pagedown")
        assert "Your own" in day.text
        assert "first (job): your command, in the terminal" in day.text
        await day.press("escape", "colon", *"own gra")
        await day.sees("own Grafana  (D)")
        await day.press("escape", "escape", "a")
        assert day.line(" first ").split()[:2] == ["first", "X"]
        assert "elsewhere" not in day.text
        await day.press("G")
        assert "https://g/?j=failed%20for%20good" in day.text
        await day.press("escape")
        await select(day, "steady")
        await day.press("enter")
        await day.wait(3)
        assert "Y second" in day.lines[-1]


@pytest.mark.deep
async def test_a_link_is_shown_whole_copied_and_known_to_the_terminal(tmp_path: Path) -> None:
    written: list[str] = []
    text = '[[links]]\nkey = "D"\non = "job"\nname = "Grafana"\nurl = "https://g/d/x?var-job={job_name}"\n'
    url = f"https://g/d/x?var-job={quote(EVIL, safe='')}"
    async with monitor(
        cluster=named(EVIL), own=own(tmp_path, text), written=written.append, state=tmp_path
    ) as day:
        await select(day, "touch")
        await day.press("D")
        assert url in "".join(line.strip("│ ") for line in day.lines)
        await day.press("y")
        assert (tmp_path / "copied.txt").read_text() == f"{url}\n"
        await until(day, "the terminal gets it", lambda: f";{url}\x1b\\" in "".join(written))
        await day.press("escape")
        assert "y copies the address" not in day.text


@pytest.mark.deep
async def test_an_opener_gets_the_address_as_one_word(tmp_path: Path) -> None:
    script = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
    opener = json.dumps([sys.executable, "-ISc", script, str(tmp_path / "got"), "{url}"])
    text = (
        f'opener = {opener}\n[[links]]\nkey = "D"\non = "job"\nname = "x"\nurl = "https://g/{{job_name}}"\n'
    )
    async with monitor(cluster=named(EVIL), own=own(tmp_path, text)) as day:
        await select(day, "touch")
        await day.press("D")
        got = tmp_path / "got"
        await until(day, "it is opened", lambda: got.exists() and bool(got.read_text()))
        assert got.read_text() == f"https://g/{quote(EVIL, safe='')}"


@pytest.mark.deep
async def test_read_only_has_only_what_reads(tmp_path: Path) -> None:
    text = command("reads = true", name="reader") + command("", key="Y", name="writer")
    async with monitor(own=own(tmp_path, text), read_only=True) as day:
        assert "X reader" in day.lines[-1]
        assert "writer" not in day.text
        await day.press("a")
        assert "reader" in day.text
        assert "writer" not in day.text
        assert "savepoint" not in day.text
        await day.press("escape", "Y")
        await says(day, 'writer: the cluster is opened read-only, and this has no "reads = true"')


@pytest.mark.deep
async def test_without_any_that_reads_read_only_has_no_menu(tmp_path: Path) -> None:
    async with monitor(own=own(tmp_path, command("")), read_only=True) as day:
        await day.press("a")
        await says(day, "This cluster is opened read-only: actions are disabled.")


@pytest.mark.deep
async def test_the_demo_has_only_what_reads_and_links(tmp_path: Path) -> None:
    text = command("", name="writer") + '[[links]]\nkey = "D"\non = "job"\nname = "x"\nurl = "https://g/"\n'
    async with monitor(demo="healthy", own=own(tmp_path, text)) as day:
        assert "D x" in day.lines[-1]
        assert "writer" not in day.lines[-1]
        await day.press("X")
        await says(day, "writer: the cluster is simulated")
        await day.press("D")
        assert "https://g/" in day.text


@pytest.mark.deep
async def test_a_protected_cluster_wants_its_name_typed(tmp_path: Path) -> None:
    text = command('how = "quiet"', "{job}", name="writer") + command(
        'how = "quiet"\nreads = true', key="Y", name="reader"
    )
    async with monitor(own=own(tmp_path, text), protected=True) as day:
        await day.press("X")
        assert "type the cluster's name to confirm: test-cluster" in day.text
        await day.press("tab", "tab", "enter")
        assert "writer has ended" not in day.text
        await day.press("escape", "X", "tab", *"test-cluster", "enter", "enter")
        await day.sees("writer has ended.")
        await day.press("escape", "Y")
        await day.sees("reader has ended.")


@pytest.mark.deep
async def test_what_is_not_known_makes_it_unavailable_with_a_reason(tmp_path: Path) -> None:
    text = '[[links]]\nkey = "D"\non = "checkpoint"\nname = "state"\nurl = "https://s/{checkpoint_path}"\n'
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")

    def without_paths(document: Any) -> Any:
        for one in document["history"]:
            one["external_path"] = "<checkpoint-not-externally-addressable>"
        return document

    cluster.changed[f"jobs/{job}/checkpoints"] = without_paths
    async with monitor(cluster=cluster, own=own(tmp_path, text)) as day:
        await day.press("D")
        assert "state" not in day.text.lower().replace("state  ", "")
        await select(day, "steady")
        await day.press("enter", "c", "D")
        await says(day, "state: {checkpoint_path} is not known here.")


@pytest.mark.deep
async def test_in_the_background_its_end_is_notified_with_its_last_line(tmp_path: Path) -> None:
    words = json.dumps(["sh", "-c", 'printf "first\\n%s\\n" "$1"; exit "$2"', "sh", "x{job_name}", "0"])
    bad = json.dumps(["sh", "-c", "echo no such pod; exit 7"])
    entry = '[[commands]]\nkey = "{}"\non = "job"\nname = "{}"\nhow = "background"\nrun = {}\n'
    text = entry.format("X", "good", words) + entry.format("Y", "bad", bad)
    async with monitor(cluster=named(EVIL), own=own(tmp_path, text)) as day:
        await select(day, "touch")
        await day.press("X")
        await says(day, "good has ended.")
        await says(day, "touch evil")
        await day.press("Y")
        await says(day, "bad ended with status 7.")
        await says(day, "no such pod")


@pytest.mark.deep
async def test_at_most_four_run_in_the_background_and_the_menu_ends_them(tmp_path: Path) -> None:
    text = (
        '[[commands]]\nkey = "X"\non = "cluster"\nname = "endless"\nhow = "background"\n'
        'run = ["sleep", "1000"]\n'
    )
    async with monitor(own=own(tmp_path, text)) as day:
        for _ in range(5):
            await day.press("X")
        await says(day, "4 commands run in the background already (endless, endless,")
        assert day.app.own is not None
        assert len(day.app.own.running) == 4
        await day.press("ctrl+c")
        assert "the command endless runs: leaving ends it" in day.text
        await day.press("escape", "a", "G", "enter")
        await says(day, "endless was ended.")
        assert len(day.app.own.running) == 3


@pytest.mark.deep
async def test_a_command_that_never_ends_is_ended_by_x_and_by_going_back(tmp_path: Path) -> None:
    text = (
        '[[commands]]\nkey = "X"\non = "cluster"\nname = "endless"\nhow = "quiet"\n'
        'run = ["sh", "-c", "echo begun; sleep 1000"]\n'
    )
    async with monitor(own=own(tmp_path, text)) as day:
        assert day.app.own is not None
        await day.press("X")
        await day.sees("begun")
        assert "x ends it" in day.text
        await day.press("x")
        await day.sees("endless was ended.")
        await day.press("escape", "X")
        await day.sees("begun")
        await day.press("escape")
        await until(day, "it is ended", lambda: day.app.own is not None and not day.app.own.running)


@pytest.mark.deep
@pytest.mark.parametrize("how", ["quiet", "background"])
async def test_a_program_that_is_not_there_is_said(tmp_path: Path, how: str) -> None:
    text = (
        f'[[commands]]\nkey = "X"\non = "cluster"\nname = "gone"\nhow = "{how}"\nrun = ["flinktop-no-such"]\n'
    )
    async with monitor(own=own(tmp_path, text)) as day:
        await day.press("X")
        await day.sees("The command flinktop-no-such was not found.")


async def test_a_terminal_that_can_not_be_handed_over_is_said(tmp_path: Path) -> None:
    async with monitor(own=own(tmp_path, command(""))) as day:
        await day.press("X")
        await says(day, "mine can't be run here: this terminal can't be handed over.")


@pytest.mark.deep
@pytest.mark.parametrize(
    ("keys", "on", "expected"),
    [
        pytest.param(["enter"], "job", {"job_name": STEADY}, marks=pytest.mark.deep),
        pytest.param(["enter", "2"], "vertex", {"vertex_name": "Source"}, marks=pytest.mark.deep),
        (["enter", "2", "enter"], "subtask", {"subtask": "0", "taskmanager": "", "host": ""}),
        pytest.param(
            ["enter", "2", "enter", "enter"],
            "subtask",
            {"subtask": "0", "vertex_name": ""},
            marks=pytest.mark.deep,
        ),
        (["enter", "c"], "checkpoint", {"checkpoint": "", "checkpoint_path": "", "job_name": STEADY}),
        pytest.param(
            ["enter", "c", "enter"],
            "checkpoint",
            {"checkpoint": "", "job_name": STEADY},
            marks=pytest.mark.deep,
        ),
        (["M"], "taskmanager", {"taskmanager": "", "host": "", "cluster": "test-cluster"}),
        pytest.param(["M", "enter"], "taskmanager", {"taskmanager": "", "host": ""}, marks=pytest.mark.deep),
        pytest.param(
            ["J"],
            "jobmanager",
            {"url": "http://flink.test:8081", "release": "1.20.5"},
            marks=pytest.mark.deep,
        ),
        pytest.param(["v"], "job", {"job_name": STEADY, "verdict": ""}, marks=pytest.mark.deep),
    ],
)
async def test_each_place_knows_what_is_selected(
    tmp_path: Path, keys: list[str], on: str, expected: dict[str, str]
) -> None:
    """An empty value is one that has to be known, whatever it is."""
    names = list(expected)
    arguments = [f"x{{{name}}}" for name in names]
    text = command('how = "quiet"', *arguments, key="f5", on=on, name="mine")
    async with monitor(own=own(tmp_path, text)) as day:
        await select(day, "steady")
        await day.press(*keys)
        await day.wait(3)
        await day.press("f5")
        await day.sees("mine has ended.")
        found = dict(zip(names, printed(day)[0], strict=True))
        for name, value in expected.items():
            assert found[name].startswith(f"x{value}")
            assert len(found[name]) > 1


@pytest.mark.deep
async def test_on_many_clusters_they_are_about_the_one_under_the_cursor(tmp_path: Path) -> None:
    clock = ManualClock()
    clusters = {name: simulated("healthy", clock) for name in ("first", "second")}
    text = (
        '[[links]]\nkey = "D"\non = ["cluster", "job"]\nname = "x"\nurl = "https://g/{cluster}?{url}"\n'
        + command('how = "quiet"\nclusters = "second"', "{cluster}", on="cluster", name="mine")
    )
    async with fleet_of(clusters, clock, own=own(tmp_path, text)) as day:
        shown = list(day.table.shown_keys())
        assert ("X mine" in day.lines[-1]) == (shown[0] == "second")
        await day.press("D")
        assert f"https://g/{shown[0]}?http" in day.text
        await day.press("escape", *["down"] * shown.index("second"))
        await day.wait(3)
        assert "X mine" in day.lines[-1]
        await day.press("X")
        await day.sees("mine has ended.")
        assert printed(day)[0] == ["second"]
        await day.press("escape", "escape")
        assert not day.app.is_open


@pytest.mark.deep
async def test_the_findings_have_their_links(tmp_path: Path) -> None:
    text = (
        '[[links]]\non = "job"\nname = "runbook"\nurl = "https://wiki/{verdict}?at={since_ms}"\n'
        '[[links]]\non = "vertex"\nname = "vertex"\nurl = "https://g/{vertex}"\n'
        '[[links]]\non = "cluster"\nname = "cluster"\nurl = "https://c/"\n'
    )
    async with monitor("2.3.0", demo="backpressure", own=own(tmp_path, text)) as day:
        await day.wait(60)
        await day.press("v")
        await day.sees("runbook https://wiki/bottleneck?at=1")
        assert "vertex https://g/" in day.text
        assert "https://c/" not in day.text
