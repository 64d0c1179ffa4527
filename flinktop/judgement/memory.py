"""Memory of TaskManagers and the JobManager that runs out, and network buffers that are short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.flink.metrics import JOBMANAGER_METRICS, TASKMANAGER_METRICS
from flinktop.flink.taskmanagers import TASKMANAGER
from flinktop.judgement import failure_chain, places, pods, process_figures
from flinktop.judgement.ask import SUSPECTED, USUAL, Ask
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Sign
from flinktop.judgement.trails import Note, trail
from flinktop.model import faults, halves, processes
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flinktop.flink.exceptions import Fault
    from flinktop.judgement.process_figures import Figure
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import ClusterLook, ProcessLook

_SHORT_HOLD_MS: Final = 30_000.0  # of metaspace and direct memory
_RECENT_MS: Final = 600_000.0
_MOST_ASKED: Final = 6
_SHORT_OF_BUFFERS: Final = "Insufficient number of network buffers"
_REQUESTED_FULL: Final = 100.0  # %


def notes(look: ClusterLook) -> Iterator[Note]:
    """The figures to remember until the next look."""
    for process in look.processes:
        yield from process_figures.notes(process, look.features)
        for one in _shares(look, process):
            if one.what in {process_figures.METASPACE, process_figures.DIRECT}:
                yield Note(f"{one.what}.{process.id}", one.at, one.value > _limit(look, one.what), keep=300.0)


def signs(look: ClusterLook, trails: Mapping[str, Trail]) -> Iterator[Sign]:
    """What this look shows."""
    for process in look.processes:
        found = _memory(look, process, trails)
        if found is not None:
            yield found
    yield from _buffers(look)


def asks(look: ClusterLook, trails: Mapping[str, Trail]) -> Iterator[Ask]:
    """The closer looks that are wanted."""
    if look.features.history_server:
        return
    for process in look.processes:
        if not process.id:
            query = JOBMANAGER_METRICS(get=process_figures.names(look.features, jobmanager=True))
            yield Ask(query, *_pace(look, process, trails))
    listed = look.taskmanagers.value if look.taskmanagers is not None else ()
    whole = halves.whole(one.id for one in listed)
    suspects = {one.id for one in look.processes if one.id and _is_suspected(look, one, trails)}
    chosen = set(whole) if len(whole) <= halves.EACH else suspects
    if len(whole) > halves.EACH:
        yield from _halving(look, whole)
        chosen |= set(_singled_out(look))
    for process in look.processes:
        if process.id not in chosen or not process.id:
            continue
        names = process_figures.names(look.features, jobmanager=False)
        yield Ask(
            TASKMANAGER_METRICS(taskmanager=process.id, get=names),
            *_pace(look, process, trails, chosen=len(whole) > halves.EACH),
        )
        if process.id in suspects and look.features.has(1, 12):
            yield Ask(TASKMANAGER(taskmanager=process.id), SUSPECTED, every=600.0)


# -- memory --------------------------------------------------------------------------------------------

_LIMITS: Final = {
    process_figures.METASPACE: process_figures.METASPACE_FULL,
    process_figures.DIRECT: process_figures.DIRECT_FULL,
    process_figures.GC: process_figures.GC_LONG,
}


def _limit(look: ClusterLook, what: str) -> float:
    return look.limits.heap_percent / 100.0 if what == process_figures.HEAP else _LIMITS[what]


def _shares(look: ClusterLook, process: ProcessLook) -> tuple[Figure, ...]:
    found = (
        process_figures.heap(process),
        process_figures.metaspace(process),
        process_figures.direct(process, process_figures.model_of(look, process)),
    )
    return tuple(one for one in found if one is not None)


def _over(look: ClusterLook, process: ProcessLook, trails: Mapping[str, Trail]) -> tuple[Figure, ...]:
    """The figures that are over their limit now."""
    collected = process_figures.gc(process, look.features, trails)
    found = (*_shares(look, process), *((collected,) if collected is not None else ()))
    return tuple(one for one in found if one.value > _limit(look, one.what))


def _memory(look: ClusterLook, process: ProcessLook, trails: Mapping[str, Trail]) -> Sign | None:
    over = _over(look, process, trails)
    if not over:
        return None
    worst = over[0]
    critical = any(
        one.what == process_figures.HEAP and one.value > process_figures.HEAP_CRITICAL for one in over
    )
    who = f"TaskManager {places.short(process.id)}" if process.id else "the JobManager"
    words = f"memory: {who}: " + ", ".join(_words(one) for one in over)
    words += f"; runs {places.listed(process.jobs)}" if process.jobs else ""
    evidence = [line for one in over for line in _evidence(one)]
    evidence += [Evidence("job on it", places.short(name)) for name in process.jobs[:5]]
    finding = Finding(
        kind=Kind.MEMORY,
        severity=Severity.CRITICAL if critical else Severity.WARNING,
        words=words,
        next=_STEPS[worst.what],
        culprit=Culprit(taskmanager=process.id),
        evidence=tuple(evidence),
    )
    listed = look.taskmanagers.value if look.taskmanagers is not None else ()
    address = next((processes.address(one) for one in listed if one.id == process.id), "")
    return Sign(
        finding=pods.memory(look.kubernetes, process.id, address).added(finding),
        fetched=max(one.at for one in over),
        lasted=any(_short_hold_is_over(one, process, trails) for one in over),
    )


_STEPS: Final = {
    process_figures.HEAP: "look at its garbage collection and the state on its heap; give it more heap",
    process_figures.METASPACE: "look for classes that each restart loads anew; raise its metaspace",
    process_figures.DIRECT: "raise taskmanager.memory.task.off-heap.size, or find who takes direct memory",
    process_figures.GC: "look at what fills its heap; give it more heap",
}


def _short_hold_is_over(one: Figure, process: ProcessLook, trails: Mapping[str, Trail]) -> bool:
    """Whether metaspace or direct memory has been over its limit for 30 s in every fetch."""
    if one.what not in {process_figures.METASPACE, process_figures.DIRECT}:
        return False
    since = None
    for sample in reversed(trail(trails, f"{one.what}.{process.id}")):
        if not sample.value:
            break
        since = sample.at
    return since is not None and one.at - since >= _SHORT_HOLD_MS


def _words(one: Figure) -> str:
    if one.what == process_figures.GC:
        return f"{one.value:.0f} ms/s in garbage collection"
    return f"{one.what} {100 * one.value:.0f} % full ({fmt.size(one.used)} of {fmt.size(one.limit)})"


def _evidence(one: Figure) -> Iterator[Evidence]:
    if one.what == process_figures.GC:
        yield Evidence("garbage collection", round(one.value, 1), "ms/s")
        return
    yield Evidence(f"{one.what} in use", round(100 * one.value, 1), "%")
    yield Evidence(f"{one.what} used", round(one.used), "bytes")
    yield Evidence(f"{one.what} limit", round(one.limit), "bytes")


# -- network buffers -----------------------------------------------------------------------------------


def _buffers(look: ClusterLook) -> Iterator[Sign]:
    short = _tasks_short_of_buffers(look)
    for process in look.processes:
        taken = process.metrics.get(halves.REQUESTED) if process.id else None
        over = taken is not None and taken.value is not None and taken.value > _REQUESTED_FULL
        failure = short.pop(process.id, None) if process.id else None
        if not over and failure is None:
            continue
        percent = taken.value if taken is not None and over else None
        at = max(taken.at if taken is not None and over else 0.0, look.now if failure is not None else 0.0)
        yield _buffers_sign(process.id, percent, failure, at, process.jobs)
    for taskmanager, fault in short.items():
        yield _buffers_sign(taskmanager, None, fault, look.now, ())


def _buffers_sign(
    taskmanager: str, percent: float | None, fault: Fault | None, at: float, jobs: tuple[str, ...]
) -> Sign:
    who = f"TaskManager {places.short(taskmanager)}" if taskmanager else "a TaskManager"
    words = f"network-buffers: {who} has too few"
    evidence = [Evidence("job on it", places.short(name)) for name in jobs[:5]]
    if percent is not None:
        words += f", {percent:.0f} % of them requested"
        evidence.insert(0, Evidence("network memory requested", round(percent, 1), "%"))
    if fault is not None:
        task = faults.task(fault.task_name)
        words += f"; {places.short(task.name) if task is not None else 'a task'} failed for want of them"
        evidence.insert(0, Evidence("a task failed", places.short(faults.reason(fault), places.MOST_REASON)))
    finding = Finding(
        kind=Kind.NETWORK_BUFFERS,
        severity=Severity.WARNING,
        words=words,
        next="raise taskmanager.memory.network.fraction or .max, or lower the parallelism of the jobs on it",
        culprit=Culprit(taskmanager=taskmanager or None),
        evidence=tuple(evidence),
        since=float(fault.timestamp) if fault is not None else None,
    )
    return Sign(finding=finding, fetched=at, lasted=fault is not None)


def _tasks_short_of_buffers(look: ClusterLook) -> dict[str, Fault]:
    """Failures of the last ten minutes for want of buffers, by TaskManager; "" if it is not known."""
    listed = {one.id: one for one in look.taskmanagers.value} if look.taskmanagers is not None else {}
    found: dict[str, Fault] = {}
    for taken in look.exceptions.values():
        for fault in failure_chain.known(taken.value):
            # The clock of TaskManagers may be a little ahead.
            if look.now - fault.timestamp > _RECENT_MS or fault.timestamp <= 0:
                continue
            if any(_SHORT_OF_BUFFERS in one.message[:2000] for one in faults.causes(fault.stacktrace)):
                where = fault.task_manager_id or places.at_address(listed, fault.where) or ""
                known = found.get(where)
                if known is None or known.timestamp < fault.timestamp:
                    found[where] = fault
    return found


# -- whom to ask ---------------------------------------------------------------------------------------


def _is_suspected(look: ClusterLook, process: ProcessLook, trails: Mapping[str, Trail]) -> bool:
    taken = process.metrics.get(halves.REQUESTED)
    short = taken is not None and (taken.value or 0.0) > _REQUESTED_FULL
    return short or bool(_over(look, process, trails))


def _pace(
    look: ClusterLook, process: ProcessLook, trails: Mapping[str, Trail], *, chosen: bool = False
) -> tuple[int, float]:
    """Rank and seconds: every fetch while it is full or before its garbage collection is known."""
    if chosen or _is_suspected(look, process, trails):
        return SUSPECTED, 10.0
    known = look.features.has(1, 19) or len(trail(trails, f"gc.{process.id}")) > 2  # noqa: PLR2004 -- two rates
    return USUAL, 30.0 if process.metrics and known else 10.0


def _halving(look: ClusterLook, whole: tuple[str, ...]) -> Iterator[Ask]:
    """All TaskManagers at once; then the parts of what may be over a limit, the fullest first."""
    yield Ask(halves.query(whole, whole, look.features), USUAL, every=30.0)
    wanted = []
    for group in look.groups:
        full = _fullness(look, group)
        if full > 1.0:
            wanted += [(full, part) for part in halves.parts(group) if len(part) > 1]
    wanted.sort(key=lambda pair: (-pair[0], len(pair[1])))
    for full, part in wanted[:_MOST_ASKED]:
        yield Ask(halves.query(part, whole, look.features), SUSPECTED, every=30.0, size=full)


def _singled_out(look: ClusterLook) -> tuple[str, ...]:
    """The TaskManagers of the smallest groups that are over a limit, the fullest first."""
    found: dict[str, float] = {}
    for group in look.groups:
        full = _fullness(look, group)
        if full > 1.0:
            for part in halves.parts(group):
                if len(part) == 1:
                    found[part[0]] = full
    return tuple(sorted(found, key=lambda one: -found[one])[:_MOST_ASKED])


def _fullness(look: ClusterLook, group: tuple[str, ...]) -> float:
    """The fullest figure of a group, 1 at its limit; at least that of its fullest TaskManager.

    The greatest use and the least maximum need not be of one TaskManager.
    """
    taken = look.groups.get(group)
    found = {one.id: one for one in taken.value} if taken is not None else {}
    full = [0.0]
    for used, most, limit in (
        (halves.HEAP_USED, halves.HEAP_MAX, _limit(look, process_figures.HEAP)),
        (halves.METASPACE_USED, halves.METASPACE_MAX, process_figures.METASPACE_FULL),
    ):
        a, b = found.get(used), found.get(most)
        if a is not None and b is not None and a.max is not None and b.min is not None and b.min > 0:
            full.append(a.max / b.min / limit)
    for name, limit in (
        (halves.GC_RATE, process_figures.GC_LONG),
        (halves.REQUESTED, _REQUESTED_FULL),
    ):
        one = found.get(name)
        if one is not None and one.max is not None:
            full.append(one.max / limit)
    direct, least = found.get(halves.DIRECT_USED), _least_direct(look, group)
    if direct is not None and direct.max is not None and least:
        full.append(direct.max / least)
    return max(full)


def _least_direct(look: ClusterLook, group: tuple[str, ...]) -> float | None:
    """The direct memory at which the least TaskManager of a group is over the limit."""
    listed = look.taskmanagers.value if look.taskmanagers is not None else ()
    inside = set(group)
    found = []
    for one in listed:
        model = one.memory_configuration
        if one.id not in inside or model is None:
            continue
        parts = (model.framework_off_heap, model.task_off_heap, model.network_memory)
        if any(part is None or part < 0 for part in parts):
            continue
        off_heap = (model.framework_off_heap or 0) + (model.task_off_heap or 0)
        found.append((model.network_memory or 0) + process_figures.DIRECT_FULL * off_heap)
    return min(found, default=None)
