"""Copies that leave what they are copies of: snapshots, replicated objects and secrets, keys of several regions."""

from collections.abc import Iterator, Mapping
from typing import Any

from facts import tokens as t
from graph.values import items
from rehearsal.report.data.model import UNTOLD, End, Fate, Key, Life, key_of, place_of
from rehearsal.report.graph import Graph, maps
from rehearsal.result import Rehearsed

REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
_STAYS = Fate(End.STAYS, "stays until someone deletes it", None)


def copy_lives(graph: Graph) -> Iterator[Life]:
    """Every copy that is declared beside its original; its region is its own, not the original's."""
    for snapshot in graph.of_type(t.SNAPSHOT, t.CLUSTER_SNAPSHOT):
        yield _snapshot(graph, snapshot, "Snapshot", place_of(graph, snapshot))
    for copy in graph.of_type(t.SNAPSHOT_COPY):
        there = graph.properties(copy).get("destinationRegion")
        yield _snapshot(graph, copy, "Copy of a snapshot", str(there or place_of(graph, copy)))
    for replication in graph.of_type(t.BUCKET_REPLICATION):
        yield from _objects(graph, replication)
    for secret in graph.of_type(t.SECRET):
        yield from _secrets(graph, secret)
    for key in graph.of_type(REPLICA_KEY):
        yield Life("Replica of an encryption key", key, place_of(graph, key), Key(words="is one"), "with it", _STAYS)


def _snapshot(graph: Graph, snapshot: Rehearsed, what: str, place: str) -> Life:
    key = key_of(graph.properties(snapshot), "kmsKeyId", "as its original")
    return Life(what, snapshot, place, key, "until someone deletes it", Fate(End.DELETED, "with the stack"))


def _objects(graph: Graph, replication: Rehearsed) -> Iterator[Life]:
    for rule in maps(graph.properties(replication).get("rules")):
        if rule.get("status") != "Enabled":
            continue
        for destination in maps(rule.get("destination")):
            key = next(maps(destination.get("encryptionConfiguration")), {})
            yield Life(
                what=f"Objects copied to {str(destination.get('bucket')).removeprefix('arn:aws:s3:::')}",
                holder=replication,
                place=_bucket_place(graph, destination, key),
                key=key_of(key, "replicaKmsKeyId", "the other bucket's own"),
                kept="as the other bucket keeps them",
                fate=_STAYS,
            )


def _bucket_place(graph: Graph, destination: Mapping[str, Any], key: Mapping[str, Any]) -> str:
    """A bucket's ARN names no region: the bucket's own declaration does, else the key for it there.

    Whoever looked into the account puts the region beside the bucket.
    """
    if destination.get("region"):
        return str(destination["region"])
    bucket = graph.find(destination.get("bucket"), t.BUCKET)
    if bucket is not None:
        return place_of(graph, bucket)
    parts = str(key.get("replicaKmsKeyId") or "").split(":")
    return parts[3] if len(parts) > 3 and parts[3] else UNTOLD


def _secrets(graph: Graph, secret: Rehearsed) -> Iterator[Life]:
    for replica in items(graph.properties(secret).get("replicas")):
        if isinstance(replica, Mapping):
            key = key_of(replica, "kmsKeyId", "Secrets Manager's own key")
            yield Life(
                "Replica of a secret", secret, str(replica.get("region") or UNTOLD), key, "as its original", _STAYS
            )
