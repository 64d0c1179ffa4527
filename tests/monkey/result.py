"""What came of a walk, and the file that keeps it between two runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, get_args

Outcome = Literal["lives", "left", "ended", "hung", "blank", "broken", "slow to quit"]
"""It lives at the end; it left by its own question, as it should; it ended by itself; it does not react; it
shows nothing; something in it could not be shown; it took too long to quit."""
GOOD = ("lives", "left")


@dataclass(frozen=True, slots=True)
class Result:
    """One walk."""

    seed: int
    outcome: Outcome
    keys: int
    faults: dict[str, int] = field(default_factory=dict)
    visited: tuple[str, ...] = ()
    quit_seconds: float = 0.0
    seconds: float = 0.0
    cpu: float = 0.0
    """Seconds of the processor, where the walk was in the process that counts."""
    detail: str = ""
    """What can be said of one that is not good."""

    @property
    def good(self) -> bool:
        """Whether it is as it should be."""
        return self.outcome in GOOD


class Record:
    """Results in a file, one a line: a run that was interrupted goes on with the others."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Result]:
        """Those so far; the last of a seed counts."""
        if not self.path.exists():
            return []
        found = {}
        for line in self.path.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            found[told["seed"]] = Result(**{**told, "visited": tuple(told["visited"])})
        return list(found.values())

    def add(self, result: Result) -> None:
        """Keep one more."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(result)) + "\n")


def summary(results: Iterable[Result]) -> str:
    """All of them in a few lines."""
    results = tuple(results)
    outcomes = Counter(one.outcome for one in results)
    faults: Counter[str] = Counter()
    visited: Counter[str] = Counter()
    for one in results:
        faults.update(one.faults)
        visited.update(one.visited)
    bad = [one for one in results if not one.good]
    keys = sum(one.keys for one in results)
    slowest = max((one.quit_seconds for one in results), default=0.0)
    longest = max((one.seconds for one in results), default=0.0)
    cpu = sum(one.cpu for one in results) / max(1, len(results))
    lines = [
        f"walks {len(results)}, keys {keys}, faults {faults.total()}: {_counts(faults)}",
        ", ".join(f"{outcome} {outcomes[outcome]}" for outcome in get_args(Outcome)),
        f"slowest quit {slowest:.2f} s, longest walk {longest:.1f} s, CPU {cpu:.1f} s a walk",
        f"visited, in how many walks: {_counts(visited)}",
    ]
    lines += [f"seed {one.seed}: {one.outcome}: {one.detail.strip().splitlines()[-1:]}" for one in bad]
    return "\n".join(lines)


def _counts(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counted.most_common())
