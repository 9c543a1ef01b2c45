"""The outputs of `workbuoy tenant export` and `link`."""

from operations.outputs.printed import Printed


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
