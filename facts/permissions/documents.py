"""Reading IAM policy documents, wherever a resource carries one.

Grammar: AWS's "Grammar of the IAM JSON policy language": one value stands for a list of one, names of elements are
case-sensitive, names of actions are not.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from facts import tokens as t
from graph.values import document, items, maps

PolicyKind = Literal["identity", "trust", "resource"]
Statement = Mapping[str, Any]

DOCUMENTS: Final[Mapping[str, tuple[tuple[str, PolicyKind], ...]]] = {
    t.ROLE: (("assumeRolePolicy", "trust"),),
    t.ROLE_POLICY: (("policy", "identity"),),
    t.POLICY: (("policy", "identity"),),
    t.USER_POLICY: (("policy", "identity"),),
    t.GROUP_POLICY: (("policy", "identity"),),
    t.PERMISSION_SET_POLICY: (("inlinePolicy", "identity"),),
    t.BUCKET_POLICY: (("policy", "resource"),),
    t.SECRET_POLICY: (("policy", "resource"),),
    t.KEY: (("policy", "resource"),),
    t.KEY_POLICY: (("policy", "resource"),),
    t.REPLICA_KEY: (("policy", "resource"),),
    t.TOPIC: (("policy", "resource"),),
    t.TOPIC_POLICY: (("policy", "resource"),),
    t.REPOSITORY_POLICY: (("policy", "resource"),),
    t.ENDPOINT: (("policy", "resource"),),
    t.ENDPOINT_POLICY: (("policy", "resource"),),
    t.BACKUP_VAULT_POLICY: (("policy", "resource"),),
    t.LOG_RESOURCE_POLICY: (("policyDocument", "resource"),),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": (("policy", "resource"),),
    "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy": (("accessPolicy", "resource"),),
    t.QUEUE_POLICY: (("policy", "resource"),),
    t.QUEUE: (("policy", "resource"),),
    t.BUCKET: (("policy", "resource"),),
    t.SECRET: (("policy", "resource"),),
}
"""Which property of which type holds a document, and which way it grants.

A text that reads as a document is one all the same, wherever it stands: see `documents`.
"""

IDENTITY_TYPES: Final = (t.ROLE_POLICY, t.POLICY, t.ROLE, t.USER_POLICY, t.GROUP_POLICY, t.PERMISSION_SET_POLICY)
LIMITING_TYPES: Final = (t.ENDPOINT, t.ENDPOINT_POLICY)
"""Their policies ask nobody in: they limit what is reached through an endpoint, which without one is everything."""

_SPELLED: Final = {
    name.lower(): name
    for name in (
        *("Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
        *("Resource", "NotResource", "Condition", "AWS", "Service", "Federated", "CanonicalUser", "Allow", "Deny"),
    )
}

_ACCOUNT = re.compile(r"^(?:arn:aws[a-z-]*:(?:iam|sts)::)?(\d{12})(?::|$)")


@dataclass(frozen=True, slots=True)
class Document:
    """One document with the property it stands in."""

    urn: str
    property: str
    kind: PolicyKind
    text: Any


def documents(urn: str, kind: str, properties: Mapping[str, Any]) -> Iterator[Document]:
    """Every document that a resource carries: in a property that is known to hold one, or in any other text."""
    known = DOCUMENTS.get(kind, ())
    for name, policy_kind in known:
        if properties.get(name):
            yield Document(urn, name, policy_kind, properties[name])
    if kind == t.ROLE:
        for entry in maps(properties.get("inlinePolicies")):
            if entry.get("policy"):
                yield Document(urn, "inlinePolicies", "identity", entry["policy"])
    elsewhere: PolicyKind = "identity" if kind in IDENTITY_TYPES else "resource"
    names = {name for name, _ in known}
    yield from (
        Document(urn, name, elsewhere, value)
        for name, value in properties.items()
        if name not in names and is_document(value)
    )


def is_document(value: Any) -> bool:
    """Whether a text is a policy document: a JSON object with statements that have an effect."""
    if not isinstance(value, str) or value.lstrip()[:1] != "{":
        return False
    try:
        body = document(value)
    except ValueError:
        return '"Statement"' in value and '"Effect"' in value
    found = [one for name, one in body.items() if name.lower() == "statement"]
    return any(name.lower() == "effect" for one in found for each in maps(one) for name in each)


def identity_statements(kind: str, properties: Mapping[str, Any]) -> Iterator[Statement]:
    """The Allow statements that a resource grants to the identity it belongs to."""
    for found in documents("", kind, properties):
        if found.kind == "identity":
            yield from (s for s in statements(found.text) if s.get("Effect") == "Allow")


def statements(text: Any) -> list[Statement]:
    """A document's statements.

    Raises ValueError where the text is no JSON document of statements, or says something in another case than AWS
    does: some services take it all the same.
    """
    if not text:
        return []
    body = document(text)
    if not isinstance(body, Mapping):
        raise ValueError("a policy document is a JSON object")
    found = list(maps(body.get("Statement")))
    parties = (party for one in found for name in ("Principal", "NotPrincipal") for party in maps(one.get(name)))
    effects = (str(one["Effect"]) for one in found if "Effect" in one)
    for name in (*body, *effects, *(name for one in (*found, *parties) for name in one)):
        if _SPELLED.get(name.lower(), name) != name:
            raise ValueError(f"{name} is written {_SPELLED[name.lower()]}")
    return found


def label_of(statement: Statement) -> str:
    """How a message names a statement."""
    return str(statement.get("Sid") or "a statement without a Sid")


def version_of(text: Any) -> str:
    """A document's `Version`; AWS takes one without for one of 2008, which knows no variables."""
    body = document(text) if text else {}
    return str(body.get("Version", "2008-10-17")) if isinstance(body, Mapping) else "2008-10-17"


