"""A customer on one line, on one page, and as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from infra.tenants.record import Tenant
from infra.tenants.residency import allowed_regions
from infra.tenants.tiers import TIERS
from project.terminal import columns, count

_HEAD: Final = ("name", "isolation", "base", "region", "residency", "tier", "state")
_SHRINKS: Final = (4, 2)  # residency, then base: what `show` tells whole


def facts_of(tenant: Tenant) -> dict[str, Any]:
    """The record with what follows from it: the stack's name and the allowed regions."""
    record = tenant.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {**record, "stack": tenant.stack, "allowedRegions": list(allowed_regions(tenant.residency))}


def whole_facts(tenant: Tenant) -> dict[str, Any]:
    """The same with a silo's sizes, and the commands that come next."""
    sizes = TIERS[tenant.tier] if tenant.tier else {}
    return {**facts_of(tenant), "sizes": sizes, "next": list(next_commands(tenant))}


def state_of(tenant: Tenant) -> str:
    """Where the customer stands between signing and leaving."""
    if tenant.dates.hold:
        return f"held {tenant.dates.hold.since}"
    if tenant.dates.retiring:
        return f"retiring {tenant.dates.retiring}"
    if tenant.move is not None:
        return f"moving {tenant.move.direction} {tenant.move.base}"
    return "promotion" if tenant.promotion else "live" if tenant.dates.live else "signed"


def next_commands(tenant: Tenant) -> Iterable[str]:
    """What a person may want to do with it."""
    yield f"workbuoy rehearse {tenant.stack}"
    if tenant.isolation == "silo":
        yield f"workbuoy tenant preview {tenant.name}"
        yield f"workbuoy tenant deploy {tenant.name}"
    else:
        yield f"workbuoy-app tenant add {tenant.name} (its row; a one-off task of {tenant.base}: docs/first-day.md)"
        yield f"workbuoy tenant promote {tenant.name} (into a stack of its own)"
    if tenant.dates.hold:
        return  # nothing of it may go
    leave = "destroy" if tenant.dates.retiring else "retire"
    yield f"workbuoy tenant {leave} {tenant.name}"


def table(tenants: Sequence[Tenant]) -> str:
    """All of them, a line each, within the terminal's columns."""
    rows = [_HEAD, *(_row(one) for one in tenants)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for column in _SHRINKS:
        over = sum(widths) + 2 * (len(widths) - 1) - columns()
        widths[column] = max(len(_HEAD[column]), widths[column] - max(over, 0))
    lines = ("  ".join(_cut(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines) + f"{count(len(tenants), 'customer')}\n"


def _row(tenant: Tenant) -> tuple[str, ...]:
    residency = tenant.residency if isinstance(tenant.residency, str) else ",".join(tenant.residency)
    tier = tenant.tier or "-"
    return (tenant.name, tenant.isolation, tenant.base, tenant.region, residency, tier, state_of(tenant))


def _cut(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"


def page(facts: Mapping[str, Any]) -> str:
    """Everything about one, as nested lines."""
    return "".join(f"{line}\n" for line in _lines(facts, ""))


def _lines(value: Any, indent: str) -> Iterable[str]:
    for key, one in value.items():
        if isinstance(one, Mapping):
            yield f"{indent}{key}:"
            yield from _lines(one, f"{indent}  ")
        elif isinstance(one, list) and one and all(isinstance(item, Mapping) for item in one):
            yield f"{indent}{key}:"
            for item in one:
                yield f"{indent}  " + ", ".join(str(part) for part in item.values())
        elif isinstance(one, list) and key == "next":
            yield f"{indent}{key}:"
            yield from (f"{indent}  {item}" for item in one)
        else:
            yield f"{indent}{key}: {', '.join(map(str, one)) if isinstance(one, list) else one}"
