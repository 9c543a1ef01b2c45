"""What AWS would refuse though moto takes it: pure functions over the recorded resources, one file a service.

Each check names the resource, what is wrong, the fix, and the page of AWS's documentation that says so.
"""

from collections.abc import Sequence

from rehearsal.checks import account as accounts
from rehearsal.checks import database, encryption, files, names, observability, providers, service
from rehearsal.checks.graph import Graph
from rehearsal.result import Refusal, Rehearsed

CHECKS = (
    *providers.CHECKS,
    *names.CHECKS,
    *database.CHECKS,
    *files.CHECKS,
    *encryption.CHECKS,
    *service.CHECKS,
    *observability.CHECKS,
    *accounts.CHECKS,
)


def refusals_of(resources: Sequence[Rehearsed], account: str) -> tuple[Refusal, ...]:
    """Every refusal, in the order of the checks."""
    graph = Graph(resources, account)
    return tuple(refusal for check in CHECKS for refusal in check(graph))
