"""The vertex that the verdict leads to: its document, its process's threads, and its flame graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.bundle.collection import Progress, merged
from flinktop.bundle.contents import (
    CULPRIT_JSON,
    FLAME_JSON,
    FLAME_TEXT,
    THREADS_JSON,
    THREADS_TEXT,
    Gap,
    Made,
    Part,
)
from flinktop.bundle.culprit import JOBMANAGER
from flinktop.flink.errors import FlinkError
from flinktop.flink.logs import TASKMANAGER_THREAD_DUMP
from flinktop.flink.process import Process
from flinktop.flink.vertices import FLAMEGRAPH, VERTEX, VERTEX_BACKPRESSURE
from flinktop.model import flame, states, subtask_names, threads
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flinktop.bundle.asking import Answered
    from flinktop.bundle.collection import Collection
    from flinktop.bundle.culprit import Culprit
    from flinktop.engine.clock import Clock
    from flinktop.flink.endpoint import Query
    from flinktop.flink.logs import ThreadDump
    from flinktop.flink.vertices import FlameGraph, Frame

SAMPLES_WITHIN: Final = 20.0
"""Seconds that Flink is given for its samples: a hundred, every 50 ms, take it at least five."""
AGAIN: Final = 2.0
"""Seconds between two looks whether they are there."""
LEAST: Final = 0.005
"""Share of the samples that a method must have to stand in the text."""
ENDED, DISABLED = -1, -2
"""What Flink sends as a time instead of a graph."""
_NONE: Final = {
    ENDED: "the vertex has ended",
    DISABLED: "flame graphs are disabled on this cluster (rest.flamegraph.enabled: true enables them)",
}


async def make_vertex(collection: Collection, culprit: Culprit) -> Made:
    """The document of the vertex, with its subtasks and their backpressure."""
    job, vertex = collection.subject.job, culprit.vertex
    if vertex is None:
        return Made(gaps=(Gap("culprit", "no vertex is known that the job's trouble leads to"),))
    queries = [VERTEX(job=job, vertex=vertex)]
    documents, gaps = await collection.answers(*queries)
    # Up to 1.12 it makes the TaskManagers take samples.
    if collection.features.has(1, 13) and not collection.lacks(VERTEX_BACKPRESSURE, "backpressure"):
        more, no_more = await collection.answers(VERTEX_BACKPRESSURE(job=job, vertex=vertex))
        documents, gaps = documents | more, (*gaps, *no_more)
    made = Made(gaps=gaps, notes=(f"culprit.json is about {culprit.vertex_name or vertex}: {culprit.why}.",))
    return merged(made, await collection.json(CULPRIT_JSON, documents)) if documents else Made(gaps=gaps)


# -- threads -------------------------------------------------------------------------------------------


async def make_threads(collection: Collection, culprit: Culprit) -> Made:
    """The thread dump of the culprit's process."""
    process = Process(culprit.taskmanager if culprit.taskmanager != JOBMANAGER else None)
    # Of a TaskManager, as long as it is not known which process it is.
    endpoint = process.threads.endpoint if culprit.taskmanager is not None else TASKMANAGER_THREAD_DUMP
    why = collection.lacks(endpoint, "thread dumps")
    if culprit.taskmanager is None:
        why = why or "it is not known on which TaskManager the trouble is"
    if why:
        return Made(gaps=(Gap("thread dump", why),))
    try:
        answered = await collection.asking.get(process.threads)
    except FlinkError as error:
        return Made(gaps=(Gap("thread dump", error.reason),))
    where = "the JobManager" if process.taskmanager is None else f"TaskManager {process.taskmanager}"
    task, words = culprit.vertex_name, culprit.vertex_name
    if task and culprit.subtask is not None:
        task = threads.of_task(task, culprit.subtask)
        words = f"{words}, {subtask_names.named(culprit.subtask, None)}"
    return merged(
        Made(notes=(f"threads.txt is of {where}.",)),
        await collection.text(THREADS_TEXT, _thread_lines(where, answered.value, task, words)),
        await collection.json(THREADS_JSON, {f"/{process.threads.target}": answered.raw}),
    )


def _thread_lines(where: str, dump: ThreadDump, task: str, words: str) -> Iterator[str]:
    found = threads.threads(dump, task)
    states = ", ".join(f"{count} {state or 'unknown'}" for state, count in threads.counted(found).items())
    yield f"Threads of {where}: {states or 'none'}"
    if task:
        yield f"Those of {words} come first."
    for thread in found:
        yield ""
        yield from thread.lines


# -- flame graph ---------------------------------------------------------------------------------------


async def make_flame_graph(collection: Collection, culprit: Culprit, clock: Clock) -> Made:
    """The flame graph of the culprit, once Flink has taken its samples."""
    why = collection.lacks(FLAMEGRAPH, "flame graphs")
    if culprit.vertex is None:
        why = why or "no vertex is known that the job's trouble leads to"
    if why or culprit.vertex is None:
        return Made(gaps=(Gap("flame graph", why),))
    query = FLAMEGRAPH(job=collection.subject.job, vertex=culprit.vertex)
    try:
        answered = await _sampled(collection, query, clock)
    except FlinkError as error:
        return Made(gaps=(Gap("flame graph", error.reason),))
    graph = answered.value.data
    if graph is None or not graph.value:
        return Made(gaps=(Gap("flame graph", _no_samples(answered.value)),))
    name = culprit.vertex_name or culprit.vertex
    return merged(
        Made(notes=(f"flamegraph.txt is of {name}, all threads of its subtasks.",)),
        await collection.text(FLAME_TEXT, _flame_lines(name, graph)),
        await collection.json(FLAME_JSON, {f"/{query.target}": answered.raw}),
    )


async def _sampled(collection: Collection, query: Query[FlameGraph], clock: Clock) -> Answered[FlameGraph]:
    """The answer once Flink has samples, or will have none in time. Raises FlinkError."""
    began, job = clock.now(), await collection.job()
    # The vertex of a job that restarts has ended for a moment only.
    final = {DISABLED} if job is not None and not states.is_terminal(job.state) else {DISABLED, ENDED}
    answered = await collection.asking.get(query)
    while answered.value.data is None and answered.value.end_timestamp not in final:
        if clock.now() - began >= SAMPLES_WITHIN:
            break
        collection.progress(Progress(Part.FLAME_GRAPH, "Flink takes samples, 5 s and more"))
        await clock.sleep(AGAIN)
        answered = await collection.asking.again(query)
    return answered


def _no_samples(graph: FlameGraph) -> str:
    if graph.data is not None:
        return "Flink found no threads to sample"
    return _NONE.get(graph.end_timestamp, f"Flink had no samples within {SAMPLES_WITHIN:.0f} s")


def _flame_lines(name: str, root: Frame) -> Iterator[str]:
    graph = flame.pieces(root)
    whole = graph[0].samples
    yield f"Flame graph of {name}: {whole} samples of all threads"
    yield "The methods with the most samples of their own:"
    yield from (f"  {fmt.share(own / whole):>5}  {method}" for method, own in flame.hottest(graph, 20))
    yield ""
    yield f"Callers above callees, with the share of all samples; what has less than {LEAST:.1%} is left out:"
    for piece in graph:
        if piece.samples / whole >= LEAST:
            yield f"{fmt.share(piece.samples / whole):>5} {' ' * piece.depth}{flame.without_line(piece.name)}"
