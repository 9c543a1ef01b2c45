"""Role x action x resource, one line a grant: a pull request that widens a role shows a one-line diff."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from facts import tokens as t
from facts.permissions.documents import conditions, documents, statements, values_of
from graph import Mark, Resource
from graph.values import items


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One action on one resource that a role may do, or may never do."""

    role: str
    action: str
    resource: str
    effect: str = "Allow"
    condition: str = ""


def grants(resources: Sequence[Resource]) -> list[Grant]:
    """Every grant of every role in a graph, sorted; statements that are not known yet are shown as such."""
    roles = {r.urn: r.name for r in resources if r.type == t.ROLE}
    policies = {str(r.get("arn")): r for r in resources if r.type == t.POLICY and r.get("arn")}
    found: set[Grant] = set()
    for resource in resources:
        for role in _owners(resource, resources, roles):
            if isinstance(resource.inputs.get("policy"), Mark):
                found.add(Grant(role, "(not known yet)", resource.name))
                continue
            found |= set(_granted(role, resource, policies))
    names = _names(resources)
    return sorted(replace(grant, resource=_named(grant.resource, names)) for grant in found)


NAMED: Final = (t.BUCKET, t.KEY, t.SECRET, t.LOG_GROUP, t.REPOSITORY, t.TOPIC, t.DATABASE)


def _names(resources: Sequence[Resource]) -> dict[str, str]:
    """ARNs of the stack's own resources with their logical names, which stay while physical ids change."""
    return {str(r.get("arn")): r.name for r in resources if r.type in NAMED and r.get("arn")}


def _named(resource: str, names: Mapping[str, str]) -> str:
    for arn in sorted(names, key=len, reverse=True):
        if resource == arn or resource.startswith((f"{arn}/", f"{arn}:")):
            return f"{names[arn]}{resource[len(arn) :]}"
    # RDS names the secret of its master password itself.
    return re.sub(r"secret:rds!db-[0-9a-f-]+", "secret:rds!db-...", resource)


def _owners(resource: Resource, resources: Sequence[Resource], roles: Mapping[str, str]) -> list[str]:
    if resource.type == t.ROLE:
        return [resource.name]
    if resource.type not in (t.ROLE_POLICY, t.ROLE_ATTACHMENT):
        return []
    linked = [roles[urn] for urn in resource.property_dependencies.get("role", ()) if urn in roles]
    named = [
        other.name
        for other in resources
        if other.type == t.ROLE and resource.inputs.get("role") in (other.get("name"), other.id or other.get("id"))
    ]
    return list(dict.fromkeys(linked or named))


def _granted(role: str, resource: Resource, policies: Mapping[str, Resource]) -> Iterator[Grant]:
    """What a resource gives a role; a managed policy of the same graph stands with its statements."""
    attached = [*items(resource.inputs.get("policyArn")), *items(resource.inputs.get("managedPolicyArns"))]
    for arn in attached:
        if str(arn) in policies:
            yield from _granted(role, policies[str(arn)], {})
        else:
            yield Grant(role, "(managed policy)", str(arn))
    for found in documents(resource.urn, resource.type, resource.inputs):
        if found.kind != "identity":
            continue
        for statement in statements(found.text):
            condition = "; ".join(
                f"{operator} {key} {', '.join(values)}"
                for key, entries in sorted(conditions(statement).items())
                for operator, values in entries
            )
            actions = values_of(statement, "Action") or [f"all but {a}" for a in values_of(statement, "NotAction")]
            targets = values_of(statement, "Resource") or [f"all but {r}" for r in values_of(statement, "NotResource")]
            for action in actions:
                for target in targets:
                    yield Grant(role, action, target, str(statement.get("Effect")), condition)


def page(stack: str, found: Sequence[Grant]) -> str:
    """The matrix as Markdown, one grant a line so that a diff shows one."""
    lines = [
        f"# Who may do what in {stack}",
        "",
        f"<!-- Made by `workbuoy policies matrix {stack}`; change the statements in components/. -->",
        "",
        "Of this stack's roles only. A resource of the stack stands under its logical name; what its own policy allows",
        "or denies comes on top.",
    ]
    for role in dict.fromkeys(grant.role for grant in found):
        lines += ["", f"## {role}", "", "| Action | Resource | Only if |", "|---|---|---|"]
        lines += [_row(grant) for grant in found if grant.role == role]
    return "\n".join(lines) + "\n"


def _row(grant: Grant) -> str:
    action = grant.action if grant.effect == "Allow" else f"never {grant.action}"
    return f"| {action} | {grant.resource} | {grant.condition} |"
