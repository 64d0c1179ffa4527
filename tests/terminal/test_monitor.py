"""flinktop in a real terminal: first paint, a job found and opened, sizes, hostile names, plain terminals."""

import re
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.fixture_server import FixtureServer
from tests.terminal.monitor import LIVE, QUESTION, STARTS, command, environment, monitor, open_job, session_of
from tests.terminal.pty import Pty

SIZES = [(20, 5), (80, 24), (120, 40), (200, 60)]
BEGUN = [pytest.param(*size, marks=() if size == (80, 24) else pytest.mark.deep) for size in SIZES]
"""Sizes with which it is started."""
HOSTILE = "evil\x1b]0;pwned\x07\x1b[31mred\x9b32m [b]bold[/b] [/] \u202eback 作业 <i>x</i> " + "long" * 2500


def rename(server: FixtureServer, names: dict[str, str]) -> None:
    """Call jobs otherwise, by the beginning of their names, and their vertices as well."""

    def jobs(document: dict[str, Any]) -> dict[str, Any]:
        for job in document["jobs"]:
            job["name"] = new_name(job["name"])
        return document

    def job(document: dict[str, Any]) -> dict[str, Any]:
        new = new_name(document["name"])
        vertices = [{**vertex, "name": new} for vertex in document["vertices"]]
        return {**document, "name": new, "vertices": vertices}

    def new_name(name: str) -> str:
        return next((new for old, new in names.items() if name.startswith(old)), name)

    for old in names:
        server.cluster.changed[f"jobs/{server.cluster.job(old)}"] = job
    server.cluster.changed["jobs/overview"] = jobs


def framed(columns: int, rows: int) -> re.Pattern[str]:
    """A screen of this size whose frame is where it belongs: its name above, its keys in the last line."""
    line = rf"[^\n]{{0,{columns}}}"
    return re.compile(rf"\A \S{line}\n(?:{line}\n){{{rows - 2}}} \? help{line}\Z")


@pytest.mark.deep
def test_something_is_seen_before_the_first_answer(server: FixtureServer, tmp_path: Path) -> None:
    with server.holding(), monitor(tmp_path, server.url) as pty:
        server.wait_until(lambda asked: len(asked) >= 2, STARTS)
        screen = pty.wait_for("◐ connecting")
        assert screen.startswith(" flinktop ")
        pty.wait_for("loading jobs…")
        pty.wait_for("STATE")
        pty.wait_for("? help")
        assert len(server.asked) == 2, "no more than two requests are under way"
        pty.press("q")
        pty.wait_for(QUESTION)
        pty.press("q")
        assert pty.left().clean


@pytest.mark.deep
def test_a_job_is_found_by_its_name_opened_and_left(server: FixtureServer, tmp_path: Path) -> None:
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        screen = pty.wait_for("steady [test] <b>作业</b>")
        assert "slow [test] <b>作业</b>" in screen
        assert "failing [test] <b>作业</b>" in screen
        open_job(pty, "steady")
        pty.wait_for(server.cluster.job("steady"))
        pty.wait_for(re.compile(r"count per user \[v1\] -> <b>de\S+ +2 +\d"))
        pty.press("q")
        pty.wait_until_gone(" ▸ ")
        pty.press("escape")
        pty.wait_for("slow [test]")
        pty.press("q")
        pty.wait_for(QUESTION)
        pty.press("q")
        left = pty.left()
        assert (left.code, left.modes, left.termios) == (0, (), ())
        assert not session_of(pty)


@pytest.mark.deep
def test_bytes_that_are_no_text_leave_the_keys_working(server: FixtureServer, tmp_path: Path) -> None:
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.write(b"\xff\xc3")
        pty.press("q")
        pty.wait_for(QUESTION)
        pty.press("q")
        assert pty.left().clean


@pytest.mark.deep
@pytest.mark.parametrize(("columns", "rows"), BEGUN)
def test_every_size_has_its_frame(server: FixtureServer, tmp_path: Path, columns: int, rows: int) -> None:
    with monitor(tmp_path, server.url, columns=columns, rows=rows) as pty:
        pty.wait_for(framed(columns, rows), STARTS)
        pty.wait_for("FAILED" if columns < 80 else "steady [test]")
        sizes_through(pty, [size for size in SIZES if size != (columns, rows)])
        assert pty.process.poll() is None


def sizes_through(pty: Pty, sizes: list[tuple[int, int]]) -> None:
    """Through these sizes and back, on the overview and in a job's help too."""
    for columns, rows in (*sizes, *reversed(sizes)):
        pty.resize(columns, rows)
        pty.wait_for(framed(columns, rows))


@pytest.mark.deep
def test_a_job_in_every_size(server: FixtureServer, tmp_path: Path) -> None:
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for("steady [test]")
        open_job(pty, "steady")
        pty.wait_for("dedupe")
        sizes_through(pty, SIZES)
        pty.resize(120, 40)
        pty.wait_for("dedupe")


