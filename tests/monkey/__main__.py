"""The command that lets the monkey walk; see the package for its use."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

from tests.monkey.result import Record, Result, summary

USUAL = {"terminal": 300, "inline": 1500, "quits": 100}
"""Walks of a whole run."""


def main() -> int:
    """Walk, and say what came of it: 0 when every walk was good."""
    arguments = _parser().parse_args()
    kind = "inline" if arguments.inline else "quits" if arguments.quits else "terminal"
    take = _take(kind)
    if arguments.seed is not None:
        return _one(take, arguments.seed)
    count = arguments.walks or USUAL[kind]
    record = Record(arguments.state or Path(tempfile.gettempdir()) / f"flinktop-monkey-{kind}.jsonl")
    done = {one.seed: one for one in record.read() if one.good or not arguments.again}
    seeds = [seed for seed in range(arguments.first, arguments.first + count) if seed not in done]
    _say(f"{kind}: {len(seeds)} walks of {count} are left; state: {record.path}")
    try:
        _run(take, seeds, arguments.workers, record, count)
    except KeyboardInterrupt:
        _say("interrupted: the same command goes on from here")
    wanted = range(arguments.first, arguments.first + count)
    results = [one for one in record.read() if one.seed in wanted]
    _say(summary(results))
    return 0 if len(results) == count and all(one.good for one in results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.monkey", description="A monkey at the keys.")
    parser.add_argument("--inline", action="store_true", help="inside this process, on a manual clock")
    parser.add_argument("--quits", action="store_true", help="quit while all requests hang")
    parser.add_argument("--walks", type=int, help=f"how many (default {USUAL})")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--workers", type=int, default=2, help="walks at a time")
    parser.add_argument("--state", type=Path, help="the file with the results so far")
    parser.add_argument("--again", action="store_true", help="take walks that were not good once more")
    parser.add_argument("--seed", type=int, help="one walk, with a transcript of its keys")
    return parser


def _take(kind: str) -> Callable[..., Result]:
    if kind == "inline":
        from tests.monkey.inline import inline  # noqa: PLC0415 -- each kind brings much with it

        return inline
    from tests.monkey.terminal import in_terminal, quits  # noqa: PLC0415 -- as above

    return quits if kind == "quits" else in_terminal


def _one(take: Callable[..., Result], seed: int) -> int:
    transcript: list[str] = []
    result = take(seed, transcript)
    _say("\n".join(transcript))
    _say(f"seed {seed}: {result.outcome}, {result.keys} keys, quit in {result.quit_seconds:.2f} s")
    _say(result.detail)
    _say(summary([result]))
    return 0 if result.good else 1


def _run(take: Callable[[int], Result], seeds: list[int], workers: int, record: Record, count: int) -> None:
    left = iter(seeds)
    done = count - len(seeds)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=25) as pool:
        waiting: dict[Future[Result], int] = {}
        try:
            while True:
                while len(waiting) < workers and (seed := next(left, None)) is not None:
                    waiting[pool.submit(take, seed)] = seed
                if not waiting:
                    return
                ended, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ended:
                    del waiting[future]
                    result = future.result()
                    record.add(result)
                    done += 1
                    _tell(result, done, count)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _tell(result: Result, done: int, count: int) -> None:
    last = result.detail.strip().splitlines()[-1:] or [""]
    _say(f"{done}/{count} seed {result.seed}: {result.outcome} ({result.seconds:.1f} s) {last[0]}")


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 -- what the command is for


if __name__ == "__main__":
    sys.exit(main())
