"""Which vertices are in their first minute: what Flink's meters say of them is too low, or not measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from flinktop.model import first_minute

if TYPE_CHECKING:
    from flinktop.flink.jobs import Job


class Starts(Struct):
    """Written by the engine's thread; `is_young` is for any."""

    _until: dict[tuple[str, str], float] = field(default_factory=dict)
    """By job and vertex: when its first minute ends (engine's clock, s)."""

    def arrived(self, job: Job, at: float) -> None:
        for key in [key for key, until in self._until.items() if until <= at]:
            del self._until[key]
        for vertex in job.vertices:
            age = first_minute.age(job, vertex)
            if age is not None and age < first_minute.MINUTE:
                key = job.jid, vertex.id
                self._until[key] = max(self._until.get(key, at), at + first_minute.MINUTE - age)

    def is_young(self, job: str, vertex: str, at: float) -> bool:
        """Whether an answer that came at a time (engine's clock, s) is of a vertex's first minute."""
        return at < self._until.get((job, vertex), at)
