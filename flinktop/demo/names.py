"""The demo's scenarios and their descriptions. Imports little: the command line's help reads it."""

from __future__ import annotations

DEFAULT = "mixed"

SHOWS: dict[str, str] = {  # in display order
    "mixed": "a production cluster, with some of everything below",
    "healthy": "healthy jobs only",
    "idle": "a cluster on which nothing runs",
    "backpressure": "a sink that is too slow for its sources",
    "restart-loop": "jobs that fail again and again",
    "failing-checkpoints": "checkpoints that expire or fail",
    "skew": "one subtask that does most of the work",
    "stuck-watermark": "sources whose watermark stands still",
    "many-jobs": "1,000 jobs",
    "wide-job": "a job of 500 vertices and 5,000 subtasks",
}

RELEASES = ("2.3.0", "1.20.5", "1.14.6", "1.9.3")  # Flink releases that the demo can simulate, newest first
