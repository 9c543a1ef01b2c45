"""What every role is made to try on every stack, in AWS's own calls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.names import IMPORT_PREFIX
from rehearsal.tenants.holdings import (
    EXECUTION,
    EXPORT,
    FILES,
    LOGIN,
    OIDC,
    OWNER,
    RESTORE,
    RESTORED,
    ROTATION,
    TASK,
    Holdings,
)
from rehearsal.tenants.intended import OnItsWay

OBJECT_KEY, PUT_KEY, STOLEN_KEY = (f"tenants/rehearsal/{name}" for name in ("object", "put", "stolen"))
LOG_STREAM = "rehearsal"
_KEY_OF_FILES, _KEY_OF_SECRETS = "files key through S3", "secrets key through Secrets Manager"
_AN_OBJECT, _READ, _PUT_EVENTS = f"object in {FILES}", "secretsmanager:GetSecretValue", "logs:PutLogEvents"

# What each role must be able to do with its own stack's things: (what, call).
OWN: Mapping[str, frozenset[tuple[str, str]]] = {
    TASK: frozenset(
        {
            (f"bucket {FILES}", "s3:ListBucket"),
            (_AN_OBJECT, "s3:GetObject"),
            (_AN_OBJECT, "s3:PutObject"),
            (_AN_OBJECT, "s3:DeleteObject"),
            (_KEY_OF_FILES, "kms:Decrypt"),
            (_KEY_OF_FILES, "kms:GenerateDataKey"),
            (f"secret {LOGIN}", _READ),
            (f"secret {OIDC}", _READ),
            (_KEY_OF_SECRETS, "kms:Decrypt"),
        }
    ),
    EXECUTION: frozenset(
        {(f"secret {OWNER}", _READ), (_KEY_OF_SECRETS, "kms:Decrypt"), ("log group logs-service", _PUT_EVENTS)}
    ),
    ROTATION: frozenset(
        {
            (f"secret {LOGIN}", _READ),
            (f"secret {OWNER}", _READ),
            (_KEY_OF_SECRETS, "kms:Decrypt"),
            ("log group logs-rotation", _PUT_EVENTS),
        }
    ),
    RESTORE: frozenset(
        {
            (f"bucket {FILES}", "s3:ListBucket"),
            (_AN_OBJECT, "s3:PutObject"),
            (_AN_OBJECT, "s3:DeleteObject"),
            (_KEY_OF_FILES, "kms:GenerateDataKey"),
            (f"secret {RESTORED}", _READ),
        }
    ),
    EXPORT: frozenset(
        {
            (_AN_OBJECT, "s3:GetObject"),
            (_KEY_OF_FILES, "kms:Decrypt"),
        }
    ),
}

_ON_ITS_WAY = "object of an export on its way"
PROMOTING: frozenset[tuple[str, str]] = frozenset(
    {(_ON_ITS_WAY, "s3:PutObject"), (_KEY_OF_FILES, "kms:Decrypt"), (_KEY_OF_FILES, "kms:GenerateDataKey")}
)
"""What a sender's task role must be able to do with the receiver's things while a customer is on the way."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One AWS call on one thing of a stack.

    `through` names what a service would do with a key on the caller's behalf: (what, KMS action). Those are judged on
    their own, since the call as a whole fails at the first refusal.
    """

    what: str
    call: str
    service: str
    operation: str
    params: Mapping[str, Any]
    through: tuple[tuple[str, str], ...] = field(default=())


def attempts(
    own: Holdings, other: Holdings, ciphertexts: Mapping[str, bytes], coming: OnItsWay | None
) -> Iterator[Attempt]:
    """Every call on `other`, by a role of `own`.

    Args:
        own: the stack of whoever asks: copies are tried between its bucket and the other's, both ways.
        other: whose things are asked for.
        ciphertexts: something encrypted under each key, by the key's ARN.
        coming: a customer whose data are brought to the other stack, from whichever.
    """
    yield from _on_objects(other)
    if coming is not None:
        exported = {"Bucket": other.bucket, "Key": f"{IMPORT_PREFIX}/{coming.tenant}/rehearsal", "Body": b"exported"}
        yield _attempt(_ON_ITS_WAY, "s3:PutObject", "put_object", exported)
    for name, arn in other.secrets.items():
        through = ((_KEY_OF_SECRETS, "kms:Decrypt"),) if name == LOGIN else ()
        params = {"SecretId": arn, "VersionStage": "AWSCURRENT"}
        yield _attempt(f"secret {name}", _READ, "get_secret_value", params, through)
    for name, arn in other.keys.items():
        decrypt = {"KeyId": arn, "CiphertextBlob": ciphertexts[arn]}
        yield _attempt(f"{name} key", "kms:Decrypt", "decrypt", decrypt)
        yield _attempt(f"{name} key", "kms:GenerateDataKey", "generate_data_key", {"KeyId": arn, "KeySpec": "AES_256"})
    for name, group in other.log_groups.items():
        stream = {"logGroupName": group, "logStreamName": LOG_STREAM}
        yield _attempt(f"log group {name}", "logs:GetLogEvents", "get_log_events", stream)
        yield _attempt(f"log group {name}", _PUT_EVENTS, "put_log_events", {**stream, "logEvents": log_events()})
    if own.stack != other.stack:
        yield _copy("copied out of its bucket", own.bucket, other.bucket)
        yield _copy("copied into its bucket", other.bucket, own.bucket)


def log_events() -> list[dict[str, Any]]:
    """One line for a log stream."""
    import time  # the clock is read when a line is written

    return [{"timestamp": int(time.time() * 1000), "message": "rehearsal"}]


def _on_objects(other: Holdings) -> Iterator[Attempt]:
    for name, bucket in other.buckets.items():
        yield _attempt(f"bucket {name}", "s3:ListBucket", "list_objects_v2", {"Bucket": bucket})
        thing = {"Bucket": bucket, "Key": OBJECT_KEY}
        read = ((_KEY_OF_FILES, "kms:Decrypt"),) if name == FILES else ()
        yield _attempt(f"object in {name}", "s3:GetObject", "get_object", thing, read)
        if name == FILES:
            put = {"Bucket": bucket, "Key": PUT_KEY, "Body": b"put by another"}
            written = ((_KEY_OF_FILES, "kms:GenerateDataKey"),)
            yield _attempt(_AN_OBJECT, "s3:PutObject", "put_object", put, written)
            yield _attempt(_AN_OBJECT, "s3:DeleteObject", "delete_object", thing)


def _copy(what: str, into: str, out_of: str) -> Attempt:
    source = {"Bucket": out_of, "Key": OBJECT_KEY}
    params = {"Bucket": into, "Key": STOLEN_KEY, "CopySource": source}
    return _attempt(f"object {what}", "s3:CopyObject", "copy_object", params)


def _attempt(
    what: str, call: str, operation: str, params: Mapping[str, Any], through: tuple[tuple[str, str], ...] = ()
) -> Attempt:
    service = call.partition(":")[0]
    return Attempt(what=what, call=call, service=service, operation=operation, params=params, through=through)
