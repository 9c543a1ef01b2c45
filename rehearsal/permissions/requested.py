"""What an HTTP request to AWS asks for: actions, resources and condition keys, as IAM would see them.

Sources: AWS's service authorization reference for AWS Secrets Manager, AWS KMS and Amazon CloudWatch Logs.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl
from xml.etree.ElementTree import ParseError

from rehearsal.permissions.request import HttpRequest, RequestedAction, Resources, UnknownRequestError
from rehearsal.permissions.s3 import read_s3


def read_request(request: HttpRequest, resources: Resources) -> list[RequestedAction]:
    """Everything that must be allowed for a request.

    Raises:
        UnknownRequestError: the request is not one that this module reads as a whole.
    """
    reader = _READERS.get(request.service)
    if reader is None:
        raise UnknownRequestError(f"requests to {request.service} are not judged")
    try:
        return reader(request, resources)
    except (ParseError, UnicodeDecodeError, json.JSONDecodeError):
        raise UnknownRequestError(f"a request to {request.service} has a body that cannot be read") from None


def _read_sts(request: HttpRequest, _: Resources) -> list[RequestedAction]:
    parameters = parse_qsl(request.body.decode(), keep_blank_values=True)
    if not request.query and sorted(parameters) == [("Action", "GetCallerIdentity"), ("Version", "2011-06-15")]:
        return []  # needs no permission, whatever a policy says
    raise UnknownRequestError("only sts:GetCallerIdentity is judged")


def _operation(request: HttpRequest, known: Mapping[str, frozenset[str]]) -> tuple[str, dict[str, Any]]:
    """The operation and parameters of a request in one of AWS's JSON protocols."""
    operation = request.headers.get("x-amz-target", "").partition(".")[2]
    if operation not in known:
        raise UnknownRequestError(f"{request.service}:{operation} is not judged")
    body = json.loads(request.body)
    if request.query or not isinstance(body, dict):
        raise UnknownRequestError(
            f"{request.service}:{operation} with a query, or a body that is no object, is not judged"
        )
    unread = sorted(set(body) - known[operation])
    if unread:
        raise UnknownRequestError(f"{request.service}:{operation} with {', '.join(unread)} is not judged")
    return operation, body


def _named(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise UnknownRequestError(f"a request without {name} is not judged")
    return value


_SECRETS: Final[Mapping[str, frozenset[str]]] = {
    "DescribeSecret": frozenset({"SecretId"}),
    "GetRandomPassword": frozenset(
        {"PasswordLength", "ExcludeCharacters", "ExcludeNumbers", "ExcludePunctuation", "ExcludeUppercase"}
        | {"ExcludeLowercase", "IncludeSpace", "RequireEachIncludedType"}
    ),
    "GetSecretValue": frozenset({"SecretId", "VersionId", "VersionStage"}),
    "ListSecretVersionIds": frozenset({"SecretId", "MaxResults", "NextToken", "IncludeDeprecated"}),
    "PutSecretValue": frozenset({"SecretId", "ClientRequestToken", "SecretBinary", "SecretString", "VersionStages"}),
    "UpdateSecretVersionStage": frozenset({"SecretId", "VersionStage", "RemoveFromVersionId", "MoveToVersionId"}),
}
_USE_KEY: Final = {"GetSecretValue": ("kms:Decrypt",), "PutSecretValue": ("kms:Decrypt", "kms:GenerateDataKey")}
"""The rest of a secret's actions change it without touching its value."""


def _read_secrets_manager(request: HttpRequest, resources: Resources) -> list[RequestedAction]:
    operation, body = _operation(request, _SECRETS)
    if operation == "GetRandomPassword":
        return [RequestedAction(action="secretsmanager:GetRandomPassword", resource="*")]
    arn, key_arn = resources.secret(_named(body, "SecretId"), request.region)
    given = {"versionstage": body.get("VersionStage"), "versionid": body.get("VersionId")}
    context = {f"secretsmanager:{name}": (str(value),) for name, value in given.items() if value}
    through = {
        "kms:viaservice": (f"secretsmanager.{request.region}.amazonaws.com",),
        "kms:encryptioncontext:secretarn": (arn,),
    }
    return [
        RequestedAction(action=f"secretsmanager:{operation}", resource=arn, context=context),
        *(
            RequestedAction(action=action, resource=key_arn, context=through)
            for action in (_USE_KEY.get(operation, ()) if key_arn else ())
        ),
    ]


_OF_KEY: Final = frozenset({"KeyId", "EncryptionContext", "EncryptionAlgorithm"})
_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "Decrypt": _OF_KEY | {"CiphertextBlob"},
    "DescribeKey": frozenset({"KeyId"}),
    "Encrypt": _OF_KEY | {"Plaintext"},
    "GenerateDataKey": _OF_KEY | {"KeySpec", "NumberOfBytes"},
    "GenerateDataKeyWithoutPlaintext": _OF_KEY | {"KeySpec", "NumberOfBytes"},
}


