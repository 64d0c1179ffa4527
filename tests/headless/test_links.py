"""Links of one's own stand where findings do: in `status`, in alerts' documents, in bundles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flinktop.engine.alerts.alert import Call, Change
from flinktop.engine.alerts.document import document
from flinktop.headless.status_json import as_object
from flinktop.headless.status_text import lines
from flinktop.judgement.finding import Culprit, Kind
from flinktop.own_keys import OwnLink
from flinktop.templates import template
from tests.bundle.made import made
from tests.engine.alerts.given import WALL
from tests.engine.alerts.given import finding as alerted
from tests.engine.alerts.test_document import alert
from tests.fixture_cluster import FixtureCluster
from tests.headless.test_status import AT, DETAILED, finding, status, verdict


def link(name: str, url: str, *on: str, clusters: tuple[str, ...] | None = None) -> OwnLink:
    return OwnLink(on, name, template(url), clusters=clusters)


RUNBOOK = link("runbook", "https://wiki/{verdict}?job={job_name}&from={since_ms}&at={now_ms}", "job")
LINKS = (
    RUNBOOK,
    link("vertex", "https://g/{vertex}/{vertex_name}", "vertex"),
    link("subtask", "https://g/{vertex}/{subtask}", "subtask"),
    link("pod", "https://pods/{taskmanager}", "taskmanager"),
    link("jobmanager", "https://jm/{cluster}", "jobmanager"),
    link("cluster", "{url}/#/overview?{release}", "cluster"),
    link("either", "https://e/{cluster}", "cluster", "job"),
    link("unknown", "https://h/{host}", "taskmanager"),
    link("elsewhere", "https://x/", "job", "cluster", clusters=("dev-*",)),
)


def named(found: Any) -> list[str]:
    return [one["name"] for one in found["links"]]


def test_a_finding_has_the_links_of_what_it_is_about() -> None:
    name = "a b&c\n作"
    report = as_object(status(verdict(DETAILED, name=name)), LINKS)
    (found,) = report["clusters"][0]["jobs"][0]["findings"]
    assert named(found) == ["runbook", "vertex", "subtask", "either"]
    urls = {one["name"]: one["url"] for one in found["links"]}
    assert urls["runbook"] == (
        f"https://wiki/bottleneck?job={quote(name, safe='')}&from={AT - 530_000:.0f}&at={AT:.0f}"
    )
    assert urls["vertex"] == f"https://g/{'b' * 32}/Join%20users"
    assert urls["subtask"] == f"https://g/{'b' * 32}/0"


def test_findings_of_the_cluster_and_of_its_processes_have_theirs() -> None:
    memory = [finding(Kind.MEMORY, culprit=Culprit(taskmanager=one)) for one in ("tm-1", "")]
    report = as_object(status(findings=tuple(memory)), LINKS)
    taskmanager, jobmanager = report["clusters"][0]["findings"]
    assert named(taskmanager) == ["pod", "cluster", "either"]
    assert taskmanager["links"][0]["url"] == "https://pods/tm-1"
    assert taskmanager["links"][1]["url"] == "http://jm:8081/#/overview?1.20.5"
    assert named(jobmanager) == ["jobmanager", "cluster", "either"]


def test_without_a_time_it_begins_an_hour_ago() -> None:
    (found,) = as_object(status(verdict(finding())), (RUNBOOK,))["clusters"][0]["jobs"][0]["findings"]
    assert f"from={AT - 3_600_000:.0f}&" in found["links"][0]["url"]


def test_without_links_in_the_config_there_is_no_such_key() -> None:
    (found,) = as_object(status(verdict(DETAILED)))["clusters"][0]["jobs"][0]["findings"]
    assert "links" not in found
    (without,) = as_object(status(verdict(DETAILED)), LINKS[5:6])["clusters"][0]["jobs"][0]["findings"]
    assert without["links"] == []


def test_explained_a_finding_shows_its_links() -> None:
    report = status(verdict(DETAILED))
    shown = [line.strip() for line in lines(report, explain=True, links=LINKS)]
    assert f"link      subtask: https://g/{'b' * 32}/0" in shown
    assert not [line for line in lines(report, explain=False, links=LINKS) if "https" in line]


def test_the_document_of_an_alert_has_them() -> None:
    given = alerted(since=WALL * 1000.0)
    raw = json.loads(document(Call(Change.RAISED, (alert(given=given),), WALL), "http://x", LINKS))
    assert named(raw["finding"]) == ["runbook", "vertex", "subtask", "either"]
    both = Call(Change.RAISED, (alert(given=given), alert("b2", given=given, name="bills")), WALL)
    raw = json.loads(document(both, "http://x", LINKS))
    urls = [one["finding"]["links"][0]["url"] for one in raw["alerts"]]
    assert ["job=orders" in urls[0], "job=bills" in urls[1]] == [True, True]


async def test_a_bundle_has_them_in_its_readme_and_its_verdict(tmp_path: Path) -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("failed for good")
    found = await made(cluster, job, tmp_path, links=LINKS)
    readme, text = (found.files[name].decode() for name in ("README.txt", "verdict.txt"))
    assert "link           runbook: https://wiki/failed?job=failed%20for%20good&from=" in readme
    assert "link      runbook: https://wiki/failed?job=failed%20for%20good&from=" in text
    report = json.loads(found.files["verdict.json"])
    assert "runbook" in named(report["clusters"][0]["jobs"][0]["findings"][0])
