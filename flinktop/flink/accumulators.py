"""Accumulators: counters that a job's own code keeps."""

from msgspec import Struct


class UserAccumulator(Struct, frozen=True):
    """An accumulator by name, its Java type and its value as text."""

    name: str = ""
    type: str = ""
    value: str = ""
