"""Holes for the matrix: each a change of the graph in which prod, acme's own stack and their account stand."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from facts import tokens as t
from graph import Graph, Resource
from graph.resource import stack_of

PROD, ACME, ACCOUNT, OUTSIDE = "prod", "prod-acme", "account", "outside"
FOREIGN = "111122223333"
ANY, NETWORK, HOST, NAMED = "any action", "a connection", "requests to its host name", "a reference"
Hole = Callable[[Graph], Graph]
Red = set[tuple[str, str, str, str, str]]  # who, as, whom, what, call


def find(graph: Graph, party: str, name: str, token: str) -> Resource:
    """The one resource of a party by its logical name and type."""
    (found,) = (one for one in graph.of(token) if one.name == name and _is_of(graph, one, party))
    return found


def _is_of(graph: Graph, one: Resource, party: str) -> bool:
    own = f"::{graph.project}::" in one.urn
    return stack_of(one.urn) == party if own and party != ACCOUNT else not own and party == ACCOUNT


def _with(graph: Graph, resources: Iterable[Resource]) -> Graph:
    return Graph(resources, project=graph.project, account=graph.account, region=graph.region)


def added(party: str, token: str, inputs: Callable[[Graph], dict[str, Any]], name: str = "hole", arn: str = "") -> Hole:
    """One more resource of a party."""

    def plant(graph: Graph) -> Graph:
        urn = f"urn:pulumi:{party}::{graph.project}::{token}::{name}"
        outputs = {"arn": arn.format(graph.account)} if arn else {}
        more = Resource(urn=urn, type=token, name=name, inputs=inputs(graph), outputs=outputs, id=arn or name)
        return _with(graph, (*graph.resources, more))

    return plant


def changed(party: str, name: str, token: str, change: Callable[[Graph, dict[str, Any]], None]) -> Hole:
    """A resource with other inputs."""

    def plant(graph: Graph) -> Graph:
        target = find(graph, party, name, token)
        inputs = dict(target.inputs)
        change(graph, inputs)
        mended = replace(target, inputs=inputs)
        return _with(graph, (mended if one is target else one for one in graph.resources))

    return plant


def both(*holes: Hole) -> Hole:
    """Several changes at once."""

    def plant(graph: Graph) -> Graph:
        for one in holes:
            graph = one(graph)
        return graph

    return plant


def allows(action: str | list[str], resource: Any, **more: Any) -> dict[str, Any]:
    return {"Sid": "Hole", "Effect": "Allow", "Action": action, "Resource": resource, **more}


def arn(party: str, name: str, token: str, end: str = "") -> Callable[[Graph], str]:
    return lambda graph: find(graph, party, name, token).arn + end


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def given(role: str, action: str | list[str], resource: str | Callable[[Graph], str], **more: Any) -> Hole:
    """One of acme's roles with one more statement."""

    def inputs(graph: Graph) -> dict[str, Any]:
        on = resource if isinstance(resource, str) else resource(graph)
        owner = find(graph, ACME, role, t.ROLE)
        return {"role": owner.get("name"), "policy": document(allows(action, on, **more))}

    return added(ACME, t.ROLE_POLICY, inputs)


def said(party: str, name: str, token: str, principal: Any, action: str, *, end: str = "", **more: Any) -> Hole:
    """A policy on a resource with one more statement, on the whole or what is below it (`end`)."""
    key = "assumeRolePolicy" if token == t.ROLE else "policy"

    def change(graph: Graph, inputs: dict[str, Any]) -> None:
        body = json.loads(inputs[key])
        who = principal(graph) if callable(principal) else principal
        statement = allows(action, "*", Principal=who, **more)
        if token == t.BUCKET_POLICY:
            bucket = graph.referred(find(graph, party, name, token), "bucket", t.BUCKET)[0]
            statement["Resource"] = bucket.arn + end
        elif token == t.ROLE:
            del statement["Resource"]
        body["Statement"].append(statement)
        inputs[key] = json.dumps(body)

    return changed(party, name, token, change)


def rule(
    party: str, group: str, peer: Callable[[Graph], dict[str, Any]], port: int, *, inward: bool, name: str = "hole"
) -> Hole:
    """One more opening of a security group."""

    def inputs(graph: Graph) -> dict[str, Any]:
        own = find(graph, party, group, t.SECURITY_GROUP).id
        return {"securityGroupId": own, "ipProtocol": "tcp", "fromPort": port, "toPort": port, **peer(graph)}

    return added(party, t.INGRESS_RULE if inward else t.EGRESS_RULE, inputs, name)


def group(party: str, name: str) -> Callable[[Graph], dict[str, Any]]:
    return lambda graph: {"referencedSecurityGroupId": find(graph, party, name, t.SECURITY_GROUP).id}


def addresses(cidr: str) -> Callable[[Graph], dict[str, Any]]:
    return lambda _: {"cidrIpv4": cidr}


def of(who: str, who_as: str, whom: str, *things: str, call: str = ANY) -> Red:
    return {(who, who_as, whom, thing, call) for thing in things}
