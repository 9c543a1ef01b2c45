"""Settings of the account that keeps copies of other accounts' backups, and of nothing else."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from bootstrap.settings import AnyAccountSettings
from components.backup_settings import MOST_DAYS, too_long
from components.settings import AccountId, BrokenRule, Region, Rule, Settings

VAULT: Literal["vault"] = "vault"
_Days = Annotated[int, Field(ge=1)]


def _bounded(copies: "CopiesSettings") -> Iterator[BrokenRule]:
    yield from too_long("mostDays", copies.most_days)
    if copies.least_days > copies.most_days:
        yield "leastDays", f"is {copies.least_days}, more than mostDays ({copies.most_days}): no copy would fit"


class CopiesSettings(Settings):
    """A vault for the copies of one account, and how it is locked."""

    account: Annotated[
        AccountId,
        Field(
            description="Whose backups are copied here; the one account that may put anything into the vault",
        ),
    ]
    region: Annotated[Region, Field(description="Of the vault")]
    lock: Annotated[
        Literal["governance", "compliance"],
        Field(
            description="Who may lift the lock: an administrator of this account, or, once the days of grace are over, "
            "nobody, AWS included. Begin with governance"
        ),
    ] = "governance"
    grace_days: Annotated[
        int, Field(ge=3, le=365, description="With compliance: how long the lock can still be taken back")
    ] = 14
    least_days: Annotated[_Days, Field(description="A copy is kept for so long at least")] = 7
    most_days: Annotated[
        _Days, Field(description=f"A copy is kept for so long at most: {MOST_DAYS} days, which bounds an erasure")
    ] = MOST_DAYS

    rules: ClassVar[tuple[Rule, ...]] = (_bounded,)


def _vaults_lie_inside_residency(account: "VaultAccountSettings") -> Iterator[BrokenRule]:
    for index, one in enumerate(account.copies):
        if one.region not in account.residency:
            yield f"copies[{index}].region", f"{one.region} lies outside residency ({', '.join(account.residency)})"


def _vaults_stand_once(account: "VaultAccountSettings") -> Iterator[BrokenRule]:
    seen: set[tuple[str, str]] = set()
    for index, one in enumerate(account.copies):
        if (one.account, one.region) in seen:
            yield f"copies[{index}]", f"is a second vault for {one.account} in {one.region}; keep one"
        seen.add((one.account, one.region))


def _copies_come_from_elsewhere(account: "VaultAccountSettings") -> Iterator[BrokenRule]:
    for index, one in enumerate(account.copies):
        if one.account == account.account:
            yield f"copies[{index}].account", "is this account: a copy beside its original is not out of reach"


class VaultAccountSettings(AnyAccountSettings):
    """An account that nobody deploys to: it trusts no workflow, and has no role for people but AWS's own."""

    environment: Literal["vault"]
    copies: Annotated[
        tuple[CopiesSettings, ...], Field(min_length=1, description="One vault for each account and region")
    ]

    rules: ClassVar[tuple[Rule, ...]] = (
        *AnyAccountSettings.rules,
        _vaults_lie_inside_residency,
        _vaults_stand_once,
        _copies_come_from_elsewhere,
    )
