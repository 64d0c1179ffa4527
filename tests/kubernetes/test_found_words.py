"""Quantities, label selectors, names and addresses: tables, and promises that hold for any text."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.flink.connection import base_url
from flinktop.kubernetes.names import cluster_name, host_label, url
from flinktop.kubernetes.quantities import amount
from flinktop.kubernetes.selectors import SelectorError, selector

NAMES = st.text(max_size=80) | st.from_regex(r"[a-z0-9.-]{1,80}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2Gi", 2**31),
        ("2048Mi", 2**31),
        ("1500M", 1_500_000_000),
        ("1e9", 10**9),
        ("129E6", 129_000_000),
        ("1E", 10**18),
        (".5Gi", 2**29),
        ("1.5Gi", 3 * 2**29),
        ("128974848", 128974848),
        ("128974848000m", 128974848),
        ("9007199254740993", 9007199254740993),
        (2147483648, 2**31),
        (2147483648.0, 2**31),
        (" 1k ", 1000),
        ("0", 0),
        ("16Ei", None),
        ("1e99", None),
        ("-1", None),
        ("2GiB", None),
        ("two", None),
        ("", None),
        (None, None),
        ("9" * 5000, None),
    ],
)
def test_a_quantity(text: str | float | None, value: int | None) -> None:
    assert amount(text) == value


@pytest.mark.deep
@given(st.text(max_size=40) | st.floats() | st.integers())
def test_no_quantity_raises(text: str | float) -> None:
    value = amount(text)
    assert value is None or value >= 0


LABELS = {"app": "orders", "tier": "prod", "empty": ""}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("  ", True),
        ("app=orders", True),
        ("app==orders", True),
        (" app = orders , tier = prod ", True),
        ("app=other", False),
        ("app!=other", True),
        ("app!=orders", False),
        ("missing!=x", True),
        ("missing=x", False),
        ("app", True),
        ("missing", False),
        ("!missing", True),
        ("!app", False),
        ("empty=", True),
        ("app=", False),
        ("tier in (prod, test)", True),
        ("tier in (test)", False),
        ("tier notin (test),app in (orders,clicks)", True),
        ("missing notin (x)", True),
        ("app.kubernetes.io/name!=x", True),
        ("inside=x", False),  # a key that begins with a word of the grammar
    ],
)
def test_a_selector(text: str, *, matches: bool) -> None:
    assert selector(text).matches(LABELS) is matches


@pytest.mark.parametrize(
    "text", ["app=orders,", "app=a b", "app>3", "=x", "app in x", "app in (a", "a,,b", "app in (a;b)", "-a=b"]
)
def test_what_is_no_selector_is_said(text: str) -> None:
    with pytest.raises(SelectorError):
        selector(text)


@given(st.text(max_size=60))
def test_a_selector_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(SelectorError):
        assert selector(text).matches(LABELS) in (True, False)


# -- names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["minikube", "prod-eu", "a", "0", "x" * 63])
def test_a_name_that_may_be_a_host_stays(name: str) -> None:
    assert host_label(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "arn:aws:eks:eu-west-1:123456789012:cluster/prod",
        "admin@kind",
        "Prod",
        "a_b",
        "-a",
        "a.b",
        "é",
        "",
        "x" * 64,
        "kind-0123abcd",  # could be another name's label
    ],
)
def test_other_names_get_a_digest(name: str) -> None:
    label = host_label(name)
    assert label != name
    assert len(label) <= 63
    assert host_label(label) != label


@given(NAMES, NAMES)
def test_different_names_have_different_labels(one: str, other: str) -> None:
    assert (host_label(one) == host_label(other)) is (one == other)


@given(NAMES, NAMES, NAMES, st.integers(1, 65535))
def test_an_address_is_one_for_flinktop(service: str, namespace: str, context: str, port: int) -> None:
    address = url("http", service, namespace, context, port)
    assert base_url(address) == address


def test_two_contexts_have_two_addresses() -> None:
    addresses = {
        url("http", "orders-rest", "a", context, 8081) for context in ("prod", "Prod", "prod.", "prod/")
    }
    assert len(addresses) == 4
    assert "http://orders-rest.a.prod.kubernetes:8081" in addresses


@pytest.mark.parametrize(
    ("service", "app", "name"),
    [
        ("orders-rest", "orders", "orders"),
        ("flink-jobmanager", "flink", "flink-jobmanager"),
        ("x-rest", "", "x-rest"),
    ],
)
def test_a_cluster_is_called_as_it_was_started(service: str, app: str, name: str) -> None:
    assert cluster_name(service, {"app": app} if app else {}) == name
