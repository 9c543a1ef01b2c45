"""What a database instance holds, and what is left of it once it is deleted."""

from collections.abc import Iterator
from typing import Final

from facts import tokens as t
from facts.stores.holder import NOT_SHOWN, Holder, for_a_while, for_days, stays
from facts.stores.model import (
    FOREVER,
    AfterDeletion,
    Concern,
    Content,
    End,
    Form,
    Keeping,
    Kept,
    Key,
    KeyKind,
    Reason,
    Store,
)
from graph import Graph

# What RDS does by itself, whatever is declared.
_MONITORING_DAYS: Final = 30.0
_MASTER_PASSWORD_DAYS: Final = 7.0
_WITH_INSTANCE: Final = AfterDeletion(End.DELETED, Reason.WITH_INSTANCE)


def database_stores(graph: Graph) -> Iterator[Store]:
    """Rows, backups, final snapshot, performance data, monitoring and the master password of every instance."""
    for one in graph.of(t.DATABASE):
        yield from _instance(Holder(graph, one))
    for copy in graph.of(t.AUTOMATED_BACKUPS_REPLICATION):
        replicated = Holder(graph, copy)
        days = replicated.days("retentionPeriod")
        yield replicated.store(
            Form.REPLICATED_BACKUPS,
            Content.CUSTOMER,
            replicated.key("kmsKeyId"),
            for_days(days),
            for_a_while(days, Reason.REPLICATION_ENDS),
        )


def _instance(one: Holder) -> Iterator[Store]:
    encrypted = one.flag("storageEncrypted")
    key = _storage_key(one, encrypted)
    skipped = one.flag("skipFinalSnapshot")
    yield one.store(
        Form.DATABASE_ROWS,
        Content.CUSTOMER,
        key,
        Kept(Keeping.UNTIL_DELETED),
        _WITH_INSTANCE if skipped is not False else AfterDeletion(End.DELETED, Reason.AFTER_SNAPSHOT),
        standby=one.flag("multiAz"),
        warnings=(Concern.STORAGE_NOT_ENCRYPTED,) if encrypted is False else (),
    )
    yield _backups(one, key)
    yield _final_snapshot(one, key, skipped)
    watched = one.flag("performanceInsightsEnabled")
    if watched is not False:
        days = one.days("performanceInsightsRetentionPeriod") if watched else None
        performance = one.key("performanceInsightsKmsKeyId")
        yield one.store(Form.PERFORMANCE_DATA, Content.TRACES, performance, for_days(days), _WITH_INSTANCE)
    interval = one.days("monitoringInterval")
    if interval != 0:
        days = None if interval is None else _MONITORING_DAYS
        after = for_a_while(days, Reason.MONITORING_UNOWNED)
        yield one.store(Form.OS_MONITORING, Content.FIGURES, KeyKind.AWS, for_days(days), after)
    if one.flag("manageMasterUserPassword") is not False:
        yield one.store(
            Form.MASTER_PASSWORD,
            Content.CREDENTIALS,
            one.key("masterUserSecretKmsKeyId"),
            Kept(Keeping.ROTATED, rotation=_MASTER_PASSWORD_DAYS),
            AfterDeletion(End.DELETED, Reason.BY_RDS),
        )


def _storage_key(one: Holder, encrypted: bool | None) -> Key:
    if encrypted is None:
        return Key(KeyKind.UNKNOWN)
    return one.key("kmsKeyId") if encrypted else Key(KeyKind.NOT_ENCRYPTED)


def _backups(one: Holder, key: Key) -> Store:
    days = one.days("backupRetentionPeriod")
    deleted = one.flag("deleteAutomatedBackups")
    if days == 0:
        after = AfterDeletion(End.NONE, Reason.BACKUPS_OFF)
    elif deleted:
        after = _WITH_INSTANCE
    else:
        after = NOT_SHOWN if deleted is None else for_a_while(days, Reason.BACKUPS_EXPIRE)
    return one.store(
        Form.AUTOMATED_BACKUPS,
        Content.CUSTOMER,
        key,
        Kept(Keeping.NONE, 0.0) if days == 0 else for_days(days),
        after,
        warnings=(Concern.NO_BACKUPS,) if days == 0 else (),
    )


def _final_snapshot(one: Holder, key: Key, skipped: bool | None) -> Store:
    name = one.resource.inputs.get("finalSnapshotIdentifier")
    if skipped is None:
        after = NOT_SHOWN
    elif skipped:
        after = AfterDeletion(End.NONE, Reason.SNAPSHOT_SKIPPED)
    elif name is None or name == "":
        after = AfterDeletion(End.BLOCKS, Reason.SNAPSHOT_UNNAMED, FOREVER)
    else:
        after = stays(Reason.SNAPSHOT_TAKEN)
    kept = Kept(Keeping.NONE, 0.0) if skipped else Kept(Keeping.ON_DELETION)
    return one.store(Form.FINAL_SNAPSHOT, Content.CUSTOMER, key, kept, after, name="" if name is None else str(name))
