"""What AWS charges for each type of resource: at rest, by use, or nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rehearsal.result import Rehearsal, Rehearsed


@dataclass(frozen=True, kw_only=True)
class Meter:
    """So many units of one price, all month long."""

    price: str  # a name in prices.yaml
    quantity: Decimal


Count = Callable[["Rehearsed", "Rehearsal"], Iterable[Meter]]

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
_VCPUS = {"micro": 2, "small": 2, "medium": 2, "large": 2, "xlarge": 4}
_FREE_INSIGHTS_DAYS, _INSIGHTS_MONTH_DAYS = 7, 31
# https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
_ALARMS_OF_TARGET_TRACKING = 2


def _meter(price: str, quantity: int | Decimal = 1) -> Meter:
    return Meter(price=price, quantity=Decimal(quantity))


def _database(one: "Rehearsed", _: "Rehearsal") -> Iterator[Meter]:
    """Multi-AZ doubles instance, storage and performance data: the standby is charged like the first."""
    declared = one.declared.properties
    zones = 2 if declared.get("multiAz") else 1
    class_ = str(declared["instanceClass"])
    yield _meter(f"rds-instance-{class_}", zones)
    storage = "-with-iops" if declared.get("iops") else ""
    yield _meter(
        f"rds-storage-{declared.get('storageType', 'gp2')}{storage}", int(declared["allocatedStorage"]) * zones
    )
    if declared.get("manageMasterUserPassword"):
        yield _meter("secret")
    days = int(declared.get("performanceInsightsRetentionPeriod") or 0)
    if days > _FREE_INSIGHTS_DAYS:
        vcpus = vcpus_of(class_) * zones
        yield _meter("rds-insights-first-month", vcpus)
        further = -(-days // _INSIGHTS_MONTH_DAYS) - 1
        if further:
            yield _meter("rds-insights-further-month", vcpus * further)


def vcpus_of(instance_class: str) -> int:
    """vCPUs of an RDS class of today's families, such as 4 of db.m7g.xlarge."""
    size = instance_class.rpartition(".")[2]
    if size in _VCPUS:
        return _VCPUS[size]
    return 4 * int(size.removesuffix("xlarge"))


