"""A legal hold: what refuses under it, which settings of a silo change, and what it cannot stop in a pool."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.problems import Problem, ProblemsError
from infra.tenants.dates import Hold
from infra.tenants.record import Tenant

HELD_VERSIONS_DAYS: Final = 36500
"""The most that the settings take: a century, so that the rule which every bucket must have ends nothing."""
HELD_BACKUPS_DAYS: Final = 35
"""The most that RDS takes.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupRetention.html
"""
HELD_SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "database": {"backupRetentionDays": HELD_BACKUPS_DAYS},
    "files": {"deleteAfterDays": None, "expireNoncurrentAfterDays": HELD_VERSIONS_DAYS},
}


def refuse_under_hold(tenant: Tenant, refused: str) -> None:
    """Raises ProblemsError where the record says that the customer is held; `refused` is what does not happen."""
    if tenant.dates.hold is not None:
        raise ProblemsError([held_problem(tenant, tenant.dates.hold, refused)])


def held_problem(tenant: Tenant, hold: Hold, refused: str) -> Problem:
    """One line that names file and reason."""
    message = f"{tenant.name} is held since {hold.since} ({hold.reason}): {refused}; a reviewed change releases it"
    return Problem(file=tenant.path, path="dates.hold", message=message)


def pool_obstacles(tenant: Tenant, base: Mapping[str, Any]) -> Iterator[Problem]:
    """A base stack that deletes every customer's files of an age cannot spare those of one who is held."""
    files = base.get("files")
    days = files.get("deleteAfterDays") if isinstance(files, Mapping) else None
    if tenant.dates.hold is not None and tenant.isolation == "pool" and days is not None:
        yield Problem(
            path="dates.hold",
            message=f"cannot hold: {tenant.base} deletes files of all its customers after {days} days "
            "(files.deleteAfterDays), and a rule spares nobody: set that to null, or promote the customer first",
        )


def pool_warning(tenant: Tenant, base: Mapping[str, Any]) -> str | None:
    """What goes on ending of a pool customer who is held, since one rule of the bucket is everybody's."""
    if tenant.dates.hold is None or tenant.isolation != "pool":
        return None
    files = base.get("files")
    days = files.get("expireNoncurrentAfterDays") if isinstance(files, Mapping) else None
    return (
        f"{tenant.path}: dates.hold: does not keep what the customer's own people delete or overwrite: "
        f"in the pool of {tenant.base} older versions of files end after {days} days, and rows with the backups. "
        "Freeze the customer, or promote it: a silo's files do not expire while it is held"
    )
