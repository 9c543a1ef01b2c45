"""What a person decides about the network: addresses, zones, the way out."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from itertools import combinations
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from components.settings import REGION, BrokenRule, CidrBlock, LogRetentionDays, Rule, Settings


class ZoneSettings(Settings):
    """One availability zone and its three subnets."""

    name: Annotated[str, Field(pattern=f"^{REGION.pattern}[a-z]$", examples=["eu-west-1a"])]
    public_cidr_block: Annotated[CidrBlock, Field(description="Load balancer and NAT")]
    private_cidr_block: Annotated[CidrBlock, Field(description="Tasks, functions and endpoints")]
    data_cidr_block: Annotated[CidrBlock, Field(description="Databases; no route to or from the internet")]


def _blocks_lie_apart(network: "NetworkSettings") -> Iterator[BrokenRule]:
    whole = IPv4Network(network.cidr_block)
    subnets = [
        (f"zones[{index}].{kind}CidrBlock", IPv4Network(getattr(zone, f"{kind}_cidr_block")))
        for index, zone in enumerate(network.zones)
        for kind in ("public", "private", "data")
    ]
    yield from _sizes_and_ranges(whole, subnets)
    for path, subnet in subnets:
        if not subnet.subnet_of(whole):
            yield path, f"{subnet} lies outside network.cidrBlock {whole}; choose a block inside it"
    for (first_path, first), (second_path, second) in combinations(subnets, 2):
        if first.overlaps(second):
            yield second_path, f"{second} overlaps {first_path} {first}; give each subnet its own addresses"


WITHOUT_NETWORKS = tuple(IPv4Network(block) for block in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4"))
"""Ranges in which AWS makes no network: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"""
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-subnets.html
_LONGEST_PREFIX_OF_A_LOAD_BALANCER = 27


def _sizes_and_ranges(whole: IPv4Network, subnets: Sequence[tuple[str, IPv4Network]]) -> Iterator[BrokenRule]:
    if not 16 <= whole.prefixlen <= 28:
        yield "cidrBlock", f"AWS takes networks from /16 to /28; this one is /{whole.prefixlen}"
    for never in WITHOUT_NETWORKS:
        if whole.overlaps(never):
            yield "cidrBlock", f"{whole} lies in {never}, where AWS makes no network; take a private range: 10.0.0.0/8"
    for path, subnet in subnets:
        if not 16 <= subnet.prefixlen <= 28:
            yield path, f"AWS takes subnets from /16 to /28; this one is /{subnet.prefixlen}"
        elif path.endswith(".publicCidrBlock") and subnet.prefixlen > _LONGEST_PREFIX_OF_A_LOAD_BALANCER:
            yield path, f"a load balancer wants /{_LONGEST_PREFIX_OF_A_LOAD_BALANCER} or wider; this one is {subnet}"


def _zones_differ(network: "NetworkSettings") -> Iterator[BrokenRule]:
    names = [zone.name for zone in network.zones]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield f"zones[{index}].name", f"{name} is named twice; a zone that fails must not take both"


class NetworkSettings(Settings):
    """Addresses, zones and the way out."""

    cidr_block: Annotated[CidrBlock, Field(description="The whole network; no overlap with what it must ever join")]
    zones: Annotated[tuple[ZoneSettings, ...], Field(min_length=2, max_length=3)]
    nat: Annotated[
        Literal["none", "single", "per-zone"],
        Field(description="Way out to the internet for tasks; an outside OIDC issuer needs one"),
    ] = "none"
    flow_log_retention_days: Annotated[
        LogRetentionDays | None, Field(description="As long as the service's log where nothing is said")
    ] = None

    rules: ClassVar[tuple[Rule, ...]] = (_blocks_lie_apart, _zones_differ)
