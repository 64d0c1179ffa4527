"""Questions about the user: `kubectl auth can-i`, `kubectl auth whoami`."""

import json
from typing import Any

from tests.kubernetes.apiserver.rights import Rights
from tests.kubernetes.apiserver.routes import Target
from tests.kubernetes.apiserver.wire import Answer, Request, in_json

REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_PROTOBUF = b"k8s\0"
_NUMBERED = ("namespace", "verb", "group", "version", "resource", "subresource", "name")
"""The fields of ResourceAttributes, from 1 on."""


async def answer(rights: Rights, request: Request) -> Answer | None:
    """The answer to such a question; None for any other request."""
    if request.method != "POST" or request.path not in {REVIEW, WHO}:
        return None
    body = await request.body()
    if request.path == WHO:
        info = {"username": request.user, "groups": list(request.groups)}
        own = {"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": {}}
        return in_json(own | {"status": {"userInfo": info}}, 201)
    wanted = _attributes(body)
    names = ("verb", "group", "version", "namespace", "resource", "name", "subresource")
    target = Target(*(wanted.get(name, "") for name in names))
    return in_json(
        {
            "kind": "SelfSubjectAccessReview",
            "apiVersion": "authorization.k8s.io/v1",
            "metadata": {},
            "spec": {"resourceAttributes": wanted},
            "status": {"allowed": rights.allow(request.user, target)},
        },
        201,
    )


def _attributes(body: bytes) -> dict[str, Any]:
    """What a review asks for, from JSON or, as kubectl 1.37 sends it, from protobuf."""
    if not body.startswith(_PROTOBUF):
        found: dict[str, Any] = json.loads(body)["spec"].get("resourceAttributes", {})
        return found
    inner = body.removeprefix(_PROTOBUF)
    for number in (2, 2, 1):  # the object itself, its spec, what of a resource it asks for
        inner = _fields(inner).get(number, b"")
    fields = _fields(inner)
    return {name: fields[number].decode() for number, name in enumerate(_NUMBERED, 1) if fields.get(number)}


def _fields(message: bytes) -> dict[int, bytes]:
    """The texts and messages in a protobuf message; numbers in it are left out."""
    found, at = {}, 0
    while at < len(message):
        key, at = _varint(message, at)
        value, at = _varint(message, at)
        if key & 7 == 2:
            found[key >> 3] = message[at : at + value]
            at += value
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at
