"""A stack with a database in moto, whose tasks end as a test says."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ecs.models import ecs_backends
from moto.rds.models import rds_backends

REGION = "eu-west-1"
SOURCE, COPY = "workbuoy-prod-database", "workbuoy-prod-database-restored"
OPTIONS = {"awslogs-group": "/workbuoy/service", "awslogs-region": REGION, "awslogs-stream-prefix": "restore"}
TABLES = {"things": 12, "attachments": 5}
CHECKED = {
    "good": True,
    "ready": "ok",
    "files_missing": 0,
    "tenants": [{"tenant": "globex", "rows": TABLES, "files": 5}],
}
VERDICTS: Mapping[str, Mapping[str, Any]] = {
    "prepare": {"done": "restore prepare", "entries": 2, "tenants_erased": 1, "members_erased": 0},
    "check": {"done": "restore check", **CHECKED},
    "tenant": {"done": "restore tenant", "rows": TABLES, "files": {"files": 5, "again": 2}, "frozen_seconds": 1.5},
    "undo": {"done": "restore undo", "rows": TABLES},
}


@dataclass
class World:
    """One stack's outputs, and what its tasks will do: `exit_codes` by the command's second word."""

    outputs: dict[str, Any] = field(default_factory=dict)
    exit_codes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ec2 = boto3.client("ec2", region_name=REGION)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")
            for n, zone in enumerate("ab")
        ]
        ids = [one["Subnet"]["SubnetId"] for one in subnets]
        tasks, copies = (
            ec2.create_security_group(GroupName=name, Description="x", VpcId=vpc)["GroupId"]
            for name in ("restore", "restore-copy")
        )
        boto3.client("logs", region_name=REGION).create_log_group(logGroupName=OPTIONS["awslogs-group"])
        secret = self.secrets.create_secret(Name="workbuoy-prod/restored-login-1")["ARN"]
        self.rds.create_db_subnet_group(
            DBSubnetGroupName="database-subnets-1", DBSubnetGroupDescription="x", SubnetIds=ids
        )
        cluster = self.ecs.create_cluster(clusterName="prod")["cluster"]["clusterArn"]
        self.outputs = {
            "clusterArn": cluster,
            "databaseAddress": f"{SOURCE}.abc.{REGION}.rds.amazonaws.com",
            "filesBucketName": "workbuoy-prod-files-1",
            "privateSubnetIds": ids,
            "restoreSecurityGroupId": tasks,
            "restoreTaskDefinitionArn": self._definition(),
            "restoredLoginSecretArn": secret,
            "restoredSecurityGroupId": copies,
        }

    def begin_anew(self) -> None:
        """The database alone stands, and nothing has run."""
        self.exit_codes = {}
        ecs_backends[DEFAULT_ACCOUNT_ID][REGION].tasks.clear()
        backend = rds_backends[DEFAULT_ACCOUNT_ID][REGION]
        for held in (backend.databases, backend.database_snapshots):
            held.clear()
        self.rds.create_db_instance(
            DBInstanceIdentifier=SOURCE,
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="workbuoy_owner",
            MasterUserPassword="of-the-source",
            DBSubnetGroupName="database-subnets-1",
            BackupRetentionPeriod=30,
            Tags=[{"Key": "owner", "Value": "platform"}],
        )

    @cached_property
    def ecs(self) -> Any:
        return boto3.client("ecs", region_name=REGION)

    @cached_property
    def rds(self) -> Any:
        return boto3.client("rds", region_name=REGION)

    @cached_property
    def secrets(self) -> Any:
        return boto3.client("secretsmanager", region_name=REGION)

    def copy(self) -> Mapping[str, Any] | None:
        """The copy, where one stands."""
        found = self.rds.describe_db_instances()["DBInstances"]
        return next((one for one in found if one["DBInstanceIdentifier"] == COPY), None)

    def login(self) -> Mapping[str, str]:
        """What restore's tasks read."""
        value = self.secrets.get_secret_value(SecretId=self.outputs["restoredLoginSecretArn"])["SecretString"]
        found: dict[str, str] = json.loads(value)
        return found

    def commands(self) -> list[list[str]]:
        """Of all tasks that were ever started, in no order."""
        found = ecs_backends[DEFAULT_ACCOUNT_ID][REGION].tasks.get("prod", {})
        if not found:
            return []
        tasks = self.ecs.describe_tasks(cluster=self.outputs["clusterArn"], tasks=list(found))["tasks"]
        return [one["overrides"]["containerOverrides"][0]["command"] for one in tasks]

    def sleep(self, _: float) -> None:
        """Instead of waiting: each task says its verdict and ends."""
        for cluster in ecs_backends[DEFAULT_ACCOUNT_ID][REGION].tasks.values():
            for arn, task in cluster.items():
                words = task.overrides["containerOverrides"][0]["command"]
                vars(task.containers[0])["exitCode"] = self.exit_codes.get(words[1], 0)
                self._say(arn, json.dumps(VERDICTS[words[1]]))

    def _definition(self) -> str:
        answer = self.ecs.register_task_definition(
            family="workbuoy-prod-restore",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[
                {
                    "name": "restore",
                    "image": "prod@sha256:1",
                    "command": ["--help"],
                    "memory": 512,
                    "logConfiguration": {"logDriver": "awslogs", "options": OPTIONS},
                }
            ],
        )
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    def _say(self, task_arn: str, line: str) -> None:
        logs = boto3.client("logs", region_name=REGION)
        where = {"logGroupName": OPTIONS["awslogs-group"]}
        stream = f"restore/restore/{task_arn.rpartition('/')[2]}"
        if not logs.describe_log_streams(**where, logStreamNamePrefix=stream)["logStreams"]:
            logs.create_log_stream(**where, logStreamName=stream)
            event = {"timestamp": int(time.time() * 1000), "message": line}
            logs.put_log_events(**where, logStreamName=stream, logEvents=[event])
