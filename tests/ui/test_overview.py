"""The overview, as a person sees and drives it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.engine.judge import Judged
from flinktop.flink.jobs import JOB
from flinktop.judgement.finding import Kind, Severity
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.judged import finding, say, verdict
from tests.ui.matrix import EVERY_SIZE, RELEASES, SIZES


@pytest.mark.deep
@pytest.mark.parametrize("release", RELEASES)
async def test_all_jobs_of_the_cluster_are_there_with_their_states(release: str) -> None:
    async with monitor(release) as day:
        for job in day.cluster.document("jobs/overview")["jobs"]:
            line = day.line(job["name"][:14])
            assert job["state"] in line, day.text


@pytest.mark.deep
@pytest.mark.parametrize("release", RELEASES)
async def test_the_frame_shows_release_load_and_the_clusters_time(release: str) -> None:
    async with monitor(release) as day:
        top = day.lines[0]
        assert "test-cluster" in top
        assert f"Flink {release}" in top
        assert "● live, every 3 s" in top
        assert "req/s" in top
        assert "UTC" in top


def listed(day: Day) -> list[str]:
    """The names of the jobs as they are listed."""
    return [row.name for row in day.table.shown_rows()]


def jobs(cluster: FixtureCluster, *states: str) -> None:
    """Have the cluster list jobs in these states: "job 0" and so on."""
    [job, *_] = cluster.document("jobs/overview")["jobs"]
    cluster.changed["jobs/overview"] = {
        "jobs": [
            {**job, "jid": f"{number:032x}", "name": f"job {number}", "state": state}
            for number, state in enumerate(states)
        ]
    }


async def test_without_verdicts_what_starts_comes_first_and_what_ended_well_last() -> None:
    cluster = FixtureCluster("1.20.5")
    states = ("FINISHED", "RUNNING", "RESTARTING", "CANCELED", "FAILED", "FAILING", "CREATED", "BRAND_NEW")
    jobs(cluster, *states)
    async with monitor(cluster=cluster, size=(120, 50)) as day:
        day.port.engine.judge.judged = Judged()
        await say(day, [])
        assert "…" in day.line("job 1")
        shown = [states[int(name.split()[1])] for name in listed(day)]
        assert shown[:3] == ["FAILED", "FAILING", "RESTARTING"]
        assert shown[-3:] == ["RUNNING", "FINISHED", "CANCELED"]


async def test_jobs_are_ordered_by_their_verdicts_and_only_by_them() -> None:
    cluster = FixtureCluster("1.20.5")
    jobs(cluster, *["RUNNING"] * 7, "FAILED", "FAILED", "FINISHED")
    found = {
        0: finding(Kind.CHECKPOINTS_OFF, Severity.INFO),
        1: finding(Kind.SKEW),
        2: finding(Kind.BOTTLENECK),
        3: finding(Kind.RESTART_LOOP, Severity.CRITICAL),
        4: None,
        5: None,
        6: finding(Kind.LATE_RECORDS, Severity.INFO),
        7: finding(Kind.FAILED, Severity.CRITICAL),
        8: finding(Kind.FAILED, Severity.INFO),
        9: None,
    }
    async with monitor(cluster=cluster, size=(120, 50)) as day:
        said = [
            verdict(day, f"{number:032x}", *([one] if one is not None else []))
            for number, one in found.items()
        ]
        said[4] = replace(said[4], severity=Severity.UNKNOWN, kind="unknown", words="unknown: no vertices")
        await say(day, said)
        wanted = [7, 3, 2, 1, 4, 6, 0, 8, 5, 9]
        assert listed(day) == [f"job {number}" for number in wanted]
        # Words and figures do not move a row.
        said[1] = replace(said[1], words="skew: all of it", at=said[1].at + 1000.0)
        await say(day, said)
        assert listed(day) == [f"job {number}" for number in wanted]
        said[1] = verdict(day, said[1].job, finding(Kind.STALLED, Severity.CRITICAL))
        await say(day, said)
        assert listed(day)[:4] == ["job 7", "job 3", "job 1", "job 2"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_verdict_on_a_job_begins_with_its_kind_and_a_mark(size: tuple[int, int]) -> None:
    async with monitor("1.20.5", size) as day:
        job = day.cluster.job("steady")
        words = "[b]Join users[/b], 8 of 8 subtasks 100 % busy, its inputs backpressured"
        await say(day, [verdict(day, job, finding(Kind.BOTTLENECK, words=words))])
        assert day.line("steady").partition("steady")[2].count("▲ bottleneck: [b]Join") == 1
        assert "○ healthy" in day.text


async def test_at_80_columns_are_state_name_verdict_and_checkpoint() -> None:
    async with monitor("1.20.5", (80, 24)) as day:
        titles = day.line("VERDICT").split()
        assert titles == ["STATE", "JOB", "VERDICT", "LAST", "CKPT"]
        assert "● RUNNING    steady [test] <b>作" in day.line("steady")


@pytest.mark.deep
@pytest.mark.parametrize(
    ("size", "least"),
    [((120, 40), 32), pytest.param((178, 40), 54, marks=pytest.mark.deep), ((200, 60), 41)],
)
async def test_the_verdict_has_room_before_the_trend(size: tuple[int, int], least: int) -> None:
    async with monitor("2.3.0", size, demo="mixed") as day:
        job = day.cluster.job("orders-enrichment")
        words = "bottleneck: " + "y" * 200
        await say(day, [verdict(day, job, finding(Kind.BOTTLENECK, words=words))])
        assert len(day.line("bottleneck").partition("▲ ")[2].partition("…")[0]) >= least - 3
        assert "IN/s, 30 m" not in day.line("VERDICT")


@pytest.mark.deep
async def test_with_much_room_there_is_the_trend_too() -> None:
    async with monitor("2.3.0", (300, 60), demo="mixed") as day:
        assert "IN/s, 30 m" in day.line("VERDICT")


async def test_a_verdict_older_than_a_minute_shows_its_age_and_that_of_an_ended_job_does_not() -> None:
    async with monitor("1.20.5") as day:
        steady, batch = day.cluster.job("steady"), day.cluster.job("batch")
        ended = verdict(day, batch, kind="finished", state="FINISHED", age=900.0)
        await say(day, [verdict(day, steady, age=45.0), ended])
        assert "ago" not in day.line("steady")
        await say(day, [verdict(day, steady, age=75.0), ended])
        assert "○ healthy 1 m ago" in day.line("steady")
        assert "○ finished" in day.line("batch")
        assert "ago" not in day.line("batch")


async def test_the_age_of_a_verdict_stays_where_its_words_are_cut() -> None:
    async with monitor("1.20.5", (80, 24)) as day:
        words = "Join users and customers, 8 of 8 subtasks 100 % busy"
        job = day.cluster.job("steady")
        await say(day, [verdict(day, job, finding(Kind.BOTTLENECK, words=words), age=700.0)])
        assert "▲ bottleneck: Join… 11 m ago" in day.line("steady")


async def test_the_cluster_line_counts_the_jobs_that_are_ill() -> None:
    async with monitor("1.20.5") as day:
        day.port.engine.judge.judged = Judged()
        await say(day, [])
        assert " unhealthy" not in day.lines[1]
        steady, slow, restored = (day.cluster.job(name) for name in ("steady", "slow", "restored"))
        said = [
            verdict(day, steady, finding(Kind.BOTTLENECK)),
            verdict(day, slow, finding(Kind.SKEW)),
            verdict(day, restored, finding(Kind.CHECKPOINT_SLOW, Severity.INFO)),
        ]
        await say(day, said)
        assert "jobs ▲ 2 unhealthy  1 failed  5 running" in day.lines[1]
        said[0] = verdict(day, steady, finding(Kind.STALLED, Severity.CRITICAL))
        await say(day, said, [finding(Kind.MEMORY)])
        assert "▲ memory   jobs ✕ 2 unhealthy  1 failed" in day.lines[1]


@pytest.mark.deep
async def test_a_filter_by_verdict() -> None:
    async with monitor("1.20.5") as day:
        await say(day, [verdict(day, day.cluster.job("steady"), finding(Kind.SKEW))])
        await day.press("slash", *"verdict:skew", "enter")
        assert listed(day) == [next(name for name in listed(day) if name.startswith("steady"))]
        await day.press("escape", "slash", *"verdict:healthy", "enter")
        assert not [name for name in listed(day) if name.startswith("steady")]


async def test_a_rate_that_is_not_known_yet_is_an_ellipsis_and_never_0() -> None:
    async with monitor("1.20.5", (165, 40)) as day:
        line = day.line("steady")
        assert "…" in line.split("</b>")[1]
        assert " 0 " not in line.split("</b>")[1].split("…")[0]


@pytest.mark.deep
async def test_rates_come_when_the_counters_have_moved_twice() -> None:
    cluster = FixtureCluster("1.20.5")
    steady = cluster.job("steady")
    moved = 0

    def moving(document: dict[str, Any]) -> dict[str, Any]:
        for vertex in document["vertices"]:
            for side in ("read", "write"):
                vertex["metrics"][f"{side}-records"] += moved
        return document

    cluster.changed[f"jobs/{steady}"] = moving
    async with monitor(cluster=cluster, size=(165, 40)) as day:
        for _ in range(4):
            moved += 5000
            await day.wait(10)
        fields = day.line("steady").split("</b>")[1].split()
        # After the verdict and the tasks.
        assert all(float(rate) == pytest.approx(500, rel=0.1) for rate in fields[3:5])


async def test_checkpoint_age_is_shown_against_the_interval() -> None:
    async with monitor("1.20.5") as day:
        assert "/ 5 s" in day.line("steady")


@pytest.mark.deep
async def test_an_overdue_checkpoint_is_marked() -> None:
    def old(document: dict[str, Any]) -> dict[str, Any]:
        document["latest"]["completed"]["latest_ack_timestamp"] -= 600_000
        return document

    async with monitor("1.20.5") as day:
        assert "▲" not in day.line("steady")
        day.cluster.changed[f"jobs/{day.cluster.job('steady')}/checkpoints"] = old
        await day.wait(12)
        assert "▲ 10 m / 5 s" in day.line("steady")


async def test_a_job_without_periodic_checkpoints_shows_a_dash() -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.changed[f"jobs/{cluster.job('no checkpoints')}/checkpoints/config"] = {
        "mode": "exactly_once",
        "interval": 9223372036854775807,
    }
    async with monitor(cluster=cluster) as day:
        fields = day.line("no checkpoints, no name").partition("no name")[2].split()
        assert fields[-2] == "–"  # noqa: RUF001 -- the dash that stands for absent


@pytest.mark.deep
async def test_moving_opening_and_coming_back_keeps_the_cursor() -> None:
    async with monitor("1.20.5") as day:
        await day.press("j", "j", "j")
        key = day.table.cursor_key
        await day.press("enter")
        assert key is not None
        assert key in day.text
        await day.press("escape")
        assert day.table.cursor_key == key


@pytest.mark.deep
async def test_the_filter_works_as_it_is_typed_and_esc_clears_it() -> None:
    async with monitor("1.20.5") as day:
        await day.press("slash", *"slow")
        assert "slow [test]" in day.text
        assert "steady [test]" not in day.text
        await day.press("enter", "j")
        assert "steady [test]" not in day.text
        await day.press("escape")
        assert "steady [test]" in day.text


async def test_a_message_covers_neither_the_filter_that_is_typed_nor_the_keys() -> None:
    async with monitor("1.20.5") as day:
        day.app.notify("x" * 200, markup=False, timeout=60)
        await day.press("slash", *"slow")
        assert "xxxx" in day.text
        assert "/ slow" in day.lines[-2]
        assert all("xxxx" not in line for line in day.lines[-2:])


async def test_a_filter_by_state() -> None:
    async with monitor("1.20.5") as day:
        await day.press("slash", *"state:failed", "enter")
        assert [line for line in day.lines if "RUNNING" in line] == []
        assert "failed for good" in day.text


@pytest.mark.deep
async def test_jobs_that_have_ended_can_be_hidden() -> None:
    async with monitor("1.20.5") as day:
        assert "FINISHED" in day.text
        await day.press("f")
        assert "FINISHED" not in day.text
        assert "failed for good" not in day.text
        await day.press("f")
        assert "FINISHED" in day.text


async def test_sorting_by_name_and_the_other_way_round() -> None:
    async with monitor("1.20.5") as day:
        await day.press("s", "s")
        names = [row.name for row in (day.table._rows)]
        assert len(names) > 3
        first = day.table.shown_keys()
        await day.press("S")
        assert day.table.shown_keys() == tuple(reversed(first))


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_the_jobs_and_nothing_overlaps(size: tuple[int, int]) -> None:
    async with monitor("1.20.5", size) as day:
        assert len(day.lines) == size[1]
        assert all(len(line) <= size[0] for line in day.lines)
        assert "RUNNING" in day.text or "FAILED" in day.text


@pytest.mark.deep
async def test_resizing_back_and_forth_never_breaks() -> None:
    async with monitor("1.20.5") as day:
        for size in (*EVERY_SIZE, *reversed(EVERY_SIZE)):
            await day.pilot.resize_terminal(*size)
            await day.settled()
        await day.pilot.resize_terminal(120, 40)
        await day.settled()
        assert "steady [test]" in day.text


@pytest.mark.deep
async def test_the_rows_on_the_screen_are_polled_within_ten_seconds() -> None:
    async with monitor("1.20.5") as day:
        jobs = day.cluster.document("jobs/overview")["jobs"]
        since = len(day.cluster.asked)
        await day.wait(11)
        asked = day.asked(since)
        for job in jobs:
            if job["state"] == "RUNNING":
                assert any(target == f"jobs/{job['jid']}" for target in asked)
                assert any(target == f"jobs/{job['jid']}/checkpoints" for target in asked)


@pytest.mark.deep
async def test_only_get_is_ever_sent() -> None:
    async with monitor("1.20.5") as day:
        await day.press("enter")
        await day.wait(20)
        assert {line.split()[0] for line in day.cluster.asked} == {"GET"}


async def test_an_empty_cluster_says_so() -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.changed["jobs/overview"] = {"jobs": []}
    async with monitor(cluster=cluster) as day:
        assert "no jobs on this cluster yet" in day.text
        assert "jobs none" in day.text


@pytest.mark.deep
@pytest.mark.parametrize(
    ("release", "heap", "collection"),
    [
        ("1.9.3", 10, "GC …"),
        pytest.param("1.14.6", 52, "GC …", marks=pytest.mark.deep),
        pytest.param("1.20.5", 20, "GC 1.1 ms/s", marks=pytest.mark.deep),
        ("2.3.0", 18, "GC 9.4 ms/s"),
    ],
)
async def test_heap_and_collection_of_the_worst_taskmanager(release: str, heap: int, collection: str) -> None:
    async with monitor(release) as day:
        await day.wait(12)
        assert f"heap {heap} %   {collection}" in day.lines[1]


@pytest.mark.deep
async def test_before_1_19_collection_comes_from_counters_that_have_moved_twice() -> None:
    cluster = FixtureCluster("1.14.6")
    collected = 0

    def collecting(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for metric in metrics:
            if metric["id"].endswith("G1_Young_Generation.Time"):
                metric["max"] = metric.get("max", 0.0) + collected
        return metrics

    cluster.changed["taskmanagers/metrics"] = collecting
    async with monitor(cluster=cluster) as day:
        for _ in range(4):
            collected += 1500
            await day.wait(10)
        assert "GC 150 ms/s" in day.lines[1]


@pytest.mark.deep
async def test_taskmanagers_with_different_limits_share_one_figure() -> None:
    cluster = FixtureCluster("1.20.5")

    def unlike(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for metric in metrics:
            if metric["id"].endswith("Heap.Max"):
                metric.update(min=100e6, max=300e6, sum=400e6)
            elif metric["id"].endswith("Heap.Used"):
                metric.update(min=90e6, max=110e6, sum=200e6)
        return metrics

    cluster.changed["taskmanagers/metrics"] = unlike
    async with monitor(cluster=cluster) as day:
        await day.wait(3)
        assert "heap of all 50 %" in day.lines[1]


@pytest.mark.deep
async def test_the_memory_of_taskmanagers_costs_one_request_in_ten_seconds() -> None:
    async with monitor("1.20.5") as day:
        since = len(day.cluster.asked)
        await day.wait(60)
        asked = [target for target in day.asked(since) if target.startswith("taskmanagers/metrics")]
        listed = asked.count("taskmanagers/metrics")
        assert listed <= 1
        assert 5 <= len(asked) - listed <= 7


@pytest.mark.deep
@pytest.mark.parametrize(
    ("width", "words"),
    [
        (120, "TaskManagers 1   slots 8/10 ━━━━━━──   jobs ✕ 2 unhealthy  1 failed  5 running  2 finished"),
        (100, "TM 1   slots 8/10   jobs ✕ 2 unhealthy  1 failed  5 running  2 ended"),
        (80, "TM 1   slots 8/10   ✕ 2 unhealthy  1 failed  5 running  2 ended"),
        (60, "TM 1   slots 8/10   ✕ 2 unhealthy  1 failed  5 running"),
        (44, "TM 1   slots 8/10   ✕ 2 unhealthy  1 fail"),
    ],
)
async def test_the_cluster_line_gives_up_the_least_important_first(width: int, words: str) -> None:
    async with monitor("1.20.5", (width, 24)) as day:
        await day.wait(3)
        assert day.lines[1].strip().startswith(words)
        assert ("heap 20 %" in day.lines[1]) == (width >= 80)
        assert ("GC 1.1 ms/s" in day.lines[1]) == (width >= 100)


@pytest.mark.deep
async def test_restarts_and_the_slowest_checkpoint_of_all_jobs_cost_one_request_in_ten_seconds() -> None:
    cluster = FixtureCluster("1.20.5")

    def told(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for metric in metrics:
            if metric["id"] == "numRestarts":
                metric.update(max=106.0, sum=152.0)
            elif metric["id"] == "lastCheckpointDuration":
                metric.update(max=8200.0, sum=9000.0)
        return metrics

    cluster.changed["jobs/metrics"] = told
    async with monitor(cluster=cluster, size=(200, 60)) as day:
        await day.wait(12)
        assert day.lines[1].strip().endswith("restarts 152   slowest checkpoint 8.2 s")
        since = len(cluster.asked)
        await day.wait(60)
        asked = [target for target in day.asked(since) if target.startswith("jobs/metrics")]
        assert 5 <= len([target for target in asked if "get=" in target]) <= 7
        assert len(asked) <= 8


def busy_job(cluster: FixtureCluster, job: str, spent: dict[str, float]) -> None:
    """Have all vertices of a job spend so many ms a subtask on each kind of time, beyond the recorded."""

    def spending(document: dict[str, Any]) -> dict[str, Any]:
        for vertex in document["vertices"]:
            for name, more in spent.items():
                key = f"accumulated-{name}-time"
                if isinstance(vertex["metrics"].get(key), int | float):
                    vertex["metrics"][key] += more * vertex["parallelism"]
        return document

    cluster.changed[f"jobs/{job}"] = spending


@pytest.mark.deep
async def test_how_busy_a_job_is_comes_from_accumulated_times() -> None:
    cluster = FixtureCluster("1.20.5")
    spent = {"busy": 0.0, "backpressured": 0.0, "idle": 0.0}
    busy_job(cluster, cluster.job("steady"), spent)
    async with monitor(cluster=cluster, size=(160, 40)) as day:
        assert day.line("steady").split("</b>")[1].split()[5:7] == ["…", "…"]
        for _ in range(3):
            spent["busy"] += 7000.0
            spent["backpressured"] += 2000.0
            spent["idle"] += 1000.0
            await day.wait(10)
        fields = [field for field in day.line("steady").split("</b>")[1].split() if field.isdecimal()]
        assert "20" in fields
        busy = next(row for row in day.table._rows if row.name.startswith("steady")).facts.busy
        assert busy.value == pytest.approx(700.0)


@pytest.mark.deep
@pytest.mark.parametrize("release", ["1.9.3", "1.14.6"])
@pytest.mark.usefixtures("quiet_judge")
async def test_releases_without_accumulated_times_show_a_dash(release: str) -> None:
    async with monitor(release, (160, 40)) as day:
        await day.wait(30)
        row = next(row for row in day.table._rows if row.name.startswith("steady"))
        assert row.facts.busy.absent
        assert row.facts.backpressured.absent
        assert day.line("steady").split("</b>")[1].split().count("–") >= 2  # noqa: RUF001 -- the dash that stands for absent


@pytest.mark.deep
@pytest.mark.parametrize(("size", "beside"), [((120, 40), False), ((200, 60), True), ((200, 24), False)])
async def test_on_wide_screens_the_charts_are_next_to_the_jobs(
    size: tuple[int, int],
    beside: bool,  # noqa: FBT001 -- a table
) -> None:
    async with monitor("1.20.5", size) as day:
        await day.wait(12)
        assert ("Heap and GC" in day.text) == beside
        if beside:
            assert "Jobs" in day.line("Records/s")
            await day.sees("heap 20")


@pytest.mark.deep
async def test_of_rows_that_are_scrolled_past_little_is_kept_and_they_show_as_much_as_before() -> None:
    async with monitor(size=(120, 9)) as day:
        await day.wait(60)
        shown = day.table.visible_keys()
        assert len(day.table.shown_keys()) > len(shown)
        rows = {row.jid: row.facts for row in day.table.shown_rows()}
        await day.press("G")
        await day.wait(3)
        now = {row.jid: row.facts for row in day.table.shown_rows()}
        passed = [job for job in shown if job not in day.table.visible_keys() and not rows[job].ended]
        assert passed
        for job in passed:
            reading = day.port.reading(JOB(job=job))
            assert reading is not None
            assert reading.value is None
            before, after = rows[job], now[job]
            assert (after.checkpoints, after.restarts, after.interval) == (
                before.checkpoints,
                before.restarts,
                before.interval,
            )
            assert after.uptime is not None


TROUBLE = {
    "mixed": {
        "experiment-backfill-v3": (Kind.FAILED, Severity.CRITICAL),
        "inventory-sync": (Kind.RESTART_LOOP, Severity.CRITICAL),
        "user-profiles": (Kind.CHECKPOINTS_FAILING, Severity.CRITICAL),
        "clickstream-sessions": (Kind.BOTTLENECK, Severity.WARNING),
    },
    "backpressure": {"clickstream-sessions": (Kind.BOTTLENECK, Severity.WARNING)},
    "restart-loop": {
        "inventory-sync": (Kind.RESTART_LOOP, Severity.CRITICAL),
        "stock-reservations": (Kind.RESTART_LOOP, Severity.CRITICAL),
    },
    "failing-checkpoints": {
        "profiles-shadow": (Kind.CHECKPOINTS_FAILING, Severity.CRITICAL),
        "user-profiles": (Kind.CHECKPOINTS_FAILING, Severity.WARNING),
        "impressions-staging": (Kind.CHECKPOINTS_FAILING, Severity.WARNING),
    },
    "skew": {
        "notification-dispatcher": (Kind.SKEW, Severity.WARNING),
        "profiles-by-country": (Kind.SKEW, Severity.INFO),
    },
    "stuck-watermark": {
        "orders-enrichment": (Kind.WATERMARK_STUCK, Severity.WARNING),
        "telemetry-late-gateway": (Kind.WATERMARK_STUCK, Severity.WARNING),
    },
    "healthy": {},
    "idle": {},
}


@pytest.mark.deep
@pytest.mark.parametrize("scenario", TROUBLE)
async def test_the_verdicts_of_the_demo_name_the_trouble_of_each_scenario(scenario: str) -> None:
    async with monitor("2.3.0", demo=scenario) as day:
        seen: dict[str, set[tuple[str, Severity]]] = {}
        for _ in range(40):
            await day.clock.advance(5)
            await day.settled()
            assert day.port.judged is not None
            for one in day.port.judged.verdicts.values():
                seen.setdefault(one.name, set()).add((one.kind, one.severity))
        # A checkpoint that fails now and then is no finding at each moment.
        for name, (kind, severity) in TROUBLE[scenario].items():
            assert (str(kind), severity) in seen[name], f"{name}: {seen[name]}"
        for name in seen.keys() - TROUBLE[scenario].keys():
            assert min(severity.rank for _, severity in seen[name]) >= Severity.INFO.rank, (
                f"{name}: {seen[name]}"
            )
        if TROUBLE[scenario]:
            top = day.table.shown_rows()[0].name
            worst = min(TROUBLE[scenario].values(), key=lambda one: one[1].rank)
            assert TROUBLE[scenario][top][1] is worst[1]
