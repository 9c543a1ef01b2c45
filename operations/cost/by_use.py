"""What AWS charges by use, and which types cost nothing at all."""

from collections.abc import Callable, Mapping
from typing import Any

_Named = Callable[[Mapping[str, Any]], tuple[str, ...]]  # declared properties to names in prices.yaml


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
    "aws:amp/scraper:Scraper": _always("metrics-collected"),
    "aws:amp/workspace:Workspace": _always("metrics-taken-in", "metrics-asked", "metrics-storage"),
    "aws:backup/plan:Plan": _always("backup-database-storage", "backup-files-storage", "backup-copy-between-regions"),
    "aws:cloudtrail/trail:Trail": _always("trail-data-events"),
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
    "aws:s3/bucket:Bucket": _always("s3-storage", "s3-writes", "s3-reads", "trail-data-events"),
    "aws:secretsmanager/secret:Secret": _always("secret-requests"),
    "aws:sns/topic:Topic": _always("sns-requests"),
    "aws:wafv2/webAcl:WebAcl": _always("waf-requests"),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": _always("log-ingestion"),
}

FREE = frozenset(
    {
        "aws:amp/alertManagerDefinition:AlertManagerDefinition",
        "aws:amp/ruleGroupNamespace:RuleGroupNamespace",
        "aws:appautoscaling/target:Target",
        "aws:backup/selection:Selection",
        "aws:backup/vault:Vault",
        "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
        "aws:backup/vaultPolicy:VaultPolicy",
        "aws:cloudwatch/eventRule:EventRule",
        "aws:cloudwatch/eventTarget:EventTarget",
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
        "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        "aws:s3/bucketLogging:BucketLogging",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        "aws:secretsmanager/secretRotation:SecretRotation",
        "aws:servicediscovery/service:Service",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        "random:index/randomId:RandomId",
    }
)
