"""What a task's containers are. ECS and the provider take the names of their settings in any case."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from graph.values import document, maps

_NAMES: Final = {
    name.lower(): name
    for name in (
        *("name", "image", "command", "entryPoint", "user", "privileged", "readonlyRootFilesystem", "essential"),
        *("environment", "environmentFiles", "secrets", "value", "valueFrom", "type"),
        *("logConfiguration", "logDriver", "options", "dockerLabels"),
    )
}
"""What anybody here reads of a container."""
_OWN_KEYS: Final = ("options", "dockerLabels")
"""Whose keys are the owner's, or a log driver's, and stay as they are."""


def containers(definitions: Any) -> Iterator[Mapping[str, Any]]:
    """The containers of `containerDefinitions`. Raises ValueError where it is no JSON, or says something twice."""
    return maps(_of_text(definitions) if isinstance(definitions, str) else _spelled(document(definitions)))


@lru_cache(maxsize=256)
def _of_text(text: str) -> Any:
    return _spelled(document(text))


def _spelled(value: Any) -> Any:
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    if isinstance(value, str) or not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = _NAMES.get(str(key).lower(), str(key))
        if name in found:
            raise ValueError(f"{name} stands twice, in another case")
        found[name] = item if name in _OWN_KEYS else _spelled(item)
    return found
