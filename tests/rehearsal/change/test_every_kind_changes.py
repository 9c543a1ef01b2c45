"""Every kind changed in place, and every kind deleted: what each does, and the few things that none can do."""

import json
from collections.abc import Callable, Iterator

from facts.replacements import replaces
from operations.outputs.rehearsed import as_json
from rehearsal.change.applying import is_changeable
from rehearsal.change.operations import Operations
from rehearsal.cloud import Moto
from rehearsal.kinds import KINDS
from rehearsal.result import Rehearsal, State
from tests.rehearsal.change.edits import IN_PLACE
from tests.rehearsal.conftest import EVERY_KIND

NOT_IN_PLACE = {
    ("aws:budgets/budget:Budget", "notifications"),
    ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "egress"),  # inline rules are not rehearsed
    ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "ingress"),
    ("aws:ec2/securityGroup:SecurityGroup", "egress"),
    ("aws:ec2/securityGroup:SecurityGroup", "ingress"),
    ("aws:ec2/subnet:Subnet", "ipv6CidrBlock"),
    ("aws:ec2/vpc:Vpc", "assignGeneratedIpv6CidrBlock"),
    ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "clientIdLists"),
    ("aws:kms/key:Key", "bypassPolicyLockoutSafetyCheck"),
    ("aws:lambda/function:Function", "codeSigningConfigArn"),
    ("aws:lambda/function:Function", "publish"),
    ("aws:rds/eventSubscription:EventSubscription", "sourceIds"),
}
"""What AWS changes in place and the table has no operation for; the rehearsal of such a change fails, and says so."""


def _edited() -> str:
    text = (EVERY_KIND / "__main__.py").read_text(encoding="utf-8")
    for what, (old, new) in IN_PLACE.items():
        assert old in text, what
        text = text.replace(old, new)
    return text


def test_one_change_of_each_kind_arrives_in_place(change_every_kind: Callable[[str], Rehearsal]) -> None:
    result = change_every_kind(_edited())
    assert result.change is not None
    assert [str(one) for one in result.change.faults] == []
    assert [(one.name, one.reason) for one in result.failures] == []
    assert result.refusals == ()
    updated = {one.type for one in result.change.steps if one.op == "update"}
    never = {"aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:ecs/taskDefinition:TaskDefinition"}
    assert len(updated) > len(KINDS) * 2 // 3
    assert not updated & never


def test_what_nobody_declares_any_more_is_deleted_the_youngest_first(
    change_every_kind: Callable[[str], Rehearsal],
) -> None:
    result = change_every_kind("import pulumi_aws\n")
    assert result.change is not None
    faults = {one.name: one.what for one in result.change.faults}
    assert set(faults) == {"database", "logs"}
    assert "it is protected" in faults["database"]
    assert "BucketNotEmpty" in faults["logs"]  # AWS's own refusal: access logs lie in it, and nothing forces it
    order = [urn.rpartition("::")[2] for urn, did in result.change.order if did == "delete"]
    assert order.index("login") < order.index("key")
    assert order.index("public-0") < order.index("vpc")
    assert [why for _, why in result.change.kept] == ["the group is its VPC's own, and goes with it"]


def test_a_stack_that_does_not_change_takes_no_step(change_every_kind: Callable[[str], Rehearsal]) -> None:
    result = change_every_kind((EVERY_KIND / "__main__.py").read_text(encoding="utf-8"))
    assert result.passed
    assert result.change is not None
    assert result.change.changing == ()
    assert result.change.order == ()
    assert {one.state for one in result.resources} <= {State.COMPARED, State.DECLARED_ONLY, State.COMPONENT}
    assert json.dumps(as_json(result)["change"])


def test_what_the_table_cannot_change_in_place_is_known_by_name(moto: Moto) -> None:
    def unable() -> Iterator[tuple[str, str]]:
        cloud = moto.cloud("100000000001", "eu-north-1")
        for kind in KINDS.values():
            operations = Operations(cloud, kind, kind.global_region or "eu-north-1")
            for key in kind.fields:
                if replaces(kind.type_, key) is False and not is_changeable(kind, key, operations):
                    yield kind.type_, key

    assert set(unable()) == NOT_IN_PLACE
