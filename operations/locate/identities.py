"""Whoever could read: every role and loose policy of some graphs with what it is granted, and an administrator."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from facts import tokens as t
from facts.permissions.documents import principals
from facts.permissions.evaluate import Held, Principal, Statement
from facts.reach import Grants, Reach, reach
from facts.ways.callers import loose_policies
from graph import Graph, Resource

ADMINISTRATORS: Final = "administrators"
ACCOUNT: Final = "the account"
_EVERYTHING: Final[Statement] = {"Effect": "Allow", "Action": "*", "Resource": "*"}


class Kind(StrEnum):
    """Who acts by an identity, as its trust policy says."""

    PROGRAM = "program"
    WORKFLOW = "workflow"  # whatever an identity provider vouches for, such as GitHub
    PEOPLE = "people"


@dataclass(frozen=True)
class Identity:
    """A role, or a policy that waits for somebody, with the stack it belongs to and what it says it is for."""

    name: str
    stack: str
    purpose: str
    kind: Kind
    principal: Principal
    held: tuple[Held, ...]


def identities(graph: Graph, stack: str) -> Iterator[Identity]:
    """Everybody whom a graph grants something; of an identity's policy that is not shown, everything."""
    reached = reach(graph)
    who = [*graph.of(t.ROLE), *graph.of(t.USER), *loose_policies(graph, reached)]
    for one in who:
        grants = reached.get((one.urn, "identity"))
        held = _held(graph, grants) if grants else ()
        if held:
            name = str(one.outputs.get("name") or one.name)
            arn = f"arn:aws:iam::{graph.account}:role/{name}"
            yield Identity(
                name=one.name.removesuffix("-role"),
                stack=stack,
                purpose=str(one.inputs.get("description") or ""),
                kind=_kind(reached, one),
                principal=Principal(arn=f"{arn}/one", account=graph.account, role_arn=arn),
                held=held,
            )


def administrator(account: str) -> Identity:
    """Whoever the account's own policies let do anything: break-glass, too."""
    arn = f"arn:aws:iam::{account}:role/{ADMINISTRATORS}"
    return Identity(
        name=ADMINISTRATORS,
        stack="",
        purpose="Whoever the account's own policies let do anything",
        kind=Kind.PEOPLE,
        principal=Principal(arn=f"{arn}/x", account=account, role_arn=arn),
        held=(Held("all", _EVERYTHING),),
    )


def guards(graphs: Sequence[Graph]) -> tuple[tuple[str, Held], ...]:
    """ARN and statement of every policy that hangs on a resource."""
    return tuple(
        (graph.by_urn[urn].arn, held)
        for graph in graphs
        for (urn, kind), grants in reach(graph).items()
        if kind == "resource" and urn in graph.by_urn
        for held in _held(graph, grants)
    )


def _kind(reached: Reach, one: Resource) -> Kind:
    """A policy waits for people; of a role its trust tells, and a trust that is not shown may be of people."""
    trust = reached.get((one.urn, "trust"))
    statements = [written.statement for written in trust.statements] if trust and not trust.unread else []
    if not statements or any(principals(statement, "AWS") for statement in statements):
        return Kind.PEOPLE
    return Kind.WORKFLOW if any(principals(one, "Federated") for one in statements) else Kind.PROGRAM


def _held(graph: Graph, grants: Grants) -> tuple[Held, ...]:
    held = tuple(Held(graph.by_urn[one.by].name, _unconditional(one.statement)) for one in grants.statements)
    hidden = grants.kind == "identity" and (grants.unread or grants.managed)
    return (*held, Held("not shown", _EVERYTHING)) if hidden else held


def _unconditional(statement: Mapping[str, Any]) -> Statement:
    """A permission without its conditions; a refusal as it stands."""
    if statement.get("Effect") == "Deny":
        return statement
    plain: dict[str, Any] = json.loads(json.dumps(dict(statement), default=str))
    plain.pop("Condition", None)
    return plain
