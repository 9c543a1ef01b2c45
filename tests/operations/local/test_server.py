"""The moto server of `workbuoy local` answers what the genuine provider asks, as its recorded calls say."""

import json
import socket
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from operations.engine.errors import EngineError
from operations.local.server import serving
from rehearsal.service.ports import free_port

pytestmark = pytest.mark.slow  # servers

ACCOUNT, REGION = "210000000009", "eu-west-1"
CALLS = sorted(json.loads((Path(__file__).parent / "provider_calls.json").read_text())["actions"])
SERVICES = {"elasticloadbalancing": "elbv2"}
# IAM's word for an operation of S3 where the operation is called otherwise.
OPERATIONS = {
    "GetAccelerateConfiguration": "GetBucketAccelerateConfiguration",
    "GetBucketObjectLockConfiguration": "GetObjectLockConfiguration",
    "GetBucketPublicAccessBlock": "GetPublicAccessBlock",
    "GetBucketCORS": "GetBucketCors",
    "GetEncryptionConfiguration": "GetBucketEncryption",
    "GetLifecycleConfiguration": "GetBucketLifecycleConfiguration",
    "GetReplicationConfiguration": "GetBucketReplication",
    "ListBucket": "ListObjectsV2",
    "ListBucketVersions": "ListObjectVersions",
    "PutBucketPublicAccessBlock": "PutPublicAccessBlock",
    "PutEncryptionConfiguration": "PutBucketEncryption",
    "PutLifecycleConfiguration": "PutBucketLifecycleConfiguration",
}
# Where values without a meaning break moto before it answers.
GIVEN: Mapping[str, Mapping[str, Any]] = {
    "CreateRule": {
        "ListenerArn": "arn:aws:x:::thing/x",
        "Priority": 1,
        "Conditions": [{"Field": "path-pattern", "Values": ["/*"]}],
        "Actions": [{"Type": "forward", "TargetGroupArn": "arn:aws:x:::thing/x"}],
    },
    "PutBucketLifecycleConfiguration": {
        "Bucket": "workbuoy",
        "LifecycleConfiguration": {
            "Rules": [{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
        },
    },
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with serving(free_port(), ACCOUNT) as url:
        yield url


@cache
def client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


def value(shape: Any) -> Any:
    """Something of a shape's type, so that the request can be written; it names nothing that stands."""
    kind = shape.type_name
    if kind == "structure":
        return {name: value(shape.members[name]) for name in shape.required_members}
    if kind == "list":
        return [value(shape.member)]
    if kind == "map":
        return {"name": value(shape.value)}
    if kind == "string":
        return shape.enum[0] if shape.enum else "arn:aws:x:::thing/x" if "arn" in shape.name.lower() else "workbuoy"
    plain = {"integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": False, "blob": b"x", "timestamp": 0}
    return plain[kind]


@pytest.mark.parametrize("action", CALLS)
def test_a_call_of_the_provider_is_answered(action: str, endpoint: str) -> None:
    service, _, operation = action.partition(":") if ":" in action else ("s3", "", "DeleteObjects")
    asked = client(SERVICES.get(service, service), endpoint)
    operation = OPERATIONS.get(operation, operation) if service == "s3" else operation
    shape = asked.meta.service_model.operation_model(operation).input_shape
    status = 200
    try:
        getattr(asked, xform_name(operation))(**GIVEN.get(operation, value(shape) if shape else {}))
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status < 500


def test_the_rotation_of_a_secret_without_a_value_is_taken(endpoint: str) -> None:
    iam, functions, secrets = (client(name, endpoint) for name in ("iam", "lambda", "secretsmanager"))
    role = iam.create_role(RoleName="rotation", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    image = {"ImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/workbuoy@sha256:{'a' * 64}"}
    made = functions.create_function(FunctionName="rotation", Role=role["Role"]["Arn"], PackageType="Image", Code=image)
    secrets.create_secret(Name="login")
    rules = {"AutomaticallyAfterDays": 30}
    secrets.rotate_secret(SecretId="login", RotationLambdaARN=made["FunctionArn"], RotationRules=rules)
    assert secrets.describe_secret(SecretId="login")["RotationEnabled"] is True


def test_a_saved_query_lives_as_long_as_the_provider_says(endpoint: str) -> None:
    logs = client("logs", endpoint)
    made = logs.put_query_definition(name="prod/errors", queryString="limit 1", logGroupNames=["a"])
    query_id = made["queryDefinitionId"]
    again = logs.put_query_definition(queryDefinitionId=query_id, name="prod/errors", queryString="limit 2")
    assert again["queryDefinitionId"] == query_id
    found = logs.describe_query_definitions(queryDefinitionNamePrefix="prod/")["queryDefinitions"]
    assert found == [{"queryDefinitionId": query_id, "name": "prod/errors", "queryString": "limit 2"}]
    assert logs.delete_query_definition(queryDefinitionId=query_id)["success"] is True
    assert logs.describe_query_definitions(queryDefinitionNamePrefix="prod/")["queryDefinitions"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.delete_query_definition(queryDefinitionId=query_id)


def test_a_scalable_targets_tags_are_kept(endpoint: str) -> None:
    client("ecs", endpoint).create_cluster(clusterName="tags")
    containers = [{"name": "a", "image": "b", "memory": 512}]
    client("ecs", endpoint).register_task_definition(family="tags", containerDefinitions=containers)
    client("ecs", endpoint).create_service(cluster="tags", serviceName="one", taskDefinition="tags")
    scaling = client("application-autoscaling", endpoint)
    target = {"ServiceNamespace": "ecs", "ResourceId": "service/tags/one", "MinCapacity": 1, "MaxCapacity": 2}
    made = scaling.register_scalable_target(
        **target, ScalableDimension="ecs:service:DesiredCount", Tags={"stack": "local"}
    )
    arn = made["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"owner": "us", "gone": "soon"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["gone"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stack": "local", "owner": "us"}


def test_a_long_life_does_not_fill_what_the_server_says(endpoint: str) -> None:
    sts = client("sts", endpoint)
    for _ in range(700):  # a hundred bytes of log each; a pipe holds 64 KiB
        assert sts.get_caller_identity()["Account"] == ACCOUNT


def test_a_server_that_ends_at_once_says_why() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EngineError, match=r"moto's server ended at once: .*[Pp]ort"), serving(port, ACCOUNT):
            pass
