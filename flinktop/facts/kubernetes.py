"""What Kubernetes says of a cluster, in words. They are in model, since judgement needs the same."""

from __future__ import annotations

from flinktop.model.kubernetes_words import (
    SHORT_NAMES,
    STARTING,
    ago,
    ended,
    exit_code,
    is_counted,
    is_out_of_memory,
    lifecycle,
    managed,
    operator_error,
    operator_line,
    pending,
    pod_line,
    pods_line,
    short_end,
    status,
)

__all__ = [
    "SHORT_NAMES",
    "STARTING",
    "ago",
    "ended",
    "exit_code",
    "is_counted",
    "is_out_of_memory",
    "lifecycle",
    "managed",
    "operator_error",
    "operator_line",
    "pending",
    "pod_line",
    "pods_line",
    "short_end",
    "status",
]
