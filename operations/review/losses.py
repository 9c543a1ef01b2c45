"""The data-loss guard (WB.12): what of a plan could lose data, whether or not anybody meant it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from facts import tokens as t
from graph import Mark, Resource
from graph.marks import marks_in
from graph.plan import Plan, PlanStep
from graph.values import at, number
from operations.review.lifecycle import shortenings
from operations.review.regions import provider_regions, region_of

Loss = Literal[
    "replace",
    "delete",
    "key-deletion",
    "forget",
    "region-move",
    "versioning-off",
    "retention-cut",
    "lifecycle-shortened",
    "protect-off",
    "deletion-protection-off",
    "safeguard-off",
    "safeguard-unknown",
]

STATEFUL: Final[Mapping[str, str]] = {
    t.DATABASE: "database",
    "aws:rds/cluster:Cluster": "database",
    "aws:rds/globalCluster:GlobalCluster": "database",
    "aws:dynamodb/table:Table": "database",
    t.SNAPSHOT: "snapshot",
    t.SNAPSHOT_COPY: "snapshot",
    t.CLUSTER_SNAPSHOT: "snapshot",
    t.AUTOMATED_BACKUPS_REPLICATION: "replicated backups",
    "aws:backup/vault:Vault": "backup vault",
    t.BUCKET: "bucket",
    "aws:s3/bucketV2:BucketV2": "bucket",
    t.KEY: "key",
    "aws:kms/replicaKey:ReplicaKey": "key",
    t.SECRET: "secret",
    "aws:ssm/parameter:Parameter": "parameter",
    t.LOG_GROUP: "log group",
    "aws:efs/fileSystem:FileSystem": "file system",
    "aws:ebs/volume:Volume": "volume",
}
"""Types that hold what a program cannot make again, the dearest first, and what a person calls them."""


@dataclass(frozen=True, slots=True)
class Danger:
    """One thing that stops the review: a possible loss, or a door (operations.review.doors)."""

    kind: str
    urn: str
    what: str
    left: str = ""
    """What is left of the data, if anything."""


def losses(plan: Plan) -> list[Danger]:
    """Every possible loss, the most final first."""
    regions = provider_regions(plan)
    gone = {step.old.parent for step in plan.steps if step.op == "delete" and step.type == t.BUCKET and step.old}
    found = [danger for step in plan.steps for danger in _losses(step, regions, gone)]
    order = {kind: position for position, kind in enumerate(get_args(Loss))}
    dearest = {kind: position for position, kind in enumerate(STATEFUL)}
    types = {step.urn: step.type for step in plan.steps}
    return sorted(found, key=lambda danger: (order[danger.kind], dearest.get(types[danger.urn], len(dearest))))


def _losses(step: PlanStep, regions: Mapping[str, tuple[str, str]], gone: set[str]) -> Iterator[Danger]:
    """`gone` holds the components whose bucket goes too: its versioning needs no line of its own."""
    if step.type in STATEFUL:
        yield from _removal(step)
    removed = step.op in ("delete", "forget", "replace") and (step.old is None or step.old.parent not in gone)
    if removed and step.type == t.BUCKET_VERSIONING:
        yield Danger("versioning-off", step.urn, "versioning is no longer managed; deleting it suspends versioning")
    old, new = step.old, step.new
    if old is None or new is None:
        return
    yield from _moved(step, regions)
    if old.protect and not new.protect:
        yield Danger(
            "protect-off", step.urn, "`protect` is lifted, so that this or a later change may delete or replace it"
        )
    if old.retain_on_delete and not new.retain_on_delete:
        yield Danger("protect-off", step.urn, "`retainOnDelete` is lifted, so that `destroy` takes it along")
    yield from _weakened(step, old, new)


def _removal(step: PlanStep) -> Iterator[Danger]:
    noun = STATEFUL[step.type]
    left = _left(step)
    if step.op == "replace":
        because = ", ".join(_change(step, path) for path in step.replace_paths) or "the program asks for it"
        yield Danger("replace", step.urn, f"a new, empty {noun} takes its place, because of {because}", left)
    elif step.op == "delete" and noun == "key":
        yield Danger("key-deletion", step.urn, "the key is scheduled for deletion, with all that it encrypts", left)
    elif step.op == "delete":
        yield Danger("delete", step.urn, f"the {noun} is deleted", left)
    elif step.op == "forget":
        yield Danger("forget", step.urn, f"the {noun} leaves the stack's state and care", left)


def _change(step: PlanStep, path: str) -> str:
    old, new = (at(state.inputs, path) if state else None for state in (step.old, step.new))
    if isinstance(old, str | int | float) and isinstance(new, str | int | float) and not isinstance(new, Mark):
        return f"{path} {old} → {new}"
    return path


def _left(step: PlanStep) -> str:
    """What stays behind, from what the resource has been told so far."""
    if step.old is None:
        return ""
    if step.old.retain_on_delete and step.op == "delete":
        return "the resource itself stays in AWS (retainOnDelete)"
    inputs = step.old.inputs
    find = {t.DATABASE: _left_of_database, t.BUCKET: _left_of_bucket, t.KEY: _left_of_key, t.SECRET: _left_of_secret}
    return find[step.type](inputs) if step.type in find else ""


def _left_of_database(inputs: Mapping[str, Any]) -> str:
    kept = []
    if inputs.get("skipFinalSnapshot") is False:
        kept.append(f"final snapshot {inputs.get('finalSnapshotIdentifier') or 'without a name'}")
    if inputs.get("deleteAutomatedBackups") is False:
        kept.append(f"automated backups for {number(inputs.get('backupRetentionPeriod')) or 0:g} days")
    if inputs.get("deletionProtection") is True:
        kept.append("AWS refuses while deletionProtection is on")
    return "; ".join(kept) or "nothing"


def _left_of_bucket(inputs: Mapping[str, Any]) -> str:
    return "nothing" if inputs.get("forceDestroy") is True else "AWS refuses while objects are in it"


def _left_of_key(inputs: Mapping[str, Any]) -> str:
    return f"{number(inputs.get('deletionWindowInDays')) or 30:g} days in which deletion can be cancelled"


def _left_of_secret(inputs: Mapping[str, Any]) -> str:
    days = number(inputs.get("recoveryWindowInDays"))
    days = 30 if days is None else days
    return f"{days:g} days in which it can be restored" if days else "nothing"


def _moved(step: PlanStep, regions: Mapping[str, tuple[str, str]]) -> Iterator[Danger]:
    before, after = region_of(step.old, regions, old=True), region_of(step.new, regions, old=False)
    if before and after and before != after and step.type.startswith("aws:") and not step.type.startswith("aws:iam/"):
        yield Danger(
            "region-move",
            step.urn,
            f"it moves from {before} to {after}: a new, empty resource there; move the data first",
        )


@dataclass(frozen=True, slots=True)
class Safeguard:
    """A property whose weaker value makes a loss possible; `weaker(old, new)` compares two known values."""

    type: str
    path: str
    kind: Loss
    weaker: Callable[[Any, Any], bool]
    what: str


def _switched_off(old: Any, new: Any) -> bool:
    return old is True and new is not True


def _switched_on(old: Any, new: Any) -> bool:
    return old is not True and new is True


def _no_longer_false(old: Any, new: Any) -> bool:
    return old is False and new is not False


def _disabled(old: Any, new: Any) -> bool:
    return old is not False and new is False


def _fewer_days(old: Any, new: Any) -> bool:
    """Fewer days; a value taken away counts as none."""
    return (number(new) or 0) < (number(old) or 0)


def _shorter_window(old: Any, new: Any) -> bool:
    """AWS's default for both windows is 30 days."""
    before, after = number(old), number(new)
    return (30 if after is None else after) < (30 if before is None else before)


