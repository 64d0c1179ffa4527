"""Files that a server stumbles over are sent again, and nothing else is."""

from pathlib import Path

import httpx
import pytest

from flinktop.flink import jars, submit
from flinktop.flink.connection import Connection
from flinktop.flink.errors import Rejected
from flinktop.flink.features import Features
from flinktop.flink.http import Http
from flinktop.flink.upload import KINDS

STUMBLED = "File upload failed."


class Server:
    """Answers with errors first, then takes what it gets."""

    def __init__(self, *errors: str) -> None:
        self.errors = list(errors)
        self.bodies: list[bytes] = []
        self.http = Http(Connection("http://flink:8081"), transport=httpx.MockTransport(self._take))

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.content)
        if self.errors:
            return httpx.Response(500, json={"errors": [self.errors.pop(0)]})
        return httpx.Response(200, json={"filename": "/x/1_job.jar", "jobUrl": "/jobs/abc"})


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    path = tmp_path / "job.jar"
    path.write_bytes(b"PK" * 1000)
    return path


@pytest.mark.parametrize("times", [0, 1, 2])
async def test_a_jar_goes_again_with_its_bytes_moved(jar: Path, times: int) -> None:
    server = Server(*[STUMBLED] * times)
    assert await jars.upload(server.http, jar) == "1_job.jar"
    assert len(server.bodies) == times + 1
    assert all(b"PK" * 1000 in body for body in server.bodies)
    assert len({len(body) for body in server.bodies}) == times + 1


async def test_a_job_graph_goes_again(jar: Path) -> None:
    server = Server(STUMBLED)
    assert await submit.submit(server.http, Features((1, 14, 6), "1.14.6"), jar, jars=[jar]) == "abc"
    assert len(server.bodies) == 2


@pytest.mark.parametrize(("errors", "sent"), [([STUMBLED] * 9, len(KINDS)), (["The disk is full."], 1)])
async def test_not_for_ever_and_not_for_other_reasons(jar: Path, errors: list[str], sent: int) -> None:
    server = Server(*errors)
    with pytest.raises(Rejected):
        await jars.upload(server.http, jar)
    assert len(server.bodies) == sent
