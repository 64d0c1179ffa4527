"""`flinktop status` on clusters: what it asks, how long it takes, and what hangs or fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from flinktop.headless.look_once import AT_ONCE, FEW, MOST_COARSE
from flinktop.headless.status_args import StatusArgs
from flinktop.headless.status_json import as_object
from flinktop.headless.status_text import lines
from flinktop.judgement import failures
from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.judgement.finding_json import moment
from flinktop.judgement.holds import Sign
from flinktop.judgement.rules import Rule
from flinktop.judgement.trails import Trail
from flinktop.model.look import JobLook
from tests.demo_cluster import DemoCluster
from tests.depth import in_depth
from tests.fixture_cluster import FixtureCluster
from tests.headless.looked import Looked, job, look
from tests.manual_clock import ManualClock


def demo(scenario: str = "mixed", release: str = "1.20.5") -> tuple[DemoCluster, ManualClock]:
    clock = ManualClock()
    return DemoCluster(scenario, release, clock), clock


def jobs_of(found: Looked, cluster: int = 0) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = as_object(found.status)["clusters"][cluster]["jobs"]
    return jobs


def path_of(asked: str) -> str:
    return asked.removeprefix("GET /").partition("?")[0]


# -- time ----------------------------------------------------------------------------------------------


@pytest.mark.deep
def test_three_looks_take_21_seconds() -> None:
    cluster, clock = demo()
    found = look({"prod": cluster}, clock=clock)
    assert 20.5 < found.seconds < 22
    one = as_object(found.status)["clusters"][0]
    assert (one["look"], one["reachable"], one["release"]) == ("close", True, "1.20.5")
    assert cluster.asked.count("GET /jobs/overview") == 4
    assert all(asked.startswith("GET ") for asked in cluster.asked)


def test_a_brief_look_is_one() -> None:
    cluster, clock = demo()
    found = look({"prod": cluster}, StatusArgs(wait=5.0), clock=clock)
    assert found.seconds < 3
    assert as_object(found.status)["clusters"][0]["look"] == "brief"


def test_times_are_the_cluster_s() -> None:
    cluster, clock = demo()
    ahead = 3_600_000

    def later(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "now": document["now"] + ahead}

    live = next(one["jid"] for one in cluster.document("jobs/overview")["jobs"] if one["state"] == "RUNNING")
    cluster.changed[f"jobs/{live}"] = later
    args = StatusArgs(wait=5.0, job=live)
    found = look({"prod": cluster}, args, clock=clock)
    assert found.status.at - 1000.0 * clock.wall() == pytest.approx(ahead, abs=2000)


@pytest.mark.parametrize("wait", [0.0, 5.0, 25.0])
def test_a_cluster_that_hangs_is_given_up(wait: float) -> None:
    cluster, clock = demo()
    cluster.hangs = lambda _path: True
    found = look({"prod": cluster}, StatusArgs(wait=wait), clock=clock)
    one = as_object(found.status)["clusters"][0]
    assert found.seconds < wait + 5
    assert (one["reachable"], one["jobs"], found.status.code) == (False, [], 3)
    assert "no answer within " in one["error"]


@pytest.mark.deep
@pytest.mark.parametrize(
    "hanging",
    in_depth(["overview", "taskmanagers", "jobmanager/config", "jobmanager/metrics"], ["taskmanagers"]),
)
def test_what_hangs_does_not_hold_up_the_rest(hanging: str) -> None:
    cluster, clock = demo()
    cluster.hangs = lambda path: path == hanging
    found = look({"prod": cluster}, clock=clock)
    assert found.seconds < 30
    assert len(jobs_of(found)) > 5
    assert as_object(found.status)["clusters"][0]["look"] == "close"


def test_a_job_that_cannot_be_read_is_unknown_and_the_others_are_judged() -> None:
    cluster, clock = demo("healthy")
    first, *others = [
        one["jid"] for one in cluster.document("jobs/overview")["jobs"] if one["state"] == "RUNNING"
    ]
    assert others
    cluster.hangs = lambda path: path.startswith(f"jobs/{first}")
    # Its time is learned from another.
    found = look({"prod": cluster}, clock=clock)
    kinds = {one["id"]: one["kind"] for one in jobs_of(found)}
    assert kinds[first] == "unknown"
    assert all(kinds[other] != "unknown" for other in others)
    assert found.seconds < 30
    assert found.status.code in (2, 3)


def test_nothing_is_read_of_a_cluster_that_refuses_the_login() -> None:
    cluster, clock = demo()
    cluster.changed["config"] = (401, {"errors": ["who are you"]})
    found = look({"prod": cluster}, clock=clock)
    assert cluster.asked == ["GET /config"]
    assert found.seconds < 2
    assert "who are you" in str(as_object(found.status)["clusters"][0]["error"])


@pytest.mark.deep
def test_a_good_cluster_is_printed_beside_one_that_is_away() -> None:
    well, clock = demo()
    away = FixtureCluster("1.20.5")
    away.failure = httpx.ConnectError("All connection attempts failed")
    found = look({"away": away, "prod": well}, clock=clock)
    one, other = as_object(found.status)["clusters"]
    assert (one["target"], one["reachable"], bool(one["error"]), one["jobs"]) == ("away", False, True, [])
    assert (other["target"], other["reachable"], other["error"]) == ("prod", True, None)
    assert len(other["jobs"]) > 5


@pytest.mark.deep
def test_a_cluster_that_is_lost_on_the_way_is_away() -> None:
    cluster, clock = demo()

    def breaks(_path: str) -> bool:
        if cluster.asked.count("GET /jobs/overview") > 2:
            cluster.failure = httpx.ConnectError("All connection attempts failed")
        return False

    cluster.hangs = breaks
    found = look({"prod": cluster}, clock=clock)
    assert (found.status.code, jobs_of(found)) == (3, [])


def test_an_error_of_our_own_is_3_and_names_its_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, clock = demo()

    def fails(_look: JobLook, _trails: Mapping[str, Trail]) -> Iterator[Sign]:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(failures, "signs", fails)
    found = look({"prod": cluster}, clock=clock)
    assert found.status.code == 3
    assert "flinktop failed: ZeroDivisionError" in str(as_object(found.status)["clusters"][0]["error"])


# -- other servers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", in_depth(["1.9.3", "1.14.6", "1.20.5", "2.3.0"], ["1.9.3", "2.3.0"]))
def test_each_release_is_judged(release: str) -> None:
    cluster = FixtureCluster(release)
    found = look({"prod": cluster})
    one = as_object(found.status)["clusters"][0]
    assert (one["release"], one["reachable"], one["look"]) == (release, True, "close")
    assert one["jobs"]
    json.dumps(one, allow_nan=False)


def test_a_cluster_without_jobs_is_fine() -> None:
    cluster, clock = demo()
    cluster.changed["jobs/overview"] = {"jobs": []}
    found = look({"prod": cluster}, clock=clock)
    assert jobs_of(found) == []
    assert as_object(found.status)["clusters"][0]["reachable"]


# -- one job -------------------------------------------------------------------------------------------


def test_one_job_is_looked_at_alone() -> None:
    cluster, clock = demo()
    (named, *_) = [one for one in cluster.document("jobs/overview")["jobs"] if one["state"] == "RUNNING"]
    for what in (named["jid"], named["jid"][:6], named["name"], named["name"][:4] + "*"):
        cluster.asked.clear()
        found = look({"prod": cluster}, StatusArgs(job=what, wait=9.0), clock=clock)
        assert named["jid"] in [one["id"] for one in jobs_of(found)]
        assert all(
            named["jid"] in path or not path.startswith("jobs/") or path == "jobs/overview"
            for path in map(path_of, cluster.asked)
        ) or what.endswith("*")


def test_a_job_that_is_not_there_is_3() -> None:
    cluster, clock = demo()
    found = look({"prod": cluster}, StatusArgs(job="nothing", wait=9.0), clock=clock)
    assert (found.status.code, found.status.missing_job, jobs_of(found)) == (3, "nothing", [])


def test_a_job_of_one_of_several_clusters_is_enough() -> None:
    well, clock = demo()
    other = DemoCluster("healthy", "1.20.5", clock)
    other.changed["jobs/overview"] = {"jobs": []}
    name = jobs_of(look({"prod": well}, StatusArgs(wait=9.0), clock=clock))[0]["name"]
    found = look({"other": other, "prod": well}, StatusArgs(job=name, wait=9.0), clock=clock)
    assert found.status.missing_job is None


# -- many jobs -----------------------------------------------------------------------------------------


def many() -> tuple[DemoCluster, ManualClock]:
    return demo("many-jobs")


@pytest.mark.deep
def test_a_thousand_jobs_take_300_requests() -> None:
    cluster, clock = many()
    found = look({"prod": cluster}, clock=clock)
    assert len(cluster.asked) <= MOST_COARSE
    assert len(jobs_of(found)) == 1000
    assert as_object(found.status)["clusters"][0]["look"] == "coarse"
    assert found.seconds < 25


@pytest.mark.deep
def test_those_that_do_not_run_are_looked_at_closely() -> None:
    cluster, clock = many()
    ill = [one["jid"] for one in cluster.document("jobs/overview")["jobs"]][700]

    def restarting(document: dict[str, Any]) -> dict[str, Any]:
        for one in document["jobs"]:
            if one["jid"] == ill:
                one["state"] = "RESTARTING"
        return document

    cluster.changed["jobs/overview"] = restarting
    look({"prod": cluster}, clock=clock)
    assert f"jobs/{ill}/exceptions" in [path_of(asked) for asked in cluster.asked]


@pytest.mark.deep
def test_of_so_many_that_restart_it_is_said_without_a_closer_look() -> None:
    cluster, clock = many()

    def restarting(document: dict[str, Any]) -> dict[str, Any]:
        for one in document["jobs"]:
            one["state"] = "RESTARTING"
        return document

    cluster.changed["jobs/overview"] = restarting
    found = look({"prod": cluster}, clock=clock)
    kinds = [one["kind"] for one in jobs_of(found)]
    assert len(cluster.asked) <= MOST_COARSE
    # Those that were read run, by what their own page says; of the others the list says that they restart.
    assert kinds.count("restarting") > 900
    assert "unknown" not in kinds


@pytest.mark.deep
def test_a_cluster_of_few_jobs_has_all_of_them_looked_at() -> None:
    cluster, clock = demo()
    live = [one["jid"] for one in cluster.document("jobs/overview")["jobs"] if one["state"] == "RUNNING"]
    assert len(live) <= FEW
    look({"prod": cluster}, clock=clock)
    paths = {path_of(asked) for asked in cluster.asked}
    for part in ("", "/checkpoints", "/checkpoints/config", "/exceptions", "/metrics"):
        assert {f"jobs/{one}{part}" for one in live} <= paths


# -- expected jobs and rules ---------------------------------------------------------------------------


@pytest.mark.deep
def test_a_job_that_is_expected_and_not_there_has_an_entry() -> None:
    cluster, clock = demo()
    document = as_object(look({"prod": cluster}, clock=clock, expect=["nobody-*", "*"]).status)
    one = job(document, "nobody-*")
    assert (one["id"], one["state"], one["severity"], one["kind"]) == (None, None, "critical", "job-missing")
    assert one["findings"][0]["kind"] == "job-missing"
    assert document["worst"] == "critical"
    assert [one["name"] for one in document["clusters"][0]["jobs"]].count("*") == 0


@pytest.mark.deep
def test_since_when_a_job_is_missing_is_known_only_of_one_that_has_ended() -> None:
    cluster, clock = demo()
    found = look({"prod": cluster}, clock=clock, expect=["nobody-*", "daily-ledger-*"])
    ended = next(
        one for one in cluster.document("jobs/overview")["jobs"] if one["name"] == "daily-ledger-export"
    )
    missing = {one["name"]: one["findings"][0] for one in jobs_of(found) if one["kind"] == "job-missing"}
    assert missing["nobody-*"]["since"] is None
    assert missing["daily-ledger-*"]["since"] == moment(ended["end-time"])


def test_an_expected_job_is_told_with_job_too() -> None:
    cluster, clock = demo()
    args = StatusArgs(job="billing-eu", wait=1.0)
    found = look({"prod": cluster}, args, clock=clock, expect=["billing-*", "other"])
    assert [one["name"] for one in jobs_of(found)] == ["billing-*"]
    assert (found.status.code, found.status.missing_job) == (2, None)


def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A finding of each job."""

    def signs(_look: JobLook, _trails: Mapping[str, Trail]) -> Iterator[Sign]:
        yield Sign(finding=Finding(kind=Kind.FAILED, severity=Severity.CRITICAL, words="failed: x"))

    monkeypatch.setattr(failures, "signs", signs)


