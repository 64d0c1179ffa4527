"""Which clusters there are, and what belongs to each."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.kubernetes.discovery import Found, Parts, clusters_of
from flinktop.kubernetes.kinds import KINDS
from flinktop.kubernetes.selectors import selector
from tests.kubernetes import objects, pods
from tests.kubernetes.objects import CREATED, Object
from tests.kubernetes.scripted_api import RESOURCES

NOW = CREATED + 7200


def parts(*given: Object) -> Parts:
    found = Parts()
    for one in given:
        (kind,) = (kind for kind in KINDS if kind.resource == RESOURCES[one["kind"]])
        read = kind.read(json.dumps(one).encode())
        if read is not None and read[1] is not None:
            getattr(found, kind.part)[read[0]] = read[1]
    return found


def clusters(*given: Object, wanted: str = "", context: str = "minikube") -> tuple[Found, ...]:
    return clusters_of(context, parts(*given), selector=selector(wanted), now=NOW)


def names(found: Sequence[Found]) -> list[str]:
    return [one.name for one in found]


def pod_names(found: Found) -> list[str]:
    return [pod.name for pod in found.state.pods]


def test_a_cluster_of_the_operator() -> None:
    (found,) = clusters(*objects_of("orders", taskmanagers=2))
    assert (found.name, found.namespace) == ("default/orders", "default")
    assert (found.service, found.port, found.scheme) == ("orders-rest", 8081, "http")
    assert found.url == "http://orders-rest.default.minikube.kubernetes:8081"
    assert found.confirmed
    assert [pod.component for pod in found.state.pods] == ["jobmanager", "taskmanager", "taskmanager"]
    assert found.state.operator is not None
    assert found.state.operator.lifecycle == "STABLE"
    assert (found.state.context, found.state.namespace) == ("minikube", "default")


def objects_of(name: str, namespace: str = "default", taskmanagers: int = 1) -> list[Object]:
    return pods.flink_cluster(name, namespace, taskmanagers=taskmanagers)


def test_a_cluster_that_was_started_without_the_operator() -> None:
    (found,) = clusters(*pods.flink_cluster("orders", managed=False))
    assert found.name == "default/orders"
    assert found.url == "http://orders-rest.default.minikube.kubernetes:8081"
    assert found.confirmed  # native mode
    assert found.state.operator is None
    assert len(found.state.pods) == 2


def test_a_deployment_without_a_service_is_a_cluster_as_well() -> None:
    (found,) = clusters(objects.deployment(lifecycle="SUSPENDED", wanted="suspended"))
    assert (found.name, found.service, found.port) == ("default/orders", "orders-rest", 8081)
    assert found.state.pods == ()


@pytest.mark.parametrize(
    "settings",
    [
        {"security.ssl.rest.enabled": "true", "rest.port": "8443"},
        {"security.ssl.rest.enabled": True, "rest.port": 8443},
        {"security": {"ssl": {"rest": {"enabled": "true"}}}, "rest": {"port": 8443}},
        {"security.ssl": {"rest.enabled": "true"}, "rest.port": "8443"},
    ],
)
def test_the_configuration_says_port_and_scheme(settings: object) -> None:
    (found,) = clusters(objects.changed(objects.deployment(), spec__flinkConfiguration=settings))
    assert (found.scheme, found.port) == ("https", 8443)
    assert found.url.startswith("https://")


@pytest.mark.parametrize("port", ["0", "70000", "8081-8090", "x", "9" * 50])
def test_a_port_that_is_none_is_the_default(port: str) -> None:
    given = objects.changed(objects.deployment(), spec__flinkConfiguration={"rest.port": port})
    assert clusters(given)[0].port == 8081


# -- services ------------------------------------------------------------------------------------------

STANDALONE = {"app": "flink", "component": "jobmanager"}


def standalone(namespace: str = "default") -> list[Object]:
    """The deployment of Flink's documentation: two services of one JobManager."""
    internal = (("rpc", 6123), ("blob-server", 6124), ("webui", 8081))
    return [
        objects.service("flink-jobmanager", namespace, ports=internal, selector=STANDALONE, headless=True),
        objects.service("flink-jobmanager-rest", namespace, ports=(("rest", 8081),), selector=STANDALONE),
        pods.pod("flink", "jobmanager", namespace, kind="x"),
        pods.pod("flink", "taskmanager", namespace, kind="x"),
    ]


def test_services_of_one_jobmanager_are_one_row() -> None:
    (found,) = clusters(*standalone())
    assert (found.name, found.service) == ("default/flink-jobmanager-rest", "flink-jobmanager-rest")
    assert not found.confirmed
    assert len(found.state.pods) == 2


def test_the_same_without_any_pod() -> None:
    (found,) = clusters(*standalone()[:2])
    assert found.service == "flink-jobmanager-rest"


