"""The configuration of the cluster and its JVM, and of a job."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from flinktop.facts.freshness import missing_words
from flinktop.facts.jobs import is_gone, known_job
from flinktop.facts.timeline import has_rescales
from flinktop.flink.jobmanager import (
    JOB_JOBMANAGER_CONFIG,
    JOB_JOBMANAGER_ENVIRONMENT,
    JOB_JOBMANAGER_LOG_URL,
    JOBMANAGER_CONFIG,
    JOBMANAGER_ENVIRONMENT,
)
from flinktop.flink.jobs import JOB, JOB_CONFIG
from flinktop.flink.rescale import RESCALE_CONFIG
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.model import redaction
from flinktop.ui.live import RARELY, Asks
from flinktop.ui.panels.columns import text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.guarded_rows import make_row_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flinktop.engine.journal.event import KnownJob
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobmanager import Environment, Setting
    from flinktop.flink.jobs import Job, JobConfig
    from flinktop.flink.rescale import RescaleConfig
    from flinktop.ui.panels.parts import Part


RECORDED = "recorded"
CONFIG, JVM, OPTION, CLASS_PATH, VARIABLE = "config", "JVM", "JVM option", "class path", "environment"
DIRECTORIES = ("PWD", "OLDPWD")  # variables that are no passwords, whatever their names contain
CLUSTER = {CONFIG: "cluster"}
"""Names of kinds of settings next to a job's own settings."""
_WHERE, _NAME, _VALUE = attrgetter("where"), attrgetter("name"), attrgetter("value")


class Item(Struct, frozen=True):
    """One setting."""

    where: str  # the kind of setting
    name: str
    value: str

    @property
    def key(self) -> str:
        return f"{self.where} {self.name}"


def cluster_items(settings: Iterable[Setting], environment: Environment | None) -> list[Item]:
    """The settings in `/jobmanager/config` and `/jobmanager/environment` (1.16+), without secrets.

    Flink itself sends secrets that it knows by name as ******.
    """
    found = [_item(CONFIG, one) for one in sorted(settings, key=lambda one: one.key)]
    if environment is None:
        return found
    jvm = environment.jvm
    found += [Item(JVM, "version", jvm.version), Item(JVM, "architecture", jvm.arch)]
    found += [Item(OPTION, str(at), option) for at, option in enumerate(redaction.words(jvm.options), 1)]
    found += [Item(CLASS_PATH, str(at), entry) for at, entry in enumerate(environment.classpath, 1)]
    return found + [_item(VARIABLE, one) for one in environment.environment or ()]


def _item(where: str, one: Setting) -> Item:
    value = one.value or ""
    is_path = where == VARIABLE and one.key in DIRECTORIES
    return Item(where, one.key, value if is_path else redaction.setting(one.key, value))


class ClusterConfiguration(TablePanel[Item]):
    """Settings, JVM, its options, the class path; the filter searches name, value and kind."""

    ENDPOINT = JOBMANAGER_CONFIG
    BOX = "Configuration"
    LOADING = "loading configuration…"
    TABLE = "configuration"
    MISSING = "configuration of a JobManager"
    EVERY = RARELY
    COLUMNS = (
        text("scope", "SCOPE", 11, _WHERE, tone="muted", sort=_WHERE, drop=1),
        text("setting", "SETTING", 30, _NAME, tone="strong", sort=_NAME, flex=True),
        text("value", "VALUE", 20, _VALUE, blank="", sort=_VALUE, flex=True),
    )

    _made_of: object = None  # the answers that the rows were made of: searching for secrets takes a while

    def asks(self) -> Asks:
        lacks = self.missing or missing_words(self.port, JOBMANAGER_ENVIRONMENT, "an environment")
        return super().asks() | ({} if lacks else {JOBMANAGER_ENVIRONMENT(): RARELY})

    def value_here(self) -> str | None:
        row = self.table.cursor_row
        return row.value if row is not None else None

    def rows(self) -> Sequence[Item] | None:
        facts, known = self.port.value(JOBMANAGER_ENVIRONMENT()), self.answer
        if known is None or (known, facts) == self._made_of:
            return None
        self._made_of = (known, facts)
        made: dict[str, Callable[[], list[Item]]] = {
            CONFIG: lambda: cluster_items(known, None),
            JVM: lambda: cluster_items((), facts),
        }
        return make_row_groups(made, lambda kind: made[kind](), key=str)

    def words(self) -> Sequence[list[Part]]:
        absent = missing_words(self.port, JOBMANAGER_ENVIRONMENT, "the JVM's options and the class path")
        return [[(absent, "muted")]] if absent and self.answer is not None else []


