"""What the numbers of an answer can be, and those by which Flink says that it does not know.

A number outside its bounds is dropped where the answer is decoded, and counted as drift: nothing that
calculates with it later can overflow.
"""

from math import isfinite
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

LONG_MIN = -(2**63)  # a watermark that has not come yet
LONG_MAX = 2**63 - 1  # a watermark after the end of the input; an interval that is switched off

Count = Annotated[int, Meta(ge=0, le=LONG_MAX)]  # a number of things
Unset = Annotated[int, Meta(ge=-1, le=LONG_MAX)]  # bytes, ms or things; -1: not yet, unknown, unlimited
Time = Annotated[int, Meta(ge=-1, le=253_402_300_799_999)]  # ms since 1970, to the year 9999; -1: not yet
Now = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]  # the server's clock (ms since 1970); 0: unknown
MOST_SUBTASKS = 2**15  # Flink's own upper bound of a parallelism
Parallelism = Annotated[int, Meta(ge=-1, le=MOST_SUBTASKS)]  # -1 is not decided yet
Index = Annotated[int, Meta(ge=0, lt=MOST_SUBTASKS)]  # the number of a subtask, from 0
Measure = Annotated[float, Meta(ge=-1, le=float(LONG_MAX))]  # with decimals, never NaN; -1: unknown
Id = Annotated[str, Meta(min_length=1)]  # what an entry is asked for by: without it nothing can be asked
Figure = Annotated[str, Meta(extra={"figure": True})]  # a number as text; may be NaN, n/a, words

_MOST = 1e100  # sums and squares of what is within stay finite


def known(value: float | None) -> float | None:
    """None for NaN, which Flink sends as text, and for what nothing measures: infinite, or close to it."""
    return None if value is None or not isfinite(value) or abs(value) > _MOST else value


def subtask_index(text: str) -> int | None:
    """The subtask that an id such as `3.busyTimeMsPerSecond` begins with; None for any other text."""
    if not text.isdecimal() or len(text) > len(str(MOST_SUBTASKS)):
        return None
    return int(text) if int(text) < MOST_SUBTASKS else None


def left(whole: int | None, part: int | None) -> int | None:
    """What of a whole is not in a part; None where either is not told, or they can't both be."""
    return None if whole is None or part is None or part > whole else whole - part


def positive(value: int | None) -> int | None:
    """None for -1 (and below), which means not yet or unlimited."""
    return None if value is None or value < 0 else value


class Known(Struct, frozen=True):
    """Its floats are None where Flink says that it does not know them."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, float):
                force_setattr(self, name, known(value))


class Lasting(Struct, frozen=True, rename="kebab", kw_only=True):
    """From when to when (ms since 1970), and for how long (ms); -1 is not yet."""

    start_time: Time = -1
    end_time: Time = -1
    duration: Unset = -1


class Located(Struct, frozen=True, kw_only=True):
    """The TaskManager that a task runs on."""

    host: str | None = None  # up to 1.20, without the port in some answers of 1.9
    endpoint: str | None = None  # 1.19+

    @property
    def where(self) -> str:
        """Host and perhaps port, "" before it has one."""
        return self.endpoint or self.host or ""
