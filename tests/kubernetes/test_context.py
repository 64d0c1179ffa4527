"""Which context is searched: as kubectl says, or why it can't say it. By a kubectl of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flinktop.kubernetes import context as context_module
from flinktop.kubernetes.context import Context, context_of
from flinktop.kubernetes.errors import KubectlError
from flinktop.kubernetes.kubectl import Kubectl

if TYPE_CHECKING:
    from pathlib import Path


def saying(directory: Path, view: str, contexts: str = "", code: int = 0) -> str:
    """A program that prints `view` for `config view`, and these names of contexts."""
    program = directory / "kubectl"
    redirect = ">&2" if code else ""
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *get-contexts*) printf "{contexts}"; exit 0;; esac\n'
        f"printf '{view}' {redirect}\nexit {code}\n"
    )
    program.chmod(0o755)
    return str(program)


async def test_the_context_and_the_namespace_that_kubectl_takes(tmp_path: Path) -> None:
    program = saying(tmp_path, "arn:aws:eks:eu/prod\\npayments")
    assert await context_of(Kubectl(None, program)) == Context("arn:aws:eks:eu/prod", "payments")


async def test_without_a_namespace_it_is_default(tmp_path: Path) -> None:
    assert await context_of(Kubectl("dev", saying(tmp_path, "dev\\n"))) == Context("dev", "default")


async def test_an_unknown_context_is_said_with_those_that_there_are(tmp_path: Path) -> None:
    program = saying(tmp_path, "error: cannot locate context prd\\n", "dev\\nprod\\n", 1)
    with pytest.raises(KubectlError, match=r"kubectl has no context prd \(it has dev, prod\)") as error:
        await context_of(Kubectl("prd", program))
    assert error.value.kind == "context"


@pytest.mark.parametrize(
    ("view", "code"), [("error: current-context must exist in order to minify\\n", 1), ("\\n", 0)]
)
async def test_without_a_current_context_one_is_to_be_named(tmp_path: Path, view: str, code: int) -> None:
    with pytest.raises(KubectlError, match="kubectl has no current context: choose one"):
        await context_of(Kubectl(None, saying(tmp_path, view, code=code)))


async def test_without_kubectl_it_is_said_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(KubectlError, match="install kubectl") as error:
        await context_of(Kubectl("dev", str(tmp_path / "none")))
    assert error.value.kind == "missing"


async def test_in_a_pod_its_service_account_is_the_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = tmp_path / "namespace"
    account.write_text("flink-jobs\n")
    monkeypatch.setattr(context_module, "_ACCOUNT", account)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    program = saying(tmp_path, "error: current-context must exist in order to minify\\n", code=1)
    assert await context_of(Kubectl(None, program)) == Context("in-cluster", "flink-jobs", in_pod=True)
