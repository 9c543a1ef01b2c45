"""A value broken on moto's side, between creating and reading, must fail the rehearsal and be named."""

from collections.abc import Callable
from typing import Any

import pytest

from project.files import find_project
from rehearsal.cloud import Cloud, Moto
from rehearsal.result import Check, Rehearsal, State
from rehearsal.run import Options, rehearse
from tests.rehearsal.conftest import EVERY_KIND

Tamper = Callable[[Cloud], Any]


def _first(cloud: Cloud, service: str, operation: str, key: str) -> Any:
    return getattr(cloud.client(service), operation)()[key][0]


def _bucket(cloud: Cloud) -> str:
    names = [one["Name"] for one in cloud.client("s3").list_buckets()["Buckets"]]
    return next(str(name) for name in names if name.startswith("files-"))


def _topic(cloud: Cloud) -> str:
    return str(_first(cloud, "sns", "list_topics", "Topics")["TopicArn"])


def _role(cloud: Cloud, prefix: str) -> str:
    names = [one["RoleName"] for one in cloud.client("iam", "us-east-1").list_roles()["Roles"]]
    return next(str(name) for name in names if name.startswith(prefix))


def _let_through(cloud: Cloud) -> None:
    """The firewall's rules only count from now on."""
    client = cloud.client("wafv2")
    (found,) = client.list_web_acls(Scope="REGIONAL")["WebACLs"]
    which = {"Name": found["Name"], "Id": found["Id"], "Scope": "REGIONAL"}
    answer = client.get_web_acl(**which)
    acl = answer["WebACL"]
    rules = [{**rule, "Action": {"Count": {}}} for rule in acl["Rules"]]
    kept = {name: acl[name] for name in ("DefaultAction", "VisibilityConfig", "Description")}
    client.update_web_acl(**which, **kept, Rules=rules, LockToken=answer["LockToken"])


