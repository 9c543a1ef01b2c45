"""Ranges of addresses: what several of them let in together."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final

from components.settings import PRIVATE_RANGES

_V4_AT_MOST: Final = 2**24  # a /8: of wider ranges a few are everybody
_V6_AT_MOST: Final = 2**112  # a /16
_PRIVATE_V6: Final = IPv6Network("fc00::/7")


def is_world(*ranges: object) -> bool:
    """Whether ranges are together everybody, or so much that a few of the like would be: over a /8 (IPv6: a /16).

    Private addresses do not count, which nobody outside has.
    """
    v4, v6 = _collapsed(ranges)
    outside_v4 = (one for one in v4 if not any(map(one.subnet_of, PRIVATE_RANGES)))
    outside_v6 = (one for one in v6 if not one.subnet_of(_PRIVATE_V6))
    return (
        sum(one.num_addresses for one in outside_v4) > _V4_AT_MOST
        or sum(one.num_addresses for one in outside_v6) > _V6_AT_MOST
    )


def is_within(inner: object, outer: Iterable[object]) -> bool:
    """Whether each address of a range is in one of others, which may hold it only together."""
    ranges = _collapsed([inner])
    held = _collapsed(outer)
    return (
        any(ranges)
        and all(any(one.subnet_of(other) for other in held[0]) for one in ranges[0])
        and all(any(one.subnet_of(other) for other in held[1]) for one in ranges[1])
    )


def _collapsed(ranges: Iterable[object]) -> tuple[list[IPv4Network], list[IPv6Network]]:
    found = list(_networks(ranges))
    return (
        list(collapse_addresses(one for one in found if isinstance(one, IPv4Network))),
        list(collapse_addresses(one for one in found if isinstance(one, IPv6Network))),
    )


def _networks(ranges: Iterable[object]) -> Iterator[IPv4Network | IPv6Network]:
    for one in ranges:
        try:
            yield ip_network(str(one).strip(), strict=False)
        except ValueError:
            continue  # the id of a group or a list, or a mark
