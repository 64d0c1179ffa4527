"""`[[findings]]` of the config file: what the user has decided about findings of jobs and clusters.

The words are those of `flinktop.judgement`, which settings must not import: a sentence about a wrong line
loads no judgement. A test holds both together.
"""

from dataclasses import dataclass
from typing import Final

from flinktop.allowed import NotAllowed, listed, near, shown

KINDS: Final = (
    "cluster-lost", "job-lost", "job-missing", "taskmanager-lost", "taskmanager-flapping", "no-slots",
    "memory", "failed", "restart-loop", "restarting", "operator-error", "slow-start", "checkpoints-failing",
    "stalled", "bottleneck", "skew", "watermark-stuck", "source-lag", "network-buffers", "record-errors",
    "checkpoint-overdue", "checkpoint-slow", "under-scaled", "state-growing", "no-data", "late-records",
    "catching-up", "checkpoints-off",
)  # fmt: skip
OF_CLUSTER: Final = (
    "cluster-lost",
    "taskmanager-lost",
    "taskmanager-flapping",
    "memory",
    "network-buffers",
)
SEVERITIES: Final = ("critical", "warning", "info")
LIMITS: Final = {
    "checkpoint-overdue": ("times the checkpoint interval", 1.0, 1000.0),
    "memory": ("per cent of the maximum heap", 1.0, 100.0),
    "source-lag": ("seconds of reading", 1.0, 604_800.0),
}
"""Kinds with a limit: its unit, its least and its greatest value."""


@dataclass(frozen=True, slots=True)
class FindingRule:
    """One `[[findings]]`: which findings it is about, and what it says of them; None is a missing key."""

    clusters: tuple[str, ...] | None = None  # names or patterns of names
    jobs: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    severity: str | None = None
    off: bool | None = None
    limit: float | None = None

    @property
    def sentence(self) -> str:
        """What it says, as a line for people."""
        what = f"{listed(self.kinds)}" if self.kinds else "all findings"
        jobs = f" of {listed(self.jobs)}" if self.jobs else ""
        clusters = f" on {listed(self.clusters)}" if self.clusters else ""
        says = {True: "off", False: "on", None: ""}[self.off]
        severity = f"severity {self.severity}" if self.severity else ""
        limit = ""
        if self.limit is not None and self.kinds:
            limit = f"limit {self.limit:g} {LIMITS[self.kinds[0]][0]}"
        return f"{what}{jobs}{clusters}: {', '.join(filter(None, (says, severity, limit)))}"


def kind(text: str) -> str:
    """Check the name of a kind of finding."""
    if text not in KINDS:
        raise NotAllowed(
            f"must be a kind of finding ({', '.join(KINDS)}), not '{shown(text)}'{near(text, KINDS)}"
        )
    return text


def severity(text: str) -> str:
    """Check a severity."""
    if text not in SEVERITIES:
        raise NotAllowed(f"must be {listed(SEVERITIES)}, not '{shown(text)}'{near(text, SEVERITIES)}")
    return text


def limit(value: float, kinds: tuple[str, ...] | None) -> float:
    """Check a limit of one of the kinds that have one."""
    if kinds is None or len(kinds) != 1 or kinds[0] not in LIMITS:
        raise NotAllowed(f"needs one kind beside it that has a limit: {listed(LIMITS)}")
    unit, least, most = LIMITS[kinds[0]]
    if not least <= value <= most:
        raise NotAllowed(
            f"of {kinds[0]} must be from {least:g} to {most:g} ({unit}), not {shown(f'{value:g}')}"
        )
    return float(value)
