"""What a stack's state says, read once and asked several times: each `stack export` is another start of the CLI."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from graph.resource import STACK_TYPE
from graph.wire import MASK, SECRET_SIGNATURE, SIGNATURE


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
    def outputs(self) -> dict[str, Any]:
        """The outputs of the last update, as `pulumi stack output --json` prints them: a secret one is `[secret]`."""
        (stack, *_) = [one for one in self.resources if one.get("type") == STACK_TYPE] or [{}]
        return {name: _without_secrets(value) for name, value in (stack.get("outputs") or {}).items()}

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


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        secret = value.get(SIGNATURE) == SECRET_SIGNATURE
        return MASK if secret else {name: _without_secrets(item) for name, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value
