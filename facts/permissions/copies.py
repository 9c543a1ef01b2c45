"""What an account that keeps copies of backups is let into, so that AWS Backup can copy there and bring back.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html
"""

import re
from collections.abc import Iterable, Mapping, Set
from typing import Any, Final

from facts import tokens as t
from facts.permissions.documents import Statement, accounts_of, compared_exactly, principals, values_of
from graph.values import maps

_VAULT: Final = re.compile(r"^arn:aws[a-z-]*:backup:[a-z0-9-]+:(\d{12}):backup-vault:.+$")
_SERVICE: Final = re.compile(r"^(?:backup|rds)\.[a-z0-9-]+\.amazonaws\.com$")


def account_of_vault(copy: Mapping[str, Any]) -> str | None:
    """The account of the vault that a copy action names; None where the text is no vault's ARN."""
    found = _VAULT.match(str(copy.get("destinationVaultArn") or ""))
    return found[1] if found else None


def copied_to(plans: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The accounts whose vaults backup plans copy to, by the plans' inputs."""
    rules = (one for plan in plans for one in maps(plan.get("rules")))
    return frozenset(
        account for one in rules for copy in maps(one.get("copyActions")) if (account := account_of_vault(copy))
    )


def serves_copies(kind: str, statement: Statement, accounts: Set[str]) -> bool:
    """Whether a statement in the policy of a key or a vault lets accounts do no more than copies take.

    `kind` is the type of the resource that says it, and `accounts` are those that plans of the stack copy to. A vault
    may take copies from any account that is named: AWS lets it put recovery points in and nothing else. A key serves
    those that are copied to, through AWS Backup and RDS alone.
    """
    named = principals(statement)
    if not named or not all(accounts_of([name]) for name in named):  # everybody, or nobody knows who
        return False
    if kind == t.BACKUP_VAULT_POLICY:
        return values_of(statement, "Action") == ["backup:CopyIntoBackupVault"]
    return kind in (t.KEY, t.KEY_POLICY) and is_through_services(statement) and accounts_of(named) <= accounts


def is_through_services(statement: Statement) -> bool:
    """Whether a key is used through AWS Backup and RDS alone."""
    services = compared_exactly(statement, "kms:ViaService")
    return bool(services) and all(map(_SERVICE.match, services))
