"""What a silo leaves behind when it is destroyed, and the record of it: `tenants/offboarded/NAME.yaml`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import yaml

from components.secrets import RECOVERY_WINDOW_DAYS
from infra.tenants.record import Tenant

_KEY, _INSTANCE, _BUCKET, _LOG_GROUP, _SECRET = (
    "aws:kms/key:Key",
    "aws:rds/instance:Instance",
    "aws:s3/bucket:Bucket",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:secretsmanager/secret:Secret",
)


@dataclass(frozen=True, kw_only=True)
class Left:
    """What stands in a stack's state and outlives it, or goes with it."""

    resources: int
    database: str
    final_snapshot: str
    backup_days: int
    buckets: tuple[str, ...]
    log_groups: tuple[str, ...]
    secrets: tuple[str, ...]
    key_arns: tuple[str, ...]

    def keys_deletable_after(self, destroyed: date, snapshot_days: int) -> date:
        """The day after which nothing is left that needs a key."""
        return destroyed + timedelta(days=max(self.backup_days, snapshot_days, RECOVERY_WINDOW_DAYS))


def left_by(deployment: Mapping[str, Any], outputs: Mapping[str, Any]) -> Left:
    """What a state and its outputs tell. The final snapshot's name is empty where the stack makes none."""
    found = list(_resources(deployment))
    instance = next((one for one in found if one["type"] == _INSTANCE), {})
    inputs = _values(instance)
    skips = bool(inputs.get("skipFinalSnapshot"))
    return Left(
        resources=sum(bool(one.get("custom")) for one in found),
        database=str(inputs.get("identifier", "")),
        final_snapshot="" if skips else str(outputs.get("databaseFinalSnapshotName", "")),
        backup_days=0 if inputs.get("deleteAutomatedBackups", True) else int(inputs.get("backupRetentionPeriod") or 0),
        buckets=_named(found, _BUCKET, "bucket"),
        log_groups=_named(found, _LOG_GROUP, "name"),
        secrets=_named(found, _SECRET, "name"),
        key_arns=_named(found, _KEY, "arn"),
    )


def protections(deployment: Mapping[str, Any]) -> Iterator[str]:
    """What still refuses a deletion, in the state as it was deployed."""
    for one in _resources(deployment):
        name, values = one["urn"].rpartition("::")[2], _values(one)
        if one.get("protect"):
            yield f"{name} is protected"
        if one["type"] == _INSTANCE and values.get("deletionProtection"):
            yield f"{name} has deletion protection"
        if one["type"] == _BUCKET and not values.get("forceDestroy"):
            yield f"{name} is deleted only when it is empty"


def _resources(deployment: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for one in deployment.get("resources") or ():
        if not one.get("delete") and not one["type"].startswith("pulumi:"):
            yield one


def _values(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {**(resource.get("inputs") or {}), **(resource.get("outputs") or {})}


def _named(resources: Sequence[Mapping[str, Any]], type_: str, key: str) -> tuple[str, ...]:
    found = (_values(one).get(key) for one in resources if one["type"] == type_)
    return tuple(sorted(str(one) for one in found if one))


def plan_text(stack: str, left: Left, deletable: date) -> str:
    """What goes and what stays, before anybody confirms."""
    snapshot = left.final_snapshot or "none: this stack is not permanent"
    kept = ", ".join(left.secrets) or "none"
    return "\n".join(
        (
            f"{stack}: {left.resources} resources",
            "Goes, for good:",
            f"  database {left.database}, its service, roles, alarms",
            *(f"  bucket {name}, every object and version" for name in left.buckets),
            *(f"  log group {name}" for name in left.log_groups),
            "Stays:",
            f"  final snapshot {snapshot}",
            f"  automated backups of the database: {left.backup_days} days",
            f"  secrets, which can be restored for {RECOVERY_WINDOW_DAYS} days: {kept}",
            *(f"  key {arn}, which may be deleted after {deletable}" for arn in left.key_arns),
        )
    )


def record_text(
    tenant: Tenant,
    left: Left,
    *,
    destroyed: date,
    deletable: date,
    confirmed_by: str,
    export: str | None,
    without_export: str | None,
) -> str:
    """The record of the leaving."""
    whole: dict[str, Any] = {
        "name": tenant.name,
        "legalName": tenant.legal_name,
        "isolation": tenant.isolation,
        "base": tenant.base,
        "region": tenant.region,
        "stack": tenant.stack,
        "dates": {"signed": tenant.dates.signed, "retiring": tenant.dates.retiring, "destroyed": destroyed},
        "confirmedBy": confirmed_by,
        "export": export or {"without": without_export},
    }
    if tenant.isolation == "silo":
        whole |= {
            "finalSnapshot": left.final_snapshot or None,
            "automatedBackupsEnd": destroyed + timedelta(days=left.backup_days),
            "secretsEnd": destroyed + timedelta(days=RECOVERY_WINDOW_DAYS),
            "keys": {"deletableAfter": deletable, "arns": list(left.key_arns)},
        }
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=118)
