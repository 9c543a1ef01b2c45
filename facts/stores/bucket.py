"""What a bucket holds: current, archived and noncurrent objects and unfinished uploads, each with its own end."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from facts import tokens as t
from facts.safeguards import strength_of
from facts.stores.holder import NOT_SHOWN, Holder, classification, content_of, stays
from facts.stores.model import FOREVER, AfterDeletion, Concern, Content, End, Form, Keeping, Key, KeyKind, Reason, Store
from facts.stores.rules import Rules, read_rules
from graph import Graph, Mark, Resource
from graph.values import flag, items, maps

_DEFAULT: Final = "applyServerSideEncryptionByDefault"


def bucket_stores(graph: Graph) -> Iterator[Store]:
    """Every form of data of every bucket; of a bucket of another stack, what this stack's lifecycle rules delete."""
    for bucket in graph.of(t.BUCKET):
        yield from _stores(graph, bucket)
    for side in graph.of(t.BUCKET_LIFECYCLE):
        if not graph.referred(side, "bucket", t.BUCKET):
            yield from _elsewhere(Holder(graph, side))


def _stores(graph: Graph, bucket: Resource) -> Iterator[Store]:
    one, writers = Holder(graph, bucket), tuple(_log_writers(graph, bucket))
    classified = classification(bucket)
    content = Content.ACCESS_LOGS if writers else content_of(classified)
    rules, versioned = _rules(graph, bucket), strength_of(graph, "versioning", bucket.urn)
    key, after = _key(one), _after_deletion(one)

    def store(form: Form, *concerns: Concern) -> Store:
        return one.store(
            form,
            content,
            key,
            rules.kept(form),
            after,
            classification=classified,
            writers=writers,
            warnings=concerns,
        )

    yield store(Form.OBJECTS, *((Concern.NOT_VERSIONED,) if versioned == 0 else ()))
    if rules.spans[Form.ARCHIVED_OBJECTS]:
        yield store(Form.ARCHIVED_OBJECTS)
    for form, concern, held in (
        (Form.NONCURRENT_VERSIONS, Concern.VERSIONS_PILE_UP, versioned != 0),
        (Form.UNFINISHED_UPLOADS, Concern.UPLOADS_PILE_UP, True),
    ):
        if held or rules.spans[form]:
            piling_up = rules.kept(form).how is Keeping.UNTIL_DELETED
            yield store(form, *((concern,) if piling_up else ()))


def _elsewhere(side: Holder) -> Iterator[Store]:
    """What rules for a bucket that this stack does not hold do to it; the bucket goes by the name that they say."""
    rules = read_rules(side.resource.inputs.get("rules"))
    for form in (Form.OBJECTS, Form.NONCURRENT_VERSIONS):
        yield side.store(
            form,
            Content.UNKNOWN,
            KeyKind.UNKNOWN,
            rules.kept(form),
            stays(Reason.NOT_OWNED),
            name=str(side.resource.inputs.get("bucket") or ""),
        )


def _rules(graph: Graph, bucket: Resource) -> Rules:
    rules = items(bucket.inputs.get("lifecycleRules"))
    for side in graph.referring(bucket, t.BUCKET_LIFECYCLE, "bucket"):
        rules += items(side.inputs.get("rules"))
    return read_rules(rules)


def _key(one: Holder) -> Key:
    graph, bucket = one.graph, one.resource
    for side in graph.referring(bucket, t.BUCKET_ENCRYPTION, "bucket"):
        return _default_key(Holder(graph, side), "rules[0]")
    if bucket.inputs.get("serverSideEncryptionConfiguration") is not None:
        return _default_key(one, "serverSideEncryptionConfiguration.rule")
    return Key(KeyKind.SSE_S3)


def _default_key(one: Holder, rule: str) -> Key:
    algorithm = one.at(f"{rule}.{_DEFAULT}.sseAlgorithm")
    if isinstance(algorithm, Mark):
        return Key(KeyKind.UNKNOWN)
    plain = algorithm is None or algorithm == "AES256"
    return one.key(f"{rule}.{_DEFAULT}.kmsMasterKeyId", KeyKind.SSE_S3 if plain else KeyKind.S3_KMS)


def _after_deletion(one: Holder) -> AfterDeletion:
    if one.resource.retain_on_delete:
        return stays(Reason.BUCKET_RETAINED)
    match one.flag("forceDestroy"):
        case None:
            return NOT_SHOWN
        case True:
            return AfterDeletion(End.DELETED, Reason.BUCKET_EMPTIED)
    return AfterDeletion(End.BLOCKS, Reason.BUCKET_NOT_EMPTY, FOREVER)


def _log_writers(graph: Graph, bucket: Resource) -> Iterator[Resource]:
    """The buckets and load balancers that deliver their access logs here."""
    for logging in graph.referring(bucket, t.BUCKET_LOGGING, "targetBucket"):
        yield next(iter(graph.referred(logging, "bucket", t.BUCKET)), logging)
    for balancer in graph.of(t.LOAD_BALANCER):
        for target in maps(balancer.inputs.get("accessLogs")):
            if flag(target.get("enabled", True)) is not False and _means(graph, balancer, target, bucket):
                yield balancer


def _means(graph: Graph, balancer: Resource, target: Mapping[str, Any], bucket: Resource) -> bool:
    named = target.get("bucket")
    if isinstance(named, str):
        return graph.find(named, t.BUCKET) is bucket
    return bucket in graph.referred(balancer, "accessLogs.bucket", t.BUCKET)
