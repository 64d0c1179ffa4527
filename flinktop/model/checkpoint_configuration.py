"""How checkpoints are configured, item by item, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.model import format as fmt

if TYPE_CHECKING:
    from flinktop.flink.checkpoints import CheckpointConfig

UNLIMITED = 2**31 - 1  # Flink's number for "as many as there are"
_MODES = {"exactly_once": "exactly once", "at_least_once": "at least once"}


class Item(Struct, frozen=True):
    """One line of the configuration."""

    name: str
    field: str  # as Flink's REST API calls it
    words: str | None  # None where the release does not tell it
    since: tuple[int, int] = (1, 9)  # the first release that tells it


def items(config: CheckpointConfig) -> tuple[Item, ...]:
    """Every item, those of later releases too."""
    unaligned = config.unaligned_checkpoints
    return (
        Item("mode", "mode", _MODES.get(config.mode, config.mode) or None),
        Item("interval", "interval", _interval(config)),
        Item("timeout", "timeout", _stretch(config.timeout)),
        Item("minimum pause", "min_pause", _stretch(config.min_pause)),
        Item("maximum concurrent", "max_concurrent", _number(config.max_concurrent)),
        Item("retained after the job", "externalization", _kept(config)),
        Item("state backend", "state_backend", config.state_backend, (1, 10)),
        Item("storage", "checkpoint_storage", config.checkpoint_storage, (1, 13)),
        Item("unaligned", "unaligned_checkpoints", _switch(unaligned), (1, 12)),
        Item("aligned checkpoint timeout", "aligned_checkpoint_timeout", _aligned(config), (1, 14)),
        Item("tolerable failed checkpoints", "tolerable_failed_checkpoints", _tolerated(config), (1, 12)),
        Item(
            "checkpoints after tasks finish",
            "checkpoints_after_tasks_finish",
            _switch(config.checkpoints_after_tasks_finish),
            (1, 14),
        ),
        Item("changelog", "state_changelog_enabled", _switch(config.state_changelog_enabled), (1, 16)),
        Item(
            "changelog materialization",
            "changelog_periodic_materialization_interval",
            _of_changelog(config, _stretch(config.changelog_periodic_materialization_interval)),
            (1, 16),
        ),
        Item(
            "changelog storage", "changelog_storage", _of_changelog(config, config.changelog_storage), (1, 16)
        ),
    )


def _interval(config: CheckpointConfig) -> str:
    if config.interval is None:
        return "not periodic: only when triggered"
    return fmt.exact(config.interval)


def _stretch(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return "none" if milliseconds <= 0 else fmt.exact(milliseconds)


def _number(value: int | None) -> str | None:
    if value is None:
        return None
    return str(value) if value < UNLIMITED else "unlimited"


def _switch(value: bool | None) -> str | None:  # noqa: FBT001 -- what Flink says
    if value is None:
        return None
    return "on" if value else "off"


def _kept(config: CheckpointConfig) -> str:
    kept = config.externalization
    if not kept.enabled:
        return "no: deleted when the job ends"
    if kept.delete_on_cancellation:
        return "when it fails; deleted when it is cancelled"
    return "when it fails and when it is cancelled"


def _aligned(config: CheckpointConfig) -> str | None:
    timeout = config.aligned_checkpoint_timeout
    if timeout is None:
        return None
    if not config.unaligned_checkpoints:
        return f"{'none' if timeout <= 0 else fmt.exact(timeout)}, without effect: unaligned is off"
    return "none: unaligned from the start" if timeout <= 0 else f"{fmt.exact(timeout)}, then unaligned"


def _tolerated(config: CheckpointConfig) -> str | None:
    tolerated = config.tolerable_failed_checkpoints
    if tolerated is None:
        return None
    if tolerated <= 0:
        return "none: a failed checkpoint fails the job"
    return f"{tolerated} in a row" if tolerated < UNLIMITED else "unlimited"


def _of_changelog(config: CheckpointConfig, words: str | None) -> str | None:
    """What only has an effect with the changelog on says so."""
    if words is None or config.state_changelog_enabled:
        return words
    return f"{words}, without effect: changelog is off"
