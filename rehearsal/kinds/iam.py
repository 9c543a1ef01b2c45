"""IAM roles and their policies."""

from facts import tokens as t
from rehearsal.kinds.kind import AT_DELETION, JSON, Call, Change, F, Kind, Name, Out, Read, tags, unchecked

_PART_OF_NAME = "part of the name"

ROLE = Kind(
    type_=t.ROLE,
    service="iam",
    global_region="us-east-1",
    boundary="permissionsBoundary",
    calls=(Call("create_role"),),
    fields={
        "name": F("RoleName"),
        "namePrefix": unchecked(_PART_OF_NAME),
        "path": F("Path"),
        "description": F("Description"),
        "assumeRolePolicy": F("AssumeRolePolicyDocument", form=JSON),
        "maxSessionDuration": F("MaxSessionDuration"),
        "permissionsBoundary": F("PermissionsBoundary", "PermissionsBoundary.PermissionsBoundaryArn"),
        "forceDetachPolicies": unchecked(AT_DELETION),
        "tags": tags(),
    },
    reads=(Read("get_role", {"RoleName": "$name"}, pick="Role"),),
    updates=(
        Change("update_assume_role_policy", {"assumeRolePolicy": "PolicyDocument"}),
        Change("put_role_permissions_boundary", {"permissionsBoundary": "PermissionsBoundary"}),
        Change("delete_role_permissions_boundary", removes=("permissionsBoundary",)),
    ),
    document="$made.Role",
    id="$document.RoleName",
    made_up_id="{name}",
    outputs={
        "arn": Out("Arn", "arn:aws:iam::{account}:role/{name}"),
        "uniqueId": Out("RoleId", "AROA{hex16}"),
    },
    name=Name(limit=64),
)

ROLE_POLICY = Kind(
    type_=t.ROLE_POLICY,
    service="iam",
    unique=("role", "name"),
    global_region="us-east-1",
    calls=(Call("put_role_policy"),),
    fields={
        "name": F("PolicyName"),
        "namePrefix": unchecked(_PART_OF_NAME),
        "role": F("RoleName"),
        "policy": F("PolicyDocument", form=JSON),
    },
    reads=(Read("get_role_policy", {"RoleName": "$role", "PolicyName": "$name"}),),
    id="{role}:{name}",
    name=Name(limit=128),
)

POLICY = Kind(
    type_=t.POLICY,
    service="iam",
    global_region="us-east-1",
    calls=(Call("create_policy"),),
    fields={
        "name": F("PolicyName"),
        "namePrefix": unchecked(_PART_OF_NAME),
        "path": F("Path"),
        "description": F("Description"),
        "policy": F("PolicyDocument", "Version.Document", form=JSON),
        "delayAfterPolicyCreationInMs": unchecked("steers the provider, AWS does not hold it"),
        "tags": tags(),
    },
    reads=(
        Read("get_policy", {"PolicyArn": "$id"}, pick="Policy"),
        Read(
            "get_policy_version",
            {"PolicyArn": "$id", "VersionId": "$read.DefaultVersionId"},
            pick="PolicyVersion",
            into="Version",
        ),
    ),
    updates=(Change("create_policy_version", {"policy": "PolicyDocument"}, {"SetAsDefault": True}),),
    document="$made.Policy",
    id="$document.Arn",
    made_up_id="arn:aws:iam::{account}:policy/{name}",
    outputs={
        "arn": Out("Arn", "arn:aws:iam::{account}:policy/{name}"),
        "policyId": Out("PolicyId", "ANPA{hex16}"),
    },
    name=Name(limit=128),
)

ATTACHMENT = Kind(
    type_=t.ROLE_ATTACHMENT,
    service="iam",
    global_region="us-east-1",
    managed_policy="policyArn",
    calls=(Call("attach_role_policy"),),
    deletes=(Change("detach_role_policy"),),
    fields={"role": F("RoleName"), "policyArn": F("PolicyArn")},
    reads=(
        Read(
            "list_attached_role_policies",
            {"RoleName": "$role"},
            pick="AttachedPolicies",
            index="PolicyArn",
            key="$policyArn",
            proves={"RoleName": "$role"},
        ),
    ),
    id="{role}-{hex8}",
)

KINDS = (ROLE, ROLE_POLICY, POLICY, ATTACHMENT)
