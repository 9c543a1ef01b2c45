"""Cells: base stacks with the room that AWS's limits leave on each, and which one a new customer goes to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.fleet import FILE, GrantedQuota, load_fleet
from infra.problems import Problem, ProblemsError
from infra.stack_files import settings_in, stack_file
from infra.suggestion import suggestion
from infra.tenants import capacity
from infra.tenants.files import by_base
from infra.tenants.record import Tenant
from infra.yaml_text import read_yaml
from operations.changed.estate import Base, read_bases
from operations.fleet.quotas import NOTHING_ASKED, LiveQuotas
from operations.limits.uses import Use, uses
from operations.tenant.files_check import read_checked

DEFAULT_TIER: Final = "standard"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A base stack; `room` is how many more silos of the asked tier fit, and `limit` what ends it.

    A further base stack in the same account and region takes `shared` silos, which `shared_limit` ends: one that the
    account shares out. On a base stack of an account of its own, `alone` fit.
    """

    base: Base
    residency: tuple[str, ...]
    https: bool
    silos: int
    room: int
    limit: str
    alone: int
    shared: int
    shared_limit: str

    @property
    def name(self) -> str:
        """Of the base stack."""
        return self.base.stack

    @property
    def taken(self) -> float:
        """The share of its room that is taken."""
        return self.silos / (self.silos + self.room) if self.silos + self.room else 1.0


@dataclass(frozen=True, kw_only=True)
class CellNeeds:
    """What a customer needs of its cell."""

    environment: str
    isolation: str
    regions: tuple[str, ...]
    tier: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The cell that was chosen, and why that one."""

    cell: Cell
    why: str


def read_cells(root: Path, tier: str = DEFAULT_TIER, live: LiveQuotas = NOTHING_ASKED) -> list[Cell]:
    """Every base stack with its room, by name; quotas are AWS's defaults, or as granted in `fleet.yaml`.

    What `live` says of an account counts more than both.

    Raises ProblemsError for base stacks' files or a `fleet.yaml` that cannot be read.
    """
    granted = load_fleet(root).quotas if (root / FILE).is_file() else ()
    limits = uses()
    _refuse_unknown(root, granted, limits)
    bases, standing = read_bases(root), by_base(read_checked(root).tenants)
    silos = {name: [one for one in standing.get(name, ()) if one.isolation == "silo"] for name in bases}
    return [_cell(root, base, bases, silos, _Table(limits, granted, tier, live)) for _, base in sorted(bases.items())]


def lower_than_files(root: Path, live: LiveQuotas) -> list[str]:
    """Each quota of which AWS grants less than the files count on. Raises ProblemsError as `read_cells` does."""
    granted = load_fleet(root).quotas if (root / FILE).is_file() else ()
    limits = uses()
    table = _Table(limits, granted, DEFAULT_TIER, live)
    places = {(one.account, one.region): one for one in read_bases(root).values()}
    found = []
    for (account, region), base in sorted(places.items()):
        for use in limits:
            now, counted = live.granted.get((account, region, use.quota.name)), table.in_files(use, base)
            if now is not None and counted is not None and now < counted:
                own = any((one.account, one.region, one.name) == (account, region, use.quota.name) for one in granted)
                file = FILE if own else "docs/limits.md"
                found.append(
                    f"{use.quota.name} in {account}, {region}: AWS grants {now:,.0f}, and {file} counts on "
                    f"{counted:,.0f}; ask AWS for more, or write what it grants into {FILE}"
                )
    return found


def _refuse_unknown(root: Path, granted: Sequence[GrantedQuota], limits: Sequence[Use]) -> None:
    known = [one.quota.name for one in limits]
    problems = [
        Problem(
            path=f"quotas[{index}].name",
            message=f"{one.name} is no limit of docs/limits.md{suggestion(one.name, known)}",
        )
        for index, one in enumerate(granted)
        if one.name not in known
    ]
    if problems:
        raise ProblemsError(read_yaml(root / FILE).locate(problems))


@dataclass(frozen=True)
class _Table:
    limits: Sequence[Use]
    granted: Sequence[GrantedQuota]
    tier: str
    live: LiveQuotas

    def most(self, use: Use, base: Base) -> float | None:
        """What the account may have: what AWS says now, or the files."""
        now = self.live.granted.get((base.account, base.region, use.quota.name))
        return self.in_files(use, base) if now is None else now

    def in_files(self, use: Use, base: Base) -> float | None:
        """As granted in fleet.yaml, or AWS's default; of a number that was read nowhere only the granted one counts."""
        for one in self.granted:
            if (one.account, one.region, one.name) == (base.account, base.region, use.quota.name):
                return one.granted
        return float(use.quota.quota) if use.quota.source and isinstance(use.quota.quota, int | float) else None


