"""Rows of clusters: all spellings of one address are one cluster.

A row has the address as it was written first, and everything new is of that row. An older flinktop took each
spelling for a cluster of its own: what is in its further rows is read as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.connection import cluster_key

if TYPE_CHECKING:
    import sqlite3


def cluster_rows(file: sqlite3.Connection, address: str) -> dict[int, str]:
    """The address in each row of a cluster by the row's number, the first row first; {} if there is none."""
    key = cluster_key(address)
    rows = file.execute("SELECT number, address FROM clusters ORDER BY number").fetchall()
    return {int(number): str(written) for number, written in rows if cluster_key(str(written)) == key}


def in_cluster(file: sqlite3.Connection, column: str, address: str) -> str:
    """The condition of a statement that a column has the number of a cluster."""
    return f"{column} IN ({', '.join(map(str, cluster_rows(file, address)))})"


def cluster_number(file: sqlite3.Connection, address: str, name: str = "") -> int:
    """The number of a cluster's first row, which is made if there is none; `name` replaces its name."""
    number = next(iter(cluster_rows(file, address)), None)
    if number is None:
        made = file.execute("INSERT INTO clusters (address, name) VALUES (?, ?)", (address, name))
        return int(made.lastrowid or 0)
    if name:
        file.execute("UPDATE clusters SET name = ? WHERE number = ? AND name != ?", (name, number, name))
    return number
