"""A locked vault for copies of another account's backups: what is in it ends on its day, and by nobody before."""

from dataclasses import dataclass
from typing import Final

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from bootstrap.state import OWN
from bootstrap.vault_settings import CopiesSettings
from bootstrap.watch import Watched
from components.backup import copies_vault, refuse_early_ends, take_copies
from components.context import StackContext
from components.encryption import customer_key, let_account_use_through, let_service_keep_grants
from components.permissions import ANYONE, Statement, policy_document

COPIES_WATCHED: Final = Watched(
    name="copies-weakened",
    calls=(
        "DeleteBackupVaultAccessPolicy",
        "DeleteBackupVaultLockConfiguration",
        "DeleteRecoveryPoint",
        "DisableKey",
        "PutBackupVaultAccessPolicy",
        "PutBackupVaultLockConfiguration",
        "PutKeyPolicy",
        "ScheduleKeyDeletion",
        "UpdateRecoveryPointLifecycle",
    ),
    advice="Somebody tried to weaken what keeps the copies, or to end one early. A bootstrap of this account does some "
    "of it; nothing else should. docs/restore.md, A copy out of reach.",
    by_anybody=True,
)


@dataclass(frozen=True, kw_only=True)
class CopiesArgs:
    """`context` names the vault's own region."""

    context: StackContext
    settings: CopiesSettings


class Copies(ComponentResource):
    """A vault with a key, a lock and a policy of its own: one account puts copies into it and does nothing else."""

    vault_arn: Output[str]

    def __init__(self, name: str, args: CopiesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:bootstrap:Copies", name, None, opts)
        context, settings, child = args.context, args.settings, ResourceOptions(parent=self)
        key = customer_key(
            f"{name}-key",
            context,
            kind=f"copies-{settings.account}",
            description=f"Copies of the backups of {settings.account}",
            classification="customer-data",
            users=[
                *let_account_use_through(context, "backup", "rds"),
                let_service_keep_grants(context, "backup", "rds"),
            ],
            opts=child,
            application=OWN,
        )
        vault = aws.backup.Vault(
            f"{name}-vault",
            name=copies_vault(settings.account),
            kms_key_arn=key.arn,
            force_destroy=False,
            tags=context.tags("customer-data"),
            opts=ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        aws.backup.VaultLockConfiguration(
            f"{name}-lock",
            backup_vault_name=vault.name,
            min_retention_days=settings.least_days,
            max_retention_days=settings.most_days,
            changeable_for_days=settings.grace_days if settings.lock == "compliance" else None,
            opts=ResourceOptions(parent=self, protect=True),
        )
        aws.backup.VaultPolicy(
            f"{name}-policy",
            backup_vault_name=vault.name,
            policy=policy_document(
                [take_copies(settings.account), refuse_early_ends(), _refuse_weaker_vault(vault.arn)]
            ),
            opts=child,
        )
        self.vault_arn = vault.arn
        self.register_outputs({"vaultArn": self.vault_arn})


def _refuse_weaker_vault(vault_arn: Output[str]) -> Statement:
    """Lifting the lock takes two steps: this goes first, by a reviewed change."""
    return Statement(
        sid="RefuseWeakerVault",
        effect="Deny",
        actions=["backup:DeleteBackupVault", "backup:DeleteBackupVaultLockConfiguration"],
        resources=[vault_arn],
        principals=ANYONE,
    )
