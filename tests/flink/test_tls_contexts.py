"""One TLS context for all clusters with the same files, a new one when a file has changed."""

import os
import ssl
from pathlib import Path

import pytest

from flinktop.flink.connection import Connection
from flinktop.flink.network import network
from flinktop.flink.tls_contexts import TlsContexts


class Made:
    """Counts what is made."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def __call__(self, connection: Connection) -> ssl.SSLContext:
        self.urls.append(connection.url)
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def test_clusters_with_the_same_files_share_one(tmp_path: Path) -> None:
    made, contexts = Made(), TlsContexts()
    ca = tmp_path / "ca.pem"
    same = [contexts.of(Connection(f"https://h{number}", ca=ca), made) for number in range(3)]
    assert same == [same[0]] * 3
    assert contexts.of(Connection("https://h3"), made) is not same[0]
    assert contexts.of(Connection("https://h4", ca=ca, insecure=True), made) is not same[0]
    assert made.urls == ["https://h0", "https://h3", "https://h4"]


def test_a_certificate_that_was_renewed_is_read_again(tmp_path: Path) -> None:
    made, contexts = Made(), TlsContexts()
    cert = tmp_path / "cert.pem"
    cert.write_text("old")
    connection = Connection("https://h", cert=cert)
    old = contexts.of(connection, made)
    os.utime(cert, (1.0, 1.0))
    assert contexts.of(connection, made) is not old


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    connection, contexts = Connection("https://h", ca=tmp_path / "none.pem"), TlsContexts()
    for _ in range(2):
        with pytest.raises(ValueError, match=r"cannot read the authorities in .*none\.pem"):
            network(connection, contexts)
