"""The jobs that are recorded for the judgement: what each is made to do, where it runs, when it is looked at.

What the judgement has to say of them stands in tests/judgement/labels.toml.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.live.record_cases import Act

V1_9, V1_14, V1_20, V2_3 = RELEASES = ("1.9.3", "1.14.6", "1.20.5", "2.3.0")
MODERN = (V1_14, V1_20, V2_3)
NEW = (V1_20, V2_3)

Step = tuple[float, Callable[["Act"], None]]
"""Seconds since the job was submitted, and what happens then."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A cluster that cases share, side by side: cases that disturb each other have scenes of their own."""

    name: str
    slots: int = 8
    options: tuple[str, ...] = ()  # JVM options of the TaskManager
    others: tuple[tuple[str, ...], ...] = ()  # those of further TaskManagers
    settings: dict[str, str] = field(default_factory=dict)
    roomy: bool = False  # with memory for dozens of jobs
    before: tuple[str, ...] = ()  # a job that runs when the cases begin, and is none


@dataclass(frozen=True, slots=True)
class Case:
    """One job that is recorded: `words` are the arguments of its program."""

    name: str
    words: tuple[str, ...]
    releases: tuple[str, ...] = RELEASES
    scene: str = "flow"
    first: float = 65  # seconds since the job was submitted; before it, figures are means over too little
    looks: int = 9
    every: float = 10
    steps: tuple[Step, ...] = ()


SMALL_BUFFERS = {
    # A queue fills within seconds, and a barrier is through it as soon.
    "taskmanager.network.memory.floating-buffers-per-gate": "2",
}
ADAPTIVE = {"jobmanager.scheduler": "adaptive"}
QUICK_HEARTBEAT = {"heartbeat.interval": "2000", "heartbeat.timeout": "10000"}
FEW_BUFFERS = {"taskmanager.memory.network.min": "4300k", "taskmanager.memory.network.max": "4300k"}
"""134 buffers."""

SCENES = (
    Scene("flow", slots=60, roomy=True, settings=SMALL_BUFFERS),
    Scene("faults", slots=60, roomy=True, settings=SMALL_BUFFERS),
    Scene("times", slots=60, roomy=True, settings=SMALL_BUFFERS),
    Scene("two hosts", slots=2, others=(("-Djudged.host=slow",),), settings=SMALL_BUFFERS),
    Scene("spare", slots=1, others=((),)),
    Scene("no spare", slots=2),
    Scene("idle host", slots=2, others=((),)),
    Scene("few slots", slots=2),
    Scene("taken slots", slots=2, settings=ADAPTIVE, before=("orders | source rate=5", "write | sink")),
    Scene("adaptive", slots=12, settings=ADAPTIVE, roomy=True),
    Scene("adaptive, few slots", slots=2, settings=ADAPTIVE),
    Scene("adaptive, more slots later", slots=2, settings=ADAPTIVE),
    Scene("adaptive, asked for less", slots=2, settings=ADAPTIVE),
    Scene("long", slots=30, roomy=True),
    Scene("flapping", slots=1, settings=QUICK_HEARTBEAT),
    Scene("three lost", slots=1, settings=QUICK_HEARTBEAT, others=((), (), ())),
    Scene("two lost", slots=1, settings=QUICK_HEARTBEAT, others=((), ())),
    Scene("idle lost", slots=1, settings=QUICK_HEARTBEAT, others=((), (), ())),
    Scene("buffers missing", settings=FEW_BUFFERS),
    Scene("buffers overbooked", settings=FEW_BUFFERS),
    Scene("buffers booked", settings=FEW_BUFFERS),
    Scene("jobmanager killed", slots=2),
    Scene("jobmanager asleep", slots=2),
    Scene("jobmanager stutters", slots=2),
    Scene("jobmanager restarted", slots=2),
    Scene("jobmanager restarted job again", slots=2),
    Scene("forgotten", slots=4, settings={"jobstore.expiration-time": "5"}),
    Scene("batch", slots=2),
    Scene("full heap", slots=2),
    # A young generation of almost the whole heap, which takes half a minute to fill.
    Scene("garbage", slots=2, options=("-XX:+UseSerialGC", "-Xmn352m", "-XX:SurvivorRatio=20")),
)