def _sooner_expiry(old: Any, new: Any) -> bool:
    """Log groups: 0 and absent keep for ever."""
    before, after = number(old) or float("inf"), number(new) or float("inf")
    return after < before


def _no_longer_enabled(old: Any, new: Any) -> bool:
    return bool(old == "Enabled" and new != "Enabled")


SAFEGUARDS: Final = (
    Safeguard(t.DATABASE, "backupRetentionPeriod", "retention-cut", _fewer_days, "point-in-time recovery, days"),
    Safeguard("aws:rds/cluster:Cluster", "backupRetentionPeriod", "retention-cut", _fewer_days, "backups, days"),
    Safeguard(t.AUTOMATED_BACKUPS_REPLICATION, "retentionPeriod", "retention-cut", _fewer_days, "copied backups, days"),
    Safeguard(t.LOG_GROUP, "retentionInDays", "retention-cut", _sooner_expiry, "days that logs are kept"),
    Safeguard(t.SECRET, "recoveryWindowInDays", "retention-cut", _shorter_window, "days to restore the secret"),
    Safeguard(t.KEY, "deletionWindowInDays", "retention-cut", _shorter_window, "days to cancel the key's deletion"),
    Safeguard(t.DATABASE, "deletionProtection", "deletion-protection-off", _switched_off, "deletion protection"),
    Safeguard(
        "aws:rds/cluster:Cluster", "deletionProtection", "deletion-protection-off", _switched_off, "deletion protection"
    ),
    Safeguard(
        t.LOG_GROUP, "deletionProtectionEnabled", "deletion-protection-off", _switched_off, "deletion protection"
    ),
    Safeguard(t.DATABASE, "skipFinalSnapshot", "safeguard-off", _no_longer_false, "final snapshot skipped"),
    Safeguard(t.DATABASE, "deleteAutomatedBackups", "safeguard-off", _no_longer_false, "backups go with the database"),
    Safeguard(t.BUCKET, "forceDestroy", "safeguard-off", _switched_on, "a full bucket may be destroyed"),
    Safeguard(t.KEY, "isEnabled", "safeguard-off", _disabled, "nothing that the key encrypts can be read"),
    Safeguard(
        t.BUCKET_VERSIONING, "versioningConfiguration.status", "versioning-off", _no_longer_enabled, "versioning"
    ),
)


def _weakened(step: PlanStep, old: Resource, new: Resource) -> Iterator[Danger]:
    for guard in SAFEGUARDS:
        if guard.type != step.type:
            continue
        before, after = at(old.inputs, guard.path), at(new.inputs, guard.path)
        if isinstance(after, Mark) and before is not None and not isinstance(before, Mark):
            yield Danger("safeguard-unknown", step.urn, f"{guard.path} was {before} and is not known before the update")
        elif not isinstance(before, Mark) and guard.weaker(before, after):
            yield Danger(guard.kind, step.urn, f"{guard.path} {_shown(before)} → {_shown(after)} ({guard.what})")
    if step.type == t.BUCKET_LIFECYCLE and step.op in ("update", "replace"):
        if list(marks_in(new.inputs.get("rules"))):
            yield Danger("safeguard-unknown", step.urn, "the lifecycle's rules are not known before the update")
        else:
            for change in shortenings(old.inputs, new.inputs):
                yield Danger("lifecycle-shortened", step.urn, change)


def _shown(value: Any) -> str:
    if value is None:
        return "unset"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