def test_rules_decide_on_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up(monkeypatch)
    cluster, clock = demo("healthy")
    args = StatusArgs(wait=1.0)
    first, second = jobs_of(look({"prod": cluster}, args, clock=clock))[:2]
    rules = (
        Rule(jobs=(first["name"],), kinds=("failed",), off=True),
        Rule(clusters=("pr*",), jobs=(second["name"],), severity=Severity.INFO),
        Rule(clusters=("dev",), off=True),
    )
    found = {one["id"]: one for one in jobs_of(look({"prod": cluster}, args, clock=clock, rules=rules))}
    assert found[first["id"]]["findings"] == []
    assert found[first["id"]]["severity"] == "ok"
    assert found[second["id"]]["severity"] == "info"
    left = {one["severity"] for one in found.values() if one["id"] not in (first["id"], second["id"])}
    assert left == {"critical"}


def found_kinds(scenario: str, *rules: Rule) -> set[str]:
    cluster, clock = demo(scenario)
    one = as_object(look({"prod": cluster}, clock=clock, rules=rules).status)["clusters"][0]
    findings = [*one["findings"], *(finding for its in one["jobs"] for finding in its["findings"])]
    return {finding["kind"] for finding in findings}


def test_what_a_hidden_finding_explained_is_said() -> None:
    assert found_kinds("backpressure") >= {"bottleneck"}
    hidden = found_kinds("backpressure", Rule(kinds=("bottleneck",), off=True))
    assert ("bottleneck" in hidden, "source-lag" in hidden) == (False, True)


