"""A stack with a database in moto, whose tasks end as a test says."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ecs.models import ecs_backends
from moto.rds.models import rds_backends

REGION = "eu-west-1"
BUCKET = "workbuoy-prod-files-1"
SOURCE, COPY = "workbuoy-prod-database", "workbuoy-prod-database-restored"
BEFORE, SERVICE = "workbuoy-prod-database-before", "workbuoy-prod-service"
GROUP = "/workbuoy/service"
NOW = datetime.now(UTC).replace(microsecond=0)
TABLES = {"things": 12, "attachments": 5}
CHECKED = {
    "good": True,
    "ready": "ok",
    "files_missing": 0,
    "tenants": [{"tenant": "globex", "rows": TABLES, "files": 5, "digest": "5eed"}],
}
VERDICTS: Mapping[str, Mapping[str, Any]] = {
    "prepare": {
        "done": "restore prepare",
        "schema_before": "0007",
        "entries": 2,
        "tenants_erased": 1,
        "members_erased": 0,
        "persons_erased": 0,
    },
    "check": {"done": "restore check", **CHECKED},
    "files": {"done": "restore files", "tenants": ["globex"], "files": 5, "again": 2, "marked": 1},
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
        self.logs.create_log_group(logGroupName=GROUP)
        secret = self.secrets.create_secret(Name="workbuoy-prod/restored-login-1")["ARN"]
        self.rds.create_db_subnet_group(
            DBSubnetGroupName="database-subnets-1", DBSubnetGroupDescription="x", SubnetIds=ids
        )
        cluster = self.ecs.create_cluster(clusterName="prod")["cluster"]["clusterArn"]
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        login = self.secrets.create_secret(Name="workbuoy-prod/database-login-1", SecretString="{}")["ARN"]
        service = self._definition("service")
        self.ecs.create_service(cluster=cluster, serviceName=SERVICE, taskDefinition=service, desiredCount=0)
        self.outputs = {
            "clusterArn": cluster,
            "databaseLoginSecretArn": login,
            "serviceName": SERVICE,
            "databaseAddress": f"{SOURCE}.abc.{REGION}.rds.amazonaws.com",
            "filesBucketName": BUCKET,
            "privateSubnetIds": ids,
            "restoreSecurityGroupId": tasks,
            "drillTaskDefinitionArn": self._definition("drill"),
            "restoreTaskDefinitionArn": self._definition("restore"),
            "restoredLoginSecretArn": secret,
            "restoredSecurityGroupId": copies,
        }

    def begin_anew(self) -> None:
        """The database alone stands, and nothing has run."""
        self.exit_codes = {}
        self.forget_tasks()
        backend = rds_backends[DEFAULT_ACCOUNT_ID][REGION]
        for held in (backend.databases, backend.database_snapshots):
            held.clear()
        for one in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            self.s3.delete_object(Bucket=BUCKET, Key=one["Key"])
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

    def forget_tasks(self) -> None:
        """Those that ended; moto goes on to list them as running."""
        ecs_backends[DEFAULT_ACCOUNT_ID][REGION].tasks.clear()

    @cached_property
    def scaling(self) -> Any:
        return boto3.client("application-autoscaling", region_name=REGION)

    @cached_property
    def ecs(self) -> Any:
        return boto3.client("ecs", region_name=REGION)

    @cached_property
    def logs(self) -> Any:
        return boto3.client("logs", region_name=REGION)

    @cached_property
    def rds(self) -> Any:
        return boto3.client("rds", region_name=REGION)

    @cached_property
    def s3(self) -> Any:
        return boto3.client("s3", region_name=REGION)

    @cached_property
    def secrets(self) -> Any:
        return boto3.client("secretsmanager", region_name=REGION)

    def copy(self) -> Mapping[str, Any] | None:
        """The copy, where one stands."""
        return self.instances().get(COPY)

    def instances(self) -> dict[str, Mapping[str, Any]]:
        """Every database by its name."""
        return {one["DBInstanceIdentifier"]: one for one in self.rds.describe_db_instances()["DBInstances"]}

    def login(self) -> Mapping[str, str]:
        """What restore's tasks read."""
        value = self.secrets.get_secret_value(SecretId=self.outputs["restoredLoginSecretArn"])["SecretString"]
        found: dict[str, str] = json.loads(value)
        return found

    def evidence(self, kind: str) -> list[dict[str, Any]]:
        """What was kept of drills or restores, the oldest first."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"evidence/{kind}/").get("Contents", [])
        return [json.loads(self.s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()) for one in found]

    def keep_drill(self, at: datetime, *, good: bool) -> None:
        """As if one had been done then."""
        document = {
            "stack": "prod",
            "at": at.isoformat(),
            "writtenAt": at.isoformat(),
            "by": "arn:aws:iam::123456789012:user/kari",
            "good": good,
            "problem": "" if good else "restore check ended with 1: no file",
            "rpoSeconds": 300,
            "rtoSeconds": 1500.5,
            **({"checks": {"tenants": 2, "rows": 12_000, "files": 30}} if good else {}),
        }
        key = f"evidence/drills/{at:%Y%m%dT%H%M%SZ}.json"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(document).encode())

    def commands(self) -> list[list[str]]:
        """Of all tasks that were ever started, in no order."""
        return [one["overrides"]["containerOverrides"][0]["command"] for one in self._tasks()]

    def families(self) -> set[str]:
        """The ends of the names of the definitions by which they were started."""
        return {one["taskDefinitionArn"].rpartition("/")[2].partition(":")[0] for one in self._tasks()}

    def _tasks(self) -> list[Mapping[str, Any]]:
        found = ecs_backends[DEFAULT_ACCOUNT_ID][REGION].tasks.get("prod", {})
        if not found:
            return []
        tasks: list[Mapping[str, Any]] = self.ecs.describe_tasks(cluster=self.outputs["clusterArn"], tasks=list(found))[
            "tasks"
        ]
        return tasks

    def sleep(self, _: float) -> None:
        """Instead of waiting: each task says its verdict and ends."""
        for cluster in ecs_backends[DEFAULT_ACCOUNT_ID][REGION].tasks.values():
            for arn, task in cluster.items():
                container = task.overrides["containerOverrides"][0]["name"]
                words = task.overrides["containerOverrides"][0]["command"]
                vars(task.containers[0])["exitCode"] = self.exit_codes.get(words[1], 0)
                self._say(container, arn, json.dumps(VERDICTS[words[1]]))

    def _definition(self, name: str) -> str:
        answer = self.ecs.register_task_definition(
            family=f"workbuoy-prod-{name}",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[
                {
                    "name": name,
                    "image": "prod@sha256:1",
                    "command": ["--help"],
                    "memory": 512,
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {
                            "awslogs-group": GROUP,
                            "awslogs-region": REGION,
                            "awslogs-stream-prefix": name,
                        },
                    },
                }
            ],
        )
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    def _say(self, container: str, task_arn: str, line: str) -> None:
        where = {"logGroupName": GROUP}
        stream = f"{container}/{container}/{task_arn.rpartition('/')[2]}"
        if not self.logs.describe_log_streams(**where, logStreamNamePrefix=stream)["logStreams"]:
            self.logs.create_log_stream(**where, logStreamName=stream)
            event = {"timestamp": int(time.time() * 1000), "message": line}
            self.logs.put_log_events(**where, logStreamName=stream, logEvents=[event])
