"""Paths as a person types them: any text is one, and no text is an exception."""

from __future__ import annotations

from pathlib import Path


def expanded(typed: str) -> Path:
    """The file that is meant; a `~` whose owner is unknown is taken as it is."""
    path = Path(typed)
    try:
        return path.expanduser()
    except (RuntimeError, ValueError):
        return path


def absolute(path: Path) -> Path:
    """The path from the root on; as it is where the directory that flinktop was started in is gone."""
    try:
        return path.absolute()
    except OSError:
        return path


def is_file(path: Path) -> bool:
    """Whether it is a regular file that can be seen."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def with_ending(typed: str, ending: str, other: str) -> str:
    """What was typed with `ending`; `other`, its counterpart, gives way to it."""
    directory, slash, name = typed.rpartition("/")
    return f"{directory}{slash}{name.removesuffix(other).removesuffix(ending)}{ending}"


def why_unusable(error: OSError | ValueError) -> str:
    """What is wrong with a path, as the end of a sentence."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeError):
        return "its name has a character that no file name can have"
    return "its name has a NUL character" if "null" in str(error) else str(error)
