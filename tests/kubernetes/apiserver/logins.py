"""Who somebody is: by client certificate or bearer token."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.kubernetes.apiserver.statuses import Refused

Who = tuple[str, tuple[str, ...]]
"""User and groups."""


@dataclass(slots=True)
class Logins:
    """The users that the server knows, and whether their logins are still valid."""

    tokens: dict[str, Who] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    """Users whose logins have expired: 401, until they are taken out again."""

    def who(self, header: str, certificate: Any) -> Who:
        """The user of an Authorization header or of a certificate that the CA has signed.

        Raises:
            Refused: 401.
        """
        kind, _, token = header.partition(" ")
        if certificate:
            named = [pair for part in certificate["subject"] for pair in part]
            user = next(value for name, value in named if name == "commonName")
            found: Who | None = user, tuple(value for name, value in named if name == "organizationName")
        elif header:
            found = self.tokens.get(token.strip()) if kind.lower() == "bearer" else None
        else:
            found = "system:anonymous", ("system:unauthenticated",)
        if found is None or found[0] in self.lost:
            raise Refused(401, "Unauthorized")
        return found


def tls(certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    """The server's TLS: clients may show a certificate, and need not."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    made.load_verify_locations(authority)
    made.verify_mode = ssl.CERT_OPTIONAL
    return made
