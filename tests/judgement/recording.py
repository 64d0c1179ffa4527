"""Recordings of what a real Flink answered, look after look: `cases/<release>-<case>.jsonl`.

One JSON document a line. The first is the head:

    {"case": …, "release": …, "began": <seconds since 1970>}

A body, once, before the first answer that has it, is named by the first 16 hex digits of its sha256. It is
whole, or the differences to an earlier one: other tokens (see `tokens`) by their number, or ranges of pieces
(see `pieces`), from the last one to the first, and the text instead.

    {"body": "<hash>", "text": "…"}
    {"body": "<hash>", "like": "<hash>", "tokens": {"17": "1000"}}
    {"body": "<hash>", "like": "<hash>", "pieces": [[30, 31, "…"], [4, 4, "…"]]}

An answer: `t` is in seconds since `began`; `target` is the request's without a leading slash, or, from its
second use on, the number of the target in the order of first uses.

    {"t": 65.0, "target": "config", "status": 200, "body": "<hash>"}

A request that nobody answered has the status 0, and why as its body.
Each look begins with the target `config`.
"""

import bisect
import difflib
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

CASES = Path(__file__).parent / "cases"
NO_ANSWER = 0
"""The status of a request that nobody answered."""
TIMED_OUT = "no answer in time"
"""Why, where the server was there and said nothing."""
_TOKEN = re.compile(r'[^,:{}\[\]"]+|.', re.DOTALL)
_PIECE = re.compile(r"[^{}]*[{}]|[^{}]+")


def tokens(text: str) -> list[str]:
    """JSON cut into its signs and what is between them."""
    return _TOKEN.findall(text)


def pieces(text: str) -> list[str]:
    """JSON cut behind each brace."""
    return _PIECE.findall(text)


def name_of(text: str) -> str:
    """What a body is called in a recording."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Writer:
    """Takes answers in the order they came, and makes the lines of a recording of them."""

    def __init__(self, case: str, release: str, began: float) -> None:
        self._lines: list[dict[str, Any]] = [{"case": case, "release": release, "began": round(began, 3)}]
        self._bodies: set[str] = set()
        self._targets: dict[str, int] = {}
        self._last: dict[str, str] = {}

    def add(self, t: float, target: str, status: int, text: str) -> None:
        """One answer, `t` seconds after the beginning."""
        name = name_of(text)
        if name not in self._bodies:
            self._bodies.add(name)
            self._lines.append({"body": name, **self._content(target, text)})
        self._last[target] = text
        shown = self._targets.get(target, target)
        self._targets.setdefault(target, len(self._targets))
        self._lines.append({"t": round(t, 1), "target": shown, "status": status, "body": name})

    def write(self, path: Path) -> int:
        """Write the file; its bytes."""
        lines = (json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in self._lines)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path.stat().st_size

    def _content(self, target: str, text: str) -> dict[str, Any]:
        before = self._last.get(target)
        if before is None:
            return {"text": text}
        old, new = tokens(before), tokens(text)
        if len(old) != len(new):
            return {"like": name_of(before), "pieces": _edits(pieces(before), pieces(text))}
        changed = {str(at): token for at, token in enumerate(new) if token != old[at]}
        return {"like": name_of(before), "tokens": changed}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, `t` seconds after the recording began; `look` counts from 0."""

    t: float
    look: int
    target: str
    status: int
    text: str


