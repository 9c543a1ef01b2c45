"""What a request to Amazon S3 asks for; what is not mapped as a whole is refused, never judged as its neighbour.

Sources: AWS's service authorization reference for Amazon S3,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html for what each operation needs,
and UsingKMSEncryption.html beside it for the keys.
"""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree

from facts.permissions.patterns import Context
from rehearsal.permissions.request import HttpRequest, RequestedAction, Resources, UnknownRequestError

_READING: Final = ("GET", "HEAD")
_PAGING: Final = frozenset({"prefix", "delimiter", "max-keys", "encoding-type"})
_LISTING: Final = _PAGING | {"list-type", "continuation-token", "start-after", "fetch-owner", "marker"}

_OF_BUCKET: Final[Mapping[tuple[str, str], str]] = {
    ("GET", "acl"): "GetBucketAcl",
    ("PUT", "acl"): "PutBucketAcl",
    ("GET", "location"): "GetBucketLocation",
    ("GET", "versioning"): "GetBucketVersioning",
    ("PUT", "versioning"): "PutBucketVersioning",
    ("GET", "policy"): "GetBucketPolicy",
    ("PUT", "policy"): "PutBucketPolicy",
    ("DELETE", "policy"): "DeleteBucketPolicy",
    ("GET", "policyStatus"): "GetBucketPolicyStatus",
    ("GET", "lifecycle"): "GetLifecycleConfiguration",
    ("PUT", "lifecycle"): "PutLifecycleConfiguration",
    ("DELETE", "lifecycle"): "PutLifecycleConfiguration",
    ("GET", "encryption"): "GetEncryptionConfiguration",
    ("PUT", "encryption"): "PutEncryptionConfiguration",
    ("DELETE", "encryption"): "PutEncryptionConfiguration",
    ("GET", "publicAccessBlock"): "GetBucketPublicAccessBlock",
    ("PUT", "publicAccessBlock"): "PutBucketPublicAccessBlock",
    ("DELETE", "publicAccessBlock"): "PutBucketPublicAccessBlock",
    ("GET", "object-lock"): "GetBucketObjectLockConfiguration",
    ("PUT", "object-lock"): "PutBucketObjectLockConfiguration",
    ("GET", "tagging"): "GetBucketTagging",
    ("PUT", "tagging"): "PutBucketTagging",
    ("DELETE", "tagging"): "PutBucketTagging",
    ("GET", "notification"): "GetBucketNotification",
    ("PUT", "notification"): "PutBucketNotification",
    ("GET", "replication"): "GetReplicationConfiguration",
    ("GET", "cors"): "GetBucketCORS",
    ("PUT", "cors"): "PutBucketCORS",
    ("DELETE", "cors"): "PutBucketCORS",
    ("GET", "logging"): "GetBucketLogging",
    ("PUT", "logging"): "PutBucketLogging",
}
_LISTS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "versions": ("ListBucketVersions", _PAGING | {"key-marker", "version-id-marker"}),
    "uploads": ("ListBucketMultipartUploads", _PAGING | {"key-marker", "upload-id-marker", "max-uploads"}),
}
# An object's sub-resources, by method: the action, and the one for a version named in the request.
_OF_OBJECT: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("GET", "acl"): ("GetObjectAcl", "GetObjectVersionAcl"),
    ("PUT", "acl"): ("PutObjectAcl", "PutObjectVersionAcl"),
    ("GET", "tagging"): ("GetObjectTagging", "GetObjectVersionTagging"),
    ("PUT", "tagging"): ("PutObjectTagging", "PutObjectVersionTagging"),
    ("DELETE", "tagging"): ("DeleteObjectTagging", "DeleteObjectVersionTagging"),
    ("GET", "retention"): ("GetObjectRetention", "GetObjectRetention"),
    ("PUT", "retention"): ("PutObjectRetention", "PutObjectRetention"),
    ("GET", "legal-hold"): ("GetObjectLegalHold", "GetObjectLegalHold"),
    ("PUT", "legal-hold"): ("PutObjectLegalHold", "PutObjectLegalHold"),
    ("GET", "torrent"): ("GetObjectTorrent", "GetObjectVersionTorrent"),
    ("POST", "restore"): ("RestoreObject", "RestoreObject"),
}

