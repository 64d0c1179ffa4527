"""Texts of Kubernetes that a person asks for: the last log of a pod, and what kubectl describes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine.outcome import failed_here
from flinktop.engine.transfers import Transfer, read_log
from flinktop.flink.run_in_thread import run_in_thread
from flinktop.flink.text import clean_lines
from flinktop.model import redaction

if TYPE_CHECKING:
    from flinktop.engine.side_work import Surroundings
    from flinktop.engine.text_reader import TextReader
    from flinktop.model.kubernetes import KubernetesState, Pod

log = logging.getLogger(__name__)

_OVER: Final = ("Failed", "Succeeded")


class PodLog(Struct, frozen=True, kw_only=True):
    """The log of a container that has ended."""

    namespace: str
    pod: str
    container: str = ""
    previous: bool = False  # of the run before the present one

    @property
    def command(self) -> str:
        """The command that prints it."""
        previous = "--previous " if self.previous else ""
        container = f" -c {self.container}" if self.container else ""
        return f"kubectl logs {previous}{self.pod}{container} -n {self.namespace}"

    @property
    def absent(self) -> str:
        """What is said when its pod is no longer there."""
        events = f"kubectl get events -n {self.namespace} --field-selector involvedObject.name={self.pod}"
        return (
            f"The log is gone: pod {self.pod} was deleted, and its log with it.\n\n"
            "Flink can't send the log of a TaskManager that is gone either. What still helps:\n"
            "- your log store, if it collects the logs of this cluster\n"
            "- the JobManager's log (J, then l): when and why it lost a TaskManager\n"
            "- i on the list of jobs: the cluster's deployment and its events\n"
            f"- the pod's own events, which Kubernetes keeps for about an hour:\n  {events}"
        )

    async def read(self, reader: TextReader) -> bytes:
        return await reader.logs(self.namespace, self.pod, self.container, previous=self.previous)


class Described(Struct, frozen=True, kw_only=True):
    """What `kubectl describe` says of something."""

    kind: str  # pod, service, flinkdeployment, flinksessionjob
    namespace: str
    name: str

    @property
    def command(self) -> str:
        return f"kubectl describe {self.kind} {self.name} -n {self.namespace}"

    @property
    def absent(self) -> str:
        """What is said when it is no longer there."""
        return f"There is no {self.kind} {self.name} in namespace {self.namespace} any more: it was deleted."

    async def read(self, reader: TextReader) -> bytes:
        return await reader.describe(self.kind, self.namespace, self.name)


class KubernetesText:
    """One of these texts, read on the engine's loop; what is known of it may be read from any thread."""

    def __init__(self, what: PodLog | Described) -> None:
        self.what = what
        self.transfer = Transfer()
        """Its state, and the lines of a log; replaced as a whole."""
        self.text: tuple[str, ...] = ()
        """The lines of anything but a log, without secrets."""

    async def run(self, around: Surroundings) -> None:
        """Read it; never raises but when it is cancelled. To be run beside the engine."""
        self.transfer = Transfer(state="running")
        around.changed()
        self.transfer = await self._read(around)
        around.changed()

    async def _read(self, around: Surroundings) -> Transfer:
        from flinktop.kubernetes.errors import KubectlError  # noqa: PLC0415 -- only where there is Kubernetes

        if around.kubectl is None:
            return Transfer(state="failed", reason="this cluster is not read by kubectl")
        try:
            body = await self.what.read(around.kubectl)
        except KubectlError as error:
            reason = self.what.absent if error.kind == "absent" else str(error)
            return Transfer(state="failed", reason=reason)
        except Exception as error:
            log.exception("%s failed", self.what.command)
            return Transfer(state="failed", reason=failed_here(error))
        now = around.clock.now()
        if isinstance(self.what, PodLog):
            lines, known = await run_in_thread(lambda: read_log(body, 0))
            return Transfer(state="done", lines=lines, known=known, read=len(body), at=now)
        self.text = await run_in_thread(lambda: _lines(body))
        return Transfer(state="done", read=len(body), at=now)


def _lines(body: bytes) -> tuple[str, ...]:
    text = clean_lines(body.decode(errors="replace")).expandtabs(8)
    return tuple(redaction.text(line).rstrip() for line in text.splitlines())


# -- what there is to read -----------------------------------------------------------------------------


def last_log(state: KubernetesState, pod: Pod) -> PodLog:
    """The log of the run of a pod's container that ended last."""
    # After a restart in its place the present container has another log.
    previous = pod.restarts > 0 and pod.phase not in _OVER
    return PodLog(namespace=state.namespace, pod=pod.name, container=pod.container, previous=previous)


def pod_described(state: KubernetesState, pod: Pod | None) -> Described | None:
    """A pod that is still there."""
    if pod is None or pod.gone is not None:
        return None
    return Described(kind="pod", namespace=state.namespace, name=pod.name)


def cluster_described(state: KubernetesState) -> Described | None:
    """What a cluster is made by: its FlinkDeployment, else its JobManager's pod, else its service."""
    operator = state.operator
    if operator is not None:
        return Described(kind=operator.kind.lower(), namespace=state.namespace, name=operator.name)
    if (pods := state.pods_of("jobmanager")) and (found := pod_described(state, pods[0])) is not None:
        return found
    return Described(kind="service", namespace=state.namespace, name=state.service) if state.service else None


def job_described(state: KubernetesState, job: str, name: str = "") -> Described | None:
    """What of the operator runs a job, else what the cluster is made by."""
    manager = state.manager_of(job, name)
    if manager is None:
        return cluster_described(state)
    return Described(kind=manager.kind.lower(), namespace=state.namespace, name=manager.name)