@pytest.mark.deep
def test_hostile_names_are_only_letters(server: FixtureServer, tmp_path: Path) -> None:
    rename(server, {"steady": HOSTILE, "slow": "[red]slow[/red] [/] ]] [[", "failing": "ー作業" * 3000})
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for("[red]slow[/red] [/] ]] [[")
        pty.wait_for("[b]bold[/b] [/]")
        pty.wait_for("ー作業ー作業")
        for name in ("evil", "[red]slow"):
            open_job(pty, name)
            pty.wait_for(framed(120, 40))
            pty.wait_for(re.compile(rf"RUNNING +{re.escape(name)}"))
            pty.press("escape")
            pty.wait_until_gone(" ▸ ")
            pty.press("escape")
            pty.wait_for("restored")
        pty.press("ctrl+p")
        pty.wait_for("Search for")
        pty.write("evil")
        pty.wait_for(re.compile(r"evil.*evil", re.DOTALL))
        pty.resize(20, 5)
        pty.resize(120, 40)
        pty.press("escape")
        pty.wait_for(framed(120, 40))
        pty.press("ctrl+c", "ctrl+c")
        assert pty.left().clean
    for sequence in (b"\x1b]0;pwned", b"pwned\x07", b"\x1b[31mred", "\x9b".encode(), "\u202e".encode()):
        assert sequence not in pty.written


@pytest.mark.long
def test_ascii_draws_with_nothing_else(server: FixtureServer, tmp_path: Path) -> None:
    rename(server, {name: f"plain {name}" for name in ("steady", "slow", "failing", "finishing", "batch")})
    seen: list[str] = []
    with monitor(tmp_path, server.url, "--ascii") as pty:
        pty.wait_for(LIVE, STARTS)
        seen.append(pty.wait_for("plain steady"))
        pty.press("s")
        seen.append(pty.wait_for(re.compile(r"STATE[v^]")))
        pty.press("?")
        seen.append(pty.wait_for("Rows"))
        pty.press("end")
        seen.append(pty.wait_for("Program"))
        pty.press("q")
        pty.wait_until_gone("Program")
        pty.press("space")
        seen.append(pty.wait_for("= paused"))
        pty.press("space")
        pty.wait_until_gone("= paused")
        open_job(pty, "plain steady")
        seen.append(pty.wait_for("REBALANCE"))
        pty.press("2")
        # A chart comes when the counters have moved twice.
        seen.append(pty.wait_for(re.compile(r"\|[^\n]*\*\*"), 30.0))
        pty.press("escape")
        pty.wait_until_gone(" > ")
        pty.press("ctrl+p")
        seen.append(pty.wait_for(re.compile(r"Search for.*filter", re.DOTALL)))
        pty.press("escape")
        pty.wait_until_gone("Search for")
        pty.press("t")
        seen.append(pty.wait_for("Times are now"))
        server.stop()
        seen.append(pty.wait_for(re.compile(r"- stale")))
        pty.press("ctrl+c")
        seen.append(pty.wait_for(QUESTION))
    odd = {glyph: screen for screen in seen for glyph in screen if not glyph.isascii()}
    assert not odd, "\n".join(f"{glyph!r} in\n{screen}" for glyph, screen in odd.items())


@pytest.mark.deep
@pytest.mark.parametrize(
    ("words", "environ"), [(("--no-color",), {}), ((), {"NO_COLOR": "1"})], ids=["option", "environment"]
)
def test_no_colour(
    server: FixtureServer, tmp_path: Path, words: tuple[str, ...], environ: dict[str, str]
) -> None:
    with monitor(tmp_path, server.url, *words, environ=environ) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.wait_for("steady [test]")
    written = pty.written.decode(errors="replace")
    # Shades of grey are left; a colour is anything else.
    greys = re.sub(r"\b[34]8;2;(\d+);\1;\1(?!\d)", "0", written)
    assert not re.findall(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m", greys)


@pytest.mark.deep
def test_what_is_written_is_for_its_owner_alone(server: FixtureServer, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    script = 'umask 022; exec "$0" -m flinktop "$1"'
    with Pty(["sh", "-c", script, command()[0], server.url], environ=environment(home), cwd=home) as pty:
        pty.wait_for("steady [test]", STARTS)
        pty.press("y")
        pty.wait_for("written to")
        pty.press("ctrl+s")
        pty.wait_for("Saved")
        pty.press("w")
        pty.wait_for("Write this view")
        pty.press("enter")
        pty.wait_for("Wrote")
        pty.press("ctrl+c", "ctrl+c")
        assert pty.left().clean
    written = {path: stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*") if path.is_file()}
    assert {path.suffix for path in written} >= {".txt", ".svg", ".log"}
    assert {path: mode for path, mode in written.items() if mode != 0o600} == {}
    made = {path: stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*") if path.is_dir()}
    assert made
    assert {path: mode for path, mode in made.items() if mode != 0o700} == {}


@pytest.mark.deep
def test_files_that_cannot_be_written(server: FixtureServer, tmp_path: Path) -> None:
    """Configuration and state below a file, so that root can't make them either: said once, and it runs."""
    blocked = tmp_path / "blocked"
    blocked.write_text("no directory")
    environ = {"XDG_CONFIG_HOME": str(blocked), "XDG_STATE_HOME": str(blocked), "HOME": str(blocked)}
    with monitor(tmp_path, server.url, environ=environ) as pty:
        pty.wait_for("steady [test]", STARTS)
        # One word of each sentence: where it is broken depends on the length of the path.
        pty.wait_for("can't")
        pty.press("ctrl+s")
        pty.wait_for("saved")
        pty.press("y")
        pty.press("ctrl+c", "ctrl+c")
        assert pty.left().clean
    assert "Traceback" not in pty.text


def test_no_terminal_is_a_sentence(server: FixtureServer, tmp_path: Path) -> None:
    script = f'"$0" -m flinktop {server.url} </dev/null; echo "ended $?"'
    with Pty(["sh", "-c", script, command()[0]], environ=environment(tmp_path)) as pty:
        assert "needs a terminal" in pty.wait_for("ended 2", STARTS)
