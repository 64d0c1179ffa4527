"""The frame, the commands that work everywhere, and the ways out."""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from flinktop.engine.link import Link, TunnelLink
from flinktop.engine.sweep import Sweep
from flinktop.flink.connection import Secret
from flinktop.flink.errors import (
    FlinkError,
    LoginRefused,
    NotFlink,
    NotReady,
    Rejected,
    Unauthorized,
    Unreachable,
)
from flinktop.ui import keys
from flinktop.ui.panels.frame import TopLine, _trails, freshness, load
from flinktop.ui.panels.parts import KeptWidth, cut_line, fit
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import monitor

REFUSED = Unreachable("GET", "http://h", "connection refused")


def failed(kind: type[FlinkError], status: int) -> FlinkError:
    return kind("GET", "http://h", status=status)


@pytest.mark.parametrize(
    ("link", "paused", "words"),
    [
        (Link(), False, "◐ connecting"),
        (Link(answered=99.0, latency=0.01), False, "● live, every 3 s"),
        (Link(answered=99.0, latency=3.0), False, "◐ slow 3.0 s"),
        (Link(answered=93.0, unhelpful=4), False, "◐ slow, data 7 s old"),
        (Link(answered=99.0), True, "⏸ paused"),
        (Link(answered=40.0), False, "○ stale 1 m"),
        (Link(answered=95.0, since=96.0, error=REFUSED, retry_at=102.0), False, "○ stale 5 s"),
        (Link(answered=10.0, since=40.0, error=REFUSED, retry_at=108.0), False, "✕ lost 1 m, retry in 8 s"),
        (Link(since=0.0, error=REFUSED, retry_at=101.0), False, "✕ no answer, retry in 1 s"),
        (Link(error=failed(Unauthorized, 401), retry_at=101.0), False, "✕ login refused, retry in 1 s"),
        (Link(error=failed(LoginRefused, 401), retry_at=101.0), False, "✕ login refused, press r"),
        (Link(error=failed(Unauthorized, 403), retry_at=101.0), False, "✕ access denied, retry in 1 s"),
        (
            Link(answered=99.0, since=99.0, error=failed(Unauthorized, 401), retry_at=101.0),
            False,
            "✕ login refused, retry in 1 s",
        ),
        (Link(error=failed(NotFlink, 404), retry_at=101.0), False, "✕ not Flink, retry in 1 s"),
        (Link(error=failed(NotReady, 503), retry_at=101.0), False, "✕ not ready, retry in 1 s"),
        (Link(error=failed(Rejected, 502), retry_at=101.0), False, "✕ error 502, retry in 1 s"),
    ],
)
def test_freshness_in_words_and_shape(link: Link, paused: bool, words: str) -> None:  # noqa: FBT001 -- a case
    assert freshness(link, 100.0, 3.0, paused=paused)[0] == words


@pytest.mark.parametrize(
    ("link", "words"),
    [(Link(answered=99.0), "◐ slow, data 8 s old"), (Link(), "◐ connecting 1 m")],
)
def test_what_is_late_is_not_live(link: Link, words: str) -> None:
    assert freshness(link, 100.0, 3.0, late=8.0)[0] == words


@pytest.mark.parametrize(
    "link", [Link(), Link(answered=99.0), Link(since=0.0, error=REFUSED, retry_at=101.0)]
)
def test_a_tunnel_that_is_not_open_is_said_first(link: Link) -> None:
    for tunnel, words in (
        (TunnelLink("starting"), "◐ tunnel starting"),
        (TunnelLink("ended", 112.0), "✕ tunnel ended, retry in 12 s"),
        (TunnelLink("ended", 99.0), "✕ tunnel ended, retry in 0 s"),
    ):
        assert freshness(link, 100.0, 3.0, tunnel=tunnel)[0] == words
        assert freshness(link, 100.0, 3.0, paused=True, tunnel=tunnel)[0] == "⏸ paused"
    assert "tunnel" not in freshness(link, 100.0, 3.0, tunnel=TunnelLink())[0]


def test_the_least_important_parts_give_way_first() -> None:
    left, right = [("left", "")], [("most", ""), ("more", ""), ("less", "")]
    assert "".join(text for text, _ in fit(left, right, 40)).split() == ["left", "most", "more", "less"]
    assert "".join(text for text, _ in fit(left, right, 20)).split() == ["left", "most", "more"]
    assert "".join(text for text, _ in fit(left, right, 12)).split() == ["left", "most"]
    assert "".join(text for text, _ in fit(left, right, 9)) == "l…   most"


