"""A pool's and a silo's cluster in moto, whose tasks end as a test says, with the lines that it says."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ecs.models import ecs_backends

REGION = "eu-west-1"
BUCKET = "workbuoy-prod-acme-files-1"
OPTIONS = {"awslogs-group": "/workbuoy/service", "awslogs-region": REGION, "awslogs-stream-prefix": "one-off"}


@dataclass
class World:
    """Two stacks' outputs, and what their tasks will do."""

    exit_code: int | None = 0
    lines: tuple[str, ...] = ()
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ec2 = boto3.client("ec2", region_name=REGION)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})  # as the network has it
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName="service", Description="x", VpcId=vpc)["GroupId"]
        boto3.client("logs", region_name=REGION).create_log_group(logGroupName=OPTIONS["awslogs-group"])
        boto3.client("s3", region_name=REGION).create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        for stack, bucket in (("prod", "workbuoy-prod-files-1"), ("prod-acme", BUCKET)):
            cluster = self.ecs.create_cluster(clusterName=stack)["cluster"]["clusterArn"]
            self.outputs[stack] = {
                "clusterArn": cluster,
                "oneOffTaskDefinitionArn": self._definition(stack),
                "privateSubnetIds": [subnet],
                "serviceSecurityGroupId": group,
                "filesBucketName": bucket,
            }

    @cached_property
    def ecs(self) -> Any:
        return boto3.client("ecs", region_name=REGION)

    def begin_anew(self, lines: tuple[str, ...]) -> None:
        """Nothing has run, nothing was exported; what a task will say."""
        self.exit_code, self.lines = 0, lines
        ecs_backends[DEFAULT_ACCOUNT_ID][REGION].tasks.clear()
        for name in ("manifest.json", "receipt.json"):
            boto3.client("s3", region_name=REGION).delete_object(Bucket=BUCKET, Key=f"imports/acme/{name}")

    def _definition(self, stack: str) -> str:
        answer = self.ecs.register_task_definition(
            family=f"workbuoy-{stack}-one-off",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            tags=[{"key": "tenant", "value": "shared"}],
            containerDefinitions=[
                {
                    "name": "one-off",
                    "image": f"{stack}@sha256:1",
                    "command": ["--help"],
                    "memory": 512,  # moto counts every container's; ECS asks for the task's alone
                    "logConfiguration": {"logDriver": "awslogs", "options": OPTIONS},
                }
            ],
        )
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    def sleep(self, _: float) -> None:
        """Instead of waiting: the task says its lines and ends."""
        for cluster in ecs_backends[DEFAULT_ACCOUNT_ID][REGION].tasks.values():
            for arn, task in cluster.items():
                vars(task.containers[0])["exitCode"] = self.exit_code  # None, too: it never ran
                self._say(arn)

    def _say(self, task_arn: str) -> None:
        logs = boto3.client("logs", region_name=REGION)
        where = {"logGroupName": OPTIONS["awslogs-group"]}
        stream = f"one-off/one-off/{task_arn.rpartition('/')[2]}"
        if self.lines and not logs.describe_log_streams(**where, logStreamNamePrefix=stream)["logStreams"]:
            logs.create_log_stream(**where, logStreamName=stream)
            events = [{"timestamp": int(time.time() * 1000) + n, "message": line} for n, line in enumerate(self.lines)]
            logs.put_log_events(**where, logStreamName=stream, logEvents=events)

    def tasks(self, stack: str) -> list[Mapping[str, Any]]:
        """All that were ever started there."""
        cluster = self.outputs[stack]["clusterArn"]
        found = ecs_backends[DEFAULT_ACCOUNT_ID][REGION].tasks.get(stack, {})
        return list(self.ecs.describe_tasks(cluster=cluster, tasks=list(found))["tasks"]) if found else []

    def put(self, name: str, document: Mapping[str, Any]) -> None:
        """Write a manifest or receipt as the image does."""
        body = json.dumps(document).encode()
        boto3.client("s3", region_name=REGION).put_object(Bucket=BUCKET, Key=f"imports/acme/{name}", Body=body)