def _service(one: "Rehearsed", graph: "Rehearsal") -> Iterator[Meter]:
    declared = one.declared.properties
    if declared.get("launchType") != "FARGATE":
        yield _meter(f"ecs-{declared.get('launchType')}")
        return
    (urn,) = one.declared.property_dependencies["taskDefinition"]
    task = graph.by_urn[urn].declared.properties
    architecture = str(task.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64")).lower()
    tasks = int(declared["desiredCount"])
    yield _meter(f"fargate-vcpu-{architecture}", Decimal(task["cpu"]) / 1024 * tasks)
    yield _meter(f"fargate-memory-{architecture}", Decimal(task["memory"]) / 1024 * tasks)
    if declared.get("networkConfiguration", {}).get("assignPublicIp"):
        yield _meter("public-ipv4", tasks)


def _load_balancer(one: "Rehearsed", _: "Rehearsal") -> Iterator[Meter]:
    """One that faces the internet has an address in each of its zones, and more when it grows."""
    declared = one.declared.properties
    yield _meter(f"load-balancer-{declared.get('loadBalancerType', 'application')}")
    if not declared.get("internal"):
        yield _meter("public-ipv4", len(declared["subnets"]))


def _endpoint(one: "Rehearsed", _: "Rehearsal") -> Iterator[Meter]:
    declared = one.declared.properties
    kind = str(declared.get("vpcEndpointType", "Gateway")).lower()
    if kind != "gateway":  # https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html: no charge
        yield _meter(f"vpc-endpoint-{kind}", len(declared["subnetIds"]))


def _alarm(one: "Rehearsed", _: "Rehearsal") -> Iterator[Meter]:
    """One over an expression is charged for each metric that it reads."""
    queries = one.declared.properties.get("metricQueries") or ()
    yield _meter("alarm-metric", sum(1 for query in queries if "metric" in query) or 1)


def _scaling(one: "Rehearsed", _: "Rehearsal") -> Iterator[Meter]:
    policy = one.declared.properties.get("policyType")
    if policy == "TargetTrackingScaling":
        yield _meter("alarm-metric", _ALARMS_OF_TARGET_TRACKING)
    else:
        yield _meter(f"scaling-{policy}")


def _each(price: str) -> Count:
    return lambda _one, _graph: (_meter(price),)


AT_REST: Mapping[str, Count] = {
    "aws:appautoscaling/policy:Policy": _scaling,
    "aws:cloudwatch/dashboard:Dashboard": _each("dashboard"),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": _each("custom-metric"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:ec2/eip:Eip": _each("public-ipv4"),
    "aws:ec2/natGateway:NatGateway": _each("nat-gateway"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ecs/service:Service": _service,
    "aws:kms/key:Key": _each("kms-key"),
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:rds/instance:Instance": _database,
    "aws:secretsmanager/secret:Secret": _each("secret"),
}

_Named = Callable[[Mapping[str, Any]], tuple[str, ...]]


def _always(*prices: str) -> _Named:
    return lambda _declared: prices


def _database_by_use(declared: Mapping[str, Any]) -> tuple[str, ...]:
    burstable = str(declared["instanceClass"]).startswith("db.t")
    return ("rds-backup", *(("rds-cpu-credits",) if burstable else ()))


def _cluster_by_use(declared: Mapping[str, Any]) -> tuple[str, ...]:
    settings = declared.get("settings") or ()
    watched = any(one["name"] == "containerInsights" and one["value"] != "disabled" for one in settings)
    return ("container-insights",) if watched else ()


def _endpoint_by_use(declared: Mapping[str, Any]) -> tuple[str, ...]:
    return ("endpoint-data",) if declared.get("vpcEndpointType") == "Interface" else ()


BY_USE: Mapping[str, _Named] = {
    "aws:cloudwatch/logGroup:LogGroup": _always("log-ingestion", "log-storage"),
    "aws:cloudwatch/queryDefinition:QueryDefinition": _always("log-queries"),
    "aws:ec2/flowLog:FlowLog": _always("log-ingestion"),
    "aws:ec2/natGateway:NatGateway": _always("nat-data"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint_by_use,
    "aws:ecs/cluster:Cluster": _cluster_by_use,
    "aws:ecs/service:Service": _always("data-out", "data-between-zones"),
    "aws:kms/key:Key": _always("kms-requests"),
    "aws:lambda/function:Function": _always("lambda-duration"),
    "aws:lb/loadBalancer:LoadBalancer": _always("load-balancer-capacity"),
    "aws:rds/instance:Instance": _database_by_use,
    "aws:s3/bucket:Bucket": _always("s3-storage", "s3-writes", "s3-reads"),
    "aws:secretsmanager/secret:Secret": _always("secret-requests"),
    "aws:sns/topic:Topic": _always("sns-requests"),
}

FREE = frozenset(
    {
        "aws:appautoscaling/target:Target",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/route:Route",
        "aws:ec2/routeTable:RouteTable",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/vpc:Vpc",
        "aws:ecs/taskDefinition:TaskDefinition",
        "aws:iam/policy:Policy",
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:kms/alias:Alias",
        "aws:lambda/permission:Permission",
        "aws:lb/listener:Listener",
        "aws:lb/listenerCertificate:ListenerCertificate",
        "aws:lb/listenerRule:ListenerRule",
        "aws:lb/targetGroup:TargetGroup",
        "aws:rds/eventSubscription:EventSubscription",
        "aws:rds/parameterGroup:ParameterGroup",
        "aws:rds/subnetGroup:SubnetGroup",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketLogging:BucketLogging",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        "aws:secretsmanager/secretRotation:SecretRotation",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "random:index/randomId:RandomId",
    }
)
