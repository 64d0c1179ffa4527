"""`flinktop savepoint`, `stop`, `cancel` and `submit`: the acts of the monitor, for scripts.

Exit codes: 0 done, 1 failed or lost, 2 wrong words, 3 unreachable, 4 refused, 130 interrupted. What came of
it goes to stdout, everything else to stderr.
"""

# ruff: noqa: T201 -- printing is the work of this module

import asyncio
import contextlib
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from flinktop.engine.acts.act import Act
from flinktop.engine.acts.cancel import Cancel
from flinktop.engine.acts.facts import Facts, asked_facts
from flinktop.engine.acts.jar_files import UploadJar
from flinktop.engine.acts.run_jar import RunJar
from flinktop.engine.acts.savepoint import Savepoint, SavepointAndCancel
from flinktop.engine.acts.stop import Stop
from flinktop.engine.acts.submit_graph import SubmitGraph
from flinktop.engine.clock import SystemClock
from flinktop.engine.lane import Lane
from flinktop.engine.ledger import Ledger
from flinktop.engine.operation import Operation, State
from flinktop.engine.operations import Operations
from flinktop.flink.cluster import CONFIG
from flinktop.flink.decode import read
from flinktop.flink.errors import FlinkError
from flinktop.flink.features import features
from flinktop.flink.jars import RunOptions
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.headless.jobs import NoSuchJob, find_job
from flinktop.headless.told import LEFT, as_object, came_of, headline
from flinktop.headless.words import ActWords
from flinktop.settings import Profile

if TYPE_CHECKING:
    from flinktop.flink.checkpoints import Format
    from flinktop.flink.jars import ClaimMode

SETTLES_WITHIN = 5.0
"""Seconds for which a command waits for what an earlier one has left."""
DONE, FAILED, USAGE, UNREACHABLE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 4, 130


