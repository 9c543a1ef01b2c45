"""The recorded resources as the refusals ask for them."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from rehearsal.missing import is_marker
from rehearsal.result import Refusal, Rehearsed


class Graph:
    """The resources of one stack, found by type, ARN, id or name. No `residency` means that the stack names none."""

    def __init__(self, resources: Sequence[Rehearsed], account: str, residency: Collection[str] = ()) -> None:
        self.account, self.residency = account, residency
        self._all = resources
        self._by_type: dict[str, list[Rehearsed]] = {}
        for one in resources:
            self._by_type.setdefault(one.type, []).append(one)

    def of(self, *types: str) -> Iterator[Rehearsed]:
        """Every resource of these types; `rds/instance:Instance` means the AWS one."""
        for token in types:
            yield from self._by_type.get(f"aws:{token}", ())

    def every(self) -> Iterator[Rehearsed]:
        """Every resource that the stack itself declares, in order."""
        yield from (one for one in self._all if one.declared.custom)

    def providers(self) -> Iterator[Rehearsed]:
        """Every explicit AWS provider."""
        yield from self._by_type.get("pulumi:providers:aws", ())

    @cached_property
    def _by_handle(self) -> dict[tuple[str, str], Rehearsed]:
        handles: dict[tuple[str, str], Rehearsed] = {}
        for one in self._all:
            values = properties(one)
            for handle in (one.id, *(values.get(key) for key in ("arn", "keyId", "name", "bucket"))):
                if isinstance(handle, str) and handle:
                    handles.setdefault((one.type, handle), one)
        return handles

    def find(self, token: str, handle: Any) -> Rehearsed | None:
        """The resource of a type that this ARN, id or name means, if it is of this stack."""
        return self._by_handle.get((f"aws:{token}", handle)) if isinstance(handle, str) else None

    def key(self, handle: Any) -> Rehearsed | None:
        """The KMS key that an ARN, id or alias means."""
        alias = self.find("kms/alias:Alias", handle)
        return self.find("kms/key:Key", properties(alias).get("targetKeyId") if alias else handle)

    def needs(self, one: Rehearsed, other: Rehearsed) -> bool:
        """Whether one resource waits for another, directly or through others."""
        return other.urn in self._needed.get(one.urn, frozenset())

    @cached_property
    def _needed(self) -> dict[str, frozenset[str]]:
        needed: dict[str, frozenset[str]] = {}
        for one in self._all:  # in order of registration, so what is needed comes first
            direct = {*one.declared.dependencies, one.declared.parent} - {""}
            needed[one.urn] = frozenset(direct.union(*(needed.get(urn, frozenset()) for urn in direct)))
        return needed


def properties(one: Rehearsed) -> dict[str, Any]:
    """Outputs and inputs together, without what stands for an output that nothing made. An input is the truer one."""
    made = {key: value for key, value in one.outputs.items() if not is_marker(value)}
    return {**made, **{key: value for key, value in one.declared.properties.items() if value is not None}}


def judged(one: Rehearsed) -> dict[str, Any]:
    """What the program declared, and the names that the provider makes where it declared none; nothing invented."""
    names = {key: one.outputs[key] for key in _NAMES if key in one.outputs and not is_marker(one.outputs[key])}
    return {**names, **one.declared.properties}


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


def refuse(one: Rehearsed, check: str, what: str, fix: str, source: str) -> Refusal:
    """A refusal of one resource."""
    return Refusal(check=check, urn=one.urn, name=one.name, what=what, fix=fix, source=source)
