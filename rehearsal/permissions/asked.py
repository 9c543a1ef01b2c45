"""What an HTTP request to AWS asks for: actions, resources and condition keys, as IAM would see them.

Sources: AWS's service authorization reference for Amazon S3, AWS Secrets Manager, AWS KMS and Amazon CloudWatch Logs,
and https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html for the keys behind them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote
from xml.etree import ElementTree

from facts.permissions.patterns import Context


class UnknownRequestError(Exception):
    """A request that this module cannot read; whoever asks refuses it."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One action on one resource, with the condition keys that belong to it alone."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """The parts of a request that say what it asks for; header names in lower case."""

    service: str
    region: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Resources(Protocol):
    """What has to be known of the resources that a request names."""

    def secret(self, secret_id: str, region: str) -> tuple[str, str]:
        """ARN of a secret and of its customer key, which is empty for AWS's own."""

    def bucket_key(self, bucket: str) -> str:
        """ARN of the customer key that a bucket encrypts with, or empty."""

    def key(self, key_id: str, region: str) -> str:
        """ARN of a key given by its id, ARN or alias; what names no key is returned as it came."""

    def log_group(self, name: str, region: str) -> str:
        """ARN of a log group given by its name, whether or not there is one."""


def read_request(request: HttpRequest, resources: Resources) -> list[Asked]:
    """Everything that must be allowed for a request.

    Raises:
        UnknownRequestError: the service or the operation is not one that this module reads.
    """
    reader = _READERS.get(request.service)
    if reader is None:
        raise UnknownRequestError(f"requests to {request.service} are not judged")
    return reader(request, resources)


def _read_sts(request: HttpRequest, _: Resources) -> list[Asked]:
    if b"Action=GetCallerIdentity" in request.body:
        return []  # needs no permission, whatever a policy says
    raise UnknownRequestError("only sts:GetCallerIdentity is judged")


def _operation(request: HttpRequest) -> str:
    """The operation of a request in one of AWS's JSON protocols."""
    return request.headers.get("x-amz-target", "").partition(".")[2]


# The rest of a secret's actions change it without touching its value.
_READS_VALUE = {"GetSecretValue"}
_WRITES_VALUE = {"PutSecretValue"}
_SECRET_ACTIONS = {*_READS_VALUE, *_WRITES_VALUE, "DescribeSecret", "UpdateSecretVersionStage", "ListSecretVersionIds"}


def _read_secrets_manager(request: HttpRequest, resources: Resources) -> list[Asked]:
    operation = _operation(request)
    if operation == "GetRandomPassword":
        return [Asked(action="secretsmanager:GetRandomPassword", resource="*")]
    if operation not in _SECRET_ACTIONS:
        raise UnknownRequestError(f"secretsmanager:{operation} is not judged")
    body: dict[str, Any] = json.loads(request.body)
    arn, key_arn = resources.secret(body["SecretId"], request.region)
    stage = body.get("VersionStage")
    context = {"secretsmanager:versionstage": (stage,)} if stage else {}
    asked = [Asked(action=f"secretsmanager:{operation}", resource=arn, context=context)]
    through = {
        "kms:viaservice": (f"secretsmanager.{request.region}.amazonaws.com",),
        "kms:encryptioncontext:secretarn": (arn,),
    }
    if key_arn and operation in _READS_VALUE | _WRITES_VALUE:
        asked.append(Asked(action="kms:Decrypt", resource=key_arn, context=through))
    if key_arn and operation in _WRITES_VALUE:
        asked.append(Asked(action="kms:GenerateDataKey", resource=key_arn, context=through))
    return asked


def _read_s3(request: HttpRequest, resources: Resources) -> list[Asked]:
    bucket, _, key = request.path.removeprefix("/").partition("/")
    if not bucket:
        raise UnknownRequestError("listing all buckets is not judged")
    if not key:
        return _read_s3_bucket(request, bucket)
    return _read_s3_object(request, bucket, unquote(key), resources)


_LISTING = {"list-type", "prefix", "max-keys", "delimiter", "continuation-token", "encoding-type"}


def _read_s3_bucket(request: HttpRequest, bucket: str) -> list[Asked]:
    bucket_arn = f"arn:aws:s3:::{bucket}"
    if request.method == "POST" and "delete" in request.query:
        tree = ElementTree.fromstring(request.body)  # noqa: S314  our own service wrote it
        keys = [found.text or "" for found in tree.iter() if found.tag.endswith("Key")]
        return [Asked(action="s3:DeleteObject", resource=f"{bucket_arn}/{key}") for key in keys]
    if request.method in ("GET", "HEAD") and not set(request.query) - _LISTING:
        context = {"s3:prefix": (request.query.get("prefix", ""),)}
        return [Asked(action="s3:ListBucket", resource=bucket_arn, context=context)]
    if request.method == "GET" and "location" in request.query:
        return [Asked(action="s3:GetBucketLocation", resource=bucket_arn)]
    raise UnknownRequestError(f"{request.method} on a bucket with {sorted(request.query)} is not judged")


