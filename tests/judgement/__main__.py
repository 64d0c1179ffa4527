"""The command: see the package for its use."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tests.judgement.labels import labels
from tests.judgement.score import Score, is_hidden, score


def main() -> int:
    """Print the shares; 1 where a verdict is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.judgement", description="Which verdicts are right."
    )
    parser.add_argument("names", nargs="*", help="recordings with this in their names")
    parser.add_argument("--shown", action="store_true", help="leave out those that are kept hidden")
    parser.add_argument("--shares", action="store_true", help="only the shares")
    parser.add_argument("--one-look", action="store_true", help="as flinktop status judges")
    parser.add_argument(
        "--restarted",
        type=float,
        metavar="SHARE",
        help="start flinktop again after this share of the looks: it has only what the journal keeps",
    )
    asked = parser.parse_args()
    chosen = tuple(
        one
        for one in labels()
        if (not asked.names or any(name in one.file for name in asked.names))
        and not (asked.shown and is_hidden(one.file))
    )
    found = score(chosen, one_look=asked.one_look, restarted=asked.restarted)
    if not asked.shares:
        for one in found:
            if one.wrong is not None:
                _say(f"{one.label.file}: {one.label.kind} ({one.label.made})\n    {one.wrong}")
    _say(_by("kind", [(one.label.kind, one.wrong is None) for one in found]))
    _say(_by("release", [(one.label.release, one.wrong is None) for one in found]))
    hidden = [one for one in found if one.hidden]
    for title, some in (("all", found), ("hidden", hidden)):
        _say(f"{title}: {_share(some)}")
    return any(one.wrong is not None for one in found)


def _by(title: str, found: list[tuple[str, bool]]) -> str:
    whole, right = Counter(name for name, _ in found), Counter(name for name, good in found if good)
    return f"\nby {title}: " + ", ".join(f"{name} {right[name]}/{whole[name]}" for name in sorted(whole))


def _share(found: list[Score]) -> str:
    right = sum(one.wrong is None for one in found)
    return f"{right} of {len(found)} right ({right / max(1, len(found)):.0%})"


def _say(words: str) -> None:
    print(words)  # noqa: T201 -- what the command is for


if __name__ == "__main__":
    sys.exit(main())
