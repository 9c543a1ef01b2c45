"""What the repository holds: base stacks and customers, as far as choosing between them needs it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bootstrap.home import accounts_in, home_region
from bootstrap.names import state_address
from infra.placeholders import PLACEHOLDER_ACCOUNT
from infra.problems import Problem, ProblemsError
from infra.stack_files import settings_of, stack_file, stacks_in
from infra.tenants.listing import list_records
from infra.yaml_index import index_of

LOCAL: Final = "local"  # the environment that stands on a laptop alone
DEFAULT_ARCHITECTURE: Final = "arm64"  # components.service_settings.ServiceSettings.architecture


@dataclass(frozen=True, kw_only=True)
class Base:
    """A stack that stands by itself. `backend` is where the engine keeps its state, as bootstrap names it."""

    stack: str
    environment: str
    account: str
    region: str
    repository: str
    architecture: str
    backend: str
    drilled: bool
    """Whether a restore of it, and of the silos on it, is tried every week."""

    @property
    def reachable(self) -> bool:
        """Whether its account is a real one."""
        return not PLACEHOLDER_ACCOUNT.fullmatch(self.account)


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A tenant and the stack that holds its data: its own for a silo, else its base. `tier` are a silo's sizes.

    `other` are they in their other place, while they move. A silo that is not `made` waits for the move's step; one
    that `retires` may be destroyed.
    """

    tenant: str
    isolation: str
    base: Base
    tier: str = ""
    other: "Customer | None" = None
    made: bool = True
    retires: bool = False

    @property
    def stack(self) -> str:
        """Named as `infra.tenants.record.Tenant.stack`."""
        return f"{self.base.stack}-{self.tenant}" if self.isolation == "silo" else self.base.stack

    @property
    def places(self) -> "tuple[Customer, ...]":
        """Everywhere their data stand, as `infra.tenants.record.Tenant.places`; the one that serves comes first."""
        return (replace(self, other=None), *([self.other] if self.other else []))


@dataclass(frozen=True, kw_only=True)
class ListedEstate:
    """Base stacks (without the laptop's) and customers, each by name; accounts by their stacks in `bootstrap/`."""

    bases: Mapping[str, Base]
    customers: Mapping[str, Customer]
    accounts: tuple[str, ...] = ()


def read_estate(root: Path) -> ListedEstate:
    """Read every stack file and tenant file. Raises ProblemsError with all files that say too little."""
    problems: list[Problem] = []
    bases = _bases(root, problems)
    listing = list_records(root)
    problems += listing.problems
    customers = {
        name: one
        for name in listing.names()
        if (one := _customer(root, name, listing.path(name), bases, problems)) is not None
    }
    if problems:
        raise ProblemsError(problems)
    index_of(root).keep()
    return ListedEstate(bases=bases, customers=customers, accounts=accounts_in(root))


def read_bases(root: Path, silo_stacks: Collection[str] = ()) -> dict[str, Base]:
    """Every base stack, without the laptop's. Raises ProblemsError with all stack files that say too little.

    `silo_stacks` names stacks that are known to be customers' own, whose files need not be read.
    """
    problems: list[Problem] = []
    bases = _bases(root, problems, silo_stacks)
    if problems:
        raise ProblemsError(problems)
    return bases


def _bases(root: Path, problems: list[Problem], silo_stacks: Collection[str] = ()) -> dict[str, Base]:
    files = {stack: stack_file(root, stack) for stack in stacks_in(root) if stack not in silo_stacks}
    settings = {stack: settings_of(_content(root, file.name, problems)) for stack, file in files.items()}
    return {
        stack: base
        for stack, found in settings.items()
        if found is not None and found.get("environment") != LOCAL
        if (base := _base(stack, found, settings, files[stack], problems)) is not None
    }


def _content(root: Path, file: str, problems: list[Problem]) -> Mapping[str, Any]:
    try:
        return index_of(root).of(file)
    except ProblemsError as error:
        problems += error.problems
        return {}


def _base(
    stack: str,
    settings: Mapping[str, Any],
    all_settings: Mapping[str, Mapping[str, Any] | None],
    file: Path,
    problems: list[Problem],
) -> Base | None:
    service, watched = settings.get("service"), settings.get("observability")
    service = service if isinstance(service, Mapping) else {}
    image = service.get("image")
    repository = image.get("repository") if isinstance(image, Mapping) else None
    needed = {
        "environment": settings.get("environment"),
        "account": settings.get("account"),
        "region": settings.get("region"),
        "service.image.repository": repository,
    }
    missing = [path for path, value in needed.items() if not isinstance(value, str)]
    problems += [Problem(file=file.name, path=path, message="is missing; add it, as text") for path in missing]
    if missing:
        return None
    environment, account, region = (str(settings[name]) for name in ("environment", "account", "region"))
    home = home_region(file.parent, environment, account) or (all_settings.get(environment) or settings).get(
        "region", region
    )
    return Base(
        stack=stack,
        environment=environment,
        account=account,
        region=region,
        repository=str(repository),
        architecture=str(service.get("architecture", DEFAULT_ARCHITECTURE)),
        backend=state_address(account, str(home)),
        drilled=isinstance(watched, Mapping) and watched.get("drillWithinDays") is not None,
    )


def _customer(root: Path, name: str, place: str, bases: Mapping[str, Base], problems: list[Problem]) -> Customer | None:
    before = len(problems)
    content = _content(root, place, problems)
    if len(problems) > before:
        return None
    isolation, move, dates = (content.get(key) for key in ("isolation", "move", "dates"))
    named = {"base": content.get("base"), **({"move.base": move.get("base")} if isinstance(move, Mapping) else {})}
    if isolation not in ("pool", "silo"):
        problems.append(Problem(file=place, path="isolation", message="must be pool or silo"))
        return None
    problems += [
        Problem(file=place, path=path, message=f"{base} is no base stack; known: {', '.join(bases)}")
        for path, base in named.items()
        if base not in bases
    ]
    if len(problems) > before:
        return None
    customer = Customer(
        tenant=name,
        isolation=isolation,
        base=bases[str(content.get("base"))],
        tier=str(content.get("tier") or ""),
        retires=isinstance(dates, Mapping) and bool(dates.get("retiring")),
    )
    if not isinstance(move, Mapping):
        return customer
    made, retires = move.get("direction") == "from", bool(move.get("retiring"))
    return replace(customer, other=replace(customer, base=bases[str(move.get("base"))], made=made, retires=retires))
