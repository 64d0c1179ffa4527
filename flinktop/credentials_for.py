"""Which clusters the login of the environment is for, as FLINKTOP_CREDENTIALS_FOR names them."""

import re
from typing import Final
from urllib.parse import urlsplit

from flinktop import allowed
from flinktop.allowed import NotAllowed
from flinktop.same_address import normal_form

CREDENTIALS_FOR: Final = "FLINKTOP_CREDENTIALS_FOR"

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[^\s:/@\[\]*,]{1,253})(:\d{1,5})?")


def names(text: str, url: str) -> bool:
    """Whether one of the hosts in `text` is that of a base URL.

    Args:
        text: hosts (any port, http and https), hosts with a port, and addresses of clusters; commas or spaces
            between them.
        url: the base URL.

    Raises:
        NotAllowed: something in `text` is none of these.

    """
    # Not `any`: what is no host is told wherever it stands.
    return True in {_names(one, url) for one in re.split(r"[\s,]+", text) if one}


def _names(one: str, url: str) -> bool:
    if "://" in one:
        return normal_form(allowed.address(one)) == normal_form(url)
    found = _HOST.fullmatch(one)
    if found is None:
        raise NotAllowed(
            "must be hosts (flink.example.com), hosts with a port (flink.example.com:8081) or addresses "
            "(https://flink.example.com/prod), with commas between them"
        )
    here = urlsplit(url)
    port = found[2] or (f":{here.port}" if here.port else "")
    try:
        return normal_form(f"{here.scheme}://{found[1]}{port}") == normal_form(
            f"{here.scheme}://{here.netloc}"
        )
    except ValueError:
        raise NotAllowed("names a port beyond 65535") from None
