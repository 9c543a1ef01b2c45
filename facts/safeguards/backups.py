"""A copy of backups out of reach: what a plan keeps and copies away, what it takes, and how a vault is locked."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from facts import tokens as t
from facts.safeguards.model import DeclaredBy, Rule, Weakening, own
from facts.safeguards.strength import amount, few, given, kept_days, on
from graph.values import at, items, maps, number

LEAVING_OUT: Final = ("notResources", "conditions")
"""What keeps a selection from taking all that it names; `selectionTags` only add to it.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
"""


def copies_of(value: Any) -> dict[str, Any]:
    """The copies that a plan's rules make, by the vault that each goes to, and how many days each is kept."""
    return {f"copy to {vault}": _days(copy) for rule in maps(value) for vault, copy in _copies(rule)}


def kept_by(value: Any) -> dict[str, Any]:
    """The rules of a plan by their names, and how many days each keeps what it takes."""
    return {f"rule {one.get('ruleName')}": _days(one) for one in maps(value)}


def taken_by(value: Any) -> dict[str, Any]:
    """What a selection names, each thing by its ARN."""
    return {f"takes {one}": one for one in items(value)}


def _copies(rule: Mapping[str, Any]) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    for copy in maps(rule.get("copyActions")):
        yield copy.get("destinationVaultArn"), copy


def _days(one: Mapping[str, Any]) -> Any:
    """Days until it is deleted; nothing keeps it for ever."""
    return kept_days(at(one, "lifecycle.deleteAfter"))


def _shortness(value: Any) -> float:
    """The sooner a copy must end the stronger: what was erased stands in it for so long."""
    return -(number(value) or float("inf"))


RULES: Final = (
    Rule(
        "copies",
        Weakening.RETENTION,
        "days that a copy elsewhere is kept",
        amount,
        None,
        own(t.BACKUP_PLAN, path="rules"),
        each=copies_of,
    ),
    Rule(
        "recovery points",
        Weakening.RETENTION,
        "days that recovery points are kept",
        amount,
        None,
        own(t.BACKUP_PLAN, path="rules"),
        each=kept_by,
    ),
    Rule(
        "resources",
        Weakening.LOSS,
        "what a backup plan takes",
        given,
        None,
        # Of the plan: other resources replace the selection.
        (DeclaredBy(t.BACKUP_SELECTION, "resources", "planId", t.BACKUP_PLAN),),
        each=taken_by,
    ),
    *(
        Rule(
            name,
            Weakening.LOSS,
            "what a backup plan leaves out of what it names",
            few,
            None,
            (DeclaredBy(t.BACKUP_SELECTION, name, "planId", t.BACKUP_PLAN),),
        )
        for name in LEAVING_OUT
    ),
    Rule(
        "minRetentionDays",
        Weakening.RETENTION,
        "days that a vault's lock keeps a recovery point at least",
        amount,
        None,
        (DeclaredBy(t.BACKUP_VAULT_LOCK, "minRetentionDays", "backupVaultName", t.BACKUP_VAULT),),
    ),
    Rule(
        "maxRetentionDays",
        Weakening.LOSS,
        "days after which nothing that was erased is in a locked vault",
        _shortness,
        None,
        (DeclaredBy(t.BACKUP_VAULT_LOCK, "maxRetentionDays", "backupVaultName", t.BACKUP_VAULT),),
    ),
    Rule(
        "changeableForDays",
        Weakening.LOSS,
        "nobody lifts the lock of a vault once its days of grace are over",
        given,
        None,
        (DeclaredBy(t.BACKUP_VAULT_LOCK, "changeableForDays", "backupVaultName", t.BACKUP_VAULT),),
    ),
    Rule(
        "state",
        Weakening.WATCH,
        "a rule of events is on",
        on,
        "ENABLED",
        own(t.EVENT_RULE, path="state"),
    ),
    Rule("isEnabled", Weakening.WATCH, "a rule of events is on", on, True, own(t.EVENT_RULE, path="isEnabled")),
)