def _read_s3_object(request: HttpRequest, bucket: str, key: str, resources: Resources) -> list[Asked]:
    arn = f"arn:aws:s3:::{bucket}/{key}"
    version = "Version" if "versionId" in request.query else ""
    reading = request.method in ("GET", "HEAD")
    if "uploadId" in request.query and request.method == "DELETE":
        return [Asked(action="s3:AbortMultipartUpload", resource=arn)]
    if request.method == "DELETE":
        return [Asked(action=f"s3:DeleteObject{version}", resource=arn)]
    if reading and not {"acl", "tagging", "retention", "legal-hold", "uploadId"} & set(request.query):
        key_use = _through_s3(bucket, "kms:Decrypt", resources) if request.method == "GET" else []
        return [Asked(action=f"s3:GetObject{version}", resource=arn), *key_use]
    if request.method == "PUT" or (request.method == "POST" and {"uploads", "uploadId"} & set(request.query)):
        return _read_s3_put(request, bucket, arn, resources)
    raise UnknownRequestError(f"{request.method} on an object with {sorted(request.query)} is not judged")


_ENCRYPTION_HEADERS = ("x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id")


def _read_s3_put(request: HttpRequest, bucket: str, arn: str, resources: Resources) -> list[Asked]:
    context = {f"s3:{name}": (request.headers[name],) for name in _ENCRYPTION_HEADERS if name in request.headers}
    asked = [
        Asked(action="s3:PutObject", resource=arn, context=context),
        *_through_s3(bucket, "kms:GenerateDataKey", resources),
    ]
    in_parts = {"uploads", "uploadId"} & set(request.query)
    if in_parts:  # each part is read again when they are put together
        asked += _through_s3(bucket, "kms:Decrypt", resources)
    source = unquote(request.headers.get("x-amz-copy-source", "")).removeprefix("/").partition("?")[0]
    if source:
        asked.append(Asked(action="s3:GetObject", resource=f"arn:aws:s3:::{source}"))
        asked += _through_s3(source.partition("/")[0], "kms:Decrypt", resources)
    return asked


def _through_s3(bucket: str, action: str, resources: Resources) -> list[Asked]:
    key_arn = resources.bucket_key(bucket)
    if not key_arn:
        return []
    region = key_arn.split(":")[3]  # S3 asks for the key where the bucket lies, wherever the request came from
    context = {
        "kms:viaservice": (f"s3.{region}.amazonaws.com",),
        "kms:encryptioncontext:aws:s3:arn": (f"arn:aws:s3:::{bucket}",),  # bucket keys name the bucket
    }
    return [Asked(action=action, resource=key_arn, context=context)]


_KEY_ACTIONS = {"Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"}


def _read_kms(request: HttpRequest, resources: Resources) -> list[Asked]:
    """A key used directly: there is no `kms:ViaService`, which only AWS's services can bring."""
    operation = _operation(request)
    if operation not in _KEY_ACTIONS:
        raise UnknownRequestError(f"kms:{operation} is not judged")
    body: dict[str, Any] = json.loads(request.body)
    if "KeyId" not in body:
        raise UnknownRequestError("a ciphertext's key is not looked up: the request has to name it")
    given = body.get("EncryptionContext", {})
    context = {f"kms:encryptioncontext:{name.lower()}": (value,) for name, value in given.items()}
    if given:
        context["kms:encryptioncontextkeys"] = tuple(given)
    return [Asked(action=f"kms:{operation}", resource=resources.key(body["KeyId"], request.region), context=context)]


_STREAM_ACTIONS = {"GetLogEvents", "PutLogEvents"}
_GROUP_ACTIONS = {"CreateLogStream", "DescribeLogStreams", "FilterLogEvents"}


def _read_logs(request: HttpRequest, resources: Resources) -> list[Asked]:
    operation = _operation(request)
    if operation not in _STREAM_ACTIONS | _GROUP_ACTIONS:
        raise UnknownRequestError(f"logs:{operation} is not judged")
    body: dict[str, Any] = json.loads(request.body)
    group = body.get("logGroupIdentifier") or resources.log_group(body["logGroupName"], request.region)
    group = group.removesuffix(":*")
    stream = f":log-stream:{body['logStreamName']}" if operation in _STREAM_ACTIONS else ":log-stream:"
    return [Asked(action=f"logs:{operation}", resource=f"{group}{stream}")]


_READERS: Mapping[str, Callable[[HttpRequest, Resources], list[Asked]]] = {
    "kms": _read_kms,
    "logs": _read_logs,
    "s3": _read_s3,
    "secretsmanager": _read_secrets_manager,
    "sts": _read_sts,
}
