"""Who may do what, from the documents in a stack's graph. Nothing here evaluates: it only reads and words."""

from collections.abc import Iterator

from facts import tokens as t
from facts.permissions.documents import documents, is_open, statements
from facts.reach import owners
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


def identities(graph: Graph) -> list[Identity]:
    """Every role with all its policies, then every policy that no role of this stack has."""
    found = [_role(graph, role) for role in graph.of(t.ROLE)]
    unattached = [
        Identity(policy, (), tuple(_permissions(policy, "identity")))
        for policy in graph.of(t.POLICY)
        if not graph.referring(policy, t.ROLE_ATTACHMENT, "policyArn")
    ]
    return found + unattached


def _role(graph: Graph, role: Resource) -> Identity:
    permissions = list(_permissions(role, "identity"))
    for inline in graph.referring(role, t.ROLE_POLICY, "role"):
        permissions += _permissions(inline, "identity")
    managed: list[str] = []
    for attachment in graph.referring(role, t.ROLE_ATTACHMENT, "role"):
        declared = graph.referred(attachment, "policyArn", t.POLICY)
        for policy in declared:
            permissions += _permissions(policy, "identity")
        managed += [] if declared else [str(attachment.inputs.get("policyArn"))]
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
        if resource.type == t.FUNCTION_PERMISSION:
            permissions.append(_invoke(resource))
        if permissions:
            target = _target(graph, resource)
            found.setdefault(target.urn, (target, []))[1].extend(permissions)
    return [Guarded(target, tuple(permissions)) for target, permissions in found.values()]


def _target(graph: Graph, resource: Resource) -> Resource:
    """What a resource's policy hangs on: itself, or what it names."""
    found = (graph.by_urn.get(urn) for urn in owners(graph, resource))
    return next((one for one in found if one is not None), resource)


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
