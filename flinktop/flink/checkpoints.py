"""Checkpoints and savepoints: history, configuration, and triggering them."""

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field
from msgspec.structs import force_setattr

from flinktop.flink.acts import Status, begin
from flinktop.flink.endpoint import SUBTASK_PARTS, Endpoint, fill
from flinktop.flink.numbers import LONG_MAX, Count, Index, Known, Time, Unset, left, positive

if TYPE_CHECKING:
    from flinktop.flink.features import Features
    from flinktop.flink.http import Http

Format = Literal["CANONICAL", "NATIVE"]


class CheckpointCounts(Struct, frozen=True):
    """Numbers of checkpoints since the job's start."""

    restored: Count | None = None
    total: Count | None = None
    in_progress: Count | None = None
    completed: Count | None = None
    failed: Count | None = None


class Spread(Known, frozen=True):
    """Distribution of a number over checkpoints or subtasks; the percentiles from 1.14."""

    min: float | None = None
    max: float | None = None
    avg: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    p999: float | None = None


class CheckpointSummary(Struct, frozen=True):
    """Statistics of completed checkpoints: sizes in bytes, durations in ms."""

    state_size: Spread = Spread()
    checkpointed_size: Spread | None = None  # 1.15+; up to 1.14 `state_size` is the bytes written
    end_to_end_duration: Spread = Spread()
    alignment_buffered: Spread = Spread()  # always 0 from 1.11
    processed_data: Spread | None = None
    persisted_data: Spread | None = None

    @property
    def written(self) -> Spread:
        """Bytes written, also by incremental checkpoints, in any release."""
        return self.checkpointed_size if self.checkpointed_size is not None else self.state_size


class Sized(Struct, frozen=True, kw_only=True):
    """Size (bytes) and duration (ms) of a checkpoint or of a part of one."""

    state_size: Unset | None = None
    checkpointed_size: Unset | None = None  # 1.15+
    end_to_end_duration: Unset = -1

    @property
    def duration(self) -> int | None:
        return positive(self.end_to_end_duration)

    @property
    def written(self) -> int | None:
        """Bytes written; up to 1.14 that is `state_size`."""
        return self.checkpointed_size if self.checkpointed_size is not None else self.state_size


class Measured(Sized, frozen=True):
    """Fields that checkpoints, their vertices and the details share: bytes, ms, subtasks."""

    id: Unset = -1  # always the checkpoint's id
    status: str = ""  # COMPLETED, FAILED, IN_PROGRESS
    latest_ack_timestamp: Time = -1
    alignment_buffered: Unset = -1
    processed_data: Unset | None = None
    persisted_data: Unset | None = None
    num_subtasks: Count | None = None
    num_acknowledged_subtasks: Count | None = None

    @property
    def missing(self) -> int | None:
        """Number of subtasks that have not acknowledged; None if not reported."""
        return left(self.num_subtasks, self.num_acknowledged_subtasks)

    @property
    def acknowledged_at(self) -> int | None:
        """When the latest subtask acknowledged (ms since 1970)."""
        return positive(self.latest_ack_timestamp)

    @property
    def full_size(self) -> int | None:
        """Bytes of the whole state; not reported before 1.15."""
        return self.state_size if self.checkpointed_size is not None else None


class CheckpointVertex(Measured, frozen=True):
    """One vertex's share of a checkpoint."""


class Checkpoint(Measured, frozen=True):
    """One checkpoint or savepoint."""

    new_class: str = field(name="className", default="")
    old_class: str = field(name="@class", default="")
    is_savepoint: bool = False
    savepoint_format: str | None = field(name="savepointFormat", default=None)  # 1.17+
    trigger_timestamp: Time = -1
    checkpoint_type: str | None = None  # 1.12+: CHECKPOINT, UNALIGNED_CHECKPOINT, SAVEPOINT, SYNC_SAVEPOINT
    tasks: dict[str, CheckpointVertex] = {}  # by vertex; filled by CHECKPOINT only
    external_path: str | None = None
    discarded: bool = False
    failure_timestamp: Time | None = None
    failure_message: str | None = None

    @property
    def kind(self) -> str:
        """completed, failed or in_progress (`className` from 1.15, `@class` before)."""
        return self.new_class or self.old_class or self.status.lower()