@pytest.mark.deep
def test_limits_of_the_config_are_those_of_findings() -> None:
    off = Rule(kinds=("bottleneck", "checkpoints-failing"), off=True)
    assert "source-lag" not in found_kinds("backpressure", off, Rule(kinds=("source-lag",), limit=3600.0))
    assert "memory" not in found_kinds("healthy")
    assert "memory" in found_kinds("healthy", Rule(kinds=("memory",), limit=1.0))
    assert "checkpoint-overdue" in found_kinds("failing-checkpoints", off)
    most = Rule(kinds=("checkpoint-overdue",), limit=1000.0)
    assert "checkpoint-overdue" not in found_kinds("failing-checkpoints", off, most)


@pytest.mark.deep
def test_a_time_that_flink_does_not_give_is_null() -> None:
    cluster, clock = demo("backpressure")
    jobs = jobs_of(look({"prod": cluster}, clock=clock))
    (bottleneck,) = [one["findings"][0] for one in jobs if one["kind"] == "bottleneck"]
    assert bottleneck["since"] is None
    cluster, clock = demo("restart-loop")
    jobs = jobs_of(look({"prod": cluster}, clock=clock))
    assert all(one["findings"][0]["since"] for one in jobs if one["kind"] == "restart-loop")


@pytest.mark.deep
@pytest.mark.parametrize(
    "scenario", in_depth(["mixed", "restart-loop", "failing-checkpoints", "backpressure", "skew"], ["mixed"])
)
def test_a_document_of_findings_is_of_the_contract(scenario: str) -> None:
    cluster, clock = demo(scenario)
    found = look({"prod": cluster}, clock=clock)
    document = json.loads(json.dumps(as_object(found.status), allow_nan=False))
    findings = [finding for one in document["clusters"][0]["jobs"] for finding in one["findings"]]
    assert findings
    for one in findings:
        assert list(one) == ["kind", "severity", "since", "words", "culprit", "evidence", "next"]
        assert list(one["culprit"]) == ["vertex", "vertex_name", "subtasks", "taskmanager"]
        assert one["words"].startswith(f"{one['kind']}: ")
        assert one["next"]
        assert all(list(part) == ["what", "value", "unit"] for part in one["evidence"])
    for its in document["clusters"][0]["jobs"]:
        if its["findings"] and its["kind"] != "unknown":
            first = its["findings"][0]
            assert (its["kind"], its["severity"]) == (first["kind"], first["severity"])


