"""The types of numbers in answers, and the values by which Flink says "unknown".

A number outside its bounds is dropped when the answer is decoded, and counted as drift, so later
calculations can't overflow.
"""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

LONG_MIN = -(2**63)  # a watermark that has not arrived yet
LONG_MAX = 2**63 - 1  # a watermark after the end of the input; a disabled interval

Count = Annotated[int, Meta(ge=0, le=LONG_MAX)]  # a number of things
Unset = Annotated[int, Meta(ge=-1, le=LONG_MAX)]  # bytes, ms or things; -1: not yet, unknown, unlimited
Time = Annotated[int, Meta(ge=-1, le=253_402_300_799_999)]  # ms since 1970, to the year 9999; -1: not yet
Now = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]  # the server's clock (ms since 1970); 0: unknown
MOST_SUBTASKS = 2**15  # Flink's own upper bound of a parallelism
Parallelism = Annotated[int, Meta(ge=-1, le=MOST_SUBTASKS)]  # -1: not decided yet
Index = Annotated[int, Meta(ge=0, lt=MOST_SUBTASKS)]  # the index of a subtask, from 0
Measure = Annotated[float, Meta(ge=-1, le=float(LONG_MAX))]  # with decimals, never NaN; -1: unknown
Id = Annotated[str, Meta(min_length=1)]  # key of an entry, never empty
Figure = Annotated[str, Meta(extra={"figure": True})]  # a number as text; may be NaN, n/a, words

_MOST = 1e100  # sums and squares of smaller numbers stay finite


def known(value: float | None) -> float | None:
    """None for NaN, which Flink sends as text, and for impossible values: infinite or nearly so."""
    return value if value is not None and -_MOST <= value <= _MOST else None


def subtask_index(text: str) -> int | None:
    """The subtask in an id such as `3.busyTimeMsPerSecond`; None for any other text."""
    if not text.isdecimal() or len(text) > len(str(MOST_SUBTASKS)):
        return None
    return int(text) if int(text) < MOST_SUBTASKS else None


def left(whole: int | None, part: int | None) -> int | None:
    """A whole without a part; None if either is not reported or they contradict each other."""
    return None if whole is None or part is None or part > whole else whole - part


def positive(value: int | None) -> int | None:
    """None for -1 (and below), which means not yet or unlimited."""
    return None if value is None or value < 0 else value


class Known(Struct, frozen=True):
    """Floats are None if Flink reports them as unknown."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            # One comparison for all, as it is made for each number of each answer; it fails for NaN.
            if isinstance(value, float) and not -_MOST <= value <= _MOST:
                force_setattr(self, name, None)


class Lasting(Struct, frozen=True, rename="kebab", kw_only=True):
    """Start, end (ms since 1970) and duration (ms); -1: not yet."""

    start_time: Time = -1
    end_time: Time = -1
    duration: Unset = -1


class Located(Struct, frozen=True, kw_only=True):
    """The TaskManager that a task runs on."""

    host: str | None = None  # up to 1.20, without the port in some answers of 1.9
    endpoint: str | None = None  # 1.19+

    @property
    def where(self) -> str:
        """Host and perhaps port; "" before it is deployed."""
        return self.endpoint or self.host or ""