def flow(*words: str, rate: int = 200, checkpoint: int = 30_000) -> tuple[str, ...]:
    """A source of so many records a second for each subtask, and the stages after it."""
    return ("--checkpoint", str(checkpoint), f"orders | source rate={rate}", *words)


PARSE = "parse | map by=rebalance"
WRITE = "write | sink by=rebalance"


def cancel(act: "Act") -> None:
    act.cancel()


def bad_savepoint(act: "Act") -> None:
    act.bad_savepoint()


def kill(act: "Act") -> None:
    act.kill_taskmanager()


def stop_idle(act: "Act") -> None:
    act.stop_idle_taskmanager()


def rescale(act: "Act") -> None:
    act.rescale(4)


def lower(act: "Act") -> None:
    act.rescale(2)


def run_another(act: "Act") -> None:
    act.submit((*flow(PARSE, WRITE, rate=20),))


def again(act: "Act") -> None:
    act.submit_again()


def short_ones(act: "Act") -> None:
    """Two jobs that end soon, one of them by itself."""
    act.submit(("orders | source rate=20 records=600", PARSE), "finishes")
    act.submit(("orders | source rate=20", PARSE), "is canceled")


def kill_idle(act: "Act") -> None:
    act.kill_idle_taskmanager()


def start_taskmanager(act: "Act") -> None:
    act.start_taskmanager()


def kill_jobmanager(act: "Act") -> None:
    act.kill_jobmanager()


def start_jobmanager(act: "Act") -> None:
    act.start_jobmanager()


def sleep(act: "Act") -> None:
    act.stop_jobmanager()


def wake(act: "Act") -> None:
    act.wake_jobmanager()


FLOW = (
    Case("steady", flow(PARSE, "join users | map", WRITE, rate=50)),
    Case("slow-vertex", flow(PARSE, "join users | map ms=10", WRITE)),
    Case("blocking-sink", flow(PARSE, "write | sink by=hash ms=10"), (V1_14, V2_3)),
    Case("two-slow", flow("parse | map by=rebalance ms=6", "join users | map ms=10", WRITE), NEW),
    Case(
        "slow-branch",
        flow(
            "rates | source rate=20",
            "lookup | map from=orders ms=10",
            "convert | join from=lookup+rates",
        ),
        (V1_14, V2_3),
    ),
    Case(
        "diamond",
        flow(
            "cards | map by=rebalance",
            "transfers | map from=orders ms=10",
            "merge | map from=cards+transfers",
        ),
        (V1_20, V2_3),
    ),
    Case(
        "hot-key",
        ("--parallelism", "3", "orders | source rate=150 hot=0.6", "count | map ms=8", WRITE),
        MODERN,
    ),
    Case(
        "expensive-keys",
        ("--parallelism", "3", "orders | source rate=100", "enrich | map ms=20 in=1", WRITE),
        (V1_14, V2_3),
    ),
    Case(
        "uneven-but-idle",
        ("--parallelism", "3", "orders | source rate=30 hot=0.6", "count | map ms=1", WRITE),
        (V1_20,),
    ),
    Case("stalled-one", flow("enrich | map hang=10 in=1", WRITE, rate=100), NEW, looks=11),
    Case("stalled-all", flow(PARSE, "write | sink by=hash hang=10", rate=100), (V1_14, V2_3), looks=11),
    Case("busy-chain", flow("parse | map by=chain ms=10", "write | sink"), RELEASES),
    Case("steady-chain", flow("parse | map by=chain", "write | sink", rate=20), (V1_20, V2_3)),
    Case(
        "bursts",
        ("--checkpoint", "30000", "orders | source rate=300 burst=8 rest=22", "enrich | map ms=5", WRITE),
        MODERN,
    ),
    Case(
        "bounded-slow-source",
        ("orders | source rate=1000 records=1000000 ms=10", PARSE, WRITE),
        (V1_9, V1_20, V2_3),
    ),
    Case(
        "catching-up",
        ("orders | source rate=400 grow=50 backlog=120000", PARSE, WRITE),
        NEW,
        looks=15,
    ),
    Case(
        "catching-up-busy",
        ("orders | source rate=1000 grow=100 backlog=60000", "enrich | map ms=5", WRITE),
        (V2_3,),
        looks=15,
    ),
    Case("source-lag", ("orders | source rate=1000 grow=300 ms=10", PARSE, WRITE), NEW, looks=15),
    Case("half-asleep", flow("enrich | map ms=10", WRITE, rate=70), MODERN),
    Case("barriers-delayed", flow(PARSE, "enrich | map ms=60", WRITE, checkpoint=10_000), (V1_14, V1_20)),
    Case("idle", ("orders | source rate=0", PARSE, WRITE), (V1_9, V2_3), first=70, looks=8),
    Case("quiet-chain", ("orders | source rate=0", "parse | map by=chain", "write | sink"), (V1_20,)),
    Case(
        "slow-start",
        flow(PARSE, "join users | map open=240 in=1", WRITE, rate=20),
        (V1_14, V2_3),
        first=100,
        looks=8,
    ),
    Case("warm-up", flow(PARSE, "join users | map open=30 in=0", rate=20), (V1_14, V1_20), first=5, looks=13),
    Case(
        "state-growing",
        ("--checkpoint", "8000", "orders | source rate=20", "sessions | map state=20000"),
        NEW,
        first=100,
        looks=6,
    ),
)

