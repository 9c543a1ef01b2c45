"""Who may do what, from the documents in a stack's graph. Nothing here evaluates: it only reads and words."""

from collections.abc import Iterator
from typing import Any

from facts import tokens as t
from facts.permissions.documents import documents, is_open, statements
from graph import Graph, Resource
from rehearsal.report.access.model import (
    Guarded,
    Identity,
    Permission,
    actions_of,
    condition_words,
    resources_of,
    who_of,
)
from rehearsal.report.access.wildcards import wildcards

PERMISSION = "aws:lambda/permission:Permission"
# What a policy hangs on: the property that names it, and the types that it may be.
_TARGETS = {
    "arn": (t.TOPIC,),
    "bucket": (t.BUCKET,),
    "function": (t.FUNCTION,),
    "keyId": (t.KEY,),
    "repository": (t.REPOSITORY,),
    "secretArn": (t.SECRET,),
}


def identities(graph: Graph) -> list[Identity]:
    """Every role with all its policies, then every policy that no role of this stack has."""
    attachments = [one.inputs for one in graph.of(t.ROLE_ATTACHMENT)]
    attached = {str(one.get("policyArn")) for one in attachments}
    found = [_role(graph, role, attachments) for role in graph.of(t.ROLE)]
    unattached = [
        Identity(policy, (), tuple(_permissions(policy, "identity")))
        for policy in graph.of(t.POLICY)
        if policy.id not in attached and policy.outputs.get("arn") not in attached
    ]
    return found + unattached


def _role(graph: Graph, role: Resource, attachments: list[Any]) -> Identity:
    names = {role.id, role.outputs.get("name"), role.outputs.get("arn")}
    permissions = list(_permissions(role, "identity"))
    for inline in graph.of(t.ROLE_POLICY):
        if inline.inputs.get("role") in names:
            permissions += _permissions(inline, "identity")
    managed: list[str] = []
    for attachment in attachments:
        if attachment.get("role") in names:
            policy = graph.find(attachment.get("policyArn"))
            if policy is not None and policy.type == t.POLICY:
                permissions += _permissions(policy, "identity")
            else:
                managed.append(str(attachment.get("policyArn")))
    return Identity(
        holder=role,
        trust=tuple(_permissions(role, "trust")),
        permissions=tuple(permissions),
        boundary=str(role.inputs.get("permissionsBoundary") or ""),
        managed=tuple(managed),
    )


def guarded(graph: Graph) -> list[Guarded]:
    """Every resource that carries a policy of its own, with what it grants and refuses."""
    found: dict[str, tuple[Resource, list[Permission]]] = {}
    for resource in graph.resources:
        if not resource.custom:
            continue
        permissions = list(_permissions(resource, "resource"))
        if resource.type == PERMISSION:
            permissions.append(_invoke(resource))
        if permissions:
            target = _target(graph, resource)
            found.setdefault(target.urn, (target, []))[1].extend(permissions)
    return [Guarded(target, tuple(permissions)) for target, permissions in found.values()]


def _target(graph: Graph, resource: Resource) -> Resource:
    """What a resource's policy hangs on: itself, or what it names."""
    properties = resource.inputs
    for key, types in _TARGETS.items():
        if resource.type not in types and (found := graph.find(properties.get(key), *types)) is not None:
            return found
    return resource


def _permissions(resource: Resource, kind: str) -> Iterator[Permission]:
    for found in documents(resource.urn, resource.type, resource.inputs):
        if found.kind != kind:
            continue
        try:
            written = statements(found.text)
        except ValueError:
            yield Permission("cannot be read", "Deny", (), (), ("the document is no JSON policy",), policy=resource)
            continue
        for statement in written:
            effect = "Deny" if statement.get("Effect") == "Deny" else "Allow"
            actions, resources = actions_of(statement), resources_of(statement)
            seen = wildcards(effect, actions, resources, holder_type=resource.type if kind == "resource" else "")
            yield Permission(
                sid=str(statement.get("Sid") or ""),
                effect="Deny" if effect == "Deny" else "Allow",
                actions=actions,
                resources=resources,
                conditions=tuple(condition_words(statement)),
                who=who_of(statement),
                anyone=kind != "identity" and is_open(statement),
                wildcards=tuple(seen),
                policy=resource,
            )


def _invoke(permission: Resource) -> Permission:
    """A Lambda permission, which is a statement of the function's policy."""
    properties = permission.inputs
    limits = {"aws:SourceAccount": properties.get("sourceAccount"), "aws:SourceArn": properties.get("sourceArn")}
    return Permission(
        sid=str(properties.get("statementId") or permission.name),
        effect="Allow",
        actions=(str(properties.get("action")),),
        resources=(),
        conditions=tuple(f"{key} is {value}" for key, value in limits.items() if value),
        who=(str(properties.get("principal")),),
        anyone=properties.get("principal") == "*",
        policy=permission,
    )


__all__ = ["Guarded", "Identity", "Permission", "guarded", "identities"]
