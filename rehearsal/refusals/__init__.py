"""What AWS would refuse though moto takes it."""

from collections.abc import Sequence

from rehearsal.result import Refusal, Rehearsed


def refusals_of(resources: Sequence[Rehearsed], account: str) -> tuple[Refusal, ...]:
    """Every refusal, in the order of the resources."""
    del resources, account
    return ()
