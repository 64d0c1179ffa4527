"""TLS of a connection: whom to trust, and who we are."""

import ssl
from collections.abc import Callable
from pathlib import Path

from flinktop.flink.connection import Connection


def tls(connection: Connection, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """The TLS context of an https:// connection; `default` makes one that trusts the usual authorities.

    Raises:
        ValueError: a file of `ca`, `cert` or `key` is missing or not PEM; one sentence.
    """
    context = _trust(connection.ca) if connection.ca is not None else default()
    if connection.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if connection.cert is not None:
        _certify(context, connection.cert, connection.key)
    return context


def _trust(ca: Path) -> ssl.SSLContext:
    try:
        folder = str(ca) if ca.is_dir() else None
        return ssl.create_default_context(cafile=None if folder else str(ca), capath=folder)
    except ssl.SSLError:
        raise ValueError(f"{ca} holds no certificates in PEM form") from None
    except OSError as error:
        raise ValueError(f"cannot read the authorities in {ca}: {error.strerror}") from None


def _certify(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    asked = False

    def no_password() -> bytes:
        nonlocal asked
        asked = True
        return b""

    try:
        # With a function OpenSSL does not ask on the terminal for an encrypted key's password.
        context.load_cert_chain(cert, key, password=no_password)
    except ssl.SSLError:
        what = (
            "is encrypted; flinktop needs it without a password"
            if asked
            else "are not a PEM pair that belongs together"
        )
        raise ValueError(
            f"the key {key or cert} {what}" if asked else f"{cert} and {key or cert} {what}"
        ) from None
    except OSError as error:
        raise ValueError(
            f"cannot read the certificate {cert} or its key {key or cert}: {error.strerror}"
        ) from None
