"""What a request asks for, in the words of authorization: verb, kind, name and what lies below it."""

import urllib.parse
from dataclasses import dataclass

_VERBS = {
    "GET": "get",
    "HEAD": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One request below /api/v1 or /apis/GROUP/VERSION."""

    verb: str
    group: str
    version: str
    namespace: str
    resource: str
    name: str = ""
    subresource: str = ""
    rest: str = ""
    """What follows the subresource, as it was sent: `/jobs/overview` of `…/proxy/jobs/overview`."""

    @property
    def right(self) -> str:
        """The resource as a rule names it: `services/proxy`."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource

    @property
    def full(self) -> str:
        """The resource with its group."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


def parse(method: str, path: str, *, watch: bool) -> Target | None:
    """The target of a path as it was sent; None for what is no object, as /version."""
    words = path.split("/")[1:]
    if words[:2] == ["api", "v1"]:
        group, version, words = "", "v1", words[2:]
    elif words[0] == "apis" and len(words) > 2:
        group, version, words = words[1], words[2], words[3:]
    else:
        return None
    if not words or not words[0]:
        return None
    namespace = ""
    if words[0] == "namespaces" and len(words) > 2:
        namespace, words = urllib.parse.unquote(words[1]), words[2:]
    resource, name, sub = (urllib.parse.unquote(word) for word in [*words, "", ""][:3])
    rest = "".join(f"/{word}" for word in words[3:])
    verb = _VERBS.get(method, method.lower())
    if verb == "get" and not name:
        verb = "watch" if watch else "list"
    return Target(verb, group, version, namespace, resource, name, sub, rest)
