"""Whether a request goes through a proxy of the environment."""

import urllib.request
from urllib.parse import urlsplit

from flinktop.flink.loopback import is_loopback


def proxy_for(url: str) -> str | None:
    """The proxy that the environment wants for this address; never one for a loopback address."""
    parts = urlsplit(url)
    if is_loopback(parts.hostname or ""):
        return None
    proxies = urllib.request.getproxies_environment()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy:
        return None
    host = parts.netloc.rpartition("@")[2]
    if urllib.request.proxy_bypass_environment(host, proxies):  # type: ignore[attr-defined] # missing in typeshed
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def without_credentials(proxy: str | None) -> str:
    """The proxy as a message may show it."""
    try:
        parts = urlsplit(proxy or "")
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return (proxy or "").partition("://")[0] + "://…"
