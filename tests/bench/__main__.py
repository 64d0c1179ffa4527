"""What flinktop costs, beside bare Textual apps measured in the same run.

    python -m tests.bench [--repeats 3] [--seconds 20] [--size 120x40] [--only PATTERN] [--against DIR]...

Each program runs in a pty of its own, with the cluster it watches in another process: small are recorded
answers whose values move (8 jobs, 3 to 5 vertices), wide the demo's world (1,000 jobs, one of 500 vertices
with 5,000 subtasks, one with 5,000 subtasks in each vertex), full what just fills 120x40 (30 jobs, 30
vertices, 30 subtasks). With --against other checkouts of flinktop are measured beside this one. Repeats are
interleaved (A B C A B C), so that a busy machine is busy for all; figures are medians, key delays those of
all repeats.

first paint: from the start of the process to the first visible letter. ready: to the screen that is measured.
CPU (user and system, of the program alone) and bytes to the terminal: over --seconds, after six more seconds
to settle. Memory: at the end of that. key: from pressing an arrow to the first output that moves the cursor's
background; pressed when the terminal has been quiet for 60 ms. Compare ratios, not figures: machines differ.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.report import Summary, engine_table, ratios, summary, table
from tests.bench.stopwatch import Figures, Program, measure

if TYPE_CHECKING:
    from collections.abc import Iterator

ARROWS = ("down", "up")
SMALL_RELEASE = "1.20.5"
SMALL_ROWS, WIDE_ROWS, VERTICES = 8, 1000, 500
FULL = "30"
"""Rows that just fill a screen of 40 lines."""


@contextmanager
def served(*words: str) -> Iterator[str]:
    """A server in a process of its own; yields its address."""
    server = subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()


def floor(*words: str) -> list[str]:
    return [sys.executable, "-m", "tests.bench.floors", *words]


def tables(name: str, rows: int) -> list[Program]:
    """The same rows in Textual's table and in flinktop's."""
    ready = "job 0003"
    return [
        Program(f"DataTable, {name}", floor("datatable", str(rows)), ready, ARROWS),
        Program(f"LiveTable, {name}", floor("livetable", str(rows)), ready, ARROWS),
    ]


def flinktop(name: str, url: str, job: str, listed: str) -> list[Program]:
    """The overview of a cluster; one of its jobs, one of its vertices, its checkpoints."""
    command = [sys.executable, "-m", "flinktop", url]
    find = (
        (listed, ("/",)),
        (r"(?m)^ ?/", tuple(job)),
        (rf"(?m)^ ?/ {job}", ("enter",)),
        (rf"(?s)\A(?!.*\n ?/ {job}).*RUNNING +{job}", ("enter",)),
    )
    job_ready = r"VERTEX[^\n]*\n(?:[^\n]*\n)?[^\n]*Source"
    # By the second vertex, which has inputs, on the tab of the vertices alone.
    vertex = (*find, (job_ready, ("2",)), (r"\[2 Vertices\]", ("j", "enter")))
    checkpoints = (*find, (job_ready, ("c",)))
    charts = (*find, (job_ready, ("3",)))
    return [
        Program(f"overview, {name}", command, listed, ARROWS),
        Program(f"job, {name}", command, job_ready, ARROWS, find),
        Program(
            f"vertex, {name}", command, r"\[1 Subtasks\](?s:.*)\n\W*\d+ . RUNNING[^\n]* \d", ARROWS, vertex
        ),
        Program(f"checkpoints, {name}", command, r"\[1 History\](?s:.*)COMPLETED", ARROWS, checkpoints),
        Program(f"charts, {name}", command, r"\[3 Charts\]", (), charts),
        Program(f"overview behind help, {name}", command, "One row up or down", (), ((listed, ("?",)),)),
    ]


def programs(small: str, wide: str, full: str, half: str) -> list[Program]:
    """Everything that is measured, each after what it is compared with."""
    return [
        Program("blank app", floor("blank"), "blank"),
        Program("demo", [sys.executable, "-m", "flinktop", "demo"], "RUNNING"),
        *tables(f"{SMALL_ROWS} rows", SMALL_ROWS),
        *flinktop("small", small, "steady", "steady"),
        *tables(f"{WIDE_ROWS} rows", WIDE_ROWS),
        *flinktop("wide", wide, "wide", "job 0003"),
        *flinktop("full", full, "wide", "job 0003"),
        *flinktop("30 subtasks", full, "tall", "job 0003")[2:3],
        *flinktop("500 subtasks", half, "tall", "job 0003")[2:3],
        *flinktop("5,000 subtasks", wide, "tall", "job 0003")[2:4],
    ]


def beside(own: list[Program], checkouts: list[Path]) -> list[Program]:
    """Each program of flinktop, and right after it the same of each other checkout."""
    found: list[Program] = []
    for one in own:
        found.append(one)
        if "flinktop" in one.command:
            found += [replace(one, name=f"{one.name}, {each.name}", checkout=each) for each in checkouts]
    return found


def engine_cost(url: str, job: str, seconds: float) -> dict[str, float]:
    words = [sys.executable, "-m", "tests.bench.engine_cost", url, "--job", job, "--seconds", str(seconds)]
    return {"seconds": seconds, **json.loads(subprocess.check_output(words, text=True))}


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def report(runs: dict[str, list[Figures]]) -> None:
    """The table of medians, and ratios to the blank app and to a DataTable of as many rows."""
    found = {name: summary(name, figures) for name, figures in runs.items()}
    say("\n" + table("medians", list(found.values())))
    for base, pattern in (
        ("blank app", "."),
        (f"DataTable, {SMALL_ROWS} rows", f"small|{SMALL_ROWS} rows"),
        (f"DataTable, {WIDE_ROWS} rows", f"wide|{WIDE_ROWS} rows"),
    ):
        compared: list[Summary] = [
            one for name, one in found.items() if re.search(pattern, name) and name != base
        ]
        if base in found and compared:
            say("\n" + table(f"ratios to {base}", ratios(compared, found[base])))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What flinktop costs.")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0, help="of steady state to measure")
    parser.add_argument("--size", default="120x40", help="of the terminal, columns x rows")
    parser.add_argument("--keys", type=int, default=40, help="to press")
    parser.add_argument(
        "--against",
        type=Path,
        action="append",
        default=[],
        help="another checkout of flinktop, measured beside this one; may be given several times",
    )
    parser.add_argument("--only", default="", help="programs whose name this pattern is found in")
    arguments = parser.parse_args()
    columns, rows = map(int, arguments.size.split("x"))
    runs: dict[str, list[Figures]] = defaultdict(list)
    engine: dict[str, list[dict[str, float]]] = defaultdict(list)
    filled = ("tests.bench.wide", "--jobs", FULL, "--vertices", FULL)
    with (
        served("tests.fixture_server", SMALL_RELEASE, "--moving") as small,
        served("tests.bench.wide", "--jobs", str(WIDE_ROWS), "--vertices", str(VERTICES)) as wide,
        served(*filled, "--subtasks", FULL) as full,
        served(*filled, "--subtasks", "500") as half,
    ):
        measured = beside(programs(small, wide, full, half), arguments.against)
        for repeat in range(arguments.repeats):
            for program in measured:
                if not re.search(arguments.only, program.name):
                    continue
                with tempfile.TemporaryDirectory() as home:
                    figures = measure(
                        program,
                        size=(columns, rows),
                        seconds=arguments.seconds,
                        keys=arguments.keys,
                        home=Path(home),
                    )
                runs[program.name].append(figures)
                line = table("", [summary(program.name, [figures])]).splitlines()[-1]
                say(f"{repeat + 1}/{arguments.repeats} {line}")
            for name, url, job in (("engine, small", small, "steady"), ("engine, wide", wide, "wide")):
                if re.search(arguments.only, name):
                    engine[name].append(engine_cost(url, job, arguments.seconds / 2))
    report(runs)
    if engine:
        say("\n" + engine_table(engine))


if __name__ == "__main__":
    main()