def test_wide_characters_are_cut_by_cells() -> None:
    assert cut_line([("作业作业", "")], 5) == [("作业…", "")]
    assert cut_line([("abc", "")], 3) == [("abc", "")]
    assert cut_line([("abc", "")], 0) == []
    assert cut_line([("ab", "good"), ("cd", "bad")], 3) == [("ab", "good"), ("…", "bad")]


def test_a_line_holds_no_more_characters_than_its_cells_have_room_for() -> None:
    """Textual cuts a line at the edge of a dialog, which takes minutes for thousands of them in one cell."""
    line = cut_line([("result ", "muted"), ("ก" + "\u0e31" * 100_000, "warn"), (" in 3 s", "")], 40)
    assert sum(len(text) for text, _ in line) < 40 * 5
    assert line[0] == ("result ", "muted")


@pytest.mark.deep
async def test_help_names_every_command_of_the_screen() -> None:
    async with monitor("1.20.5", (120, 60)) as day:
        await day.press("question_mark")
        for command in (*keys.GLOBAL, *keys.OVERVIEW):
            # Only what Kubernetes knows can be described.
            assert (command.help[:24] in day.text) is (command.id != "describe"), command.id
        await day.press("escape")
        assert "steady [test]" in day.text


@pytest.mark.deep
async def test_the_palette_opens_a_job_by_its_name() -> None:
    async with monitor("1.20.5") as day:
        await day.press("colon", *"job steady")
        await day.sees("RUNNING, ")
        await day.press("enter")
        await day.sees(day.cluster.job("steady"))


@pytest.mark.deep
async def test_the_palette_changes_the_theme() -> None:
    async with monitor("1.20.5") as day:
        await day.press("ctrl+p", *"theme light")
        await day.sees("Change the theme")
        await day.press("enter")
        await day.settled()
        assert day.app.theme == "flinktop-light"


async def test_leaving_needs_confirmation_and_esc_stays() -> None:
    async with monitor("1.20.5") as day:
        await day.press("q")
        assert "Leave flinktop?" in day.text
        await day.press("escape")
        assert "Leave flinktop?" not in day.text
        assert day.app.is_running


@pytest.mark.parametrize("way", [("q", "q"), ("q", "enter"), ("ctrl+c", "ctrl+c")])
async def test_ways_to_leave(way: tuple[str, str]) -> None:
    async with monitor("1.20.5") as day:
        await day.press(way[0])
        await day.pilot.press(way[1])
        await day.pilot._wait_for_screen()
        assert day.app.return_value == 0


async def test_ctrl_q_does_not_leave() -> None:
    async with monitor("1.20.5") as day:
        await day.press("ctrl+q")
        assert day.app.return_value is None
        assert "steady [test]" in day.text


@pytest.mark.deep
async def test_pause_freezes_the_screen_and_collection_continues() -> None:
    async with monitor("1.20.5") as day:
        await day.press("space")
        assert "⏸ paused" in day.text
        day.cluster.changed["overview"] = {"taskmanagers": 77, "slots-total": 99}
        since = len(day.cluster.asked)
        await day.wait(6)
        assert "77" not in day.lines[1]
        assert "overview" in day.asked(since)
        await day.press("space")
        assert "77" in day.lines[1]
        assert "● live" in day.lines[0]


@pytest.mark.deep
async def test_read_only_is_shown_in_the_frame() -> None:
    async with monitor("1.20.5", read_only=True) as day:
        assert "READ-ONLY" in day.lines[0]
    async with monitor("1.20.5") as day:
        assert "READ-ONLY" not in day.text


async def test_intervals_grow_and_shrink_but_not_below_the_clusters_own() -> None:
    async with monitor("1.20.5") as day:
        await day.press("plus")
        assert "live, every 4.5 s" in day.lines[0]
        await day.press("minus", "minus", "minus")
        assert "live, every 3 s" in day.lines[0]


async def test_time_zones_go_round() -> None:
    async with monitor("1.20.5") as day:
        zones = []
        for _ in range(3):
            await day.press("t")
            zones.append(day.app.zone)
        assert zones == ["local", "UTC", "cluster"]


