"""Names, descriptions and documents over AWS's limits or with characters that it does not take."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rehearsal.checks.graph import Graph, properties, refuse
from rehearsal.result import Refusal


@dataclass(frozen=True)
class _Rule:
    """What one property of one type may look like. The pattern must match all of it."""

    type_: str
    field: str
    pattern: str
    says: str
    source: str


_ALB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Create"
_RDS = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDB"
_IAM = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_"
_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_"
_GROUP_TEXT = r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}"
_GROUP_SAYS = "at most 255 of a-z A-Z 0-9 space . _ - : / ( ) # , @ [ ] + = & ; { } ! $ *"

_RULES = (
    _Rule(
        "lb/loadBalancer:LoadBalancer",
        "name",
        r"(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?",
        "at most 32 letters, digits and dashes, no dash at an end, not internal-...",
        f"{_ALB}LoadBalancer.html",
    ),
    _Rule(
        "lb/targetGroup:TargetGroup",
        "name",
        r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?",
        "at most 32 letters, digits and dashes, no dash at an end",
        f"{_ALB}TargetGroup.html",
    ),
    _Rule(
        "rds/instance:Instance",
        "identifier",
        r"(?=.{1,63}$)[a-z](?!.*--)[a-z0-9-]*(?<!-)",
        "at most 63 small letters, digits and single dashes, a letter first",
        f"{_RDS}Instance.html",
    ),
    _Rule(
        "rds/instance:Instance",
        "dbName",
        r"[A-Za-z_][A-Za-z0-9_]{0,62}",
        "at most 63 letters, digits and underscores",
        f"{_RDS}Instance.html",
    ),
    _Rule(
        "rds/subnetGroup:SubnetGroup",
        "name",
        r"(?!default$)[a-z0-9._ -]{1,255}",
        "at most 255 small letters, digits, dots, dashes, spaces and underscores, not default",
        f"{_RDS}SubnetGroup.html",
    ),
    _Rule(
        "rds/parameterGroup:ParameterGroup",
        "name",
        r"(?=.{1,255}$)[a-z](?!.*--)[a-z0-9-]*(?<!-)",
        "at most 255 small letters, digits and single dashes, a letter first",
        f"{_RDS}ParameterGroup.html",
    ),
    _Rule(
        "s3/bucket:Bucket",
        "bucket",
        r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)(?!.*(?:-s3alias|--ol-s3)$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "3 to 63 small letters, digits, dots and dashes",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
    ),
    _Rule(
        "iam/role:Role",
        "name",
        r"[\w+=,.@-]{1,64}",
        "at most 64 of letters, digits and +=,.@_-",
        f"{_IAM}CreateRole.html",
    ),
    _Rule(
        "iam/role:Role",
        "description",
        "[\t\n\r\x20-\x7e\xa1-\xff]{0,1000}",
        "at most 1000 characters of Latin-1",
        f"{_IAM}CreateRole.html",
    ),
    _Rule(
        "iam/rolePolicy:RolePolicy",
        "name",
        r"[\w+=,.@-]{1,128}",
        "at most 128 of letters, digits and +=,.@_-",
        f"{_IAM}PutRolePolicy.html",
    ),
    _Rule(
        "ec2/securityGroup:SecurityGroup",
        "name",
        rf"(?!sg-){_GROUP_TEXT}",
        f"not sg-..., {_GROUP_SAYS}",
        f"{_EC2}CreateSecurityGroup.html",
    ),
    _Rule(
        "ec2/securityGroup:SecurityGroup", "description", _GROUP_TEXT, _GROUP_SAYS, f"{_EC2}CreateSecurityGroup.html"
    ),
    _Rule(
        "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "description",
        _GROUP_TEXT,
        _GROUP_SAYS,
        f"{_EC2}IpRange.html",
    ),
    _Rule(
        "vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "description",
        _GROUP_TEXT,
        _GROUP_SAYS,
        f"{_EC2}IpRange.html",
    ),
    _Rule(
        "cloudwatch/logGroup:LogGroup",
        "name",
        r"(?!aws/)[\w./#-]{1,512}",
        "at most 512 of letters, digits and _ - / . #, not aws/...",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
    ),
    _Rule(
        "cloudwatch/metricAlarm:MetricAlarm",
        "alarmDescription",
        r"(?s).{0,1024}",
        "at most 1024 characters",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    _Rule(
        "cloudwatch/dashboard:Dashboard",
        "dashboardName",
        r"[\w-]{1,255}",
        "at most 255 letters, digits, dashes and underscores",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html",
    ),
    _Rule(
        "secretsmanager/secret:Secret",
        "name",
        r"[A-Za-z0-9/_+=.@-]{1,512}",
        "at most 512 of letters, digits and /_+=.@-",
        "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html",
    ),
    _Rule(
        "sns/topic:Topic",
        "name",
        r"[A-Za-z0-9_-]{1,256}",
        "at most 256 letters, digits, dashes and underscores",
        "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html",
    ),
    _Rule(
        "kms/alias:Alias",
        "name",
        r"alias/(?!aws/)[A-Za-z0-9/_-]{1,250}",
        "alias/ and letters, digits, / _ -, not alias/aws/...",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html",
    ),
    _Rule(
        "lambda/function:Function",
        "name",
        r"[A-Za-z0-9_-]{1,64}",
        "at most 64 letters, digits, dashes and underscores",
        "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html",
    ),
    _Rule(
        "ecs/cluster:Cluster",
        "name",
        r"[A-Za-z0-9_-]{1,255}",
        "at most 255 letters, digits, dashes and underscores",
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html",
    ),
)


def texts(graph: Graph) -> Iterator[Refusal]:
    """Names and descriptions that AWS does not take."""
    for rule in _RULES:
        for one in graph.of(rule.type_):
            text = properties(one).get(rule.field)
            if isinstance(text, str) and not re.fullmatch(rule.pattern, text, re.ASCII):
                yield refuse(one, "name", f"{rule.field} {_brief(text)}", f"AWS takes {rule.says}", rule.source)


def _brief(text: str) -> str:
    return repr(text) if len(text) <= 70 else f"{text[:60]!r}... ({len(text)} characters)"


# Characters without white space, as AWS counts them for IAM; with it for the others.
_SIZES = (
    (
        "iam/role:Role",
        "assumeRolePolicy",
        2048,
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    ),
    (
        "iam/rolePolicy:RolePolicy",
        "policy",
        10240,
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    ),
    ("iam/policy:Policy", "policy", 6144, "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"),
    ("kms/key:Key", "policy", 32768, "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html"),
    (
        "s3/bucketPolicy:BucketPolicy",
        "policy",
        20480,
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html",
    ),
    (
        "secretsmanager/secretPolicy:SecretPolicy",
        "policy",
        20480,
        "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html",
    ),
)


def documents(graph: Graph) -> Iterator[Refusal]:
    """Policy documents that are too long."""
    for token, field, limit, source in _SIZES:
        for one in graph.of(token):
            length = len(re.sub(r"\s", "", str(one.declared.properties.get(field, ""))))
            if length > limit:
                yield refuse(
                    one, "policy-size", f"{field} has {length} characters", f"AWS takes {limit}; split it", source
                )


CHECKS = (texts, documents)
