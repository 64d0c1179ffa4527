"""Who may do what: rules as of RBAC, and the sentence about what is missing."""

from dataclasses import dataclass

from tests.kubernetes.apiserver.routes import Target
from tests.kubernetes.apiserver.statuses import Refused

ANY = ("*",)


@dataclass(frozen=True, slots=True)
class Rule:
    """Verbs on resources (`pods`, `services/proxy`, `*`) of groups, in some namespaces or in all."""

    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    groups: tuple[str, ...] = ANY
    namespaces: tuple[str, ...] = ANY
    names: tuple[str, ...] = ANY

    def allows(self, target: Target) -> bool:
        return all(
            "*" in allowed or wanted in allowed
            for wanted, allowed in (
                (target.verb, self.verbs),
                (target.right, self.resources),
                (target.group, self.groups),
                (target.namespace, self.namespaces),
                (target.name, self.names),
            )
        )


EVERYTHING = (Rule(ANY, ANY),)
READ = ("get", "list", "watch")
VIEW = (
    Rule(READ, ("pods", "pods/log", "services", "events", "namespaces")),
    Rule(READ, ANY, ("flink.apache.org",)),
)
"""As the cluster role `view`: no proxy, no port-forward."""
PROXY_READ = Rule(("get",), ("services/proxy",))
"""GET through the service proxy, and no POST, PATCH or DELETE."""
PROXY = Rule(ANY, ("services/proxy",))
PORT_FORWARD = Rule(("create",), ("pods/portforward",))


class Rights:
    """The rules of each user; a user without any may do everything."""

    def __init__(self) -> None:
        self.of: dict[str, tuple[Rule, ...]] = {}

    def allow(self, user: str, target: Target) -> bool:
        return any(rule.allows(target) for rule in self.of.get(user, EVERYTHING))

    def check(self, user: str, target: Target) -> None:
        """Return if the user may.

        Raises:
            Refused: 403, with the right that is missing.
        """
        if self.allow(user, target):
            return
        what = f'{target.full} "{target.name}"' if target.name else target.full
        where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
        details = {"kind": target.resource}
        details |= {"name": target.name} if target.name else {}
        details |= {"group": target.group} if target.group else {}
        raise Refused(
            403,
            f'{what} is forbidden: User "{user}" cannot {target.verb} resource "{target.right}" '
            f'in API group "{target.group}" {where}',
            details=details,
        )
