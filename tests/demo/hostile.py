"""Names that try to steer the terminal, to be read as markup, or to be endless."""

from __future__ import annotations

from msgspec.structs import replace

from flinktop.demo.scenarios import MAKERS, Cluster

HOSTILE = (
    "\x1b[2J\x1b[31mred \x07bell\x1b]0;title\x07",
    "[bold red]markup[/] [/] [link=file:///etc/passwd]x",
    "\u202egnp.exe\u202c right to left \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "endless " * 625,
    "tabs\tand\nlines\r\n<b>html</b> &amp; 作业 \U0001f600",
    "",
)


def hostile_cluster(scenario: str = "mixed") -> Cluster:
    """A scenario's cluster, its jobs and their first vertices with such names."""
    cluster = MAKERS[scenario]()
    jobs = []
    for place, spec in enumerate(cluster.jobs):
        bad = HOSTILE[place % len(HOSTILE)]
        first, *rest = spec.vertices
        vertices = (replace(first, name=f"Source: {bad}"), *rest)
        jobs.append(replace(spec, name=bad, vertices=vertices))
    return replace(cluster, jobs=tuple(jobs))
