"""A program that stands for the JVMs of a local Flink: `pretended_flink.py DOES …`, the rest as Java gets it.

As a JobManager it answers what the keeper asks; DOES says what it does when it is to run a jar: `run` it,
`refuse` it, or `die`. As anything else it waits for its end.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer(200, {"taskmanagers": 1})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/jars/upload":
            self.answer(200, {"filename": "/tmp/1_samples.jar"})
        elif sys.argv[1] == "die":
            os.write(1, b"out of memory")
            os._exit(7)
        elif sys.argv[1] == "refuse":
            self.answer(400, {"errors": ["Unknown function: pause"]})
        else:
            self.answer(
                200, {"jobid": json.loads(body)["flinkConfiguration"]["pipeline.name"].partition(":")[0]}
            )

    def answer(self, status: int, what: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(what).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""


if any(word.endswith("StandaloneSessionClusterEntrypoint") for word in sys.argv):
    lines = (Path(sys.argv[sys.argv.index("--configDir") + 1]) / "config.yaml").read_text().splitlines()
    port = next(line.split('"')[1] for line in lines if line.startswith("rest.port"))
    HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
signal.pause()