@pytest.mark.deep
def test_every_restart_loop_of_a_thousand_jobs_is_found() -> None:
    cluster, clock = many()
    found = look({"prod": cluster}, clock=clock)
    loops = {one["name"] for one in jobs_of(found) if one["kind"] == "restart-loop"}
    cycles = [plan.spec.name for plan in cluster.world.plans if plan.spec.fate.cycle]
    assert len(cycles) > 10
    assert loops == set(cycles)
    assert len(cluster.asked) <= MOST_COARSE


def history_server(jobs: list[dict[str, Any]] | None) -> FixtureCluster:
    """A HistoryServer of 1.14: it is known by having no /overview."""
    cluster = FixtureCluster("1.14.6")
    cluster.changed["overview"] = (404, {"errors": ["Unable to load requested file /overview."]})
    missing = (404, {"errors": ["Unable to load requested file /jobs/overview."]})
    cluster.changed["jobs/overview"] = missing if jobs is None else {"jobs": jobs}
    return cluster


def test_a_history_server_is_looked_at_once_and_expects_no_jobs() -> None:
    ended = [one for one in FixtureCluster("1.14.6").document("jobs/overview")["jobs"] if one["end-time"] > 0]
    cluster = history_server(ended)
    found = look({"history": cluster}, expect=["orders"])
    one = as_object(found.status)["clusters"][0]
    assert found.seconds < 2
    assert (one["reachable"], one["look"]) == (True, "close")
    assert {its["id"] for its in one["jobs"]} == {its["jid"] for its in ended}
    assert not [its for its in one["jobs"] if its["severity"] in ("critical", "unknown")]
    assert not [path for path in map(path_of, cluster.asked) if path.startswith("taskmanagers")]


