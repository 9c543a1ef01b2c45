"""A stack's state as the engine would export it, made of what a rehearsal declared."""

from collections.abc import Iterable, Mapping
from typing import Any

from graph.wire import SECRET_SIGNATURE, SIGNATURE
from rehearsal.result import Rehearsed

CIPHERTEXT = "v1:N+6PvQBc3okbvKI6:HvUcnlrv3/uGRhbQn6xCvx2sUcA9fw=="


def deployment(resources: Iterable[Rehearsed]) -> dict[str, Any]:
    """A deployment with encrypted secrets where the program marks them."""
    return {
        "manifest": {"time": "2026-11-22T20:43:28Z", "magic": "7dff", "version": "v3.260.0"},
        "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:uRkxeh63qNA=:v1:N+6PvQBc3okbvKI6:HvUc"}},
        "resources": [_resource(one) for one in resources],
    }


def encrypted() -> dict[str, str]:
    return {SIGNATURE: SECRET_SIGNATURE, "ciphertext": CIPHERTEXT}


def _resource(one: Rehearsed) -> dict[str, Any]:
    declared = one.declared
    marked = {path.partition(".")[0].partition("[")[0] for path in declared.secret_paths}
    marked |= set(declared.additional_secret_outputs)

    def side(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: encrypted() if name in marked else value for name, value in values.items()}

    return {
        "urn": declared.urn,
        "custom": declared.custom,
        "id": one.id,
        "type": declared.type,
        "inputs": side(declared.inputs),
        "outputs": side({**declared.inputs, **one.outputs}),
    }
