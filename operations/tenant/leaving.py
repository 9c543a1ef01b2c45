"""What a silo leaves behind when it is destroyed, and the record of it: `tenants/offboarded/NAME.yaml`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from components.backup_settings import S3_LATE_DAYS
from facts import tokens as t
from facts.captions import ENGLISH
from facts.stores import End, Form, Guard, Reason, Store, guards, stores
from graph import Graph
from infra.tenants.record import Tenant
from infra.yaml_text import as_yaml
from operations.tenant.remains import Remaining

_GUARDED = {Guard.PROTECT: "is protected", Guard.DELETION_PROTECTION: "has deletion protection"}


@dataclass(frozen=True, kw_only=True)
class Left:
    """What stands in a stack's state and outlives it, or goes with it; of `kept_logs` each with how long.

    `buckets` go with everything in them, `kept_buckets` stay with it until their day.
    """

    resources: int = 0
    database: str = ""
    final_snapshot: str = ""
    backup_days: int = 0
    secret_days: int = 30  # the longest recovery window there is
    log_days: int = 0
    version_days: int = 0  # of the kept buckets
    buckets: tuple[str, ...] = ()
    kept_buckets: tuple[str, ...] = ()
    log_groups: tuple[str, ...] = ()
    kept_logs: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    key_arns: tuple[str, ...] = ()

    def keys_deletable_after(self, destroyed: date, snapshot_days: int) -> date:
        """The day after which nothing is left that needs a key: of a kept bucket its last version (remains.py)."""
        versions = snapshot_days + max(self.version_days, snapshot_days) + S3_LATE_DAYS if self.kept_buckets else 0
        days = (self.backup_days, snapshot_days, self.secret_days, self.log_days, versions)
        return destroyed + timedelta(days=max(days))


def left_by(graph: Graph) -> Left:
    """What a state tells. The final snapshot's name is empty where the stack makes none."""
    found = stores(graph)
    logs = [one for one in found if one.form is Form.LOG]
    names = {one.holder.urn: graph.physical_name(one.holder) for one in found}
    gone = [one for one in found if one.after_deletion.end is End.DELETED]
    snapshots = [one.name for one in found if one.after_deletion.reason is Reason.SNAPSHOT_TAKEN]

    def named(of: Sequence[Store], form: Form) -> tuple[str, ...]:
        return tuple(sorted(name for one in of if one.form is form and (name := names[one.holder.urn])))

    kept = [one for one in found if one.after_deletion.end is End.STAYS]
    return Left(
        resources=sum(one.custom and not one.type.startswith("pulumi:") for one in graph.resources),
        database=next((graph.physical_name(one) for one in graph.of(t.DATABASE)), ""),
        final_snapshot=next(iter(snapshots), ""),
        backup_days=_longest(found, Form.AUTOMATED_BACKUPS),
        secret_days=_longest(found, Form.SECRET),
        log_days=_longest(found, Form.LOG),
        version_days=max((int(one.kept.days or 0) for one in kept if one.form is Form.NONCURRENT_VERSIONS), default=0),
        buckets=named(gone, Form.OBJECTS),
        kept_buckets=named(kept, Form.OBJECTS),
        log_groups=named(gone, Form.LOG),
        kept_logs=tuple(f"{names[one.holder.urn]}: {ENGLISH.after_deletion(one)}" for one in logs if one not in gone),
        secrets=named(found, Form.SECRET),
        key_arns=tuple(sorted(one.holder.arn for one in found if one.form is Form.KEY)),
    )


def _longest(found: Sequence[Store], form: Form) -> int:
    """The most days for which data of a form can still be had."""
    waits = [one.after_deletion for one in found if one.form is form and one.after_deletion.end is End.FOR_A_WHILE]
    return max((int(one.days) for one in waits if one.days is not None), default=0)


def protections(graph: Graph) -> Iterator[str]:
    """What still refuses a deletion, in the state as it was deployed, and what the state does not show."""
    for one in graph.resources:
        if not one.type.startswith("pulumi:"):
            yield from (f"{one.name} {_GUARDED[guard]}" for guard in guards(one))
    for store in stores(graph):
        if store.form is Form.OBJECTS and store.after_deletion.end is End.BLOCKS:
            yield f"{store.holder.name} is deleted only when it is empty"
        elif store.after_deletion.reason is Reason.NOT_SHOWN:
            yield f"{store.holder.name}: the state does not show what becomes of its {store.form}"


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
            *(f"  bucket {name}, every object and version, as long as the snapshot" for name in left.kept_buckets),
            f"  automated backups of the database: {left.backup_days} days",
            f"  secrets, which can be restored for {left.secret_days} days: {kept}",
            *(f"  log group {one}" for one in left.kept_logs),
            *(f"  key {arn}, which may be deleted after {deletable}" for arn in left.key_arns),
        )
    )


def record_text(
    tenant: Tenant,
    left: Left,
    *,
    destroyed: date,
    deletable: date | None,
    confirmed_by: str,
    export: str | None,
    without_export: str | None,
    remaining: Sequence[Remaining],
    counted: Mapping[str, Any] | None = None,
    moved: Mapping[str, Any] | None = None,
) -> str:
    """The record of the leaving; `counted` is what was there before and after a removal, `moved` where they went.

    What outlives a stack is reported where the stack itself went.
    """
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
    if moved is not None:
        whole["moved"] = dict(moved)
    if left.resources:
        whole |= {
            "finalSnapshot": left.final_snapshot or None,
            "automatedBackupsEnd": destroyed + timedelta(days=left.backup_days),
            "secretsEnd": destroyed + timedelta(days=left.secret_days),
            "keys": {"deletableAfter": deletable, "arns": list(left.key_arns)},
        }
    if counted is not None:
        before, after = counted["before"], counted["after"]
        whole |= {
            "tenantId": before["tenant_id"],
            "exportDigest": counted.get("exportDigest"),
            "removed": {"rows": before["rows"], "objects": before["objects"], "digest": before["digest"]},
            "countedAfter": {
                "rows": sum(after["rows"].values()),
                "objects": after["objects"],
                "olderVersions": after["older_versions"],
            },
        }
    whole["remaining"] = [one.document() for one in remaining]
    return as_yaml(whole)
