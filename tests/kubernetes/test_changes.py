"""What has changed between the clusters that are known and those that are found."""

from msgspec.structs import replace

from flinktop.kubernetes.changes import Changes, Gone, changes
from flinktop.kubernetes.discovery import Found
from flinktop.kubernetes.site import SiteNews
from flinktop.model.kubernetes import KubernetesState


def found(name: str, port: int = 8081) -> Found:
    return Found(
        name=f"default/{name}",
        namespace="default",
        service=f"{name}-rest",
        port=port,
        scheme="http",
        url=f"http://{name}-rest.default.test.kubernetes:{port}",
        state=KubernetesState(context="test", namespace="default"),
    )


def known(*ones: Found) -> dict[str, Found]:
    return {one.name: one for one in ones}


def test_what_is_new_and_what_has_gone() -> None:
    a, b, c = found("a"), found("b"), found("c")
    deleted = replace(b, state=replace(b.state, deleted=5.0))
    news = SiteNews(found=(a, c), deleted=(deleted,), complete=True)
    assert changes(known(a, b), news) == Changes(gone=(Gone(b, deleted),), new=(c,))


def test_nothing_has_gone_before_everything_was_listed() -> None:
    a, b = found("a"), found("b")
    assert changes(known(a), SiteNews(found=(b,))) == Changes(new=(b,))


def test_what_can_not_be_seen_any_more_was_not_deleted() -> None:
    a = found("a")
    assert changes(known(a), SiteNews(complete=True)) == Changes(gone=(Gone(a, None),))


def test_one_that_is_reached_elsewhere_is_another_one() -> None:
    before, after = found("a"), found("a", 9091)
    news = SiteNews(found=(after,), complete=True)
    assert changes(known(before), news) == Changes(gone=(Gone(before, None),), new=(after,))


def test_only_what_is_another_value_has_changed() -> None:
    a, b = found("a"), found("b")
    changed = replace(b, state=replace(b.state, service="b-rest"))
    assert changes(known(a, b), SiteNews(found=(a, changed), complete=True)) == Changes(changed=(changed,))