@pytest.mark.deep
async def test_zoom_gives_the_panel_everything_but_the_frame() -> None:
    async with monitor("1.20.5") as day:
        assert "   slots " in day.text
        await day.press("z")
        await day.sees("JOB")
        assert "   slots " not in day.text
        assert "● live" in day.lines[0]
        assert "? help" in day.lines[-1]
        await day.press("slash", *"slow", "enter")
        assert "steady [test]" not in day.text
        await day.press("escape")
        await day.sees("   slots ")


async def test_the_chart_can_have_the_focus_and_be_zoomed() -> None:
    async with monitor("1.20.5") as day:
        await day.press("shift+tab", "z")
        await day.sees("Records/s")
        assert "steady [test]" not in day.text


@pytest.mark.deep
async def test_a_held_screen_is_held_when_one_comes_back_to_it() -> None:
    async with monitor("1.20.5") as day:
        await day.press("space")
        day.cluster.changed["overview"] = {"taskmanagers": 77, "slots-total": 99}
        await day.press("enter")
        await day.wait(5)
        await day.press("escape")
        await day.wait(5)
        assert "⏸ paused" in day.lines[0]
        assert "77" not in day.lines[1]
        await day.press("f")
        assert "FINISHED" not in day.text
        assert "ended jobs hidden" in day.lines[-1]


@pytest.mark.deep
async def test_the_palette_finds_any_of_many_jobs() -> None:
    cluster = FixtureCluster("1.20.5")
    [job, *_] = cluster.document("jobs/overview")["jobs"]
    jobs = [{**job, "jid": f"{number:032x}", "name": f"pipeline-{number}"} for number in range(1200)]
    cluster.changed["jobs/overview"] = {"jobs": jobs}
    async with monitor(cluster=cluster) as day:
        await day.press("colon", *"pipeline-1199")
        await day.sees("job pipeline-1199")


async def test_copying_says_where_the_text_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    (tmp_path / "copied.txt").touch(mode=0o644)
    async with monitor("1.20.5", state=tmp_path) as day:
        await day.press("y")
        copied = tmp_path / "copied.txt"
        assert copied.read_text().strip() == day.table.cursor_key
        assert stat.S_IMODE(copied.stat().st_mode) == 0o600
        await day.sees("copied.txt")


async def test_tmux_gets_the_text_and_no_secret_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmux = tmp_path / "bin" / "tmux"
    tmux.parent.mkdir()
    tmux.write_text(f"#!/bin/sh\n/bin/cat >'{tmp_path}/text'\n/usr/bin/env >'{tmp_path}/environment'\n")
    tmux.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmux.parent))
    monkeypatch.setenv("TMUX", "somewhere")
    monkeypatch.setenv("FLINKTOP_TOKEN", "planted")
    async with monitor("1.20.5", state=tmp_path) as day:
        await day.press("y")
        assert (tmp_path / "text").read_text() == day.table.cursor_key
    environment = (tmp_path / "environment").read_text()
    assert "TMUX=somewhere" in environment
    assert "planted" not in environment


async def test_copying_without_a_writable_directory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    async with monitor("1.20.5", state=Path("/proc/nowhere")) as day:
        await day.press("y")
        await day.sees("Not written")


async def test_a_screenshot_is_saved(tmp_path: Path) -> None:
    async with monitor("1.20.5", state=tmp_path) as day:
        await day.press("ctrl+s")
        [picture] = tmp_path.glob("*.svg")
        assert "steady" in picture.read_text()


async def test_ascii_only_but_for_foreign_names() -> None:
    async with monitor("1.20.5", ascii_only=True) as day:
        await day.wait(2)
        foreign = "".join(job["name"] for job in day.cluster.document("jobs/overview")["jobs"])
        odd = {letter for letter in day.text if ord(letter) > 126 and letter not in foreign}
        assert not odd, odd


@pytest.mark.deep
@pytest.mark.parametrize("theme", ["dark", "light", "ansi-dark", "ansi-light"])
async def test_every_theme_opens(theme: str) -> None:
    async with monitor("1.20.5", theme=theme) as day:
        assert "steady [test]" in day.text


def test_every_command_has_one_id_and_no_key_does_two_things() -> None:
    commands = keys.every_command()
    assert len({command.id for command in commands}) == len(commands)
    for here in (keys.OVERVIEW, keys.JOB):
        taken = [key for command in (*keys.GLOBAL, *here) for key in command.keys]
        assert len(taken) == len(set(taken))


