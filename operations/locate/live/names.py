"""Whose a resource is, by its name: every physical name holds `workbuoy-STACK` as a whole part or a beginning."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from components.names import WAF_LOG_PREFIX
from infra.tenants.listing import OFFBOARDED_FOLDER

_PART = re.compile(rf"(?:^|/|^{WAF_LOG_PREFIX})(workbuoy-[^/]*)")


@dataclass(frozen=True)
class Names:
    """The names of one stack. `prod` begins those of `prod-acme`, too, so the other stacks are known."""

    stack: str
    longer: tuple[str, ...] = ()

    @property
    def begin(self) -> str:
        return f"workbuoy-{self.stack}"

    def own(self, name: str) -> bool:
        """Whether a resource of this name is this stack's."""
        found = _PART.search(name)
        return (
            found is not None
            and _begins(found[1], self.begin)
            and not any(_begins(found[1], f"workbuoy-{other}") for other in self.longer)
        )


def _begins(name: str, begin: str) -> bool:
    return name == begin or name.startswith(f"{begin}-")


def names_of(stack: str, base: str, root: Path, stacks: Iterable[str]) -> Names:
    """A stack's names beside all others of the project, those of customers who have left included."""
    left = (f"{base}-{file.stem}" for file in (root / OFFBOARDED_FOLDER).glob("*.yaml"))
    return Names(stack, tuple(sorted(one for one in {*stacks, *left} if one.startswith(f"{stack}-"))))
