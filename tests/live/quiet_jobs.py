"""Jobs with nothing wrong that look as if there were: what they run on, and what happens to them."""

from dataclasses import dataclass

from tests.live.judged_cases import ADAPTIVE, CASES, PARSE, SMALL, SMALL_BUFFERS, TIMED, WINDOW, WRITE, Scene
from tests.live.statements import sql_words

PATIENT = {
    # A busy machine takes longer than 10 s to start a job, and Flink gives up then.
    "pekko.ask.timeout": "60 s",
    "web.timeout": "60000",
}
ROOMY = Scene(
    "quiet",
    slots=90,
    roomy=True,
    # The state of one job, its copy for a checkpoint and twenty jobs.
    options=("-Xmx3072m",),
    settings={**PATIENT, **SMALL_BUFFERS, "taskmanager.memory.task.heap.size": "2944m"},
)
RESCALED = Scene("quiet adaptive", slots=17, roomy=True, settings={**PATIENT, **SMALL_BUFFERS, **ADAPTIVE})
FEW_SLOTS = Scene("quiet batch", slots=2, settings=PATIENT)
HOSTS = Scene("quiet hosts", slots=4, others=((), ()), settings=PATIENT)
STAGES = (ROOMY, RESCALED, FEW_SLOTS, HOSTS)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A job that has to be quiet: the words of its program, and seconds after which it is submitted."""

    name: str
    words: tuple[str, ...]
    scene: Scene = ROOMY
    at: float = 0.0
    sql: bool = False  # its words are of the jar that runs SQL


def _case(name: str) -> Quiet:
    return Quiet(name, next(one for one in CASES if one.name == name).words)


def _sql(kind: str, name: str, rate: int) -> Quiet:
    words = sql_words(kind, {"name": name, "rate": rate, "checkpoint": 10_000})
    return Quiet(name, tuple(words), RESCALED, sql=True)


def large_state(*conduct: str) -> tuple[str, ...]:
    """A job that keeps every record of 100 kB; how its checkpoints go."""
    keeps = " ".join(("sessions | map by=rebalance state=100000", *conduct))
    return ("--checkpoint", "10000", "orders | source rate=60", keeps, WRITE)


LARGE = 250_000_000
"""Bytes that it keeps at least once it is full."""
SLOW_AT_FIRST = 2  # checkpoints
FILLS = large_state("state-records=1500", "write=30", f"checkpoints=1-{SLOW_AT_FIRST}")
"""It fills up with 300 MB within half a minute, and its first checkpoints take half a minute each."""


def restored(saved: int) -> Quiet:
    """The same job restored from its savepoint of a number: opened and written slowly at first."""
    slow = ("open=30", "write=30", f"checkpoints={saved + 1}-{saved + SLOW_AT_FIRST}")
    return Quiet("large-state-restored", large_state("state-records=0", *slow))


JOBS = (
    _case("steady"),
    _case("idle"),
    _case("quiet-chain"),
    _case("bursts"),
    Quiet("bursts-of-event-time", ("orders | source rate=50 burst=5 rest=75 wm=1", WINDOW, WRITE)),
    _case("bounded-slow-source"),
    Quiet(
        "bounded-chain",
        ("orders | source rate=1000 records=1000000", "parse | map by=chain ms=10", "write | sink"),
    ),
    _case("busy-chain"),
    _case("processing-time"),
    Quiet("idle-source", ("orders | source rate=0 wm=1 idle=5", WINDOW, WRITE)),
    _case("silent-but-idle"),
    Quiet(
        "idle-side-input",
        (
            *(TIMED, "rates | source rate=20 silent=0+1 wm=1 idle=5"),
            *("convert | join from=orders+rates", WINDOW, WRITE),
        ),
    ),
    Quiet(
        "four-partitions",
        ("--parallelism", "8", "orders | source rate=20 splits=4 ms=30", "- | procwindow size=5000", WRITE),
    ),
    Quiet(
        "four-partitions-forward",
        ("--parallelism", "8", "orders | source rate=20 splits=4", "parse | map by=forward ms=30", WRITE),
    ),
    Quiet(
        "four-partitions-idle",
        ("--parallelism", "8", f"{TIMED} splits=4 idle=5", WINDOW, WRITE),
    ),
    _case("bad-savepoint"),
    Quiet("large-state", FILLS),
    Quiet("rescaled", (*SMALL, PARSE, "join users | map"), RESCALED),
    Quiet("warm-up", (*SMALL, PARSE, "join users | map open=30 in=0"), RESCALED),
    Quiet("finishing", ("orders | source rate=20 records=4000", PARSE, WRITE), RESCALED),
    _sql("steady", "sql-windows", 50),
    _sql("processing-time", "sql-processing-time", 50),
    Quiet("wider-than-slots", ("--parallelism", "8", *SMALL, PARSE, WRITE), RESCALED, at=100),
    Quiet(
        "batch-in-turns",
        (
            *("--batch", "1", "--parallelism", "4", "orders | source rate=20 records=3000"),
            *("count | map ms=40", "write | sink by=hash ms=15"),
        ),
        FEW_SLOTS,
    ),
    Quiet(
        "killed",
        ("--parallelism", "4", *SMALL, "parse | map by=forward", "write | sink by=forward"),
        HOSTS,
    ),
)
