"""Lambda functions from an image, and who may call them."""

import json
from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import (
    AT_DELETION,
    IN_PROVIDER,
    NOT_HELD,
    TAG_MAP,
    Call,
    Change,
    F,
    Form,
    Kind,
    Name,
    Out,
    Read,
    unchecked,
)

_ARN = "arn:aws:lambda:{region}:{account}:function:{name}"

FUNCTION = Kind(
    type_=t.FUNCTION,
    service="lambda",
    calls=(
        Call("create_function"),
        Call("put_function_concurrency", {"FunctionName": "$name"}, name="concurrency"),
    ),
    fields={
        "name": F("FunctionName", "Configuration.FunctionName"),
        "role": F("Role", "Configuration.Role"),
        "packageType": F("PackageType", "Configuration.PackageType"),
        "imageUri": F("Code.ImageUri"),
        "imageConfig": F(
            "ImageConfig",
            "Configuration.ImageConfigResponse.ImageConfig",
            shape={
                "commands": F("Command"),
                "entryPoints": F("EntryPoint"),
                "workingDirectory": F("WorkingDirectory"),
            },
        ),
        "handler": F("Handler", "Configuration.Handler"),
        "runtime": F("Runtime", "Configuration.Runtime"),
        "architectures": F("Architectures", "Configuration.Architectures"),
        "description": F("Description", "Configuration.Description"),
        "timeout": F("Timeout", "Configuration.Timeout"),
        "memorySize": F("MemorySize", "Configuration.MemorySize"),
        "ephemeralStorage": F("EphemeralStorage", "Configuration.EphemeralStorage", shape={"size": F("Size")}),
        "environment": F("Environment", "Configuration.Environment", shape={"variables": F("Variables", form=TAG_MAP)}),
        "kmsKeyArn": F("KMSKeyArn", "Configuration.KMSKeyArn"),
        "vpcConfig": F(
            "VpcConfig",
            "Configuration.VpcConfig",
            shape={
                "subnetIds": F("SubnetIds", unordered=True),
                "securityGroupIds": F("SecurityGroupIds", unordered=True),
                "ipv6AllowedForDualStack": F("Ipv6AllowedForDualStack"),
            },
        ),
        "loggingConfig": F(
            "LoggingConfig",
            shape={
                "logFormat": unchecked(NOT_HELD, "LogFormat"),
                "logGroup": unchecked(NOT_HELD, "LogGroup"),
                "applicationLogLevel": unchecked(NOT_HELD, "ApplicationLogLevel"),
                "systemLogLevel": unchecked(NOT_HELD, "SystemLogLevel"),
            },
        ),
        "tracingConfig": F("TracingConfig", "Configuration.TracingConfig", shape={"mode": F("Mode")}),
        "deadLetterConfig": F(
            "DeadLetterConfig", "Configuration.DeadLetterConfig", shape={"targetArn": F("TargetArn")}
        ),
        "reservedConcurrentExecutions": F(
            "ReservedConcurrentExecutions", "Concurrency.ReservedConcurrentExecutions", call="concurrency"
        ),
        "publish": unchecked(IN_PROVIDER, "Publish"),
        "skipDestroy": unchecked(AT_DELETION),
        "replaceSecurityGroupsOnDestroy": unchecked(AT_DELETION),
        "codeSigningConfigArn": unchecked(NOT_HELD, "CodeSigningConfigArn"),
        "tags": F("Tags", form=TAG_MAP),
    },
    updates=(
        Change("update_function_configuration", None),
        Change("update_function_code", {"imageUri": "ImageUri", "architectures": ""}, {"ImageUri": "$imageUri"}),
        Change("delete_function_concurrency", removes=("reservedConcurrentExecutions",)),
    ),
    reads=(Read("get_function", {"FunctionName": "$name"}),),
    id="{name}",
    outputs={
        "arn": Out("FunctionArn", _ARN),
        "invokeArn": "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/" + _ARN + "/invocations",
        "qualifiedArn": _ARN + ":$LATEST",
    },
    name=Name(limit=64),
)


def _statements(response: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a function's policy, one a permission."""
    return list(json.loads(response["Policy"])["Statement"])


def _plain(value: Any) -> Any:
    """A policy nests what the request had flat."""
    return value.get("Service", value.get("AWS")) if isinstance(value, dict) else value


PERMISSION = Kind(
    type_=t.FUNCTION_PERMISSION,
    service="lambda",
    calls=(Call("add_permission"),),
    deletes=(Change("remove_permission"),),
    fields={
        "statementId": F("StatementId", "Sid"),
        "statementIdPrefix": unchecked("part of the name"),
        "action": F("Action"),
        "function": F("FunctionName", "Resource", form=Form(norm=lambda value: str(value).rsplit(":function:", 1)[-1])),
        "principal": F("Principal", form=Form(norm=_plain)),
        "sourceArn": F("SourceArn", 'Condition.ArnLike."AWS:SourceArn"'),
        "sourceAccount": F("SourceAccount", 'Condition.StringEquals."AWS:SourceAccount"'),
    },
    reads=(Read("get_policy", {"FunctionName": "$function"}, pick=_statements, index="Sid", key="$statementId"),),
    id="{statementId}",
    name=Name("statementId", "statementIdPrefix", limit=100),
)

KINDS = (FUNCTION, PERMISSION)
