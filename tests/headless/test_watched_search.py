"""`flinktop watch` follows what is found in Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from msgspec.structs import replace

from flinktop.config_file import ConfigFile
from flinktop.headless.watch_lines import What
from flinktop.headless.watched_search import WatchedSearch
from flinktop.kubernetes.search import SearchNews
from flinktop.kubernetes.site import SiteNews
from flinktop.kubernetes_config import KubernetesEntry
from flinktop.settings import Flags, Sources, usual_paths
from tests.engine.test_kubernetes_search import Told
from tests.kubernetes.test_changes import found
from tests.manual_clock import ManualClock

if TYPE_CHECKING:
    from flinktop.model.kubernetes import KubernetesState
    from flinktop.settings import Profile

WHERE = "context test, namespace default"


class Kept:
    """What a watcher was told."""

    def __init__(self) -> None:
        self.watched: dict[str, KubernetesState] = {}
        self.said: list[str] = []

    def add(self, profile: Profile, _transport: object, state: KubernetesState) -> None:
        self.watched[profile.name] = state

    def know(self, name: str, state: KubernetesState) -> None:
        assert name in self.watched
        self.watched[name] = state

    def remove(self, name: str, words: str) -> None:
        del self.watched[name]
        self.said.append(f"{name}: {words}")

    def say(self, what: What, words: str) -> None:
        self.said.append(f"{what}: {words}")


async def searching() -> tuple[WatchedSearch, Told, Kept]:
    sources = Sources(ConfigFile(), usual_paths(), (), Flags(), {})
    search = WatchedSearch(sources, KubernetesEntry(name="prod"), ManualClock(), search=cast("Any", Told))
    kept = Kept()
    search._watching = kept
    return search, cast("Told", search._search), kept


def has_searched(search: WatchedSearch) -> bool:
    return search.searched


async def test_clusters_are_watched_as_they_come_and_go() -> None:
    search, told, kept = await searching()
    a, b = found("a"), found("b")
    await told.tell(a, b)
    assert kept.watched == {"prod/default/a": a.state, "prod/default/b": b.state}
    changed = replace(a, state=replace(a.state, at=7.0))
    await told.tell(changed, b)
    assert kept.watched["prod/default/a"] == changed.state
    deleted = replace(b, state=replace(b.state, deleted=5.0))
    await told.tell(changed, deleted=(deleted,))
    assert kept.said == ["prod/default/b: it was deleted in Kubernetes, and is no longer watched"]
    await told.tell()
    assert kept.said[1:] == ["prod/default/a: it is no longer found in Kubernetes, and no longer watched"]
    assert kept.watched == {}
    assert search.error == f"no Flink cluster found in {WHERE}"


async def test_a_problem_is_said_once_and_its_end() -> None:
    search, told, kept = await searching()
    assert not has_searched(search)
    for _ in range(2):
        told.news = SearchNews(WHERE, SiteNews(), "kubectl is not logged in")
        told._changed(told.news)
    assert kept.said == [f"note: {WHERE}: kubectl is not logged in; it is tried again"]
    assert has_searched(search)
    assert search.error == "kubectl is not logged in"
    await told.tell(found("a"))
    assert kept.said[1:] == [f"note: {WHERE}: everything can be searched again"]
    assert search.error is None
