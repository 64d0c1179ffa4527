"""What containers have written, also before they were restarted."""

import asyncio
from collections.abc import AsyncIterator

from tests.kubernetes.apiserver.statuses import Refused
from tests.kubernetes.apiserver.wire import Answer, Request
from tests.kubernetes.objects import CONTAINER, Object

PLAIN = [("Content-Type", "text/plain")]


class Logs:
    """Logs by namespace, pod and container."""

    def __init__(self) -> None:
        self._now: dict[tuple[str, str, str], bytes] = {}
        self._before: dict[tuple[str, str, str], bytes] = {}

    def write(
        self, namespace: str, pod: str, text: str, *, previous: str | None = None, container: str = CONTAINER
    ) -> None:
        """Add to a container's log; `previous` is what it wrote before its last restart."""
        key = (namespace, pod, container)
        self._now[key] = self._now.get(key, b"") + text.encode()
        if previous is not None:
            self._before[key] = previous.encode()

    def answer(self, pod: Object, request: Request) -> Answer:
        """The log that a request asks for.

        Raises:
            Refused: 400, there is no such container, or it has no such log.
        """
        query = request.query
        own = pod["metadata"]
        names = [each["name"] for each in pod["spec"]["containers"]]
        container = query.get("container") or (names[0] if len(names) == 1 else "")
        if not container:
            choice = " ".join(names)
            raise Refused(
                400, f"a container name must be specified for pod {own['name']}, choose one of: [{choice}]"
            )
        if container not in names:
            raise Refused(400, f"container {container} is not valid for pod {own['name']}")
        key = (own["namespace"], own["name"], container)
        if query.get("previous") == "true":
            if key not in self._before:
                raise Refused(
                    400, f'previous terminated container "{container}" in pod "{own["name"]}" not found'
                )
            return Answer(200, _part(self._before[key], request), list(PLAIN))
        _must_have_started(pod, container)
        if query.get("follow") == "true":
            return Answer(200, self._followed(key, request), list(PLAIN))
        return Answer(200, _part(self._now.get(key, b""), request), list(PLAIN))

    async def _followed(self, key: tuple[str, str, str], request: Request) -> AsyncIterator[bytes]:
        begun = self._now.get(key, b"")
        yield _part(begun, request)
        sent = len(begun)
        while not request.gone:
            now = self._now.get(key, b"")
            if len(now) > sent:
                yield now[sent:]
                sent = len(now)
            await asyncio.sleep(0.05)


def _must_have_started(pod: Object, container: str) -> None:
    statuses = pod.get("status", {}).get("containerStatuses", [])
    state = next((each["state"] for each in statuses if each["name"] == container), None)
    name = pod["metadata"]["name"]
    if state is None:
        raise Refused(400, f'container "{container}" in pod "{name}" is waiting to start: ContainerCreating')
    waits = state.get("waiting", {}).get("reason", "")
    # One that is restarted again and again still has the log of its last try.
    if waits and waits != "CrashLoopBackOff":
        why = "trying and failing to pull image" if "Image" in waits else waits
        raise Refused(400, f'container "{container}" in pod "{name}" is waiting to start: {why}')


def _part(text: bytes, request: Request) -> bytes:
    query = request.query
    if "tailLines" in query:
        count = int(query["tailLines"])
        text = b"".join(text.splitlines(keepends=True)[-count:]) if count else b""
    return text[: int(query["limitBytes"])] if "limitBytes" in query else text
