"""Which endpoint a request of a real flinktop was for."""

import functools
import re

from tests.flink.catalogue import endpoints


def asked_for(target: str) -> str:
    """The template of the endpoint that a target is for, as `catalogue.template` writes it; "" for none."""
    path = target.strip("/").partition("?")[0]
    found = [template for template, pattern in _patterns() if pattern.fullmatch(path)]
    # `jobs/overview` is a job's document by its form alone.
    return min(found, key=lambda template: template.count(":"), default="")


@functools.cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (template, re.compile(re.escape(template).replace(":", "[^/]+"))) for template in endpoints()
    )
