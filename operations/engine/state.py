"""What a stack's state says, read once and asked several times: each `stack export` is another start of the CLI."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any


@dataclass(frozen=True)
class State:
    """A state as `pulumi stack export` gives it; secrets in it stay encrypted."""

    deployment: Mapping[str, Any]

    @property
    def resources(self) -> Sequence[Mapping[str, Any]]:
        return self.deployment.get("resources") or ()

    @property
    def pending(self) -> list[str]:
        """Operations that an interrupted run began and nobody saw end, such as `creating database-instance`."""
        operations = self.deployment.get("pending_operations") or ()
        return [f"{one['type']} {one['resource']['urn'].rpartition('::')[2]}" for one in operations]

    @property
    def fingerprint(self) -> str:
        """A digest of what stands: another one after any write."""
        return sha256(json.dumps(list(self.resources), sort_keys=True).encode()).hexdigest()

    @property
    def provider_lines(self) -> list[str]:
        """How its secrets are encrypted, as a stack's file says it."""
        state = (self.deployment.get("secrets_providers") or {}).get("state") or {}
        keys = {"url": "secretsprovider", "encryptedkey": "encryptedkey", "salt": "encryptionsalt"}
        return [f"{name}: {state[key]}" for key, name in keys.items() if state.get(key)]
