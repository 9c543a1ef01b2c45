"""What the adapter does not know, what it may not lose, and how failures are told."""

from rehearsal.result import Check, Rehearsal, Rehearsed, State
from tests.rehearsal.conftest import RehearseText


def _one(rehearsal: Rehearsal, name: str) -> Rehearsed:
    return next(one for one in rehearsal.resources if one.name == name)


def test_a_property_that_the_table_does_not_know_is_an_error(rehearse_text: RehearseText) -> None:
    result = rehearse_text('aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", ipv4_ipam_pool_id="x", opts=top)')
    entry = _one(result, "v")
    assert entry.state is State.FAILED
    assert "does not know ipv4IpamPoolId of aws:ec2/vpc:Vpc" in entry.reason
    assert not result.passed


def test_a_misspelt_key_deep_in_a_dictionary_is_an_error(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        """
        bucket = aws.s3.Bucket("b", opts=top)
        aws.s3.BucketLifecycleConfiguration(
            "l",
            bucket=bucket.id,
            rules=[{"id": "x", "statuss": "Enabled", "filter": {}, "expiration": {"days": 1}}],
            opts=top,
        )
        """
    )
    assert "rules[0].statuss" in _one(result, "l").reason


def test_a_misspelt_key_in_container_definitions_is_an_error(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        """
        aws.ecs.TaskDefinition(
            "t",
            family="t",
            container_definitions=json.dumps([{"name": "a", "image": "b", "readonlyRootFileSystem": True}]),
            opts=top,
        )
        """
    )
    assert _one(result, "t").state is State.FAILED
    assert "readonlyRootFileSystem" in _one(result, "t").reason


def test_a_type_that_the_table_does_not_know_is_an_error(rehearse_text: RehearseText) -> None:
    result = rehearse_text('aws.sqs.Queue("q", opts=top)')
    assert _one(result, "q").state is State.FAILED
    assert "does not know the type aws:sqs/queue:Queue" in _one(result, "q").reason


def test_an_output_that_no_kind_makes_is_an_error_where_it_is_used(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        """
        vpc = aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", opts=top)
        aws.ec2.RouteTableAssociation("a", route_table_id=vpc.main_route_table_id, subnet_id="subnet-1", opts=top)
        """
    )
    assert _one(result, "v").state is State.COMPARED
    assert _one(result, "a").state is State.FAILED
    assert "routeTableId uses output mainRouteTableId of aws:ec2/vpc:Vpc v" in _one(result, "a").reason


def test_what_needs_a_failed_resource_is_not_tried_and_says_so(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        """
        vpc = aws.ec2.Vpc("v", cidr_block="10.0.0.0/99", opts=top)
        aws.ec2.Subnet("s", vpc_id=vpc.id, cidr_block="10.0.0.0/24", opts=top)
        aws.sns.Topic("independent", opts=top)
        """
    )
    assert _one(result, "v").state is State.FAILED
    assert _one(result, "s").reason == "not tried: it needs v, which failed"
    assert _one(result, "independent").state is State.COMPARED


def test_names_are_made_up_as_the_provider_does(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        """
        aws.sns.Topic("alarms", opts=top)
        aws.rds.ParameterGroup("p", name_prefix="pre-", family="postgres17", opts=top)
        """
    )
    assert _one(result, "alarms").outputs["name"].startswith("alarms-")
    assert len(_one(result, "alarms").outputs["name"]) == len("alarms-") + 7
    assert _one(result, "p").outputs["name"].startswith("pre-")


def test_a_resource_s_own_region_wins_over_its_provider_s(rehearse_text: RehearseText) -> None:
    result = rehearse_text('aws.sns.Topic("t", name="far", region="eu-west-1", opts=top)')
    entry = _one(result, "t")
    assert entry.region == "eu-west-1"
    assert entry.outputs["arn"].split(":")[3] == "eu-west-1"
    assert [field.check for field in entry.fields if field.path == "region"] == [Check.CHECKED]


def test_a_field_that_moto_cannot_hold_is_listed_and_not_counted_as_checked(
    rehearse_text: RehearseText,
) -> None:
    result = rehearse_text('aws.kms.Key("k", enable_key_rotation=True, rotation_period_in_days=180, opts=top)')
    fields = {field.path: field for field in _one(result, "k").fields}
    assert fields["enableKeyRotation"].check is Check.CHECKED
    assert fields["rotationPeriodInDays"].check is Check.NOT_CHECKED
    assert fields["rotationPeriodInDays"].reason


def test_one_of_aws_s_own_policies_can_be_attached_and_an_invented_one_cannot(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        """
        role = aws.iam.Role("r", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": []}), opts=top)
        for name in ("AmazonRDSEnhancedMonitoringRole", "Invented"):
            arn = f"arn:aws:iam::aws:policy/service-role/{name}"
            aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=arn, opts=top)
        """
    )
    assert _one(result, "AmazonRDSEnhancedMonitoringRole").state is State.COMPARED
    assert _one(result, "Invented").state is State.FAILED


def test_false_and_zero_and_empty_are_values(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        """
        vpc = aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", enable_dns_support=False, opts=top)
        aws.ec2.DefaultSecurityGroup("d", vpc_id=vpc.id, ingress=[], egress=[], opts=top)
        aws.kms.Key("k", enable_key_rotation=False, opts=top)
        """
    )
    assert result.passed
    assert {f.path for f in _one(result, "d").fields} >= {"ingress", "egress"}
    assert next(f for f in _one(result, "v").fields if f.path == "enableDnsSupport").found is False
