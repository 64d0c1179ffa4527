"""The stand-in for a Kubernetes API server: TLS on loopback, in a thread of its own.

It answers what flinktop and kubectl ask as release 1.36 does. Tests put objects into its `store`, and choose
its failures. Nothing runs in it: pods and services lead to servers that the tests start.
"""

import asyncio
import contextlib
import gzip
import secrets
import socket
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

from tests.kubernetes.apiserver import (
    access,
    discovery,
    kubeconfig,
    logins,
    port_forward,
    routes,
    service_proxy,
)
from tests.kubernetes.apiserver.certificates import Authority
from tests.kubernetes.apiserver.kinds import Kind
from tests.kubernetes.apiserver.lists import Lists, one
from tests.kubernetes.apiserver.logs import Logs
from tests.kubernetes.apiserver.network import Network
from tests.kubernetes.apiserver.rights import Rights
from tests.kubernetes.apiserver.statuses import Refused, too_many
from tests.kubernetes.apiserver.store import Store
from tests.kubernetes.apiserver.watches import Watches
from tests.kubernetes.apiserver.wire import (
    LARGEST,
    Answer,
    Broken,
    Request,
    in_json,
    in_text,
    read_head,
    write_answer,
)

By = Literal["certificate", "token", "exec"]
ZIPPED_FROM = 128 * 1024
"""Bytes from which on an answer is compressed for those who take that."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: when it came (s, monotonic), who asked for what, and what the status of the answer was."""

    at: float
    user: str
    method: str
    target: str
    agent: str
    status: int = 0


