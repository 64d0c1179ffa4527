"""Scenes whose jobs flinktop's engine judges while they run, on any release, and what came of it.

    python tests/live/judged_scenes.py [RELEASE…]

plays all of them on each release, some ten minutes a release, and prints a table. What was seen is kept
(`kept`), so that a second run goes on where the first stopped, for as long as neither flinktop nor what the
jobs do has changed.
"""

import argparse
import hashlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flinktop.judgement.finding import Culprit, Kind, Severity
from flinktop.judgement.holds import HOLDS
from flinktop.judgement.verdict import Verdict
from tests.judgement.labels import Label, labels
from tests.judgement.side_by_side import TOGETHER
from tests.live.figures_shown import shown
from tests.live.judged_cases import RELEASES, SMALL_BUFFERS, V1_9, Scene
from tests.live.releases import cache
from tests.live.submission import wait_for_state
from tests.live.watched import Watched, case, scene, watched

SIDE_BY_SIDE = Scene(
    "side by side",
    slots=40,
    others=(("-Djudged.host=slow",),),
    settings={
        **SMALL_BUFFERS,
        "taskmanager.load-balance.mode": "SLOTS",  # 1.19+
        "cluster.evenly-spread-out-slots": "true",  # 1.10 to 1.20
    },
    roomy=True,
)
"""One cluster of two TaskManagers, one of them slow."""
LOOKED_AT = 150.0
"""Seconds after which all of it is to be seen: Flink's means over a minute, the longest hold, and 30 s."""
PATIENCE = 270.0
"""The same on a machine that is busy with other things, where the jobs themselves are late."""
TIME_TO_JUDGE = 30.0
"""Seconds that a verdict may take beside its kind's hold."""
_MISSED = 20.0
"""Seconds after which Flink itself misses a TaskManager that was killed; 50 by default."""
WELL = frozenset({"healthy", "idle", "finished"})


@dataclass(frozen=True)
class Expected:
    """What must be said of a job."""

    kind: str
    vertex: str | None = None
    """How the name of the culprit begins."""
    subtasks: tuple[int, ...] | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What was said of one job, or of the cluster that a scene made ill."""

    release: str
    name: str
    expected: str
    words: str
    """The verdict at the end."""
    shown: float | None
    """Seconds from the start until Flink's figures showed it."""
    right: float | None
    """Seconds from the start until it was said."""
    hold: float
    """Seconds that it must last."""
    wrong: str | None = None
    """What is wrong with it; None where all is right."""

    @property
    def late(self) -> float | None:
        """Seconds from when Flink's figures showed it until it was said."""
        return None if self.right is None or self.shown is None else max(0.0, self.right - self.shown)


def expected(name: str, release: str) -> Expected:
    """What a job was made to do, as its recording of this release is labelled, or else the newest one's."""
    if release == V1_9 and name == "hot-key":
        # Full buffers tell which vertex is slow and not which subtask.
        return Expected("bottleneck", "count")
    found = [one for one in labels() if one.case == name and not one.of_cluster]
    if release == V1_9 and name == "loop-of-two-causes":
        found = [one for one in labels() if one.case == "restart-loop"]
    label = next((one for one in found if one.release == release), None) or _newest(found)
    return Expected(label.kind, label.vertex, label.subtasks)


def _newest(found: Sequence[Label]) -> Label:
    return max(found, key=lambda one: RELEASES.index(one.release))


def side_by_side(release: str) -> list[Outcome]:
    """Thirteen jobs on one cluster."""
    # 1.9 can't spread the tasks of a job over TaskManagers that have room for all of them.
    names = [name for name in TOGETHER if (name, release) != ("slow-host", V1_9)]
    return _jobs(release, SIDE_BY_SIDE, names)


def two_hosts(release: str) -> list[Outcome]:
    return _jobs(release, scene("two hosts"), ["two-hosts"])


@dataclass
class _Seen:
    """What was seen of the jobs of a scene, by their names: seconds from the start, and what cried wolf."""

    shown: dict[str, float]
    right: dict[str, float]
    alarms: dict[str, str]


def _jobs(release: str, where: Scene, names: Sequence[str]) -> list[Outcome]:
    """Run jobs until all that is to be said of them is said, and ask `flinktop status` then."""
    wanted = {name: expected(name, release) for name in names}
    with watched(release, where) as it:
        ids: dict[str, str] = {}
        began = time.monotonic()
        for name in names:
            ids[name] = it.stage.run(name, case(name).words)
            if name == "slow-host":
                # Its subtasks are spread evenly while nothing else takes slots.
                wait_for_state(it.cluster, ids[name], "RUNNING")
        it.look_at(ids.values())
        seen = _watch(it, ids, wanted, began)
        last = it.verdicts()
        _, document = it.status()
        if document["clusters"][0]["look"] != "close":
            # The machine was too busy for three whole looks, and it says so.
            _, document = it.status()
    (cluster,) = document["clusters"]
    status = {job["id"]: job for job in cluster["jobs"]}
    found = [
        Outcome(
            release,
            name,
            one.kind,
            last[name].words if name in last else "",
            seen.shown.get(name),
            seen.right.get(name),
            _hold(one.kind),
            _wrong(one, name, seen, last, status[ids[name]] | {"look": cluster["look"]}),
        )
        for name, one in wanted.items()
    ]
    others = [one["words"] for one in cluster["findings"] if one["kind"] != Kind.MEMORY]
    if others:
        said = "; ".join(others)
        found.append(Outcome(release, "the cluster", "nothing", said, None, None, 0.0, "an alarm"))
    return found


