"""A stack's cost at rest: what it declares, times what each costs, and loudly what has no price."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from graph import Graph, Resource
from operations.cost.by_use import BY_USE, FREE
from operations.cost.meters import AT_REST
from operations.cost.prices import Found, Price, PriceTable

_NOTHING_TO_CHARGE = "pulumi:"  # providers and references stand in no account


@dataclass(frozen=True, kw_only=True)
class Line:
    """One price of the sum: `quantity` of it, all month long."""

    name: str
    price: Price
    quantity: Decimal
    found: Found
    usd_per_month: Decimal


@dataclass(frozen=True, kw_only=True)
class ByUse:
    """A price that counts only what is used. `found` is None where no amount was read."""

    name: str
    price: Price
    found: Found | None


@dataclass(frozen=True, kw_only=True)
class Unpriced:
    """Something that the sum leaves out though it may cost money."""

    what: str
    quantity: Decimal
    mend: str


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a stack costs. The sum is whole only where `unpriced` is empty."""

    stack: str
    region: str
    lines: tuple[Line, ...]
    by_use: tuple[ByUse, ...]
    unpriced: tuple[Unpriced, ...]

    @property
    def usd_per_month(self) -> Decimal:
        return sum((one.usd_per_month for one in self.lines), Decimal(0))

    @property
    def read_on(self) -> date | None:
        """The oldest day on which an amount of the sum was read."""
        return min((one.found.read_on for one in self.lines if one.found.read_on), default=None)


def estimate(graph: Graph, prices: PriceTable) -> Estimate:
    """Price every resource of a stack."""
    counted: dict[tuple[str, str], Decimal] = {}  # price name, region
    used: set[tuple[str, str]] = set()
    unknown: dict[str, int] = {}
    for one in graph.resources:
        token = one.type
        if not one.custom or one.read or token.startswith(_NOTHING_TO_CHARGE):
            continue
        if token not in AT_REST and token not in BY_USE and token not in FREE:
            unknown[token] = unknown.get(token, 0) + 1
        for meter in AT_REST[token](one, graph) if token in AT_REST else ():
            key = (meter.price, graph.region_of(one))
            counted[key] = counted.get(key, Decimal(0)) + meter.quantity
        for name in BY_USE[token](one.inputs) if token in BY_USE else ():
            used.add((name, graph.region_of(one)))
    lines, unpriced = _lines(counted, prices)
    unpriced += [_without_price(name, Decimal(1)) for name in sorted({name for name, _ in used} - set(prices.prices))]
    return Estimate(
        stack=graph.stack,
        region=graph.region,
        lines=tuple(sorted(lines, key=lambda one: -one.usd_per_month)),
        by_use=tuple(
            ByUse(name=name, price=price, found=prices.find(name, region))
            for name, price in prices.prices.items()
            for region in sorted(region for used_name, region in used if used_name == name)
        ),
        unpriced=(
            *unpriced,
            *(
                Unpriced(
                    what=token,
                    quantity=Decimal(number),
                    mend="say in operations/cost (meters.py, by_use.py) whether it costs at rest, by use or nothing",
                )
                for token, number in unknown.items()
            ),
        ),
    )


def monthly(one: Resource, graph: Graph, prices: PriceTable) -> Decimal | None:
    """What one resource costs a month at rest; None where something of it has no price or its size is not known."""
    if one.type not in AT_REST:
        return Decimal(0) if one.type in BY_USE or one.type in FREE else None
    try:
        meters = [(meter, prices.find(meter.price, graph.region_of(one))) for meter in AT_REST[one.type](one, graph)]
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None
    if any(found is None for _, found in meters):
        return None
    return sum(
        (meter.quantity * found.usd * prices.months(meter.price) for meter, found in meters if found), Decimal(0)
    )


def _lines(counted: Mapping[tuple[str, str], Decimal], prices: PriceTable) -> tuple[list[Line], list[Unpriced]]:
    lines, unpriced = [], []
    for (name, region), quantity in counted.items():
        found = prices.find(name, region)
        if found is None:
            unpriced.append(_without_price(name, quantity))
            continue
        month = quantity * found.usd * prices.months(name)
        lines.append(Line(name=name, price=prices.prices[name], quantity=quantity, found=found, usd_per_month=month))
    return lines, unpriced


def _without_price(name: str, quantity: Decimal) -> Unpriced:
    mend = "put its price and where it was read into operations/cost/prices.yaml"
    return Unpriced(what=name, quantity=quantity, mend=mend)


def as_json(estimate: Estimate) -> dict[str, Any]:
    """The same for programs; amounts are text, as exact as they were read."""
    return {
        "stack": estimate.stack,
        "region": estimate.region,
        "currency": "USD",
        "perMonth": f"{estimate.usd_per_month:.2f}",
        "complete": not estimate.unpriced,
        "pricesReadOn": str(estimate.read_on),
        "atRest": [
            {
                "price": one.name,
                "quantity": str(one.quantity),
                "perMonth": f"{one.usd_per_month:.2f}",
                **_found(one.price, one.found),
            }
            for one in estimate.lines
        ],
        "byUse": [{"price": one.name, **_found(one.price, one.found)} for one in estimate.by_use],
        "unpriced": [{"what": one.what, "quantity": str(one.quantity), "mend": one.mend} for one in estimate.unpriced],
    }


def _found(price: Price, found: Found | None) -> dict[str, Any]:
    return {
        "label": price.label,
        "unitPrice": str(found.usd) if found else None,
        "per": price.per,
        "priceRegion": found.region if found else None,
        "verified": found.verified if found else False,
        "readOn": str(found.read_on) if found and found.read_on else None,
    }
