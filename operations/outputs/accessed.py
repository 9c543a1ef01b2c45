"""The output of `workbuoy access --json`."""

from typing import Literal

from pydantic import Field

from operations.outputs.printed import Printed


class ObjectAccess(Printed):
    """One reading of a file; `who` is null where nobody can say, and `notAttributed` says what is missing."""

    time: str
    object: str
    how: Literal["signed address", "role", "AWS service", "through the service", "without credentials"]
    who: str | None
    request_id: str | None
    aws_request_id: str | None
    source: str | None
    refused: bool
    not_attributed: str | None


class Access(Printed):
    """Who read a customer's files in a period, and what cannot be said."""

    tenant: str
    from_: str = Field(alias="from")
    to: str
    whole: bool
    accesses: list[ObjectAccess]
    addresses_not_used: int
    records: dict[str, int]
    gaps: list[str]