class Restored(Struct, frozen=True):
    """The checkpoint or savepoint that the job was restored from."""

    id: Unset = -1
    restore_timestamp: Time = -1
    is_savepoint: bool = False
    external_path: str | None = None


class LatestCheckpoints(Struct, frozen=True):
    """The newest checkpoint of each kind; None if there is none."""

    completed: Checkpoint | None = None
    savepoint: Checkpoint | None = None
    failed: Checkpoint | None = None
    restored: Restored | None = None


class CheckpointStats(Struct, frozen=True):
    """GET /jobs/:jobid/checkpoints. A job without checkpoints is a 404, which is no error."""

    counts: CheckpointCounts = CheckpointCounts()
    summary: CheckpointSummary = CheckpointSummary()
    latest: LatestCheckpoints = LatestCheckpoints()
    history: tuple[Checkpoint, ...] = ()  # newest first, at most `web.checkpoints.history` (10)


class Externalization(Struct, frozen=True):
    """Whether checkpoints are kept after the job ends."""

    enabled: bool = False
    delete_on_cancellation: bool = False


class CheckpointConfig(Struct, frozen=True):
    """GET /jobs/:jobid/checkpoints/config; times in ms."""

    mode: str = ""  # exactly_once or at_least_once
    interval: Unset | None = None  # None: no periodic checkpoints
    timeout: Unset | None = None
    min_pause: Unset | None = None
    max_concurrent: Unset | None = None
    externalization: Externalization = Externalization()
    state_backend: str | None = None  # 1.10+
    unaligned_checkpoints: bool | None = None  # 1.12+
    tolerable_failed_checkpoints: Unset | None = None
    checkpoint_storage: str | None = None  # 1.13+
    aligned_checkpoint_timeout: Unset | None = None  # 1.14+
    checkpoints_after_tasks_finish: bool | None = None
    state_changelog_enabled: bool | None = None  # 1.16+
    changelog_periodic_materialization_interval: Unset | None = None
    changelog_storage: str | None = None

    def __post_init__(self) -> None:
        if self.interval is not None and not 0 < self.interval < LONG_MAX:
            force_setattr(self, "interval", None)


class Phases(Struct, frozen=True):
    """Milliseconds in the two phases of a snapshot."""

    sync: Unset = -1
    async_: Unset = field(name="async", default=-1)


class PhasesSpread(Struct, frozen=True):
    """The phases of all subtasks."""

    sync: Spread = Spread()
    async_: Spread = field(name="async", default=Spread())


class Alignment(Struct, frozen=True):
    """Bytes and ms of alignment: waiting for the slowest barrier."""

    buffered: Unset = -1
    duration: Unset = -1
    processed: Unset | None = None
    persisted: Unset | None = None


class AlignmentSpread(Struct, frozen=True):
    """The alignment of all subtasks."""

    buffered: Spread = Spread()
    duration: Spread = Spread()
    processed: Spread | None = None
    persisted: Spread | None = None


class SubtasksSummary(Struct, frozen=True):
    """One vertex's share of a checkpoint, summarized over its subtasks."""

    state_size: Spread = Spread()
    checkpointed_size: Spread | None = None
    end_to_end_duration: Spread = Spread()
    checkpoint_duration: PhasesSpread = PhasesSpread()
    alignment: AlignmentSpread = AlignmentSpread()
    start_delay: Spread | None = None  # 1.11+


class CheckpointSubtask(Sized, frozen=True):
    """One subtask's share; only `index` and `status` while it is pending or after it failed."""

    index: Index
    status: str = ""  # completed or pending_or_failed
    ack_timestamp: Time = -1
    checkpoint: Phases = Phases()
    alignment: Alignment = Alignment()
    start_delay: Unset | None = None
    unaligned_checkpoint: bool | None = None
    aborted: bool | None = None


class CheckpointSubtasks(Measured, frozen=True):
    """GET …/checkpoints/details/:checkpointid/subtasks/:vertexid."""

    summary: SubtasksSummary | None = None
    subtasks: tuple[CheckpointSubtask, ...] = ()


