"""The README tells the truth: its key table is that of the commands.

Run this file as a program to write the table into the README.
"""

from __future__ import annotations

import sys
from pathlib import Path

from flinktop.ui import keys

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- keys -->\n", "<!-- /keys -->"


def table() -> str:
    """The key table."""
    rows = list(keys.MOVES)
    rows += [
        (" ".join(f"`{keys.key_name(key)}`" for key in command.keys), command.help)
        for command in keys.every_command()
    ]
    return "| key | does |\n|---|---|\n" + "".join(
        f"| {names.replace('|', chr(92) + '|')} | {words} |\n" for names, words in rows
    )


def with_table(text: str) -> str:
    """The README with the table that the commands make."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return head + BEGIN + table() + END + tail


def test_the_key_table_is_that_of_the_commands() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == with_table(text), f"run: python {Path(__file__).name}"


def test_every_picture_exists() -> None:
    text = README.read_text(encoding="utf-8")
    pictures = [part.partition(")")[0] for part in text.split("](")[1:] if part.startswith("screenshots/")]
    assert pictures
    assert all((README.parent / picture).is_file() for picture in pictures)


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(table())
