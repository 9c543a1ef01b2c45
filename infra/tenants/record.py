"""What `tenants/NAME.yaml` says about one customer."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, PrivateAttr

from components.service_settings import LoginSettings
from components.settings import (
    HOST_NAME,
    LONGEST_HOST_NAME,
    REGION,
    BrokenRule,
    Email,
    NonBlank,
    Region,
    Rule,
    Settings,
    find_certificate_fault,
)
from infra.tenants.dates import Dates
from infra.tenants.listing import FOLDER
from infra.tenants.residency import Residency, allowed_regions
from infra.tenants.tiers import TIERS

LONGEST_NAME = 20
# The longest physical name made of a stack's is the log bucket's, workbuoy-STACK-files-logs-XXXXXXXX, of 63 at most:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
LONGEST_STACK_NAME = 63 - len("workbuoy-") - len("-files-logs-") - 8
BASE_CERTIFICATE = "base"
_CERTIFICATE = rf"^({BASE_CERTIFICATE}|arn:aws:acm:[a-z0-9-]+:\d{{12}}:certificate/.+)$"
LAST_PRIORITY = 49999  # 50000 is the base stack's own rule

_NAME = re.compile(r"[a-z](-?[a-z0-9])*")
RESERVED_NAMES = frozenset(
    """
    admin all api app auth base default demo dev export exports files imports internal local localhost login mail
    none null offboarded pool prod production public root shared silo staging static status support system tenant
    tenants test workbuoy www
    """.split()  # noqa: SIM905  a list of words reads better as words
)


def _usable_name(name: str) -> str:
    """A name for stacks, roles, buckets and host names. Raises ValueError with what is wrong with it."""
    if len(name) > LONGEST_NAME:
        raise ValueError(f"has {len(name)} characters; at most {LONGEST_NAME} fit into every name made of it")
    if not _NAME.fullmatch(name):
        raise ValueError("must be small letters, digits and single dashes, a letter first, no dash at the end")
    if name in RESERVED_NAMES:
        raise ValueError("is reserved; choose the customer's own name")
    if REGION.match(name):
        raise ValueError("looks like a region; choose the customer's own name")
    return name


TenantName = Annotated[
    str,
    AfterValidator(_usable_name),
    Field(description=f"At most {LONGEST_NAME} small letters, digits and dashes; never changes"),
]


class Contact(Settings):
    """Whom to reach at the customer."""

    name: Annotated[NonBlank, Field(max_length=100, examples=["Kari Nordmann"])]
    email: Email
    role: Literal["privacy", "technical", "billing"]


class Move(Settings):
    """The other place of a customer who moves to another base stack: it takes the data over, or has handed them over.

    Before the switch the record's own `base` serves and this one receives; at the switch both change places.
    """

    direction: Annotated[
        Literal["to", "from"], Field(description="to: the customer goes there; from: they came from there")
    ]
    base: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", examples=["prod-eu-north-1"])]
    region: Annotated[Region, Field(examples=["eu-north-1"])]
    listener_priority: Annotated[
        int | None, Field(ge=1, le=LAST_PRIORITY, description="Of a silo's rule on that base stack")
    ] = None
    certificate_arn: Annotated[
        str | None,
        Field(
            pattern=_CERTIFICATE,
            examples=["arn:aws:acm:eu-north-1:111122223333:certificate/0123abcd"],
            max_length=2048,
            description="Of a silo, in that region; or base, where that base's own covers hostName",
        ),
    ] = None
    since: Annotated[date | None, Field(description="Day of the switch; the place left may go some days later")] = None
    retiring: Annotated[
        date | None,
        Field(
            description="Set in a reviewed change, it lifts the protections that refuse deleting a silo's stack there"
        ),
    ] = None


def _move_is_of_its_isolation(tenant: "Tenant", move: Move) -> Iterator[BrokenRule]:
    own: dict[str, object] = {"listenerPriority": move.listener_priority, "certificateArn": move.certificate_arn}
    for path, value in own.items():
        if tenant.isolation == "silo" and value is None:
            yield f"move.{path}", "is required for a silo's second stack; add it"
    for path, value in {**own, "retiring": move.retiring}.items():
        if tenant.isolation == "pool" and value is not None:
            yield f"move.{path}", "is a silo's; a pool tenant shares its base stack's: leave it out"


def _move_is_allowed(tenant: "Tenant") -> Iterator[BrokenRule]:
    move = tenant.move
    if move is None:
        return
    allowed = allowed_regions(tenant.residency)
    if move.region not in allowed:
        yield "move.region", f"{move.region} lies outside residency ({', '.join(allowed)}); data stand in both places"
    if move.base == tenant.base:
        yield "move.base", "is the base stack that the record names already; name the other one"
    if tenant.promotion is not None:
        yield "move", "cannot go on while promotion is open: end one before the other begins"
    if tenant.dates.retiring is not None:
        yield "move", "has no end where dates.retiring is set: close the move first, so that no second place is left"
    yield from _move_is_of_its_isolation(tenant, move)
    arn = move.certificate_arn
    if arn not in (None, BASE_CERTIFICATE) and (fault := find_certificate_fault(str(arn), move.region)):
        yield "move.certificateArn", fault
    if tenant.isolation == "silo" and len(f"{move.base}-{tenant.name}") > LONGEST_STACK_NAME:
        yield "move.base", f"makes the stack name {move.base}-{tenant.name} too long"


def _promotion_ends_first(tenant: "Tenant") -> Iterator[BrokenRule]:
    if tenant.promotion is not None and tenant.dates.retiring is not None:
        yield (
            "promotion",
            "has no end where dates.retiring is set: remove the customer from the pool, or thaw it there, and close "
            "the promotion first, so that nothing is left in the pool",
        )


def _region_lies_inside_residency(tenant: "Tenant") -> Iterator[BrokenRule]:
    allowed = allowed_regions(tenant.residency)
    if tenant.region not in allowed:
        yield "region", f"{tenant.region} lies outside residency ({', '.join(allowed)}); choose one of these"


def _silo_is_complete(tenant: "Tenant") -> Iterator[BrokenRule]:
    needed = {
        "tier": tenant.tier,
        "hostName": tenant.host_name,
        "listenerPriority": tenant.listener_priority,
        "certificateArn": tenant.certificate_arn,
    }
    for path, value in needed.items():
        if tenant.isolation == "silo" and value is None:
            yield path, "is required for a silo; add it"
        if tenant.isolation == "pool" and value is not None:
            yield path, "is a silo's; a pool tenant shares its base stack's: leave it out"
    if tenant.isolation == "pool" and tenant.login is not None:
        yield "login", "is a silo's; a pool tenant shares its base stack's: leave it out"
    if tenant.isolation == "pool" and tenant.promotion is not None:
        yield "promotion", "belongs to a silo that takes over a pool tenant's data: set isolation to silo with it"


def _stack_name_fits(tenant: "Tenant") -> Iterator[BrokenRule]:
    if tenant.isolation == "silo" and len(tenant.stack) > LONGEST_STACK_NAME:
        most = LONGEST_STACK_NAME - len(tenant.base) - 1
        yield (
            "name",
            f"makes the stack name {tenant.stack} too long; on base {tenant.base} at most {most} characters fit",
        )


def _certificate_lies_in_region(tenant: "Tenant") -> Iterator[BrokenRule]:
    arn = tenant.certificate_arn
    if arn not in (None, BASE_CERTIFICATE) and (fault := find_certificate_fault(str(arn), tenant.region)):
        yield "certificateArn", fault


def _login_is_real(tenant: "Tenant") -> Iterator[BrokenRule]:
    if tenant.login and tenant.login.mock:
        yield "login.mock", "a customer never gets the mock login: give issuerUrl and clientId"


class PlatformOutside(Settings):
    """The owner's decision that the account's own stores (the engine's state, the trail, images) may lie outside."""

    regions: Annotated[
        tuple[Region, ...],
        Field(min_length=1, max_length=6, description="Where they may lie besides residency; never customer data"),
    ]
    reason: Annotated[
        str,
        Field(
            min_length=20,
            max_length=300,
            examples=["Annex 2 of the agreement: names of systems and traces of staff may lie in Ireland"],
            description="Why, in words that the customer can read: they stand in its record of processing",
        ),
    ]


def _decision_is_needed(tenant: "Tenant") -> Iterator[BrokenRule]:
    allowed = allowed_regions(tenant.residency)
    for index, region in enumerate(tenant.platform_outside.regions if tenant.platform_outside else ()):
        if region in allowed:
            yield f"platformOutside.regions[{index}]", f"{region} lies inside residency: leave it out"


class Tenant(Settings):
    """One customer: who, which isolation, where, and what residency allows."""

    name: TenantName
    legal_name: Annotated[NonBlank, Field(max_length=200, examples=["Acme AS"])]
    isolation: Annotated[
        Literal["pool", "silo"],
        Field(description="pool: rows in the base stack's database; silo: a stack of its own"),
    ]
    base: Annotated[
        str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", examples=["prod"], description="Base stack, such as prod")
    ]
    region: Annotated[Region, Field(description="Never changes: a move is a second stack")]
    residency: Annotated[Residency, Field(description="A jurisdiction such as eea, or a list of regions")]
    tier: Annotated[Literal[*TIERS] | None, Field(description="Sizes of a silo")] = None  # type: ignore[valid-type]
    host_name: Annotated[
        str | None,
        Field(pattern=HOST_NAME, examples=["acme.example.org"], max_length=LONGEST_HOST_NAME, description="Of a silo"),
    ] = None
    listener_priority: Annotated[
        int | None, Field(ge=1, le=LAST_PRIORITY, description="Of a silo's rule; one of its own on each base stack")
    ] = None
    certificate_arn: Annotated[
        str | None,
        Field(
            pattern=_CERTIFICATE,
            examples=["arn:aws:acm:eu-west-1:111122223333:certificate/0123abcd"],
            max_length=2048,
            description="ACM certificate for hostName, in the region; or base, where the base's own covers it",
        ),
    ] = None
    login: Annotated[LoginSettings | None, Field(description="A silo's own OIDC provider; else the base's")] = None
    contacts: Annotated[tuple[Contact, ...], Field(min_length=1, max_length=20)]
    dates: Dates
    platform_outside: Annotated[
        PlatformOutside | None,
        Field(description="Accepts that state, trail or images of the account lie outside residency"),
    ] = None
    promotion: Annotated[
        Literal["open"] | None,
        Field(description="While open, the base's service may put an export into this silo's bucket"),
    ] = None

    move: Annotated[Move | None, Field(description="While the customer moves to another base stack")] = None

    rules: ClassVar[tuple[Rule, ...]] = (
        _region_lies_inside_residency,
        _move_is_allowed,
        _promotion_ends_first,
        _silo_is_complete,
        _stack_name_fits,
        _certificate_lies_in_region,
        _login_is_real,
        _decision_is_needed,
    )

    _path: str = PrivateAttr(default="")

    @property
    def path(self) -> str:
        """Where the record lies, from the project's root."""
        return self._path or f"{FOLDER}/{self.name}.yaml"

    def lying_at(self, path: str) -> "Tenant":
        """The same record in another folder."""
        if path == self.path:
            return self
        lying = self.model_copy()
        lying._path = path
        return lying

    @property
    def stack(self) -> str:
        """The stack that holds the customer's data: its own for a silo, else the base."""
        return f"{self.base}-{self.name}" if self.isolation == "silo" else self.base

    @property
    def other(self) -> "Tenant | None":
        """The same customer as the other place of a move has them; none where nobody moves."""
        if self.move is None:
            return None
        here = Move(
            direction="from" if self.move.direction == "to" else "to",
            base=self.base,
            region=self.region,
            listener_priority=self.listener_priority,
            certificate_arn=self.certificate_arn,
            since=self.move.since,
            retiring=self.dates.retiring,
        )
        there = {name: getattr(self.move, name) for name in ("base", "region", "listener_priority", "certificate_arn")}
        dates = self.dates.model_copy(update={"retiring": self.move.retiring})
        return self.model_copy(update={**there, "dates": dates, "move": here})

    @property
    def places(self) -> tuple["Tenant", ...]:
        """Everywhere the customer's data stand: one place, or two while they move; the one that serves comes first."""
        return (self,) if (other := self.other) is None else (self, other)

    @property
    def silos(self) -> tuple["Tenant", ...]:
        """Each place where the customer has a stack of its own; none of one of the pool."""
        return self.places if self.isolation == "silo" else ()

    @property
    def unsettled(self) -> tuple["Tenant", ...]:
        """Those that may not stand: a move's step has yet to make it, or it retires and may be destroyed."""
        waits = self.move is not None and self.move.direction == "to"
        return tuple(one for one in self.silos if one.dates.retiring is not None or (waits and one is not self))

    @property
    def updated_silos(self) -> tuple["Tenant", ...]:
        """Those that releases go to: a stack that was left and only waits to be destroyed would be made again."""
        return tuple(one for one in self.silos if one is self or one.dates.retiring is None)

    @property
    def promoted_from(self) -> "Tenant | None":
        """The same customer as the pool has them that a promotion takes them from; none where it is not open."""
        return self.model_copy(update={"isolation": "pool", "promotion": None}) if self.promotion else None

    @property
    def everywhere(self) -> tuple["Tenant", ...]:
        """`places`, and the pool that a promotion takes the customer's data from."""
        return (*self.places, *([pool] if (pool := self.promoted_from) else []))

    def at(self, stack: str) -> "Tenant":
        """As this stack has the customer; the record itself where it is of neither place."""
        return next((one for one in self.places if one.stack == stack), self)
