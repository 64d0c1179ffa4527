"""`flinktop savepoint`, `stop`, `cancel` and `submit`: the acts of the monitor, for scripts.

Exit codes: 0 done, 1 failed or lost, 2 usage error, 3 unreachable, 4 refused, 130 interrupted. The result is
printed to stdout, everything else to stderr.
"""

# ruff: noqa: T201 -- this module prints

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from flinktop.engine.acts.act import Act
from flinktop.engine.acts.run_jar import RunJar
from flinktop.engine.acts.target import Target, fetch_target
from flinktop.engine.clock import Clock
from flinktop.engine.lane import Lane
from flinktop.engine.ledger import Ledger
from flinktop.engine.operation import Operation, State
from flinktop.engine.operations import Operations, current_user
from flinktop.facts.operations import explanation_of
from flinktop.flink.cluster import CONFIG
from flinktop.flink.decode import read
from flinktop.flink.errors import FlinkError
from flinktop.flink.features import features
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.login import Login
from flinktop.flink.run_in_thread import run
from flinktop.flink.text import clean
from flinktop.headless.args import DONE, FAILED, INTERRUPTED, REFUSED, UNREACHABLE, USAGE, ActArgs, Ended
from flinktop.headless.find_act import job_act, kind_of, submit_act
from flinktop.headless.follow import BEFOREHAND, Follower, JarRun, run_file
from flinktop.headless.output import as_object, headline, result_lines, unfinished_text
from flinktop.headless.tunnel import tunnel_of
from flinktop.model.typed_names import is_typed
from flinktop.settings import Profile

if TYPE_CHECKING:
    import httpx

    from flinktop.model.kubernetes import KubernetesState

YES = frozenset({"y", "yes"})
NO_TARGET = Target("", "")


def run_act(
    profile: Profile,
    ledger: Path,
    args: ActArgs,
    *,
    kubernetes: "KubernetesState | None" = None,
    transport: "httpx.AsyncBaseTransport | None" = None,
) -> int:
    """Do one act on a cluster and follow it until it ends; returns the exit code.

    What the Flink Kubernetes operator would undo, by what `kubernetes` knows of the cluster, is refused
    unless the profile allows it. `transport` replaces the network; it is used and closed on one loop after
    the other.
    """
    command = _Command(profile, ledger, args, transport)
    command.base = replace(command.base, kubernetes=kubernetes, allow_managed=profile.allow_managed)
    sent = "nothing was sent"
    try:
        act, target = run(command.prepare())
        # Not on the loop, which would block ctrl+c during the prompt.
        typed = confirmed_name(args, act, target)
        sent = "what was sent continues; a flinktop that opens this cluster follows it"
        return run(command.do(act, typed))
    except Ended as ended:
        return never_sent(args, ended, command.base, command.act)
    except KeyboardInterrupt:
        _print_error(f"interrupted; {sent}")
        return INTERRUPTED
    finally:
        command.close()


def never_sent(args: ActArgs, ended: Ended, base: Target = NO_TARGET, act: Act | None = None) -> int:
    """Print why a command ended before anything was sent; returns the exit code."""
    if args.json:
        operation = Operation(
            id="",
            cluster=base.url,
            cluster_name=base.cluster,
            kind=kind_of(args).kind,
            act=act,
            subject=act.subject if act is not None else args.what,
            job=act.job_id if act is not None else None,
            by=current_user(),
            reason=str(ended),
        )
        state = {USAGE: "usage", UNREACHABLE: "unreachable"}.get(ended.code, str(State.REFUSED))
        of_the_jar = {"upload": None, "deletion": None} if operation.kind == RunJar.kind else {}
        print(msgspec.json.encode({**as_object(operation), "state": state, **of_the_jar}).decode())
    _print_error(str(ended))
    return ended.code