@pytest.mark.deep
async def test_with_little_room_the_cluster_and_disabled_actions_are_still_shown() -> None:
    async with monitor("2.3.0", size=(80, 24), demo="mixed", read_only=True) as day:
        await day.press("enter")
        await day.wait(3)
        await day.press("2", "enter")
        await day.wait(3)
        top = day.lines[0]
        assert top.split()[0] == "test-cluster"
        assert "DEMO" in top
        assert "READ-ONLY" in top
        assert "● live" in top


def test_places_on_the_way_are_cut_before_the_cluster_and_this_place() -> None:
    trails = [
        "".join(text for text, _ in parts)
        for parts in _trails(("prod", ""), ["orders-enrichment", "Join", "subtask 3"])
    ]
    assert trails == [
        "flinktop  prod ▸ orders-enrichment ▸ Join ▸ subtask 3",
        "prod ▸ orders-enrichment ▸ Join ▸ subtask 3",
        "prod ▸ orders-enrichment ▸ Join ▸ subtask 3",
        "prod ▸ orders-enrich… ▸ Join ▸ subtask 3",
        "prod ▸ … ▸ subtask 3",
        "prod ▸ … ▸ subtask 3",
        "prod ▸ subtask…",
        "subtask 3",
    ]


async def test_an_answer_that_the_engine_can_not_process_is_reported_next_to_the_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(*_arguments: object) -> None:
        raise OverflowError("cannot convert float infinity to integer")

    monkeypatch.setattr(Sweep, "arrived", breaks)
    async with monitor("1.20.5", (140, 40)) as day:
        told = re.search(r"errors in the log x (\d+)", day.text)
        assert told is not None
        assert int(told[1]) == day.port.recorder_errors > 0
        assert "● live" in day.text
        assert "steady [test]" in day.text


HUSH = Secret("value", "hush")


@pytest.mark.deep
@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("http://flink.test:8081", HUSH, True),
        ("https://flink.test:8081", HUSH, False),
        ("http://localhost:8081", HUSH, False),
        ("http://flink.test:8081", None, False),
    ],
)
async def test_an_unencrypted_login_is_shown_in_the_frame(
    url: str, token: Secret | None, *, said: bool
) -> None:
    async with monitor("1.20.5", url=url, token=token) as day:
        assert ("UNENCRYPTED LOGIN" in day.lines[0]) == said


@pytest.mark.deep
async def test_with_little_room_it_is_shortened_next_to_the_cluster() -> None:
    async with monitor("1.20.5", (80, 24), read_only=True, token=HUSH) as day:
        assert day.lines[0].split()[0] == "flinktop"
        assert "UNENCRYPTED LOGIN" in day.lines[0]
        await day.press("enter")
        await day.wait(3)
        await day.press("2", "enter")
        await day.wait(3)
        day.cluster.failure = httpx.ConnectError("Connection refused")
        await day.wait(20)
        top = day.lines[0]
        assert top.split()[0] == "test-cluster"
        for words in ("NO TLS", "READ-ONLY", "✕ lost"):
            assert words in top


@pytest.mark.deep
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_local_flink_that_lets_everybody_in_says_so(size: tuple[int, int]) -> None:
    async with monitor("2.3.0", size, local=True) as day:
        assert "OPEN TO ALL USERS" in day.lines[0]
        await day.press("enter")
        assert "OPEN TO ALL USERS" in day.lines[0]


async def test_a_local_flink_with_its_own_key_does_not_mention_users(tmp_path: Path) -> None:
    async with monitor("2.3.0", local=True) as day:
        top = day.app.screen.query_one(TopLine)
        connection = replace(top.profile.connection, cert=tmp_path / "cert.pem")
        top.profile = replace(top.profile, connection=connection)
        await day.wait(3)
        assert "USERS" not in day.text


def test_a_latency_that_was_longer_keeps_its_place() -> None:
    pad = KeptWidth(len("10 ms"))
    took = [load(Link(latency=seconds), pad) for seconds in (0.005, 0.012, 0.005, 0.4, 0.005)]
    assert [text.partition("req/s ")[2] for text in took] == ["5 ms", "12 ms", " 5 ms", "400 ms", " 5 ms"]