def _watch(it: Watched, ids: dict[str, str], wanted: dict[str, Expected], began: float) -> _Seen:
    """Look each second until everything is said, or too late."""
    seen = _Seen({}, {}, {})
    while (now := time.monotonic() - began) < LOOKED_AT or (now < PATIENCE and len(seen.right) < len(wanted)):
        for name, one in wanted.items():
            if name not in seen.shown and shown(it.cluster, ids[name], one.kind, one.vertex):
                seen.shown[name] = time.monotonic() - began
        for name, verdict in it.verdicts().items():
            if name not in seen.right and is_right(it, name, wanted[name], verdict):
                seen.right[name] = time.monotonic() - began
            if wanted[name].kind in WELL and verdict.severity.rank < Severity.INFO.rank:
                seen.alarms.setdefault(name, f"after {now:.0f} s {verdict.words}")
        time.sleep(1)
    return seen


def _wrong(
    wanted: Expected, name: str, seen: _Seen, last: dict[str, Verdict], status: dict[str, Any]
) -> str | None:
    """What is wrong with what was said of a job."""
    if name not in seen.right:
        return f"not said within {PATIENCE:.0f} s"
    if name in seen.alarms:
        return seen.alarms[name]
    if last[name].kind != wanted.kind:
        return f"at the end {last[name].kind}"
    if status["kind"] != wanted.kind:
        return f"status says {status['words']} after a {status['look']} look"
    return None


def _hold(kind: str) -> float:
    return HOLDS[Kind(kind)].raised_after if kind in {str(one) for one in Kind} else 0.0


def is_right(it: Watched, name: str, wanted: Expected, verdict: Verdict) -> bool:
    """Whether kind, culprit and subtasks are what the job was made to do."""
    if verdict.kind != wanted.kind or wanted.vertex is None:
        return verdict.kind == wanted.kind
    culprit = verdict.findings[0].culprit
    # From 2.0 on the task of a sink is not called one.
    if (
        not (culprit.vertex_name or "")
        .removeprefix("Sink: ")
        .startswith(wanted.vertex.removeprefix("Sink: "))
    ):
        return False
    if name == "slow-host":
        return _on_one_host(it, verdict.job, culprit)
    return wanted.subtasks is None or set(culprit.subtasks) == set(wanted.subtasks)


def _on_one_host(it: Watched, job: str, culprit: Culprit) -> bool:
    """Whether the subtasks are those on the culprit: which these are differs from run to run."""
    found = it.cluster.get(f"jobs/{job}/vertices/{culprit.vertex}")["subtasks"]
    return {one["taskmanager-id"] for one in found if one["subtask"] in culprit.subtasks} == {
        culprit.taskmanager
    }


def too_few_slots(release: str) -> list[Outcome]:
    """A job that wants more slots than there are."""
    name = "too-few-slots"
    with watched(release, scene("few slots")) as it:
        job = it.stage.run(name, case(name).words)
        waited = _wait(it, name, job, "no-slots", 30 + TIME_TO_JUDGE + 60)
        return [_own(it, name, "no-slots", waited)]


def lost_taskmanager(release: str) -> list[Outcome]:
    """The only TaskManager of a job is killed."""
    name = "killed-without-spare"
    heartbeats = {"heartbeat.interval": "5000", "heartbeat.timeout": f"{1000 * _MISSED:.0f}"}
    with watched(release, replace(scene("no spare"), settings=heartbeats)) as it:
        job = it.stage.run(name, case(name).words)
        _wait(it, name, job, "healthy", 60)
        lost = it.cluster.get("taskmanagers")["taskmanagers"][0]["id"]
        it.stage.taskmanagers[lost].kill()
        waited = _wait(it, name, job, "no-slots", _MISSED + 30 + TIME_TO_JUDGE + 60)
        found = [_own(it, name, "no-slots", waited)]
        named = [one for one in it.findings() if one.kind is Kind.TASKMANAGER_LOST]
        wrong = None if [one.culprit.taskmanager for one in named] == [lost] else "it is not named"
        words = "; ".join(one.words for one in named)
        return [*found, Outcome(release, name, "taskmanager-lost", words, None, None, 0.0, wrong)]


