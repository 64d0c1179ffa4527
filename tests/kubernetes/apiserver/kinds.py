"""The kinds that the server has: of core/v1 what Flink's clusters need, and those of the operator's CRDs."""

from collections.abc import Mapping
from dataclasses import dataclass

FLINK = "flink.apache.org"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of objects, and where it lies in the API."""

    kind: str
    plural: str
    singular: str
    short: tuple[str, ...] = ()
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    subresources: Mapping[str, tuple[str, ...]] | None = None
    """Verbs of each."""

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def verbs(self) -> tuple[str, ...]:
        return ("get", "list", "watch")


_ALL = ("create", "delete", "get", "patch", "update")

KINDS = (
    Kind("Namespace", "namespaces", "namespace", ("ns",), namespaced=False),
    Kind(
        "Pod",
        "pods",
        "pod",
        ("po",),
        subresources={"log": ("get",), "portforward": ("create", "get")},
    ),
    Kind("Service", "services", "service", ("svc",), subresources={"proxy": _ALL}),
    Kind("Event", "events", "event", ("ev",)),
    Kind("FlinkDeployment", "flinkdeployments", "flinkdeployment", ("flinkdep",), FLINK, "v1beta1"),
    Kind("FlinkSessionJob", "flinksessionjobs", "flinksessionjob", ("sessionjob",), FLINK, "v1beta1"),
    Kind("FlinkStateSnapshot", "flinkstatesnapshots", "flinkstatesnapshot", ("flinksnp",), FLINK, "v1beta1"),
)
