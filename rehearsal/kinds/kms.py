"""KMS keys and aliases."""

from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import (
    AT_DELETION,
    JSON,
    NOT_HELD,
    Call,
    Change,
    F,
    Form,
    Kind,
    Name,
    Out,
    Read,
    only_when,
    tag_list,
    unchecked,
)


def _rotation(params: dict[str, Any]) -> dict[str, Any] | None:
    """AWS has an operation, not a parameter, for whether a key rotates."""
    return params if params.pop("Enabled", True) else None


def _key_id(value: Any) -> Any:
    """A key's ARN ends in its id."""
    return value.rsplit("/", 1)[-1] if isinstance(value, str) else value


KEY = Kind(
    type_=t.KEY,
    service="kms",
    calls=(
        Call("create_key"),
        Call("enable_key_rotation", {"KeyId": "$id"}, name="rotation", pack=_rotation),
    ),
    fields={
        "description": F("Description", "KeyMetadata.Description"),
        "policy": F("Policy", form=JSON),
        "keyUsage": F("KeyUsage", "KeyMetadata.KeyUsage"),
        "customerMasterKeySpec": F("KeySpec", "KeyMetadata.CustomerMasterKeySpec"),
        "multiRegion": F("MultiRegion", "KeyMetadata.MultiRegion"),
        "isEnabled": F((), "KeyMetadata.Enabled"),
        "enableKeyRotation": F("Enabled", "Rotation.KeyRotationEnabled", call="rotation"),
        "rotationPeriodInDays": unchecked(NOT_HELD, "RotationPeriodInDays", call="rotation"),
        "deletionWindowInDays": unchecked(AT_DELETION, "PendingWindowInDays", call="delete"),
        "bypassPolicyLockoutSafetyCheck": unchecked("acts at creation only", "BypassPolicyLockoutSafetyCheck"),
        "tags": F("Tags", form=tag_list("TagKey", "TagValue")),
    },
    reads=(
        Read("describe_key", {"KeyId": "$id"}),
        Read("get_key_policy", {"KeyId": "$id", "PolicyName": "default"}, pick="Policy", into="Policy"),
        Read("get_key_rotation_status", {"KeyId": "$id"}, into="Rotation", when="enableKeyRotation"),
        Read("list_resource_tags", {"KeyId": "$id"}, pick="Tags", into="Tags", when="tags"),
    ),
    updates=(
        Change("update_key_description", {"description": "Description"}),
        Change("put_key_policy", {"policy": "Policy"}, {"PolicyName": "default"}),
        Change("enable_key_rotation", {"enableKeyRotation": "Enabled"}, pack=only_when(True)),
        Change("disable_key_rotation", {"enableKeyRotation": "Enabled"}, pack=only_when(False)),
        Change("enable_key_rotation", {"rotationPeriodInDays": "RotationPeriodInDays"}),
        Change("enable_key", {"isEnabled": "Enabled"}, pack=only_when(True)),
        Change("disable_key", {"isEnabled": "Enabled"}, pack=only_when(False)),
    ),
    deletes=(Change("schedule_key_deletion"),),
    ending="KeyMetadata.DeletionDate",
    document="$made.KeyMetadata",
    id="$document.KeyId",
    made_up_id="{uuid}",
    outputs={"arn": Out("Arn", "arn:aws:kms:{region}:{account}:key/{id}"), "keyId": "{id}"},
)


def _target_arn(values: dict[str, Any]) -> str:
    return f"arn:aws:kms:{values['region']}:{values['account']}:key/{_key_id(values['targetKeyId'])}"


ALIAS = Kind(
    type_=t.KEY_ALIAS,
    service="kms",
    calls=(Call("create_alias"),),
    fields={
        "name": F("AliasName"),
        "namePrefix": unchecked("part of the name"),
        "targetKeyId": F("TargetKeyId", form=Form(norm=_key_id)),
    },
    reads=(Read("list_aliases", pick="Aliases", index="AliasName"),),
    id="{name}",
    outputs={
        "arn": "arn:aws:kms:{region}:{account}:{name}",
        "targetKeyArn": _target_arn,
    },
    name=Name(),
)

KINDS = (KEY, ALIAS)
