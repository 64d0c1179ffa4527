"""How a job was told to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinktop.facts.rescales import has_rescales
from flinktop.flink.jobmanager import (
    JOB_JOBMANAGER_CONFIG,
    JOB_JOBMANAGER_ENVIRONMENT,
    JOB_JOBMANAGER_LOG_URL,
)
from flinktop.flink.jobs import JOB, JOB_CONFIG
from flinktop.flink.rescale import RESCALE_CONFIG
from flinktop.model import format as fmt
from flinktop.model import redaction
from flinktop.ui.live import RARELY, Panel
from flinktop.ui.panels import cluster_configuration
from flinktop.ui.widgets.one_by_one import each_with_its
from flinktop.ui.widgets.table import Column, LiveTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job, JobConfig
    from flinktop.flink.rescale import RescaleConfig

CLUSTER = {cluster_configuration.CONFIG: "cluster"}
"""What kinds of settings are called here that have another name beside the cluster's own."""


@dataclass(frozen=True, slots=True)
class Item:
    """One setting."""

    name: str
    value: str
    where: str
    """What kind of setting it is."""


def items(job: Job | None, config: JobConfig | None) -> list[Item]:
    """What is known of how a job runs (`/jobs/:jobid`, `…/config`), without what a release does not tell."""
    found: list[Item] = []
    if job is not None:
        told = (
            ("type", job.job_type or job.plan.type),
            ("scheduler", job.scheduler_type),
            ("max parallelism", _number(job.max_parallelism) if job.max_parallelism is not None else None),
        )
        found += [Item(name, value, "job") for name, value in told if value]
    execution = config.execution_config if config is not None else None
    if execution is not None:
        parallelism = execution.job_parallelism
        run = (
            ("default parallelism", "chosen by Flink" if parallelism < 0 else str(parallelism)),
            ("restart strategy", execution.restart_strategy),
            ("object reuse", "on" if execution.object_reuse_mode else "off"),
            ("execution mode", execution.execution_mode),
        )
        found += [Item(name, value, "execution") for name, value in run if value]
        own = sorted(execution.user_config.items())
        found += [Item(name, redaction.setting(name, value), "program") for name, value in own]
        if not own:
            found.append(Item("user configuration", "none: the program has set no parameters", "program"))
    return found


def rescale_items(config: RescaleConfig | None) -> list[Item]:
    """How the adaptive scheduler rescales the job (`…/rescales/config`, 2.3+)."""
    if config is None:
        return []
    times = (
        ("submission wait timeout", config.submission_resource_wait_timeout_in_millis),
        ("submission stabilization", config.submission_resource_stabilization_timeout_in_millis),
        ("slot idle timeout", config.slot_idle_timeout_in_millis),
        ("executing cooldown", config.executing_cooldown_timeout_in_millis),
        ("executing stabilization", config.executing_resource_stabilization_timeout_in_millis),
        ("maximum delay", config.maximum_delay_for_triggering_rescale_in_millis),
    )
    return [
        Item("history size", _number(config.rescale_history_max), "rescale"),
        Item("scheduler mode", config.scheduler_execution_mode or fmt.ABSENT, "rescale"),
        *(
            Item(name, fmt.exact(value) if value is not None else fmt.ABSENT, "rescale")
            for name, value in times
        ),
        Item("failed checkpoints", _number(config.rescale_on_failed_checkpoint_count), "rescale"),
    ]


def _number(value: int | None) -> str:
    """A setting that is a number; Flink writes -1 for one that is not set."""
    if value is None:
        return fmt.ABSENT
    return "not set" if value < 0 else str(value)


class JobConfiguration(Panel):
    """The settings of a job, and the arguments that its program declared."""

    BOX = "Configuration"
    DEFAULT_CSS = "JobConfiguration { height: 1fr; } JobConfiguration LiveTable { height: 1fr; }"

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job

    def compose(self) -> ComposeResult:
        """One table."""
        ascii_only = self.app.settings.ascii
        yield LiveTable(
            [
                Column(
                    "where", "SCOPE", 10, lambda item: (item.where, "muted"), sort=lambda item: item.where
                ),
                Column(
                    "name", "SETTING", 24, lambda item: (item.name, "strong"), sort=lambda item: item.name
                ),
                Column(
                    "value",
                    "VALUE",
                    20,
                    lambda item: (item.value, ""),
                    sort=lambda item: item.value,
                    flex=True,
                ),
            ],
            row_key=lambda item: f"{item.where} {item.name}",
            empty="loading configuration…",
            ascii=ascii_only,
        )

    def on_mount(self) -> None:
        """It hardly ever changes."""
        self.watch_query("configuration", JOB_CONFIG(job=self._job), self._news, every=RARELY)
        self.watch_query("job", JOB(job=self._job), self._news)
        if self._keeps_cluster:
            for slot, query in self._of_cluster.items():
                self.watch_query(slot, query, self._news, every=RARELY)
        super().on_mount()

    @property
    def _keeps_cluster(self) -> bool:
        """Whether the cluster that the job ran on is told with the job: by a HistoryServer, from 1.16 on."""
        return self.port.features.history_server and self.port.features.has(1, 16)

    @property
    def _of_cluster(self) -> dict[str, Query[Any]]:
        return {
            "cluster": JOB_JOBMANAGER_CONFIG(job=self._job),
            "environment": JOB_JOBMANAGER_ENVIRONMENT(job=self._job),
            "log": JOB_JOBMANAGER_LOG_URL(job=self._job),
        }

    def _cluster_items(self) -> list[Item]:
        """What is kept of the cluster: its configuration, its JVM, where its log lies if that was set up."""
        if not self._keeps_cluster:
            return []
        readings = {slot: self.port.reading(query) for slot, query in self._of_cluster.items()}
        settings, environment, log = (
            reading.value if reading is not None else None for reading in readings.values()
        )
        found = cluster_configuration.items(settings or (), environment)
        rows = [Item(one.name, one.value, CLUSTER.get(one.where, one.where)) for one in found]
        if log is not None and log.url:
            rows.append(Item("JobManager's log", log.url, "cluster"))
        return rows

    def _news(self, reading: Reading[Any]) -> None:
        job = self.port.reading(JOB(job=self._job))
        if job is not None and job.value is not None and has_rescales(self.port, job.value):
            self.watch_query("rescales", RESCALE_CONFIG(job=self._job), self._news, every=RARELY)
        rescales = self.port.reading(RESCALE_CONFIG(job=self._job))
        config = self.port.reading(JOB_CONFIG(job=self._job))
        table: LiveTable[Item] = self.query_one(LiveTable)
        made: dict[str, Callable[[], list[Item]]] = {
            "job": lambda: items(job.value if job is not None else None, None),
            "execution": lambda: items(None, config.value if config is not None else None),
            "rescale": lambda: rescale_items(rescales.value if rescales is not None else None),
            "cluster": self._cluster_items,
        }
        found = each_with_its(made, lambda kind: made[kind](), key=str)
        if not found and reading.error is not None:
            table.set_empty(reading.error.reason)
        table.set_rows(found)
