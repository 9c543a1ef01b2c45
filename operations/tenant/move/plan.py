"""What a move would mean, before anything is done: places with their verdicts, obstacles, time and cost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.stack_files import settings_in, stack_file
from infra.tenants.record import Tenant
from infra.tenants.residency import allowed_regions
from operations.fleet.cells import full
from operations.locate.platform import platform_places

# From benchmarks/custody.py at 5,000 rows and 500 files on two busy cores, mostly the files': docs/move.md.
ROWS_A_SECOND = 1_500
OBJECTS_A_SECOND = 20
FROZEN_SECONDS = 5.0
# https://aws.amazon.com/ec2/pricing/on-demand/ (data transfer from eu-west-1 to another region), known on 2026-11-26
# from engineers' knowledge; the page itself was not read. NAT: operations/cost/prices.yaml.
TRANSFER_USD_A_GB, NAT_USD_A_GB = 0.02, 0.048


@dataclass(frozen=True, kw_only=True)
class Size:
    """What there is to move."""

    rows: int
    objects: int
    gigabytes: float


@dataclass(frozen=True, kw_only=True)
class PlannedPlace:
    """A place that data or their traces stand in while somebody moves, and whether residency allows it.

    `accepted`: it lies outside, and the customer's file accepts that of the account's own stores.
    """

    what: str
    stack: str
    region: str
    inside: bool
    accepted: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`obstacles` are what must be done first, each with what to do."""

    places: tuple[PlannedPlace, ...]
    obstacles: tuple[str, ...]
    copying_minutes: float
    frozen_seconds: float
    cost_usd: float


def plan_of(root: Path, old: Tenant, new: Tenant, size: Size) -> Plan:
    """For a customer who leaves `old` for `new`."""
    seconds = size.rows / ROWS_A_SECOND + size.objects / OBJECTS_A_SECOND
    places = tuple(_places(root, old, new))
    return Plan(
        places=places,
        obstacles=tuple(_obstacles(root, old, new, places)),
        copying_minutes=round(2 * seconds / 60, 1),  # sent, then received
        frozen_seconds=FROZEN_SECONDS,
        cost_usd=round(size.gigabytes * (TRANSFER_USD_A_GB + NAT_USD_A_GB), 2),
    )


def _places(root: Path, old: Tenant, new: Tenant) -> Iterator[PlannedPlace]:
    allowed = allowed_regions(new.residency)
    for what, place in (
        ("source: rows, files, backups, logs", old),
        ("target: rows, files, backups, logs", new),
        ("batches on their way, in the target's bucket", new),
        ("batches on the way back, in the source's bucket", old),
        ("exports, in the place for them of the source's region", old),
        ("exports, in the place for them of the target's region", new),
    ):
        yield PlannedPlace(what=what, stack=place.stack, region=place.region, inside=place.region in allowed)
    accepted = new.platform_outside.regions if new.platform_outside else ()
    for tenant in (old, new):
        for what, region in platform_places(root, tenant):
            inside = region in allowed
            accepts = not inside and region in accepted
            yield PlannedPlace(what=what, stack=tenant.stack, region=region, inside=inside, accepted=accepts)


def _obstacles(root: Path, old: Tenant, new: Tenant, places: tuple[PlannedPlace, ...]) -> Iterator[str]:
    if old.dates.retiring is not None:
        yield f"{old.name} retires on {old.dates.retiring}, and who leaves does not move: take dates.retiring out first"
    customers = {old.region, new.region}
    for place in dict.fromkeys(one for one in places if not (one.inside or one.accepted)):
        remedy = (
            "allow both regions until the source is removed, and narrow residency then"
            if place.region in customers
            else f"accept it with a reason: platformOutside in tenants/{old.name}.yaml"
        )
        yield f"{place.region} ({place.what}) lies outside residency {old.residency}: {remedy}"
    found = {one.base: settings_in(stack_file(root, one.base)) for one in (old, new)}
    for base, settings in found.items():
        if settings is None:
            yield f"there is no base stack {base}: no Pulumi.{base}.yaml; docs/regions.md adds one"
        elif old.region != new.region and not _reaches_other_regions(settings):
            yield (
                f"{base} has no way out (network.nat none, or no login outside), and S3 of another region is reached "
                "through the NAT alone"
            )
    if new.isolation == "silo" and old.move is None and (message := full(root, new.base, new.tier)):
        yield message
    accounts = {(settings or {}).get("account") for settings in found.values()}
    if len(accounts) > 1:
        yield "the two base stacks are of different accounts; roles of another account are not let in"


def _reaches_other_regions(settings: Mapping[str, Any]) -> bool:
    """The S3 gateway endpoint is of its own region; the service's group reaches others where login is outside."""
    network, service = settings.get("network") or {}, settings.get("service") or {}
    return network.get("nat", "none") != "none" and bool((service.get("login") or {}).get("issuerUrl"))
