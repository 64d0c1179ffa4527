"""Names and addresses of clusters on Kubernetes.

An address there is no one's to resolve: it says which cluster it is, in histories and in the journal. It
stays the same as long as context, namespace, service and port do, and differs from that of any other.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

DOMAIN: Final = "kubernetes"
_MOST: Final = 40  # characters of a label before its digest; a host may have 63
_DIGEST: Final = 8
_PLAIN: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_DIGESTED: Final = re.compile(r".*-[0-9a-f]{8}", re.ASCII)
_ODD: Final = re.compile(r"[^a-z0-9]+", re.ASCII)


def host_label(name: str) -> str:
    """A name as one label of a host: itself, or its letters and a digest if it may not be one."""
    # A digest also behind a name that looks like one with a digest: else two names could be one label.
    if _PLAIN.fullmatch(name) and not _DIGESTED.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:_DIGEST]
    letters = _ODD.sub("-", name.lower()).strip("-")[:_MOST].strip("-")
    return f"{letters}-{digest}" if letters else f"x-{digest}"


def url(scheme: str, service: str, namespace: str, context: str, port: int) -> str:
    """The address of a cluster: `http://orders-rest.default.minikube.kubernetes:8081`."""
    host = ".".join((*map(host_label, (service, namespace, context)), DOMAIN))
    return f"{scheme}://{host}:{port}"


def cluster_name(service: str, selector: dict[str, str]) -> str:
    """The name of the cluster that a service leads to: the one it was started by, else the service's own."""
    app = selector.get("app", "")
    return app if app and service == f"{app}-rest" else service
