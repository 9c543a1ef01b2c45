"""A graph of prod's shape that meets every control, advisory ones included: the good side of every seed.

It also holds what prod has not: a registry, GitHub's and operators' roles (bootstrap's), copies of snapshots, a
trail. Seeds change it; nothing else may.
"""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from graph import Resource, Unknown

ACCOUNT, REGION, STACK = "333333333333", "eu-north-1", "prod"
PROVIDER = f"urn:pulumi:{STACK}::workbuoy::pulumi:providers:aws::aws"
TAGS = {
    "application": "workbuoy",
    "environment": "prod",
    "owner": "platform",
    "tenant": "shared",
    "data-classification": "customer-data",
}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: Sequence[str], resources: Sequence[str], **more: Any) -> dict[str, Any]:
    return {"Sid": "Own", "Effect": "Allow", "Action": list(actions), "Resource": list(resources), **more}


def trust(service: str) -> str:
    statement = {
        "Sid": "AssumedByService",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return document(statement)


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


class Builder:
    """Collects resources; a property that names another resource also records the dependency, as Pulumi does."""

    def __init__(self) -> None:
        self.resources: list[Resource] = []

    def add(
        self, component: str, kind: str, logical: str, /, *, protect: bool = False, tags: bool = True, **properties: Any
    ) -> Resource:
        values: dict[str, Any] = {}
        dependencies: dict[str, tuple[str, ...]] = {}
        for key, value in properties.items():
            named = [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, tuple)]
            if named:
                dependencies[key] = tuple(resource.urn for resource, _ in named)
            values[key] = _resolved(value)
        if tags:
            values["tags"] = dict(TAGS)
        resource = Resource(
            urn=f"urn:pulumi:{STACK}::workbuoy::workbuoy:aws:{component}${kind}::{logical}",
            type=kind,
            name=logical,
            inputs=values,
            parent=f"urn:pulumi:{STACK}::workbuoy::workbuoy:aws:{component}::{component.lower()}",
            provider=f"{PROVIDER}::id",
            dependencies=tuple({urn for urns in dependencies.values() for urn in urns}),
            property_dependencies=dependencies,
            protect=protect,
        )
        self.resources.append(resource)
        return resource


def _resolved(value: Any) -> Any:
    if isinstance(value, tuple):
        resource, output = value
        return resource.inputs[output]
    return [_resolved(item) for item in value] if isinstance(value, list) else value


def not_known(resource: Resource, *paths: str) -> Resource:
    """The resource with marks in the place of properties, `tags.owner`, that it has and whose values are not known."""
    inputs = deepcopy(dict(resource.inputs))
    for path in paths:
        *outer, last = path.split(".")
        inner: Any = inputs
        for step in outer:
            inner = inner.get(step) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and last in inner:
            inner[last] = Unknown()
        elif isinstance(inner, list) and int(last) < len(inner):
            inner[int(last)] = Unknown()
    return replace(resource, inputs=inputs)


def good_graph() -> list[Resource]:
    b = Builder()
    provider = Resource(
        urn=PROVIDER,
        type="pulumi:providers:aws",
        name="aws",
        inputs={"region": REGION, "allowedAccountIds": [ACCOUNT]},
    )
    b.resources.append(provider)
    key = _encryption(b)
    subnets = _network(b)
    _database(b, key, subnets)
    _files(b, key)
    _secrets(b, key)
    _observability(b, key)
    _readers(b)
    _service(b, key)
    _bootstrap(b, key)
    _copies(b, key)
    return b.resources


ADMINISTER = {
    "Sid": "AdministerButNotUse",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": ["kms:PutKeyPolicy"],
    "Resource": "*",
}
COPIES_ACCOUNT = "444455556666"
SHARED = {
    "Sid": "ShareWithCopies",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{COPIES_ACCOUNT}:root"},
    "Action": ["kms:Decrypt", "kms:DescribeKey"],
    "Resource": "*",
    "Condition": {"StringEquals": {"kms:ViaService": [f"rds.{REGION}.amazonaws.com"]}},
}


