"""Writes what a real cluster answered into tests/fixtures/<release>/, with nothing of this machine in it."""

import getpass
import json
import re
import shutil
import socket
import urllib.parse
from pathlib import Path
from typing import Any

from tests.live.cluster import Answer, Cluster
from tests.live.releases import cache

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"

_TEXT = 6_000  # characters of a log that are kept
_THREADS = 12  # entries of a thread dump
_SERIALIZED = 400  # characters of a serialized Java object
_CHILDREN = 3  # of a flame graph's node


class Recorder:
    """Asks one cluster at a time and keeps its answers: a file each, and two lists of them.

    `index.json` has the GETs: `{"file", "path", "endpoint", "status"}`, `path` being the bare target with its
    query and `endpoint` its template; a HistoryServer's answers are in files named `history.…`.
    `writes.json` has the other verbs, with `method` and `body` as well.
    """

    def __init__(self, text: str, fixtures: Path = FIXTURES) -> None:
        self.directory = fixtures / text
        self.labels: dict[str, str] = {}
        """Ids of the cluster, and what they are called in file names."""
        self.prefix = ""
        """What the names of files begin with that are kept from now on."""
        self._gets: list[dict[str, Any]] = []
        self._writes: list[dict[str, Any]] = []
        self._files: dict[str, str] = {}

    def get(self, cluster: Cluster, endpoint: str, query: str = "", **ids: str | int) -> Answer:
        """Ask a GET and keep the answer, whatever its status."""
        path = _path(endpoint, ids, query)
        answer = cluster.ask("GET", path)
        file = self._keep(cluster, self.prefix, path, answer)
        self._gets.append(
            {"file": file, "path": neutral(cluster, path), "endpoint": endpoint, "status": answer.status}
        )
        return answer

    def write(
        self,
        cluster: Cluster,
        method: str,
        endpoint: str,
        body: Any = None,
        query: str = "",
        **ids: str | int,
    ) -> Answer:
        """Send another verb with a JSON body and keep the answer, whatever its status."""
        path = _path(endpoint, ids, query)
        answer = cluster.ask(method, path, None if body is None else json.dumps(body).encode())
        entry = {
            "file": self._keep(cluster, f"{method}.", path, answer),
            "method": method,
            "path": neutral(cluster, path),
            "endpoint": endpoint,
            "status": answer.status,
            "body": json.loads(neutral(cluster, json.dumps(body))),
        }
        self._writes.append(entry)
        return answer

    def close(self) -> int:
        """Write everything in place of what was there before; its bytes."""
        for name, entries in (("index.json", self._gets), ("writes.json", self._writes)):
            lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
            self._files[name] = f"[\n{lines}\n]\n"
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        for name, text in self._files.items():
            (self.directory / name).write_text(text, encoding="utf-8")
        return sum(path.stat().st_size for path in self.directory.iterdir())

    def _keep(self, cluster: Cluster, prefix: str, path: str, answer: Answer) -> str:
        text = answer.body.decode("utf-8", errors="replace")
        try:
            whole = json.loads(text)
        except ValueError:
            ending, kept = "txt", text[:_TEXT]
        else:
            smaller = _trimmed(whole)
            ending = "json"
            # As Flink wrote it, unless something had to go.
            kept = (
                text if smaller == whole else json.dumps(smaller, ensure_ascii=False, separators=(",", ":"))
            )
        name = self._name(prefix + self._slug(path), ending)
        self._files[name] = neutral(cluster, kept)
        return name

    def _slug(self, path: str) -> str:
        target, _, query = path.partition("?")
        for found, label in self.labels.items():
            target = target.replace(urllib.parse.quote(found, safe=""), label)
        keys = "-".join(re.findall(r"(?:^|&)([^=]+)", query))
        return re.sub(r"[^\w.-]+", ".", target) + (f"+{keys}" if keys else "")

    def _name(self, slug: str, ending: str) -> str:
        number, name = 1, f"{slug}.{ending}"
        while name in self._files:
            number += 1
            name = f"{slug}.{number}.{ending}"
        return name


def neutral(cluster: Cluster, text: str) -> str:
    """The text without this machine's directories, host and user."""
    kept = str(cache())
    places = [
        (str(cluster.directory), "/srv/flink"),
        (str(cluster.home.lib.parent), "/opt/flink"),
        (str(cluster.home.java.parent.parent), "/opt/java"),
        (kept, "/opt"),
        (str(Path.home()), "/home/flink"),
    ]
    for ours, given_name in places:
        for form, given in ((ours, given_name), (_quoted(ours), _quoted(given_name))):
            text = re.sub(rf"{re.escape(form)}(?![\w-])", given, text)
    text = re.sub(rf"(?<![\w.-]){re.escape(socket.gethostname())}(?![\w-])", "flink-host", text)
    return re.sub(rf"(user: ?){re.escape(getpass.getuser())}\b", r"\1flink", text)


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def _path(endpoint: str, ids: dict[str, str | int], query: str) -> str:
    path = endpoint.removeprefix("/")
    for name, value in ids.items():
        assert f":{name}" in path, f"{endpoint} has no {name}"
        path = path.replace(f":{name}", _quoted(str(value)))
    assert ":" not in path, f"{endpoint} lacks an id: {path}"
    return f"{path}?{query}" if query else path


def _trimmed(value: Any) -> Any:
    """The same document, less what is long and tells a reader nothing."""
    if isinstance(value, dict):
        return {key: _trimmed_member(key, member) for key, member in value.items()}
    if isinstance(value, list):
        return [_trimmed(member) for member in value]
    return value


def _trimmed_member(key: str, member: Any) -> Any:
    if isinstance(member, str) and ("serialized" in key):
        return member[:_SERIALIZED]
    if isinstance(member, list) and key == "threadInfos":
        return _trimmed(member[:_THREADS])
    if isinstance(member, list) and key == "children":
        return _trimmed(member[:_CHILDREN])
    return _trimmed(member)
