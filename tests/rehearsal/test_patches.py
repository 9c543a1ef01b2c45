"""What is patched in moto does what AWS does, and is undone at the end."""

import pytest
from moto.ec2.models.tags import TagBackend
from moto.elbv2.models import ELBv2Backend

from rehearsal.cloud import running

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


def test_the_patches_are_undone() -> None:
    stock = ELBv2Backend.add_listener_certificates
    with running() as moto:
        moto.cloud("210000000003", REGION).client("elbv2")
        assert ELBv2Backend.add_listener_certificates is not stock
    assert ELBv2Backend.add_listener_certificates is stock
