"""What a copy of the backups out of reach opens on purpose: to the other account, and to AWS Backup itself."""

from collections.abc import Mapping
from typing import Final

from facts import tokens as t
from facts.permissions.actions import covers
from facts.places import ARN
from facts.ways.callers import Caller
from facts.ways.judging import Way
from facts.ways.model import Path
from facts.ways.parties import OUTSIDE, party_of
from facts.ways.things import Thing
from graph import Graph
from graph.values import texts

Copies = Mapping[str, frozenset[str]]
"""The vaults of other accounts that each stack's backups are copied to, by the stack."""

_PLAN: Final = "backup-plan"  # of components/backup.py
_ROLE: Final = "backup-role"
_SHARED_KEYS: Final = ("keys-database", "backup-key")
_SHARED_USES: Final = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:ReEncrypt*")


def copies_of(graph: Graph) -> Copies:
    """As the program itself declares them; a plan beside it is nobody's intention."""
    return {
        party_of(one.urn, graph.project): frozenset(
            text for text in texts(one.inputs.get("rules")) if ":backup-vault:" in text
        )
        for one in graph.of(t.BACKUP_PLAN)
        if one.name == _PLAN
    }


def intended_for_copies(caller: Caller, thing: Thing, way: Way, copies: Copies) -> str:
    """Why it is open; empty where it is not meant to be."""
    if caller.party != OUTSIDE:
        return _intended_of_jobs(caller, way)
    accounts = {found[2] for vault in copies.get(thing.party, ()) if (found := ARN.match(vault))}
    if caller.principal.account not in accounts:
        return ""
    if thing.type == t.BACKUP_VAULT and way.action == "backup:CopyIntoBackupVault":
        return "a copy comes back by it; AWS lets another account do nothing else with a vault"
    if thing.name in _SHARED_KEYS and covers(_SHARED_USES, way.action):
        return "the account that keeps the copies reads a backup with it, through RDS and AWS Backup alone"
    return ""


def _intended_of_jobs(caller: Caller, way: Way) -> str:
    """The ids of snapshots that AWS Backup takes are its own; nobody's code gets the role."""
    if caller.name != _ROLE:
        return ""
    taken = ":snapshot:awsbackup:" in way.arn
    listed = way.action in ("rds:DescribeDBInstances", "rds:DescribeDBSnapshots")
    return "AWS Backup alone takes the role, for the jobs of a stack's own plan" if taken or listed else ""


def meant_copy(path: Path, copies: Copies) -> bool:
    """Whether a reference is that of a plan to its own vault elsewhere."""
    return path.party == OUTSIDE and path.thing == _PLAN and path.caller in copies.get(path.whom, ())
