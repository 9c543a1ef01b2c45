"""Whose a resource is: a stack's, or the account's own."""

from typing import Final

from graph.resource import stack_of

ACCOUNT: Final = "account"
"""What belongs to no stack: what `bootstrap/` makes once in an account."""
OUTSIDE: Final = "outside"
"""Everybody who is of no stack and not of the account."""


def party_of(urn: str, project: str) -> str:
    """A resource's stack; for what another project than the stacks' made, the account."""
    parts = urn.split("::", 2)
    return stack_of(urn) if len(parts) > 1 and parts[1] == project else ACCOUNT
