"""What a client asks first: which version the server has, which groups, and which kinds."""

from typing import Any

from tests.kubernetes.apiserver.kinds import FLINK, Kind
from tests.kubernetes.apiserver.wire import Answer, Request, in_json, in_text

RELEASE = "v1.36.0"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def answer(kinds: list[Kind], request: Request) -> Answer | None:
    """The answer to a request about the server itself; None if it is about something else."""
    path = request.path.rstrip("/")
    if path == "/version":
        return in_json(_version())
    if path in {"/readyz", "/livez", "/healthz"}:
        return in_text("ok")
    if path in {"/api", "/apis"}:
        core = path == "/api"
        if AGGREGATED in request.headers.get("accept", ""):
            made = in_json(_aggregated([kind for kind in kinds if bool(kind.group) != core]))
            made.headers[0] = ("Content-Type", AGGREGATED)
            return made
        return in_json(_versions(request) if core else _groups(kinds))
    for version in {("", "v1"), *((kind.group, kind.version) for kind in kinds)}:
        way = f"/apis/{version[0]}/{version[1]}" if version[0] else f"/api/{version[1]}"
        if path == way:
            return in_json(_resources(version, kinds))
    return None


def _version() -> dict[str, str]:
    major, minor, _ = RELEASE.removeprefix("v").split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": RELEASE,
        "gitCommit": "0" * 40,
        "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "go1.25",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def _versions(request: Request) -> dict[str, Any]:
    address = {"clientCIDR": "0.0.0.0/0", "serverAddress": request.headers.get("host", "")}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}


def _groups(kinds: list[Kind]) -> dict[str, Any]:
    groups = []
    if any(kind.group == FLINK for kind in kinds):
        version = {"groupVersion": f"{FLINK}/v1beta1", "version": "v1beta1"}
        groups = [{"name": FLINK, "versions": [version], "preferredVersion": version}]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def _resources(version: tuple[str, str], kinds: list[Kind]) -> dict[str, Any]:
    group, name = version
    rows: list[dict[str, Any]] = []
    for kind in kinds:
        if (kind.group, kind.version) != version:
            continue
        row = {"name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced}
        rows.append(row | {"kind": kind.kind, "verbs": list(kind.verbs), "shortNames": list(kind.short)})
        for sub, verbs in (kind.subresources or {}).items():
            row = {"name": f"{kind.plural}/{sub}", "singularName": "", "namespaced": kind.namespaced}
            rows.append(row | {"kind": kind.kind, "verbs": list(verbs)})
    at = f"{group}/{name}" if group else name
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": at, "resources": rows}


def _aggregated(kinds: list[Kind]) -> dict[str, Any]:
    groups = []
    for group, version in dict.fromkeys((kind.group, kind.version) for kind in kinds):
        resources = [_resource(kind) for kind in kinds if (kind.group, kind.version) == (group, version)]
        row = {"version": version, "freshness": "Current", "resources": resources}
        own = {"name": group, "creationTimestamp": None} if group else {"creationTimestamp": None}
        groups.append({"metadata": own, "versions": [row]})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": groups,
    }


def _resource(kind: Kind) -> dict[str, Any]:
    is_of = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    made: dict[str, Any] = {
        "resource": kind.plural,
        "responseKind": is_of,
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "shortNames": list(kind.short),
        "verbs": list(kind.verbs),
    }
    if kind.subresources:
        made["subresources"] = [
            {"subresource": sub, "responseKind": is_of, "verbs": list(verbs)}
            for sub, verbs in kind.subresources.items()
        ]
    return made
