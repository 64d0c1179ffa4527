"""The API server of the tests, as a client without kubectl sees it."""

import pytest

from tests.kubernetes import objects, pods
from tests.kubernetes.apiserver.rights import PROXY_READ, VIEW, Rule
from tests.kubernetes.apiserver.server import ApiServer
from tests.kubernetes.client import DEPLOYMENTS, PODS, client, names, watching


def test_who_shows_no_login_may_read_nothing(apiserver: ApiServer) -> None:
    with client(apiserver, by=None) as api:
        assert api.get("/version").status_code == 403
        answer = api.get(PODS)
    assert answer.status_code == 403
    assert 'User "system:anonymous" cannot list resource "pods"' in answer.json()["message"]


@pytest.mark.parametrize("by", ["certificate", "token"])
def test_a_login_is_lost_and_given_back(apiserver: ApiServer, by: str) -> None:
    with client(apiserver, by="certificate" if by == "certificate" else "token") as api:
        assert api.get(PODS).status_code == 200
        apiserver.lose_login("dev")
        answer = api.get(PODS)
        assert (answer.status_code, answer.json()["reason"]) == (401, "Unauthorized")
        apiserver.give_login_back("dev")
        assert api.get(PODS).status_code == 200
    assert {asked.user for asked in apiserver.asked} == {"dev", ""}


def test_an_old_token_is_no_longer_valid(apiserver: ApiServer) -> None:
    with client(apiserver, by="token") as api:
        apiserver.new_token("dev")
        assert api.get(PODS).status_code == 401


def test_what_a_rule_does_not_allow_is_refused_with_the_right_that_is_missing(apiserver: ApiServer) -> None:
    apiserver.rights.of["dev"] = (Rule(("get", "list"), ("pods",), namespaces=("flink",)),)
    with client(apiserver) as api:
        assert api.get(PODS).status_code == 200
        everywhere = api.get(DEPLOYMENTS)
        log = api.get(f"{PODS}/one/log")
    assert everywhere.status_code == 403
    assert everywhere.json()["message"] == (
        'flinkdeployments.flink.apache.org is forbidden: User "dev" cannot list resource "flinkdeployments" '
        'in API group "flink.apache.org" at the cluster scope'
    )
    assert everywhere.json()["details"] == {"kind": "flinkdeployments", "group": "flink.apache.org"}
    assert log.json()["message"] == (
        'pods "one" is forbidden: User "dev" cannot get resource "pods/log" in API group "" '
        'in the namespace "flink"'
    )


def test_reading_through_the_proxy_may_be_allowed_alone(apiserver: ApiServer) -> None:
    apiserver.rights.of["dev"] = (*VIEW, PROXY_READ)
    way = "/api/v1/namespaces/flink/services/orders-rest:8081/proxy/jobs"
    with client(apiserver) as api:
        assert api.get(way).status_code == 404  # there is no such service
        answer = api.post(way)
    assert answer.status_code == 403
    assert 'cannot create resource "services/proxy"' in answer.json()["message"]


def test_a_kind_that_is_not_installed_is_not_there(apiserver: ApiServer) -> None:
    apiserver.store.remove_kind("flinkdeployments")
    with client(apiserver) as api:
        assert api.get(DEPLOYMENTS).status_code == 404
        listed = api.get("/apis/flink.apache.org/v1beta1").json()["resources"]
    assert [each["name"] for each in listed] == ["flinksessionjobs", "flinkstatesnapshots"]


def test_objects_are_listed_by_namespace_and_name_with_a_version(apiserver: ApiServer) -> None:
    apiserver.store.put(
        objects.deployment("b", "one"), objects.deployment("a", "two"), objects.deployment("a", "one")
    )
    with client(apiserver) as api:
        everywhere = api.get(DEPLOYMENTS).json()
        one = api.get("/apis/flink.apache.org/v1beta1/namespaces/one/flinkdeployments").json()
        missing = api.get("/apis/flink.apache.org/v1beta1/namespaces/one/flinkdeployments/c")
    assert [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in everywhere["items"]] == [
        ("one", "a"),
        ("one", "b"),
        ("two", "a"),
    ]
    assert everywhere["kind"] == "FlinkDeploymentList"
    assert everywhere["metadata"] == {"resourceVersion": str(apiserver.store.version)}
    assert names(one) == ["a", "b"]
    assert missing.json()["message"] == 'flinkdeployments.flink.apache.org "c" not found'


def test_items_of_built_in_kinds_do_not_say_their_kind(apiserver: ApiServer) -> None:
    apiserver.store.put(*pods.flink_cluster("orders", "flink"))
    with client(apiserver) as api:
        assert all("kind" not in item for item in api.get(PODS).json()["items"])
        assert all(item["kind"] == "FlinkDeployment" for item in api.get(DEPLOYMENTS).json()["items"])


