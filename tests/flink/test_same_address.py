"""Which spellings of an address mean the same cluster."""

import pytest

from flinktop import allowed
from flinktop.flink.connection import normal_form

SPELLINGS = {
    "https://flink.example/prod": (
        "https://flink.example:443/prod",
        "https://flink.example:0443/prod",
        "https://flink.example.:443/prod/",
        "HTTPS://FLINK.Example/prod",
        "https://flink.example//prod",
        "https://flink.example/prod///",
        "https://flink.example/./prod",
        "https://flink.example/x/../prod",
        "https://flink.example/%70rod",
        "https://flink.example/prod#/overview",
        "https://flink\u3002example/prod",
        "https://\uff46link.example/prod",
    ),
    "http://flink.example": ("flink.example:80", "http://flink.example:80/", "http://flink.example.:80//"),
    "http://b\u00fccher.example:1": ("http://xn--bcher-kva.example:1", "http://B\u00dcCHER.example:1"),
    "http://stra\u00dfe.example:1": ("http://xn--strae-oqa.example:1", "http://STRA\u00dfE.example.:1"),
    "http://10.0.0.1:8081": (
        "http://10.1:8081",
        "http://0xa000001:8081",
        "http://167772161:8081",
        "http://012.0.0.1:8081",
        "http://10.0.0.1.:8081",
        "http://[::ffff:10.0.0.1]:8081",
        "http://[::ffff:a00:1]:8081",
    ),
    "http://[2001:db8::1]:8081": ("http://[2001:0DB8:0:0:0:0:0:1]:8081", "[2001:db8:0::1]:8081"),
    "http://localhost:8081": (
        "http://LOCALHOST.:8081",
        "127.0.0.1:8081",
        "http://127.1:8081",
        "http://[::1]:8081",
        "http://[0:0:0:0:0:0:0:1]:8081",
        "http://0.0.0.0:8081",
        "http://0:8081",
        "http://[::]:8081",
    ),
}


@pytest.mark.parametrize(
    ("one", "other"), [(one, other) for one, others in SPELLINGS.items() for other in others]
)
def test_two_spellings_of_one_address(one: str, other: str) -> None:
    assert normal_form(allowed.address(one)) == normal_form(allowed.address(other))


def test_different_addresses() -> None:
    addresses = (
        *SPELLINGS,
        "http://flink.example/prod",
        "http://strasse.example:1",
        "https://flink.example:8443/prod",
        "https://flink.example/PROD",
        "https://flink.example/prod/2",
        "https://flink.example",
        "https://flink.example.org/prod",
        "http://10.0.0.2:8081",
        "http://localhost:8082",
        "http://127.0.0.2:8081",
    )
    assert len({normal_form(allowed.address(address)) for address in addresses}) == len(addresses)
