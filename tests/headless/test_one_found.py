"""Which of the clusters found in Kubernetes a command is about."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from flinktop.headless.args import Ended
from flinktop.headless.one_found import chosen

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ("prod/payments/orders", "prod/search/orders", "prod/search/index")


def found(names: Sequence[str]) -> list[Any]:
    return [SimpleNamespace(profile=SimpleNamespace(name=name)) for name in names]


@pytest.mark.parametrize(
    ("names", "target", "name"),
    [
        (NAMES[:1], None, "prod/payments/orders"),
        (NAMES, "prod/search/orders", "prod/search/orders"),
        (NAMES, "payments/orders", "prod/payments/orders"),
        (NAMES, "index", "prod/search/index"),
        (("orders", "prod/orders"), "orders", "orders"),
    ],
)
def test_the_one_that_is_meant(names: Sequence[str], target: str | None, name: str) -> None:
    assert cast("Any", chosen(found(names), target)).profile.name == name


@pytest.mark.parametrize(
    ("names", "target", "said"),
    [
        (
            NAMES,
            None,
            "several .* --target; found: prod/payments/orders, .*/index",
        ),
        (NAMES, "orders", "several .*; found: prod/payments/orders, prod/search/orders$"),
        (
            NAMES[:1],
            "search/orders",
            "no Flink cluster 'search/orders' was found.*; found: prod/",
        ),
        ([f"a{at}" for at in range(10)], None, "a7 and 2 more$"),
    ],
)
def test_none_or_several(names: Sequence[str], target: str | None, said: str) -> None:
    with pytest.raises(Ended, match=said):
        chosen(found(names), target)
