"""Postgres, identity provider and programs that stay up while rehearsals come and go, each in a process of its own."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from socket import socket
from typing import Any

from rehearsal.service.forks import Forks
from rehearsal.service.processes import NotToBeHadError
from rehearsal.service.surroundings import Owner, Surroundings


@dataclass(frozen=True, kw_only=True)
class Lent:
    """What one rehearsal works with: an empty database, unless another is given; a provider; and whoever forks."""

    owner: Mapping[str, Any] | None = field(repr=False)
    issuer: str
    control: int


class Standing(Surroundings):
    """What stays up. Whoever rehearses inherits `control`."""

    def __init__(self, app: Path) -> None:
        super().__init__(app)
        self._made_from = _code(app)

    @property
    def outdated(self) -> bool:
        """Whether what runs was made from other code or packages than there are now."""
        return self._made_from != _code(self.app)

    @property
    def control(self) -> int | None:
        """The file descriptor that forks are asked for on; None where the service is not installed."""
        return self.programs.start().fileno() if (self.app / ".venv").exists() else None

    def lend(self, control: int | None) -> dict[str, Any] | None:
        """What the next rehearsal works with; None where something is missing, which it then finds out by itself.

        `control` is what that process has inherited. Whatever has ended by itself is started again.
        """
        try:
            self.begin()
            if control is None or control != self.control:
                return None
            owner = None if self._given else asdict(self.postgres())
            return asdict(Lent(owner=owner, issuer=self.issuer(), control=control))
        except NotToBeHadError:
            return None


class Borrowed(Surroundings):
    """What was lent to one rehearsal. It begins nothing and ends nothing."""

    def __init__(self, app: Path, lent: Mapping[str, Any]) -> None:
        super().__init__(app)
        self._lent = Lent(**lent)
        self.programs = Forks(app, socket(fileno=self._lent.control))

    def begin(self) -> None:
        """All of it runs."""

    def ask_to_end(self) -> None:
        """It goes on."""

    def postgres(self) -> Owner:
        """The database that was lent, or the one that is given. Raises NotToBeHadError."""
        return Owner(**self._lent.owner) if self._lent.owner is not None else super().postgres()

    def issuer(self) -> str:
        """The provider's address."""
        return self._lent.issuer


def _code(app: Path) -> list[tuple[str, int]]:
    """What is installed, and the programs of the service that start servers."""
    installed = [*app.glob(".venv/lib/python*/site-packages")]
    programs = app.glob("workbuoy_app/devtools/*.py")
    return sorted((str(one), os.stat(one).st_mtime_ns) for one in (*installed, *programs))
