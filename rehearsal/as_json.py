"""A rehearsal as plain JSON, for programs and for the report. Secret values never appear in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from graph.wire import MASK
from rehearsal.as_graph import without_secrets
from rehearsal.result import Check, Rehearsal, Rehearsed, State
from rehearsal.service.result import ServiceRehearsal
from rehearsal.stand_ins import StandIn
from rehearsal.tenants.result import Matrix, TenantsRehearsal


def as_json(rehearsal: Rehearsal) -> dict[str, Any]:
    """The whole rehearsal."""
    return {
        "project": rehearsal.project,
        "stack": rehearsal.stack,
        "account": rehearsal.account,
        "region": rehearsal.region,
        "declareOnly": rehearsal.declare_only,
        "passed": rehearsal.passed,
        "resources": {
            "compared": rehearsal.count(State.COMPARED),
            "differing": rehearsal.count(State.DIFFERS),
            "failed": rehearsal.count(State.FAILED),
            "declaredOnly": rehearsal.count(State.DECLARED_ONLY),
            "components": rehearsal.count(State.COMPONENT),
        },
        "fields": {
            "checked": rehearsal.count_fields(Check.CHECKED),
            "differing": rehearsal.count_fields(Check.DIFFERS),
            "notChecked": rehearsal.count_fields(Check.NOT_CHECKED),
        },
        "refusals": [asdict(one) for one in rehearsal.refusals],
        "standIns": _stand_ins(rehearsal.stand_ins),
        "exports": _masked(rehearsal.exports, rehearsal.secret_exports),
        "seconds": {phase: round(seconds, 3) for phase, seconds in rehearsal.seconds.items()},
        "versions": dict(rehearsal.versions),
        "policies": rehearsal.policies.as_json() if rehearsal.policies else None,
        "service": _service(rehearsal.service) if rehearsal.service else None,
        "tenants": _tenants(rehearsal.tenants) if rehearsal.tenants else None,
        "change": rehearsal.change.as_json() if rehearsal.change else None,
        "graph": [_resource(one, rehearsal) for one in rehearsal.resources],
    }


def _service(service: ServiceRehearsal) -> dict[str, Any]:
    return {
        "program": service.program or None,
        "passed": service.passed,
        "incomplete": service.incomplete or None,
        "steps": [
            {"name": one.name, "seconds": round(one.seconds, 3), "passed": one.passed, "detail": one.detail}
            for one in service.steps
        ],
        "denials": list(service.denials),
        "unused": list(service.unused),
        "standIns": _stand_ins(service.stand_ins),
        "judgedByOurEvaluator": service.judged,
        "lastLines": list(service.last_lines),
        "notes": list(service.notes),
    }


def _stand_ins(stand_ins: Sequence[StandIn]) -> list[dict[str, str]]:
    return [{"path": one.path, "placeholder": one.placeholder, "standIn": one.stand_in} for one in stand_ins]


def _tenants(found: TenantsRehearsal) -> dict[str, Any]:
    return {
        "passed": found.passed,
        "tenants": dict(found.tenants),
        "stacks": [
            {
                "stack": one.stack,
                "tenant": one.tenant or None,
                "account": one.account,
                "region": one.region,
                "compared": one.compared,
                "declaredOnly": one.declared_only,
                "fields": {"checked": one.fields_checked, "notChecked": one.fields_not_checked},
                "policies": {"passed": one.policies_passed, "advised": one.policies_advised},
                "problems": list(one.problems),
                "seconds": round(one.seconds, 3),
            }
            for one in found.stacks
        ],
        "notTried": found.not_tried or None,
        "matrix": _matrix(found.matrix) if found.matrix else None,
    }


def _matrix(matrix: Matrix) -> dict[str, Any]:
    return {
        "parties": [asdict(one) for one in matrix.parties],
        "red": len(matrix.red),
        "sampled": matrix.sampled or None,
        "standIn": matrix.stand_in or None,
        "leftOut": list(matrix.left_out),
        "judgedByOurEvaluator": matrix.judged,
        "withoutCall": matrix.without_call,
        "seconds": round(matrix.seconds, 3),
        "cells": [
            {
                "who": {"name": cell.who, "as": cell.who_as},
                "whom": {"name": cell.whom, "what": cell.what},
                "call": cell.call,
                "expected": cell.expected.value,
                "got": cell.got.value,
                "red": cell.red,
                "why": cell.why,
            }
            for cell in matrix.cells
        ],
    }


def _resource(one: Rehearsed, rehearsal: Rehearsal) -> dict[str, Any]:
    declared = one.declared
    return {
        "urn": one.urn,
        "type": one.type,
        "name": one.name,
        "component": rehearsal.component_of(one.urn),
        "parent": declared.parent,
        "state": one.state.value,
        "reason": one.reason,
        "id": one.id,
        "region": one.region,
        "source": declared.source,
        "protect": declared.protect,
        "retainOnDelete": declared.retain_on_delete,
        "custom": declared.custom,
        "read": declared.read,
        "provider": declared.provider,
        "aliases": list(declared.aliases),
        "ignoreChanges": list(declared.ignore_changes),
        "replaceOnChanges": list(declared.replace_on_changes),
        "dependencies": list(declared.dependencies),
        "propertyDependencies": {name: list(urns) for name, urns in declared.property_dependencies.items()},
        "properties": _masked(declared.inputs, declared.secret_paths),
        "outputs": _masked(one.outputs, (*declared.secret_paths, *declared.additional_secret_outputs)),
        "fields": [
            {
                "path": field.path,
                "check": field.check.value,
                **({"found": field.found, "declared": field.declared} if field.check is Check.DIFFERS else {}),
                **({"reason": field.reason} if field.reason else {}),
            }
            for field in _without_secrets(one)
        ],
        "milliseconds": {"create": round(one.create_ms, 2), "read": round(one.read_ms, 2)},
    }


def _without_secrets(one: Rehearsed) -> Iterable[Any]:
    secret = one.declared.secret_paths
    return [field for field in one.fields if not any(field.path.startswith(path) for path in secret)]


def _masked(value: Mapping[str, Any], secret_paths: Sequence[str]) -> Mapping[str, Any]:
    return without_secrets(value, secret_paths, lambda: MASK)
