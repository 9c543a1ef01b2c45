"""What a bucket holds: current, archived and noncurrent objects and unfinished uploads, each with its own end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from facts import tokens as t
from rehearsal.report.data.model import End, Fate, Key, Life, classification, days, key_of, place_of
from rehearsal.report.graph import Graph, maps, number, words
from rehearsal.result import Rehearsed

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
_CLASSES = {
    "DEEP_ARCHIVE": "Glacier Deep Archive (hours to fetch)",
    "GLACIER": "Glacier Flexible Retrieval (minutes to hours to fetch)",
    "GLACIER_IR": "Glacier Instant Retrieval (downloads at once)",
    "INTELLIGENT_TIERING": "Intelligent Tiering",
    "ONEZONE_IA": "One Zone Infrequent Access",
    "STANDARD_IA": "Infrequent Access",
}


@dataclass(slots=True)
class Lifecycle:
    """What the enabled rules of one bucket do, in words."""

    archive: list[str] = field(default_factory=list)
    expire: list[str] = field(default_factory=list)
    noncurrent: list[str] = field(default_factory=list)
    abort: list[str] = field(default_factory=list)


def bucket_lives(graph: Graph) -> Iterator[Life]:
    """Every kind of data of every bucket."""
    for bucket in graph.of_type(t.BUCKET):
        yield from _lives(graph, bucket)


def _lives(graph: Graph, bucket: Rehearsed) -> Iterator[Life]:
    content, rules = _content(graph, bucket), lifecycle(graph, bucket)
    place, key, fate = place_of(graph, bucket), _key(graph, bucket), _fate(graph, bucket)
    versioned = _versioned(graph, bucket)

    def life(what: str, kept: str, *warnings: str) -> Life:
        return Life(what, bucket, place, key, kept, fate, warnings)

    kept = f"deleted {words(rules.expire)}" if rules.expire else "until someone deletes them"
    yield life(content, kept, *(() if versioned else ("not versioned: what is overwritten is gone",)))
    if rules.archive:
        yield life(f"{content}: archived", f"{words(rules.archive)}; then as above")
    if versioned or rules.noncurrent:
        yield life(
            f"{content}: noncurrent versions",
            f"can be brought back {words(rules.noncurrent)}" if rules.noncurrent else "for ever: no rule expires them",
            *(() if rules.noncurrent else ("old versions pile up",)),
        )
    yield life(
        f"{content}: unfinished uploads",
        f"aborted {words(rules.abort)}" if rules.abort else "for ever: no rule aborts them",
        *(() if rules.abort else ("unfinished uploads pile up, unseen",)),
    )


def lifecycle(graph: Graph, bucket: Rehearsed) -> Lifecycle:
    """The enabled lifecycle rules of a bucket, inline ones too."""
    found = Lifecycle()
    for rule in _rules(graph, bucket):
        where = _scope(rule)
        for move in maps(rule.get("transitions")):
            class_ = str(move.get("storageClass", ""))
            found.archive.append(f"after {_after(move)} in {_CLASSES.get(class_, class_)}{where}")
        for expiration in maps(rule.get("expiration")):
            if expiration.get("days") or expiration.get("date"):
                found.expire.append(f"after {_after(expiration)}{where}")
        for old in maps(rule.get("noncurrentVersionExpiration")):
            spared = number(old.get("newerNoncurrentVersions"))
            but = f", the newest {int(spared)} for longer" if spared else ""
            found.noncurrent.append(f"for {days(number(old.get('noncurrentDays')) or 0)}{but}{where}")
        for upload in maps(rule.get("abortIncompleteMultipartUpload")):
            found.abort.append(f"after {days(number(upload.get('daysAfterInitiation')) or 0)}{where}")
    return found


def _rules(graph: Graph, bucket: Rehearsed) -> Iterator[Mapping[str, Any]]:
    for side in _side(graph, bucket, t.BUCKET_LIFECYCLE):
        yield from (rule for rule in maps(side.get("rules")) if rule.get("status") == "Enabled")


def _side(graph: Graph, bucket: Rehearsed, token: str) -> Iterator[Mapping[str, Any]]:
    """Properties of the side resources of one type that belong to a bucket."""
    names = {bucket.id, bucket.outputs.get("bucket")}
    for resource in graph.of_type(token):
        properties = graph.properties(resource)
        if properties.get("bucket") in names:
            yield properties


def _after(rule: Mapping[str, Any]) -> str:
    if rule.get("date"):
        return str(rule["date"])
    return days(number(rule.get("days")) or 0)


def _scope(rule: Mapping[str, Any]) -> str:
    """Which objects a rule is for, in words; nothing when it is for all of them."""
    limits: list[str] = [str(rule["prefix"])] if rule.get("prefix") else []
    for one in maps(rule.get("filter")):
        inner = [one, *maps(one.get("and"))]
        limits += [f"under {part['prefix']}" for part in inner if part.get("prefix")]
        limits += ["with certain tags" for part in inner if part.get("tag") or part.get("tags")]
        limits += ["of certain sizes" for part in inner if any(key.startswith("objectSize") for key in part)]
    return f" ({words(limits)})" if limits else ""


def _versioned(graph: Graph, bucket: Rehearsed) -> bool:
    return any(
        one.get("status") == "Enabled"
        for side in _side(graph, bucket, t.BUCKET_VERSIONING)
        for one in maps(side.get("versioningConfiguration"))
    )


def _key(graph: Graph, bucket: Rehearsed) -> Key:
    for side in _side(graph, bucket, t.BUCKET_ENCRYPTION):
        for rule in maps(side.get("rules")):
            for default in maps(rule.get("applyServerSideEncryptionByDefault")):
                without = "SSE-S3 (AES-256)" if default.get("sseAlgorithm") == "AES256" else "S3's own KMS key"
                return key_of(default, "kmsMasterKeyId", without)
    return Key(words="SSE-S3 (AES-256)")


def _fate(graph: Graph, bucket: Rehearsed) -> Fate:
    if bucket.declared.retain_on_delete:
        return Fate(End.STAYS, "Pulumi lets go of the bucket without deleting it (retain_on_delete)", None)
    if graph.properties(bucket).get("forceDestroy", False):
        return Fate(End.DELETED, "with the bucket, every version of it (forceDestroy)")
    return Fate(End.BLOCKS, "S3 refuses to delete a bucket that is not empty: someone has to empty it first", None)


def _content(graph: Graph, bucket: Rehearsed) -> str:
    """What lies in a bucket: logs of those that deliver to it, else objects of its classification."""
    names = {bucket.id, bucket.outputs.get("bucket")}
    logs: list[str] = []
    for logging in graph.of_type(t.BUCKET_LOGGING):
        if graph.properties(logging).get("targetBucket") in names:
            source = graph.find(graph.properties(logging).get("bucket"))
            logs.append(source.name if source is not None else logging.name)
    logs += [
        balancer.name
        for balancer in graph.of_type(t.LOAD_BALANCER)
        for target in maps(graph.properties(balancer).get("accessLogs"))
        if target.get("bucket") in names and target.get("enabled", True)
    ]
    if logs:
        return f"Access logs of {words(logs)}"
    kind = classification(graph, bucket).replace("-", " ")
    return f"Objects ({kind})" if kind else "Objects"
