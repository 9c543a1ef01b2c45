"""Vaults and plans of AWS Backup, in one region."""

from collections.abc import Iterator

from facts import tokens as t
from operations.locate.live.account import Account
from operations.locate.live.found import Found, found, properties_of
from operations.locate.live.names import Names


def vaults(account: Account, region: str, names: Names) -> Iterator[Found]:
    """Every vault of a stack, with its lock and the ARNs of what it keeps."""
    backup = account.client("backup", region)
    for listed in account.items("backup", region, "list_backup_vaults", "BackupVaultList"):
        name = listed["BackupVaultName"]
        if names.own(name):
            one = backup.describe_backup_vault(BackupVaultName=name)
            arn = one["BackupVaultArn"]
            answer = {**one, "Tags": backup.list_tags(ResourceArn=arn).get("Tags")}
            side = {t.BACKUP_VAULT_LOCK: properties_of(t.BACKUP_VAULT_LOCK, one)} if one.get("Locked") else {}
            keeps = tuple(_points(account, region, name)) if one.get("NumberOfRecoveryPoints") else ()
            yield found(
                t.BACKUP_VAULT, name, region, arn, answer, properties={"kmsKeyArn": None}, side=side, keeps=keeps
            )


def _points(account: Account, region: str, vault: str) -> Iterator[str]:
    """ARNs of its recovery points: AWS Backup gives them the tags of what they are of."""
    for one in account.items(
        "backup", region, "list_recovery_points_by_backup_vault", "RecoveryPoints", BackupVaultName=vault
    ):
        yield one["RecoveryPointArn"]


def plans(account: Account, region: str, names: Names) -> Iterator[Found]:
    """Every plan of a stack, whose rules say how long recovery points are kept and where copies go."""
    backup = account.client("backup", region)
    for listed in account.items("backup", region, "list_backup_plans", "BackupPlansList"):
        if names.own(str(listed["BackupPlanName"])):
            one = backup.get_backup_plan(BackupPlanId=listed["BackupPlanId"])
            arn = one["BackupPlanArn"]
            answer = {**one, "Tags": backup.list_tags(ResourceArn=arn).get("Tags")}
            yield found(t.BACKUP_PLAN, listed["BackupPlanName"], region, arn, answer, properties={"rules": []})