def test_pages_stay_as_they_were_when_the_first_was_asked_for(apiserver: ApiServer) -> None:
    apiserver.store.put(*(objects.deployment(f"job-{number}", "flink") for number in range(5)))
    with client(apiserver) as api:
        page = api.get(DEPLOYMENTS, params={"limit": 2}).json()
        version = page["metadata"]["resourceVersion"]
        assert page["metadata"]["remainingItemCount"] == 3
        apiserver.store.remove("FlinkDeployment", "flink", "job-3")
        seen = names(page)
        while token := page["metadata"].get("continue"):
            page = api.get(DEPLOYMENTS, params={"limit": 2, "continue": token}).json()
            seen += names(page)
            assert page["metadata"]["resourceVersion"] == version
    assert seen == [f"job-{number}" for number in range(5)]


def test_a_page_of_a_list_that_is_too_old_is_gone(apiserver: ApiServer) -> None:
    apiserver.store.put(*(objects.deployment(f"job-{number}", "flink") for number in range(3)))
    with client(apiserver) as api:
        token = api.get(DEPLOYMENTS, params={"limit": 1}).json()["metadata"]["continue"]
        apiserver.forget()
        answer = api.get(DEPLOYMENTS, params={"limit": 1, "continue": token})
        assert (answer.status_code, answer.json()["reason"]) == (410, "Expired")
        assert api.get(DEPLOYMENTS, params={"continue": "no token"}).status_code == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"labelSelector": "component=jobmanager"}, 1),
        ({"labelSelector": "component in (jobmanager,taskmanager),app=orders"}, 3),
        ({"labelSelector": "component!=jobmanager"}, 2),
        ({"labelSelector": "component notin (taskmanager)"}, 1),
        ({"labelSelector": "component"}, 3),
        ({"labelSelector": "!component"}, 0),
        ({"fieldSelector": "status.phase=Running"}, 3),
        ({"fieldSelector": "spec.nodeName!=node-1"}, 0),
        ({"fieldSelector": "metadata.name=orders-taskmanager-1-2"}, 1),
    ],
)
def test_selectors(apiserver: ApiServer, query: dict[str, str], found: int) -> None:
    apiserver.store.put(*pods.flink_cluster("orders", "flink", taskmanagers=2))
    with client(apiserver) as api:
        assert len(api.get(PODS, params=query).json()["items"]) == found


def test_a_selector_that_cannot_be_read_is_refused(apiserver: ApiServer) -> None:
    with client(apiserver) as api:
        assert api.get(PODS, params={"labelSelector": "not a selector"}).status_code == 400


def test_a_table_has_the_columns_of_the_kind(apiserver: ApiServer) -> None:
    apiserver.store.put(pods.oom_killed(pods.pod(namespace="flink")))
    with client(apiserver) as api:
        api.headers["Accept"] = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
        table = api.get(PODS).json()
    assert [each["name"] for each in table["columnDefinitions"]][:4] == [
        "Name",
        "Ready",
        "Status",
        "Restarts",
    ]
    assert table["rows"][0]["cells"][:4] == ["orders-taskmanager-1-1", "0/1", "OOMKilled", "0"]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_a_busy_server_says_when_to_come_back(apiserver: ApiServer) -> None:
    apiserver.be_busy(1, seconds=7)
    with client(apiserver) as api:
        answer = api.get(PODS)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
        assert answer.json()["details"] == {"retryAfterSeconds": 7}
        assert api.get(PODS).status_code == 200


def test_a_server_that_was_stopped_starts_again_at_the_same_address(apiserver: ApiServer) -> None:
    apiserver.store.put(pods.pod(namespace="flink"))
    address = apiserver.url
    apiserver.stop()
    apiserver.start()
    assert apiserver.url == address
    with client(apiserver) as api:
        assert names(api.get(PODS).json()) == ["orders-taskmanager-1-1"]


def test_a_watch_tells_what_happens_since_a_list(apiserver: ApiServer) -> None:
    store = apiserver.store
    store.put(objects.deployment("before", "flink"))
    with client(apiserver) as api:
        version = api.get(DEPLOYMENTS).json()["metadata"]["resourceVersion"]
        store.put(objects.deployment("orders", "flink"))
        with watching(api, DEPLOYMENTS, resourceVersion=version) as events:
            what, created = next(events)
            assert (what, created["metadata"]["name"]) == ("ADDED", "orders")
            store.patch("FlinkDeployment", "flink", "orders", status__lifecycleState="UPGRADING")
            what, patched = next(events)
            assert (what, patched["status"]["lifecycleState"]) == ("MODIFIED", "UPGRADING")
            assert int(patched["metadata"]["resourceVersion"]) > int(created["metadata"]["resourceVersion"])
            assert patched["metadata"]["uid"] == created["metadata"]["uid"]
            store.put(pods.pod(namespace="flink"))  # of another kind
            store.remove("FlinkDeployment", "flink", "orders")
            what, removed = next(events)
            assert (what, removed["metadata"]["name"]) == ("DELETED", "orders")