def _brief(stats: CheckpointStats) -> CheckpointStats:
    """The newest completed checkpoint: enough for one line."""
    done = stats.latest.completed
    if done is None:
        return CheckpointStats()
    newest = Checkpoint(
        id=done.id,
        status=done.status,
        latest_ack_timestamp=done.latest_ack_timestamp,
        end_to_end_duration=done.end_to_end_duration,
        state_size=done.state_size,
    )
    return CheckpointStats(latest=LatestCheckpoints(completed=newest))


CHECKPOINTS = Endpoint("jobs/{job}/checkpoints", CheckpointStats, every=3, brief=_brief)
CHECKPOINT_CONFIG = Endpoint(
    "jobs/{job}/checkpoints/config",
    CheckpointConfig,
    every=3,
    brief=lambda config: CheckpointConfig(interval=config.interval),
)
CHECKPOINT = Endpoint("jobs/{job}/checkpoints/details/{checkpoint}", Checkpoint, every=3)
CHECKPOINT_SUBTASKS = Endpoint(
    "jobs/{job}/checkpoints/details/{checkpoint}/subtasks/{vertex}",
    CheckpointSubtasks,
    every=3,
    most_parts=SUBTASK_PARTS,
)
SAVEPOINT_STATUS = Endpoint("jobs/{job}/savepoints/{trigger}", Status)
CHECKPOINT_STATUS = Endpoint("jobs/{job}/checkpoints/{trigger}", Status, since=(1, 17))
DISPOSAL_STATUS = Endpoint("savepoint-disposal/{trigger}", Status)


async def trigger_savepoint(
    http: "Http",
    features: "Features",
    job: str,
    *,
    directory: str | None = None,
    cancel: bool = False,
    form: Format | None = None,
    trigger: str | None = None,
) -> str:
    """POST /jobs/:jobid/savepoints; returns the trigger id to follow with SAVEPOINT_STATUS.

    Without a directory, `state.savepoints.dir` of the cluster is used (neither is a 400). `form` and
    `trigger` (an id of 32 hex digits chosen by the caller) are left out before 1.15. Sending the same
    trigger again makes no second savepoint.
    """
    # cancel-job is mandatory up to 1.12, and accepted by every release.
    body = (
        {"cancel-job": cancel}
        | _not_none({"target-directory": directory})
        | _since_1_15(features, form, trigger)
    )
    return await begin(http, "POST", fill("jobs/{job}/savepoints", job=job), json=body)


async def stop(
    http: "Http",
    features: "Features",
    job: str,
    *,
    directory: str | None = None,
    drain: bool = False,
    form: Format | None = None,
    trigger: str | None = None,
) -> str:
    """POST /jobs/:jobid/stop: stop with a savepoint; returns the trigger id for SAVEPOINT_STATUS.

    The job ends FINISHED; if the savepoint fails, it keeps RUNNING. `drain` first advances the watermark
    to its maximum. For the rest see `trigger_savepoint`.
    """
    # drain is mandatory up to 1.12, and accepted by every release.
    body = {"drain": drain} | _not_none({"targetDirectory": directory}) | _since_1_15(features, form, trigger)
    return await begin(http, "POST", fill("jobs/{job}/stop", job=job), json=body)


async def trigger_checkpoint(
    http: "Http",
    features: "Features",
    job: str,
    *,
    kind: Literal["CONFIGURED", "FULL"] = "CONFIGURED",
    trigger: str | None = None,
) -> str:
    """POST /jobs/:jobid/checkpoints (1.17+); returns the trigger id to follow with CHECKPOINT_STATUS."""
    body = {"checkpointType": kind} | _since_1_15(features, None, trigger)
    return await begin(http, "POST", fill("jobs/{job}/checkpoints", job=job), json=body)


async def dispose_savepoint(http: "Http", path: str) -> str:
    """POST /savepoint-disposal: delete a savepoint's files; returns the trigger id for DISPOSAL_STATUS."""
    return await begin(http, "POST", "savepoint-disposal", json={"savepoint-path": path})


def _not_none(fields: dict[str, str | None]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _since_1_15(features: "Features", form: str | None, trigger: str | None) -> dict[str, Any]:
    """Fields that releases before 1.15 reject with a 400."""
    return _not_none({"formatType": form, "triggerId": trigger}) if features.has(1, 15) else {}
