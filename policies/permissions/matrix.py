"""Role x action x resource, one line a grant: a pull request that widens a role shows a one-line diff."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from policies import types as t
from policies.graph import Resource
from policies.permissions.documents import conditions, documents, statements, values_of
from policies.values import items


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
    found: set[Grant] = set()
    for resource in resources:
        for role in _owners(resource, resources, roles):
            if "policy" in resource.unknown:
                found.add(Grant(role, "(not known yet)", resource.name))
                continue
            found |= set(_granted(role, resource))
    return sorted(found)


def _owners(resource: Resource, resources: Sequence[Resource], roles: Mapping[str, str]) -> list[str]:
    if resource.type == t.ROLE:
        return [resource.name]
    if resource.type not in (t.ROLE_POLICY, t.ROLE_ATTACHMENT):
        return []
    linked = [roles[urn] for urn in resource.property_dependencies.get("role", ()) if urn in roles]
    named = [
        other.name
        for other in resources
        if other.type == t.ROLE
        and resource.properties.get("role") in (other.properties.get("name"), other.properties.get("id"))
    ]
    return list(dict.fromkeys(linked or named))


def _granted(role: str, resource: Resource) -> Iterator[Grant]:
    attached = [*items(resource.properties.get("policyArn")), *items(resource.properties.get("managedPolicyArns"))]
    for arn in attached:
        yield Grant(role, "(managed policy)", str(arn))
    for found in documents(resource.urn, resource.type, resource.properties):
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
        "<!-- Made by `workbuoy policies matrix`; change the statements in components/. -->",
        "",
        "Of this stack's roles only; what a bucket's, key's or secret's own policy allows stands beside the resource.",
    ]
    for role in dict.fromkeys(grant.role for grant in found):
        lines += ["", f"## {role}", "", "| Action | Resource | Only if |", "|---|---|---|"]
        lines += [_row(grant) for grant in found if grant.role == role]
    return "\n".join(lines) + "\n"


def _row(grant: Grant) -> str:
    action = grant.action if grant.effect == "Allow" else f"never {grant.action}"
    return f"| {action} | {grant.resource} | {grant.condition} |"
