"""Providers that would work in another account than the stack's."""

import json
from collections.abc import Iterator

from facts import tokens as t
from graph import Graph
from rehearsal.checks.reading import refuse
from rehearsal.result import Refusal

_SOURCE = "https://www.pulumi.com/registry/packages/aws/api-docs/provider/"


def account(graph: Graph) -> Iterator[Refusal]:
    """A provider whose allowed accounts leave out the account of the stack: nothing could be made with it."""
    for one in graph.of(t.PROVIDER):
        allowed = one.inputs.get("allowedAccountIds")
        accounts = json.loads(allowed) if isinstance(allowed, str) else allowed
        if accounts and graph.account not in accounts:
            yield refuse(
                one,
                "provider-account",
                f"allows accounts {', '.join(accounts)}; the stack's is {graph.account}",
                "pin it to the stack's account",
                _SOURCE,
            )


CHECKS = (account,)
