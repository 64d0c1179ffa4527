"""The key of a local Flink: only its holders can connect; made for each start, readable only by the owner.

Every user of this machine can reach its loopback ports, and whoever connects can run code as the owner. So
Flink's processes and flinktop use one certificate and accept no other, in both directions: REST, RPC,
blob server, data exchange and metrics. The certificate names the address, and is its own authority.
"""

import os
import secrets
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from flinktop.local.processes import Process, start

_JAR = Path(__file__).with_name("keys.jar")  # built from Keys.java


@dataclass(frozen=True, slots=True)
class Keys:
    """The key of one local Flink. Its files exist once the process started by `make` has ended."""

    directory: Path  # used for this key only
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """Of the key store; Flink requires one, although the directory's mode is what protects the file."""

    @property
    def cert(self) -> Path:
        """The certificate, which is also the trusted authority."""
        return self.directory / "cert.pem"

    @property
    def key(self) -> Path:
        return self.directory / "key.pem"

    def make(self, java: Path) -> Process:
        """Start the process that writes the files: it dies with the calling thread. Raises StartFailed."""
        self.directory.mkdir(mode=0o700)
        # Neither in its arguments nor in its environment.
        word = os.open(self.directory / "password", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(word, "w", encoding="ascii") as file:  # noqa: PTH123  a descriptor, not a path
            file.write(self.password)
        command = [
            str(java),
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "--add-exports",
            "java.base/sun.security.tools.keytool=ALL-UNNAMED",
            "-cp",
            str(_JAR),
            "flinktop.Keys",
            str(self.directory),
        ]
        return start(command, log=self.directory / "keys.log")

    def settings(self) -> dict[str, str]:
        """Flink's options that make each process show this certificate and accept no other."""
        # An elliptic curve key is made quickly, but Flink's default ciphers are for RSA only.
        found = {"security.ssl.algorithms": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}
        for part in ("internal", "rest"):
            found[f"security.ssl.{part}.enabled"] = "true"
            for store in ("keystore", "truststore"):
                found[f"security.ssl.{part}.{store}"] = str(self.directory / "keystore.p12")
                found[f"security.ssl.{part}.{store}-password"] = self.password
            found[f"security.ssl.{part}.key-password"] = self.password
        # Client authentication between Flink's own processes is always on.
        found["security.ssl.rest.authentication-enabled"] = "true"
        return found

    def context(self) -> ssl.SSLContext:
        """The TLS context of a client, once the files exist."""
        context = ssl.create_default_context(cafile=str(self.cert))
        context.load_cert_chain(self.cert, self.key)
        return context
