"""What AWS would refuse though moto takes it: pure functions over the recorded resources, one file a service.

Each check names the resource, what is wrong, the fix, and the page of AWS's documentation that says so. What the
services' own models say of a request is held to in `rehearsal.shapes`; docs/aws-limits.md lists every kind of both.
"""

from collections.abc import Collection, Iterator, Sequence
from types import ModuleType

from graph import Graph
from rehearsal.as_graph import resource_of
from rehearsal.checks import account as accounts
from rehearsal.checks import (
    database,
    database_parameters,
    documents,
    encryption,
    files,
    functions,
    lifecycle,
    load_balancer,
    names,
    network,
    observability,
    providers,
    secrets,
    service,
    tags,
    tasks,
    waf,
)
from rehearsal.checks.rules import breaches_of
from rehearsal.result import Refusal, Rehearsed

MODULES = (
    providers,
    names,
    tags,
    documents,
    network,
    load_balancer,
    waf,
    database,
    database_parameters,
    files,
    lifecycle,
    encryption,
    secrets,
    tasks,
    service,
    functions,
    observability,
    accounts,
)
"""Each has `RULES` for single values, `CHECKS` for what is more than one, or both."""


def refusals_of(resources: Sequence[Rehearsed], account: str, residency: Collection[str]) -> tuple[Refusal, ...]:
    """Every refusal, in the order of the checks.

    Args:
        resources: of one stack, in order of registration.
        account: the stack's.
        residency: regions in which its data may be kept; none where the stack names none.
    """
    graph = Graph((resource_of(one) for one in resources), account=account)
    found = [refusal for module in MODULES for refusal in _by(module, graph)]
    return (*found, *secrets.outside_residency(graph, residency))


def _by(module: ModuleType, graph: Graph) -> Iterator[Refusal]:
    yield from breaches_of(getattr(module, "RULES", ()), graph)
    for check in getattr(module, "CHECKS", ()):
        yield from check(graph)
