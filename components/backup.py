"""A copy out of reach: recovery points of database and bucket, copied every day into another account's locked vault."""

import json
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.backup_role import BackupReach, backup_statements
from components.backup_settings import COMPLETE_WITHIN_MINUTES, START_WITHIN_MINUTES, BackupCopySettings
from components.context import BACKUP_ROLE, StackContext
from components.encryption import customer_key, let_account_use_through, let_service_keep_grants, share_with
from components.permissions import ANYONE, Statement, policy_document
from components.role import Role, RoleArgs

BACKUPS = "backups"
LOCAL_DAYS = 7  # a failed copy can be made again for so long


def copies_vault(account_id: str) -> str:
    """The vault in which another account keeps copies of this account's backups: bootstrap/copies.py makes it."""
    return f"workbuoy-copies-{account_id}"


def own_vault(context: StackContext) -> str:
    """A stack's own vault, from which copies go out. AWS takes 50 characters."""
    return f"{context.name}-{BACKUPS}"


@dataclass(frozen=True, kw_only=True)
class BackupCopyArgs:
    """What is copied, by its ARNs and the keys that it is read with, and whom a failure is told."""

    context: StackContext
    settings: BackupCopySettings
    database_arn: Input[str]
    database_key_arn: Input[str]
    bucket_arn: Input[str]
    files_key_arn: Input[str]
    topic_arn: Input[str]


class BackupCopy(ComponentResource):
    """A vault of its own with a key, a plan that copies each recovery point away, and a rule that tells of failures.

    Recovery points here only feed the copies: the database's own backups and the bucket's versions bring data back.
    """

    vault_name: Output[str]
    copies_vault_arn: str

    def __init__(self, name: str, args: BackupCopyArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:BackupCopy", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        context, settings = args.context, args.settings
        region = settings.region_beside(context.region)
        self.copies_vault_arn = (
            f"arn:aws:backup:{region}:{settings.account}:backup-vault:{copies_vault(context.account_id)}"
        )
        key = customer_key(
            f"{name}-key",
            context,
            kind=BACKUPS,
            description="Recovery points of AWS Backup",
            classification="customer-data",
            users=[
                *let_account_use_through(context, "backup"),
                let_service_keep_grants(context, "backup"),
                *share_with(settings.account, {context.region, region}, "backup"),
            ],
            opts=self._child,
        )
        vault = self._vault(key.arn)
        role = self._role(key.arn, vault.arn)
        plan = self._plan(vault.name)
        aws.backup.Selection(
            f"{name}-selection",
            name=context.name,
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=[args.database_arn, args.bucket_arn],
            opts=ResourceOptions(parent=self, depends_on=[role.policy]),
        )
        self._notify_of_failures()
        self.vault_name = vault.name
        self.register_outputs({"vaultName": self.vault_name})

    def _vault(self, key_arn: Output[str]) -> aws.backup.Vault:
        context = self._args.context
        vault = aws.backup.Vault(
            f"{self._name}-vault",
            name=own_vault(context),
            kms_key_arn=key_arn,
            force_destroy=not context.permanent,
            tags=context.tags("customer-data"),
            opts=ResourceOptions(
                parent=self, protect=context.protected, retain_on_delete=context.permanent
            ),  # AWS deletes no vault that is not empty; what is in it ends by itself
        )
        aws.backup.VaultPolicy(
            f"{self._name}-vault-policy",
            backup_vault_name=vault.name,
            policy=policy_document([take_copies(self._args.settings.account), refuse_early_ends()]),
            opts=self._child,
        )
        return vault

    def _plan(self, vault_name: Output[str]) -> aws.backup.Plan:
        """Snapshots only: continuous backups would take the database's own point-in-time recovery over."""
        context, settings = self._args.context, self._args.settings
        hours, minutes = map(int, settings.starts_at.split(":"))
        return aws.backup.Plan(
            f"{self._name}-plan",
            name=context.name,
            rules=[
                aws.backup.PlanRuleArgs(
                    rule_name="daily",
                    target_vault_name=vault_name,
                    schedule=f"cron({minutes} {hours} * * ? *)",
                    start_window=START_WITHIN_MINUTES,
                    completion_window=COMPLETE_WITHIN_MINUTES,
                    lifecycle=aws.backup.PlanRuleLifecycleArgs(delete_after=LOCAL_DAYS),
                    copy_actions=[
                        aws.backup.PlanRuleCopyActionArgs(
                            destination_vault_arn=self.copies_vault_arn,
                            lifecycle=aws.backup.PlanRuleCopyActionLifecycleArgs(delete_after=settings.keep_days),
                        )
                    ],
                )
            ],
            tags=context.tags(),
            opts=self._child,
        )

    def _role(self, key_arn: Output[str], vault_arn: Output[str]) -> Role:
        args, context = self._args, self._args.context
        reach = BackupReach(
            databases=[args.database_arn],
            snapshots=[context.arn("rds", "snapshot:awsbackup:*")],
            listed=[context.arn("rds", "db:*"), context.arn("rds", "snapshot:*")],
            buckets=[args.bucket_arn],
            keys=[(("rds",), [args.database_key_arn]), (("s3",), [args.files_key_arn]), (("backup",), [key_arn])],
            rules=[context.arn("events", "rule/AwsBackupManagedRule*")],
            vaults=[vault_arn],
            copies_vaults=[self.copies_vault_arn],
            regions=[context.region],
        )
        return Role(
            BACKUP_ROLE,
            RoleArgs(
                context=context,
                description="AWS Backup takes recovery points of database and bucket and copies them away",
                trusted_service="backup.amazonaws.com",
                statements=backup_statements(reach),
                boundary_arn=context.backup_boundary_arn,
            ),
            self._child,
        )

    def _notify_of_failures(self) -> None:
        """Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html."""
        context = self._args.context
        rule = aws.cloudwatch.EventRule(
            f"{self._name}-failures",
            name=f"{context.name}-backup-failures",
            description="Recovery points of this stack that were not taken, or not copied away",
            event_pattern=json.dumps(_failures(context)),
            tags=context.tags(),
            opts=self._child,
        )
        aws.cloudwatch.EventTarget(
            f"{self._name}-failures-told",
            rule=rule.name,
            target_id="alarms",
            arn=self._args.topic_arn,
            opts=self._child,
        )


def _failures(context: StackContext) -> dict[str, object]:
    vault_arn = context.arn("backup", f"backup-vault:{own_vault(context)}")
    return {
        "source": ["aws.backup"],
        "detail-type": ["Backup Job State Change", "Copy Job State Change"],
        "detail": {
            "state": ["ABORTED", "EXPIRED", "FAILED"],
            "$or": [{"backupVaultName": [own_vault(context)]}, {"sourceBackupVaultArn": [vault_arn]}],
        },
    }


def take_copies(account_id: str) -> Statement:
    """Another account copies into the vault: AWS refuses it every other call, whatever a vault's policy says.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html
    """
    return Statement(
        sid="TakeCopies",
        actions=["backup:CopyIntoBackupVault"],
        resources=["*"],  # in a vault's policy: what is copied into it
        principals={"AWS": [f"arn:aws:iam::{account_id}:root"]},
    )


def refuse_early_ends() -> Statement:
    """Nobody takes anything out of the vault before its day."""
    return Statement(
        sid="RefuseEarlyEnds",
        effect="Deny",
        actions=[
            "backup:DeleteRecoveryPoint",
            "backup:DisassociateRecoveryPoint",
            "backup:UpdateRecoveryPointLifecycle",
        ],
        resources=["*"],  # in a vault's policy: what is in it
        principals=ANYONE,
    )
