"""The table of safeguards: one row each."""

from typing import Final

from facts import tokens as t
from facts.safeguards.model import Kind, Rule, Says
from facts.safeguards.strength import (
    amount,
    forced_tls,
    given,
    how_many,
    in_order,
    kept_days,
    lock_days,
    lock_mode,
    log_target,
    object_encryption,
    off,
    on,
)
from graph.values import number


def _own(*types: str, path: str) -> tuple[Says, ...]:
    return tuple(Says(token, path) for token in types)


_BLOCKS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

RULES: Final = (
    Rule(
        "versioning",
        Kind.VERSIONING,
        "versioning",
        on,
        "Disabled",
        (
            Says(t.BUCKET_VERSIONING, "versioningConfiguration.status", "bucket", t.BUCKET),
            Says(t.BUCKET, "versioning.enabled"),
        ),
    ),
    Rule(
        "object lock, days",
        Kind.RETENTION,
        "days that objects are locked",
        amount,
        0,
        (
            Says(t.BUCKET_OBJECT_LOCK, "rule.defaultRetention", "bucket", t.BUCKET),
            Says(t.BUCKET, "objectLockConfiguration.rule.defaultRetention"),
        ),
        read=lock_days,
    ),
    Rule(
        "object lock, mode",
        Kind.LOSS,
        "who may lift the lock of objects",
        in_order("none", "GOVERNANCE", "COMPLIANCE"),
        "none",
        (
            Says(t.BUCKET_OBJECT_LOCK, "rule.defaultRetention", "bucket", t.BUCKET),
            Says(t.BUCKET, "objectLockConfiguration.rule.defaultRetention"),
        ),
        read=lock_mode,
    ),
    *(
        Rule(
            name,
            Kind.EXPOSURE,
            f"{name} is switched off",
            on,
            False,
            (
                Says(t.BUCKET_PUBLIC_ACCESS, name, "bucket", t.BUCKET),
                Says(t.ACCOUNT_PUBLIC_ACCESS, name, "accountId", "account"),
            ),
        )
        for name in _BLOCKS
    ),
    Rule(
        "encryption of objects",
        Kind.LOSS,
        "the key that new objects are encrypted with",
        in_order("S3 alone", "S3's KMS key", "a customer key"),
        "S3 alone",
        (
            Says(t.BUCKET_ENCRYPTION, "rules", "bucket", t.BUCKET),
            Says(t.BUCKET, "serverSideEncryptionConfiguration.rule"),
        ),
        read=object_encryption,
    ),
    Rule("forceDestroy", Kind.LOSS, "a full bucket may be destroyed", off, False, _own(t.BUCKET, path="forceDestroy")),
    Rule(
        "forceDestroy",
        Kind.LOSS,
        "a full vault may be destroyed",
        off,
        False,
        _own(t.BACKUP_VAULT, path="forceDestroy"),
    ),
    Rule(
        "forceDelete", Kind.LOSS, "a full registry may be deleted", off, False, _own(t.REPOSITORY, path="forceDelete")
    ),
    Rule(
        "deletionProtection",
        Kind.DELETION,
        "deletion protection",
        on,
        False,
        (
            *_own(t.DATABASE, t.DATABASE_CLUSTER, t.GLOBAL_DATABASE_CLUSTER, path="deletionProtection"),
            *_own(t.LOG_GROUP, t.DYNAMODB_TABLE, path="deletionProtectionEnabled"),
            *_own(t.LOAD_BALANCER, path="enableDeletionProtection"),
        ),
    ),
    Rule(
        "skipFinalSnapshot",
        Kind.LOSS,
        "final snapshot skipped",
        off,
        False,
        _own(t.DATABASE, t.DATABASE_CLUSTER, path="skipFinalSnapshot"),
    ),
    Rule(
        "deleteAutomatedBackups",
        Kind.LOSS,
        "backups go with the database",
        off,
        True,
        _own(t.DATABASE, t.DATABASE_CLUSTER, path="deleteAutomatedBackups"),
    ),
    Rule(
        "backupRetentionPeriod",
        Kind.RETENTION,
        "point-in-time recovery, days",
        amount,
        0,  # the provider's own: it sends 0 where AWS alone would keep a day
        _own(t.DATABASE, path="backupRetentionPeriod"),
    ),
    Rule(
        "backupRetentionPeriod",
        Kind.RETENTION,
        "point-in-time recovery, days",
        amount,
        1,
        _own(t.DATABASE_CLUSTER, path="backupRetentionPeriod"),
    ),
    Rule(
        "retentionPeriod",
        Kind.RETENTION,
        "copied backups, days",
        amount,
        7,
        _own(t.AUTOMATED_BACKUPS_REPLICATION, path="retentionPeriod"),
    ),
    Rule(
        "storageEncrypted",
        Kind.LOSS,
        "storage encryption",
        on,
        False,
        _own(t.DATABASE, t.DATABASE_CLUSTER, path="storageEncrypted"),
    ),
    Rule(
        "copyTagsToSnapshot",
        Kind.WATCH,
        "snapshots carry the owner tags",
        on,
        False,
        _own(t.DATABASE, t.DATABASE_CLUSTER, path="copyTagsToSnapshot"),
        stops=False,
    ),
    Rule(
        "autoMinorVersionUpgrade",
        Kind.WATCH,
        "minor versions are upgraded",
        on,
        True,
        _own(t.DATABASE, path="autoMinorVersionUpgrade"),
        stops=False,
    ),
    Rule("multiAz", Kind.LOSS, "a standby in a second zone", on, False, _own(t.DATABASE, path="multiAz"), stops=False),
    Rule(
        "performanceInsightsEnabled",
        Kind.WATCH,
        "performance data",
        on,
        False,
        _own(t.DATABASE, path="performanceInsightsEnabled"),
    ),
    Rule(
        "performanceInsightsRetentionPeriod",
        Kind.RETENTION,
        "performance data, days",
        amount,
        7,
        _own(t.DATABASE, path="performanceInsightsRetentionPeriod"),
        stops=False,
    ),
    Rule(
        "monitoringInterval",
        Kind.WATCH,
        "monitoring of the operating system",
        lambda value: float(amount(value) > 0),
        0,
        _own(t.DATABASE, path="monitoringInterval"),
        stops=False,
    ),
    Rule(
        "enabledCloudwatchLogsExports",
        Kind.WATCH,
        "logs that the database exports",
        how_many,
        None,
        _own(t.DATABASE, t.DATABASE_CLUSTER, path="enabledCloudwatchLogsExports"),
    ),
    Rule(
        "iamDatabaseAuthenticationEnabled",
        Kind.LOSS,
        "login by IAM",
        on,
        False,
        _own(t.DATABASE, t.DATABASE_CLUSTER, path="iamDatabaseAuthenticationEnabled"),
        stops=False,
    ),
    Rule(
        "manageMasterUserPassword",
        Kind.LOSS,
        "RDS makes and rotates the master password",
        on,
        False,
        _own(t.DATABASE, path="manageMasterUserPassword"),
    ),
    Rule(
        "rds.force_ssl",
        Kind.EXPOSURE,
        "TLS is demanded",
        in_order("0", "1"),
        "1",
        _own(t.PARAMETER_GROUP, path="parameters"),
        read=forced_tls,
    ),
    Rule(
        "retentionInDays",
        Kind.RETENTION,
        "days that logs are kept",
        kept_days,
        0,
        _own(t.LOG_GROUP, path="retentionInDays"),
    ),
    Rule("skipDestroy", Kind.LOSS, "the log outlives the stack", on, False, _own(t.LOG_GROUP, path="skipDestroy")),
    Rule(
        "recoveryWindowInDays",
        Kind.RETENTION,
        "days to restore the secret",
        amount,
        30,
        _own(t.SECRET, path="recoveryWindowInDays"),
    ),
    Rule(
        "deletionWindowInDays",
        Kind.RETENTION,
        "days to cancel the key's deletion",
        amount,
        30,
        _own(t.KEY, t.REPLICA_KEY, path="deletionWindowInDays"),
    ),
    Rule("isEnabled", Kind.LOSS, "nothing that the key encrypts can be read", on, True, _own(t.KEY, path="isEnabled")),
    Rule("enableKeyRotation", Kind.LOSS, "rotation of the key", on, False, _own(t.KEY, path="enableKeyRotation")),
    Rule(
        "rotationPeriodInDays",
        Kind.LOSS,
        "the key is rotated more rarely, days",
        lambda value: -(number(value) or 365),
        365,
        _own(t.KEY, path="rotationPeriodInDays"),
        stops=False,
    ),
    Rule(
        "automaticallyAfterDays",
        Kind.LOSS,
        "the secret is rotated more rarely, days",
        lambda value: -(number(value) or float("inf")),
        None,
        (Says(t.SECRET_ROTATION, "rotationRules.automaticallyAfterDays", "secretId", t.SECRET),),
        stops=False,
    ),
    *(
        Rule("kmsKeyId", Kind.LOSS, "encryption by a customer key", given, None, _own(token, path=path))
        for token, path in (
            (t.SECRET, "kmsKeyId"),
            (t.LOG_GROUP, "kmsKeyId"),
            (t.TOPIC, "kmsMasterKeyId"),
            (t.TRAIL, "kmsKeyId"),
            (t.BACKUP_VAULT, "kmsKeyArn"),
        )
    ),
    Rule(
        "type",
        Kind.EXPOSURE,
        "the parameter is kept encrypted",
        lambda value: 1.0 if value == "SecureString" else 0.0,
        "String",
        _own(t.PARAMETER, path="type"),
    ),
    *(
        Rule(name, Kind.WATCH, f"{what} of the audit trail", on, default, _own(t.TRAIL, path=name))
        for name, what, default in (
            ("enableLogging", "recording", True),
            ("isMultiRegionTrail", "other regions", False),
            ("enableLogFileValidation", "the digest", False),
            ("includeGlobalServiceEvents", "IAM's events", True),
        )
    ),
    Rule(
        "accessLogs",
        Kind.WATCH,
        "log of requests",
        lambda value: 0.0 if value == "none" else 1.0,
        "none",
        _own(t.LOAD_BALANCER, path="accessLogs"),
        read=log_target,
    ),
    Rule(
        "actionsEnabled", Kind.WATCH, "the alarm tells somebody", on, True, _own(t.METRIC_ALARM, path="actionsEnabled")
    ),
    Rule("alarmActions", Kind.WATCH, "whom the alarm tells", how_many, None, _own(t.METRIC_ALARM, path="alarmActions")),
    Rule(
        "blockPublicPolicy",
        Kind.EXPOSURE,
        "a public policy is refused",
        on,
        False,
        _own(t.SECRET_POLICY, path="blockPublicPolicy"),
        stops=False,
    ),
)