LOOP = ("--delay", "2000")
SMALL = ("--checkpoint", "10000", "orders | source rate=20")

FAULTS = (
    Case(
        "restart-loop",
        (*LOOP, *SMALL, "parse | map fail=20 in=1 what=number", WRITE),
        scene="faults",
        first=5,
        looks=12,
    ),
    Case(
        "loop-of-two-causes",
        (
            *LOOP,
            *SMALL,
            "parse | map fail=10 in=1 what=io attempts=0",
            "join users | map fail=15 what=number attempts=1-999 in=0",
        ),
        MODERN,
        "faults",
        first=5,
        looks=11,
    ),
    Case(
        "loop-at-once",
        ("--delay", "6000", "orders | source rate=20", PARSE, "join users | map fail=0 in=1"),
        (V1_9, V1_14, V2_3),
        "faults",
        first=5,
        looks=7,
    ),
    Case(
        "restarted-once",
        (*LOOP, *SMALL, PARSE, "join users | map fail=40 in=0 attempts=0"),
        (V1_9, V1_20, V2_3),
        "faults",
        first=25,
    ),
    Case(
        "given-up",
        ("--restarts", "2", "--delay", "3000", *SMALL, "parse | map fail=5 in=1 what=io", WRITE),
        (V1_9, V2_3),
        "faults",
        first=35,
        looks=4,
    ),
    Case(
        "failed-at-once",
        ("--restarts", "0", *SMALL, PARSE, "join users | map fail=5 what=number in=0"),
        (V1_14, V1_20),
        "faults",
        first=15,
        looks=4,
    ),
    Case(
        "failed-and-replaced",
        ("--restarts", "0", *SMALL, PARSE, "write | sink by=hash fail=5"),
        (V1_9, V1_20, V2_3),
        "faults",
        first=8,
        looks=10,
        steps=((20, run_another),),
    ),
    Case(
        "declined",
        ("--tolerate", "1000", *SMALL, "enrich | map decline=1 in=1", WRITE),
        RELEASES,
        "faults",
        first=25,
        looks=8,
    ),
    Case(
        "expired",
        ("--tolerate", "1000", "--timeout", "10000", *SMALL, "enrich | map write=25 in=1", WRITE),
        (V1_9, V1_20, V2_3),
        "faults",
        first=30,
    ),
    Case(
        "not-tolerated",
        (*LOOP, *SMALL, "enrich | map decline=1 in=0", WRITE),
        (V1_14, V2_3),
        "faults",
        first=5,
        looks=10,
    ),
    Case(
        "declined-once",
        (*LOOP, *SMALL, "enrich | map decline=1 in=0 checkpoints=3", WRITE),
        (V1_20,),
        "faults",
        first=20,
    ),
    Case(
        "tolerated-once",
        ("--tolerate", "3", *SMALL, "enrich | map decline=1 in=0 checkpoints=3", WRITE),
        NEW,
        "faults",
        first=25,
    ),
    Case(
        "overdue",
        (*SMALL, "enrich | map write=900 in=0 checkpoints=4-9999", WRITE),
        (V1_9, V1_20, V2_3),
        "faults",
        first=45,
    ),
    Case(
        "slow-checkpoints",
        (*SMALL, "enrich | map write=7 in=1", WRITE),
        (V1_9, V1_20, V2_3),
        "faults",
        first=50,
        looks=6,
    ),
    Case("no-checkpoints", ("--checkpoint", "0", "orders | source rate=20", PARSE), (V1_9, V2_3), "faults"),
    Case(
        "bad-savepoint",
        (*SMALL, PARSE, WRITE),
        (V1_9, V1_14, V2_3),
        "faults",
        first=55,
        steps=((60, bad_savepoint),),
    ),
    Case(
        "finished",
        ("orders | source rate=100 records=500", PARSE, WRITE),
        (V1_14, V2_3),
        "faults",
        first=25,
        looks=3,
    ),
    Case("canceled", (*SMALL, PARSE), (V1_9, V1_20), "faults", first=30, looks=3, steps=((20, cancel),)),
    Case(
        "canceling",
        (*SMALL, "parse | map hang=5 stubborn=70"),
        (V1_14, V1_20),
        "faults",
        first=25,
        looks=5,
        steps=((20, cancel),),
    ),
    Case(
        "record-errors",
        ("orders | source rate=20 errors=20", PARSE, WRITE),
        (V1_20, V2_3),
        "faults",
    ),
    Case("send-errors", (*SMALL, "write | sink by=rebalance errors=20"), (V2_3,), "faults"),
)