def items(job: Job | None, config: JobConfig | None) -> list[Item]:
    """The known settings of a job (`/jobs/:jobid`, `…/config`), except those that a release lacks."""
    found: list[Item] = []
    if job is not None:
        facts = (
            ("type", job.job_type or job.plan.type),
            ("scheduler", job.scheduler_type),
            ("max parallelism", _number(job.max_parallelism) if job.max_parallelism is not None else None),
        )
        found += [Item("job", name, value) for name, value in facts if value]
    execution = config.execution_config if config is not None else None
    if execution is not None:
        parallelism = execution.job_parallelism
        run = (
            ("default parallelism", "chosen by Flink" if parallelism < 0 else str(parallelism)),
            ("restart strategy", execution.restart_strategy),
            ("object reuse", "on" if execution.object_reuse_mode else "off"),
            ("execution mode", execution.execution_mode),
        )
        found += [Item("execution", name, value) for name, value in run if value]
        own = sorted(execution.user_config.items())
        found += [Item("program", name, redaction.setting(name, value)) for name, value in own]
        if not own:
            found.append(Item("program", "user configuration", "none: the program has set no parameters"))
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
    settings = (
        ("history size", _number(config.rescale_history_max)),
        ("scheduler mode", config.scheduler_execution_mode or fmt.ABSENT),
        *((name, fmt.exact(value) if value is not None else fmt.ABSENT) for name, value in times),
        ("failed checkpoints", _number(config.rescale_on_failed_checkpoint_count)),
    )
    return [Item("rescale", *setting) for setting in settings]


def _number(value: int | None) -> str:
    """A numeric setting; Flink writes -1 for one that is not set."""
    if value is None:
        return fmt.ABSENT
    return "not set" if value < 0 else str(value)


class JobConfiguration(TablePanel[Item]):
    """The settings of a job, and the arguments that its program declared."""

    BOX = "Configuration"
    TABLE = "job_configuration"
    LOADING = "loading configuration…"
    COLUMNS = (
        text("scope", "SCOPE", 10, _WHERE, tone="muted", sort=_WHERE),
        text("setting", "SETTING", 24, _NAME, tone="strong", sort=_NAME),
        text("value", "VALUE", 20, _VALUE, blank="", sort=_VALUE, flex=True),
    )
    _program: tuple[JobConfig | None, Sequence[Item]] = (None, ())
    """An answer, and the rows that were made of it: searching for secrets takes a while."""

    def asks(self) -> Asks:
        asks: Asks = {JOB_CONFIG(job=self.job): RARELY, JOB(job=self.job): 0.0}
        job = self.port.value(JOB(job=self.job))
        if job is not None and has_rescales(self.port, job):
            asks[RESCALE_CONFIG(job=self.job)] = RARELY
        return asks | dict.fromkeys(self._of_cluster, RARELY)

    @property
    def _of_cluster(self) -> tuple[Query[Any], ...]:
        """The queries for the cluster that the job ran on, kept by a HistoryServer (1.16+)."""
        if not (self.port.features.history_server and self.port.features.has(1, 16)):
            return ()
        kept = (JOB_JOBMANAGER_CONFIG, JOB_JOBMANAGER_ENVIRONMENT, JOB_JOBMANAGER_LOG_URL)
        return tuple(endpoint(job=self.job) for endpoint in kept)

    def _program_items(self) -> Sequence[Item]:
        """What the program has set."""
        config = self.port.value(JOB_CONFIG(job=self.job))
        if config != self._program[0]:
            self._program = config, items(None, config)
        return self._program[1]

    def _remembered(self) -> KnownJob | None:
        """What the journal knows of a job that Flink does not know."""
        return known_job(self.port, self.job) if is_gone(self.port, self.job) else None

    def _recorded_items(self) -> list[Item]:
        """What the journal has of its settings, where Flink has none."""
        known = self._remembered() if self.port.value(JOB_CONFIG(job=self.job)) is None else None
        settings = sorted(known.configuration.items()) if known is not None else ()
        return [Item(RECORDED, clean(name), redaction.setting(name, clean(text))) for name, text in settings]

    def _cluster_items(self) -> list[Item]:
        """The cluster's configuration, its JVM, and the link to its log if that was set up."""
        if not self._of_cluster:
            return []
        settings, environment, log = map(self.port.value, self._of_cluster)
        found = cluster_items(settings or (), environment)
        rows = [Item(CLUSTER.get(one.where, one.where), one.name, one.value) for one in found]
        if log is not None and log.url:
            rows.append(Item("cluster", "JobManager's log", log.url))
        return rows

    def rows(self) -> Sequence[Item]:
        made: dict[str, Callable[[], Sequence[Item]]] = {
            RECORDED: self._recorded_items,
            "job": lambda: items(self.port.value(JOB(job=self.job)), None),
            "execution": self._program_items,
            "rescale": lambda: rescale_items(self.port.value(RESCALE_CONFIG(job=self.job))),
            "cluster": self._cluster_items,
        }
        return make_row_groups(made, lambda kind: made[kind](), key=str)

    def words(self) -> Sequence[list[Part]]:
        known = self._remembered()
        if known is None or not known.configuration:
            return []
        return [[(f"as flinktop recorded it when the job was last seen, {self.near(known.seen)}", "muted")]]

    def empty(self) -> str:
        errors = [one.error for one in map(self.port.reading, self.asks()) if one is not None and one.error]
        return errors[0].reason if errors else self.LOADING
