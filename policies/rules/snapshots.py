"""Copies of a database that leave it: snapshots, their copies and replicated backups."""

from facts import tokens as t
from graph.values import items
from policies.customer_keys import names_customer_key
from policies.rule import Args, Report, rule


@rule("snapshot-stay-private", t.SNAPSHOT, t.SNAPSHOT_COPY, t.CLUSTER_SNAPSHOT)
def stay_private(args: Args, report: Report) -> None:
    if "all" in items(args.props.get("sharedAccounts")):
        report('sharedAccounts holds "all"')


@rule("snapshot-copy-encrypt", t.SNAPSHOT_COPY)
def copy_encrypt(args: Args, report: Report) -> None:
    if not names_customer_key(args.props.get("kmsKeyId"), args.accounts):
        report("kmsKeyId names no customer key of this account")


@rule("backup-replication-encrypt", t.AUTOMATED_BACKUPS_REPLICATION)
def replication_encrypt(args: Args, report: Report) -> None:
    if not names_customer_key(args.props.get("kmsKeyId"), args.accounts):
        report("kmsKeyId names no customer key of this account")
