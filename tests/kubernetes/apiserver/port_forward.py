"""`kubectl port-forward`: each connection to a local port is two streams, for its bytes and for an error."""

import asyncio
import contextlib

from tests.kubernetes.apiserver.network import Network
from tests.kubernetes.apiserver.spdy import Connected, Spdy, Stream
from tests.kubernetes.apiserver.statuses import Refused
from tests.kubernetes.apiserver.websocket import WebSocket, accept
from tests.kubernetes.apiserver.wire import CHUNK, Answer, Request
from tests.kubernetes.objects import Object

PROTOCOL = "portforward.k8s.io"
TUNNELLED = f"SPDY/3.1+{PROTOCOL}"


def answer(network: Network, pod: Object, request: Request, *, websockets: bool) -> Answer:
    """Take the connection over, by SPDY or by SPDY in a WebSocket.

    Raises:
        Refused: 400, it is neither, or WebSockets are not spoken here.
    """
    how = request.headers.get("upgrade", "").lower()
    own = pod["metadata"]
    if how == "spdy/3.1":
        headers = [("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", PROTOCOL)]
    elif how == "websocket" and websockets and TUNNELLED in request.headers.get("sec-websocket-protocol", ""):
        key = accept(request.headers.get("sec-websocket-key", ""))
        headers = [
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Accept", key),
            ("Sec-WebSocket-Protocol", TUNNELLED),
        ]
    else:
        raise Refused(400, "Upgrade request required")

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected: Connected = WebSocket(reader, writer) if how == "websocket" else _Socket(reader, writer)
        forwarding = asyncio.ensure_future(_Forwarding(network, pod).serve(connected))
        open_ones = network.connections.setdefault((own["namespace"], own["name"]), [])
        open_ones.append(forwarding)
        try:
            await forwarding
        except asyncio.CancelledError:
            # Its pod has died; but if the server ends, this task is what ends.
            if not forwarding.cancelled():
                forwarding.cancel()
                raise
        finally:
            open_ones.remove(forwarding)

    return Answer(101, b"", [("Connection", "Upgrade"), *headers], forward)


class _Socket:
    """The connection itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.readexactly = reader.readexactly
        self.write = writer.write
        self.drain = writer.drain
        self.close = writer.close


class _Forwarding:
    """One kubectl that is connected to a pod."""

    def __init__(self, network: Network, pod: Object) -> None:
        self._network = network
        self._pod = pod
        self._waiting: dict[str, Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, connected: Connected) -> None:
        try:
            await Spdy(connected, self._opened).serve()
        finally:
            for task in self._tasks:
                task.cancel()
            connected.close()

    async def _opened(self, stream: Stream) -> None:
        headers = {name.lower(): value for name, value in stream.headers.items()}
        other = self._waiting.pop(headers["requestid"], None)
        if other is None:
            self._waiting[headers["requestid"]] = stream
            return
        error, data = (stream, other) if headers["streamtype"] == "error" else (other, stream)
        task = asyncio.ensure_future(self._pass_on(error, data, int(headers["port"])))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, error: Stream, data: Stream, port: int) -> None:
        """One connection; however it ends, both streams are closed: kubectl waits for that."""
        address = self._network.pod(self._pod, port)
        with contextlib.suppress(OSError):
            try:
                if address is None:
                    raise ConnectionRefusedError("connect: connection refused")
                reader, writer = await asyncio.open_connection(*address)
            except OSError as cause:
                uid = self._pod["metadata"]["uid"]
                await error.write(f"error forwarding port {port} to pod {uid}, uid : {cause}".encode())
            else:
                try:
                    await asyncio.gather(_up(data, writer), _down(data, reader))
                finally:
                    writer.close()
            await data.end()
            await error.end()


async def _up(data: Stream, writer: asyncio.StreamWriter) -> None:
    while chunk := await data.read():
        writer.write(chunk)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


async def _down(data: Stream, reader: asyncio.StreamReader) -> None:
    while chunk := await reader.read(CHUNK):
        await data.write(chunk)
    await data.end()