def _read_kms(request: HttpRequest, resources: Resources) -> list[RequestedAction]:
    """A key used directly: there is no `kms:ViaService`, which only AWS's services can bring."""
    operation, body = _operation(request, _KEYS)
    if "KeyId" not in body:
        raise UnknownRequestError("a ciphertext's key is not looked up: the request has to name it")
    given = body.get("EncryptionContext", {})
    context: dict[str, tuple[str, ...]] = {
        f"kms:encryptioncontext:{name.lower()}": (value,) for name, value in given.items()
    }
    if given:
        context["kms:encryptioncontextkeys"] = tuple(given)
    resource = resources.key(_named(body, "KeyId"), request.region)
    return [RequestedAction(action=f"kms:{operation}", resource=resource, context=context)]


_OF_STREAM: Final = frozenset({"logGroupName", "logStreamName"})
_PAGE: Final = frozenset({"limit", "nextToken"})
_LOGS: Final[Mapping[str, frozenset[str]]] = {
    "CreateLogStream": _OF_STREAM,
    "DescribeLogStreams": _PAGE
    | {"logGroupName", "logGroupIdentifier", "logStreamNamePrefix", "orderBy", "descending"},
    "FilterLogEvents": _PAGE
    | {"logGroupName", "logGroupIdentifier", "logStreamNames", "logStreamNamePrefix"}
    | {"startTime", "endTime", "filterPattern", "interleaved", "unmask"},
    "GetLogEvents": _OF_STREAM | _PAGE | {"logGroupIdentifier", "startTime", "endTime", "startFromHead", "unmask"},
    "PutLogEvents": _OF_STREAM | {"logEvents", "sequenceToken", "entity"},
}
_OF_ONE_STREAM: Final = ("GetLogEvents", "PutLogEvents")


def _read_logs(request: HttpRequest, resources: Resources) -> list[RequestedAction]:
    operation, body = _operation(request, _LOGS)
    if {"logGroupName", "logGroupIdentifier"} <= set(body):
        raise UnknownRequestError(f"logs:{operation} that names its group twice is not judged")
    if "logGroupIdentifier" in body:
        group = _named(body, "logGroupIdentifier").removesuffix(":*")
        if not group.startswith("arn:"):
            group = resources.log_group(group, request.region)
    else:
        group = resources.log_group(_named(body, "logGroupName"), request.region)
    stream = f":log-stream:{_named(body, 'logStreamName')}" if operation in _OF_ONE_STREAM else ":log-stream:"
    actions = [RequestedAction(action=f"logs:{operation}", resource=f"{group}{stream}")]
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data.html
    return (
        [*actions, RequestedAction(action="logs:Unmask", resource=f"{group}:log-stream:")]
        if body.get("unmask")
        else actions
    )


_READERS: Mapping[str, Callable[[HttpRequest, Resources], list[RequestedAction]]] = {
    "kms": _read_kms,
    "logs": _read_logs,
    "s3": read_s3,
    "secretsmanager": _read_secrets_manager,
    "sts": _read_sts,
}
