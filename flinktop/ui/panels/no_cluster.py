"""What stands in the place of the jobs when no cluster answers at the address: how to open another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.errors import NotFlink, Unreachable

if TYPE_CHECKING:
    from flinktop.engine.host import Port

WAYS = (
    "Open a cluster at another address: flinktop http://host:port",
    "Start a Flink on this machine: flinktop local",
    "Open a simulated cluster: flinktop demo",
)


def no_cluster(port: Port) -> str:
    """That no cluster has ever answered, and what to do; "" where one has, or somebody keeps us out."""
    if port.link.answered is not None or not isinstance(port.lost, Unreachable | NotFlink):
        return ""
    return "\n".join((f"No Flink cluster answers at {port.connection.url}.", *WAYS))
