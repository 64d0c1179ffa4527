"""The graph of a job as its planner drew it."""

import html
import re

from msgspec import Struct
from msgspec.structs import force_setattr

from flinktop.flink.numbers import Id, Parallelism, Unset
from flinktop.flink.text import clean

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_NO_LETTER = re.compile(r"&#\d{9,};?")
"""The number of a letter that there can't be: Python does not read one of thousands of digits."""


def unescaped(text: str) -> str:
    """One line of plain text from the HTML that all releases send for descriptions and strategies."""
    text = html.unescape(_NO_LETTER.sub("\ufffd", _BREAK.sub(" ", text)))
    # What was "&#27;" is a control character only now.
    return " ".join(clean(text).split())


class PlanInput(Struct, frozen=True):
    """One edge into a node."""

    num: Unset = -1
    id: str = ""
    """The node it comes from."""
    ship_strategy: str = ""
    """HASH, REBALANCE, FORWARD and so on."""
    exchange: str = ""
    """pipelined, blocking and so on."""
    local_strategy: str = ""
    caching: str = ""


class PlanNode(Struct, frozen=True):
    """One vertex in the plan; its texts are unescaped."""

    id: Id
    parallelism: Parallelism = -1
    operator: str = ""
    operator_strategy: str = ""
    description: str = ""
    inputs: tuple[PlanInput, ...] = ()

    def __post_init__(self) -> None:
        for name in ("operator", "operator_strategy", "description"):
            force_setattr(self, name, unescaped(getattr(self, name)))


class StreamNode(PlanNode, frozen=True):
    """One operator of a batch job's stream graph (2.0+)."""

    job_vertex_id: str | None = None
    """The vertex that it has become part of; None while the scheduler has not planned it."""


class StreamGraph(Struct, frozen=True):
    """The operators of a batch job, also those still to come (2.0+, adaptive batch scheduler)."""

    nodes: tuple[StreamNode, ...] = ()


class Plan(Struct, frozen=True):
    """A job's plan. The order of the nodes differs between releases and schedulers."""

    jid: str = ""
    name: str = ""
    type: str | None = None
    """1.14+: STREAMING or BATCH."""
    nodes: tuple[PlanNode, ...] = ()


class JobPlan(Struct, frozen=True):
    """GET /jobs/:jobid/plan, and the answer of /jars/:jarid/plan."""

    plan: Plan = Plan()
