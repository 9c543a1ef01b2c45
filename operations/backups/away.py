"""A copy out of reach: what AWS Backup has taken and copied, and the locked vault of the other account."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from operations.aws import items_of
from operations.backups.finding import DAILY, BackupTarget, Finding, State, key_finding
from operations.restore.moment import shown

KINDS: Final = {"RDS": "the database", "S3": "the files"}


def copies_here(target: BackupTarget) -> Iterator[Finding]:
    """The stack's own vault with its key, and what was copied away from it; nothing where no copy is declared."""
    if not target.vault:
        return
    backup = target.client("backup")
    vault = backup.describe_backup_vault(BackupVaultName=target.vault)
    yield key_finding(target, "vault's key", vault["EncryptionKeyArn"])
    jobs = list(items_of(backup, "list_copy_jobs", "CopyJobs", ByDestinationVaultArn=target.copies_vault_arn))
    for kind, what in KINDS.items():
        yield _newest_copy(target, what, _own(target, kind, jobs))


def _own(target: BackupTarget, kind: str, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of jobs or recovery points those of this stack: one vault keeps the copies of all stacks of an account."""
    ends = {"RDS": f":db:{target.database}", "S3": f":::{target.bucket}"}
    return [one for one in found if one.get("ResourceType") == kind and one["ResourceArn"].endswith(ends[kind])]


def _newest_copy(target: BackupTarget, what: str, jobs: Sequence[dict[str, Any]]) -> Finding:
    done = [one["CompletionDate"].astimezone(UTC) for one in jobs if one.get("State") == "COMPLETED"]
    newest = max(jobs, key=lambda one: one["CreationDate"], default=None)
    if newest is not None and newest.get("State") in ("FAILED", "PARTIAL"):
        why = f": {newest['StatusMessage']}" if newest.get("StatusMessage") else ""
        return Finding(what=f"copy of {what}", state=State.MISSING, found=f"the newest one failed{why}")
    return _aged(f"copy of {what}", done, target.now)


def _aged(what: str, moments: Sequence[datetime], now: datetime) -> Finding:
    if not moments:
        return Finding(what=what, state=State.MISSING, found="there is none")
    newest, late = max(moments), now - max(moments) > DAILY
    state, note = (State.MISSING, ", which is too long ago") if late else (State.GOOD, "")
    return Finding(what=what, state=state, found=f"the newest of {shown(newest)}{note}")


def copies_there(target: BackupTarget) -> Iterator[Finding]:
    """The vault of the other account, which its own people alone may ask: its lock, key, policy and copies."""
    if not target.vault:
        return
    account = target.copies_vault_arn.split(":")[4]
    if target.this_account:
        found = f"left to the people of account {account}, who alone may look there"
        yield Finding(what="copies' vault", state=State.NOT_ASKED, found=found)
        return
    if target.vault_session is None:
        found = f"nobody asked account {account}: give --vault-profile a profile that may look there"
        yield Finding(what="copies' vault", state=State.UNKNOWN, found=found)
        return
    there = target.in_copies_account()
    name = target.copies_vault_arn.rpartition(":")[2]
    backup = there.client("backup")
    vault = backup.describe_backup_vault(BackupVaultName=name)
    yield _locked(vault, target.now)
    yield key_finding(there, "copies' key", vault["EncryptionKeyArn"])
    yield _takes_from(backup.get_backup_vault_access_policy(BackupVaultName=name), target)
    listed = items_of(backup, "list_recovery_points_by_backup_vault", "RecoveryPoints", BackupVaultName=name)
    points = [one for one in listed if one.get("Status") in ("COMPLETED", "AVAILABLE")]
    for kind, what in KINDS.items():
        moments = [one["CreationDate"].astimezone(UTC) for one in _own(there, kind, points)]
        aged = _aged(f"{what} in it", moments, target.now)
        yield Finding(
            what=aged.what, state=aged.state, found=f"{len(moments)}, {aged.found}" if moments else aged.found
        )


def _locked(vault: dict[str, Any], now: datetime) -> Finding:
    if not vault.get("Locked"):
        found = "not locked: whoever administers its account can end every copy"
        return Finding(what="lock", state=State.EXPOSED, found=found)
    bounds = f"keeps each copy for {vault.get('MinRetentionDays')} to {vault.get('MaxRetentionDays')} days"
    final = vault.get("LockDate")
    if final is None:
        return Finding(what="lock", state=State.GOOD, found=f"{bounds}; an administrator of its account can lift it")
    since = "nobody can lift it" if final <= now else f"nobody can lift it from {final:%Y-%m-%d} on"
    return Finding(what="lock", state=State.GOOD, found=f"{bounds}; {since}")


def _takes_from(answer: dict[str, Any], target: BackupTarget) -> Finding:
    """Whose copies it takes: this stack's account's alone; and whether it refuses early ends."""
    statements = json.loads(answer["Policy"])["Statement"]
    allowed = {
        str(who)
        for one in statements
        if one["Effect"] == "Allow"
        for who in _listed(one["Principal"].get("AWS") if isinstance(one["Principal"], dict) else one["Principal"])
    }
    own = target.copies_vault_arn.rpartition("-")[2]
    others = sorted(one for one in allowed if one not in (own, f"arn:aws:iam::{own}:root"))
    denied = [action for one in statements if one["Effect"] == "Deny" for action in _listed(one["Action"])]
    if others:
        return Finding(what="vault's policy", state=State.EXPOSED, found=f"also lets in {', '.join(others)}")
    if "backup:DeleteRecoveryPoint" not in denied:
        return Finding(what="vault's policy", state=State.EXPOSED, found="does not refuse to delete a copy")
    return Finding(
        what="vault's policy", state=State.GOOD, found=f"takes copies of account {own} alone, ends none early"
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