@pytest.mark.parametrize(
    ("ports", "found"),
    [
        ([("rest", 8081)], 8081),
        ([("ui", 80)], 80),
        ([("webui", 9000), ("rpc", 6123)], 9000),
        ([("", 8081)], 8081),
        ([("http", 8081)], 8081),
        ([("http", 8081), ("rest", 9000)], 9000),
        ([("http", 8080)], None),
        ([("rpc", 6123)], None),
        ([], None),
    ],
)
def test_the_port_of_the_rest_api(ports: list[tuple[str, int]], found: int | None) -> None:
    rows = clusters(objects.service("x", ports=ports, selector={"component": "jobmanager"}))
    assert [row.port for row in rows] == ([] if found is None else [found])


@pytest.mark.parametrize("labels", [{}, {"component": "taskmanager"}, {"app": "flink"}])
def test_a_service_of_something_else(labels: dict[str, str]) -> None:
    assert clusters(objects.service("x", selector=labels)) == ()


def test_tls_is_said_by_the_protocol_of_the_port() -> None:
    given = objects.service("x", selector=STANDALONE)
    given["spec"]["ports"][0]["appProtocol"] = "https"
    assert clusters(given)[0].scheme == "https"


def test_another_service_of_a_managed_cluster_is_no_row_of_its_own() -> None:
    extra = objects.service(
        "orders-public", ports=(("ui", 80),), selector={"component": "jobmanager", "app": "orders"}
    )
    vague = objects.service("team", selector={"component": "jobmanager", "team": "x"})
    given = pods.flink_cluster("orders")
    given[3]["metadata"]["labels"]["team"] = "x"
    (found,) = clusters(*given, extra, vague)
    assert found.service == "orders-rest"


def test_a_service_of_several_jobmanagers_leads_to_no_one() -> None:
    vague = objects.service("all", selector={"component": "jobmanager"})
    found = clusters(*pods.flink_cluster("a", managed=False), *pods.flink_cluster("b", managed=False), vague)
    assert names(found) == ["default/a", "default/b"]
    assert names(clusters(vague)) == ["default/all"]


def test_more_words_in_a_selector_are_the_same_jobmanager() -> None:
    one = objects.service("one", selector=STANDALONE)
    two = objects.service("two", selector=STANDALONE | {"tier": "x"})
    other = objects.service("three", selector={"app": "other", "component": "jobmanager"})
    assert [found.service for found in clusters(one, two, other)] == ["one", "three"]


def test_names_are_unique_in_a_context() -> None:
    """A service may have the name that another cluster goes by."""
    rest = objects.service("a-rest", selector={"app": "a", "component": "jobmanager"})
    same = objects.service("a", selector={"app": "b", "component": "jobmanager"})
    deployed = objects.deployment("c")
    taken = objects.service("c", selector={"app": "d", "component": "jobmanager"})
    found = clusters(rest, same, deployed, taken)
    assert sorted(names(found)) == ["default/a", "default/a-rest", "default/c", "default/c (service)"]
    assert len({one.url for one in found}) == 4


def test_the_same_names_in_other_namespaces_and_contexts() -> None:
    given = [*pods.flink_cluster("orders", "a"), *pods.flink_cluster("orders", "b")]
    found = clusters(*given) + clusters(*given, context="other")
    assert names(found) == ["a/orders", "b/orders"] * 2
    assert len({one.url for one in found}) == 4
    assert all({pod.name for pod in one.state.pods} for one in found)


# -- pods ----------------------------------------------------------------------------------------------


def test_taskmanagers_with_other_labels_belong_to_the_only_cluster() -> None:
    given = [
        objects.service("jm", selector={"app": "jm", "component": "jobmanager"}),
        pods.pod("jm", "jobmanager"),
        pods.pod("tm", "taskmanager"),
    ]
    (found,) = clusters(*given)
    assert len(found.state.pods) == 2
    assert {len(one.state.pods) for one in clusters(*given, *pods.flink_cluster("orders"))} == {1, 2}


def test_each_pod_belongs_to_one_cluster() -> None:
    given = [*pods.flink_cluster("a", taskmanagers=3), *pods.flink_cluster("ab"), *standalone()]
    found = clusters(*given)
    assert sorted(itertools.chain.from_iterable(map(pod_names, found))) == sorted(
        one["metadata"]["name"] for one in given if one["kind"] == "Pod"
    )
    assert {one.name: len(one.state.pods) for one in found} == {
        "default/a": 4,
        "default/ab": 2,
        "default/flink-jobmanager-rest": 2,
    }


# -- the operator --------------------------------------------------------------------------------------


def test_session_jobs_belong_to_their_session_cluster() -> None:
    found = clusters(
        objects.deployment("session", application=False),
        objects.session_job("clicks"),
        objects.session_job("etl", error="no jar"),
        objects.session_job("lost", cluster="nowhere"),
        objects.session_job("other", "elsewhere"),
    )
    (one,) = found
    assert [(job.name, job.error) for job in one.state.session_jobs] == [("clicks", ""), ("etl", "no jar")]