TIMED = "orders | source rate=20 wm=1"
WINDOW = "- | window size=5000"

TIMES = (
    Case(
        "state-full",
        ("--checkpoint", "8000", "orders | source rate=20", "sessions | map state=20000 state-records=400"),
        NEW,
        "times",
        first=100,
        looks=6,
    ),
    Case("errors-before", ("orders | source rate=20 errors=20 errors-until=25", PARSE), NEW, "times"),
    Case("windows", (TIMED, WINDOW, WRITE), (V1_14, V2_3), "times"),
    Case("silent-source", (f"{TIMED} silent=1", WINDOW, WRITE), RELEASES, "times"),
    Case("silent-but-idle", (f"{TIMED} silent=1 idle=5", WINDOW, WRITE), MODERN, "times"),
    Case("silent-partition", (f"{TIMED} silent=3 splits=4", WINDOW, WRITE), (V2_3,), "times"),
    Case(
        "renamed-window",
        (f"{TIMED} silent=0", "sum per user | window size=5000", WRITE),
        (V1_14,),
        "times",
    ),
    Case("frozen-clock", (f"{TIMED} frozen=1", WINDOW, WRITE), (V1_9, V1_14, V2_3), "times", looks=11),
    Case("all-frozen", (f"{TIMED} frozen=0+1", WINDOW, WRITE), NEW, "times", looks=11),
    Case("dragging-clock", (f"{TIMED} dragging=1", WINDOW, WRITE), (V1_20,), "times", looks=11),
    Case(
        "no-watermarks",
        ("orders | source rate=20 stamped=1", WINDOW, WRITE),
        NEW,
        "times",
        looks=11,
    ),
    Case(
        "processing-time",
        ("orders | source rate=20", "- | procwindow size=5000", WRITE),
        (V1_9, V2_3),
        "times",
    ),
    Case("late", (f"{TIMED} late=0.1", WINDOW, WRITE), (V1_9, V1_20, V2_3), "times"),
)

