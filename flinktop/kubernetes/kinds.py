"""The kinds of objects that are followed, and what is kept of each."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 -- the struct's fields are of it
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from msgspec import Struct

from flinktop.kubernetes import parts
from flinktop.kubernetes.objects import Event, FlinkObject, PodObject, Service, Snapshot, Thing, read

if TYPE_CHECKING:
    import msgspec

    from flinktop.kubernetes.parts import Key

_CORE: Final = "/api/v1"
_FLINK: Final = "/apis/flink.apache.org/v1beta1"


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of objects, or some of a kind."""

    part: str  # the field of Parts that it fills
    group: str  # the path of its API group and version
    resource: str  # its name in paths
    object: type[Thing]
    make: Callable[[Any], Any]  # what is kept of an object; None: nothing
    params: tuple[tuple[str, str], ...] = ()  # of lists and watches
    of_operator: bool = False  # the operator brings it, so that there is no such kind without it
    shown: bool = True  # without it a row lacks something, which is said

    def path(self, namespace: str | None) -> str:
        """The path of the list in one namespace, or in all of them (None)."""
        within = f"/namespaces/{quote(namespace, safe='')}" if namespace is not None else ""
        return f"{self.group}{within}/{self.resource}"

    def read(self, body: bytes | msgspec.Raw) -> tuple[Key, Any] | None:
        """Namespace and name of an object and what is kept of it; None if it is none of this kind."""
        found = read(body, self.object)
        if found is None or not found.metadata.name:
            return None
        return found.key, self.make(found)


KINDS: Final = (
    Kind(
        part="deployments",
        group=_FLINK,
        resource="flinkdeployments",
        object=FlinkObject,
        make=parts.deployment,
        of_operator=True,
    ),
    Kind(
        part="session_jobs",
        group=_FLINK,
        resource="flinksessionjobs",
        object=FlinkObject,
        make=parts.session_job,
        of_operator=True,
    ),
    Kind(
        part="savepoints",
        group=_FLINK,
        resource="flinkstatesnapshots",
        object=Snapshot,
        make=parts.savepoint,
        of_operator=True,
        shown=False,  # operators before 1.10 have none
    ),
    Kind(part="services", group=_CORE, resource="services", object=Service, make=parts.rest_service),
    Kind(
        part="pods",
        group=_CORE,
        resource="pods",
        object=PodObject,
        make=parts.cluster_pod,
        params=(("labelSelector", "component in (jobmanager,taskmanager)"),),
    ),
    Kind(
        part="not_created",
        group=_CORE,
        resource="events",
        object=Event,
        make=parts.not_created,
        params=(("fieldSelector", "reason=FailedCreate"),),
    ),
)
