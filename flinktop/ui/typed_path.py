"""Paths as a user types them, and their completion: any text is a path, and no text raises."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from flinktop.ui.widgets.celltext import safe

SUFFIX = ".jar"


def expanded(typed: str) -> Path:
    """The intended file; a `~` with an unknown owner is kept as it is."""
    path = Path(typed)
    try:
        return path.expanduser()
    except (RuntimeError, ValueError):
        return path


def absolute(path: Path) -> Path:
    """The absolute path; unchanged where the directory that flinktop was started in is gone."""
    try:
        return path.absolute()
    except OSError:
        return path


def is_file(path: Path) -> bool:
    """Whether it is a regular file that is accessible."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def with_ending(typed: str, ending: str, other: str) -> str:
    """The typed text with `ending`; `other`, its counterpart, is replaced."""
    directory, slash, name = typed.rpartition("/")
    return f"{directory}{slash}{name.removesuffix(other).removesuffix(ending)}{ending}"


def why_unusable(error: OSError | ValueError) -> str:
    """What is wrong with a path, as the end of a sentence."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeError):
        return "its name has a character that no file name can have"
    return "its name has a NUL character" if "null" in str(error) else str(error)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A directory or a jar that completes a path."""

    name: str  # a directory's ends in a slash
    size: int | None = None  # bytes of a jar


def candidates(typed: str) -> tuple[Candidate, ...]:
    """The directories and jars that begin with the typed text; hidden ones only when that starts with a dot.

    Empty where the directory can't be read. A name with characters that steer the terminal is not offered: it
    could neither be shown nor typed.
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
        # It was removed at this moment, or its link leads nowhere.
        pass
    return []


def completed(typed: str, found: tuple[Candidate, ...]) -> str:
    """The typed text, with as much more as all candidates have in common."""
    directory, slash, begun = typed.rpartition("/")
    names = [one.name for one in found] or [begun]
    # The common beginning of the first and the last in order of letters is common to all.
    least, most = min(names), max(names)
    same = next(
        (at for at, pair in enumerate(zip(least, most, strict=False)) if pair[0] != pair[1]), len(least)
    )
    return f"{directory}{slash}{least[:same]}"