def test_a_history_server_without_archives_is_no_error() -> None:
    found = look({"history": history_server(None)})
    assert (as_object(found.status)["clusters"][0]["reachable"], jobs_of(found)) == (True, [])
    assert found.status.code == 0


@pytest.mark.deep
def test_a_login_that_takes_long_leaves_time_for_a_look() -> None:
    cluster, clock = demo()
    until = clock.now() + 12
    held: list[str] = []

    def slow(path: str) -> bool:
        if path == "config" and clock.now() < until:
            held.append(path)
            asyncio.get_running_loop().create_task(release())
            return True
        return False

    async def release() -> None:
        await clock.sleep(12)
        cluster.release_held()

    cluster.hangs = slow
    one = as_object(look({"prod": cluster}, clock=clock).status)["clusters"][0]
    assert held
    assert (one["reachable"], one["look"]) == (True, "brief")
    assert len(one["jobs"]) > 5
    assert not [its for its in one["jobs"] if its["kind"] == "unknown"]


class Hanging(httpx.AsyncBaseTransport):
    """A hundred clusters that take a connection and never answer."""

    def __init__(self) -> None:
        self.held = self.most = self.asked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.held += 1
        self.most = max(self.most, self.held)
        try:
            await asyncio.Event().wait()
        finally:
            self.held -= 1
        raise AssertionError(request)


@pytest.mark.deep
@pytest.mark.parametrize("wait", [3.0, 25.0])
def test_many_that_hang_are_waited_for_in_turns_and_keep_nobody_from_his(wait: float) -> None:
    well, clock = demo("idle")
    hanging = Hanging()
    clusters = {**{f"hanging-{number}": hanging for number in range(100)}, "well": well}
    found = look(clusters, StatusArgs(wait=wait), clock=clock)
    assert found.seconds < wait + 5
    assert hanging.most <= AT_ONCE
    # Each was asked, and those for which there was time once more.
    assert hanging.asked >= 100
    reachable = [one["target"] for one in as_object(found.status)["clusters"] if one["reachable"]]
    assert reachable == ["well"]
    errors = {one["error"] for one in as_object(found.status)["clusters"] if one["error"]}
    assert all(error.startswith("no answer within") for error in errors)


def test_of_several_clusters_the_most_severe_is_printed_first() -> None:
    well, clock = demo("healthy")
    away = FixtureCluster("1.20.5")
    away.failure = httpx.ConnectError("All connection attempts failed")
    clusters = {"well": well, "away": away, "ill": DemoCluster("restart-loop", "1.20.5", clock)}
    found = look(clusters, StatusArgs(wait=5.0), clock=clock)
    printed = [line.split()[0] for line in lines(found.status, explain=False) if not line.startswith(" ")]
    assert printed == ["ill", "away", "well"]
    # The JSON keeps the order of the targets.
    assert [one["target"] for one in as_object(found.status)["clusters"]] == ["well", "away", "ill"]
