"""The headers that let a request in."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from flinktop.flink.connection import Connection, Secret

# Flink never compresses; a proxy that would is asked not to, so that the caps hold.
OWN_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "flinktop", "Accept": "application/json, */*"}
"""What each request has."""


def credentials(connection: Connection, read: Callable[[Secret], str] = Secret.read) -> dict[str, str]:
    """The headers that let a request in, and those that the user wants sent. Blocks (files, commands).

    Args:
        connection: what to send, and where it is read from.
        read: reads a secret.

    Raises:
        SecretError: a password or token can't be read.
        ValueError: the header file can't be read or has an odd line.
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
