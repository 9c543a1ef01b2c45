"""Why a `*` stands where it stands, as far as that can be known from AWS's own reference."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from facts import tokens as t
from rehearsal.report.access.model import Wildcard

EVERYTHING: Final = "every resource"
_OWN: Final = {
    t.KEY: "in a key's own policy, * means this key",
    t.KEY_POLICY: "in a key's own policy, * means this key",
    t.SECRET_POLICY: "in a secret's own policy, * means this secret",
    t.ENDPOINT: "in an endpoint's policy, * means whatever the conditions let through",
}


def wildcards(
    effect: str, actions: Sequence[str], resources: Sequence[str], *, holder_type: str = ""
) -> Iterator[Wildcard]:
    """Every `*` of a statement that stands for more than the inside of one named thing."""
    for action in actions:
        if "*" in action or "?" in action:
            yield Wildcard(action, _action_reason(effect, action, holder_type))
    if "*" in resources:
        yield Wildcard(EVERYTHING, _reason(effect, actions, holder_type))


def _reason(effect: str, actions: Sequence[str], holder_type: str) -> str:
    if holder_type in _OWN:
        return _OWN[holder_type]
    if effect == "Deny":
        return "a refusal may be wide"
    from facts.permissions.actions import takes_resource  # reads AWS's reference, which few need

    if all(not takes_resource(action) for action in actions):
        return "AWS knows no resource that these actions could name"
    return ""


def _action_reason(effect: str, pattern: str, holder_type: str) -> str:
    if effect == "Deny":
        return "a refusal may be wide"
    if holder_type == t.ENDPOINT:
        return "an endpoint grants nothing: it narrows what identities may do through it"
    return _covered(pattern)


@cache
def _covered(pattern: str) -> str:
    """The actions that a pattern covers, where they are few."""
    from facts.permissions.actions import expand

    names = [name.partition(":")[2] for name in expand(pattern)]
    return f"covers {', '.join(names)}" if 0 < len(names) <= 8 else ""