def _encryption(b: Builder) -> Resource:
    return b.add(
        "Encryption",
        "aws:kms/key:Key",
        "encryption-data",
        protect=True,
        arn=arn("kms", "key/11111111-2222-3333-4444-555555555555"),
        id="11111111-2222-3333-4444-555555555555",
        enableKeyRotation=True,
        deletionWindowInDays=30.0,
        policy=document(ADMINISTER, SHARED),
    )


def _network(b: Builder) -> list[Resource]:
    vpc = b.add("Network", "aws:ec2/vpc:Vpc", "network-vpc", id="vpc-1", cidrBlock="10.0.0.0/16")
    b.add(
        "Network",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "network-default",
        id="sg-default",
        vpcId=(vpc, "id"),
        ingress=[],
        egress=[],
    )
    gateway = b.add(
        "Network", "aws:ec2/internetGateway:InternetGateway", "network-gateway", id="igw-1", vpcId=(vpc, "id")
    )
    subnets = []
    for tier in ("public", "data"):
        table = b.add(
            "Network",
            "aws:ec2/routeTable:RouteTable",
            f"network-{tier}-routes",
            id=f"rtb-{tier}",
            vpcId=(vpc, "id"),
            routes=[],
        )
        if tier == "public":
            b.add(
                "Network",
                "aws:ec2/route:Route",
                "network-public-way-out",
                tags=False,
                routeTableId=(table, "id"),
                gatewayId=(gateway, "id"),
                destinationCidrBlock="0.0.0.0/0",
            )
        for zone in ("a", "b"):
            subnet = b.add(
                "Network",
                "aws:ec2/subnet:Subnet",
                f"network-{tier}-{zone}",
                id=f"subnet-{tier}-{zone}",
                vpcId=(vpc, "id"),
                availabilityZone=f"{REGION}{zone}",
                mapPublicIpOnLaunch=False,
            )
            b.add(
                "Network",
                "aws:ec2/routeTableAssociation:RouteTableAssociation",
                f"network-{tier}-{zone}-routes",
                tags=False,
                subnetId=(subnet, "id"),
                routeTableId=(table, "id"),
            )
            subnets.append(subnet)
    for service in ("ec2", "ecr.api", "ecr.dkr"):
        b.add(
            "Network",
            "aws:ec2/vpcEndpoint:VpcEndpoint",
            f"network-{service}",
            vpcId=(vpc, "id"),
            serviceName=f"com.amazonaws.{REGION}.{service}",
        )
    b.add("Network", "aws:ec2/flowLog:FlowLog", "network-flows", vpcId=(vpc, "id"), trafficType="ALL")
    group = b.add(
        "Network",
        "aws:ec2/securityGroup:SecurityGroup",
        "network-database",
        id="sg-1",
        vpcId=(vpc, "id"),
        description="The database",
    )
    b.add(
        "Network",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "network-database-from-service",
        securityGroupId=(group, "id"),
        cidrIpv4="10.0.0.0/16",
        ipProtocol="tcp",
        fromPort=5432.0,
        toPort=5432.0,
        description="The service",
    )
    b.add(
        "Network",
        "aws:ec2/securityGroupRule:SecurityGroupRule",
        "network-balancer-from-world",
        tags=False,
        type="ingress",
        securityGroupId=(group, "id"),
        cidrBlocks=["0.0.0.0/0"],
        protocol="tcp",
        fromPort=443.0,
        toPort=443.0,
    )
    return subnets