def _cell(
    root: Path, base: Base, bases: Mapping[str, Base], silos: Mapping[str, Sequence[Tenant]], table: _Table
) -> Cell:
    settings = settings_in(stack_file(root, base.stack)) or {}
    rooms = {**dict(_own_rooms(settings, silos[base.stack], table.tier)), **dict(_rooms(base, bases, silos, table))}
    limit = min(rooms, key=lambda name: rooms[name], default="")
    alone = {**dict(_own_rooms(settings, (), table.tier)), **dict(_rooms_alone(base, table))}
    shared = dict(_rooms(base, bases, silos, table, further=1))
    shared_limit = min(shared, key=lambda name: shared[name], default="")
    service = settings.get("service")
    return Cell(
        base=base,
        residency=tuple(settings.get("residency") or ()),
        https=isinstance(service, Mapping) and bool(service.get("certificateArn")),
        silos=len(silos[base.stack]),
        room=max(0, rooms.get(limit, 0)),
        limit=limit,
        alone=max(0, min(alone.values(), default=0)),
        shared=max(0, shared.get(shared_limit, 0)),
        shared_limit=shared_limit,
    )


def _own_rooms(settings: Mapping[str, Any], silos: Iterable[Tenant], tier: str) -> Iterator[tuple[str, int]]:
    """By the limits that no request moves, counted by each customer's tier."""
    standing = list(silos)
    for limit in capacity.known_limits(settings):
        taken = limit.base + sum(limit.silo(str(one.tier)) for one in standing)
        yield limit.name, (limit.most - taken) // limit.silo(tier)


def _rooms(
    base: Base, bases: Mapping[str, Base], silos: Mapping[str, Sequence[Tenant]], table: _Table, further: int = 0
) -> Iterator[tuple[str, int]]:
    """By the limits that AWS raises on request, shared as each one is; of `further` base stacks by the shared alone."""
    for use in table.limits:
        most = table.most(use, base)
        if most is None or (further and use.quota.scope == "base"):
            continue
        sharing = [one for one in bases.values() if _shares(use.quota.scope, base, one)]
        taken = use.base * further + sum(use.base + use.silo * len(silos[one.stack]) for one in sharing)
        yield f"{use.quota.name} ({most:,.0f})", int((most - taken) // use.silo)


def _rooms_alone(base: Base, table: _Table) -> Iterator[tuple[str, int]]:
    """In an account that is like this one and holds nothing yet."""
    for use in table.limits:
        most = table.most(use, base)
        if most is not None:
            yield f"{use.quota.name} ({most:,.0f})", int((most - use.base) // use.silo)


def _shares(scope: str, base: Base, other: Base) -> bool:
    if scope == "base":
        return other.stack == base.stack
    return other.account == base.account and (scope == "account" or other.region == base.region)


def choose(cells: Sequence[Cell], needs: CellNeeds) -> Choice:
    """The fitting cell of which the least is taken.

    Raises ProblemsError with what stands against each cell.
    """
    against = {cell.name: _against(cell, needs) for cell in cells if cell.base.environment == needs.environment}
    fitting = [cell for cell in cells if against.get(cell.name) == ""]
    if not fitting:
        reasons = "; ".join(f"{name} {reason}" for name, reason in against.items()) or "there is none"
        message = f"no base stack of {needs.environment} takes this customer: {reasons}"
        raise ProblemsError([Problem(path="base", message=message)])
    chosen = min(fitting, key=lambda cell: (cell.taken, cell.name))
    others = [f"{name} {reason}" for name, reason in against.items() if reason]
    why = (
        f"{chosen.name}: lies in {chosen.base.region}, {chosen.silos} silos stand there and {chosen.room} more fit "
        f"({chosen.limit}); the least taken of {len(fitting)} that fit"
    )
    return Choice(cell=chosen, why="; ".join([why, *others]))


def _against(cell: Cell, needs: CellNeeds) -> str:
    """Why a cell does not fit; empty if it does."""
    if cell.base.region not in needs.regions:
        return f"lies in {cell.base.region}, outside the residency"
    outside = sorted(set(cell.residency) - set(needs.regions))
    if needs.isolation == "pool":
        return f"may keep its pool's data in {', '.join(outside)}, outside the residency" if outside else ""
    if not cell.https:
        return "serves plain HTTP"
    return "" if cell.room else f"is full: {cell.limit}"


def full(root: Path, base: str, tier: str | None) -> str:
    """The limit that leaves no room for one more silo on a base stack, and what to do; empty where one fits."""
    cell = next((one for one in read_cells(root, tier or DEFAULT_TIER) if one.name == base), None)
    if cell is None or cell.room:
        return ""
    return (
        f"{base} is full: {cell.limit}; take another base stack (`workbuoy fleet cells`), make the next one "
        f"(`workbuoy fleet cells --next {base}`), or write what AWS granted into quotas of {FILE}"
    )


def as_json(cell: Cell) -> dict[str, Any]:
    """One cell, for programs."""
    return {
        "stack": cell.name,
        "environment": cell.base.environment,
        "account": cell.base.account,
        "region": cell.base.region,
        "residency": list(cell.residency),
        "silos": cell.silos,
        "room": cell.room,
        "limit": cell.limit,
        "taken": round(cell.taken, 3),
    }


def nearly_full(cell: Cell) -> bool:
    """Whether it is time for the next cell."""
    return cell.taken >= capacity.NEARLY_FULL