# Headers beginning with `x-amz-` that change nothing about what is asked for.
_PLAIN_HEADERS: Final = frozenset(
    {
        "x-amz-api-version",
        "x-amz-content-sha256",
        "x-amz-copy-source-range",
        "x-amz-date",
        "x-amz-decoded-content-length",
        "x-amz-expected-bucket-owner",
        "x-amz-mp-object-size",
        "x-amz-object-attributes",
        "x-amz-sdk-checksum-algorithm",
        "x-amz-security-token",
        "x-amz-server-side-encryption-bucket-key-enabled",
        "x-amz-source-expected-bucket-owner",
        "x-amz-target",
        "x-amz-trailer",
        "x-amz-user-agent",
    }
)
_PLAIN_BEGINNINGS: Final = ("x-amz-checksum-", "x-amz-meta-", "x-amz-copy-source-if-")
_CONTEXT_HEADERS: Final = (
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-metadata-directive",
    "x-amz-storage-class",
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
)
# Headers of a put that need a right of their own, and their condition keys where those are not called like them.
_RIGHTS: Final[Mapping[str, str]] = {
    **{name: "PutObjectAcl" for name in _CONTEXT_HEADERS if "-acl" in name or "-grant-" in name},
    "x-amz-tagging": "PutObjectTagging",
    "x-amz-object-lock-mode": "PutObjectRetention",
    "x-amz-object-lock-retain-until-date": "PutObjectRetention",
    "x-amz-object-lock-legal-hold": "PutObjectLegalHold",
}
_BYPASS: Final = "x-amz-bypass-governance-retention"
_COPYING: Final = ("x-amz-copy-source", "x-amz-tagging-directive")


def read_s3(request: HttpRequest, resources: Resources) -> list[RequestedAction]:
    """Everything that must be allowed for a request to S3. Raises UnknownRequestError."""
    unread = [name for name in request.headers if name.startswith("x-amz-") and not _is_read(name)]
    if unread:
        raise UnknownRequestError(f"requests to S3 with {', '.join(sorted(unread))} are not judged")
    bucket, _, key = request.path.removeprefix("/").partition("/")
    if not bucket:
        raise UnknownRequestError("listing all buckets is not judged")
    actions = _of_object(request, bucket, key, resources) if key else _of_bucket(request, bucket)
    if request.headers.get(_BYPASS, "").lower() == "true":
        actions += [
            RequestedAction(action="s3:BypassGovernanceRetention", resource=one.resource)
            for one in actions
            if one.action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectRetention")
        ]
    return actions


def _is_read(header: str) -> bool:
    return (
        header in _PLAIN_HEADERS
        or header in _CONTEXT_HEADERS
        or header in _RIGHTS
        or header in (_BYPASS, *_COPYING)
        or header.startswith(_PLAIN_BEGINNINGS)
    )


def _unknown(request: HttpRequest, what: str) -> UnknownRequestError:
    return UnknownRequestError(f"{request.method} on {what} with {sorted(request.query)} is not judged")


# ---- buckets


def _of_bucket(request: HttpRequest, bucket: str) -> list[RequestedAction]:
    arn, query = f"arn:aws:s3:::{bucket}", set(request.query)
    if request.method == "POST" and query == {"delete"}:
        return list(_deleted(request, arn))
    if request.method in _READING and not query - _LISTING:
        return [RequestedAction(action="s3:ListBucket", resource=arn, context=_listed(request))]
    for name, (action, parameters) in _LISTS.items():
        if request.method == "GET" and name in query and not query - {name} - parameters:
            return [RequestedAction(action=f"s3:{action}", resource=arn, context=_listed(request))]
    of_bucket = _OF_BUCKET.get((request.method, next(iter(query)))) if len(query) == 1 else None
    if of_bucket:
        context = _context(request) if of_bucket == "PutBucketAcl" else {}
        return [RequestedAction(action=f"s3:{of_bucket}", resource=arn, context=context)]
    if not query and request.method in ("PUT", "DELETE"):
        action = "CreateBucket" if request.method == "PUT" else "DeleteBucket"
        return [RequestedAction(action=f"s3:{action}", resource=arn)]
    raise _unknown(request, "a bucket")


