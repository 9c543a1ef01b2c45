"""Copies that leave what they are copies of: snapshots, replicated objects and secrets, keys of several regions."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from facts import tokens as t
from facts.stores.holder import REPLICA_KEY, Holder, classification, content_of, stays
from facts.stores.model import AfterDeletion, Content, End, Form, Keeping, Kept, KeyKind, Reason, Store
from graph import Graph, Mark, Resource
from graph.values import items, maps

_STAYS: Final = stays(Reason.UNTIL_DELETED)
_AS_ORIGINAL: Final = Kept(Keeping.WITH_ORIGINAL)
_S3: Final = "arn:aws:s3:::"


def copy_stores(graph: Graph) -> Iterator[Store]:
    """Every copy that is declared beside its original; its region is its own, not the original's."""
    for snapshot in graph.of(t.SNAPSHOT, t.CLUSTER_SNAPSHOT):
        yield _snapshot(Holder(graph, snapshot), Form.SNAPSHOT)
    for copy in graph.of(t.SNAPSHOT_COPY):
        there, one = copy.inputs.get("destinationRegion"), Holder(graph, copy)
        yield _snapshot(one, Form.SNAPSHOT_COPY, region="" if isinstance(there, Mark) else str(there or one.region))
    for replication in graph.of(t.BUCKET_REPLICATION):
        source = next(iter(graph.referred(replication, "bucket", t.BUCKET)), None)
        yield from _objects(Holder(graph, replication), "rules", source)
    for bucket in graph.of(t.BUCKET):
        yield from _objects(Holder(graph, bucket), "replicationConfiguration.rules", bucket)
    for secret in graph.of(t.SECRET):
        yield from _replicas(Holder(graph, secret))
    for key in graph.of(REPLICA_KEY):
        yield Holder(graph, key).store(Form.KEY_REPLICA, Content.KEY, KeyKind.IS_ONE, _AS_ORIGINAL, _STAYS)


def _snapshot(one: Holder, form: Form, **more: Any) -> Store:
    after = AfterDeletion(End.DELETED, Reason.WITH_STACK)
    key = one.key("kmsKeyId", KeyKind.AS_ORIGINAL)
    return one.store(form, Content.CUSTOMER, key, Kept(Keeping.UNTIL_DELETED), after, **more)


def _objects(one: Holder, path: str, source: Resource | None) -> Iterator[Store]:
    classified = classification(source) if source is not None else ""
    for index, rule in enumerate(items(one.at(path))):
        if isinstance(rule, Mapping) and rule.get("status") == "Disabled":
            continue
        at = f"{path}[{index}].destination"
        destination = next(maps(one.at(at)), {})
        inline = "replicaKmsKeyId" in destination  # in a bucket's own replicationConfiguration
        key = one.key(f"{at}.{'' if inline else 'encryptionConfiguration.'}replicaKmsKeyId", KeyKind.AS_DESTINATION)
        yield one.store(
            Form.OBJECT_COPY,
            content_of(classified),
            key,
            _AS_ORIGINAL,
            _STAYS,
            region=_bucket_region(one.graph, destination, key.reference),
            name=str(destination.get("bucket") or "").removeprefix(_S3),
            classification=classified,
        )


def _bucket_region(graph: Graph, destination: Mapping[str, Any], key: str) -> str:
    """A bucket's ARN names no region: the bucket's own declaration does, else the key for it there.

    Whoever looked into the account puts the region beside the bucket.
    """
    if isinstance(destination.get("region"), str):
        return str(destination["region"])
    bucket = graph.find(destination.get("bucket"), t.BUCKET)
    if bucket is not None:
        return Holder(graph, bucket).region
    parts = key.split(":")
    return parts[3] if len(parts) > 3 else ""


def _replicas(one: Holder) -> Iterator[Store]:
    for index, replica in enumerate(items(one.resource.inputs.get("replicas"))):
        region = replica.get("region") if isinstance(replica, Mapping) else None
        yield one.store(
            Form.SECRET_REPLICA,
            Content.CREDENTIALS,
            one.key(f"replicas[{index}].kmsKeyId", KeyKind.SECRETS_MANAGER),
            _AS_ORIGINAL,
            _STAYS,
            region=region if isinstance(region, str) else "",
            name=region if isinstance(region, str) else "",
        )