def values_of(statement: Statement, element: str) -> list[str]:
    """The texts of an element such as Action or Resource."""
    return [str(value) for value in items(statement.get(element))]


def principals(statement: Statement, kind: str = "AWS") -> list[str]:
    """The principals of one kind: AWS, Service or Federated. `"*"` alone counts as AWS."""
    named = statement.get("Principal")
    if isinstance(named, str):
        return [named] if kind == "AWS" else []
    return [str(value) for value in items(named.get(kind))] if isinstance(named, Mapping) else []


def is_open(statement: Statement) -> bool:
    """Whether the statement names everybody, whatever its conditions say."""
    return "NotPrincipal" in statement or "*" in principals(statement)


def accounts_of(names: Iterable[str]) -> set[str]:
    """The account numbers that principals belong to."""
    return {found.group(1) for name in names if (found := _ACCOUNT.match(name))}


def conditions(statement: Statement) -> dict[str, list[tuple[str, list[str]]]]:
    """Condition keys in lower case, each with its operators and values."""
    found: dict[str, list[tuple[str, list[str]]]] = {}
    condition = statement.get("Condition")
    for operator, block in condition.items() if isinstance(condition, Mapping) else ():
        for key, value in block.items() if isinstance(block, Mapping) else ():
            found.setdefault(key.lower(), []).append((operator, [str(v) for v in items(value)]))
    return found


_DEMANDING: Final = {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"}


def demanded(statement: Statement, *keys: str) -> Iterator[tuple[str, list[str]]]:
    """The key and values of each condition without which the statement does not hold; a key ending in `:` is a prefix.

    What says only what a key may not be, or also holds where the key is absent (`IfExists`, `ForAllValues`, `Null`),
    demands nothing.
    """
    asked = tuple(key.lower() for key in keys)
    for key, found in conditions(statement).items():
        if key not in asked and not key.startswith(tuple(one for one in asked if one.endswith(":"))):
            continue
        for operator, values in found:
            if operator.removeprefix("ForAnyValue:") in _DEMANDING and values:
                yield key, values


def compared_exactly(statement: Statement, key: str) -> list[str]:
    """The texts to one of which conditions hold a key; empty where none does.

    None of the operators holds where the key is absent, as `IfExists` and `ForAllValues` do. ArnEquals takes wildcards.
    """
    found = conditions(statement).get(key.lower(), ())
    return [value for operator, values in found if operator in ("StringEquals", "ArnEquals") for value in values]
