"""A cluster's login: read when it is needed, and not sent again once the server has refused it.

A login that is refused again and again locks the account. So after a 401 nothing is sent before the secret
differs, which is looked for whenever something would be sent, or before a person asks for one more try.
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
SHORTEST = 4  # letters of what is taken for a secret in a server's answer: less may be anything
COMMAND_SECONDS = 60.0  # between two runs of the command that prints a secret: it may unlock a vault


class Held(Exception):  # noqa: N818 - it says what happened
    """The server has refused this login, which is not sent again; the text is what the server said."""


class Login:
    """The headers that let requests of one cluster in, for all of its clients. Lives on their loop."""

    def __init__(self, connection: Connection, clock: Callable[[], float]) -> None:
        """Nothing is read before it is needed. `clock` gives seconds."""
        self._connection = connection
        self._clock = clock
        self._reading = asyncio.Lock()
        self._headers: Mapping[str, str] | None = None
        self._secrets: tuple[bytes, ...] = ()  # what of them no message may repeat, the longest first
        self._refusal: str | None = None  # what the server said when it refused `_headers`
        self._may_try = False  # somebody wants one more request to be sent with them
        self._on_trial = False  # that request is under way
        self._command_ran: float | None = None
        self._printed: str | SecretError = ""

    async def headers(self) -> Mapping[str, str]:
        """The headers for a request; Held if they were refused and are the same, else as `credentials`."""
        if self._headers is not None and self._refusal is None:
            return self._headers
        async with self._reading:
            # Another request may have read them meanwhile.
            if self._headers is None or self._refusal is not None:
                headers = await self._read_anew()
            else:
                headers = self._headers
            if self._refusal is not None:
                if not self._may_try:
                    raise Held(self._refusal)
                self._may_try, self._on_trial = False, True
            return headers

    async def refused(self, used: Mapping[str, str], reason: str) -> bool:
        """Take in that a request was refused, and why; whether another login is to be tried at once."""
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
        """Take in that a request was let in: where it tried a refused login again, that is good after all."""
        if self._on_trial and used == self._headers:
            self._refusal, self._on_trial = None, False

    def hide(self, answer: bytes) -> bytes:
        """A server's answer that is shown, without what it repeats of our secrets."""
        for secret in self._secrets:
            answer = answer.replace(secret, HIDDEN)
        return answer

    def try_again(self) -> None:
        """Let one request go with the login that was refused."""
        self._may_try = self._refusal is not None

    async def _read_anew(self) -> Mapping[str, str]:
        """The headers as they are by now; what was refused is over when they differ."""
        fresh = await run_in_thread(lambda: credentials(self._connection, self._secret))
        if fresh != self._headers:
            self._headers = fresh
            self._secrets = _secrets(self._connection, fresh)
            self._refusal, self._may_try, self._on_trial = None, False, False
        return self._headers

    def _secret(self, secret: Secret) -> str:
        """The text of a secret, from its command's last run where that was a moment ago."""
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
    """The secrets among the headers, whole and in their parts: a token, a password, cookies."""
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


# Flink never compresses; a proxy that would is asked not to, so that the caps hold.
OWN_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "flinktop", "Accept": "application/json, */*"}
"""What each request has."""


def credentials(connection: Connection, read: Callable[[Secret], str] = Secret.read) -> dict[str, str]:
    """The headers that let a request in, and those that the user wants sent. Blocks (files, commands).

    Raises SecretError or ValueError when a secret or the header file can't be read.
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