class _Command:
    """One command: reads the cluster's state, then does the act."""

    def __init__(
        self,
        profile: Profile,
        ledger: Path,
        args: ActArgs,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        connection = self._connection = profile.connection
        self._args = args
        self._ledger = ledger
        self._clock = Clock()
        self._login = Login(connection, self._clock.now)
        self._tunnel = tunnel_of(profile, self._clock)
        self._transport = transport
        self.act: Act | None = None
        self.base = Target(
            profile.name, connection.url, read_only=connection.read_only, protected=profile.protected
        )

    async def prepare(self) -> tuple[Act, Target]:
        """The requested act and its target. Raises Ended if it can't be done."""
        if self._args.command == "submit":
            self.act = submit_act(self._args)
        lane = self._new_lane()
        try:
            config = (await read(lane.acts, CONFIG())).value
            act = self.act = self.act or job_act(
                self._args, (await read(lane.acts, JOBS_OVERVIEW())).value.jobs
            )
            base = replace(self.base, features=features(config))
            target = await fetch_target(lane.acts, base, act.job_id, self._clock.wall())
        except FlinkError as error:
            raise Ended(UNREACHABLE, str(error)) from None
        finally:
            await self._close(lane)
        if (reason := act.why_not(target)) is not None:
            raise Ended(REFUSED, reason)
        return act, target

    async def do(self, act: Act, typed: str | None) -> int:
        """Do the act and follow it; returns the exit code."""
        news, lane = asyncio.Event(), self._new_lane()
        operations = Operations(lane, Ledger(self._ledger), self._clock, self.base, news=news.set)
        operations.start()
        follower = Follower(operations, news, _print_error, typed)
        try:
            await follower.settled(act.job_id)
            if isinstance(act, RunJar):
                run = await run_file(follower, self._args.what, act, wait=self._args.wait)
                return print_outcome(run.run, json=self._args.json, jar=run)
            operation = await follower.do(act, wait=self._args.wait)
        finally:
            await operations.stop()
            await self._close(lane)
            for notice in operations.view.notices:
                _print_error(notice)
        return print_outcome(operation, json=self._args.json)

    def close(self) -> None:
        """End the tunnel, if there is one."""
        if self._tunnel is not None:
            run(self._tunnel.close())

    def _new_lane(self) -> Lane:
        return Lane(self._connection, transport=self._transport, login=self._login, tunnel=self._tunnel)

    async def _close(self, lane: Lane) -> None:
        await lane.close()
        if self._transport is not None:
            await self._transport.aclose()


def confirmed_name(args: ActArgs, act: Act, target: Target) -> str | None:
    """Get confirmation by option or at the terminal; returns the typed name. Raises Ended without it."""
    typed, name = act.must_be_typed(target), act.name_to_type(target)
    at_a_terminal = os.isatty(0) and os.isatty(2)
    if not args.yes and not at_a_terminal:
        raise Ended(REFUSED, "no terminal to ask for confirmation: --yes is needed")
    if typed and args.confirm is None and not at_a_terminal:
        raise Ended(REFUSED, f"{target.cluster} is protected: --confirm with the name {name} is needed")
    if args.confirm is not None and not is_typed(args.confirm, name):
        raise Ended(REFUSED, f"--confirm must be the name {name}")
    if args.yes and (not typed or args.confirm is not None):
        return name if typed else None
    print(clean(f"{act.label} of {act.subject}"), file=sys.stderr)
    # A jar has no id before its upload.
    lines = [(line.label, line.text) for line in act.consequence(target) if line.text]
    if isinstance(act, RunJar):
        lines.append(("jar", BEFOREHAND))
    for label, text in lines:
        print(f"  {label:22}{clean(text)}", file=sys.stderr)
    if typed and args.confirm is None:
        agrees = is_typed(_prompt(f"Type the name to confirm ({clean(name)}): "), name)
    else:
        agrees = _prompt("Continue? (yes/no) ").lower() in YES
    if not agrees:
        raise Ended(REFUSED, "not confirmed; nothing was sent")
    return name if typed else None


def _prompt(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def print_outcome(operation: Operation, *, json: bool, jar: JarRun | None = None) -> int:
    """Print the outcome, also of the jar that was uploaded for it; returns the exit code."""
    bad = operation.state in (State.FAILED, State.LOST, State.REFUSED)
    lines = [headline(operation), *result_lines(replace(operation, reason="", explanation=None))]
    if jar is not None and jar.of_the_jar is not None:
        lines.append(f"{'jar':11}{clean(jar.of_the_jar)}")
    if json:
        printed = as_object(operation) | (jar.as_object() if jar is not None else {})
        print(msgspec.json.encode(printed).decode())
    elif bad:
        for line in lines:
            _print_error(line)
    else:
        print("\n  ".join(lines))
    if bad:
        _print_error(operation.reason)
        for label, sentence in explanation_of(operation):
            _print_error(f"{label}: {sentence}")
    if not operation.state.final:
        _print_error(unfinished_text(operation))
    if operation.state is State.REFUSED:
        return UNREACHABLE if operation.unreachable else REFUSED
    return FAILED if bad else DONE


def _print_error(sentence: str) -> None:
    print(f"flinktop: {clean(sentence)}", file=sys.stderr, flush=True)