def _database(b: Builder, key: Resource, subnets: list[Resource]) -> None:
    group = b.add(
        "Database",
        "aws:rds/subnetGroup:SubnetGroup",
        "database-subnets",
        name="database-subnets-1",
        subnetIds=[(subnet, "id") for subnet in subnets if "data" in subnet.name],
    )
    parameters = b.add(
        "Database",
        "aws:rds/parameterGroup:ParameterGroup",
        "database-parameters",
        name="database-parameters-1",
        parameters=[
            {"name": "rds.force_ssl", "value": "1"},
            {"name": "log_min_duration_statement", "value": "500"},
        ],
    )
    suffix = Resource(
        urn=f"urn:pulumi:{STACK}::workbuoy::random:index/randomId:RandomId::database-final-snapshot",
        type="random:index/randomId:RandomId",
        name="database-final-snapshot",
        inputs={"hex": "workbuoy-prod-final-1a2b3c4d"},
    )
    b.resources.append(suffix)
    for log in ("postgresql", "upgrade"):
        b.add(
            "Database",
            "aws:cloudwatch/logGroup:LogGroup",
            f"database-{log}-log",
            name=f"/aws/rds/instance/workbuoy-prod-database/{log}",
            retentionInDays=365.0,
            kmsKeyId=(key, "arn"),
        )
    b.add(
        "Database",
        "aws:rds/instance:Instance",
        "database-instance",
        protect=True,
        arn=arn("rds", "db:workbuoy-prod-database"),
        id="db-1",
        identifier="workbuoy-prod-database",
        engine="postgres",
        engineVersion="17",
        autoMinorVersionUpgrade=True,
        storageEncrypted=True,
        kmsKeyId=(key, "arn"),
        publiclyAccessible=False,
        dbSubnetGroupName=(group, "name"),
        parameterGroupName=(parameters, "name"),
        deletionProtection=True,
        backupRetentionPeriod=14.0,
        multiAz=True,
        copyTagsToSnapshot=True,
        enabledCloudwatchLogsExports=["postgresql", "upgrade"],
        username="workbuoy_owner",
        manageMasterUserPassword=True,
        iamDatabaseAuthenticationEnabled=True,
        caCertIdentifier="rds-ca-rsa2048-g1",
        performanceInsightsEnabled=True,
        performanceInsightsKmsKeyId=(key, "arn"),
        monitoringInterval=60.0,
        port=5439.0,
        skipFinalSnapshot=False,
        finalSnapshotIdentifier=(suffix, "hex"),
        deleteAutomatedBackups=False,
        availabilityZone=f"{REGION}a",
    )
    for source in ("db-instance", "db-parameter-group", "db-security-group"):
        b.add(
            "Database",
            "aws:rds/eventSubscription:EventSubscription",
            f"database-{source}-events",
            sourceType=source,
            enabled=True,
        )


def _files(b: Builder, key: Resource) -> None:
    logs = _bucket(b, "files-logs", None)
    files = _bucket(b, "files", key)
    b.add(
        "Files",
        "aws:s3/bucketLogging:BucketLogging",
        "files-access-logs",
        tags=False,
        bucket=(files, "bucket"),
        targetBucket=(logs, "bucket"),
    )
    selector = {
        "readWriteType": "All",
        "dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}],
    }
    b.add("Files", "aws:cloudtrail/trail:Trail", "files-trail", enableLogging=True, eventSelectors=[selector])


