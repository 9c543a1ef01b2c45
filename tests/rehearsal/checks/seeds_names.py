"""Seeds of names, descriptions and tags."""

from typing import Any

from rehearsal.result import Rehearsed
from tests.rehearsal.checks.case import Case, alarm, each, field, function, instance, part


def tagged(tags: Any) -> Rehearsed:
    return part("kms/key:Key", tags=tags)


def many(count: int) -> dict[str, str]:
    return {f"k{number}": "v" for number in range(count)}


CASES: list[Case] = [
    *each("lb-name", field("lb/loadBalancer:LoadBalancer", "name"), ["internal-a", "a" * 33, "-a", "a_b"], "a" * 32),
    *each("lb-target-group-name", field("lb/targetGroup:TargetGroup", "name"), ["a" * 33, "a-", "a.b"], "a" * 32),
    *each("rds-identifier", lambda v: instance(identifier=v), ["Main", "1a", "a--b", "a-", "a" * 64], "a" + "b" * 62),
    *each("rds-database-name", lambda v: instance(dbName=v), ["1a", "a-b", "a" * 64], "a" * 63),
    *each("rds-reserved-name", lambda v: instance(dbName=v), ["user", "admin", "Table"], "users"),
    *each("rds-reserved-name", lambda v: instance(username=v), ["admin", "rdsadmin"], "administrator"),
    *each("rds-user-name", lambda v: instance(username=v), ["1a", "a-b", "a" * 64], "a" * 63),
    *each(
        "rds-subnet-group-name", field("rds/subnetGroup:SubnetGroup", "name"), ["default", "A", "a" * 256], "a" * 255
    ),
    *each(
        "rds-parameter-group-name",
        field("rds/parameterGroup:ParameterGroup", "name", family="postgres17"),
        ["1a", "a--b", "a" * 256],
        "a" * 255,
    ),
    *each(
        "s3-bucket-name",
        field("s3/bucket:Bucket", "bucket"),
        ["a" * 64, "ab", "A-b", "a_b", "a..b", "-ab", "xn--ab", "sthree-a", "ab-s3alias"],
        "a" * 63,
    ),
    *each("s3-bucket-like-address", field("s3/bucket:Bucket", "bucket"), ["192.168.5.4", "1.2.3.4"], "192.168.5.4a"),
    *each("iam-role-name", field("iam/role:Role", "name"), ["a" * 65, "a b", "a/b"], "a" * 64),
    *each("iam-role-description", field("iam/role:Role", "description"), ["a" * 1001, "\u4e2d"], "ä" * 1000),
    *each("iam-role-policy-name", field("iam/rolePolicy:RolePolicy", "name"), ["a" * 129, "a b"], "a" * 128),
    *each("iam-policy-name", field("iam/policy:Policy", "name"), ["a" * 129, "a:b"], "a" * 128),
    *each("ec2-group-name", field("ec2/securityGroup:SecurityGroup", "name"), ["sg-1", "a" * 256, "a'b"], "a" * 255),
    *each(
        "ec2-group-description",
        field("ec2/securityGroup:SecurityGroup", "description"),
        ["the service's", "a" * 256],
        "Tasks of the service (HTTPS)",
    ),
    *each(
        "ec2-rule-description",
        field("vpc/securityGroupIngressRule:SecurityGroupIngressRule", "description"),
        ["a\nb", "ä", "a" * 256],
        "from 10.0.0.0/8",
    ),
    *each("logs-group-name", field("cloudwatch/logGroup:LogGroup", "name"), ["aws/a", "a b", "a" * 513], "a" * 512),
    *each(
        "logs-filter-name",
        field("cloudwatch/logMetricFilter:LogMetricFilter", "name"),
        ["a:b", "a*", "a" * 513],
        "a" * 512,
    ),
    *each("alarm-name", lambda v: alarm(name=v), ["a" * 256], "a" * 255),
    *each("alarm-description", lambda v: alarm(alarmDescription=v), ["x" * 1025], "two\nlines: ä"),
    *each("dashboard-name", field("cloudwatch/dashboard:Dashboard", "dashboardName"), ["a.b", "a" * 256], "a" * 255),
    *each("secret-name", field("secretsmanager/secret:Secret", "name"), ["a b", "a#", "a" * 513], "a" * 512),
    *each("secret-description", field("secretsmanager/secret:Secret", "description"), ["a" * 2049], "a" * 2048),
    *each("sns-topic-name", field("sns/topic:Topic", "name"), ["a.b", "a" * 257], "a" * 256),
    *each("kms-alias-name", field("kms/alias:Alias", "name"), ["mine", "alias/aws/mine", "alias/a.b"], "alias/mine"),
    *each("kms-key-description", field("kms/key:Key", "description"), ["a" * 8193], "a" * 8192),
    *each("lambda-name", lambda v: function(name=v), ["a" * 65, "a.b"], "a" * 64, "turn"),
    *each("lambda-description", lambda v: function(description=v), ["a" * 257], "a" * 256, "turn"),
    *each("ecs-cluster-name", field("ecs/cluster:Cluster", "name"), ["a.b", "a" * 256], "a" * 255),
    *each("ecs-service-name", field("ecs/service:Service", "name"), ["a b", "a" * 256], "a" * 255),
    *each("ecs-family", field("ecs/taskDefinition:TaskDefinition", "family"), ["a/b", "a" * 256], "a" * 255),
    *each("ecr-name", field("ecr/repository:Repository", "name"), ["A", "a//b", "a", "-a", "a" * 257], "a" * 256),
    *each("trail-name", field("cloudtrail/trail:Trail", "name"), ["ab", "a--b", "a b", "a" * 129], "a" * 128),
    *each("event-rule-name", field("cloudwatch/eventRule:EventRule", "name"), ["a b", "a" * 65], "a" * 64),
    *each("tag-prefix", tagged, [{"aws:owner": "a"}, {"AWS:x": "a"}], {"awsome": "a"}),
    *each("tag-count", tagged, [many(51)], many(50)),
    *each("tag-key", tagged, [{"k" * 129: "v"}, {"": "v"}], {"k" * 128: "v"}),
    *each("tag-value", tagged, [{"k": "v" * 257}], {"k": "v" * 256}),
    *each("tag-characters", tagged, [{"a&b": "v"}, {"k": "a;b"}, {"k": "<v>"}], {"kæ y_.:/=+-@": "vå l"}),
]
