"""A stand-in for kubectl, on good and on bad days.

    python kubectl_stand_in.py DIRECTORY ARGUMENTS…

Files of DIRECTORY say what it does: `api` and `pod` hold the ports that `proxy` and `port-forward` lead to;
`proxy-fails` and `port-forward-fails` what they print instead, `says` what they print for each connection;
`output`, `errors` and `code` how any other command ends; `hangs` lets it take long, whatever signal comes.
`runs` gets a line for each run: its number and arguments.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def join(near: socket.socket, port: int) -> None:
    with near, socket.create_connection(("127.0.0.1", port)) as far:
        back = threading.Thread(target=pump, args=(far, near), daemon=True)
        back.start()
        pump(near, far)
        back.join()


def serve(server: socket.socket, directory: Path, target: str) -> None:
    while True:
        near, _ = server.accept()
        if (directory / "says").exists():
            sys.stderr.write((directory / "says").read_text())
            sys.stderr.flush()
        port = int((directory / target).read_text())
        threading.Thread(target=join, args=(near, port), daemon=True).start()


def fail_if_told(directory: Path, verb: str) -> None:
    file = directory / f"{verb}-fails"
    if file.exists():
        sys.stderr.write(file.read_text())
        sys.exit(1)


def proxy(directory: Path, args: list[str]) -> None:
    path = next(word.partition("=")[2] for word in args if word.startswith("--unix-socket="))
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    sys.stdout.write(f"Starting to serve on {path}\n")
    sys.stdout.flush()
    serve(server, directory, "api")


def port_forward(directory: Path, args: list[str]) -> None:
    port, _, far = args[-1].partition(":")
    server = socket.create_server(("127.0.0.1", int(port)))
    sys.stdout.write(f"Forwarding from 127.0.0.1:{port} -> {far}\n")
    sys.stdout.flush()
    serve(server, directory, "pod")


def other(directory: Path) -> None:
    for name, stream in (("output", sys.stdout), ("errors", sys.stderr)):
        if (directory / name).exists():
            stream.buffer.write((directory / name).read_bytes())
            stream.flush()
    if (directory / "hangs").exists():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(3600)
    sys.exit(int((directory / "code").read_text()) if (directory / "code").exists() else 0)


def main() -> None:
    directory, args = Path(sys.argv[1]), sys.argv[2:]
    with (directory / "runs").open("a", encoding="utf-8") as runs:
        runs.write(f"{os.getpid()} {' '.join(args)}\n")
    verb = next(word for word in args if not word.startswith("-"))
    fail_if_told(directory, verb)
    match verb:
        case "proxy":
            proxy(directory, args)
        case "port-forward":
            port_forward(directory, args)
        case _:
            other(directory)


if __name__ == "__main__":
    main()
