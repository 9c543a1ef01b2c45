"""EC2's security groups and their rules."""

from collections.abc import Mapping
from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import (
    AT_DELETION,
    TAG_LIST,
    Call,
    Change,
    F,
    Field,
    Form,
    Kind,
    Name,
    Out,
    Read,
    ec2_tags,
    unchecked,
)

_ARN = "arn:aws:ec2:{region}:{account}:"
_EVERYTHING_OUT = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


def _none_inline(declared: Any) -> Any:
    if declared:
        raise ValueError("inline rules are not rehearsed: declare each as a rule resource of its own")
    return declared


_RULES = Form(send=_none_inline)
_READ_GROUPS = Read(
    "describe_security_groups", pick="SecurityGroups", index="GroupId", among=lambda ids: {"GroupIds": ids}
)

SECURITY_GROUP = Kind(
    type_=t.SECURITY_GROUP,
    service="ec2",
    calls=(
        Call("create_security_group"),
        # The provider takes away the rule that AWS puts on every new group.
        Call(
            "revoke_security_group_egress",
            {"GroupId": "$id", "IpPermissions": _EVERYTHING_OUT},
            name="revoke",
            always=True,
        ),
    ),
    fields={
        "name": F("GroupName"),
        "namePrefix": unchecked("part of the name"),
        "description": F("Description"),
        "vpcId": F("VpcId"),
        "ingress": F((), "IpPermissions", form=_RULES),
        "egress": F((), "IpPermissionsEgress", form=_RULES),
        "revokeRulesOnDelete": unchecked(AT_DELETION),
        "tags": ec2_tags("security-group"),
    },
    defaults={"description": "Managed by Pulumi"},
    reads=(_READ_GROUPS,),
    id="$document.GroupId",
    made_up_id="sg-{hex}",
    outputs={"arn": _ARN + "security-group/{id}", "ownerId": "{account}"},
    name=Name(),
)


def _of_vpc(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"Name": "vpc-id", "Values": [values["vpcId"]]}, {"Name": "group-name", "Values": ["default"]}]


# Adopting, not creating: the group is there as soon as its VPC is, with rules that are taken away.
DEFAULT_SECURITY_GROUP = Kind(
    type_=t.DEFAULT_SECURITY_GROUP,
    service="ec2",
    calls=(
        Call("describe_security_groups", {"Filters": _of_vpc}),
        Call(
            "revoke_security_group_egress",
            {"GroupId": "$id", "IpPermissions": _EVERYTHING_OUT},
            name="revoke",
            always=True,
        ),
        Call("create_tags", {"Resources": ["$id"]}, name="tags"),
    ),
    fields={
        "vpcId": F((), "VpcId"),
        "ingress": F((), "IpPermissions", form=_RULES),
        "egress": F((), "IpPermissionsEgress", form=_RULES),
        "revokeRulesOnDelete": unchecked(AT_DELETION),
        "tags": F("Tags", form=TAG_LIST, call="tags"),
    },
    reads=(_READ_GROUPS,),
    stays="the group is its VPC's own, and goes with it",
    document="$made.SecurityGroups[0]",
    id="$document.GroupId",
    made_up_id="sg-{hex}",
    outputs={"arn": _ARN + "security-group/{id}", "ownerId": "{account}", "name": Out("GroupName", "default")},
)


def _permission(params: dict[str, Any]) -> dict[str, Any]:
    """AWS nests what Pulumi keeps flat: one permission with one range, prefix list or group, described there."""
    rule = params.pop("Rule")
    description = {"Description": rule["Description"]} if "Description" in rule else {}
    permission = {key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in rule}
    for key, outer, inner in (
        ("CidrIpv4", "IpRanges", "CidrIp"),
        ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        ("PrefixListId", "PrefixListIds", "PrefixListId"),
        ("Group", "UserIdGroupPairs", "GroupId"),
    ):
        if key in rule:
            permission[outer] = [{inner: rule[key], **description}]
    return {**params, "IpPermissions": [permission]}


def _description_is_lost(declared: Mapping[str, Any]) -> str:
    lost = declared.get("referencedSecurityGroupId") or declared.get("prefixListId")
    return "moto drops it where the other side is a group or a prefix list" if lost else ""


_RULE_FIELDS: dict[str, Field] = {
    "securityGroupId": F("GroupId"),
    "ipProtocol": F("Rule.IpProtocol", "IpProtocol"),
    "fromPort": F("Rule.FromPort", "FromPort"),
    "toPort": F("Rule.ToPort", "ToPort"),
    "cidrIpv4": F("Rule.CidrIpv4", "CidrIpv4"),
    "cidrIpv6": F("Rule.CidrIpv6", "CidrIpv6"),
    "prefixListId": F("Rule.PrefixListId", "PrefixListId"),
    "referencedSecurityGroupId": F("Rule.Group", "ReferencedGroupInfo.GroupId"),
    "description": F("Rule.Description", "Description", unchecked=_description_is_lost),
    "tags": ec2_tags("security-group-rule"),
}


def _modified(params: dict[str, Any]) -> dict[str, Any]:
    """A rule is changed as a whole, and flat, unlike at its creation."""
    rule: dict[str, Any] = {
        key: params[key] for key in ("IpProtocol", "FromPort", "ToPort", "CidrIpv4", "CidrIpv6") if key in params
    }
    rule |= {key: params[key] for key in ("PrefixListId", "ReferencedGroupId", "Description") if key in params}
    entry = {"SecurityGroupRuleId": params["Id"], "SecurityGroupRule": rule}
    return {"GroupId": params["GroupId"], "SecurityGroupRules": [entry]}


_WHOLE_RULE = {
    "Id": "$id",
    "GroupId": "$securityGroupId",
    "IpProtocol": "$ipProtocol",
    "FromPort": "$fromPort",
    "ToPort": "$toPort",
    "CidrIpv4": "$cidrIpv4",
    "CidrIpv6": "$cidrIpv6",
    "PrefixListId": "$prefixListId",
    "ReferencedGroupId": "$referencedSecurityGroupId",
    "Description": "$description",
}


def _rule(type_: str, operation: str) -> Kind:
    return Kind(
        type_=type_,
        service="ec2",
        calls=(Call(operation, pack=_permission),),
        updates=(
            Change(
                "modify_security_group_rules",
                {key: "Changed" for key in _RULE_FIELDS if key not in ("tags", "securityGroupId")},
                _WHOLE_RULE,
                pack=_modified,
            ),
        ),
        deletes=(
            Change(
                operation.replace("authorize", "revoke"),
                params={"GroupId": "$securityGroupId", "SecurityGroupRuleIds": ["$id"]},
            ),
        ),
        fields=_RULE_FIELDS,
        reads=(
            Read(
                "describe_security_group_rules",
                pick="SecurityGroupRules",
                index="SecurityGroupRuleId",
                among=lambda ids: {"SecurityGroupRuleIds": ids},
            ),
        ),
        document="$made.SecurityGroupRules[0]",
        id="$document.SecurityGroupRuleId",
        made_up_id="sgr-{hex}",
        outputs={"arn": _ARN + "security-group-rule/{id}", "securityGroupRuleId": "{id}"},
    )


KINDS = (
    SECURITY_GROUP,
    DEFAULT_SECURITY_GROUP,
    _rule(t.INGRESS_RULE, "authorize_security_group_ingress"),
    _rule(t.EGRESS_RULE, "authorize_security_group_egress"),
)
