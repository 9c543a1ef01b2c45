"""Every resource type that a rehearsal knows, once or more, with most of the properties that a program would use."""

import json

import pulumi
import pulumi_aws as aws
import pulumi_random as random

settings = pulumi.Config().require_object("settings")
ACCOUNT, REGION, IMAGE = settings["account"], settings["region"], settings["image"]

provider = aws.Provider(
    "aws",
    region=REGION,
    allowed_account_ids=[ACCOUNT],
    default_tags=aws.ProviderDefaultTagsArgs(tags={"Owner": "team", "Stack": pulumi.get_stack()}),
)
dice = random.Provider("random")


class Group(pulumi.ComponentResource):
    """A component, so that URNs have more than one level."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("every:kind:Group", name, None, opts)


PUBLISHERS = ["cloudwatch.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com"]


def policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service: str) -> str:
    return policy({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


network = Group("network", pulumi.ResourceOptions(providers=[provider]))
here = pulumi.ResourceOptions(parent=network)
top = pulumi.ResourceOptions(provider=provider)

# --- network
vpc = aws.ec2.Vpc(
    "vpc",
    cidr_block="10.20.0.0/16",
    enable_dns_hostnames=True,
    enable_dns_support=True,
    instance_tenancy="default",
    tags={"Name": "vpc"},
    opts=here,
)
zones = [f"{REGION}{letter}" for letter in "ab"]
public = [
    aws.ec2.Subnet(
        f"public-{i}",
        vpc_id=vpc.id,
        cidr_block=f"10.20.{i}.0/24",
        availability_zone=zone,
        map_public_ip_on_launch=False,
        tags={"Name": f"public-{i}"},
        opts=here,
    )
    for i, zone in enumerate(zones)
]
data = [
    aws.ec2.Subnet(f"data-{i}", vpc_id=vpc.id, cidr_block=f"10.20.{i + 10}.0/24", availability_zone=z, opts=here)
    for i, z in enumerate(zones)
]
gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id, opts=here)
table = aws.ec2.RouteTable("public", vpc_id=vpc.id, opts=here)
aws.ec2.Route("out", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.id, opts=here)
for i, subnet in enumerate(public):
    aws.ec2.RouteTableAssociation(f"public-{i}", route_table_id=table.id, subnet_id=subnet.id, opts=here)
address = aws.ec2.Eip("nat", domain="vpc", opts=here)
nat = aws.ec2.NatGateway("nat", allocation_id=address.id, subnet_id=public[0].id, opts=here)
private_table = aws.ec2.RouteTable("private", vpc_id=vpc.id, opts=here)
aws.ec2.Route(
    "nat", route_table_id=private_table.id, destination_cidr_block="0.0.0.0/0", nat_gateway_id=nat.id, opts=here
)
aws.ec2.DefaultSecurityGroup("default", vpc_id=vpc.id, ingress=[], egress=[], tags={"Name": "unused"}, opts=here)
app_group = aws.ec2.SecurityGroup("app", vpc_id=vpc.id, description="Tasks of the app", opts=here)
db_group = aws.ec2.SecurityGroup("database", vpc_id=vpc.id, name="database", description="The database", opts=here)
aws.vpc.SecurityGroupIngressRule(
    "app-from-world",
    security_group_id=app_group.id,
    ip_protocol="tcp",
    from_port=443,
    to_port=443,
    cidr_ipv4="0.0.0.0/0",
    description="HTTPS",
    opts=here,
)
aws.vpc.SecurityGroupIngressRule(
    "database-from-app",
    security_group_id=db_group.id,
    ip_protocol="tcp",
    from_port=5432,
    to_port=5432,
    referenced_security_group_id=app_group.id,
    description="Postgres",
    opts=here,
)
files_endpoint = aws.ec2.VpcEndpoint(
    "files",
    vpc_id=vpc.id,
    service_name=f"com.amazonaws.{REGION}.s3",
    vpc_endpoint_type="Gateway",
    route_table_ids=[table.id, private_table.id],
    policy=policy({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}),
    opts=here,
)
aws.vpc.SecurityGroupEgressRule(
    "app-to-files",
    security_group_id=app_group.id,
    ip_protocol="tcp",
    from_port=443,
    to_port=443,
    prefix_list_id=files_endpoint.prefix_list_id,
    opts=here,
)
aws.ec2.VpcEndpoint(
    "logs",
    vpc_id=vpc.id,
    service_name=f"com.amazonaws.{REGION}.logs",
    vpc_endpoint_type="Interface",
    subnet_ids=[subnet.id for subnet in data],
    security_group_ids=[app_group.id],
    private_dns_enabled=True,
    opts=here,
)

# --- encryption
key = aws.kms.Key(
    "key",
    description="Everything",
    enable_key_rotation=True,
    deletion_window_in_days=30,
    policy=policy(
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
            "Resource": "*",
            "Condition": {
                "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"}
            },
        },
        {
            "Sid": "Publishers",
            "Effect": "Allow",
            "Principal": {"Service": PUBLISHERS},
            "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
            "Resource": "*",
        },
    ),
    tags={"Name": "key"},
    opts=top,
)
aws.kms.Alias("key", name="alias/every-kind", target_key_id=key.id, opts=top)

# --- access
role = aws.iam.Role(
    "task",
    assume_role_policy=trust("ecs-tasks.amazonaws.com"),
    max_session_duration=3600,
    description="Tasks of the app",
    opts=top,
)
logs_role = aws.iam.Role("flow-logs", assume_role_policy=trust("vpc-flow-logs.amazonaws.com"), opts=top)
monitoring = aws.iam.Role("monitoring", assume_role_policy=trust("monitoring.rds.amazonaws.com"), opts=top)
rotator = aws.iam.Role("rotator", assume_role_policy=trust("lambda.amazonaws.com"), opts=top)
aws.iam.RolePolicy(
    "task",
    role=role.name,
    policy=policy({"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": f"arn:aws:logs:{REGION}:{ACCOUNT}:*"}),
    opts=top,
)
managed = aws.iam.Policy(
    "shared",
    description="Shared",
    policy=policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::none/*"}),
    opts=top,
)
aws.iam.RolePolicyAttachment("shared", role=role.name, policy_arn=managed.arn, opts=top)

# --- observability
log_group = aws.cloudwatch.LogGroup("app", name="/every/kind", retention_in_days=30, kms_key_id=key.arn, opts=top)
flow_group = aws.cloudwatch.LogGroup(
    "flow", name="/every/flow", retention_in_days=30, kms_key_id=key.arn, skip_destroy=False, opts=top
)
aws.ec2.FlowLog(
    "flow",
    vpc_id=vpc.id,
    traffic_type="ALL",
    log_destination_type="cloud-watch-logs",
    log_destination=flow_group.arn,
    iam_role_arn=logs_role.arn,
    max_aggregation_interval=60,
    opts=top,
)
aws.cloudwatch.LogMetricFilter(
    "errors",
    name="errors",
    log_group_name=log_group.name,
    pattern='{ $.level = "error" }',
    metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
        name="Errors", namespace="Every", value="1", default_value="0"
    ),
    opts=top,
)
topic = aws.sns.Topic("alarms", name="alarms", kms_master_key_id=key.id, opts=top)
aws.sns.TopicPolicy(
    "alarms",
    arn=topic.arn,
    policy=topic.arn.apply(
        lambda arn: policy(
            {
                "Effect": "Allow",
                "Principal": {"Service": PUBLISHERS},
                "Action": "sns:Publish",
                "Resource": arn,
            }
        )
    ),
    opts=top,
)
aws.sns.TopicSubscription("mail", topic=topic.arn, protocol="email", endpoint="ops@example.org", opts=top)
aws.cloudwatch.MetricAlarm(
    "cpu",
    name="cpu",
    alarm_description="Look at the database",
    namespace="AWS/RDS",
    metric_name="CPUUtilization",
    dimensions={"DBInstanceIdentifier": "every"},
    statistic="Average",
    period=60,
    evaluation_periods=5,
    datapoints_to_alarm=3,
    threshold=80,
    comparison_operator="GreaterThanThreshold",
    treat_missing_data="breaching",
    alarm_actions=[topic.arn],
    ok_actions=[topic.arn],
    opts=top,
)
aws.cloudwatch.MetricAlarm(
    "rate",
    name="rate",
    alarm_description="Look at the service",
    evaluation_periods=2,
    threshold=0.05,
    comparison_operator="GreaterThanThreshold",
    treat_missing_data="notBreaching",
    alarm_actions=[topic.arn],
    metric_queries=[
        aws.cloudwatch.MetricAlarmMetricQueryArgs(id="rate", expression="bad/all", label="rate", return_data=True),
        aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id="bad",
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace="AWS/ApplicationELB",
                metric_name="HTTPCode_Target_5XX_Count",
                period=60,
                stat="Sum",
                dimensions={"LoadBalancer": "app/every/1"},
            ),
        ),
        aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id="all",
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace="AWS/ApplicationELB", metric_name="RequestCount", period=60, stat="Sum"
            ),
        ),
    ],
    opts=top,
)
aws.cloudwatch.Dashboard(
    "board",
    dashboard_name="board",
    dashboard_body=json.dumps(
        {"widgets": [{"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": {"markdown": "# Hi"}}]}
    ),
    opts=top,
)
aws.cloudwatch.QueryDefinition(
    "errors",
    name="every/errors",
    query_string="filter level = 'error'",
    log_group_names=[log_group.name],
    opts=top,
)

# --- files
suffix = random.RandomId("suffix", byte_length=4, opts=pulumi.ResourceOptions(provider=dice))
word = random.RandomString("word", length=12, special=False, opts=pulumi.ResourceOptions(provider=dice))
logs_bucket = aws.s3.Bucket("logs", bucket=suffix.hex.apply("every-logs-{}".format), opts=top)
bucket = aws.s3.Bucket("files", force_destroy=False, tags={"Name": "files"}, opts=top)
aws.s3.BucketVersioning(
    "files",
    bucket=bucket.id,
    versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
    opts=top,
)
aws.s3.BucketServerSideEncryptionConfiguration(
    "files",
    bucket=bucket.id,
    rules=[
        aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
            apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                sse_algorithm="aws:kms", kms_master_key_id=key.arn
            ),
            bucket_key_enabled=True,
        )
    ],
    opts=top,
)
aws.s3.BucketLifecycleConfiguration(
    "files",
    bucket=bucket.id,
    rules=[
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="archive",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
            transitions=[aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(days=90, storage_class="GLACIER_IR")],
            noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=30, newer_noncurrent_versions=2
            ),
        ),
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="uploads",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(),
            abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=7
            ),
            expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True),
        ),
    ],
    opts=top,
)
aws.s3.BucketPublicAccessBlock(
    "files",
    bucket=bucket.id,
    block_public_acls=True,
    block_public_policy=True,
    ignore_public_acls=True,
    restrict_public_buckets=True,
    opts=top,
)
aws.s3.BucketOwnershipControls(
    "files",
    bucket=bucket.id,
    rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
    opts=top,
)
aws.s3.BucketPolicy(
    "files",
    bucket=bucket.id,
    policy=bucket.arn.apply(
        lambda arn: policy(
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        )
    ),
    opts=top,
)
logs_policy = aws.s3.BucketPolicy(
    "logs",
    bucket=logs_bucket.id,
    policy=logs_bucket.arn.apply(
        lambda arn: policy(
            {
                "Effect": "Allow",
                "Principal": {
                    "Service": ["logging.s3.amazonaws.com", "logdelivery.elasticloadbalancing.amazonaws.com"]
                },
                "Action": "s3:PutObject",
                "Resource": f"{arn}/*",
            }
        )
    ),
    opts=top,
)
aws.s3.BucketCorsConfiguration(
    "files",
    bucket=bucket.id,
    cors_rules=[
        aws.s3.BucketCorsConfigurationCorsRuleArgs(
            allowed_origins=["https://every.example"],
            allowed_methods=["GET", "HEAD"],
            allowed_headers=["range"],
            expose_headers=["ETag"],
            max_age_seconds=3600,
        )
    ],
    opts=top,
)
aws.s3.BucketLogging(
    "files",
    bucket=bucket.id,
    target_bucket=logs_bucket.id,
    target_prefix="files/",
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[logs_policy]),
)

# --- database
subnet_group = aws.rds.SubnetGroup("database", subnet_ids=[subnet.id for subnet in data], opts=top)
parameters = aws.rds.ParameterGroup(
    "database",
    name_prefix="every-",
    family="postgres17",
    parameters=[
        aws.rds.ParameterGroupParameterArgs(name="rds.force_ssl", value="1", apply_method="immediate"),
        aws.rds.ParameterGroupParameterArgs(name="log_min_duration_statement", value="500"),
    ],
    opts=top,
)
database = aws.rds.Instance(
    "database",
    identifier="every",
    engine="postgres",
    engine_version="17",
    instance_class="db.t4g.small",
    allocated_storage=20,
    max_allocated_storage=100,
    storage_type="gp3",
    storage_encrypted=True,
    kms_key_id=key.arn,
    db_name="app",
    username="owner",
    manage_master_user_password=True,
    master_user_secret_kms_key_id=key.arn,
    port=5432,
    db_subnet_group_name=subnet_group.name,
    parameter_group_name=parameters.name,
    vpc_security_group_ids=[db_group.id],
    multi_az=True,
    publicly_accessible=False,
    ca_cert_identifier="rds-ca-rsa2048-g1",
    backup_retention_period=7,
    backup_window="01:00-02:00",
    maintenance_window="sun:03:00-sun:04:00",
    copy_tags_to_snapshot=True,
    deletion_protection=True,
    auto_minor_version_upgrade=True,
    iam_database_authentication_enabled=True,
    enabled_cloudwatch_logs_exports=["postgresql", "upgrade"],
    monitoring_interval=60,
    monitoring_role_arn=monitoring.arn,
    performance_insights_enabled=True,
    performance_insights_kms_key_id=key.arn,
    performance_insights_retention_period=7,
    allow_major_version_upgrade=False,
    apply_immediately=False,
    skip_final_snapshot=False,
    final_snapshot_identifier=word.result.apply("every-final-{}".format),
    delete_automated_backups=False,
    opts=pulumi.ResourceOptions(provider=provider, protect=True, ignore_changes=["engineVersion"]),
)
aws.rds.EventSubscription(
    "database",
    name="every",
    sns_topic=topic.arn,
    source_type="db-instance",
    source_ids=[database.identifier],
    event_categories=["backup", "failure", "failover", "low storage"],
    opts=top,
)

# --- secrets
function = aws.lambda_.Function(
    "rotation",
    name="every-rotation",
    role=rotator.arn,
    package_type="Image",
    image_uri=IMAGE,
    architectures=["arm64"],
    image_config=aws.lambda_.FunctionImageConfigArgs(commands=["app.rotation.handler"]),
    timeout=60,
    memory_size=256,
    kms_key_arn=key.arn,
    environment=aws.lambda_.FunctionEnvironmentArgs(variables={"STAGE": "test"}),
    vpc_config=aws.lambda_.FunctionVpcConfigArgs(
        subnet_ids=[subnet.id for subnet in data], security_group_ids=[app_group.id]
    ),
    logging_config=aws.lambda_.FunctionLoggingConfigArgs(log_format="JSON", log_group=log_group.name),
    reserved_concurrent_executions=1,
    opts=top,
)
secret = aws.secretsmanager.Secret(
    "login", name="every/login", description="Login", kms_key_id=key.arn, recovery_window_in_days=30, opts=top
)
aws.secretsmanager.SecretPolicy(
    "login",
    secret_arn=secret.arn,
    policy=policy({"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:DeleteSecret", "Resource": "*"}),
    block_public_policy=True,
    opts=top,
)
permission = aws.lambda_.Permission(
    "rotation",
    statement_id="SecretsManager",
    action="lambda:InvokeFunction",
    function=function.name,
    principal="secretsmanager.amazonaws.com",
    source_account=ACCOUNT,
    source_arn=secret.arn,
    opts=top,
)
aws.secretsmanager.SecretRotation(
    "login",
    secret_id=secret.id,
    rotation_lambda_arn=function.arn,
    rotate_immediately=True,
    rotation_rules=aws.secretsmanager.SecretRotationRotationRulesArgs(automatically_after_days=30),
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[permission]),
)

# --- service
cluster = aws.ecs.Cluster(
    "cluster",
    name="every",
    settings=[aws.ecs.ClusterSettingArgs(name="containerInsights", value="enabled")],
    opts=top,
)
balancer = aws.lb.LoadBalancer(
    "balancer",
    name="every",
    internal=False,
    security_groups=[app_group.id],
    subnets=[subnet.id for subnet in public],
    access_logs=aws.lb.LoadBalancerAccessLogsArgs(enabled=True, bucket=logs_bucket.id, prefix="balancer"),
    drop_invalid_header_fields=True,
    desync_mitigation_mode="strictest",
    enable_deletion_protection=True,
    idle_timeout=60,
    opts=top,
)
targets = aws.lb.TargetGroup(
    "app",
    name="every",
    port=8000,
    protocol="HTTP",
    vpc_id=vpc.id,
    target_type="ip",
    deregistration_delay=30,
    health_check=aws.lb.TargetGroupHealthCheckArgs(
        path="/healthz",
        protocol="HTTP",
        matcher="200",
        interval=15,
        timeout=5,
        healthy_threshold=2,
        unhealthy_threshold=3,
    ),
    opts=top,
)
listener = aws.lb.Listener(
    "https",
    load_balancer_arn=balancer.arn,
    port=443,
    protocol="HTTPS",
    ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
    certificate_arn=f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/6fd0b80e-9d4f-4a7e-9d55-5d4f9f0a1b2c",
    default_actions=[aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=targets.arn)],
    opts=top,
)
aws.lb.Listener(
    "http",
    load_balancer_arn=balancer.arn,
    port=80,
    protocol="HTTP",
    default_actions=[
        aws.lb.ListenerDefaultActionArgs(
            type="redirect",
            redirect=aws.lb.ListenerDefaultActionRedirectArgs(port="443", protocol="HTTPS", status_code="HTTP_301"),
        )
    ],
    opts=top,
)
aws.lb.ListenerCertificate(
    "customers-certificate",
    listener_arn=listener.arn,
    certificate_arn="arn:aws:acm:eu-west-1:123456789012:certificate/5eed5eed-0000-4000-8000-000000000001",
    opts=top,
)
aws.lb.ListenerRule(
    "metrics",
    listener_arn=listener.arn,
    priority=10,
    conditions=[
        aws.lb.ListenerRuleConditionArgs(path_pattern=aws.lb.ListenerRuleConditionPathPatternArgs(values=["/metrics"]))
    ],
    actions=[
        aws.lb.ListenerRuleActionArgs(
            type="fixed-response",
            fixed_response=aws.lb.ListenerRuleActionFixedResponseArgs(
                content_type="text/plain", message_body="no", status_code="404"
            ),
        )
    ],
    opts=top,
)
task = aws.ecs.TaskDefinition(
    "app",
    family="every",
    cpu="256",
    memory="512",
    network_mode="awsvpc",
    requires_compatibilities=["FARGATE"],
    execution_role_arn=role.arn,
    task_role_arn=role.arn,
    runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
        cpu_architecture="ARM64", operating_system_family="LINUX"
    ),
    container_definitions=pulumi.Output.json_dumps(
        [
            {
                "name": "migrate",
                "image": IMAGE,
                "command": ["migrate"],
                "essential": False,
                "readonlyRootFilesystem": True,
            },
            {
                "name": "app",
                "image": IMAGE,
                "essential": True,
                "dependsOn": [{"containerName": "migrate", "condition": "SUCCESS"}],
                "environment": [{"name": "S3_BUCKET", "value": bucket.id}, {"name": "A", "value": "1"}],
                "secrets": [
                    {
                        "name": "OWNER",
                        "valueFrom": database.master_user_secrets.apply(lambda s: f"{s[0]['secret_arn']}:username::"),
                    }
                ],
                "portMappings": [{"containerPort": 8000, "protocol": "tcp"}],
                "healthCheck": {"command": ["CMD", "/app", "health"], "interval": 10, "retries": 3},
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": log_group.name,
                        "awslogs-region": REGION,
                        "awslogs-stream-prefix": "app",
                    },
                },
            },
        ]
    ),
    opts=top,
)
service = aws.ecs.Service(
    "app",
    name="every",
    cluster=cluster.arn,
    task_definition=task.arn,
    desired_count=2,
    launch_type="FARGATE",
    platform_version="1.4.0",
    health_check_grace_period_seconds=180,
    deployment_minimum_healthy_percent=100,
    deployment_maximum_percent=200,
    deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True),
    enable_execute_command=False,
    propagate_tags="SERVICE",
    availability_zone_rebalancing="ENABLED",
    network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
        subnets=[subnet.id for subnet in public], security_groups=[app_group.id], assign_public_ip=False
    ),
    load_balancers=[
        aws.ecs.ServiceLoadBalancerArgs(target_group_arn=targets.arn, container_name="app", container_port=8000)
    ],
    opts=pulumi.ResourceOptions(provider=provider, ignore_changes=["desiredCount"], depends_on=[listener]),
)
scaling = aws.appautoscaling.Target(
    "app",
    service_namespace="ecs",
    resource_id=pulumi.Output.concat("service/", cluster.name, "/", service.name),
    scalable_dimension="ecs:service:DesiredCount",
    min_capacity=2,
    max_capacity=6,
    opts=top,
)
aws.appautoscaling.Policy(
    "app",
    name="every-cpu",
    policy_type="TargetTrackingScaling",
    service_namespace=scaling.service_namespace,
    resource_id=scaling.resource_id,
    scalable_dimension=scaling.scalable_dimension,
    target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
        target_value=60,
        scale_in_cooldown=300,
        scale_out_cooldown=60,
        predefined_metric_specification=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
            predefined_metric_type="ECSServiceAverageCPUUtilization"
        ),
    ),
    opts=top,
)

# --- an account's own
registry = aws.ecr.Repository(
    "images",
    name="every",
    image_tag_mutability="IMMUTABLE",
    image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
    encryption_configurations=[aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="AES256")],
    force_delete=False,
    tags={"Name": "images"},
    opts=top,
)
aws.ecr.LifecyclePolicy(
    "images",
    repository=registry.name,
    policy=json.dumps(
        {
            "rules": [
                {
                    "rulePriority": 1,
                    "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 9},
                    "action": {"type": "expire"},
                }
            ]
        }
    ),
    opts=top,
)
aws.ecr.RepositoryPolicy(
    "images",
    repository=registry.name,
    policy=policy(
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": ["ecr:BatchGetImage"]}
    ),
    opts=top,
)
TRAIL_BUCKET = f"every-trail-{ACCOUNT}"
trail_bucket = aws.s3.Bucket("trail", bucket=TRAIL_BUCKET, opts=top)
trail_policy = aws.s3.BucketPolicy(
    "trail",
    bucket=trail_bucket.bucket,
    policy=policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:GetBucketAcl",
            "Resource": f"arn:aws:s3:::{TRAIL_BUCKET}",
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{TRAIL_BUCKET}/AWSLogs/*",
        },
    ),
    opts=top,
)
aws.cloudtrail.Trail(
    "trail",
    name="every",
    s3_bucket_name=trail_bucket.bucket,
    is_multi_region_trail=True,
    include_global_service_events=True,
    enable_log_file_validation=True,
    enable_logging=True,
    advanced_event_selectors=[
        aws.cloudtrail.TrailAdvancedEventSelectorArgs(
            name="management",
            field_selectors=[
                aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs(field="eventCategory", equals=["Management"])
            ],
        )
    ],
    tags={"Name": "trail"},
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[trail_policy]),
)
aws.iam.OpenIdConnectProvider(
    "login",
    url="https://login.every.example",
    client_id_lists=["sts.amazonaws.com"],
    tags={"Name": "login"},
    opts=top,
)
aws.s3.AccountPublicAccessBlock(
    "account",
    account_id=ACCOUNT,
    block_public_acls=True,
    block_public_policy=True,
    ignore_public_acls=True,
    restrict_public_buckets=True,
    opts=top,
)
aws.budgets.Budget(
    "month",
    name="every",
    budget_type="COST",
    time_unit="MONTHLY",
    limit_amount="500",
    limit_unit="USD",
    notifications=[
        aws.budgets.BudgetNotificationArgs(
            notification_type="ACTUAL",
            comparison_operator="GREATER_THAN",
            threshold=80,
            threshold_type="PERCENTAGE",
            subscriber_email_addresses=["oncall@every.example"],
        )
    ],
    tags={"Name": "month"},
    opts=top,
)

acl = aws.wafv2.WebAcl(
    "firewall",
    name="every",
    scope="REGIONAL",
    description="Before the balancer",
    default_action=aws.wafv2.WebAclDefaultActionArgs(allow=aws.wafv2.WebAclDefaultActionAllowArgs()),
    rules=[
        aws.wafv2.WebAclRuleArgs(
            name="rate",
            priority=0,
            action=aws.wafv2.WebAclRuleActionArgs(block=aws.wafv2.WebAclRuleActionBlockArgs()),
            statement=aws.wafv2.WebAclRuleStatementArgs(
                rate_based_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementArgs(
                    limit=2000, aggregate_key_type="IP"
                )
            ),
            visibility_config=aws.wafv2.WebAclRuleVisibilityConfigArgs(
                cloudwatch_metrics_enabled=True, metric_name="rate", sampled_requests_enabled=False
            ),
        )
    ],
    visibility_config=aws.wafv2.WebAclVisibilityConfigArgs(
        cloudwatch_metrics_enabled=True, metric_name="every", sampled_requests_enabled=False
    ),
    tags={"Name": "firewall"},
    opts=top,
)
aws.wafv2.WebAclAssociation("firewall", resource_arn=balancer.arn, web_acl_arn=acl.arn, opts=top)
firewall_log = aws.cloudwatch.LogGroup("firewall", name="aws-waf-logs-every", retention_in_days=30, opts=top)
aws.wafv2.WebAclLoggingConfiguration(
    "firewall",
    resource_arn=acl.arn,
    log_destination_configs=[firewall_log.arn],
    redacted_fields=[
        aws.wafv2.WebAclLoggingConfigurationRedactedFieldArgs(
            single_header=aws.wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs(name="cookie")
        )
    ],
    opts=top,
)

locked = aws.s3.Bucket("locked", bucket=suffix.hex.apply("every-locked-{}".format), object_lock_enabled=True, opts=top)
aws.s3.BucketVersioning(
    "locked",
    bucket=locked.bucket,
    versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
    opts=top,
)
aws.s3.BucketObjectLockConfiguration(
    "locked",
    bucket=locked.bucket,
    object_lock_enabled="Enabled",
    rule=aws.s3.BucketObjectLockConfigurationRuleArgs(
        default_retention=aws.s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(mode="GOVERNANCE", days=1)
    ),
    opts=top,
)

metrics_log = aws.cloudwatch.LogGroup(
    "metrics", name="/aws/vendedlogs/prometheus/every", retention_in_days=30, opts=top
)
workspace = aws.amp.Workspace(
    "metrics",
    alias="every",
    kms_key_arn=key.arn,
    logging_configuration=aws.amp.WorkspaceLoggingConfigurationArgs(log_group_arn=metrics_log.arn.apply("{}:*".format)),
    tags={"Name": "metrics"},
    opts=top,
)
aws.amp.RuleGroupNamespace(
    "metrics",
    name="every",
    workspace_id=workspace.id,
    data="groups:\n- name: every\n  rules:\n  - record: every\n    expr: up\n",
    tags={"Name": "metrics"},
    opts=top,
)
aws.amp.AlertManagerDefinition(
    "metrics",
    workspace_id=workspace.id,
    definition="alertmanager_config: |\n  route:\n    receiver: none\n  receivers:\n  - name: none\n",
    opts=top,
)
aws.amp.Scraper(
    "metrics",
    alias="every",
    scrape_configuration="scrape_configs: []\n",
    source=aws.amp.ScraperSourceArgs(
        vpc=aws.amp.ScraperSourceVpcArgs(security_group_ids=[app_group.id], subnet_ids=[one.id for one in data])
    ),
    destination=aws.amp.ScraperDestinationArgs(amp=aws.amp.ScraperDestinationAmpArgs(workspace_arn=workspace.arn)),
    tags={"Name": "metrics"},
    opts=top,
)
names = aws.servicediscovery.PrivateDnsNamespace(
    "names", name="every.internal", description="Tasks", vpc=vpc.id, tags={"Name": "names"}, opts=top
)
aws.servicediscovery.Service(
    "names",
    name="every",
    description="Tasks of the service",
    dns_config=aws.servicediscovery.ServiceDnsConfigArgs(
        namespace_id=names.id,
        routing_policy="MULTIVALUE",
        dns_records=[aws.servicediscovery.ServiceDnsConfigDnsRecordArgs(type="A", ttl=15)],
    ),
    tags={"Name": "names"},
    opts=top,
)

pulumi.export("address", balancer.dns_name)
pulumi.export("bucket", bucket.id)
pulumi.export("database", database.address)

vault = aws.backup.Vault("vault", name="every", kms_key_arn=key.arn, tags={"Name": "vault"}, opts=top)
aws.backup.VaultLockConfiguration(
    "vault", backup_vault_name=vault.name, min_retention_days=7, max_retention_days=35, opts=top
)
aws.backup.VaultPolicy(
    "vault",
    backup_vault_name=vault.name,
    policy=policy(
        {"Effect": "Deny", "Principal": "*", "Action": ["backup:DeleteRecoveryPoint"], "Resource": "*"},
    ),
    opts=top,
)
plan = aws.backup.Plan(
    "plan",
    name="every",
    rules=[
        aws.backup.PlanRuleArgs(
            rule_name="daily",
            target_vault_name=vault.name,
            schedule="cron(30 5 * * ? *)",
            start_window=60,
            completion_window=720,
            lifecycle=aws.backup.PlanRuleLifecycleArgs(delete_after=7),
            copy_actions=[
                aws.backup.PlanRuleCopyActionArgs(
                    destination_vault_arn=f"arn:aws:backup:{REGION}:444455556666:backup-vault:copies",
                    lifecycle=aws.backup.PlanRuleCopyActionLifecycleArgs(delete_after=35),
                )
            ],
        )
    ],
    tags={"Name": "plan"},
    opts=top,
)
backup = aws.iam.Role("backup", name="backup", assume_role_policy=trust("backup.amazonaws.com"), opts=top)
aws.backup.Selection("plan", name="every", plan_id=plan.id, iam_role_arn=backup.arn, resources=[locked.arn], opts=top)
failures = aws.cloudwatch.EventRule(
    "failures",
    name="failures",
    description="Failed jobs",
    event_pattern=json.dumps({"source": ["aws.backup"]}),
    tags={"Name": "failures"},
    opts=top,
)
aws.cloudwatch.EventTarget("failures", rule=failures.name, target_id="alarms", arn=topic.arn, opts=top)
