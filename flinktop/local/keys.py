"""Who may speak to a local Flink: whoever holds its key, made anew for each and readable by its owner alone.

Everybody on this machine reaches its ports on loopback, and whoever is let in runs code as its owner. So
Flink's processes and flinktop show each other one certificate and accept no other, in both directions: REST,
RPC, blob server, data exchange and metrics. The certificate names the address, and is its own authority.
"""

import os
import secrets
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from flinktop.local.processes import Process, start

_JAR = Path(__file__).with_name("keys.jar")  # Keys.java says how it is made


@dataclass(frozen=True, slots=True)
class Keys:
    """The key of one local Flink. Its files are there when the process that `make` starts has ended."""

    directory: Path  # made for this key alone
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """Of the key store; Flink wants one, though what protects the file is its directory."""

    @property
    def cert(self) -> Path:
        """The certificate, which is also the authority to trust."""
        return self.directory / "cert.pem"

    @property
    def key(self) -> Path:
        return self.directory / "key.pem"

    def make(self, java: Path) -> Process:
        """Start what writes the files: it dies with the thread that calls this. Raises StartFailed."""
        self.directory.mkdir(mode=0o700)
        # Neither in its arguments nor in its environment.
        word = os.open(self.directory / "password", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(word, "w", encoding="ascii") as file:  # noqa: PTH123  a descriptor, not a path
            file.write(self.password)
        command = [
            *(str(java), "-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"),
            *("--add-exports", "java.base/sun.security.tools.keytool=ALL-UNNAMED"),
            *("-cp", str(_JAR), "flinktop.Keys", str(self.directory)),
        ]
        return start(command, log=self.directory / "keys.log")

    def settings(self) -> dict[str, str]:
        """Flink's options, by which each process shows this certificate and takes no other."""
        # An elliptic curve is chosen in no time, and Flink's default names ciphers for RSA alone.
        found = {"security.ssl.algorithms": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}
        for part in ("internal", "rest"):
            found[f"security.ssl.{part}.enabled"] = "true"
            for store in ("keystore", "truststore"):
                found[f"security.ssl.{part}.{store}"] = str(self.directory / "keystore.p12")
                found[f"security.ssl.{part}.{store}-password"] = self.password
            found[f"security.ssl.{part}.key-password"] = self.password
        # Between Flink's own processes it always is.
        found["security.ssl.rest.authentication-enabled"] = "true"
        return found

    def context(self) -> ssl.SSLContext:
        """The TLS that a client speaks, when the files are there."""
        context = ssl.create_default_context(cafile=str(self.cert))
        context.load_cert_chain(self.cert, self.key)
        return context
