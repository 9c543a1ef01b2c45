"""Secrets Manager: entries, their resource policies, their rotation. No value ever passes through here."""

from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import AT_DELETION, JSON, NOT_HELD, Call, Change, F, Kind, Name, Out, Read, tags, unchecked

_SECRET = Read("describe_secret", {"SecretId": "$id"})
# AWS adds six characters to the name of a secret in its ARN.
_ARN = "arn:aws:secretsmanager:{region}:{account}:secret:{name}-{suffix}"


def _at_once(params: dict[str, Any]) -> dict[str, Any]:
    """A window of no days is a flag of its own to AWS."""
    if params.get("RecoveryWindowInDays") == 0:
        return {"ForceDeleteWithoutRecovery": True}
    return params


SECRET = Kind(
    type_=t.SECRET,
    service="secretsmanager",
    calls=(Call("create_secret"),),
    fields={
        "name": F("Name"),
        "namePrefix": unchecked("part of the name"),
        "description": F("Description"),
        "kmsKeyId": F("KmsKeyId"),
        "recoveryWindowInDays": unchecked(AT_DELETION, "RecoveryWindowInDays", call="delete"),
        "forceOverwriteReplicaSecret": unchecked("acts at replication only"),
        "replicas": unchecked(NOT_HELD),
        "tags": tags(),
    },
    reads=(_SECRET,),
    deletes=(Change("delete_secret", pack=_at_once),),
    ending="DeletedDate",
    id="$document.ARN",
    made_up_id=_ARN,
    outputs={"arn": Out("ARN", _ARN)},
    name=Name(limit=512),
)

POLICY = Kind(
    type_=t.SECRET_POLICY,
    service="secretsmanager",
    calls=(Call("put_resource_policy"),),
    fields={
        "secretArn": F("SecretId", "ARN"),
        "policy": F("ResourcePolicy", form=JSON),
        "blockPublicPolicy": unchecked("AWS checks the policy with it and does not hold it", "BlockPublicPolicy"),
    },
    reads=(Read("get_resource_policy", {"SecretId": "$id"}),),
    reset="!ResourcePolicy",
    id="{secretArn}",
)

ROTATION = Kind(
    type_=t.SECRET_ROTATION,
    service="secretsmanager",
    # AWS starts the function at once, also for a secret without a value. moto notes the rotation, then breaks there.
    calls=(Call("rotate_secret", moto_breaks="UnboundLocalError", again=True),),
    fields={
        "secretId": F("SecretId", "ARN"),
        "rotationLambdaArn": F("RotationLambdaARN"),
        "rotationRules": F(
            "RotationRules",
            shape={
                "automaticallyAfterDays": F("AutomaticallyAfterDays"),
                "scheduleExpression": unchecked(NOT_HELD, "ScheduleExpression"),
                "duration": unchecked(NOT_HELD, "Duration"),
            },
        ),
        "rotateImmediately": unchecked("acts at creation only", "RotateImmediately"),
    },
    reads=(_SECRET,),
    deletes=(Change("cancel_rotate_secret"),),
    reset="!RotationEnabled",
    id="{secretId}",
    outputs={"rotationEnabled": lambda _: True},
)

KINDS = (SECRET, POLICY, ROTATION)
