"""Becomes a program that ends when flinktop does; run as a file, in an interpreter of its own.

`launcher.py REPORT PARENT SIGNAL FOREGROUND PROGRAM ARGUMENTS…`: REPORT is a descriptor that the number of
an error is written to, PARENT flinktop's process, SIGNAL what the kernel sends when the thread that started
this ends, however that happens (prctl(2), Linux only), and FOREGROUND whether to take the terminal first.

Between fork and exec of a process with threads no Python code may run; this is exec'd before it runs.
"""

import contextlib
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(report: int, parent: int, death: int, foreground: int, *words: str) -> None:
    """Replace this process with the program; writes the errno to `report` if that fails."""
    os.set_inheritable(report, False)  # noqa: FBT003 -- its only signature
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death)
        # It may have ended before.
        if os.getppid() != parent:
            os.kill(os.getpid(), death)
    if foreground:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        with contextlib.suppress(OSError):
            os.tcsetpgrp(0, os.getpgrp())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTTOU})
    # The interpreter ignores these.
    for name in ("SIGPIPE", "SIGXFSZ"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execvp(words[0], words)  # noqa: S606 -- that is what it is for
    except OSError as error:
        os.write(report, str(error.errno).encode())
    os._exit(127)


if __name__ == "__main__":
    numbers = (int(word) for word in sys.argv[1:5])
    main(*numbers, *sys.argv[5:])  # type: ignore[arg-type] # the first four are numbers
