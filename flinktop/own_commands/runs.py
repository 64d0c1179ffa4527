"""Programs that run without the terminal, each followed by a thread of its own, and ended with flinktop."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Final

from flinktop.flink.text import clean
from flinktop.own_commands.child import Child, NotStarted, ended_words, start
from flinktop.own_commands.output import MOST_BYTES, Output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 4
"""Programs in the background at the same time."""
KEPT_IN_BACKGROUND: Final = 64 * 1024
GRACE: Final = 1.0
"""Seconds from the request to end until a program is killed."""
_LOOK_MS: Final = 100
_READ: Final = 256 * 1024
_GULP: Final = 1 << 20
_PAUSE: Final = 0.01
"""Seconds after so many bytes: at most 100 MB/s, so that a flood leaves time for the screen."""


class Run:
    """One run of a program; what it tells may be read from any thread."""

    def __init__(self, name: str, words: Sequence[str], *, background: bool, began: float) -> None:
        self.name = name
        self.words = tuple(words)
        self.background = background
        self.began = began
        """When it was started, on the clock of whoever asks."""
        self.output = Output(KEPT_IN_BACKGROUND if background else MOST_BYTES)
        self.code: int | None = None
        self.sentence = ""
        """How it ended; "" while it runs."""
        self.stopped = False
        """Whether it was asked to end."""
        self._child: Child | None = None

    @property
    def is_running(self) -> bool:
        return not self.sentence

    @property
    def failed(self) -> bool:
        """Whether it ended, not by request, and without success."""
        return bool(self.sentence) and self.code != 0 and not self.stopped

    def stop(self) -> None:
        """Ask it to end; after `GRACE` seconds it is killed."""
        self.stopped = True

    def kill(self) -> None:
        """Kill it and its group at once."""
        self.stop()
        child = self._child
        if child is not None:
            child.signal(signal.SIGKILL)

    def follow(self, environ: Mapping[str, str]) -> None:
        """Start it, and read its output to its end; on a thread of its own."""
        try:
            self._child = child = start(
                self.words,
                environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except NotStarted as error:
            self.sentence = str(error)
            return
        try:
            self._read(child)
        finally:
            code = child.release()
            if child.process.stdout is not None:
                child.process.stdout.close()
        self.code = code
        self.sentence = self._ended(code)

    def _ended(self, code: int) -> str:
        name = clean(self.name)
        return f"{name} was ended." if self.stopped else f"{name} {ended_words(code) or 'has ended'}."

    def _read(self, child: Child) -> None:
        pipe = child.process.stdout
        assert pipe is not None  # noqa: S101 -- for the type checker
        descriptor, pause = pipe.fileno(), threading.Event()
        os.set_blocking(descriptor, False)
        ready = select.poll()
        ready.register(descriptor, select.POLLIN)
        killer: threading.Timer | None = None
        gulped = 0
        while True:
            ended, data = child.has_ended, b""
            if ready.poll(0 if ended else _LOOK_MS):
                with contextlib.suppress(BlockingIOError):
                    data = os.read(descriptor, _READ)
                if data:
                    self.output.add(data)
                else:
                    # It has closed its outputs: what is left is to wait for its end.
                    ready.unregister(descriptor)
            if ended and not data:
                break
            if self.stopped and killer is None:
                child.signal(signal.SIGTERM)
                killer = threading.Timer(GRACE, self.kill)
                killer.daemon = True
                killer.start()
            gulped += len(data)
            if gulped >= _GULP:
                gulped = 0
                pause.wait(_PAUSE)
        if killer is not None:
            killer.cancel()


class Runs:
    """All programs that were started without the terminal."""

    def __init__(self, changed: Callable[[Run], object]) -> None:
        """`changed` is called with each run that has ended, on its own thread."""
        self._changed = changed
        self._runs: tuple[Run, ...] = ()
        self._lock = threading.Lock()
        self._closed = False

    @property
    def running(self) -> tuple[Run, ...]:
        """Those that have not ended, oldest first."""
        return tuple(one for one in self._runs if one.is_running)

    @property
    def in_background(self) -> tuple[Run, ...]:
        return tuple(one for one in self.running if one.background)

    def start(self, run: Run, environ: Mapping[str, str]) -> None:
        """Start a program; returns at once."""
        with self._lock:
            if self._closed:
                return
            self._runs = (*self.running, run)
        threading.Thread(
            target=self._follow, args=(run, environ), name="flinktop-own-command", daemon=True
        ).start()

    def _follow(self, run: Run, environ: Mapping[str, str]) -> None:
        try:
            run.follow(environ)
        except Exception as error:
            log.exception("a command of one's own could not be followed")
            run.sentence = f"{run.name} could not be followed: {type(error).__name__}."
        self._changed(run)

    def close(self) -> None:
        """Kill all that runs, and start nothing more."""
        with self._lock:
            self._closed = True
        for one in self.running:
            one.kill()
