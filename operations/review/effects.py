"""What a planned change means: facts before and facts after, compared. Each module beside this judges one of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

from graph.plan import Plan

EffectKind = Literal[
    "replace",
    "delete",
    "key-deletion",
    "forget",
    "region-move",
    "same-name",
    "versioning-off",
    "retention-cut",
    "lifecycle-shortened",
    "protect-off",
    "deletion-protection-off",
    "safeguard-off",
    "unwatched",
    "exposed",
    "role-widened",
    "residency",
    "runs-code",
    "unknown-type",
    "not-judged",
    "safeguard-unknown",
    "over-budget",
]
"""The kinds of effect, the most final first."""

KINDS: Final[tuple[EffectKind, ...]] = get_args(EffectKind)
ACCESS_KINDS: Final = frozenset({"exposed", "role-widened"})
NOT_JUDGED_KINDS: Final = frozenset({"unknown-type", "not-judged", "safeguard-unknown"})


@dataclass(frozen=True, slots=True)
class Danger:
    """One effect of one resource's change: what changes, from what to what, and what is left of the data, if any."""

    kind: EffectKind
    urn: str
    what: str
    left: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """A danger that stops the review, or a line that a reviewer must read."""

    danger: Danger
    stops: bool


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """Something that could not be computed; `matters` where it could hide a loss, a grant or an exposure."""

    urn: str
    why: str
    matters: bool = True


Found = Effect | NotEvaluated
Judge = Callable[[Plan], Iterator[Found]]


def stop(kind: EffectKind, urn: str, what: str, left: str = "") -> Effect:
    """An effect that stops the review unless somebody accepts it."""
    return Effect(Danger(kind, urn, what, left), stops=True)


def note(kind: EffectKind, urn: str, what: str) -> Effect:
    """An effect that is shown."""
    return Effect(Danger(kind, urn, what), stops=False)
