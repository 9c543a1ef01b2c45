"""One thing that was looked at in an account, and how good it is."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Final

DAILY: Final = timedelta(hours=30)  # something that is made once a day, whenever its window is


class State(IntEnum):
    """The worst first."""

    UNREADABLE = 0  # what there is cannot be read, or will not be for long
    MISSING = 1
    EXPOSED = 2  # others have it too
    UNKNOWN = 3
    GOOD = 4
    NOT_ASKED = 5  # on purpose, and named

    @property
    def well(self) -> bool:
        """Whether nobody has to do anything about it."""
        return self in (State.GOOD, State.NOT_ASKED)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at, and in words what was found."""

    what: str
    state: State
    found: str


@dataclass(frozen=True, kw_only=True)
class BackupTarget:
    """Where to look: a stack's database and bucket by their names in a region, and where both may be.

    `vault` and `copies_vault_arn` are of a copy out of reach, where there is one; `vault_session` is of whoever may
    look into that vault's account, and with `this_account` nobody wants to.
    """

    session: Any
    stack: str
    region: str
    database: str
    bucket: str
    now: datetime
    residency: tuple[str, ...] = ()
    vault: str = ""
    copies_vault_arn: str = ""
    vault_session: Any = None
    this_account: bool = False

    def client(self, service: str) -> Any:
        """Of the region."""
        return self.session.client(service, region_name=self.region)

    def in_copies_account(self) -> "BackupTarget":
        """The same, asked of the account that keeps the copies, in its vault's region."""
        return replace(self, session=self.vault_session, region=self.copies_vault_arn.split(":")[3])


def key_finding(target: BackupTarget, what: str, key: str) -> Finding:
    """Whether a key can be used, and the day on which it goes."""
    found = target.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    if found["KeyState"] == "Enabled":
        return Finding(what=what, state=State.GOOD, found="can be used")
    day = found.get("DeletionDate")
    gone = f", and gone on {day:%Y-%m-%d}" if day else ""
    return Finding(
        what=what, state=State.UNREADABLE, found=f"{found['KeyState']}{gone}: what it encrypts cannot be read"
    )
