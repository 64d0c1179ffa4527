"""The README tells the truth: its key table is that of the commands.

Run this file as a program to write the table into the README.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from textwrap import indent

from flinktop.command_line import read_args
from flinktop.headless.cluster_args import WatchArgs
from flinktop.ui import keys
from flinktop.ui.command import Command

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- keys -->\n", "<!-- /keys -->"


SCREENS = {
    "overview": keys.OVERVIEW,
    "job": keys.JOB,
    "why": keys.WHY_SCREEN,
    "vertex": keys.VERTEX,
    "subtask": keys.SUBTASK,
    "checkpoints": keys.CHECKPOINTS,
    "checkpoint": keys.CHECKPOINT,
    "checkpoint of a vertex": keys.CHECKPOINT_VERTEX,
    "exception": keys.FAULT,
    "TaskManagers": keys.TASKMANAGERS,
    "TaskManager": keys.TASKMANAGER,
    "JobManager": keys.JOBMANAGER,
    "log": keys.LOG_FILE,
    "last log of a pod": keys.POD_LOG,
    "description": keys.DESCRIPTION_OF,
    "output": keys.OUTPUT,
    "jars": keys.JARS,
    "application": keys.APPLICATION,
    "operations": keys.OPERATIONS_LIST,
    "operation": keys.OPERATION,
    "alerts": keys.ALERTS,
    "timeline": keys.TIMELINE,
    "event": keys.EVENT,
}
FEW = 5
"""Screens that are named one by one; what is on more is for tables."""


def where(command: Command) -> str:
    """The screens of a command whose keys do something else on others; "" for one that alone has its keys."""
    others = [one for one in keys.every_command() if one != command and set(one.keys) & set(command.keys)]
    if not others:
        return ""
    on = [name for name, commands in SCREENS.items() if command in commands]
    return ", ".join(on) if len(on) <= FEW else "tables"


def table() -> str:
    """The key table."""
    rows = [(names, "", words) for names, words in keys.MOVES]
    rows += [
        (" ".join(f"`{keys.key_name(key)}`" for key in command.keys), where(command), command.help)
        for command in keys.every_command()
    ]
    return "| key | screen | does |\n|---|---|---|\n" + "".join(
        f"| {names.replace('|', chr(92) + '|')} | {screen} | {words} |\n" for names, screen, words in rows
    )


def with_table(text: str) -> str:
    """The README with the table that the commands make."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return head + BEGIN + table() + END + tail


def test_the_key_table_is_that_of_the_commands() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == with_table(text), f"run: python {Path(__file__).name}"


def test_a_key_with_several_meanings_has_its_screens_beside_it() -> None:
    assert set(SCREENS.values()) == set(keys.SCREENS)
    by_key: dict[str, list[str]] = {}
    for command in keys.every_command():
        for key in command.keys:
            by_key.setdefault(key, []).append(where(command))
    several = {key: screens for key, screens in by_key.items() if len(screens) > 1}
    assert set(several) >= {"f", "enter"}
    for screens in several.values():
        assert all(screens)
        assert len(set(screens)) == len(screens)


def test_every_picture_exists() -> None:
    text = README.read_text(encoding="utf-8")
    pictures = [part.partition(")")[0] for part in text.split("](")[1:] if part.startswith("screenshots/")]
    assert pictures
    assert all((README.parent / picture).is_file() for picture in pictures)


def test_what_starts_the_watcher_is_a_command_line() -> None:
    section = README.read_text().partition("## Watching without a terminal")[2].partition("\n## ")[0]
    (unit,) = re.findall(r"^ExecStart=\S+/flinktop (watch .+)$", section, re.MULTILINE)
    (listed,) = re.findall(r"^ +args: \[(watch, .+)\]$", section, re.MULTILINE)
    for words in (unit.split(), [word.strip().strip('"') for word in listed.split(",")]):
        command, _, flags, args = read_args(words)
        assert (command, flags.config) == ("watch", "/etc/flinktop/config.toml")
        assert isinstance(args, WatchArgs)
        assert args.every
        # Where its probes and Prometheus look for it.
        assert args.prometheus is not None
        assert args.prometheus.port == 9250
    assert "containerPort: 9250" in section
    assert all(path in section for path in ("/metrics", "/-/healthy", "/-/ready"))


def test_the_panel_that_is_shown_whole_is_the_one_that_runs() -> None:
    section = README.read_text().partition("## How it is built")[2].partition("## Tests")[0]
    endpoint, panel, row = (block.partition("```")[0] for block in section.split("```python\n")[1:])
    # A tab's row stands in a tuple.
    rows = indent(row, "    ")
    files = {"flink/cluster.py": endpoint, "ui/panels/datasets_table.py": panel, "ui/tabs.py": rows}
    for file, code in files.items():
        source = (README.parent / "flinktop" / file).read_text()
        for part in code.strip("\n").split("\n\n\n"):
            assert part in source, f"{file} no longer has this:\n{part}"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(table())
