"""What checks read of a resource and of the policies that it carries."""

from collections.abc import Mapping
from typing import Any

from facts.permissions import documents
from facts.permissions.documents import Statement, principals, values_of
from facts.permissions.patterns import matches
from graph import Resource
from rehearsal.missing import is_marker
from rehearsal.result import Refusal

_NAMES = ("name", "bucket", "identifier")

Breach = tuple[str, str, str, str]
"""A check, what it found, how to mend it, and AWS's page."""


def properties(one: Resource) -> dict[str, Any]:
    """Outputs and inputs together, without what stands for an output that nothing made. An input is the truer one."""
    made = {key: value for key, value in one.outputs.items() if not is_marker(value)}
    return {**made, **{key: value for key, value in one.inputs.items() if value is not None}}


def judged(one: Resource) -> dict[str, Any]:
    """What the program declared, and the names that the provider makes where it declared none; nothing invented."""
    names = {key: one.outputs[key] for key in _NAMES if key in one.outputs and not is_marker(one.outputs[key])}
    return {**names, **one.inputs}


def statements(document: Any) -> list[Statement]:
    """The statements of a policy document; none where it is none, which a check of its own refuses."""
    try:
        return documents.statements(document)
    except ValueError:
        return []


def allows(statement: Mapping[str, Any], service: str, action: str) -> bool:
    """Whether a statement allows a service an action; its conditions are not looked at."""
    return (
        statement.get("Effect") == "Allow"
        and (service in principals(statement, "Service") or statement.get("Principal") == "*")
        and any(matches(pattern, action, ignore_case=True) for pattern in values_of(statement, "Action"))
    )


def refuse(one: Resource, check: str, what: str, fix: str, source: str) -> Refusal:
    """A refusal of one resource."""
    return Refusal(check=check, urn=one.urn, name=one.name, what=what, fix=fix, source=source)
