"""What lies behind services and pods: real servers of the tests on loopback."""

import asyncio
import urllib.parse
from dataclasses import dataclass, field

from tests.kubernetes.apiserver.statuses import Refused, not_found
from tests.kubernetes.apiserver.store import Store
from tests.kubernetes.objects import Object

Address = tuple[str, int]


@dataclass(slots=True)
class Network:
    """Where each service leads to, and each pod; also those who are connected to a pod."""

    store: Store
    services: dict[tuple[str, str], Address] = field(default_factory=dict)
    pods: dict[tuple[str, str], Address] = field(default_factory=dict)
    connections: dict[tuple[str, str], list[asyncio.Task[None]]] = field(default_factory=dict)

    def lead(self, namespace: str, service: str, url: str) -> None:
        """From now on the service, and the pods that it selects, lead to a server on loopback."""
        parts = urllib.parse.urlsplit(url)
        self.services[namespace, service] = (parts.hostname or "127.0.0.1", parts.port or 80)

    def lead_pod(self, namespace: str, pod: str, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        self.pods[namespace, pod] = (parts.hostname or "127.0.0.1", parts.port or 80)

    def service(self, namespace: str, name: str) -> tuple[Address, bool]:
        """Where `[https:]SERVICE[:PORT]` leads to, and whether by TLS.

        Raises:
            Refused: 404, there is no such service; 503, nothing is behind it.
        """
        words = name.split(":")
        if len(words) == 3:
            scheme, service, port = words
        else:
            scheme, (service, port) = "", [*words, ""][:2]
        try:
            found = self.store.get("Service", namespace, service)
        except KeyError:
            raise not_found("services", "", service) from None
        ports = found["spec"]["ports"]
        if port and not any(port in {str(each["port"]), each.get("name")} for each in ports):
            raise Refused(503, f'no service port "{port}" found for service "{service}"')
        if not port and len(ports) > 1:
            raise Refused(503, f'no service port "" found for service "{service}"')
        if (namespace, service) not in self.services:
            raise Refused(503, f'no endpoints available for service "{service}"')
        return self.services[namespace, service], scheme == "https"

    def pod(self, found: Object, port: int) -> Address | None:
        """Where a port of a pod leads to: its own server, or that of a service which selects it."""
        own = found["metadata"]
        if (address := self.pods.get((own["namespace"], own["name"]))) is not None:
            return address
        labels = own.get("labels", {}).items()
        for (namespace, name), address in self.services.items():
            spec = self.store.get("Service", namespace, name)["spec"]
            chosen = spec.get("selector") and spec["selector"].items() <= labels
            if (
                namespace == own["namespace"]
                and chosen
                and any(each["targetPort"] == port for each in spec["ports"])
            ):
                return address
        return None
