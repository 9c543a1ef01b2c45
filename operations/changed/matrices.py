"""What a workflow needs of a change: one list a matrix, each entry with all that its job must know."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from infra.problems import Problem, ProblemsError
from operations.changed.estate import Base, Customer
from operations.changed.parts import shards
from operations.changed.touched import Touched

ENVIRONMENTS: Final = ("dev", "staging", "prod")


def as_json(change: Touched) -> dict[str, Any]:
    """The same as the text, for programs."""
    return {
        "stacks": [_base(one) for one in change.bases],
        "tenants": [_customer(one) for one in change.customers],
        "removed": list(change.removed),
        "new": sorted(change.new),
    }


def matrices(change: Touched) -> dict[str, str]:
    """Outputs of a workflow's step, each on one line.

    `rehearsals`, and `comparisons` with where the branch left main, need no account. `previews` (base stacks and silos,
    but for those that the change brings), `silos` and one list of base stacks for each environment leave out whatever
    still has a placeholder for an account. So do `looks` and `drills` (of those whose restore is to be tried), the
    nightly ones, whose jobs have several stacks each where GitHub takes no job for each of them.

    Raises ProblemsError where stacks want images of more than one architecture.
    """
    reachable = [one for one in change.bases if one.reachable]
    silos = [_customer(one) for one in change.silos if one.base.reachable]
    previews = [one for one in (*map(_base, reachable), *silos) if one["stack"] not in change.new]
    drilled = [
        *(_base(one) for one in reachable if one.drilled),
        *(_customer(one) for one in change.silos if one.base.reachable and one.base.drilled),
    ]
    lists: dict[str, list[dict[str, Any]]] = {
        "rehearsals": _rehearsals(change),
        "comparisons": _comparisons(change),
        "previews": previews,
        "looks": shards(previews),
        "drills": shards(drilled),
        "silos": silos,
        **{name: [_base(one) for one in reachable if one.environment == name] for name in ENVIRONMENTS},
    }
    outputs = {name: json.dumps(entries, separators=(",", ":")) for name, entries in lists.items()}
    return {**outputs, "architecture": _architecture(change)}


def _rehearsals(change: Touched) -> list[dict[str, Any]]:
    """Each base with those of its customers that are touched: a silo is rehearsed on its base."""
    tenants: Mapping[str, list[str]] = defaultdict(list)
    for customer in change.customers:
        tenants[customer.base.stack].append(customer.tenant)
    stacks = dict.fromkeys([*(one.stack for one in change.bases), *tenants])
    return [{"stack": stack, "tenants": ",".join(tenants.get(stack, ()))} for stack in stacks]


def _comparisons(change: Touched) -> list[dict[str, Any]]:
    """Each base that is rehearsed and each silo, and whether it stood before the change."""
    stacks = dict.fromkeys([*(one["stack"] for one in _rehearsals(change)), *(one.stack for one in change.silos)])
    return [{"stack": stack, "stood": stack not in change.new} for stack in stacks]


def _architecture(change: Touched) -> str:
    wanted = sorted({one.architecture for one in change.bases})
    if len(wanted) > 1:
        message = (
            f"the stacks want images for {' and '.join(wanted)}, and one is built for all: choose one architecture"
        )
        raise ProblemsError([Problem(path="service.architecture", message=message)])
    return next(iter(wanted), "")


def _base(one: Base) -> dict[str, Any]:
    return {
        "stack": one.stack,
        "environment": one.environment,
        "account": one.account,
        "region": one.region,
        "repository": one.repository,
        "backend": one.backend,
    }


def _customer(one: Customer) -> dict[str, Any]:
    return {**_base(one.base), "stack": one.stack, "tenant": one.tenant, "isolation": one.isolation}
