"""What the demo keeps of earlier answers changes none of the later ones."""

from __future__ import annotations

import json

import pytest

from flinktop.demo.names import RELEASES, SHOWS
from flinktop.demo.transport import DemoTransport
from flinktop.demo.world import World
from tests.depth import in_depth

LARGE = ("many-jobs", "wide-job")
STEPS = (0.0, 7.0, 8.0, 61.0, 240.0, 30.0)
"""Seconds of the demo's clock, the last of them earlier than the one before."""


def answers(transport: DemoTransport) -> list[bytes]:
    listed = json.loads(transport.answer("GET", "/jobs/overview")[1])["jobs"]
    paths = [f"/jobs/{one['jid']}{rest}" for one in listed for rest in ("", "/checkpoints")]
    return [transport.answer("GET", path)[1] for path in ("/jobs/overview", *paths)]


@pytest.mark.deep
@pytest.mark.parametrize("release", [RELEASES[0], RELEASES[-1]])
@pytest.mark.parametrize("scenario", in_depth([one for one in SHOWS if one not in LARGE], ["mixed"]))
def test_a_world_that_was_asked_before_answers_as_a_new_one(scenario: str, release: str) -> None:
    now = [0.0]
    asked = DemoTransport(World(scenario=scenario, version=release, born=1.7e9), lambda: now[0])
    for seconds in STEPS:
        now[0] = seconds
        new = DemoTransport(World(scenario=scenario, version=release, born=1.7e9), lambda: now[0])
        assert answers(asked) == answers(new)
