"""Which single actions of a role's statements are needed: each is taken away, and the requests are judged again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from facts.permissions.evaluate import Held, Policies, Request, Undecided, decide
from facts.permissions.patterns import matches
from facts.permissions.principals import listed


@dataclass(frozen=True)
class Without:
    """An action of a statement, and the first request that is refused without it; None where it is not needed."""

    held: Held
    action: str
    missed: Request | None

    def __str__(self) -> str:
        return f"{self.held}: {self.action}"


def without_each_action(
    requests: Sequence[Request], identity: Sequence[Held], policies_of: Callable[[Request], Policies]
) -> Iterator[Without]:
    """What is missed without each single action of a role's Allow statements.

    Args:
        requests: what was allowed to the role.
        identity: the role's own statements.
        policies_of: every policy that has a say on a request.
    """
    for held in identity:
        if held.read.denies:
            continue
        name = "NotAction" if "NotAction" in held.statement else "Action"
        for action in listed(held.statement[name]):
            rest = _without(held, name, action)
            kept = [other for other in (rest if one is held else one for one in identity) if other is not None]
            concerned = (
                one for one in requests if name == "NotAction" or matches(action, one.action, ignore_case=True)
            )
            missed = next((one for one in concerned if not _allowed(one, policies_of(one), kept)), None)
            yield Without(held, action, missed)


def _allowed(request: Request, policies: Policies, identity: Sequence[Held]) -> bool:
    return decide(request, replace(policies, identity=identity), Undecided.REFUSES).allowed


def _without(held: Held, name: str, action: Any) -> Held | None:
    """The statement without an action; None where it has no other. What is not excepted goes as a whole."""
    others = [one for one in listed(held.statement[name]) if one != action]
    if not others or name == "NotAction":
        return None
    return Held(held.policy, {**held.statement, name: others}, held.version)
