"""Whose customers a command is about, and where the journal of their rollouts is kept."""

import os
from dataclasses import dataclass
from pathlib import Path

from operations.changed.estate import Base, read_bases
from operations.engine.errors import MistakenError
from operations.fleet.journal import Journal
from operations.fleet.store import open_store


@dataclass(frozen=True, kw_only=True)
class Where:
    """One environment of a project. `profile` is of AWS's configuration, for the account that keeps the journal."""

    root: Path
    environment: str
    profile: str | None = None

    @property
    def home(self) -> Base:
        """The base stack in whose account the journal is kept. Raises MistakenError where the environment has none."""
        bases = [one for one in read_bases(self.root).values() if one.environment == self.environment]
        home = next((one for one in bases if one.stack == self.environment), bases[0] if bases else None)
        if home is None:
            raise MistakenError(f"there is no base stack of environment {self.environment}")
        return home

    def journal(self) -> Journal:
        """In the state bucket of the environment's first account, or beside a state that is kept elsewhere.

        A shard's runner names the state of its shard's account; the journal is one for all accounts.
        """
        home = self.home
        backend = os.environ.get("PULUMI_BACKEND_URL") or home.backend
        address = home.backend if backend in {one.backend for one in read_bases(self.root).values()} else backend
        return Journal(open_store(address, home.region, self.profile), self.environment)
