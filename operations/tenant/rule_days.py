"""The day on which AWS's own rule ends a copy, read from what stands now, and what of it contradicts a record."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from components.backup_settings import S3_LATE_DAYS
from facts.stores import Form
from operations.aws import lifecycle_rules
from operations.tenant.remains import ACCESS_LOGS, EXPORTED, IN_BUCKETS, OBJECTS, Remaining

Client = Callable[[str], Any]
Days = Iterator[date]
"""Several rules may end a copy: the first day decides. None at all: nothing ends it."""


def contradiction(client: Client, record: Mapping[str, Any], one: Remaining) -> str:
    """What AWS's rule says otherwise than the record of a copy that is there; empty where it says the same.

    A copy may end earlier than its day, but for what a mistaken destruction is undone with: a silo's files stay until
    the final snapshot goes, and its keys until nothing needs them. Raises botocore's errors.
    """
    if one.form == Form.KEY:
        return _of_key(client, record, one)
    if one.form not in _RULES or one.ends is None:
        return ""
    day, recorded = rule_day(client, record, one), recorded_day(one)
    if day is None:
        return f"its record says until {one.ends}, and no rule ends it"
    kept = "keys" in record and one.form in OBJECTS
    if day > recorded or (kept and day < recorded):
        return f"its record says until {recorded}, and its rule ends it on {day}"
    return ""


def rule_day(client: Client, record: Mapping[str, Any], one: Remaining) -> date | None:
    """The day that AWS's rule gives a copy; None where none does, or a person ends it. Raises botocore's errors."""
    rule = _RULES.get(one.form)
    return min(rule(client, record, one), default=None) if rule is not None else None


def recorded_day(one: Remaining) -> date:
    """The day of the rule by which a record counted, without the time that S3 may take."""
    assert one.ends is not None  # noqa: S101  a person ends the others
    return one.ends - timedelta(days=S3_LATE_DAYS if one.form in IN_BUCKETS else 0)


def _of_key(client: Client, record: Mapping[str, Any], one: Remaining) -> str:
    """A key that is disabled or waits for its deletion opens nothing, so that no mistake can be undone."""
    key = client("kms").describe_key(KeyId=one.where)["KeyMetadata"]
    needed = (record.get("keys") or {}).get("deletableAfter")
    if key["KeyState"] == "Enabled" or needed is None or datetime.now(UTC).date() > _date(needed):
        return ""
    return f"it is {key['KeyState']}, and is needed until {needed}"


def _destroyed(record: Mapping[str, Any]) -> date:
    return _date(record["dates"]["destroyed"])


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _rules(client: Client, bucket: str) -> list[Mapping[str, Any]]:
    """Those that hold for the whole bucket."""
    return [one for one in lifecycle_rules(client("s3"), bucket) if one["Status"] == "Enabled" and _whole(one)]


def _whole(rule: Mapping[str, Any]) -> bool:
    filter_ = rule.get("Filter", {})
    return not rule.get("Prefix") and not filter_.get("Prefix") and not {*filter_} - {"Prefix"}


def _objects(client: Client, record: Mapping[str, Any], one: Remaining) -> Days:
    for rule in _rules(client, one.where):
        expiration = rule.get("Expiration", {})
        if "Date" in expiration:
            yield expiration["Date"].date()
        if "Days" in expiration:
            yield _destroyed(record) + timedelta(days=expiration["Days"])


def _versions(client: Client, record: Mapping[str, Any], one: Remaining) -> Days:
    """What was current becomes a version on the day on which a silo's objects end; a pool's did at the removal."""
    since = min(_objects(client, record, one), default=None) if "keys" in record else _destroyed(record)
    if since is not None:
        for rule in _rules(client, one.where):
            if "NoncurrentVersionExpiration" in rule:
                yield since + timedelta(days=rule["NoncurrentVersionExpiration"]["NoncurrentDays"])


def _objects_and_versions(client: Client, record: Mapping[str, Any], one: Remaining) -> Days:
    ended = min(_objects(client, record, one), default=None)
    if ended is not None:
        for rule in _rules(client, one.where):
            if "NoncurrentVersionExpiration" in rule:
                yield ended + timedelta(days=rule["NoncurrentVersionExpiration"]["NoncurrentDays"])


def _uploads(client: Client, record: Mapping[str, Any], one: Remaining) -> Days:
    for rule in _rules(client, one.where):
        if "AbortIncompleteMultipartUpload" in rule:
            yield _destroyed(record) + timedelta(days=rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])


def _log(client: Client, record: Mapping[str, Any], one: Remaining) -> Days:
    groups = client("logs").describe_log_groups(logGroupNamePrefix=one.where)["logGroups"]
    for group in groups:
        if group["logGroupName"] == one.where and group.get("retentionInDays"):
            yield _destroyed(record) + timedelta(days=group["retentionInDays"])


def _secret(client: Client, _: Mapping[str, Any], one: Remaining) -> Days:
    """AWS tells the day of the deletion, or the day on which it was ordered: neither is later than its last."""
    deleted = client("secretsmanager").describe_secret(SecretId=one.where).get("DeletedDate")
    if deleted is not None:
        yield deleted.date()


def _backups(client: Client, record: Mapping[str, Any], one: Remaining) -> Days:
    rds = client("rds")
    found = rds.describe_db_instance_automated_backups(DBInstanceIdentifier=one.where)["DBInstanceAutomatedBackups"]
    yield max(_destroyed(record) + timedelta(days=backup["BackupRetentionPeriod"]) for backup in found)


_RULES: Final[Mapping[str, Callable[[Client, Mapping[str, Any], Remaining], Days]]] = {
    Form.OBJECTS: _objects,
    Form.ARCHIVED_OBJECTS: _objects,
    Form.NONCURRENT_VERSIONS: _versions,
    Form.UNFINISHED_UPLOADS: _uploads,
    Form.LOG: _log,
    Form.SECRET: _secret,
    Form.AUTOMATED_BACKUPS: _backups,
    EXPORTED: _objects_and_versions,
    ACCESS_LOGS: _objects_and_versions,
}
