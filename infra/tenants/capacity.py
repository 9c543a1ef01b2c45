"""How many customers' own stacks a base stack takes, by the limits that no request to AWS moves.

docs/limits.md counts the same limits, and those that can be raised, in declared graphs; a test holds both together.
Here they are counted from settings alone, so that a new customer's file is refused before anything is declared.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from infra.tenants.record import Tenant
from infra.tenants.tiers import TIERS

NEARLY_FULL = 0.8
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
TARGET_GROUPS = 100
_TAKEN_BY_AWS = 5  # addresses of each subnet: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
_WHILE_DEPLOYING = 2  # a deployment starts the new tasks before it stops the old ones
_ENDPOINTS = 4  # of AWS's services, one address a zone: components.network.INTERFACE_ENDPOINT_SERVICES


@dataclass(frozen=True, kw_only=True)
class CapacityLimit:
    """One limit: how much there is, what the base takes, and what a silo of a tier takes."""

    name: str
    most: int
    base: int
    silo: Callable[[str], int]


def capacity_limits(base: Mapping[str, Any]) -> list[CapacityLimit]:
    """A base stack's limits, from its settings as its file has them. Raises KeyError, TypeError, ValueError."""
    zones: Sequence[Mapping[str, Any]] = base["network"]["zones"]
    databases = 2 if base["database"]["multiAz"] else 1

    def addresses(kind: str) -> int:
        return sum(ip_network(zone[f"{kind}CidrBlock"]).num_addresses - _TAKEN_BY_AWS for zone in zones)

    def private(most_tasks: int) -> int:
        return most_tasks * _WHILE_DEPLOYING + len(zones)  # and the rotation function's interfaces

    return [
        CapacityLimit(name="target groups on its load balancer", most=TARGET_GROUPS, base=1, silo=lambda _: 1),
        CapacityLimit(
            name="addresses of its data subnets", most=addresses("data"), base=databases, silo=lambda _: databases
        ),
        CapacityLimit(
            name="addresses of its private subnets",
            most=addresses("private"),
            base=private(base["service"]["maxTasks"]) + _ENDPOINTS * len(zones),
            silo=lambda tier: private(TIERS[tier]["service"]["maxTasks"]),
        ),
    ]


def beyond(base: Mapping[str, Any], tenants: Iterable[Tenant]) -> Iterator[tuple[Tenant, str]]:
    """The customers who came last and find no room on a base stack, each with the limit that is met."""
    silos = _in_order(tenants)
    for limit in known_limits(base):
        taken = limit.base
        for number, tenant in enumerate(silos, 1):
            taken += limit.silo(str(tenant.tier))
            if taken > limit.most:
                yield (
                    tenant,
                    f"{tenant.base} has no room for a silo number {number}: there are {limit.most:,} {limit.name}, "
                    "and no request to AWS moves that; make another base stack (docs/limits.md)",
                )


def warnings(base_name: str, base: Mapping[str, Any], tenants: Iterable[Tenant]) -> list[str]:
    """Limits of a base stack of which four fifths are taken."""
    silos = _in_order(tenants)
    found = []
    for limit in known_limits(base):
        taken = limit.base + sum(limit.silo(str(tenant.tier)) for tenant in silos)
        if NEARLY_FULL * limit.most <= taken <= limit.most:
            found.append(
                f"{base_name} has {taken:,} of {limit.most:,} {limit.name} taken, and no request to AWS moves that: "
                "make the next base stack (docs/limits.md)"
            )
    return found


def _in_order(tenants: Iterable[Tenant]) -> list[Tenant]:
    silos = [tenant for tenant in tenants if tenant.isolation == "silo" and tenant.tier]
    return sorted(silos, key=lambda tenant: (tenant.dates.signed, tenant.name))


def known_limits(base: Mapping[str, Any]) -> list[CapacityLimit]:
    """As `capacity_limits`; none for a file that is wrong."""
    try:
        return capacity_limits(base)
    except (KeyError, TypeError, ValueError):
        return []  # the base stack's own file is wrong, and its own rehearsal says how