OWN = (
    Case(
        "slow-host",
        (
            "--parallelism",
            "4",
            "orders | source rate=100",
            "join users | map ms=20 host=slow",
            "write | sink",
        ),
        (V1_14, V1_20, V2_3),
        "two hosts",
    ),
    Case(
        "two-hosts",
        ("--parallelism", "4", "orders | source rate=100", "join users | map ms=20", "write | sink"),
        (V1_9,),
        "two hosts",
    ),
    Case(
        "killed-with-spare",
        ("--parallelism", "1", *SMALL, "parse | map by=forward", "write | sink by=forward"),
        (V1_14, V1_20, V2_3),
        "spare",
        first=30,
        looks=13,
        steps=((42, kill),),
    ),
    Case(
        "killed-without-spare",
        (*SMALL, PARSE, WRITE),
        (V1_9, V1_14, V2_3),
        "no spare",
        first=30,
        looks=14,
        steps=((42, kill),),
    ),
    Case(
        "idle-host-stopped",
        (*SMALL, PARSE),
        NEW,
        "idle host",
        first=30,
        looks=8,
        steps=((42, stop_idle),),
    ),
    Case(
        "too-few-slots",
        ("--parallelism", "4", *SMALL, PARSE, WRITE),
        RELEASES,
        "few slots",
        first=5,
        looks=7,
    ),
    Case("slots-taken", (*SMALL, PARSE, WRITE), NEW, "taken slots", first=5, looks=7),
    Case(
        "rescaled",
        (*SMALL, PARSE, "join users | map"),
        NEW,
        "adaptive",
        first=30,
        looks=10,
        steps=((42, rescale),),
    ),
    Case(
        "adaptive-loop",
        (*LOOP, *SMALL, "parse | map fail=20 in=1 what=number", WRITE),
        MODERN,
        "adaptive",
        first=5,
        looks=12,
    ),
    Case(
        "batch-in-turns",
        ("--batch", "1", "--parallelism", "4", "orders | source rate=20 records=1200", "count | map", WRITE),
        (V1_14, V2_3),
        "batch",
        first=10,
        looks=8,
    ),
    Case(
        "batch-failed",
        (
            *("--batch", "1", "--restarts", "0", "orders | source rate=20 records=100"),
            "count | map fail=0 in=0 what=number",
        ),
        (V1_9, V1_20),
        "faults",
        first=20,
        looks=4,
    ),
    Case(
        "full-heap",
        ("orders | source rate=5", "cache | map heap=0.94 heap-after=5 by=rebalance"),
        (V1_9, V1_20, V2_3),
        "full heap",
        first=40,
        looks=15,
    ),
    Case(
        "garbage",
        ("orders | source rate=100", "render | map garbage=50 by=rebalance"),
        (V1_14, V2_3),
        "garbage",
        looks=14,
    ),
)


def long(name: str, *stages: str, releases: tuple[str, ...] = (V2_3,), every: float = 30) -> Case:
    """A job that is looked at for over twelve minutes."""
    words = ("--checkpoint", "120000", *stages)
    return Case(name, words, releases, "long", looks=round(720 / every) + 1, every=every)


LONG = (
    long("rests", "orders | source rate=20 burst=80 rest=7200", PARSE, releases=(V1_9, V2_3)),
    long(
        "one-source-rests",
        "rates | source rate=20 burst=80 rest=7200",
        "orders | source rate=20",
        "convert | join from=rates+orders",
        releases=(V1_20, V2_3),
    ),
    long("rests-four-minutes", "orders | source rate=20 burst=30 rest=240", PARSE),
    long("rests-nine-minutes", "orders | source rate=20 burst=80 rest=540", PARSE, releases=(V1_9, V1_20)),
    long("never-sent", "orders | source rate=0", PARSE, releases=(V1_20, V2_3)),
)


def scaled(name: str, scene: str, releases: tuple[str, ...], *steps: Step) -> Case:
    """A job that wants four slots where there are two, looked at for over eleven minutes."""
    words = ("--parallelism", "4", "--checkpoint", "60000", "orders | source rate=20", "parse | map")
    return Case(name, words, releases, scene, looks=24, every=30, steps=steps)


