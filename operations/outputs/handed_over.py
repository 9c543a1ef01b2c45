"""The outputs of `workbuoy tenant export`, `link` and `remains`."""

from typing import Literal

from operations.outputs.printed import Printed
from operations.outputs.tenants import Hold


class TenantExport(Printed):
    """An export of one customer's data: where it lies, of when, and what is in it."""

    tenant: str
    stack: str
    address: str
    made_at: str
    frozen: bool
    rows: dict[str, int]
    files: int
    digest: str


class Link(Printed):
    """An address that anyone can read one file of an export from."""

    name: str
    address: str


class TenantLink(Printed):
    """Addresses of a customer's newest export, and when they end at the latest."""

    tenant: str
    made_at: str
    until: str
    links: list[Link]


class PersonExport(Printed):
    """An export of one person: where it lies, of when, and what is in it."""

    tenant: str
    member: str
    address: str
    made_at: str
    rows: dict[str, int]
    files: int


class RemainingCopy(Printed):
    """A copy that remains of somebody who was erased; `ends` is null where a person ends it, or nobody does."""

    what: str
    where: str
    ends: str | None
    how: str


class PersonErase(Printed):
    """How one person was erased; no `rows` where it was done before. `mark` stands for them in the audit trail."""

    tenant: str
    member: str
    mark: str
    erased_at: str
    rows: dict[str, int] | None
    remaining: list[RemainingCopy]


class Copy(RemainingCopy):
    """A copy that remains of a customer who has left; `ends` is its last day, and null where a person ends it.

    `differs` is what the rule that ends it in AWS says otherwise, and empty where it says the same or was not asked.
    """

    state: Literal["gone", "there", "not asked"]
    why: str
    differs: str


class TenantRemains(Printed):
    """What remains of a customer who has left, and with `live` what AWS says of it."""

    tenant: str
    live: bool
    hold: Hold | None
    copies: list[Copy]
