"""What holds data, where, under which key, how long, and what becomes of it once its holder is deleted.

Computed from a graph, typed, without captions: `facts.captions` renders these for a reader.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from facts import tokens as t
from facts.stores.backups import backup_stores
from facts.stores.bucket import bucket_stores
from facts.stores.copies import copy_stores
from facts.stores.database import database_stores
from facts.stores.holder import Holder, classification, content_of, guards, stays
from facts.stores.logs import log_stores
from facts.stores.model import (
    FOREVER,
    AfterDeletion,
    Concern,
    Content,
    End,
    Form,
    Guard,
    Keeping,
    Kept,
    Key,
    KeyKind,
    Limit,
    Reason,
    Span,
    Store,
)
from facts.stores.running import alert_stores, task_stores
from facts.stores.secrets import key_after_deletion, key_stores, secret_stores
from facts.types import Loss, loss_of
from graph import Graph

# Types whose every resource is read above; what a trail records lies in a bucket and a log group.
_READ = (t.DATABASE, t.BUCKET, t.LOG_GROUP, t.SECRET, t.KEY, t.TRAIL)


def stores(graph: Graph) -> list[Store]:
    """Every form of data of a stack: database, buckets, logs, secrets, keys, copies, alarms, and the unknown."""
    found = [
        *database_stores(graph),
        *bucket_stores(graph),
        *log_stores(graph),
        *task_stores(graph),
        *secret_stores(graph),
        *key_stores(graph),
        *copy_stores(graph),
        *backup_stores(graph),
        *alert_stores(graph),
    ]
    found += _unknown(graph, found)
    return [_with_lost_key(graph, _retained(store)) for store in found]


def _unknown(graph: Graph, known: Sequence[Store]) -> Iterator[Store]:
    """What its tag or the list of types says holds data, of a type without a rule: named, never left out."""
    described = {store.holder.urn for store in known}
    for one in graph.resources:
        if not one.custom or one.type in _READ or one.urn in described or one.type.startswith("pulumi:"):
            continue
        classified = classification(one)
        if classified or loss_of(one.type) >= Loss.COPY:
            yield Holder(graph, one).store(
                Form.UNKNOWN,
                content_of(classified),
                KeyKind.UNKNOWN,
                Kept(Keeping.UNKNOWN, None),
                AfterDeletion(End.BLOCKS, Reason.NO_RULE, None),
                classification=classified,
                warnings=(Concern.NO_RULE,),
            )


def _retained(store: Store) -> Store:
    """What goes with its holder stays where Pulumi lets go of that without deleting it."""
    if store.holder.retain_on_delete and store.after_deletion.end is End.DELETED:
        return replace(store, after_deletion=stays(Reason.RETAINED))
    return store


def _with_lost_key(graph: Graph, store: Store) -> Store:
    """Data that outlives its key cannot be read."""
    key = graph.by_urn.get(store.key.urn)
    if key is None or store.after_deletion.end in (End.NONE, End.DELETED):
        return store
    if key_after_deletion(Holder(graph, key)).end is End.STAYS:
        return store
    return replace(store, warnings=(*store.warnings, Concern.KEY_LOST))


__all__ = [
    "FOREVER",
    "AfterDeletion",
    "Concern",
    "Content",
    "End",
    "Form",
    "Guard",
    "Keeping",
    "Kept",
    "Key",
    "KeyKind",
    "Limit",
    "Reason",
    "Span",
    "Store",
    "guards",
    "stays",
    "stores",
]
