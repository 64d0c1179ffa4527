"""Completing the path of a jar as it is typed, as a shell does."""

from __future__ import annotations

import os
from dataclasses import dataclass

from flinktop.ui.typed_path import expanded
from flinktop.ui.widgets.celltext import safe

SUFFIX = ".jar"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A directory or a jar that a path may go on with."""

    name: str
    """A directory's ends in a slash."""
    size: int | None = None
    """Bytes of a jar."""


def candidates(typed: str) -> tuple[Candidate, ...]:
    """The directories and jars that begin with what was typed; hidden ones only when that begins so.

    None where the directory can't be read. A name that would steer the terminal is not offered: it could
    neither be shown nor typed as it is.
    """
    directory, _, begun = typed.rpartition("/")
    place = expanded(f"{directory}/" if "/" in typed else ".")
    found: list[Candidate] = []
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                hidden = entry.name.startswith(".") and not begun.startswith(".")
                if entry.name.startswith(begun) and not hidden and safe(entry.name) == entry.name:
                    found += _candidate(entry)
    except (OSError, ValueError):
        return ()
    return tuple(sorted(found, key=lambda one: one.name))


def _candidate(entry: os.DirEntry[str]) -> list[Candidate]:
    try:
        if entry.is_dir():
            return [Candidate(f"{entry.name}/")]
        if entry.name.endswith(SUFFIX) and entry.is_file():
            return [Candidate(entry.name, entry.stat().st_size)]
    except OSError:
        # It went away in this instant, or its link leads nowhere.
        pass
    return []


def completed(typed: str, found: tuple[Candidate, ...]) -> str:
    """What was typed, with as much more as all candidates have in common."""
    directory, slash, begun = typed.rpartition("/")
    names = [one.name for one in found] or [begun]
    # What the first and the last of them in the order of letters begin with, all begin with.
    least, most = min(names), max(names)
    same = next(
        (at for at, pair in enumerate(zip(least, most, strict=False)) if pair[0] != pair[1]), len(least)
    )
    return f"{directory}{slash}{least[:same]}"