def test_the_last_savepoint_is_the_newest_of_all() -> None:
    given = objects.deployment(savepoint="s3://own", savepoint_at=CREATED + 60)
    newer = objects.snapshot("newer", at=CREATED + 3600, path="s3://newer")
    others = [
        objects.snapshot("older", at=CREATED + 30, path="s3://older"),
        objects.snapshot("failed", at=CREATED + 9000, state="FAILED", error="no"),
        objects.snapshot("checkpoint", at=CREATED + 9000, checkpoint=True),
        objects.snapshot("foreign", at=CREATED + 9000, of="clicks"),
        objects.snapshot("namesake", at=CREATED + 9000, of_kind="FlinkSessionJob"),
        objects.snapshot("elsewhere", "other", at=CREATED + 9000),
    ]
    for more, path in (([newer], "s3://newer"), ([], "s3://own")):
        operator = clusters(given, *others, *more)[0].state.operator
        assert operator is not None
        assert operator.savepoint == path


def test_the_savepoint_of_a_session_job() -> None:
    (found,) = clusters(
        objects.deployment("session", application=False),
        objects.session_job("clicks"),
        objects.snapshot(of="clicks", of_kind="FlinkSessionJob", path="s3://x", at=CREATED + 5),
    )
    (job,) = found.state.session_jobs
    assert (job.savepoint, job.savepoint_at) == ("s3://x", CREATED + 5)


# -- pods that can not be created ----------------------------------------------------------------------


def test_a_quota_that_is_used_up() -> None:
    event = pods.over_quota(at=NOW - 60)
    (found,) = clusters(objects.deployment(), event)
    assert found.state.not_created == (
        "exceeded quota: team, requested: limits.memory=2Gi, used: limits.memory=15Gi,"
        " limited: limits.memory=16Gi"
    )


@pytest.mark.parametrize(
    ("owner", "its"),
    [
        ("orders-5d4f7c9b8d", True),
        ("orders-taskmanager-5d4f7c9b8d", True),
        ("orders-taskmanager", True),  # a StatefulSet
        ("orders-eu-5d4f7c9b8d", False),
        ("clicks-5d4f7c9b8d", False),
    ],
)
def test_which_cluster_lacks_a_pod(owner: str, *, its: bool) -> None:
    event = objects.changed(pods.over_quota(at=NOW - 60), involvedObject__name=owner)
    (found,) = clusters(objects.deployment(), event)
    assert bool(found.state.not_created) is its


def test_a_pod_that_was_created_since_or_an_old_event_end_it() -> None:
    given = pods.flink_cluster("orders")
    recent = pods.over_quota(at=NOW - 60)
    assert clusters(*given, recent)[0].state.not_created
    jobmanager = pods.pod("orders", "jobmanager", created=NOW - 30)
    assert not clusters(*given, jobmanager, recent)[0].state.not_created
    assert not clusters(*given, pods.over_quota(at=NOW - 3600))[0].state.not_created


# -- label selectors of the person ---------------------------------------------------------------------


def test_only_what_the_selector_matches() -> None:
    given = [
        *pods.flink_cluster("orders"),
        *pods.flink_cluster("clicks"),
        objects.deployment("tagged", labels={"tier": "prod"}),
        *standalone(),
    ]
    assert names(clusters(*given, wanted="tier=prod")) == ["default/tagged"]
    # The label of the service, and of the JobManager's pod.
    assert names(clusters(*given, wanted="app=orders")) == ["default/orders"]
    assert names(clusters(*given, wanted="app=flink")) == ["default/flink-jobmanager-rest"]
    assert clusters(*given, wanted="app=none") == ()


# -- any input -----------------------------------------------------------------------------------------

WORDS = st.sampled_from(["a", "b", "a-rest", "app", "jobmanager", "taskmanager", "", "é\x1b[31m", "x" * 253])
LABELS = st.dictionaries(st.sampled_from(["app", "component", "type", "team"]), WORDS, max_size=4)
SERVICES = st.builds(
    lambda name, labels, ports: objects.service(
        name, ports=ports, selector=labels | {"component": "jobmanager"}
    ),
    WORDS,
    LABELS,
    st.lists(st.tuples(st.sampled_from(["rest", "ui", ""]), st.integers(0, 70000)), max_size=3),
)
PODS = st.builds(lambda name, labels: pods.pod(name=name, labels=labels), WORDS, LABELS)
DEPLOYMENTS = st.builds(objects.deployment, WORDS, WORDS)
SESSION_JOBS = st.builds(lambda name, cluster: objects.session_job(name, cluster=cluster), WORDS, WORDS)


@pytest.mark.deep
@given(st.lists(SERVICES | PODS | DEPLOYMENTS | SESSION_JOBS, max_size=12))
def test_rows_are_distinct_and_no_pod_is_in_two(given: list[Object]) -> None:
    found = clusters(*given)
    assert len({one.name for one in found}) == len(found)
    assert len({one.url for one in found}) == len(found)
    uids = [pod.uid for one in found for pod in one.state.pods]
    assert len(set(uids)) == len(uids)
    assert all(0 < one.port <= 65535 for one in found)
    assert all(one.name.isprintable() for one in found)


@pytest.mark.deep
@given(st.permutations([*pods.flink_cluster("orders"), *standalone(), objects.session_job(cluster="orders")]))
def test_the_order_in_which_objects_come_changes_nothing(given: list[Object]) -> None:
    assert clusters(*given) == clusters(*sorted(given, key=json.dumps))
