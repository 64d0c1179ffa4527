"""Findings that stood before flinktop was started: which of them wait until their figures have been read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.judgement import task_times
from flinktop.judgement.finding import Kind
from flinktop.judgement.holds import ONE_OF, SETTLES_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from flinktop.judgement.holds import Held, Key
    from flinktop.model.look import ClusterLook, JobLook

_STILL: Final = frozenset({Kind.NO_DATA, Kind.WATERMARK_STUCK})
_STILL_MS: Final = 90_000.0
"""So long it takes to see that something stands still."""
_FETCHES_MS: Final = 25_000.0
"""So long it takes until two fetches of Flink's metrics have been read."""


def unseen(look: JobLook, held: Mapping[Key, Held]) -> Iterator[Key]:
    """Those of a job of which this look can't tell whether they are still there."""
    for key, one in held.items():
        if one.restored and not _is_told(key[0], look, one):
            yield key


def unseen_of_cluster(look: ClusterLook, held: Mapping[Key, Held]) -> Iterator[Key]:
    """Those of a cluster."""
    for key, one in held.items():
        of_taskmanagers = key[0] in {Kind.TASKMANAGER_LOST, Kind.TASKMANAGER_FLAPPING}
        if one.restored and of_taskmanagers and look.taskmanagers is None:
            yield key
        if one.restored and key[0] is Kind.OPERATOR_ERROR and look.kubernetes is None:
            yield key


def _is_told(kind: Kind, look: JobLook, one: Held) -> bool:
    if kind in ONE_OF:
        return True  # flow.unseen tells
    if kind in _STILL:
        return look.now - one.fetched > (_STILL_MS if one.raised else SETTLES_MS)
    if not one.raised and kind not in _TOLD:
        return look.now - one.fetched > _FETCHES_MS
    told = _TOLD.get(kind)
    return told is None or told(look)


def _with_exceptions(look: JobLook) -> bool:
    return look.exceptions is not None or EXCEPTIONS.path in look.errors or not look.features.has(1, 13)


def _with_checkpoints(look: JobLook) -> bool:
    return look.checkpoints is not None or look.without_checkpoints


def _with_interval(look: JobLook) -> bool:
    return look.without_checkpoints or (look.checkpoints is not None and look.checkpoint_config is not None)


def _all_run(look: JobLook) -> bool:
    return look.job is not None and not any(map(task_times.not_running, look.vertices))


_TOLD: Final[Mapping[Kind, Callable[[JobLook], bool]]] = {
    Kind.RESTART_LOOP: _with_exceptions,
    Kind.RESTARTING: _with_exceptions,
    Kind.SLOW_START: _all_run,
    Kind.CHECKPOINTS_FAILING: _with_checkpoints,
    Kind.CHECKPOINT_SLOW: _with_checkpoints,
    Kind.STATE_GROWING: _with_checkpoints,
    Kind.CHECKPOINT_OVERDUE: _with_interval,
    Kind.CHECKPOINTS_OFF: _with_interval,
    Kind.UNDER_SCALED: lambda look: look.requirements is not None,
    Kind.OPERATOR_ERROR: lambda look: look.kubernetes is not None,
}
"""Whether the answer has been read that a kind rests on: without, it would be gone at once.

The other kinds rest on the list of jobs alone, or stay longer than it takes to see them again.
"""
