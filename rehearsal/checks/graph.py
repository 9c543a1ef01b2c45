"""The recorded resources as the refusals ask for them."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import graph as ground
from graph import Resource
from rehearsal.missing import is_marker
from rehearsal.result import Refusal


class Graph:
    """The resources of one stack, by the short tokens that checks name: `rds/instance:Instance` means the AWS one.

    No `residency` means that the stack names none.
    """

    def __init__(self, resources: Iterable[Resource], account: str, residency: Collection[str] = ()) -> None:
        self.account, self.residency = account, residency
        self._graph = ground.Graph(resources, account=account)

    def of(self, *types: str) -> Iterator[Resource]:
        """Every resource of these types."""
        return self._graph.of(*(f"aws:{token}" for token in types))

    def every(self) -> Iterator[Resource]:
        """Every resource that the stack itself declares, in order."""
        return (one for one in self._graph.resources if one.custom)

    def providers(self) -> Iterator[Resource]:
        """Every explicit AWS provider."""
        return self._graph.of("pulumi:providers:aws")

    def find(self, token: str, handle: Any) -> Resource | None:
        """The resource of a type that this ARN, id or name means, if it is of this stack."""
        return self._graph.find(handle, f"aws:{token}")

    def key(self, handle: Any) -> Resource | None:
        """The KMS key that an ARN, id or alias means."""
        return self._graph.key(handle)

    def needs(self, one: Resource, other: Resource) -> bool:
        """Whether one resource waits for another, directly or through others."""
        return self._graph.needs(one, other)


def properties(one: Resource) -> dict[str, Any]:
    """Outputs and inputs together, without what stands for an output that nothing made. An input is the truer one."""
    made = {key: value for key, value in one.outputs.items() if not is_marker(value)}
    return {**made, **{key: value for key, value in one.inputs.items() if value is not None}}


def judged(one: Resource) -> dict[str, Any]:
    """What the program declared, and the names that the provider makes where it declared none; nothing invented."""
    names = {key: one.outputs[key] for key in _NAMES if key in one.outputs and not is_marker(one.outputs[key])}
    return {**names, **one.inputs}


_NAMES = ("name", "bucket", "identifier")


def statements(document: Any) -> list[dict[str, Any]]:
    """The statements of a policy document; none when it is not one."""
    try:
        found = json.loads(document) if isinstance(document, str) else document
        many = found["Statement"]
    except (ValueError, TypeError, KeyError):
        return []
    return [one for one in as_list(many) if isinstance(one, dict)]


def as_list(value: Any) -> list[Any]:
    """AWS takes one value or a list of them almost everywhere in a policy."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def services(statement: Mapping[str, Any]) -> set[str]:
    """The services that a statement is for."""
    principal = statement.get("Principal")
    return set(as_list(principal.get("Service"))) if isinstance(principal, dict) else set()


def allows(statement: Mapping[str, Any], service: str, action: str) -> bool:
    """Whether a statement allows a service an action; its conditions are not looked at."""
    return (
        statement.get("Effect") == "Allow"
        and (service in services(statement) or statement.get("Principal") == "*")
        and any(_matches(pattern, action) for pattern in as_list(statement.get("Action")))
    )


def _matches(pattern: Any, action: str) -> bool:
    stem, star, _ = str(pattern).lower().partition("*")
    return action.lower().startswith(stem) if star else stem == action.lower()


def refuse(one: Resource, check: str, what: str, fix: str, source: str) -> Refusal:
    """A refusal of one resource."""
    return Refusal(check=check, urn=one.urn, name=one.name, what=what, fix=fix, source=source)
