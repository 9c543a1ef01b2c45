"""AWS Backup: vaults and their locks, and plans. moto has no selections, no policies of vaults, and no jobs."""

from facts import tokens as t
from rehearsal.kinds.kind import (
    IN_PROVIDER,
    NOT_HELD,
    TAG_MAP,
    Call,
    Change,
    DeclaredOnly,
    F,
    Field,
    Kind,
    Out,
    Read,
    unchecked,
)

_ARN = "arn:aws:backup:{region}:{account}:"
_VAULT = {"BackupVaultName": "$name"}
_TAGS = Read("list_tags", {"ResourceArn": "$outputs.arn"}, pick="Tags", into="Tags", when="tags")

VAULT = Kind(
    type_=t.BACKUP_VAULT,
    service="backup",
    calls=(Call("create_backup_vault"),),
    fields={
        "name": F("BackupVaultName"),
        "kmsKeyArn": F("EncryptionKeyArn"),
        "forceDestroy": unchecked(IN_PROVIDER),
        "tags": F("BackupVaultTags", "Tags", form=TAG_MAP),
    },
    reads=(Read("describe_backup_vault", _VAULT), _TAGS),
    updates=(Change("tag_resource", {"tags": "Tags"}, {"ResourceArn": "$outputs.arn"}),),
    deletes=(Change("delete_backup_vault", params=_VAULT),),
    id="{name}",
    outputs={"arn": Out("BackupVaultArn", _ARN + "backup-vault:{name}"), "recoveryPoints": 0},
)

LOCK = Kind(
    type_=t.BACKUP_VAULT_LOCK,
    service="backup",
    calls=(Call("put_backup_vault_lock_configuration"),),
    fields={
        "backupVaultName": F("BackupVaultName"),
        "minRetentionDays": F("MinRetentionDays"),
        "maxRetentionDays": F("MaxRetentionDays"),
        "changeableForDays": unchecked("AWS answers with the day on which the lock is final", "ChangeableForDays"),
    },
    reads=(Read("describe_backup_vault", {"BackupVaultName": "$backupVaultName"}),),
    deletes=(Change("delete_backup_vault_lock_configuration", params={"BackupVaultName": "$backupVaultName"}),),
    id="{backupVaultName}",
    outputs={"backupVaultArn": _ARN + "backup-vault:{backupVaultName}"},
    reset="!Locked",
)


def _lifecycle() -> Field:
    return F(
        "Lifecycle",
        shape={
            "deleteAfter": F("DeleteAfterDays"),
            "coldStorageAfter": F("MoveToColdStorageAfterDays"),
            "optInToArchiveForSupportedResources": F("OptInToArchiveForSupportedResources"),
        },
    )


_RULE = {
    "ruleName": F("RuleName"),
    "targetVaultName": F("TargetBackupVaultName"),
    "schedule": F("ScheduleExpression"),
    "scheduleExpressionTimezone": F("ScheduleExpressionTimezone"),
    "startWindow": F("StartWindowMinutes"),
    "completionWindow": F("CompletionWindowMinutes"),
    "enableContinuousBackup": F("EnableContinuousBackup"),
    "recoveryPointTags": F("RecoveryPointTags"),
    "lifecycle": _lifecycle(),
    "copyActions": F(
        "CopyActions",
        shape={"destinationVaultArn": F("DestinationBackupVaultArn"), "lifecycle": _lifecycle()},
        unordered=True,
    ),
}


PLAN = Kind(
    type_=t.BACKUP_PLAN,
    service="backup",
    calls=(Call("create_backup_plan"),),
    fields={
        "name": F(("BackupPlan", "BackupPlanName")),
        "rules": F(("BackupPlan", "Rules"), shape=_RULE, unordered=True),
        "advancedBackupSettings": unchecked(NOT_HELD, ("BackupPlan", "AdvancedBackupSettings")),
        "tags": F("BackupPlanTags", "Tags", form=TAG_MAP),
    },
    reads=(Read("get_backup_plan", {"BackupPlanId": "$id"}), _TAGS),
    updates=(Change("update_backup_plan", None, {"BackupPlanId": "$id"}),),
    deletes=(Change("delete_backup_plan", params={"BackupPlanId": "$id"}),),
    ending="DeletionDate",
    id="$document.BackupPlanId",
    made_up_id="{uuid}",
    outputs={"arn": Out("BackupPlanArn", _ARN + "backup-plan:{id}"), "version": Out("VersionId", "v{hex16}")},
)

SELECTION = DeclaredOnly(type_=t.BACKUP_SELECTION, reason="moto has no CreateBackupSelection", id="{uuid}")
POLICY = DeclaredOnly(
    type_=t.BACKUP_VAULT_POLICY,
    reason="moto has no PutBackupVaultAccessPolicy",
    id="{backupVaultName}",
    outputs={"backupVaultArn": _ARN + "backup-vault:{backupVaultName}"},
)

KINDS = (VAULT, LOCK, PLAN)
DECLARED_ONLY = (SELECTION, POLICY)
