"""A certificate authority of its own, by the openssl command: for a server on loopback, and for its users."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
SERVED = "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes"


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """What signs certificates; everything of it lies in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.own = Pair(directory / "ca.crt", directory / "ca.key")
        # Without these two the strict check of Python 3.13 and later refuses what it signs.
        extra = (
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        )
        _openssl("req", "-x509", *_KEY, "-days", "2", "-subj", "/CN=kubernetes", *extra, *_out(self.own))

    def server(self) -> Pair:
        return self._signed("server", "/CN=kube-apiserver", SERVED)

    def user(self, name: str, groups: tuple[str, ...] = ()) -> Pair:
        """A login: the name is its CN, each group an O."""
        subject = "".join(f"/O={group}" for group in groups) + f"/CN={name}"
        return self._signed(f"user-{name}", subject, "extendedKeyUsage=clientAuth")

    def _signed(self, name: str, subject: str, extension: str) -> Pair:
        made = Pair(self._directory / f"{name}.crt", self._directory / f"{name}.key")
        if not made.certificate.exists():
            by = ("-CA", str(self.own.certificate), "-CAkey", str(self.own.key))
            extra = ("-addext", extension, "-addext", "basicConstraints=critical,CA:FALSE")
            _openssl("req", "-x509", *_KEY, "-days", "2", "-subj", subject, *by, *extra, *_out(made))
        return made


def _out(pair: Pair) -> tuple[str, ...]:
    return ("-keyout", str(pair.key), "-out", str(pair.certificate))


def _openssl(*words: str) -> None:
    done = subprocess.run(
        [shutil.which("openssl") or "openssl", *words], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
