"""A cluster's login: read when needed, and not sent again once the server has refused it.

Repeated failed logins can lock the account. So after a 401 nothing is sent until the secret changes,
which is checked before each request, or until the user asks for one more try.
"""

import asyncio
import contextlib
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from pathlib import Path

from flinktop.flink.connection import Connection, Secret, SecretError
from flinktop.flink.run_in_thread import run_in_thread

HIDDEN = b"******"
SHORTEST = 4  # characters of a secret that is removed from a server's answer: a shorter one may be anything
COMMAND_SECONDS = 60.0  # between two runs of the command that prints a secret: it may unlock a vault


class LoginHeld(Exception):  # noqa: N818 - it says what happened
    """The server has refused this login, which is not sent again; the text is the server's message."""


class Login:
    """The authentication headers of one cluster, shared by all its clients. Used on their event loop only."""

    def __init__(self, connection: Connection, clock: Callable[[], float]) -> None:
        """Reads nothing before it is needed. `clock` gives seconds."""
        self._connection = connection
        self._clock = clock
        self._reading = asyncio.Lock()
        self._headers: Mapping[str, str] | None = None
        self._secrets: tuple[bytes, ...] = ()  # parts of them that no message may show, longest first
        self._refusal: str | None = None  # the server's message when it refused `_headers`
        self._may_try = False  # the user wants one more request to be sent with them
        self._on_trial = False  # that request is running
        self._command_ran: float | None = None
        self._printed: str | SecretError = ""

    async def headers(self) -> Mapping[str, str]:
        """The headers for a request. Raises LoginHeld if they are the refused ones, else as `credentials`."""
        if self._headers is not None and self._refusal is None:
            return self._headers
        async with self._reading:
            # Another request may have read them in the meantime.
            if self._headers is None or self._refusal is not None:
                headers = await self._read_anew()
            else:
                headers = self._headers
            if self._refusal is not None:
                if not self._may_try:
                    raise LoginHeld(self._refusal)
                self._may_try, self._on_trial = False, True
            return headers

    async def refused(self, used: Mapping[str, str], reason: str) -> bool:
        """Record a refused request and its reason; returns whether to try again at once with a new login."""
        if not self._connection.has_login:
            return False
        async with self._reading:
            if used == self._headers:
                self._refusal, self._on_trial = reason, False
            try:
                return await self._read_anew() != used and self._refusal is None
            except (SecretError, ValueError):
                return False

    def accepted(self, used: Mapping[str, str]) -> None:
        """Record an accepted request: if it retried a refused login, that login is valid again."""
        if self._on_trial and used == self._headers:
            self._refusal, self._on_trial = None, False

    def hide(self, answer: bytes) -> bytes:
        """A server's answer with our secrets removed."""
        for secret in self._secrets:
            answer = answer.replace(secret, HIDDEN)
        return answer

    def try_again(self) -> None:
        """Let one request use the refused login."""
        self._may_try = self._refusal is not None

    async def _read_anew(self) -> Mapping[str, str]:
        """Read the headers again; a refusal ends if they have changed."""
        fresh = await run_in_thread(lambda: credentials(self._connection, self._secret))
        if fresh != self._headers:
            self._headers = fresh
            self._secrets = _secrets(self._connection, fresh)
            self._refusal, self._may_try, self._on_trial = None, False, False
        return self._headers

    def _secret(self, secret: Secret) -> str:
        """The text of a secret; its command's output is cached for a short time."""
        if secret.kind != "command":
            return secret.read()
        now = self._clock()
        if self._command_ran is None or now - self._command_ran >= COMMAND_SECONDS:
            self._command_ran = now
            try:
                self._printed = secret.read()
            except SecretError as error:
                self._printed = SecretError(f"{error}; it is run again after a minute")
        if isinstance(self._printed, SecretError):
            raise SecretError(str(self._printed))
        return self._printed


def _secrets(connection: Connection, headers: Mapping[str, str]) -> tuple[bytes, ...]:
    """The secrets in the headers, whole and in parts: a token, a password, cookies."""
    open_ones = {*OWN_HEADERS, *(name for name, _ in connection.headers)}
    found: set[str] = set()
    for name, value in headers.items():
        if name in open_ones:
            continue
        scheme, _, login = value.partition(" ")
        found |= {value, login, *re.split(r"[\s;,=]+", value)} - {"Basic", "Bearer"}
        if scheme == "Basic":
            with contextlib.suppress(ValueError):
                found.add(b64decode(login).decode().partition(":")[2])
    long = {one.encode() for one in found if len(one) >= SHORTEST}
    return tuple(sorted(long, key=len, reverse=True))


# Flink never compresses; a proxy is told not to, so that the size limits hold.
OWN_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "flinktop", "Accept": "application/json, */*"}
"""Headers of every request."""


def credentials(connection: Connection, read: Callable[[Secret], str] = Secret.read) -> dict[str, str]:
    """The authentication headers, and the user's own headers. Blocks (files, commands).

    Raises SecretError or ValueError if a secret or the header file can't be read.
    """
    headers = dict(OWN_HEADERS)
    headers.update(connection.headers)
    if connection.header_file is not None:
        headers.update(_from_file(connection.header_file))
    own = [name for name in headers if name.lower() == "authorization"]
    if not (connection.login_yields and own) and (login := _authorization(connection, read)) is not None:
        for name in own:
            del headers[name]
        headers["Authorization"] = login
    for name, value in headers.items():
        if not (name + value).isascii() or not (name + value).isprintable():
            raise ValueError(f"the header {name!r} has characters that HTTP does not allow")
    return headers


def _authorization(connection: Connection, read: Callable[[Secret], str]) -> str | None:
    if connection.token is not None:
        return f"Bearer {read(connection.token)}"
    if connection.user is None:
        return None
    password = read(connection.password) if connection.password is not None else ""
    return "Basic " + b64encode(f"{connection.user}:{password}".encode()).decode()


def _from_file(path: Path) -> dict[str, str]:
    try:
        text = path.expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot read the header file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"the header file {path} is not text in UTF-8") from None
    headers = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or " " in name.strip():
            raise ValueError(f"{path}, line {number}: not of the form Name: value")
        headers[name.strip()] = value.strip()
    return headers
