"""What AWS takes, though it looks like a breach: none of it is refused by any check."""

import json
from typing import Any

import pytest

from rehearsal.checks import refusals_of
from rehearsal.result import Declared, Rehearsed, State
from tests.rehearsal.checks.case import ACCOUNT, alarm, instance, part, task
from tests.rehearsal.checks.seeds_network import endpoint, rule, targets
from tests.rehearsal.checks.seeds_policies import trust

CONTAINER = {"name": "a", "image": "i"}


def on_ec2(**changes: Any) -> Rehearsed:
    return task({**CONTAINER, **changes}, requiresCompatibilities=["EC2"], networkMode="bridge", cpu=None, memory=None)


def invented(type_: str, outputs: dict[str, Any], **properties: Any) -> Rehearsed:
    """A resource whose outputs nothing made: marks, or values that declaring alone makes up."""
    token = f"aws:{type_}"
    declared = Declared(urn=f"urn:{token}", type=token, name="it", inputs=properties)
    return Rehearsed(declared, State.DECLARED_ONLY, id="it", outputs=outputs, region="eu-north-1")


MARK = "[rehearsal makes no dbName of aws:rds/instance:Instance it]"
GOOD = {key: value for key, value in instance().declared.inputs.items() if key != "identifier"}

TAKEN: dict[str, list[Rehearsed]] = {
    "another engine's logs": [instance(engine="mysql", engineVersion="8.0", enabledCloudwatchLogsExports=["audit"])],
    "another engine's storage": [instance(engine="sqlserver-ex", engineVersion="15", iops=1000, storageType="gp3")],
    "no database name, and a mark in its place": [invented("rds/instance:Instance", {"dbName": MARK}, **GOOD)],
    "no zone, and one made up": [
        invented("ec2/subnet:Subnet", {"availabilityZone": "eu-north-1a"}, vpcId="v", cidrBlock="10.0.0.0/24"),
        part("rds/subnetGroup:SubnetGroup", subnetIds=["it", "it"]),
    ],
    "a partner's endpoint": endpoint(serviceName="com.amazonaws.vpce.eu-north-1.vpce-svc-0123456789abcdef0"),
    "an endpoint of another region that says so": endpoint(
        serviceName="com.amazonaws.eu-west-1.s3", serviceRegion="eu-west-1"
    ),
    "gRPC's own codes": [targets(protocolVersion="GRPC", healthCheck={"matcher": "0-99"})],
    "actions out of order": [
        part(
            "lb/listenerRule:ListenerRule",
            conditions=[{"pathPattern": {"values": ["/*"]}}],
            actions=[{"type": "forward", "order": 2}, {"type": "authenticate-oidc", "order": 1}],
        )
    ],
    "a service that is newer than our list": [trust(Principal={"Service": "quantum-compute.amazonaws.com"})],
    "a principal that was deleted": [trust(Principal={"AWS": "AROAJQABLZS4A3QDU576Q"})],
    "every port of ICMP": [rule(ipProtocol="icmp", fromPort=-1, toPort=-1)],
    "every protocol": [rule(ipProtocol="-1", fromPort=None, toPort=None)],
    "EC2's own tags": [part("ec2/vpc:Vpc", cidrBlock="10.0.0.0/16", tags={"a;b": "<c>"})],
    "a privileged container on a host": [
        on_ec2(privileged=True, portMappings=[{"containerPort": 80, "hostPort": 8080}])
    ],
    "a host's log driver": [on_ec2(logConfiguration={"logDriver": "json-file"})],
    "an alarm without a topic": [alarm()],
    "an alarm that stops a machine": [alarm(alarmActions=["arn:aws:automate:eu-north-1:ec2:stop"])],
    "an alias of a key of another stack": [part("kms/alias:Alias", name="alias/mine", targetKeyId="k")],
    "a policy with variables": [
        part(
            "iam/rolePolicy:RolePolicy",
            policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": {
                        "Effect": "Allow",
                        "Action": "s3:*",
                        "Resource": "arn:aws:s3:::b/${aws:PrincipalTag/tenant}/*",
                        "Condition": {"ForAnyValue:StringLikeIfExists": {"aws:x": "y"}},
                    },
                }
            ),
        )
    ],
}


@pytest.mark.parametrize("what", TAKEN)
def test_what_aws_takes_is_not_refused(what: str) -> None:
    assert [str(one) for one in refusals_of(tuple(TAKEN[what]), ACCOUNT, ("eu-north-1",))] == []