def test_a_watch_without_a_version_begins_with_what_there_is(apiserver: ApiServer) -> None:
    apiserver.store.put(objects.deployment("orders", "flink"))
    apiserver.watches.longest = 0.2
    with client(apiserver) as api, watching(api, DEPLOYMENTS, timeoutSeconds="300") as events:
        assert [(what, each["metadata"]["name"]) for what, each in events] == [("ADDED", "orders")]


def test_what_leaves_the_selection_of_a_watch_is_deleted_to_it(apiserver: ApiServer) -> None:
    apiserver.store.put(pods.pod(namespace="flink", labels={"team": "a"}))
    query = {"labelSelector": "team=a", "resourceVersion": str(apiserver.store.version)}
    with client(apiserver) as api, watching(api, PODS, **query) as events:
        apiserver.store.put(pods.pod(namespace="flink", labels={"team": "b"}))
        apiserver.store.put(pods.pod(namespace="flink", labels={"team": "a"}))
        assert [next(events)[0] for _ in range(2)] == ["DELETED", "ADDED"]


def test_a_watch_from_a_version_that_is_forgotten_is_gone(apiserver: ApiServer) -> None:
    apiserver.store.put(objects.deployment("orders", "flink"))
    version = str(apiserver.store.version)
    apiserver.forget()
    with client(apiserver) as api, watching(api, DEPLOYMENTS, resourceVersion=version) as events:
        ((what, status),) = events
    assert (what, status["code"], status["reason"]) == ("ERROR", 410, "Expired")


def test_a_watch_is_closed_when_its_time_is_up_with_a_bookmark_if_that_is_allowed(
    apiserver: ApiServer,
) -> None:
    apiserver.watches.longest = 0.3
    version = str(apiserver.store.version)
    with client(apiserver) as api:
        with watching(api, PODS, resourceVersion=version, allowWatchBookmarks="true") as events:
            apiserver.store.put(objects.deployment("orders", "flink"))
            ((what, mark),) = events
        assert (what, mark["metadata"]["resourceVersion"]) == ("BOOKMARK", str(apiserver.store.version))
        with watching(api, PODS, resourceVersion=version) as events:
            assert not list(events)


def test_all_watches_are_cut_at_once(apiserver: ApiServer) -> None:
    with client(apiserver) as api, watching(api, PODS) as some, watching(api, DEPLOYMENTS) as others:
        apiserver.cut_watches()
        assert not list(some)
        assert not list(others)


def test_a_container_has_a_log_and_one_of_before_it_was_restarted(apiserver: ApiServer) -> None:
    pod = pods.oom_killed(pods.pod("orders", "jobmanager", "flink"))
    name = pod["metadata"]["name"]
    apiserver.store.put(pod)
    apiserver.logs.write("flink", name, "one\ntwo\nthree\n", previous="before\n")
    with client(apiserver) as api:
        assert api.get(f"{PODS}/{name}/log").text == "one\ntwo\nthree\n"
        assert api.get(f"{PODS}/{name}/log", params={"tailLines": 2}).text == "two\nthree\n"
        assert api.get(f"{PODS}/{name}/log", params={"previous": "true"}).text == "before\n"
        with api.stream("GET", f"{PODS}/{name}/log", params={"follow": "true", "tailLines": "1"}) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "three"
            apiserver.logs.write("flink", name, "four\n")
            assert next(lines) == "four"


def test_a_log_that_is_not_there_is_refused_with_the_reason(apiserver: ApiServer) -> None:
    waiting = pods.pulling_image_fails(pods.pod(namespace="flink"))
    both = pods.pod(namespace="flink", number=2, sidecar=True)
    apiserver.store.put(waiting, both)
    with client(apiserver) as api:

        def why(name: str, **query: str) -> str:
            answer = api.get(f"{PODS}/{name}/log", params=query)
            assert answer.status_code == 400
            return str(answer.json()["message"])

        assert "waiting to start: trying and failing to pull image" in why("orders-taskmanager-1-1")
        assert 'previous terminated container "flink-main-container"' in why(
            "orders-taskmanager-1-1", previous="true"
        )
        assert "choose one of: [flink-main-container log-shipper]" in why("orders-taskmanager-1-2")
        assert api.get(f"{PODS}/none/log").status_code == 404


def test_an_upgrade_is_needed_for_port_forward(apiserver: ApiServer) -> None:
    apiserver.store.put(pods.pod(namespace="flink"))
    with client(apiserver) as api:
        assert api.post(f"{PODS}/orders-taskmanager-1-1/portforward").status_code == 400


def test_what_a_user_may_do_is_told(apiserver: ApiServer) -> None:
    apiserver.rights.of["dev"] = VIEW
    way = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

    def asked(verb: str, resource: str) -> bool:
        wanted = {"verb": verb, "resource": resource, "namespace": "flink"}
        answer = api.post(way, json={"spec": {"resourceAttributes": wanted}})
        return bool(answer.json()["status"]["allowed"])

    with client(apiserver) as api:
        assert asked("list", "pods")
        assert not asked("delete", "pods")