class ApiServer:
    """One API server; a context manager that runs it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.authority = Authority(directory)
        self.store = Store()
        self.rights = Rights()
        self.rights.of["system:anonymous"] = ()
        self.logins = logins.Logins()
        self.network = Network(self.store)
        self.logs = Logs()
        self.watches = Watches(self.store)
        self.lists = Lists(self.store)
        self.plugins: dict[str, kubeconfig.Plugin] = {}
        self.asked: list[Asked] = []
        self.faults: list[Exception] = []
        """What went wrong in the server itself; `stop` raises the first."""
        self.websockets = True
        """Whether port-forward may come in a WebSocket: not on a server before 1.30."""
        self.delay = 0.0
        """Seconds before every answer."""
        self._busy = (0, 0)
        self._port = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._connections: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Take requests; after a stop at the same port as before."""
        up = threading.Event()
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self._port))
        self._port = listening.getsockname()[1]
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(listening, up)), name="apiserver"
        )
        self._thread.start()
        assert up.wait(10)

    def stop(self) -> None:
        """Refuse connections, and cut those that there are."""
        if self._thread is not None and self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()
            self._thread = None
            if self.faults:
                raise self.faults.pop(0)

    # Its bad days.

    def be_busy(self, times: int, seconds: int = 1) -> None:
        """Answer the next requests with 429 and Retry-After."""
        self._busy = (times, seconds)

    def forget(self) -> None:
        """Answer 410 Gone to lists and watches that go on from something earlier."""
        self.store.forget()
        self.lists.forget()

    def cut_watches(self) -> None:
        """Close all open watches now."""
        self.watches.cut += 1

    def lose_login(self, user: str) -> None:
        """Answer 401 to a user, until the login is given back."""
        self.logins.lost.add(user)

    def give_login_back(self, user: str) -> None:
        self.logins.lost.discard(user)

    def kill_pod(self, namespace: str, name: str) -> None:
        """Remove a pod, and end every port-forward to it."""
        self.store.remove("Pod", namespace, name)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._end_connections, namespace, name)

    def _end_connections(self, namespace: str, name: str) -> None:
        for task in list(self.network.connections.get((namespace, name), [])):
            task.cancel()

    # Its users.

    def context(
        self,
        name: str = "test",
        user: str = "dev",
        *,
        by: By = "certificate",
        namespace: str = "",
        groups: tuple[str, ...] = (),
    ) -> kubeconfig.Context:
        """A login of a user, for a kubeconfig."""
        if by == "certificate":
            pair = self.authority.user(user, groups)
            login = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
        elif by == "token":
            login = {"token": self.new_token(user, groups)}
        else:
            self.plugins[user] = kubeconfig.Plugin(self._directory / f"plugin-{user}")
            self.renew(user, groups)
            login = self.plugins[user].login()
        return kubeconfig.Context(name, self.url, self.authority.own.certificate, login, namespace)

    def kubeconfig(self, *contexts: kubeconfig.Context) -> Path:
        """A new kubeconfig file with these contexts, by default with one of the user `dev`."""
        path = self._directory / f"kubeconfig-{secrets.token_hex(4)}"
        return kubeconfig.write(path, contexts or [self.context()])

    def new_token(self, user: str, groups: tuple[str, ...] = ()) -> str:
        """A token of a user; any other of that user is no longer valid."""
        self.logins.tokens = {token: who for token, who in self.logins.tokens.items() if who[0] != user}
        token = secrets.token_hex(16)
        self.logins.tokens[token] = (user, groups)
        return token

    def renew(self, user: str, groups: tuple[str, ...] = ()) -> None:
        """The token of a user with an exec plugin is replaced; kubectl has to run the plugin again."""
        self.plugins[user].give(self.new_token(user, groups))

    # Its connections.

    async def _serve(self, listening: socket.socket, up: threading.Event) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        pair = self.authority.server()
        tls = logins.tls(pair.certificate, pair.key, self.authority.own.certificate)
        server = await asyncio.start_server(self._connected, sock=listening, ssl=tls, limit=LARGEST)
        up.set()
        async with server:
            await self._end.wait()
            server.close()
            for task in list(self._connections):
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await asyncio.sleep(0)  # for what an abort leaves to the loop

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            # Whoever goes away in the middle of something need not be told.
            with contextlib.suppress(OSError, Broken, asyncio.CancelledError):
                while await self._request(reader, writer):
                    pass
        finally:
            await self._close(writer)
            self._connections.discard(task)

    async def _close(self, writer: asyncio.StreamWriter) -> None:
        """Close a connection; at the server's end without a farewell, for which TLS would wait."""
        if self._end is not None and self._end.is_set():
            writer.transport.abort()
        else:
            writer.close()
        try:
            await writer.wait_closed()
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether there may be another."""
        head = await read_head(reader)
        if head is None:
            return False
        method, target, _ = head.start.split(" ", 2)
        request = Request(method, target, head.headers, head.raw, reader, writer)
        number, asked = (
            len(self.asked),
            Asked(time.monotonic(), "", method, target, head.headers.get("user-agent", "")),
        )
        self.asked.append(asked)
        if self.delay:
            await asyncio.sleep(self.delay)
        try:
            answer = await self._answer(request)
        except Refused as error:
            answer = error.answer()
        except (OSError, Broken):
            raise
        except Exception as error:  # noqa: BLE001 -- it is raised when the server ends
            self.faults.append(error)
            answer = Refused(500, repr(error)).answer()
        self.asked[number] = replace(asked, user=request.user, status=answer.status)
        _zip(request, answer)
        await write_answer(writer, answer, head_only=method == "HEAD")
        if answer.upgraded is not None:
            await answer.upgraded(reader, writer)
            return False
        await request.drop_body()
        return head.headers.get("connection", "").lower() != "close"

    async def _answer(self, request: Request) -> Answer:
        certificate = request.writer.get_extra_info("peercert")
        request.user, request.groups = self.logins.who(request.headers.get("authorization", ""), certificate)
        times, seconds = self._busy
        if times:
            self._busy = (times - 1, seconds)
            raise too_many(seconds)
        target = routes.parse(request.method, request.path, watch=request.query.get("watch") in {"true", "1"})
        if target is None:
            if request.user == "system:anonymous":
                raise Refused(
                    403, f'forbidden: User "{request.user}" cannot get path "{request.path}"', details={}
                )
            found = discovery.answer(self.store.kinds, request)
            return found or in_text("404 page not found\n", 404)
        if (review := await access.answer(self.rights, request)) is not None:
            return review
        if target.subresource == "portforward":
            # By a WebSocket it is a GET, and needs the right to create all the same.
            target = replace(target, verb="create")
        self.rights.check(request.user, target)
        return await self._of_objects(target, request)

    async def _of_objects(self, target: routes.Target, request: Request) -> Answer:
        kind = self.store.kind(target.group, target.version, target.resource)
        if kind is None:
            return in_text("404 page not found\n", 404)
        if target.subresource:
            return await self._of_subresource(kind, target, request)
        if request.method not in {"GET", "HEAD"}:
            raise Refused(405, "the server does not allow this method on the requested resource")
        if target.verb == "watch":
            lines = self.watches.watch(kind, target, request)
            return Answer(200, lines, [("Content-Type", "application/json")])
        if target.name:
            return in_json(one(self.store, kind, target, request))
        return in_json(self.lists.list(kind, target, request))

    async def _of_subresource(self, kind: Kind, target: routes.Target, request: Request) -> Answer:
        if target.right == "services/proxy":
            return await service_proxy.proxied(self.network, target, request)
        found = one(self.store, kind, target, request)
        if target.right == "pods/log":
            return self.logs.answer(found, request)
        if target.right == "pods/portforward":
            return port_forward.answer(self.network, found, request, websockets=self.websockets)
        raise Refused(404, "the server could not find the requested resource")


def _zip(request: Request, answer: Answer) -> None:
    takes = "gzip" in request.headers.get("accept-encoding", "")
    if takes and isinstance(answer.body, bytes) and len(answer.body) > ZIPPED_FROM:
        answer.body = gzip.compress(answer.body, 1)
        answer.headers.append(("Content-Encoding", "gzip"))
