"""What was asked for on the command line of a move, and how its outcome is printed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from operations.ending import print_result
from operations.tenant.move.steps import old_and_new, steps_of
from operations.tenant.steps import Step

if TYPE_CHECKING:
    from infra.tenants.record import Tenant


@dataclass(frozen=True, kw_only=True)
class MoveOptions:
    """`size` is rows, files and gigabytes for the plan; `silo` what a record says of a silo alone."""

    to: str | None
    step: str | None
    live: bool
    back: bool
    confirmed: str | None
    keep_days: int
    keep_snapshot_days: int
    size: tuple[int, int, float]
    silo: Mapping[str, Any]
    json_wanted: bool


def all_steps(tenant: "Tenant", options: MoveOptions) -> list[Step]:
    """Of this customer's move, whichever of its places the record names first."""
    if tenant.move is None:
        return steps_of(tenant, str(options.to), options.keep_days)
    old, new = old_and_new(tenant)
    return steps_of(old, new.base, options.keep_days)


def printed(document: dict[str, Any], text: str, options: MoveOptions) -> None:
    """As a person or a program asked for it."""
    print_result("tenant-move", document, text, json_wanted=options.json_wanted)