def _listed(request: HttpRequest) -> Context:
    others = {f"s3:{name}": (request.query[name],) for name in ("delimiter", "max-keys") if name in request.query}
    return {"s3:prefix": (request.query.get("prefix", ""),), **others}


def _deleted(request: HttpRequest, bucket_arn: str) -> Iterator[RequestedAction]:
    """Each key of DeleteObjects is an object, or a version, of its own."""
    for entry in ElementTree.fromstring(request.body).iter():  # noqa: S314  our own service wrote it
        if _local(entry) != "Object":
            continue
        named = {_local(child): child.text or "" for child in entry}
        if not named.get("Key") or set(named) - {"Key", "VersionId"}:
            raise UnknownRequestError(f"DeleteObjects with {sorted(named)} is not judged")
        yield _delete(f"{bucket_arn}/{named['Key']}", named.get("VersionId", ""))


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _delete(arn: str, version: str) -> RequestedAction:
    return RequestedAction(
        action=f"s3:DeleteObject{'Version' if version else ''}", resource=arn, context=_version(version)
    )


def _version(version: str) -> Context:
    return {"s3:versionid": (version,)} if version else {}


# ---- objects


def _of_object(request: HttpRequest, bucket: str, key: str, resources: Resources) -> list[RequestedAction]:
    arn, version = f"arn:aws:s3:::{bucket}/{key}", request.query.get("versionId", "")
    query = {name for name in request.query if name != "versionId" and not _is_ignored(name)}
    suffix = "Version" if version else ""
    if len(query) == 1 and (request.method, one := next(iter(query))) in _OF_OBJECT:
        action = _OF_OBJECT[request.method, one][bool(version)]
        context = {**_version(version), **(_context(request) if one == "acl" else {})}
        return [RequestedAction(action=f"s3:{action}", resource=arn, context=context)]
    if request.method == "GET" and query == {"attributes"}:
        both = (f"GetObject{suffix}", f"GetObject{suffix}Attributes")
        actions = [RequestedAction(action=f"s3:{one}", resource=arn, context=_version(version)) for one in both]
        return [*actions, *_through_s3(bucket, "kms:Decrypt", resources)]
    if request.method in _READING and not query - {"partNumber"}:
        key_use = _through_s3(bucket, "kms:Decrypt", resources) if request.method == "GET" else []
        return [RequestedAction(action=f"s3:GetObject{suffix}", resource=arn, context=_version(version)), *key_use]
    if request.method == "DELETE" and not query:
        return [_delete(arn, version)]
    if not version:
        return _of_upload(request, query, bucket, arn, resources)
    raise _unknown(request, "an object")


def _is_ignored(parameter: str) -> bool:
    """Who signs an address may put own parameters into it, which S3 writes into its access log and else ignores.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html (custom access log information)
    """
    name = parameter.lower()
    return name.startswith("x-") and not name.startswith("x-amz-")


def _of_upload(
    request: HttpRequest, query: set[str], bucket: str, arn: str, resources: Resources
) -> list[RequestedAction]:
    if request.method == "DELETE" and query == {"uploadId"}:
        return [RequestedAction(action="s3:AbortMultipartUpload", resource=arn)]
    if request.method == "GET" and "uploadId" in query and not query - {"uploadId", "max-parts", "part-number-marker"}:
        return [RequestedAction(action="s3:ListMultipartUploadParts", resource=arn)]
    ways = {"PUT": ({"uploadId", "partNumber"}, set()), "POST": ({"uploads"}, {"uploadId"})}
    if query in ways.get(request.method, ()):
        return _put(request, bucket, arn, resources, in_parts=bool(query))
    raise _unknown(request, "an object")


