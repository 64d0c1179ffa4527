"""Copying out of the terminal: through tmux, through the terminal, and always into a file."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from flinktop.flink.secrets import environment
from flinktop.ui.private_files import put_text

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import App

TMUX_SECONDS = 2.0


def copy(app: App[int], text: str, directory: Path) -> str:
    """Copy a text in every way that is available; returns a sentence for the user, with the file's path.

    Inside tmux this uses its buffer and clipboard (OSC 52 is often not passed through), elsewhere OSC 52. No
    terminal reports whether it obeyed, so the text is also written to a file.
    """
    if not _to_tmux(text):
        app.copy_to_clipboard(text)
    path = directory / "copied.txt"
    try:
        put_text(path, text + "\n")
    except OSError as error:
        return f"Copied. Not written to {path} as well: {error.strerror}."
    return f"Copied, and written to {path}"


def _to_tmux(text: str) -> bool:
    tmux = shutil.which("tmux")
    if not os.environ.get("TMUX") or tmux is None:
        return False
    try:
        done = subprocess.run(
            [tmux, "load-buffer", "-w", "-"],
            input=text.encode(),
            capture_output=True,
            env=environment(),
            timeout=TMUX_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
