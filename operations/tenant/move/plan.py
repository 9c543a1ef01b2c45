"""What a move would mean, before anything is done: places with their verdicts, obstacles, time and cost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.stack_files import settings_in, stack_file
from infra.tenants.record import Tenant
from infra.tenants.residency import allowed_regions
from operations.locate.platform import platform_stores

# Measured by benchmarks/custody_move.py on two cores, both databases and moto on one machine: docs/move.md.
ROWS_A_SECOND = 1500
OBJECTS_A_SECOND = 40
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
    """A place that data or their traces stand in while somebody moves, and whether residency allows it."""

    what: str
    stack: str
    region: str
    inside: bool


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
    ):
        yield PlannedPlace(what=what, stack=place.stack, region=place.region, inside=place.region in allowed)
    for tenant in (old, new):
        for store in platform_stores(root, tenant):
            yield PlannedPlace(what=store.what, stack=tenant.stack, region=store.region, inside=store.region in allowed)


def _obstacles(root: Path, old: Tenant, new: Tenant, places: tuple[PlannedPlace, ...]) -> Iterator[str]:
    for place in places[:4]:
        if not place.inside:
            yield (
                f"{place.region} ({place.what}) lies outside residency {old.residency}: allow both regions until the "
                "source is removed, and narrow residency then"
            )
    found = {one.base: settings_in(stack_file(root, one.base)) for one in (old, new)}
    for base, settings in found.items():
        if settings is None:
            yield f"there is no base stack {base}: no Pulumi.{base}.yaml; docs/regions.md adds one"
        elif old.region != new.region and not _reaches_other_regions(settings):
            yield (
                f"{base} has no way out (network.nat none, or no login outside), and S3 of another region is reached "
                "through the NAT alone"
            )
    accounts = {(settings or {}).get("account") for settings in found.values()}
    if len(accounts) > 1:
        yield "the two base stacks are of different accounts; roles of another account are not let in"


def _reaches_other_regions(settings: Mapping[str, Any]) -> bool:
    """The S3 gateway endpoint is of its own region; the service's group reaches others where login is outside."""
    network, service = settings.get("network") or {}, settings.get("service") or {}
    return network.get("nat", "none") != "none" and bool((service.get("login") or {}).get("issuerUrl"))
