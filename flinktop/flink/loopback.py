"""Whether a host is this machine."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    host = host.rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
