"""What stands in the place of the jobs when no cluster answers at the address: how to open another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.errors import NotFlink, Unreachable

if TYPE_CHECKING:
    from flinktop.engine.host import Port

WAYS = (
    ("flinktop http://host:port", "opens the cluster at another address"),
    ("flinktop local", "starts a Flink on this machine and opens it"),
    ("flinktop demo", "opens a simulated cluster"),
)


def no_cluster(port: Port) -> str:
    """That no cluster has ever answered, and what to do; "" where one has, or somebody keeps us out."""
    if port.link.answered is not None or not isinstance(port.lost, Unreachable | NotFlink):
        return ""
    width = max(len(command) for command, _ in WAYS)
    ways = (f"  {command:<{width}}  {words}" for command, words in WAYS)
    return "\n".join((f"No Flink cluster answers at {port.connection.url}.", "", *ways))
