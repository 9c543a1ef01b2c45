"""AWS Backup: what a plan takes and copies away, and a vault that nobody empties."""

from collections.abc import Iterator
from typing import Any

from facts import tokens as t
from facts.permissions.actions import covers
from facts.permissions.copies import account_of_vault, copied_to, is_through_services
from facts.permissions.documents import accounts_of, conditions, principals, statements, values_of
from facts.safeguards.backups import LEAVING_OUT
from facts.safeguards.strength import kept_days
from facts.stores import FOREVER
from graph.values import at, items, maps, number
from policies.customer_keys import names_customer_key
from policies.rule import Args, NotEvaluated, Report, rule, stack_rule

ENDING = ("backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle")


@rule("backup-vault-encrypt", t.BACKUP_VAULT)
def encrypt(args: Args, report: Report) -> None:
    key = args.props.get("kmsKeyArn")
    if key is None or not names_customer_key(key, args.accounts):
        report("kmsKeyArn names no customer key")


@stack_rule("backup-vault-lock", t.BACKUP_VAULT)
def lock(args: Args, report: Report) -> None:
    """A vault that a plan of its own stack fills holds nothing that its copies do not."""
    if _is_filled_here(args):
        return
    locks = args.stack.linked(t.BACKUP_VAULT_LOCK, "backupVaultName", args.resource)
    if not locks:
        report("no VaultLockConfiguration names it")
    for one in locks:
        if not number(one.props.get("minRetentionDays")):
            report(f"{one.name} sets no minRetentionDays")
        most = kept_days(one.props.get("maxRetentionDays"))
        if most > args.settings["maximumDays"]:
            report(f"{one.name} keeps recovery points {_how_long(most)}")


def _how_long(days: float) -> str:
    return "for ever" if days == FOREVER else f"for {days:g} days"


def _is_filled_here(args: Args) -> bool:
    return any(
        args.resource in args.stack.named_by(plan, f"rules[{index}].targetVaultName", t.BACKUP_VAULT)
        for plan in args.stack.of(t.BACKUP_PLAN)
        for index in range(len(items(plan.props.get("rules"))))
    )


@stack_rule("backup-vault-refuse-deletion", t.BACKUP_VAULT)
def refuse_deletion(args: Args, report: Report) -> None:
    policies = args.stack.linked(t.BACKUP_VAULT_POLICY, "backupVaultName", args.resource, needed=True)
    denied = [
        action
        for policy in policies
        for statement in statements(policy.props.get("policy"))
        if statement.get("Effect") == "Deny"
        and "*" in principals(statement)
        and "*" in values_of(statement, "Resource")
        if not conditions(statement)
        for action in values_of(statement, "Action")
    ]
    missing = [action for action in ENDING if not covers(denied, action)]
    if missing:
        report(f"no policy denies {', '.join(missing)} to everybody")


@rule("backup-plan-copy-away", t.BACKUP_PLAN)
def copy_away(args: Args, report: Report) -> None:
    for one in maps(args.props.get("rules")):
        name = one.get("ruleName") or "a rule"
        away = [copy for copy in maps(one.get("copyActions")) if account_of_vault(copy) not in (None, *args.accounts)]
        if not args.accounts:
            raise NotEvaluated("the provider names no allowedAccountIds to compare vaults with")
        if not away:
            report(f"{name} copies to no other account")
        for copy in maps(one.get("copyActions")):
            days = kept_days(at(copy, "lifecycle.deleteAfter"))
            if days > args.settings["maximumDays"]:
                report(f"{name} keeps a copy {_how_long(days)}")


@stack_rule("backup-plan-take-data", t.BACKUP_SELECTION)
def take_data(args: Args, report: Report) -> None:
    for database in args.stack.of(t.DATABASE):
        if not args.stack.linked(t.BACKUP_SELECTION, "resources", database):  # a silo is judged beside its base's own
            report(f"it does not name {database.name}")
    taken = args.stack.named_by(args.resource, "resources", t.BUCKET)
    if not any((one.props.get("tags") or {}).get("data-classification") == "customer-data" for one in taken):
        report("it names no bucket with customers' data")
    for name in LEAVING_OUT:
        if items(args.props.get(name)):
            report(f"{name} may leave out what it names")


@stack_rule("backup-copy-share-key", t.DATABASE)
def share_key(args: Args, report: Report) -> None:
    accounts = (
        copied_to(one.props for one in args.stack.of(t.BACKUP_PLAN)) - set(args.accounts)
        if args.stack.linked(t.BACKUP_SELECTION, "resources", args.resource)
        else set()
    )
    for key in args.stack.named_by(args.resource, "kmsKeyId", t.KEY) if accounts else ():
        shared = {account for statement in statements(key.props.get("policy")) for account in sharing(statement)}
        for account in sorted(accounts - shared):
            report(f"{key.name} is not shared with {account}, which its snapshots are copied to")


def sharing(statement: Any) -> Iterator[str]:
    """The accounts that a statement of a key's policy lets copy what it encrypts: through AWS's services alone."""
    reads = covers(values_of(statement, "Action"), "kms:Decrypt")
    if statement.get("Effect") == "Allow" and reads and is_through_services(statement):
        yield from accounts_of(principals(statement))
