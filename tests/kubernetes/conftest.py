"""An API server for each test that wants one, and no kubectl but those that the tests bring."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubernetes import kubectl
from tests.kubernetes.apiserver.server import ApiServer


@pytest.fixture(autouse=True)
def no_other_kubectl(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lies on this machine fails, and its kubeconfig is not found."""
    directory = kubectl.refusing(tmp_path_factory.getbasetemp() / "no-kubectl")
    monkeypatch.setenv("PATH", str(directory), prepend=":")
    monkeypatch.setenv("KUBECONFIG", str(directory / "kubeconfig"))


@pytest.fixture
def apiserver(tmp_path: Path) -> Iterator[ApiServer]:
    """An API server that runs and has no objects."""
    directory = tmp_path / "apiserver"
    directory.mkdir()
    with ApiServer(directory) as server:
        yield server