class Ended(Exception):  # noqa: N818 - it says what happened
    """The command ends here, before anything was sent."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def run_act(profile: Profile, ledger: Path, words: ActWords) -> int:
    """Do one act on a cluster and follow it to its end; gives the exit code."""
    command = _Command(profile, ledger, words)
    sent = "nothing was sent"
    try:
        act, facts = asyncio.run(command.look())
        # Not on the loop, which would keep ctrl+c from whoever is asked.
        typed = agreed(words, act, facts)
        sent = "what was sent goes on, and a flinktop that opens this cluster follows it"
        return asyncio.run(command.do(act, typed))
    except Ended as ended:
        if words.json:
            state = {USAGE: "usage", UNREACHABLE: "unreachable"}.get(ended.code, str(State.REFUSED))
            print(msgspec.json.encode({"state": state, "reason": str(ended)}).decode())
        _say(str(ended))
        return ended.code
    except KeyboardInterrupt:
        _say(f"interrupted; {sent}")
        return INTERRUPTED


class _Command:
    """One command: looks at the cluster, then acts on it."""

    def __init__(self, profile: Profile, ledger: Path, words: ActWords) -> None:
        connection = profile.connection
        self._words = words
        self._ledger = ledger
        self._connection = connection
        self._clock = SystemClock()
        self._base = Facts(
            profile.name, connection.url, read_only=connection.read_only, protected=profile.protected
        )

    async def look(self) -> tuple[Act, Facts]:
        """The act that is meant, and what is known for it.

        Raises:
            Ended: it can't be done, or nobody answers.
        """
        lane = Lane(self._connection)
        try:
            config = (await read(lane.acts, CONFIG())).value
            act = await self._meant(lane)
            base = replace(self._base, features=features(config))
            facts = await asked_facts(lane.acts, base, act.job_id, self._clock.wall())
        except FlinkError as error:
            raise Ended(UNREACHABLE, str(error)) from None
        finally:
            await lane.close()
        reason = act.why_not(facts)
        if reason is not None:
            raise Ended(REFUSED, reason)
        return act, facts

    async def do(self, act: Act, typed: str | None) -> int:
        """Do the act and follow it; the exit code."""
        news = asyncio.Event()
        operations = Operations(
            Lane(self._connection), Ledger(self._ledger), self._clock, self._base, news=news.set
        )
        operations.start()
        try:
            await settled(operations, news, act.job_id)
            if isinstance(act, RunJar):
                uploaded = await followed(operations, news, UploadJar(self._words.what), typed)
                if uploaded.state is not State.DONE or uploaded.result.jar is None:
                    return told(uploaded, json=self._words.json)
                _say(f"uploaded as {uploaded.result.jar}")
                act = replace(act, jar=uploaded.result.jar)
            operation = await followed(operations, news, act, typed, wait=self._words.wait)
        finally:
            await operations.stop()
        return told(operation, json=self._words.json)

    async def _meant(self, lane: Lane) -> Act:
        words = self._words
        if words.command == "submit":
            return _submitted(words)
        jobs = (await read(lane.acts, JOBS_OVERVIEW())).value.jobs
        try:
            job = find_job(jobs, words.what)
        except NoSuchJob as error:
            raise Ended(USAGE, str(error)) from None
        if words.command == "cancel":
            return Cancel(job.jid, job.name)
        form = cast("Format", words.form.upper()) if words.form is not None else None
        if words.command == "stop":
            return Stop(job.jid, job.name, words.directory, form, words.drain)
        kind = SavepointAndCancel if words.cancel else Savepoint
        return kind(job.jid, job.name, words.directory, form)


def agreed(words: ActWords, act: Act, facts: Facts) -> str | None:
    """Have the act agreed to, by option or at the terminal; the name that was typed.

    Raises:
        Ended: it was not agreed to.
    """
    typed, name = act.must_be_typed(facts), act.name_to_type(facts)
    at_a_terminal = os.isatty(0) and os.isatty(2)
    if not words.yes and not at_a_terminal:
        raise Ended(REFUSED, "there is no terminal to ask at: --yes is needed")
    if typed and words.confirm is None and not at_a_terminal:
        raise Ended(REFUSED, f"{facts.cluster} is protected: --confirm with the name {name} is needed")
    if words.confirm is not None and words.confirm != name:
        raise Ended(REFUSED, f"--confirm must be the name {name}")
    if words.yes and (not typed or words.confirm is not None):
        return words.confirm
    print(f"{act.label} of {act.subject}", file=sys.stderr)
    for line in act.consequence(facts):
        print(f"  {line.label:22}{line.text}", file=sys.stderr)
    if typed and words.confirm is None:
        _answered(f"Type the name to do it ({name}): ", name)
        return name
    _answered("Do it? (yes/no) ", "yes")
    return words.confirm


def _answered(question: str, wanted: str) -> None:
    print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != wanted:
        raise Ended(REFUSED, "not agreed to; nothing was sent")


async def settled(operations: Operations, news: asyncio.Event, job: str | None) -> None:
    """Let what an earlier command has left of this job come to its end, if that is a matter of seconds."""
    # The ledger is read in the first turn of the loop.
    await asyncio.sleep(0)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLES_WITHIN):
            while any(
                one.job == job and one.ours and not one.state.final for one in operations.book.all if job
            ):
                news.clear()
                await news.wait()


async def followed(
    operations: Operations, news: asyncio.Event, act: Act, typed: str | None, *, wait: bool = True
) -> Operation:
    """Do the act; the operation at its end, or once Flink has taken it."""
    number = os.urandom(16).hex()
    operations.submit(act, number, typed)
    said = ""
    while True:
        operation = operations.book.now(number)
        if operation is None:
            # Another flinktop follows it now: its row tells.
            operation = next(one for one in operations.book.all if one.id == number)
        taken = operation.state in (State.ACCEPTED, State.RUNNING)
        if operation.state.final or (taken and not wait):
            return operation
        if operation.words and operation.words != said:
            said = operation.words
            _say(f"{act.label}: {said}")
        news.clear()
        await news.wait()


def told(operation: Operation, *, json: bool) -> int:
    """Print what came of it; the exit code."""
    bad = operation.state in (State.FAILED, State.LOST, State.REFUSED)
    if json:
        print(msgspec.json.encode(as_object(operation)).decode())
    elif bad:
        for line in (headline(operation), *came_of(replace(operation, reason=""))):
            _say(line)
    else:
        print("\n  ".join((headline(operation), *came_of(operation))))
    if bad:
        _say(operation.reason)
    if not operation.state.final:
        _say(LEFT)
    if operation.state is State.REFUSED:
        return UNREACHABLE if operation.unreachable else REFUSED
    return FAILED if bad else DONE


def _submitted(words: ActWords) -> Act:
    """The act of `submit`; a jar has no id before it is uploaded.

    Raises:
        Ended: the words do not go together.
    """
    if words.job_graph:
        _only_with(words, graph=True)
        pairs = [_pair("--artifact", "NAME=FILE", text) for text in words.artifacts]
        return SubmitGraph(words.what, words.jars, tuple(pairs))
    _only_with(words, graph=False)
    options = RunOptions(
        entry_class=words.entry_class,
        arguments=words.arguments,
        parallelism=words.parallelism,
        savepoint=words.savepoint,
        allow_non_restored_state=words.allow_non_restored_state,
        claim_mode=cast("ClaimMode | None", words.claim_mode),
        configuration=dict(_pair("--conf", "KEY=VALUE", text) for text in words.settings),
    )
    return RunJar("", Path(words.what).name, options)


def _only_with(words: ActWords, *, graph: bool) -> None:
    """Refuse what belongs to the other kind of file: it would be left out without a word."""
    of_a_jar = {
        "--class": words.entry_class,
        "--parallelism": words.parallelism,
        "--savepoint": words.savepoint,
        "--allow-non-restored-state": words.allow_non_restored_state,
        "--claim-mode": words.claim_mode,
        "--conf": words.settings,
        "arguments of a program": words.arguments,
    }
    of_a_graph = {"--jar": words.jars, "--artifact": words.artifacts}
    wrong = [name for name, value in (of_a_jar if graph else of_a_graph).items() if value]
    if wrong:
        what = "a jar that is run, not with --job-graph" if graph else "--job-graph"
        raise Ended(USAGE, f"{wrong[0]} goes with {what}")


def _pair(option: str, shape: str, text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise Ended(USAGE, f"{option} is written {shape}")
    return name, value


def _say(sentence: str) -> None:
    print(f"flinktop: {sentence}", file=sys.stderr, flush=True)