class Recording:
    """What was answered, by target and time."""

    def __init__(self, case: str, release: str, began: float, answers: list[Answer]) -> None:
        self.case = case
        self.release = release
        self.began = began
        """Seconds since 1970."""
        self.answers = answers
        """In the order they came."""
        self._by_target: dict[str, list[Answer]] = {}
        self._by_path: dict[str, list[Answer]] = {}
        for answer in answers:
            self._by_target.setdefault(_plain(answer.target), []).append(answer)
            path, _, query = answer.target.partition("?")
            if query:
                self._by_path.setdefault(unquote(path), []).append(answer)

    @property
    def looks(self) -> tuple[float, ...]:
        """When each look began, in seconds since the recording began."""
        return tuple(answer.t for answer in self.answers if answer.target == "config")

    def answer(self, target: str, t: float) -> tuple[int, str, float] | None:
        """The newest answer at or before `t`: its status, its text, when it came. None: never asked by then.

        Metrics are answered for any selection of ids, out of all that were asked of that path at the same
        look: a plain request leaves out what is unknown, an aggregated one (of /subtasks/metrics) is [] then,
        as Flink's are. A path of metrics whose list was not asked lists what was.
        """
        path, _, query = target.partition("?")
        given = _parameters(query)
        if "get" not in given:
            exact = _newest(self._by_target.get(_plain(target), ()), t)
            if exact is not None:
                return exact.status, exact.text, exact.t
        newest = _newest(self._by_path.get(unquote(path), ()), t)
        if newest is None or not path.endswith("/metrics"):
            return None
        same = [answer for answer in self._by_path[unquote(path)] if answer.look == newest.look]
        return newest.status, _selected(same, given), newest.t


def load(path: Path) -> Recording:
    """Read a recording.

    Raises:
        ValueError: It is damaged: a body is not what its name says.
    """
    head: dict[str, Any] = {}
    bodies: dict[str, str] = {}
    targets: list[str] = []
    answers: list[Answer] = []
    look = -1
    with path.open(encoding="utf-8") as file:
        for line in file:
            document = json.loads(line)
            if "case" in document:
                head = document
            elif "target" not in document:
                bodies[document["body"]] = _body(document, bodies)
            else:
                target = document["target"]
                if isinstance(target, int):
                    target = targets[target]
                else:
                    targets.append(target)
                look += target == "config"
                text = bodies[document["body"]]
                answers.append(Answer(document["t"], look, target, document["status"], text))
    return Recording(head["case"], head["release"], head["began"], answers)


def _body(document: Mapping[str, Any], bodies: Mapping[str, str]) -> str:
    if "text" in document:
        text = str(document["text"])
    elif "pieces" in document:
        parts = pieces(bodies[document["like"]])
        for start, end, instead in document["pieces"]:
            parts[start:end] = [instead]
        text = "".join(parts)
    else:
        parts = tokens(bodies[document["like"]])
        for at, token in document["tokens"].items():
            parts[int(at)] = token
        text = "".join(parts)
    if name_of(text) != document["body"]:
        raise ValueError(f"the body {document['body']} is damaged")
    return text


def _edits(old: list[str], new: list[str]) -> list[tuple[int, int, str]]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    found = [
        (start, end, "".join(new[first:last]))
        for tag, start, end, first, last in matcher.get_opcodes()
        if tag != "equal"
    ]
    return found[::-1]


def _newest(answers: "list[Answer] | tuple[()]", t: float) -> Answer | None:
    at = bisect.bisect_right(answers, t, key=lambda answer: answer.t)
    return answers[at - 1] if at else None


def _plain(target: str) -> str:
    """The target with its parameters decoded and in order, so that two ways to write it are one."""
    path, _, query = target.partition("?")
    given = sorted(_parameters(query).items())
    return "?".join(
        [unquote(path), *(["&".join(f"{name}={value}" for name, value in given)] if query else [])]
    )


def _parameters(query: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _selected(answers: list[Answer], given: Mapping[str, str]) -> str:
    """The metrics of one look at one path that a query asks for."""
    known: dict[str, dict[str, Any]] = {}
    for answer in answers:
        if answer.status == 200:
            known |= {metric["id"]: metric for metric in json.loads(answer.text)}
    if "get" not in given:
        return json.dumps([{"id": name} for name in known])
    wanted = given["get"].split(",")
    aggregated = "/subtasks/metrics" in answers[0].target
    if aggregated and not all(name in known for name in wanted):
        return "[]"
    found = [known[name] for name in wanted if name in known]
    if aggregated and "agg" in given:
        kept = {"id", *given["agg"].split(",")}
        found = [{key: value for key, value in metric.items() if key in kept} for metric in found]
    return json.dumps(found)
