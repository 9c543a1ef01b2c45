"""What an account that keeps copies of backups is let into: no more than AWS Backup takes."""

from typing import Any

import pytest

from facts import tokens as t
from facts.permissions.copies import copied_to, serves_copies

KEEPER, OTHER = "210000000004", "999999999999"
VIA = {"StringEquals": {"kms:ViaService": ["rds.eu-north-1.amazonaws.com", "backup.eu-north-1.amazonaws.com"]}}


def lets(**changes: Any) -> dict[str, Any]:
    whole = {
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:CreateGrant"],
        "Resource": "*",
        "Principal": {"AWS": [f"arn:aws:iam::{KEEPER}:root"]},
        "Condition": VIA,
    }
    return {**whole, **changes}


def test_the_accounts_of_the_vaults_that_plans_copy_to() -> None:
    def copy(arn: object) -> dict[str, Any]:
        return {"rules": [{"copyActions": [{"destinationVaultArn": arn}]}]}

    vault = f"arn:aws:backup:eu-north-1:{KEEPER}:backup-vault:copies"
    assert copied_to([copy(vault), copy("no arn"), {"rules": [{}]}, {}]) == {KEEPER}


@pytest.mark.parametrize("kind", [t.KEY, t.KEY_POLICY])
def test_a_key_serves_the_account_that_plans_copy_to_through_their_services(kind: str) -> None:
    assert serves_copies(kind, lets(), {KEEPER})


@pytest.mark.parametrize(
    "statement",
    [
        lets(Principal={"AWS": [f"arn:aws:iam::{OTHER}:root"]}),
        lets(Principal={"AWS": [f"arn:aws:iam::{KEEPER}:root", f"arn:aws:iam::{OTHER}:root"]}),
        lets(Principal="*"),
        lets(Principal={"AWS": ["*"]}),
        lets(Principal={"AWS": [f"arn:aws:iam::{KEEPER}:root", "AIDAEXAMPLEOFNOBODY"]}),
        lets(Principal={"Service": "backup.amazonaws.com"}),
        lets(Condition={}),
        lets(Condition={"StringLike": {"kms:ViaService": ["rds.*.amazonaws.com"]}}),
        lets(Condition={"StringNotEquals": VIA["StringEquals"]}),
        lets(Condition={"StringEquals": {"kms:ViaService": "s3.eu-north-1.amazonaws.com"}}),
        lets(Condition={"StringEquals": {"kms:ViaService": ["rds.eu-north-1.amazonaws.com", "ec2.x.amazonaws.com"]}}),
    ],
)
def test_a_key_that_lets_in_more_does_not(statement: dict[str, Any]) -> None:
    assert not serves_copies(t.KEY, statement, {KEEPER})


def test_a_vault_takes_copies_from_a_named_account_and_gives_nothing() -> None:
    takes = lets(Action="backup:CopyIntoBackupVault", Condition={})
    assert serves_copies(t.BACKUP_VAULT_POLICY, takes, set())
    assert not serves_copies(t.BACKUP_VAULT_POLICY, {**takes, "Principal": "*"}, set())
    assert not serves_copies(
        t.BACKUP_VAULT_POLICY, {**takes, "Action": ["backup:CopyIntoBackupVault", "backup:StartRestoreJob"]}, set()
    )


def test_no_other_resource_serves_copies() -> None:
    assert not serves_copies("aws:secretsmanager/secretPolicy:SecretPolicy", lets(), {KEEPER})