def _put(request: HttpRequest, bucket: str, arn: str, resources: Resources, *, in_parts: bool) -> list[RequestedAction]:
    tags = parse_qsl(request.headers.get("x-amz-tagging", ""), keep_blank_values=True)
    tagging: Context = {f"s3:requestobjecttag/{name.lower()}": (value,) for name, value in tags}
    keys: Context = {"s3:requestobjecttagkeys": tuple(name for name, _ in tags)} if tags else {}
    context = {**_context(request), **tagging, **keys}
    source = request.headers.get("x-amz-copy-source", "")
    if source:
        context["s3:x-amz-copy-source"] = (unquote(source).removeprefix("/"),)
    rights = dict.fromkeys(_RIGHTS[name] for name in request.headers if name in _RIGHTS)
    actions = [
        RequestedAction(action=f"s3:{action}", resource=arn, context=context) for action in ("PutObject", *rights)
    ]
    actions += _encrypting(request, bucket, resources)
    if in_parts:  # each part is read again when they are put together
        actions += _through_s3(bucket, "kms:Decrypt", resources)
    return [*actions, *(_copied(request, source, arn, resources) if source else ())]


def _copied(request: HttpRequest, source: str, arn: str, resources: Resources) -> Iterator[RequestedAction]:
    """Reading what is copied, one version of it where the request names one, and its tags where it has some."""
    path, _, parameters = source.partition("?")
    version = dict(parse_qsl(parameters)).get("versionId", "")
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    if not key or bucket.startswith("arn:") or set(dict(parse_qsl(parameters))) - {"versionId"}:
        raise UnknownRequestError(f"copying from {source!r} is not judged: it names no bucket and key")
    suffix, found = "Version" if version else "", f"arn:aws:s3:::{bucket}/{key}"
    yield RequestedAction(action=f"s3:GetObject{suffix}", resource=found, context=_version(version))
    yield from _through_s3(bucket, "kms:Decrypt", resources)
    replaced = request.headers.get("x-amz-tagging-directive", "COPY").upper() == "REPLACE" or request.query
    if not replaced and resources.object_is_tagged(bucket, key, version):
        yield RequestedAction(action=f"s3:GetObject{suffix}Tagging", resource=found, context=_version(version))
        yield RequestedAction(action="s3:PutObjectTagging", resource=arn)


def _context(request: HttpRequest) -> dict[str, tuple[str, ...]]:
    locks = {
        f"x-amz-object-lock-{name}": f"s3:object-lock-{name}" for name in ("mode", "retain-until-date", "legal-hold")
    }
    named = {**{name: f"s3:{name}" for name in _CONTEXT_HEADERS}, **locks}
    named |= {name: f"s3:{name}" for name in ("if-match", "if-none-match")}
    return {key: (request.headers[name],) for name, key in named.items() if name in request.headers}


def _encrypting(request: HttpRequest, bucket: str, resources: Resources) -> list[RequestedAction]:
    """The key of a put: the one that the request names, else the bucket's."""
    algorithm = request.headers.get("x-amz-server-side-encryption", "")
    named = request.headers.get("x-amz-server-side-encryption-aws-kms-key-id", "")
    if algorithm == "AES256":
        return []
    return _through_s3(bucket, "kms:GenerateDataKey", resources, resources.key(named, request.region) if named else "")


def _through_s3(bucket: str, action: str, resources: Resources, key: str = "") -> list[RequestedAction]:
    key_arn = key or resources.bucket_key(bucket)
    if not key_arn:
        return []
    parts = key_arn.split(":")
    if len(parts) < 6:
        raise UnknownRequestError(f"there is no key {key_arn!r}")
    context = {
        # S3 asks for the key where the bucket lies, wherever the request came from.
        "kms:viaservice": (f"s3.{parts[3]}.amazonaws.com",),
        "kms:encryptioncontext:aws:s3:arn": (f"arn:aws:s3:::{bucket}",),  # bucket keys name the bucket
    }
    return [RequestedAction(action=action, resource=key_arn, context=context)]
