"""What a person decides about the copy of the backups in another account: where, when, and how long each is kept."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from components.settings import AccountId, BrokenRule, Region, Rule, Settings

MOST_DAYS = 35
START_WITHIN_MINUTES = 60  # the shortest that AWS takes
COMPLETE_WITHIN_MINUTES = 12 * 60
S3_LATE_DAYS = 2
"""S3 deletes by a rule within this time of the rule's day.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
"""
_TIME = r"([01]\d|2[0-3]):[0-5]\d"


def too_long(path: str, days: int) -> Iterator[BrokenRule]:
    """A locked copy outlasts every request for erasure, so that how long it is kept is how long that takes."""
    if days > MOST_DAYS:
        yield (
            path,
            f"is {days}; at most {MOST_DAYS}: nobody can take what a person asks to have erased out of a locked copy, "
            "so it is gone when the last copy that holds it ends",
        )


def _bounded(copy: "BackupCopySettings") -> Iterator[BrokenRule]:
    yield from too_long("keepDays", copy.keep_days)


class BackupCopySettings(Settings):
    """Where a copy of the backups goes, out of reach of this account, and how long each is kept."""

    account: Annotated[
        AccountId,
        Field(
            examples=["444455556666"],
            description="Another account of the same organization, whose bootstrap keeps copies of this one's backups",
        ),
    ]
    region: Annotated[
        Region | None,
        Field(
            description="Of the other account's vault, inside residency; without one it is the stack's own",
        ),
    ] = None
    keep_days: Annotated[
        int, Field(ge=1, description=f"Each copy is kept for so long: at most {MOST_DAYS}, which bounds an erasure")
    ] = MOST_DAYS
    starts_at: Annotated[
        str,
        Field(pattern=rf"^{_TIME}$", examples=["05:30"], description="Daily, UTC, apart from the database's windows"),
    ] = "05:30"

    rules: ClassVar[tuple[Rule, ...]] = (_bounded,)

    def region_beside(self, own: str) -> str:
        """The vault's region; `own` is the stack's."""
        return self.region or own