def _bucket(b: Builder, name: str, key: Resource | None) -> Resource:
    bucket = b.add(
        "Files$workbuoy:aws:Bucket",
        "aws:s3/bucket:Bucket",
        f"{name}-bucket",
        protect=True,
        bucket=f"workbuoy-prod-{name}",
        id=f"workbuoy-prod-{name}",
        arn=f"arn:aws:s3:::workbuoy-prod-{name}",
        forceDestroy=False,
        objectLockEnabled=True,
        region=REGION,
    )
    bucket_arn = bucket.inputs["arn"]
    refuse_http = {
        "Sid": "RefusePlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    own_account = {
        "Sid": "ReadByAuditor",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/auditor"},
        "Action": "s3:GetObject",
        "Resource": f"{bucket_arn}/*",
    }
    encryption = (
        {
            "applyServerSideEncryptionByDefault": {
                "sseAlgorithm": "aws:kms",
                "kmsMasterKeyId": key.inputs["arn"],
            },
            "bucketKeyEnabled": True,
        }
        if key
        else {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    )
    sides: dict[str, dict[str, Any]] = {
        "PublicAccessBlock": {
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        "OwnershipControls": {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
        "Versioning": {"versioningConfiguration": {"status": "Enabled", "mfaDelete": "Enabled"}},
        "ServerSideEncryptionConfiguration": {"rules": [encryption]},
        "LifecycleConfiguration": {
            "rules": [
                {"id": "old", "status": "Enabled", "noncurrentVersionExpiration": {"noncurrentDays": 90.0}},
                {
                    "id": "uploads",
                    "status": "Enabled",
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7.0},
                },
            ]
        },
        "Policy": {"policy": document(refuse_http, own_account)},
        "Acl": {"acl": "private", "accessControlPolicy": {"grants": []}},
        "ReplicationConfig": {"role": "r", "rules": []},
        "Notification": {"eventbridge": True},
    }
    for side, properties in sides.items():
        kind = f"aws:s3/bucket{side}:Bucket{side}"
        b.add(
            "Files$workbuoy:aws:Bucket",
            kind,
            f"{name}-{side.lower()}",
            tags=False,
            bucket=(bucket, "bucket"),
            **properties,
        )
    return bucket


def _secrets(b: Builder, key: Resource) -> None:
    database = b.add(
        "Secrets",
        "aws:secretsmanager/secret:Secret",
        "secrets-database",
        id=arn("secretsmanager", "secret:workbuoy-prod-database-1a2b3c"),
        arn=arn("secretsmanager", "secret:workbuoy-prod-database-1a2b3c"),
        kmsKeyId=(key, "arn"),
        recoveryWindowInDays=30.0,
        replicas=[],
    )
    b.add(
        "Secrets",
        "aws:secretsmanager/secretRotation:SecretRotation",
        "secrets-database-rotation",
        tags=False,
        secretId=(database, "id"),
        rotationEnabled=True,
        rotationRules={"automaticallyAfterDays": 30.0},
    )
    manual = b.add(
        "Secrets",
        "aws:secretsmanager/secret:Secret",
        "secrets-oidc",
        id=arn("secretsmanager", "secret:workbuoy-prod-oidc-1a2b3c"),
        arn=arn("secretsmanager", "secret:workbuoy-prod-oidc-1a2b3c"),
        kmsKeyId=(key, "arn"),
        recoveryWindowInDays=30.0,
        replicas=[],
    )
    manual.inputs["tags"]["rotation"] = "manual"
    b.add(
        "Secrets",
        "aws:secretsmanager/secretVersion:SecretVersion",
        "secrets-empty",
        tags=False,
        secretId=(manual, "id"),
    )


def alert_manager(**changes: Any) -> str:
    """An alert manager that tells somebody, as managed Prometheus takes it."""
    receiver = {"name": "page", "sns_configs": [{"topic_arn": arn("sns", "workbuoy-prod-alarms")}]}
    content = {"route": {"receiver": "page"}, "receivers": [receiver]} | changes
    return json.dumps({"alertmanager_config": json.dumps(content)})


def _observability(b: Builder, key: Resource) -> None:
    topic = b.add(
        "Observability",
        "aws:sns/topic:Topic",
        "observability-alarms",
        arn=arn("sns", "workbuoy-prod-alarms"),
        id=arn("sns", "workbuoy-prod-alarms"),
        kmsMasterKeyId=(key, "arn"),
    )
    publish = {
        "Sid": "PublishAlarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic.inputs["arn"],
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    b.add(
        "Observability",
        "aws:sns/topicPolicy:TopicPolicy",
        "observability-alarms-policy",
        tags=False,
        arn=(topic, "arn"),
        policy=document(publish),
    )
    for kind in ("metricAlarm:MetricAlarm", "compositeAlarm:CompositeAlarm"):
        b.add(
            "Observability",
            f"aws:cloudwatch/{kind}",
            f"observability-{kind[:6]}",
            alarmActions=[(topic, "arn")],
            actionsEnabled=True,
        )
    log = b.add(
        "Observability",
        "aws:cloudwatch/logGroup:LogGroup",
        "observability-service",
        name="/workbuoy/prod",
        retentionInDays=365.0,
        kmsKeyId=(key, "arn"),
    )
    workspace = b.add(
        "Metrics",
        "aws:amp/workspace:Workspace",
        "metrics-workspace",
        id="ws-1",
        kmsKeyArn=(key, "arn"),
        loggingConfiguration={"logGroupArn": log.inputs["name"]},
    )
    b.add(
        "Scraping",
        "aws:amp/alertManagerDefinition:AlertManagerDefinition",
        "scraping-alert-manager",
        tags=False,
        workspaceId=(workspace, "id"),
        definition=alert_manager(),
    )


def _role(b: Builder, name: str, trusted: str, *statements: Mapping[str, Any], component: str = "Access") -> Resource:
    role = b.add(
        component,
        "aws:iam/role:Role",
        f"{name}-role",
        name=f"workbuoy-prod-{name}",
        id=f"workbuoy-prod-{name}",
        arn=f"arn:aws:iam::{ACCOUNT}:role/workbuoy-prod-{name}",
        assumeRolePolicy=trusted,
        managedPolicyArns=[],
        inlinePolicies=[],
    )
    b.add(
        component,
        "aws:iam/rolePolicy:RolePolicy",
        f"{name}-policy",
        tags=False,
        role=(role, "name"),
        policy=document(*({**s, "Sid": f"Own{number}"} for number, s in enumerate(statements))),
    )
    return role


def _readers(b: Builder) -> None:
    _role(
        b,
        "grafana",
        people(f"arn:aws:iam::{ACCOUNT}:role/grafana"),
        allow(["aps:QueryMetrics"], [arn("aps", "workspace/ws-1")]),
        allow(
            ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"],
            ["*"],
            Condition={"StringEquals": {"aws:RequestedRegion": REGION}},
        ),
        component="Readers$workbuoy:aws:Role",
    )


def _service(b: Builder, key: Resource) -> None:
    execution = _role(
        b,
        "execution",
        trust("ecs-tasks.amazonaws.com"),
        allow(["ecr:GetAuthorizationToken"], ["*"]),
        allow(["secretsmanager:GetSecretValue"], [arn("secretsmanager", "secret:workbuoy-prod-database-1a2b3c")]),
    )
    task = _role(
        b,
        "task",
        trust("ecs-tasks.amazonaws.com"),
        allow(["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::workbuoy-prod-files/*"]),
        allow(["kms:Decrypt"], [key.inputs["arn"]]),
    )
    container = {
        "name": "service",
        "readonlyRootFilesystem": True,
        "user": "10001:10001",
        "logConfiguration": {"logDriver": "awslogs"},
        "environment": [
            {"name": "NODE_ENV", "value": "production"},
            {"name": "DATABASE_URL", "value": "postgresql://workbuoy-prod-database:5432/workbuoy"},
            {"name": "DATABASE_SECRET_ID", "value": arn("secretsmanager", "secret:x")},
        ],
        "secrets": [{"name": "DATABASE_OWNER", "valueFrom": arn("secretsmanager", "secret:y")}],
    }
    b.add(
        "Service",
        "aws:ecs/taskDefinition:TaskDefinition",
        "service-task",
        networkMode="awsvpc",
        pidMode="task",
        executionRoleArn=(execution, "arn"),
        taskRoleArn=(task, "arn"),
        containerDefinitions=json.dumps([container]),
    )
    b.add(
        "Service",
        "aws:ecs/cluster:Cluster",
        "service-cluster",
        settings=[{"name": "containerInsights", "value": "enabled"}],
    )
    b.add(
        "Service",
        "aws:ecs/service:Service",
        "service-service",
        networkConfiguration={"assignPublicIp": False, "subnets": ["subnet-1"]},
        platformVersion="LATEST",
    )
    b.add(
        "Service",
        "aws:lambda/function:Function",
        "service-rotation",
        packageType="Zip",
        runtime="python3.13",
        environment={"variables": {"ROTATED_SECRET_ID": "service"}},
        loggingConfig={"logGroup": "/workbuoy/prod"},
    )
    balancer = b.add(
        "Service",
        "aws:lb/loadBalancer:LoadBalancer",
        "service-balancer",
        arn=arn("elasticloadbalancing", "loadbalancer/app/workbuoy/1"),
        dropInvalidHeaderFields=True,
        enableDeletionProtection=True,
        desyncMitigationMode="defensive",
        accessLogs={"enabled": True, "bucket": "workbuoy-prod-files-logs"},
    )
    acl = b.add(
        "Service",
        "aws:wafv2/webAcl:WebAcl",
        "service-web-acl",
        arn=arn("wafv2", "regional/webacl/workbuoy/1"),
        defaultAction={"allow": {}},
        rules=web_acl_rules(),
        visibilityConfig=VISIBLE,
        dataProtectionConfig={
            "dataProtections": [
                {"action": "HASH", "field": {"fieldType": "SINGLE_HEADER", "fieldKeys": ["Authorization", "cookie"]}},
                {"action": "SUBSTITUTION", "field": {"fieldType": "QUERY_STRING"}},
                {"action": "SUBSTITUTION", "field": {"fieldType": "BODY"}},
            ]
        },
    )
    b.add(
        "Service",
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        "service-web-acl-log",
        tags=False,
        resourceArn=(acl, "arn"),
        redactedFields=[
            {"singleHeader": {"name": "authorization"}},
            {"singleHeader": {"name": "cookie"}},
            {"queryString": {}},
        ],
    )
    b.add(
        "Service",
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        "service-firewall",
        tags=False,
        resourceArn=(balancer, "arn"),
    )
    b.add(
        "Service",
        "aws:lb/listener:Listener",
        "service-http",
        protocol="HTTP",
        port=80.0,
        arn=arn("elasticloadbalancing", "listener/app/workbuoy/1/80"),
        defaultActions=[{"type": "redirect", "redirect": {"protocol": "HTTPS", "statusCode": "HTTP_301"}}],
    )
    b.add(
        "Service",
        "aws:lb/listener:Listener",
        "service-https",
        protocol="HTTPS",
        port=443.0,
        sslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        defaultActions=[{"type": "forward"}],
    )
    b.add("Service", "aws:appautoscaling/target:Target", "service-scaling", tags=False, maxCapacity=4.0)
    b.add("Service", "aws:lb/targetGroup:TargetGroup", "service-targets", protocol="HTTPS")


VISIBLE = {"cloudwatchMetricsEnabled": True, "sampledRequestsEnabled": False, "metricName": "workbuoy"}


def web_acl_rules(**visibility: bool) -> list[dict[str, Any]]:
    """A rate and a group of AWS's rules, each of which refuses; seen as `visibility` says."""
    inputs = {"vendorName": "AWS", "name": "AWSManagedRulesKnownBadInputsRuleSet"}
    rate = {"limit": 2000.0, "aggregateKeyType": "IP"}
    seen = {"visibilityConfig": VISIBLE | visibility}
    return [
        {"name": "rate", "statement": {"rateBasedStatement": rate}, "action": {"block": {}}, **seen},
        {
            "name": "inputs",
            "statement": {"managedRuleGroupStatement": inputs},
            "overrideAction": {"none": {}},
            **seen,
        },
    ]


def github(subject: str, **changes: Any) -> str:
    keys = {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": subject,
    } | changes
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": keys},
    }
    return document(statement)


def people(principal: str = f"arn:aws:iam::{ACCOUNT}:root", **conditions: Any) -> str:
    statement = {
        "Sid": "People",
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": "sts:AssumeRole",
        "Condition": conditions,
    }
    return document(statement)


SSO = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-north-1/AWSReservedSSO_Operator_*"


def _bootstrap(b: Builder, key: Resource) -> None:
    registry = b.add(
        "Registry",
        "aws:ecr/repository:Repository",
        "registry",
        name="workbuoy",
        id="workbuoy",
        imageScanningConfiguration={"scanOnPush": True},
        imageTagMutability="IMMUTABLE",
        encryptionConfigurations=[{"encryptionType": "KMS", "kmsKey": key.inputs["arn"]}],
    )
    pull = {
        "Sid": "PullByFunction",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    b.add(
        "Registry",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "registry-policy",
        tags=False,
        repository=(registry, "name"),
        policy=document(pull),
    )
    b.add(
        "Registry",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "registry-lifecycle",
        tags=False,
        repository=(registry, "name"),
        policy="{}",
    )
    _role(
        b,
        "deploy",
        github("repo:workbuoy@1/infrastructure@2:environment:prod"),
        allow(
            ["iam:PassRole"],
            [f"arn:aws:iam::{ACCOUNT}:role/workbuoy-prod-task"],
            Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
        allow(
            ["iam:CreateRole", "iam:PutRolePolicy"],
            [f"arn:aws:iam::{ACCOUNT}:role/workbuoy-prod-*"],
            Condition={"StringEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/boundary"}},
        ),
    )
    _role(
        b,
        "preview",
        github("repo:workbuoy/infrastructure:pull_request"),
        allow(["s3:ListBucket"], ["arn:aws:s3:::workbuoy-state"]),
        allow(["s3:PutObject", "s3:DeleteObject"], ["arn:aws:s3:::workbuoy-state/.pulumi/locks/*"]),
    )
    _role(
        b,
        "operator",
        people(ArnLike={"aws:PrincipalArn": SSO}),
        allow(["logs:StartQuery"], [arn("logs", "log-group:/workbuoy/prod:*")]),
    )
    b.add(
        "Access",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "operator-attachment",
        tags=False,
        role="workbuoy-prod-operator",
        policyArn=f"arn:aws:iam::{ACCOUNT}:policy/operator",
    )


def _copies(b: Builder, key: Resource) -> None:
    copied: dict[str, Any] = {"sharedAccounts": [], "kmsKeyId": (key, "arn"), "destinationRegion": REGION}
    b.add("Database", "aws:rds/snapshot:Snapshot", "database-snapshot", sharedAccounts=[])
    b.add("Database", "aws:rds/snapshotCopy:SnapshotCopy", "database-snapshot-copy", **copied)
    b.add("Database", "aws:rds/clusterSnapshot:ClusterSnapshot", "database-cluster-snapshot", sharedAccounts=[])
    b.add(
        "Database",
        "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
        "database-backups",
        tags=False,
        kmsKeyId=(key, "arn"),
        sourceDbInstanceArn=arn("rds", "db:workbuoy-prod-database"),
    )
    _backup(b, key)


COPIES = f"arn:aws:backup:{REGION}:{COPIES_ACCOUNT}:backup-vault:workbuoy-copies-{ACCOUNT}"
KEPT = {
    "Sid": "RefuseEarlyEnds",
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"],
    "Resource": "*",
}
TAKES = {
    "Sid": "TakeCopies",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{COPIES_ACCOUNT}:root"},
    "Action": "backup:CopyIntoBackupVault",
    "Resource": "*",
}


def _backup(b: Builder, key: Resource) -> None:
    """What copies backups away, and, as if it were the other account's, a vault that takes such copies."""
    _role(
        b,
        "backup",
        trust("backup.amazonaws.com"),
        allow(["cloudwatch:GetMetricData"], ["*"]),
        component="BackupCopy$workbuoy:aws:Role",
    )
    own = _vault(b, "backup-vault", "workbuoy-prod", key, KEPT)
    taking = _vault(b, "copies-vault", "workbuoy-copies-1", key, KEPT, TAKES)
    b.add(
        "Copies",
        "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
        "copies-lock",
        tags=False,
        backupVaultName=(taking, "name"),
        minRetentionDays=7.0,
        maxRetentionDays=35.0,
    )
    copy = {"destinationVaultArn": COPIES, "lifecycle": {"deleteAfter": 35.0}}
    rule = {"ruleName": "daily", "targetVaultName": own.inputs["name"], "copyActions": [copy]}
    b.add("Database", "aws:backup/plan:Plan", "database-plan", rules=[rule])
    taken = [next(one for one in b.resources if one.name == name) for name in ("database-instance", "files-bucket")]
    b.add(
        "Database",
        "aws:backup/selection:Selection",
        "database-backup",
        tags=False,
        resources=[(one, "arn") for one in taken],
    )


def _vault(b: Builder, logical: str, name: str, key: Resource, *statements: Mapping[str, Any]) -> Resource:
    vault = b.add("Backup", "aws:backup/vault:Vault", logical, name=name, kmsKeyArn=(key, "arn"))
    b.add(
        "Backup",
        "aws:backup/vaultPolicy:VaultPolicy",
        f"{logical}-policy",
        tags=False,
        backupVaultName=(vault, "name"),
        policy=document(*statements),
    )
    return vault
