"""The job and its cluster as Flink describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.bundle.collection import merged
from flinktop.bundle.contents import CLUSTER_JSON, JOB_JSON, Made
from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.jobs import EXECUTION_RESULT, JOB
from flinktop.flink.taskmanagers import TASKMANAGERS
from flinktop.model import states

if TYPE_CHECKING:
    from flinktop.bundle.collection import Collection


async def make(collection: Collection) -> Made:
    """The files of job and cluster."""
    await collection.learn_features()
    of_job = [JOB(job=collection.subject.job)]
    job = await collection.job()
    if job is not None and job.now > 0 and not collection.features.history_server:
        collection.now = float(job.now)
    result = [EXECUTION_RESULT(job=collection.subject.job)]
    ended = job is not None and states.is_terminal(job.state) and not collection.features.history_server
    documents, gaps = await collection.answers(*of_job, *(result if ended else ()))
    made = Made(gaps=gaps)
    if documents:
        made = merged(made, await collection.json(JOB_JSON, documents))
    of_cluster = (CONFIG(),) if collection.features.history_server else (CONFIG(), OVERVIEW(), TASKMANAGERS())
    documents, gaps = await collection.answers(*of_cluster)
    made = merged(made, Made(gaps=gaps))
    return merged(made, await collection.json(CLUSTER_JSON, documents)) if documents else made
