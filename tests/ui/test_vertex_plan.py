"""What a vertex does, in the words of the job's plan."""

from __future__ import annotations

import pytest

from flinktop.flink.jobs import PLAN
from flinktop.ui.screens.vertex_plan import VertexPlanScreen, indented
from tests.depth import in_depth
from tests.ui.test_vertex import on_vertex


@pytest.mark.deep
@pytest.mark.parametrize("release", in_depth(["1.9.3", "1.14.6", "1.20.5", "2.3.0"], ["2.3.0"]))
async def test_the_plans_texts_are_shown_as_text(release: str) -> None:
    async with on_vertex(release) as (day, job, vertex):
        await day.press("i")
        await day.wait(1)
        assert type(day.app.screen) is VertexPlanScreen
        told = day.cluster.document(PLAN(job=job).target)["plan"]["nodes"]
        node = next(one for one in told if one["id"] == vertex)
        assert f"{node['inputs'][0]['ship_strategy']}, " in day.text
        first = node["description"].partition("<br/>")[0].replace("&lt;", "<").replace("&gt;", ">")
        assert first.split()[0] in day.text
        assert "&lt;" not in day.text
        assert "<br/>" not in day.text
        await day.press("escape")
        assert "What it does" not in day.text
        since = len(day.cluster.asked)
        await day.wait(10)
        assert not [target for target in day.asked(since) if target.endswith("/plan")]


def test_continued_lines_keep_their_indentation() -> None:
    told = "[1]:Join(a - b) :- [2]:Calc(a b c) :  +- [3]:Calc +- sink"
    assert indented(told, 40) == ["[1]:Join(a - b)", ":- [2]:Calc(a b c)", ":  +- [3]:Calc", "+- sink"]
    first, *below = indented("[1]:Calc    +- " + "word " * 10, 30)
    assert first == "[1]:Calc"
    assert len(below) > 1
    assert all(line.startswith("   ") and len(line) <= 30 for line in below)
