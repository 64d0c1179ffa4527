"""Questions about the user: `kubectl auth can-i`, `kubectl auth whoami`."""

import json
from typing import Any

from tests.kubernetes.apiserver.rights import Rights
from tests.kubernetes.apiserver.routes import Target
from tests.kubernetes.apiserver.wire import Answer, Request, in_json

REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


async def answer(rights: Rights, request: Request) -> Answer | None:
    """The answer to such a question; None for any other request."""
    if request.method != "POST" or request.path not in {REVIEW, WHO}:
        return None
    asked: dict[str, Any] = json.loads(await request.body())
    if request.path == WHO:
        info = {"username": request.user, "groups": list(request.groups)}
        return in_json({**asked, "status": {"userInfo": info}}, 201)
    wanted = asked["spec"].get("resourceAttributes", {})
    names = ("verb", "group", "version", "namespace", "resource", "name", "subresource")
    target = Target(*(wanted.get(name, "") for name in names))
    return in_json({**asked, "status": {"allowed": rights.allow(request.user, target)}}, 201)
