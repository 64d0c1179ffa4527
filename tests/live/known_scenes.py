"""Well-known failures produced on real clusters, and whether flinktop names each of them, and no other.

    python tests/live/known_scenes.py [--release RELEASE…] [--group GROUP…] [--failure ID…]

prints a table, within ten minutes for all of them; with --texts DIRECTORY it also keeps what Flink told of
each, for tests/known/examples.txt.
"""

import argparse
import re
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flinktop.known.phrase import phrase
from flinktop.known.recognise import Known
from tests.live.judged_cases import RELEASES
from tests.live.known_cases import GROUPS, Case, Group
from tests.live.known_reading import Told
from tests.live.known_stage import KnownStage, known_stage

_MOST_WORDS = 160
"""Characters of a sentence in the table."""


class Outcome(msgspec.Struct, frozen=True):
    """What was said of one failure."""

    release: str
    failure: str
    how: str
    source: str
    named: tuple[str, ...]
    """The ids that were named, each once."""
    means: str
    """What flinktop says of the failure."""
    seconds: float
    texts: tuple[str, ...] = ()
    """What Flink told."""
    wrong: str | None = None
    """What is wrong with it; None where all is right."""


def judge(release: str, case: Case, told: Told, seconds: float) -> Outcome:
    """Hold what is known of a failure against what it was made to be."""
    known = told.known
    own = next((one for one in known if one.failure.id == case.failure), None)
    others = {one.failure.id for one in known} - {case.failure} - case.also
    wrong = None
    if own is None:
        wrong = "it is not named"
    elif others:
        wrong = f"also named: {', '.join(sorted(others))}"
    else:
        wrong = next(
            filter(None, (_wrong_values(case, one) for one in known if one.failure is own.failure)), None
        )
    named = tuple(dict.fromkeys(one.failure.id for one in known))
    means = own.means if own is not None else ""
    return Outcome(release, case.failure, case.how, told.source, named, means, seconds, told.texts, wrong)


def _wrong_values(case: Case, known: Known) -> str | None:
    """What is wrong with the values of a message: each that its wording has must be one that was expected."""
    names = phrase(known.wording.message or known.wording.log).names
    for name in sorted(names | set(case.values)):
        if name not in case.values:
            return f"{name} is {known.values.get(name)!r}, which nobody expected"
        found = known.values.get(name, "")
        if not re.fullmatch(case.values[name], found):
            return f"{name} is {found!r}"
    return None


def play(release: str, stage: KnownStage, case: Case) -> Outcome:
    """Produce a failure; whatever goes wrong, the others go on."""
    began = time.monotonic()
    try:
        told = case.play(stage)
    except Exception:  # noqa: BLE001  it is said in the table
        wrong = traceback.format_exc(limit=-3)
        return Outcome(release, case.failure, case.how, "", (), "", time.monotonic() - began, wrong=wrong)
    return judge(release, case, told, time.monotonic() - began)


def outcomes(release: str, group: Group, cases: Sequence[Case]) -> Iterator[Outcome]:
    """What comes of cases of a group on one cluster, as it comes."""
    with known_stage(release, group.scene) as stage, ThreadPoolExecutor(group.at_once) as pool:
        yield from pool.map(partial(play, release, stage), cases)


def table(found: Sequence[Outcome]) -> Iterator[str]:
    """The outcomes as lines of Markdown."""
    yield "| failure | release | made by | read from | named | what it says | s | |"
    yield "|---|---|---|---|---|---|---|---|"
    yield from map(line, found)


def line(one: Outcome) -> str:
    """A line of the table."""
    means = one.means if len(one.means) <= _MOST_WORDS else f"{one.means[: _MOST_WORDS - 1]}…"
    cells = (one.failure, one.release, one.how, one.source, ", ".join(one.named), means, f"{one.seconds:.0f}")
    words = " | ".join(cell.replace("|", "\\|") for cell in (*cells, one.wrong or "right"))
    return f"| {' '.join(words.split())} |"


def main() -> int:
    """Produce all failures, or those that are named; 1 if one is not named as it should be."""
    parser = argparse.ArgumentParser(description="Produce well-known failures on real clusters.")
    parser.add_argument("--release", nargs="+", default=RELEASES)
    parser.add_argument("--group", nargs="+", choices=[group.name for group in GROUPS])
    parser.add_argument("--failure", nargs="+")
    parser.add_argument("--texts", type=Path, help="a directory to keep in what Flink told")
    given = parser.parse_args()
    found: list[Outcome] = []
    began = time.monotonic()
    for release in reversed(given.release):
        for group in GROUPS:
            cases = [one for one in group.of(release) if not given.failure or one.failure in given.failure]
            if not cases or (given.group and group.name not in given.group):
                continue
            print(f"{time.monotonic() - began:4.0f} s  {release} {group.name}: {len(cases)}", flush=True)  # noqa: T201  a script
            for one in outcomes(release, group, cases):
                print(line(one), flush=True)  # noqa: T201  a script
                found.append(one)
                if given.texts is not None:
                    keep(given.texts, one, len(found))
    print("\n".join(("", *table(found))))  # noqa: T201  a script
    right = sum(one.wrong is None for one in found)
    print(f"\n{right} of {len(found)} right, {time.monotonic() - began:.0f} s")  # noqa: T201  a script
    return 0 if right == len(found) else 1


def keep(directory: Path, one: Outcome, number: int) -> None:
    """Write what Flink told of a failure."""
    directory.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join(one.texts)
    (directory / f"{one.release}-{number:03}-{one.failure}.txt").write_text(f"{one.wrong}\n{text}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