def full_heap(release: str) -> list[Outcome]:
    """A TaskManager whose heap is nearly full."""
    name = "full-heap"
    with watched(release, scene(name.replace("-", " "))) as it:
        began = time.monotonic()
        job = it.stage.run(name, case(name).words)
        it.look_at([job])
        (taskmanager,) = it.stage.taskmanagers
        when_shown = right = None
        words = ""
        while right is None and time.monotonic() - began < PATIENCE:
            time.sleep(1)
            if when_shown is None and _heap_is_full(it, taskmanager):
                when_shown = time.monotonic() - began
            for one in it.findings():
                if one.kind is Kind.MEMORY and one.culprit.taskmanager == taskmanager:
                    right, words = time.monotonic() - began, one.words
        _, document = it.status()
        status = {one["kind"] for one in document["clusters"][0]["findings"]}
        wrong = None
        if right is None:
            wrong = f"not said within {PATIENCE:.0f} s"
        elif status != {Kind.MEMORY}:
            wrong = f"status says {', '.join(sorted(status)) or 'nothing'}"
        return [Outcome(release, name, "memory", words, when_shown, right, _hold("memory"), wrong)]


def _heap_is_full(it: Watched, taskmanager: str) -> bool:
    path = f"taskmanagers/{taskmanager}/metrics?get=Status.JVM.Memory.Heap.Used,Status.JVM.Memory.Heap.Max"
    answer = it.cluster.ask("GET", path)
    found = {one["id"]: float(one["value"]) for one in answer.json()} if answer.status == 200 else {}
    highest = found.get("Status.JVM.Memory.Heap.Max")
    return highest is not None and found["Status.JVM.Memory.Heap.Used"] > 0.9 * highest


@dataclass
class _Waited:
    """A verdict that was waited for, and the seconds until figures showed it and until it was said."""

    shown: float | None = None
    right: float | None = None
    verdict: Verdict | None = None


def _wait(it: Watched, name: str, job: str, kind: str, seconds: float) -> _Waited:
    """Wait until a job's verdict is of a kind."""
    began, waited = time.monotonic(), _Waited()
    while waited.right is None and (now := time.monotonic() - began) < seconds:
        if waited.shown is None and shown(it.cluster, job, kind, None):
            waited.shown = now
        waited.verdict = it.verdicts().get(name)
        if waited.verdict is not None and waited.verdict.kind == kind:
            waited.right = now
        time.sleep(1)
    return waited


def _own(it: Watched, name: str, kind: str, waited: _Waited) -> Outcome:
    """The outcome of the only job of a scene."""
    code, document = it.status()
    status = document["clusters"][0]["jobs"][0]
    verdict, wrong = waited.verdict, None
    if waited.right is None or verdict is None:
        wrong = "not said"
    elif verdict.severity is not Severity.CRITICAL:
        wrong = f"only {verdict.severity}"
    elif (code, status["kind"]) != (2, kind):
        wrong = f"status says {status['words']}"
    words = verdict.words if verdict is not None else ""
    return Outcome(it.cluster.text, name, kind, words, waited.shown, waited.right, _hold(kind), wrong)


Play = Callable[[str], list[Outcome]]
SCENES: dict[str, Play] = {
    "side by side": side_by_side,
    "two hosts": two_hosts,
    "too few slots": too_few_slots,
    "lost TaskManager": lost_taskmanager,
    "full heap": full_heap,
}


def scenes_of(release: str) -> list[str]:
    """The names of the scenes that a release is judged by."""
    return [name for name in SCENES if (name == "two hosts") <= (release == V1_9)]


def _state() -> str:
    """A name for what the outcomes rest on: flinktop's sources, and what the jobs do."""
    root = Path(__file__).resolve().parents[2]
    files = sorted([*(root / "flinktop").rglob("*.py"), *Path(__file__).parent.glob("judged_*.py")])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def kept(release: str, name: str) -> Path:
    """Where the outcomes of a scene are kept."""
    return cache() / "judged" / _state() / f"{release} {name}.json"


def outcomes(release: str, name: str) -> list[Outcome]:
    """What came of a scene, played unless it was before."""
    file = kept(release, name)
    if file.exists():
        return msgspec.json.decode(file.read_bytes(), type=list[Outcome])
    found = SCENES[name](release)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.encode(found))
    return found


def table(found: Sequence[Outcome]) -> Iterator[str]:
    """The outcomes as lines of Markdown."""
    yield "| release | job | expected | said | shown (s) | said (s) | late (s) | hold (s) | |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for one in found:
        times = " | ".join("" if at is None else f"{at:.0f}" for at in (one.shown, one.right, one.late))
        words = one.words.replace("|", "\\|")
        yield (
            f"| {one.release} | {one.name} | {one.expected} | {words} | {times} | {one.hold:.0f} | "
            f"{one.wrong or 'right'} |"
        )


def main() -> int:
    """Play all scenes on the releases that are named, or on all."""
    parser = argparse.ArgumentParser(description="Judge jobs on real clusters while they run.")
    parser.add_argument("release", nargs="*", default=RELEASES)
    parser.add_argument("--scene", nargs="+", choices=SCENES)
    arguments = parser.parse_args()
    found = []
    for release in arguments.release:
        for name in scenes_of(release):
            if not arguments.scene or name in arguments.scene:
                new = outcomes(release, name)
                found += new
                for line in list(table(new))[2:]:
                    print(line, flush=True)  # noqa: T201  a script
    print("\n".join(("", *table(found))))  # noqa: T201  a script
    return 1 if any(one.wrong for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
