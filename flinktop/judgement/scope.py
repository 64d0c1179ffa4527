"""Which clusters, jobs and kinds of findings an entry of the config file is about.

`[[findings]]` and `[[alerts]]` name them alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec import Struct

from flinktop.judgement.patterns import matches

if TYPE_CHECKING:
    from flinktop.judgement.finding import Kind

ANY: Final = ("*",)


class Scope(Struct, frozen=True, kw_only=True):
    """What an entry is about."""

    clusters: tuple[str, ...] = ANY  # names or patterns
    jobs: tuple[str, ...] | None = None  # None: all jobs, and the cluster itself
    kinds: tuple[str, ...] = ANY

    def has_cluster(self, cluster: str) -> bool:
        """Whether it is about a cluster, by its name in the config file."""
        return matches(cluster, self.clusters)

    def has_job(self, job: str | None) -> bool:
        """Whether it is about a job, by its name, or for None about the cluster itself."""
        return self.jobs is None or (job is not None and matches(job, self.jobs))

    def has_kind(self, kind: Kind) -> bool:
        """Whether it is about findings of a kind."""
        return matches(str(kind), self.kinds)


class WrittenScope(Protocol):
    """The keys of an entry that both have, as the config file has them; None is a missing key."""

    @property
    def clusters(self) -> tuple[str, ...] | None: ...
    @property
    def jobs(self) -> tuple[str, ...] | None: ...
    @property
    def kinds(self) -> tuple[str, ...] | None: ...
    @property
    def severity(self) -> str | None: ...
    @property
    def off(self) -> bool | None: ...


def scope_fields(written: WrittenScope) -> dict[str, Any]:
    """The fields of the scope of an entry."""
    return {"clusters": written.clusters or ANY, "jobs": written.jobs, "kinds": written.kinds or ANY}
