"""The engine's order, what it refuses, and what a change leaves behind."""

from rehearsal.change.result import ChangeRehearsal
from rehearsal.result import Rehearsal, State
from tests.rehearsal.change.conftest import RehearseChange

GROUP = 'group = aws.ec2.SecurityGroup("g", vpc_id=vpc.id, description="{}", opts=top)\n'
VPC = 'vpc = aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", opts=top)\n'
RULE = (
    'aws.vpc.SecurityGroupIngressRule("r", security_group_id=group.id, ip_protocol="-1", cidr_ipv4="10.0.0.0/8", '
    "opts=top)\n"
)
DATABASE = (
    'aws.rds.Instance("d", identifier="d", engine="postgres", engine_version="17", instance_class="{}", '
    'allocated_storage=20, username="{}", manage_master_user_password=True, skip_final_snapshot=True, '
    "deletion_protection={}, opts={})\n"
)
PROTECTED = "pulumi.ResourceOptions(provider=provider, protect=True)"


def change_of(result: Rehearsal) -> ChangeRehearsal:
    assert result.change is not None
    return result.change


def order(result: Rehearsal) -> list[tuple[str, str]]:
    return [(urn.rpartition("::")[2], did) for urn, did in change_of(result).order]


def faults(result: Rehearsal) -> list[str]:
    return [str(one) for one in change_of(result).faults]


def test_a_replacement_is_made_beside_and_the_old_one_deleted_last(rehearse_change: RehearseChange) -> None:
    result = rehearse_change(VPC + GROUP.format("old") + RULE, VPC + GROUP.format("new") + RULE)
    assert faults(result) == []
    assert order(result) == [
        ("g", "create replacement"),
        ("r", "create replacement"),
        ("r", "delete"),
        ("g", "delete"),
    ]
    assert result.passed


def test_a_name_that_may_not_stand_twice_is_deleted_first_and_with_it_who_names_it(
    rehearse_change: RehearseChange,
) -> None:
    named = GROUP.replace('"g", ', '"g", name="g", ')
    result = rehearse_change(VPC + named.format("old") + RULE, VPC + named.format("new") + RULE)
    assert faults(result) == []
    assert [one for one in order(result) if "delete" in one[1]] == [
        ("r", "delete before its replacement"),
        ("g", "delete before its replacement"),
    ]
    assert order(result)[2:] == [("g", "create replacement"), ("r", "create replacement")]
    assert result.passed


def test_a_database_changes_its_class_in_place_and_another_user_replaces_it(rehearse_change: RehearseChange) -> None:
    before = DATABASE.format("db.t4g.small", "owner", False, "top")
    updated = rehearse_change(before, DATABASE.format("db.t4g.medium", "owner", False, "top"))
    assert updated.passed
    assert order(updated) == [("d", "update")]


def test_storage_that_shrinks_and_an_older_version_fail_though_moto_takes_them(rehearse_change: RehearseChange) -> None:
    after = DATABASE.format("db.t4g.small", "owner", False, "top")
    before = after.replace("allocated_storage=20", "allocated_storage=40").replace('"17"', '"18"')
    result = rehearse_change(before, after)
    assert not result.passed
    assert faults(result) == [
        "d: update: allocatedStorage 40 → 20: RDS makes storage larger only",
        "d: update: engineVersion 18 → 17: RDS goes to newer versions only",
    ]


def test_what_is_protected_is_not_replaced_and_the_rehearsal_fails(rehearse_change: RehearseChange) -> None:
    before = DATABASE.format("db.t4g.small", "owner", True, PROTECTED)
    result = rehearse_change(before, DATABASE.format("db.t4g.small", "other", True, PROTECTED))
    assert not result.passed
    assert len(faults(result)) == 1
    assert "d: replace: it is protected" in faults(result)[0]


def test_moto_s_own_deletion_protection_refuses_as_aws_does(rehearse_change: RehearseChange) -> None:
    result = rehearse_change(DATABASE.format("db.t4g.small", "owner", True, "top"), "")
    assert any("protection" in one for one in faults(result))


def test_what_is_retained_stays_and_is_named(rehearse_change: RehearseChange) -> None:
    kept = 'aws.kms.Key("k", opts=pulumi.ResourceOptions(provider=provider, retain_on_delete=True))\n'
    result = rehearse_change(kept, "")
    assert result.passed
    assert [why for _, why in change_of(result).kept] == ["it is declared to be retained"]


