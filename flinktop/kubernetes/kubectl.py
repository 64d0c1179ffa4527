"""Runs kubectl: the one way to Kubernetes, as it knows every login. Each run has an end in time and size."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flinktop.flink.run_in_thread import run_in_thread
from flinktop.flink.text import clean
from flinktop.kubernetes.errors import KubectlError, shown
from flinktop.kubernetes.kubectl_text import explained, is_warning
from flinktop.tunnel.once import NOT_STARTED, Once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.tunnel.once import Ended, Kept

log = logging.getLogger(__name__)

PROGRAM: Final = "kubectl"
SECONDS: Final = 15.0
"""For one run."""
MOST_BYTES: Final = 1 << 20
MOST_LINES: Final = 20_000
"""Of the end of a log."""
_LEAST_SECONDS: Final = 1


class Kubectl:
    """kubectl for one context. Its methods are for any event loop, and cancel the run when cancelled."""

    def __init__(self, context: str | None = None, program: str = PROGRAM, seconds: float = SECONDS) -> None:
        """`context` None: the current one of kubectl's configuration, whatever it is at the time."""
        self.context = context
        self.program = program
        self.seconds = seconds

    @property
    def where(self) -> str:
        """The context, as sentences name it."""
        return f"context {shown(self.context)}" if self.context else "the current context"

    def command(self, *args: str) -> tuple[str, ...]:
        """The program with its context and these arguments; never for a shell."""
        context = () if self.context is None else (f"--context={self.context}",)
        return (self.program, *context, *args)

    async def run(
        self, *args: str, seconds: float | None = None, most: int = MOST_BYTES, kept: Kept = "beginning"
    ) -> bytes:
        """What kubectl prints; of more than `most` bytes its beginning or its end. Raises KubectlError.

        Warnings are logged. Names in `args` come behind `--`, or in an option with `=`.
        """
        self._check_program()
        limit = self.seconds if seconds is None else seconds
        once = Once(self.command(*args), seconds=limit, most=most, kept=kept)
        try:
            ended = await run_in_thread(once.run)
        except asyncio.CancelledError:
            once.stop()
            raise
        except OSError as error:
            raise KubectlError("failed", f"kubectl can't be started: {error.strerror or error}") from None
        return self._output(ended, limit)

    async def contexts(self) -> tuple[str, ...]:
        """The names of all contexts in kubectl's configuration. Raises KubectlError."""
        output = await Kubectl(None, self.program, self.seconds).run(
            "config", "get-contexts", "--output=name"
        )
        return tuple(filter(None, output.decode(errors="replace").splitlines()))

    async def logs(self, namespace: str, pod: str, container: str = "", *, previous: bool = False) -> bytes:
        """The end of the log of a pod's container, of its run before the present one if `previous`.

        At most 1 MiB and 20,000 lines. Raises KubectlError.
        """
        return await self.run(
            *self._limited("logs", namespace),
            *((f"--container={container}",) if container else ()),
            *(("--previous",) if previous else ()),
            f"--tail={MOST_LINES}",
            "--",
            pod,
            kept="end",
        )

    async def describe(self, kind: str, namespace: str, name: str) -> bytes:
        """What `kubectl describe` says of an object, at most 1 MiB. Raises KubectlError."""
        return await self.run(*self._limited("describe", namespace), "--", kind, name)

    def _limited(self, verb: str, namespace: str) -> Sequence[str]:
        return (
            verb,
            f"--namespace={namespace}",
            f"--request-timeout={max(_LEAST_SECONDS, int(self.seconds))}s",
        )

    def _check_program(self) -> None:
        """Raise KubectlError if there is none."""
        if shutil.which(self.program) is not None:
            return
        name = clean(self.program)
        with contextlib.suppress(OSError):
            if "/" in self.program and Path(self.program).exists():
                raise KubectlError("missing", f"{name} may not be run: it is no program")
        raise KubectlError("missing", missing(name))

    def _output(self, ended: Ended, seconds: float) -> bytes:
        errors = ended.errors.decode(errors="replace")
        match ended.code:
            case 0:
                for line in filter(is_warning, map(clean, errors.splitlines())):
                    log.info("kubectl: %s", shown(line))
                return ended.output
            case None:
                raise KubectlError("late", f"kubectl gave no answer within {seconds:g} s ({self.where})")
            case code if code == NOT_STARTED and not errors.startswith(("error:", "Error")):
                raise KubectlError("missing", f"{clean(self.program)} can't be started: {shown(errors)}")
        raise explained(errors, self.where)


def missing(program: str) -> str:
    """That there is no such program, and what to do."""
    return f"there is no program {program}: install kubectl, or name it with kubectl in the config"
