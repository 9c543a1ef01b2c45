"""What one look found."""

from dataclasses import dataclass
from typing import Literal

Purpose = Literal["rehearse", "deploy"]
Readiness = Literal["ok", "missing", "wrong"]

ALWAYS: frozenset[Purpose] = frozenset({"rehearse", "deploy"})
REHEARSE: frozenset[Purpose] = frozenset({"rehearse"})
DEPLOY: frozenset[Purpose] = frozenset({"deploy"})
OPTIONAL: frozenset[Purpose] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One prerequisite: its state, what was found, the command that puts it right, and what needs it."""

    name: str
    state: Readiness
    found: str
    mend: str = ""
    needed_for: frozenset[Purpose] = DEPLOY

    def stands_against(self, purpose: Purpose) -> bool:
        return self.state != "ok" and purpose in self.needed_for
