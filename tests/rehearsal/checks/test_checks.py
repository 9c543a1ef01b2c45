"""Every refusal on both sides: a seeded bad resource that it names, and a good one that it lets pass."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rehearsal.checks import refusals_of
from rehearsal.result import Declared, Refusal, Rehearsed, State

ACCOUNT = "210000000001"
LOGS = "logs.eu-north-1.amazonaws.com"
Parts = Iterable[Rehearsed]


def part(type_: str, name: str = "it", /, *, needs: Iterable[str] = (), **properties: Any) -> Rehearsed:
    """A resource as a rehearsal leaves it; its ARN is `arn:<name>`, its id its name."""
    token = f"aws:{type_}"
    urn = f"urn:pulumi:s::p::{token}::{name}"
    declared = Declared(urn=urn, type=token, name=name, custom=True, properties=properties, dependencies=tuple(needs))
    outputs = {"arn": f"arn:{name}", "name": properties.get("name", name)}
    return Rehearsed(declared, State.COMPARED, id=name, outputs=outputs, region="eu-north-1")


def policy(service: str | list[str], actions: str | list[str], **condition: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions, "Resource": "*"}
    return json.dumps({"Statement": [{**statement, **({"Condition": condition} if condition else {})}]})


def instance(**changes: Any) -> Rehearsed:
    good = {
        "engine": "postgres",
        "engineVersion": "17",
        "instanceClass": "db.t4g.small",
        "backupRetentionPeriod": 7,
        "allocatedStorage": 20,
        "skipFinalSnapshot": True,
        "identifier": "main",
    }
    return part("rds/instance:Instance", **{**good, **changes})


def rule(**changes: Any) -> Rehearsed:
    good = {"id": "x", "status": "Enabled", "filter": {}, "expiration": {"days": 365}}
    kept = {key: value for key, value in {**good, **changes}.items() if value is not None}
    return part("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", bucket="b", rules=[kept])


def task(*containers: dict[str, Any], **changes: Any) -> Rehearsed:
    good = {
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": json.dumps(list(containers)),
    }
    return part("ecs/taskDefinition:TaskDefinition", **{**good, **changes})


def alarm(**changes: Any) -> Rehearsed:
    good = {"metricName": "CPU", "period": 60, "evaluationPeriods": 5, "datapointsToAlarm": 3}
    return part("cloudwatch/metricAlarm:MetricAlarm", **{**good, **changes})


def function(**changes: Any) -> Rehearsed:
    return part("lambda/function:Function", "turn", **changes)


def rotation(*needs: str) -> Rehearsed:
    return part(
        "secretsmanager/secretRotation:SecretRotation",
        "rota",
        needs=needs,
        secretId="arn:login",
        rotationLambdaArn="arn:turn",
    )


BUCKET = part("s3/bucket:Bucket", "b")
OTHER = part("s3/bucket:Bucket", "c")
LOGS_ALLOWED = part(
    "s3/bucketPolicy:BucketPolicy", "c", bucket="c", policy=policy("logging.s3.amazonaws.com", "s3:PutObject")
)
REPLICATION = part(
    "s3/bucketReplicationConfig:BucketReplicationConfig",
    bucket="b",
    rules=[{"destination": {"bucket": "arn:aws:s3:::c"}}],
)
BALANCER = part("lb/loadBalancer:LoadBalancer", "lb", accessLogs={"enabled": True, "bucket": "c"})
DELIVERY = part(
    "s3/bucketPolicy:BucketPolicy",
    "c",
    bucket="c",
    policy=policy("logdelivery.elasticloadbalancing.amazonaws.com", "s3:PutObject"),
)
LOGIN = part("secretsmanager/secret:Secret", "login")
PERMISSION = part("lambda/permission:Permission", "may", function="turn", principal="secretsmanager.amazonaws.com")
INJECTED = task({"name": "app", "secrets": [{"name": "LOGIN", "valueFrom": "arn:login"}]})
WATCHED = alarm(alarmActions=["arn:topic"])


def encrypted(service: str, algorithm: str = "AES256") -> Rehearsed:
    return part(
        "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        service,
        bucket=service,
        rules=[{"applyServerSideEncryptionByDefault": {"sseAlgorithm": algorithm}}],
    )


def versioned(bucket: str, status: str = "Enabled") -> Rehearsed:
    return part(
        "s3/bucketVersioning:BucketVersioning", bucket, bucket=bucket, versioningConfiguration={"status": status}
    )


def key(document: str) -> Rehearsed:
    return part("kms/key:Key", "key", policy=document)


def group(**changes: Any) -> Rehearsed:
    return part("cloudwatch/logGroup:LogGroup", "logs", kmsKeyId="arn:key", **changes)


def topic(**changes: Any) -> Rehearsed:
    return part("sns/topic:Topic", "topic", **changes)


CRYPT = ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*", "kms:Describe*"]


def context(arn: str) -> dict[str, Any]:
    return {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": arn}}


@dataclass(frozen=True)
class Case:
    """A check, resources that it refuses, the name it must give, and resources that it lets pass."""

    check: str
    bad: Parts
    good: Parts
    names: str = "it"


CASES = (
    Case("rds-engine-version", [instance(engineVersion="99.9")], [instance(engineVersion="16.6")]),
    Case("rds-instance-class", [instance(instanceClass="db.foo")], [instance(instanceClass="db.m7g.large")]),
    Case("rds-instance-class", [instance(instanceClass="t4g.small")], [instance()]),
    Case("rds-backup-retention", [instance(backupRetentionPeriod=99)], [instance(backupRetentionPeriod=35)]),
    Case(
        "rds-recovery-needs-backups",
        [
            part("rds/instance:Instance", "origin", identifier="origin", instanceClass="db.t4g.small"),
            instance(restoreToPointInTime={"sourceDbInstanceIdentifier": "origin"}),
        ],
        [
            part("rds/instance:Instance", "origin", identifier="origin", backupRetentionPeriod=1),
            instance(restoreToPointInTime={"sourceDbInstanceIdentifier": "origin"}),
        ],
    ),
    Case(
        "rds-final-snapshot",
        [instance(skipFinalSnapshot=False)],
        [instance(skipFinalSnapshot=False, finalSnapshotIdentifier="main-final-1")],
    ),
    Case("rds-final-snapshot", [instance(skipFinalSnapshot=False, finalSnapshotIdentifier="a--b")], [instance()]),
    Case("rds-storage", [instance(allocatedStorage=5)], [instance(allocatedStorage=20)]),
    Case("rds-storage-autoscaling", [instance(maxAllocatedStorage=20)], [instance(maxAllocatedStorage=22)]),
    Case("rds-monitoring-interval", [instance(monitoringInterval=7)], [instance(monitoringInterval=0)]),
    Case(
        "rds-monitoring-role",
        [instance(monitoringInterval=60)],
        [instance(monitoringInterval=60, monitoringRoleArn="arn:elsewhere")],
    ),
    Case(
        "rds-performance-insights-retention",
        [instance(performanceInsightsRetentionPeriod=30)],
        [instance(performanceInsightsRetentionPeriod=31)],
    ),
    Case("s3-lifecycle-action", [rule(expiration=None)], [rule()]),
    Case("s3-lifecycle-filter", [rule(filter=None)], [rule()]),
    Case(
        "s3-lifecycle-transition",
        [rule(transitions=[{"days": 10, "storageClass": "STANDARD_IA"}])],
        [rule(transitions=[{"days": 10, "storageClass": "GLACIER_IR"}])],
    ),
    Case(
        "s3-lifecycle-order",
        [rule(transitions=[{"days": 400, "storageClass": "GLACIER_IR"}])],
        [rule(transitions=[{"days": 90, "storageClass": "GLACIER_IR"}])],
    ),
    Case("s3-lifecycle-days", [rule(expiration={"days": 0})], [rule(expiration={"days": 1})]),
    Case(
        "s3-replication-versioning",
        [BUCKET, OTHER, versioned("b"), versioned("c", "Suspended"), REPLICATION],
        [BUCKET, OTHER, versioned("b"), versioned("c"), REPLICATION],
    ),
    Case(
        "s3-logging-itself",
        [OTHER, LOGS_ALLOWED, part("s3/bucketLogging:BucketLogging", bucket="c", targetBucket="c")],
        [OTHER, LOGS_ALLOWED, part("s3/bucketLogging:BucketLogging", bucket="b", targetBucket="c")],
    ),
    Case(
        "s3-logging-policy",
        [OTHER, part("s3/bucketLogging:BucketLogging", bucket="b", targetBucket="c")],
        [OTHER, LOGS_ALLOWED, part("s3/bucketLogging:BucketLogging", bucket="b", targetBucket="c")],
    ),
    Case(
        "lb-logs-encryption",
        [OTHER, DELIVERY, encrypted("c", "aws:kms"), BALANCER],
        [OTHER, DELIVERY, encrypted("c"), BALANCER],
        "lb",
    ),
    Case("lb-logs-policy", [OTHER, LOGS_ALLOWED, BALANCER], [OTHER, DELIVERY, BALANCER], "lb"),
    Case(
        "logs-key-policy",
        [key(policy("sns.amazonaws.com", CRYPT)), group()],
        [key(policy(LOGS, CRYPT)), group()],
        "logs",
    ),
    Case(
        "logs-key-policy",
        [key(policy(LOGS, "kms:GenerateDataKey*")), group()],
        [key(policy(LOGS, "kms:*")), group()],
        "logs",
    ),
    Case(
        "logs-key-context",
        [key(policy(LOGS, CRYPT, **context("arn:others"))), group()],
        [key(policy(LOGS, CRYPT, **context("arn:log*"))), group()],
        "logs",
    ),
    Case(
        "sns-key-policy",
        [key(policy(LOGS, CRYPT)), topic(kmsMasterKeyId="arn:key"), WATCHED],
        [key(policy("cloudwatch.amazonaws.com", CRYPT)), topic(kmsMasterKeyId="arn:key"), WATCHED],
        "topic",
    ),
    Case(
        "sns-default-key",
        [topic(kmsMasterKeyId="alias/aws/sns"), WATCHED],
        [topic(kmsMasterKeyId="alias/aws/sns"), alarm()],
        "topic",
    ),
    Case(
        "sns-topic-policy",
        [
            topic(),
            part(
                "sns/topicPolicy:TopicPolicy", arn="arn:topic", policy=policy("cloudwatch.amazonaws.com", "sns:Publish")
            ),
            part("rds/eventSubscription:EventSubscription", "events", snsTopic="arn:topic"),
        ],
        [
            topic(),
            part(
                "sns/topicPolicy:TopicPolicy", arn="arn:topic", policy=policy("events.rds.amazonaws.com", "sns:Publish")
            ),
            part("rds/eventSubscription:EventSubscription", "events", snsTopic="arn:topic"),
        ],
    ),
    Case("ecs-fargate-size", [task(cpu="256", memory="4096")], [task(cpu="1024", memory="4096")]),
    Case("ecs-fargate-network", [task(networkMode="bridge")], [task()]),
    Case("ecs-start-timeout", [task({"name": "a", "startTimeout": 300})], [task({"name": "a", "startTimeout": 120})]),
    Case(
        "ecs-essential-dependency",
        [
            task(
                {"name": "migrate"},
                {"name": "app", "dependsOn": [{"containerName": "migrate", "condition": "SUCCESS"}]},
            )
        ],
        [
            task(
                {"name": "migrate", "essential": False},
                {"name": "app", "dependsOn": [{"containerName": "migrate", "condition": "SUCCESS"}]},
            )
        ],
    ),
    Case("ecs-secret-without-value", [LOGIN, INJECTED], [LOGIN, INJECTED, rotation()]),
    Case(
        "ecs-grace-without-load-balancer",
        [part("ecs/service:Service", healthCheckGracePeriodSeconds=60)],
        [part("ecs/service:Service", healthCheckGracePeriodSeconds=60, loadBalancers=[{"targetGroupArn": "arn:x"}])],
    ),
    Case(
        "ecs-target-group-unused",
        [
            part("lb/targetGroup:TargetGroup", "targets"),
            part("ecs/service:Service", loadBalancers=[{"targetGroupArn": "arn:targets"}]),
        ],
        [
            part("lb/targetGroup:TargetGroup", "targets"),
            part("lb/listener:Listener", defaultActions=[{"targetGroupArn": "arn:targets"}]),
            part("ecs/service:Service", loadBalancers=[{"targetGroupArn": "arn:targets"}]),
        ],
    ),
    Case("lambda-timeout", [function(timeout=1000)], [function(timeout=900)], "turn"),
    Case("lambda-memory", [function(memorySize=64)], [function(memorySize=128)], "turn"),
    Case(
        "lambda-image-region",
        [function(imageUri="1.dkr.ecr.us-east-1.amazonaws.com/a@sha256:1")],
        [function(imageUri="1.dkr.ecr.eu-north-1.amazonaws.com/a@sha256:1")],
        "turn",
    ),
    Case(
        "secret-rotation-permission",
        [function(), PERMISSION, rotation()],
        [function(), PERMISSION, rotation(PERMISSION.urn)],
        "rota",
    ),
    Case(
        "secret-rotation-permission",
        [function(), rotation()],
        [function(), PERMISSION, rotation(PERMISSION.urn)],
        "rota",
    ),
    Case(
        "role-trust",
        [
            part("iam/role:Role", "r", assumeRolePolicy=policy("ec2.amazonaws.com", "sts:AssumeRole")),
            function(role="arn:r"),
        ],
        [
            part("iam/role:Role", "r", assumeRolePolicy=policy("lambda.amazonaws.com", "sts:AssumeRole")),
            function(role="arn:r"),
        ],
        "turn",
    ),
    Case(
        "logs-retention",
        [part("cloudwatch/logGroup:LogGroup", retentionInDays=10)],
        [part("cloudwatch/logGroup:LogGroup", retentionInDays=14)],
    ),
    Case("alarm-data-points", [alarm(datapointsToAlarm=6)], [alarm(datapointsToAlarm=5)]),
    Case("alarm-period", [alarm(period=45)], [alarm(period=30)]),
    Case("alarm-window", [alarm(period=1800, evaluationPeriods=49)], [alarm(period=3600, evaluationPeriods=49)]),
    Case(
        "alarm-return-data",
        [alarm(metricName=None, metricQueries=[{"id": "a"}, {"id": "b"}])],
        [alarm(metricName=None, metricQueries=[{"id": "a", "returnData": True}, {"id": "b"}])],
    ),
    Case("alarm-metric", [alarm(metricName=None)], [alarm()]),
    Case(
        "name",
        [part("ec2/securityGroup:SecurityGroup", name="sg-1")],
        [part("ec2/securityGroup:SecurityGroup", name="app")],
    ),
    Case(
        "name",
        [part("ec2/securityGroup:SecurityGroup", description="the service's")],
        [part("ec2/securityGroup:SecurityGroup", description="Tasks of the service (HTTPS)")],
    ),
    Case(
        "name", [part("lb/targetGroup:TargetGroup", name="a" * 33)], [part("lb/targetGroup:TargetGroup", name="a" * 32)]
    ),
    Case(
        "name",
        [part("lb/loadBalancer:LoadBalancer", name="internal-a")],
        [part("lb/loadBalancer:LoadBalancer", name="a")],
    ),
    Case("name", [instance(identifier="Main")], [instance(identifier="main-1")]),
    Case("name", [part("s3/bucket:Bucket", bucket="a" * 64)], [part("s3/bucket:Bucket", bucket="a" * 63)]),
    Case("name", [part("iam/role:Role", name="a" * 65)], [part("iam/role:Role", name="a" * 64)]),
    Case("name", [part("kms/alias:Alias", name="mine")], [part("kms/alias:Alias", name="alias/mine")]),
    Case(
        "name",
        [alarm(alarmDescription="x" * 1025)],
        [alarm(alarmDescription="two\nlines: ä")],
    ),
    Case(
        "policy-size",
        [part("iam/policy:Policy", policy="x" * 6145)],
        [part("iam/policy:Policy", policy="x" * 6144 + " " * 100)],
    ),
)


def found(parts: Parts, check: str) -> list[Refusal]:
    return [one for one in refusals_of(tuple(parts), ACCOUNT) if one.check == check]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_what_aws_refuses_is_refused_by_name_and_what_it_takes_is_not(case: Case) -> None:
    refusals = found(case.bad, case.check)
    assert refusals
    assert {one.name for one in refusals} == {case.names}
    assert all(one.what and one.fix and one.source.startswith("https://docs.aws.amazon.com/") for one in refusals)
    assert found(case.good, case.check) == []


def test_every_check_in_the_code_has_a_case() -> None:
    folder = Path(__file__).parents[3] / "rehearsal" / "checks"
    code = "".join(path.read_text() for path in folder.glob("*.py"))
    quoted = {word for word in code.split('"') if word.count("-") and word.replace("-", "").isalpha()}
    prefixes = ("rds-", "s3-", "lb-", "logs-", "sns-", "ecs-", "lambda-", "secret-", "role-", "alarm-", "policy-")
    checks = {word for word in quoted if word.startswith(prefixes) and word.islower()}
    assert checks - {case.check for case in CASES} == set()


def test_documents_that_are_no_json_are_no_crash() -> None:
    broken = [key("not json"), group(), topic(kmsMasterKeyId="arn:key"), WATCHED, task(containerDefinitions="{")]
    assert found(broken, "logs-key-policy")
