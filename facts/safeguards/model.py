"""The words in which a safeguard is declared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Weakening(StrEnum):
    """What a weaker safeguard makes possible."""

    VERSIONING = "versioning-off"
    RETENTION = "retention-cut"
    DELETION = "deletion-protection-off"
    PROTECT = "protect-off"
    LOSS = "safeguard-off"
    EXPOSURE = "exposed"
    WATCH = "unwatched"


Strength = Callable[[Any], float]


@dataclass(frozen=True, slots=True)
class DeclaredBy:
    """Which property of which type says it, and which property names what is guarded; empty for the resource itself."""

    type: str
    path: str
    of: str = ""
    of_type: str = ""


def own(*types: str, path: str) -> tuple[DeclaredBy, ...]:
    """Each type says it of itself, by one path."""
    return tuple(DeclaredBy(token, path) for token in types)


@dataclass(frozen=True, slots=True)
class Rule:
    """One safeguard: who says it, how strong a value is, and what AWS does where nobody says it (`default`).

    `read` takes the value out of the property where it is no plain one. `each` takes several safeguards out of one
    property, by name: each is a safeguard of its own, which is lost where its name is missing.
    """

    name: str
    kind: Weakening
    what: str
    strength: Strength
    default: Any
    declared_by: tuple[DeclaredBy, ...]
    stops: bool = True
    read: Callable[[Any], Any] | None = None
    each: Callable[[Any], Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Safeguard:
    """One safeguard of one thing. `strength` is None where the value is not known."""

    rule: Rule
    subject: str
    value: Any
    strength: float | None
    by: str
    """The URN of what says it; the subject's own where AWS's default holds."""