def killed(name: str, *steps: Step, releases: tuple[str, ...] = (V2_3,), looks: int = 17) -> Case:
    """A job whose JobManager something happens to, in a scene of its own, looked at every 10 s."""
    words = (*SMALL, "parse | map by=rebalance")
    return Case(name, words, releases, name.replace("-", " "), first=35, looks=looks, steps=steps)


def expected(name: str, words: tuple[str, ...], releases: tuple[str, ...], *steps: Step) -> Case:
    return Case(name, words, releases, "long", first=35, looks=15, steps=steps)


def buffers(name: str, parallelism: int, *stages: str) -> Case:
    """Stages of so many subtasks, each connected with each of the next."""
    words = ("--parallelism", str(parallelism), "--delay", "15000", "--checkpoint", "20000")
    given = (*words, "orders | source rate=20", *stages)
    return Case(name, given, (V2_3,), name.replace("-", " "), first=5, looks=13)


ONE = ("--parallelism", "1", "--delay", "2000", *SMALL, "parse | map by=forward", "write | sink by=forward")
LOST = (
    Case(
        "flapping",
        ONE,
        (V2_3,),
        "flapping",
        first=30,
        looks=22,
        steps=(
            (42, kill),
            (50, start_taskmanager),
            (97, kill),
            (105, start_taskmanager),
            (152, kill),
            (160, start_taskmanager),
        ),
    ),
    Case(
        "three-lost",
        ONE,
        (V1_14,),
        "three lost",
        first=30,
        looks=17,
        steps=((42, kill), (82, kill), (122, kill)),
    ),
    Case("two-lost", ONE, (V2_3,), "two lost", first=30, looks=14, steps=((42, kill), (82, kill))),
    Case(
        "idle-lost",
        ONE,
        (V2_3,),
        "idle lost",
        first=30,
        looks=15,
        steps=((42, kill_idle), (67, kill_idle), (92, stop_idle)),
    ),
    killed("jobmanager-killed", (60, kill_jobmanager), releases=(V1_9, V2_3)),
    killed("jobmanager-asleep", (61, sleep), (91, wake), looks=13),
    killed(
        "jobmanager-stutters",
        *(step for at in range(60, 180, 30) for step in ((at + 1, sleep), (at + 21, wake))),
        looks=20,
    ),
    killed(
        "jobmanager-restarted",
        (61, kill_jobmanager),
        (66, start_jobmanager),
        releases=(V1_14, V2_3),
        looks=24,
    ),
    killed(
        "jobmanager-restarted-job-again",
        (61, kill_jobmanager),
        (64, start_jobmanager),
        (70, again),
        looks=24,
    ),
    Case(
        "forgotten",
        (*SMALL, PARSE),
        (V2_3,),
        "forgotten",
        first=35,
        looks=14,
        steps=((40, short_ones), (64, cancel)),
    ),
    expected("canceled-for-good", (*SMALL, PARSE), (V1_9, V2_3), (60, cancel)),
    expected("canceled-and-again", (*SMALL, PARSE), (V1_20, V2_3), (60, cancel), (95, again)),
    expected("never-submitted", (*SMALL, PARSE), (V2_3,)),
    expected("failed-for-good", ("--restarts", "0", *SMALL, "parse | map fail=30 in=0 what=io"), (V1_20,)),
)

OTHER = (
    scaled("few-slots", "adaptive, few slots", (V2_3,)),
    scaled("more-slots-later", "adaptive, more slots later", (V2_3,), (280, start_taskmanager)),
    scaled("asked-for-less", "adaptive, asked for less", (V1_20,), (280, lower)),
    replace(buffers("buffers-missing", 8, "parse | map", "join users | map"), looks=8, every=14),
    buffers("buffers-overbooked", 6, "parse | map"),
    buffers("buffers-booked", 5, "parse | map"),
)

CASES = (*FLOW, *FAULTS, *TIMES, *OWN, *LONG, *LOST, *OTHER)