TAMPERED: dict[str, tuple[str, str, Tamper]] = {
    "database": (
        "aws:rds/instance:Instance",
        "backupRetentionPeriod",
        lambda cloud: cloud.client("rds").modify_db_instance(
            DBInstanceIdentifier="every", BackupRetentionPeriod=1, ApplyImmediately=True
        ),
    ),
    "parameters": (
        "aws:rds/parameterGroup:ParameterGroup",
        "parameters[0].value",
        lambda cloud: cloud.client("rds").modify_db_parameter_group(
            DBParameterGroupName=cloud.client("rds").describe_db_parameter_groups()["DBParameterGroups"][0][
                "DBParameterGroupName"
            ],
            Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"}],
        ),
    ),
    "versioning": (
        "aws:s3/bucketVersioning:BucketVersioning",
        "versioningConfiguration.status",
        lambda cloud: cloud.client("s3").put_bucket_versioning(
            Bucket=_bucket(cloud), VersioningConfiguration={"Status": "Suspended"}
        ),
    ),
    "public access": (
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "blockPublicPolicy",
        lambda cloud: cloud.client("s3").put_public_access_block(
            Bucket=_bucket(cloud),
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": False,
                "RestrictPublicBuckets": True,
            },
        ),
    ),
    "lifecycle": (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "rules",
        lambda cloud: cloud.client("s3").put_bucket_lifecycle_configuration(
            Bucket=_bucket(cloud),
            LifecycleConfiguration={
                "Rules": [{"ID": "x", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}]
            },
        ),
    ),
    "bucket policy": (
        "aws:s3/bucketPolicy:BucketPolicy",
        "policy",
        lambda cloud: cloud.client("s3").put_bucket_policy(
            Bucket=_bucket(cloud),
            Policy='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",'
            f'"Action":"s3:GetObject","Resource":"arn:aws:s3:::{_bucket(cloud)}/*"}}]}}',
        ),
    ),
    "key": (
        "aws:kms/key:Key",
        "enableKeyRotation",
        lambda cloud: cloud.client("kms").disable_key_rotation(
            KeyId=next(
                a["TargetKeyId"]
                for a in cloud.client("kms").list_aliases()["Aliases"]
                if a["AliasName"] == "alias/every-kind"
            )
        ),
    ),
    "role": (
        "aws:iam/role:Role",
        "assumeRolePolicy",
        lambda cloud: cloud.client("iam", "us-east-1").update_assume_role_policy(
            RoleName=_role(cloud, "task-"),
            PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
            '"Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}',
        ),
    ),
    "log group": (
        "aws:cloudwatch/logGroup:LogGroup",
        "retentionInDays",
        lambda cloud: cloud.client("logs").put_retention_policy(logGroupName="/every/kind", retentionInDays=1),
    ),
    "alarm": (
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "alarmActions",
        lambda cloud: cloud.client("cloudwatch").put_metric_alarm(
            AlarmName="cpu",
            AlarmDescription="Look at the database",
            Namespace="AWS/RDS",
            MetricName="CPUUtilization",
            Dimensions=[{"Name": "DBInstanceIdentifier", "Value": "every"}],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=5,
            DatapointsToAlarm=3,
            Threshold=80,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="breaching",
            AlarmActions=[],
            OKActions=[_topic(cloud)],
        ),
    ),
    "topic": (
        "aws:sns/topicPolicy:TopicPolicy",
        "policy",
        lambda cloud: cloud.client("sns").set_topic_attributes(
            TopicArn=_topic(cloud), AttributeName="Policy", AttributeValue='{"Statement": []}'
        ),
    ),
    "secret": (
        "aws:secretsmanager/secret:Secret",
        "description",
        lambda cloud: cloud.client("secretsmanager").update_secret(SecretId="every/login", Description="x"),
    ),
    "security group rule": (
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "",
        lambda cloud: [
            cloud.client("ec2").revoke_security_group_ingress(
                GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
            )
            for rule in cloud.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
            if rule.get("FromPort") == 443 and rule.get("CidrIpv4") == "0.0.0.0/0" and not rule["IsEgress"]
        ],
    ),
    "target group": (
        "aws:lb/targetGroup:TargetGroup",
        "deregistrationDelay",
        lambda cloud: cloud.client("elbv2").modify_target_group_attributes(
            TargetGroupArn=_first(cloud, "elbv2", "describe_target_groups", "TargetGroups")["TargetGroupArn"],
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "1"}],
        ),
    ),
    "firewall": (
        "aws:wafv2/webAcl:WebAcl",
        "rules[0].action.block",
        _let_through,
    ),
    "load balancer": (
        "aws:lb/loadBalancer:LoadBalancer",
        "dropInvalidHeaderFields",
        lambda cloud: cloud.client("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=_first(cloud, "elbv2", "describe_load_balancers", "LoadBalancers")["LoadBalancerArn"],
            Attributes=[{"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "false"}],
        ),
    ),
    "function": (
        "aws:lambda/function:Function",
        "timeout",
        lambda cloud: cloud.client("lambda").update_function_configuration(FunctionName="every-rotation", Timeout=3),
    ),
    "service": (
        "aws:ecs/service:Service",
        "desiredCount",
        lambda cloud: cloud.client("ecs").update_service(cluster="every", service="every", desiredCount=0),
    ),
    "registry": (
        "aws:ecr/repository:Repository",
        "imageScanningConfiguration.scanOnPush",
        lambda cloud: cloud.client("ecr").put_image_scanning_configuration(
            repositoryName="every", imageScanningConfiguration={"scanOnPush": False}
        ),
    ),
    "trail": (
        "aws:cloudtrail/trail:Trail",
        "enableLogging",
        lambda cloud: cloud.client("cloudtrail").stop_logging(Name="every"),
    ),
    "budget": (
        "aws:budgets/budget:Budget",
        "notifications",
        lambda cloud: cloud.client("budgets", "us-east-1").delete_notification(
            AccountId=cloud.account,
            BudgetName="every",
            Notification={
                "NotificationType": "ACTUAL",
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": 80,
                "ThresholdType": "PERCENTAGE",
            },
        ),
    ),
    "account-wide public access": (
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        "blockPublicPolicy",
        lambda cloud: cloud.client("s3control").put_public_access_block(
            AccountId=cloud.account,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": False,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
        ),
    ),
    "login provider": (
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        "tags.Name",
        lambda cloud: cloud.client("iam", "us-east-1").tag_open_id_connect_provider(
            OpenIDConnectProviderArn=f"arn:aws:iam::{cloud.account}:oidc-provider/login.every.example",
            Tags=[{"Key": "Name", "Value": "another"}],
        ),
    ),
    "subnet": (
        "aws:ec2/subnet:Subnet",
        "mapPublicIpOnLaunch",
        lambda cloud: cloud.client("ec2").modify_subnet_attribute(
            SubnetId=next(
                one["SubnetId"]
                for one in cloud.client("ec2").describe_subnets()["Subnets"]
                if one["CidrBlock"] == "10.20.0.0/24"
            ),
            MapPublicIpOnLaunch={"Value": True},
        ),
    ),
}


@pytest.fixture(scope="module")
def tampered(moto: Moto) -> Rehearsal:
    """The project that declares every kind, each of these values broken in it; each is of a type of its own."""

    def tamper(cloud: Cloud) -> None:
        for _, _, one in TAMPERED.values():
            one(cloud)

    return rehearse(find_project(EVERY_KIND), "test", Options(before_reading=tamper), moto)


@pytest.mark.parametrize("what", TAMPERED)
def test_a_value_broken_in_moto_fails_the_rehearsal_and_is_named(what: str, tampered: Rehearsal) -> None:
    token, path, _ = TAMPERED[what]
    broken = [one for one in tampered.failures if one.type == token]
    assert broken
    if path:
        assert [one.state for one in broken] == [State.DIFFERS]
        assert path in {field.path for field in broken[0].fields if field.check is Check.DIFFERS}
    else:
        assert [one.state for one in broken] == [State.FAILED]
        assert "gone" in broken[0].reason


def test_nothing_else_fails_and_the_rehearsal_does(tampered: Rehearsal) -> None:
    assert not tampered.passed
    assert {one.type for one in tampered.failures} == {token for token, _, _ in TAMPERED.values()}
