"""A stand-in for `ssh -N -L`: forwards a port of this machine to another one, on good and on bad days.

    python stand_in.py LOCAL TARGET DAY FILE

FILE gets a line with the process number for each start; a day "once X" is a good one from the second start
on.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

LOOPBACK = "127.0.0.1"
WORDS: Final = "channel 2: open failed: connect failed: Connection refused"
TAKEN: Final = "bind [127.0.0.1]:{port}: Address already in use"
DENIED: Final = "me@bastion: Permission denied (publickey)."
PROMPT: Final = "me@bastion's password: "


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        sink.close()


def join(near: socket.socket, target: int) -> None:
    try:
        far = socket.create_connection((LOOPBACK, target), 5.0)
    except OSError:
        say(WORDS)
        near.close()
        return
    far.settimeout(None)
    threading.Thread(target=pump, args=(near, far), daemon=True).start()
    pump(far, near)


def forward(port: int, target: int, take: Callable[[socket.socket, int], None] = join) -> None:
    server = socket.create_server((LOOPBACK, port))
    while True:
        near, _ = server.accept()
        threading.Thread(target=take, args=(near, target), daemon=True).start()


def refuse(near: socket.socket, _target: int) -> None:
    say(WORDS)
    near.close()


def hold(near: socket.socket, _target: int) -> None:
    """Take it, and let nothing through."""
    time.sleep(3600)
    near.close()


def say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def flood() -> None:
    while True:
        os.write(2, b"debug1: client_input_channel_req: channel 2 rtype keepalive\n" * 200)


def slowly(port: int, target: int) -> None:
    time.sleep(0.4)
    forward(port, target)


def loudly(port: int, target: int) -> None:
    threading.Thread(target=flood, daemon=True).start()
    forward(port, target)


def denied(_port: int, _target: int) -> None:
    say(DENIED)
    sys.exit(255)


def silently(_port: int, _target: int) -> None:
    time.sleep(3600)


def asking(_port: int, _target: int) -> None:
    sys.stderr.write(PROMPT)
    sys.stderr.flush()
    time.sleep(3600)


def stubbornly(port: int, target: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    forward(port, target)


def by_a_child(port: int, target: int) -> None:
    subprocess.run(
        [sys.executable, "-IS", __file__, str(port), str(target), "well", sys.argv[4]], check=False
    )


def too_late(port: int, _target: int) -> None:
    """Another program has taken the port; ssh goes on without it."""
    with socket.create_server((LOOPBACK, port)):
        say(TAKEN.format(port=port))
        time.sleep(3600)


def in_background(port: int, target: int) -> None:
    """Leave the foreground, as `ssh -f`, but in the same process group."""
    if not os.fork():
        time.sleep(0.3)
        forward(port, target)


DAYS: Final[dict[str, Callable[[int, int], None]]] = {
    "well": forward,
    "slow": slowly,
    "loud": loudly,
    "denied": denied,
    "silent": silently,
    "prompt": asking,
    "stubborn": stubbornly,
    "child": by_a_child,
    "taken": too_late,
    "background": in_background,
    "refused": lambda port, target: forward(port, target, refuse),
    "hanging": lambda port, target: forward(port, target, hold),
}


def main() -> None:
    port, target, day, file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    earlier = file.read_text(encoding="utf-8").count("\n") if file.exists() else 0
    with file.open("a", encoding="utf-8") as starts:
        starts.write(f"{os.getpid()}\n")
    if day.startswith("once "):
        day = "well" if earlier else day.removeprefix("once ")
    DAYS[day](port, target)


if __name__ == "__main__":
    main()
