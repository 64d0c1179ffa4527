"""What a server supports: its release and the flags of /config."""

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from flinktop.flink.cluster import Config

_RELEASE = re.compile(r"^(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")


class Features(Struct, frozen=True):
    """The release and the switches of one cluster."""

    release: tuple[int, int, int] | None = None  # None if the server does not report it, or not as numbers
    version: str = ""  # as reported by the server
    web_submit: bool = True  # /jars exists
    web_cancel: bool = True  # the operator wants cancelling to be offered; the server accepts it anyway
    web_history: bool = False
    web_rescale: bool = False  # the adaptive scheduler accepts new resource requirements
    history_server: bool = False  # finished jobs only, no actions

    def has(self, major: int, minor: int) -> bool:
        """Whether the release is this one or later; an unknown release counts as the newest."""
        return self.release is None or self.release[:2] >= (major, minor)


def release(version: str) -> tuple[int, int, int] | None:
    """(1, 20, 5) from "1.20.5", "1.20.5-amzn-0" or "1.20-SNAPSHOT"; None from anything else."""
    found = _RELEASE.match(version)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def features(config: "Config | None", overview_missing: bool = False) -> Features:  # noqa: FBT001, FBT002 - one obvious switch
    """What a server supports; before 1.16 a HistoryServer is known only by a 404 for /overview."""
    if config is None:
        return Features(history_server=overview_missing)
    flags = config.features
    return Features(
        release=release(config.flink_version),
        version=config.flink_version,
        web_submit=flags.web_submit,
        web_cancel=flags.web_cancel,
        web_history=flags.web_history,
        web_rescale=flags.web_rescale,
        history_server=flags.web_history or overview_missing,
    )