def test_an_alias_moves_nothing_and_a_rename_without_one_deletes_and_creates(rehearse_change: RehearseChange) -> None:
    old = 'aws.sns.Topic("old", opts=top)\n'
    moved = 'aws.sns.Topic("new", opts=pulumi.ResourceOptions(provider=provider, aliases=[pulumi.Alias(name="old")]))\n'
    result = rehearse_change(old, moved)
    assert result.passed
    assert order(result) == []
    topic = next(one for one in result.resources if one.name == "new")
    assert topic.outputs["name"].startswith("old-")  # a name that was made up stays with what it names


def test_a_rename_without_an_alias_deletes_and_creates(rehearse_change: RehearseChange) -> None:
    result = rehearse_change('aws.sns.Topic("old", opts=top)\n', 'aws.sns.Topic("new", opts=top)\n')
    assert order(result) == [("new", "create"), ("old", "delete")]


def test_what_an_update_leaves_behind_is_named(rehearse_change: RehearseChange) -> None:
    def database(rest: str) -> str:
        return DATABASE.format("db.t4g.small", "owner", False, "top").replace("opts=", f"{rest}opts=")

    result = rehearse_change(database('backup_window="01:00-02:00", '), database(""))
    assert faults(result) == ["d: update: backupWindow is declared no more, and is left as it was"]
    assert not result.passed


def test_a_property_that_no_operation_changes_is_named(rehearse_change: RehearseChange) -> None:
    vpc = 'aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", assign_generated_ipv6_cidr_block={}, opts=top)\n'
    result = rehearse_change(vpc.format(False), vpc.format(True))
    assert next(one for one in result.resources if one.name == "v").state is State.FAILED
    assert "no operation is known that changes assignGeneratedIpv6CidrBlock in place" in faults(result)[0]


def test_a_replacement_that_is_the_same_thing_to_aws_is_named(rehearse_change: RehearseChange) -> None:
    def registry(count: int) -> str:
        rule = {
            "rulePriority": 1,
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count},
            "action": {"type": "expire"},
        }
        policy = f"json.dumps({ {'rules': [rule]} })"
        return (
            'images = aws.ecr.Repository("i", name="images", opts=top)\n'
            f'aws.ecr.LifecyclePolicy("p", repository=images.name, policy={policy}, opts=top)\n'
        )

    result = rehearse_change(registry(9), registry(5))
    assert len(faults(result)) == 1
    assert "p: delete: p is images too, so this would delete both" in faults(result)[0]


def test_a_rename_that_keeps_a_chosen_name_is_named_before_it_deletes_both(rehearse_change: RehearseChange) -> None:
    cluster = 'aws.ecs.Cluster("{}", name="c", opts=top)\n'
    result = rehearse_change(cluster.format("old"), cluster.format("new"))
    assert len(faults(result)) == 1
    assert faults(result)[0].startswith("old: delete: new is arn:aws:ecs:")


def test_a_new_revision_of_a_task_definition_takes_the_place_of_the_old_one(rehearse_change: RehearseChange) -> None:
    task = (
        'aws.ecs.TaskDefinition("t", family="t", cpu="{}", memory="512", network_mode="awsvpc", '
        'requires_compatibilities=["FARGATE"], '
        'container_definitions=json.dumps([{{"name": "a", "image": "b", "essential": True}}]), opts=top)\n'
    )
    result = rehearse_change(task.format(256), task.format(512))
    assert faults(result) == []
    assert order(result) == [("t", "create replacement"), ("t", "delete")]
    (found,) = (one for one in result.resources if one.name == "t")
    assert found.outputs["revision"] == 2


def test_a_random_value_that_is_replaced_is_another_one(rehearse_change: RehearseChange) -> None:
    dice = (
        'import pulumi_random as random\ndice = random.Provider("dice")\n'
        'r = random.RandomId("r", byte_length={}, opts=pulumi.ResourceOptions(provider=dice))\n'
        'aws.sns.Topic("t", name=r.hex, opts=top)\n'
    )
    result = rehearse_change(dice.format(4), dice.format(5))
    assert result.passed
    assert ("t", "create replacement") in order(result)


def test_ignored_changes_keep_what_stands(rehearse_change: RehearseChange) -> None:
    opts = 'pulumi.ResourceOptions(provider=provider, ignore_changes=["displayName"])'
    topic = f'aws.sns.Topic("t", display_name="{{}}", opts={opts})\n'
    result = rehearse_change(topic.format("a"), topic.format("b"))
    assert result.passed
    assert order(result) == []


def test_what_could_not_be_made_as_it_stood_fails_the_rehearsal_of_the_change(rehearse_change: RehearseChange) -> None:
    result = rehearse_change('aws.ec2.Vpc("v", cidr_block="10.0.0.0/99", opts=top)\n', VPC)
    assert any(one.startswith("v: as at before:") for one in faults(result))
    assert not result.passed
