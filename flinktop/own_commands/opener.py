"""Opens an address with a program of the config, such as xdg-open."""

from __future__ import annotations

import subprocess
import threading
from typing import TYPE_CHECKING

from flinktop.flink.text import clean
from flinktop.own_commands.child import ended_words, sentence_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def open_address(
    words: Sequence[str], environ: Mapping[str, str], failed: Callable[[str], object]
) -> threading.Thread:
    """Start a program that opens an address; it is not ended with flinktop: it may be the browser itself.

    `failed` is called with a sentence, on a thread of its own, if it can't be run or ends without success.
    """
    thread = threading.Thread(
        target=_open, args=(words, environ, failed), name="flinktop-opener", daemon=True
    )
    thread.start()
    return thread


def _open(words: Sequence[str], environ: Mapping[str, str], failed: Callable[[str], object]) -> None:
    name = clean(words[0])
    try:
        process = subprocess.Popen(
            list(words),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        failed(sentence_of("opener", name, error))
        return
    if ended := ended_words(process.wait()):
        failed(f"The opener {name} {ended}.")
