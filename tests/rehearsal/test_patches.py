"""What is patched in moto does what AWS does, and is undone at the end."""

import subprocess
import sys

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session
from moto.ec2.models.tags import TagBackend
from moto.elbv2.models import ELBv2Backend

from rehearsal.cloud import running
from rehearsal.kinds import KINDS

REGION = "eu-west-1"


@pytest.mark.lengthy
def test_a_listener_takes_more_certificates_than_the_quota_that_can_be_raised() -> None:
    with running() as moto:
        cloud = moto.cloud("210000000003", REGION)
        ec2, elb = cloud.client("ec2"), cloud.client("elbv2")
        subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]][:2]
        arn = elb.create_load_balancer(Name="shared", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        listener = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[action])
        listener_arn = listener["Listeners"][0]["ListenerArn"]
        for number in range(30):
            one = f"arn:aws:acm:{REGION}:210000000003:certificate/{number}"
            elb.add_listener_certificates(ListenerArn=listener_arn, Certificates=[{"CertificateArn": one}])
        found = elb.describe_listener_certificates(ListenerArn=listener_arn)["Certificates"]
        assert len({one["CertificateArn"] for one in found}) == 30


def test_tags_of_one_resource_are_those_that_moto_would_find_among_all() -> None:
    stock = TagBackend.describe_tags
    with running() as moto:
        ec2 = moto.cloud("210000000003", REGION).client("ec2")
        vpcs = [ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in range(3)]
        for vpc in vpcs[:2]:
            ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": vpc}, {"Key": "tenant", "Value": "acme"}])

        def tags(**filters: str) -> list[tuple[str, str, str, str]]:
            asked = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
            answer = ec2.describe_tags(Filters=asked)["Tags"]
            return sorted((one["ResourceId"], one["ResourceType"], one["Key"], one["Value"]) for one in answer)

        assert TagBackend.describe_tags is not stock
        for vpc in vpcs:
            assert tags(resource_id=vpc) == [one for one in tags(resource_type="vpc") if one[0] == vpc]
        assert tags(resource_id="vpc-*") == tags(resource_type="vpc")
        assert len(tags(resource_id=vpcs[0], key="tenant")) == 1
    assert TagBackend.describe_tags is stock


def test_security_group_rules_are_found_by_id_as_among_all() -> None:
    with running() as moto:
        ec2 = moto.cloud("210000000003", REGION).client("ec2")
        group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        for port in (80, 443):
            permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
        stood = ec2.describe_security_group_rules()["SecurityGroupRules"]
        wanted = [one["SecurityGroupRuleId"] for one in stood if one.get("FromPort") != 443]
        assert 0 < len(wanted) < len(stood)
        found = ec2.describe_security_group_rules(SecurityGroupRuleIds=wanted[::-1])["SecurityGroupRules"]
        with pytest.raises(ClientError, match=r"InvalidSecurityGroupRuleId\.NotFound"):
            ec2.describe_security_group_rules(SecurityGroupRuleIds=[*wanted, "sgr-00000000000000000"])
    assert found == [one for one in stood if one["SecurityGroupRuleId"] in wanted]


def test_no_kind_sends_an_instance_type_and_where_ec2_is_first_imported_moto_knows_none() -> None:
    model = get_session().get_service_model("ec2")
    sent = {name for kind in KINDS.values() if kind.service == "ec2" for name in (one.operation for one in kind.calls)}
    assert sent
    for operation in sent:
        members = model.operation_model("".join(part.capitalize() for part in operation.split("_"))).input_shape.members
        assert not {"InstanceType", "InstanceTypes", "LaunchTemplateData"} & set(members)
    first = """
from rehearsal.cloud import running
with running() as moto:
    ec2 = moto.cloud("210000000003", "eu-west-1").client("ec2")
    print(len(ec2.describe_instance_types()["InstanceTypes"]))
"""
    done = subprocess.run([sys.executable, "-c", first], capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["0"]


def test_the_patches_are_undone() -> None:
    stock = ELBv2Backend.add_listener_certificates
    with running() as moto:
        moto.cloud("210000000003", REGION).client("elbv2")
        assert ELBv2Backend.add_listener_certificates is not stock
    assert ELBv2Backend.add_listener_certificates is stock
