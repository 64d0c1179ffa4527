"""Vertices and their subtasks."""

from msgspec import Struct
from msgspec.structs import force_setattr

from flinktop.flink.numbers import known


class IoMetrics(Struct, frozen=True, rename="kebab"):
    """Totals of a vertex or subtask; a total whose `…_complete` is false is not known yet."""

    read_bytes: int = 0
    read_bytes_complete: bool = False
    write_bytes: int = 0
    write_bytes_complete: bool = False
    read_records: int = 0
    read_records_complete: bool = False
    write_records: int = 0
    write_records_complete: bool = False
    accumulated_backpressured_time: float | None = None
    """Milliseconds over all subtasks, 1.16+."""
    accumulated_idle_time: float | None = None
    accumulated_busy_time: float | None = None
    """NaN of legacy sources is None."""

    def __post_init__(self) -> None:
        for name in ("accumulated_backpressured_time", "accumulated_idle_time", "accumulated_busy_time"):
            force_setattr(self, name, known(getattr(self, name)))
