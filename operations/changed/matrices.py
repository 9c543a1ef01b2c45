"""What a workflow needs of a change: one list a matrix, each entry with all that its job must know."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from infra.environments import DEPLOYED_ENVIRONMENTS
from infra.problems import Problem, ProblemsError
from operations.changed.estate import Base, Customer
from operations.changed.parts import MOST_JOBS, from_each, shards
from operations.changed.touched import Touched, place_of


def as_json(change: Touched) -> dict[str, Any]:
    """The same as the text, for programs."""
    return {
        "stacks": [_base(one) for one in change.bases],
        "tenants": [_customer(place) for one in change.customers for place in one.places],
        "accounts": list(change.accounts),
        "removed": list(change.removed),
        "new": sorted(change.new),
    }


def matrices(change: Touched) -> dict[str, str]:
    """Outputs of a workflow's step, each on one line.

    `rehearsals` need no account, nor do `comparisons` and `accounts` (stacks of `bootstrap/`) with where the branch
    left main. The others leave out whatever still has a placeholder for an account: `previews` (base stacks and silos,
    but for those that do not stand: the change brings them, a move has yet to make them, or they retired before it),
    `silos` (where customers are served of whom a file of their own changes: what shared code makes of the others goes
    by a release, and the other stack of a move by its steps), one list of base stacks for each environment, `first`
    (the base stack that is deployed before all others), and `looks` and `drills` (of those whose restore is to be
    tried), the nightly ones, whose jobs have several stacks each where GitHub takes no job for each of them. A pull
    request is shown some of the silos then, and `unseen` says how many it is not shown; it is empty where none is left.

    Raises ProblemsError where stacks want images of more than one architecture.
    """
    reachable = [one for one in change.bases if one.reachable]
    in_order = [one for name in DEPLOYED_ENVIRONMENTS for one in reachable if one.environment == name]
    silos = [_customer(one) for one in change.silos if one.base.reachable]
    standing = [one for one in (*map(_base, reachable), *silos) if one["stack"] not in change.new]
    seen = _seen(change)
    absent = {one.stack for one in change.silos if not one.made or (one.retires and one.tenant not in change.named)}
    drilled = [
        *(_base(one) for one in reachable if one.drilled),
        *(_customer(one) for one in change.silos if one.base.reachable and one.base.drilled),
    ]
    lists: dict[str, list[dict[str, Any]]] = {
        "accounts": [{"account": one} for one in change.accounts if place_of(one) not in change.new],
        "rehearsals": _rehearsals(change),
        "comparisons": [one for one in _comparisons(change) if one["stack"] in seen],
        "previews": [one for one in standing if one["stack"] in seen - absent],
        "looks": shards(standing),
        "drills": shards(drilled),
        "silos": [
            _customer(one)
            for one in change.customers
            if one.isolation == "silo" and one.base.reachable and one.tenant in change.named
        ],
        "first": [_base(one) for one in in_order[:1]],
        **{name: [_base(one) for one in in_order if one.environment == name] for name in DEPLOYED_ENVIRONMENTS},
    }
    outputs = {name: json.dumps(entries, separators=(",", ":")) for name, entries in lists.items()}
    return {**outputs, "architecture": _architecture(change), "unseen": _unseen(change, seen)}


def _seen(change: Touched) -> frozenset[str]:
    """The stacks that a pull request is shown: every base, and as many silos as GitHub takes jobs.

    Silos of which a file of their own changes come first, then some of each base and tier: shared code makes the same
    of all that have both.
    """
    bases = {one["stack"] for one in _rehearsals(change)}
    own = [one.stack for one in change.silos if one.tenant in change.named]
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in change.silos:
        if one.tenant not in change.named:
            alike[one.base.stack, one.tier].append(one.stack)
    room = MOST_JOBS - len(bases)
    return frozenset({*bases, *own[:room], *from_each(alike.values(), room - len(own))})


def _unseen(change: Touched, seen: frozenset[str]) -> str:
    count = sum(one.stack not in seen for one in change.silos)
    if not count:
        return ""
    return (
        f"{count:,} customers' own stacks are neither compared nor previewed here: a workflow has at most {MOST_JOBS} "
        "jobs for it. Some of each base stack and tier are; each of the others is reviewed before its own deployment."
    )


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
