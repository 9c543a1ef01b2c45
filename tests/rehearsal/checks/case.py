"""Small resources to seed breaches with, and the form of a case."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rehearsal.result import Declared, Rehearsed, State

ACCOUNT = "210000000001"
LOGS = "logs.eu-north-1.amazonaws.com"
Parts = Iterable[Rehearsed]


def part(type_: str, name: str = "it", /, *, needs: Iterable[str] = (), **properties: Any) -> Rehearsed:
    """A resource as a rehearsal leaves it; its ARN is `arn:<name>`, its id its name."""
    token = f"aws:{type_}"
    urn = f"urn:pulumi:s::p::{token}::{name}"
    declared = Declared(urn=urn, type=token, name=name, inputs=properties, dependencies=tuple(needs))
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
    good = {"metricName": "CPU", "statistic": "Average", "period": 60, "evaluationPeriods": 5, "datapointsToAlarm": 3}
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
    residency: tuple[str, ...] = ()


def each(
    check: str, make: Callable[[Any], Rehearsed | list[Rehearsed]], bad: Iterable[Any], good: Any, names: str = "it"
) -> list[Case]:
    """A case for each bad value of what `make` makes, all beside the same good one at the limit."""

    def parts(value: Any) -> list[Rehearsed]:
        made = make(value)
        return made if isinstance(made, list) else [made]

    return [Case(check, parts(value), parts(good), names) for value in bad]


def field(type_: str, key: str, **others: Any) -> Callable[[Any], Rehearsed]:
    """Makes a resource whose property is the value."""
    return lambda value: part(type_, **{**others, key: value})
