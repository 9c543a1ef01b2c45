"""The service on Fargate: one task whose `migrate` must succeed before the service starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions

from components.context import StackContext
from components.firewall import SecurityGroup
from components.load_balancer import LoadBalancer
from components.log_group import LogGroup
from components.permissions import Condition, Statement
from components.service_settings import ImageSettings, ServiceSettings

PORT = 8080
METRICS_PORT = 9090
HEALTH_CHECK_PATH = "/healthz"
USER = "10001:10001"
MIGRATE_TIMEOUT_SECONDS = 120  # the longest startTimeout that ECS takes; `migrate` itself ends within 100
GRACE_SECONDS = MIGRATE_TIMEOUT_SECONDS + 60
STOP_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class ServiceArgs:
    """`environment` is what the guide names; `owner_secret_arn` holds `username` and `password` for `migrate`."""

    context: StackContext
    settings: ServiceSettings
    environment: Mapping[str, Input[str]]
    owner_secret_arn: Input[str]
    execution_role_arn: Input[str]
    task_role_arn: Input[str]
    subnet_ids: Sequence[Input[str]]
    security_group: SecurityGroup
    load_balancer: LoadBalancer
    log_group: LogGroup
    needed: Sequence[Resource]


class Service(ComponentResource):
    """A cluster, a task definition and a service that rolls back by itself."""

    cluster_name: Output[str]
    service_name: Output[str]
    task_definition_arn: Output[str]

    def __init__(self, name: str, args: ServiceArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Service", name, None, opts)
        context, settings, child = args.context, args.settings, ResourceOptions(parent=self)
        cluster = aws.ecs.Cluster(
            f"{name}-cluster",
            name=context.name,
            settings=[
                aws.ecs.ClusterSettingArgs(
                    name="containerInsights", value="enabled" if settings.container_insights else "disabled"
                )
            ],
            tags=context.tags(),
            opts=child,
        )
        task_definition = aws.ecs.TaskDefinition(
            f"{name}-task",
            family=f"{context.name}-{name}",
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(settings.cpu_units),
            memory=str(settings.memory_mib),
            runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
                cpu_architecture=settings.architecture.upper(), operating_system_family="LINUX"
            ),
            execution_role_arn=args.execution_role_arn,
            task_role_arn=args.task_role_arn,
            container_definitions=pulumi.Output.json_dumps(
                [_migrate_container(args), _service_container(name, args)]
            ),
            # The last revision stays, so that a rollback has something to go back to.
            skip_destroy=context.permanent,
            tags=context.tags(),
            opts=child,
        )
        service = aws.ecs.Service(
            f"{name}-service",
            name=f"{context.name}-{name}",
            cluster=cluster.arn,
            task_definition=task_definition.arn,
            launch_type="FARGATE",
            desired_count=settings.min_tasks,
            health_check_grace_period_seconds=GRACE_SECONDS,
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True),
            # The provider would wait 20 minutes for what cannot start, and call a rollback a success.
            wait_for_steady_state=False,
            enable_execute_command=False,
            network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
                subnets=list(args.subnet_ids),
                security_groups=[args.security_group.id],
                assign_public_ip=False,
            ),
            load_balancers=[
                aws.ecs.ServiceLoadBalancerArgs(
                    target_group_arn=args.load_balancer.target_group_arn,
                    container_name=name,
                    container_port=PORT,
                )
            ],
            propagate_tags="SERVICE",
            tags=context.tags("customer-data"),
            opts=ResourceOptions(
                parent=self,
                depends_on=[args.load_balancer.listener, *args.needed],
                ignore_changes=["desiredCount"],  # autoscaling's own; `up` must not reset it
            ),
        )
        _autoscale(name, settings, cluster.name, service.name, child)
        self.cluster_name, self.service_name = cluster.name, service.name
        self.task_definition_arn = task_definition.arn
        self.register_outputs({"clusterName": self.cluster_name, "serviceName": self.service_name})


def pull_image(image: ImageSettings) -> list[Statement]:
    """Pull one repository's images."""
    return [
        Statement(
            sid="PullImage",
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources=[image.repository_arn],
        ),
        Statement(
            sid="LogInToRegistry",
            actions=["ecr:GetAuthorizationToken"],
            resources=["*"],  # AWS knows no resource for this action
        ),
    ]


def from_own_tasks(context: StackContext) -> Condition:
    """Trust ECS only for tasks of this account and region.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    """
    return {
        "ArnLike": {"aws:SourceArn": context.arn("ecs", "*")},
        "StringEquals": {"aws:SourceAccount": context.account_id},
    }


def _migrate_container(args: ServiceArgs) -> dict[str, Any]:
    owner = [
        {"name": variable, "valueFrom": Output.concat(args.owner_secret_arn, f":{key}::")}
        for variable, key in (("DATABASE_OWNER_PASSWORD", "password"), ("DATABASE_OWNER_USER", "username"))
    ]
    return {
        **_container("migrate", args),
        "essential": False,
        "command": ["migrate"],
        "secrets": owner,
        "startTimeout": MIGRATE_TIMEOUT_SECONDS,
    }


def _service_container(name: str, args: ServiceArgs) -> dict[str, Any]:
    return {
        **_container(name, args),
        "essential": True,
        "command": ["serve"],
        "dependsOn": [{"containerName": "migrate", "condition": "SUCCESS"}],
        "portMappings": [{"containerPort": port, "protocol": "tcp"} for port in (PORT, METRICS_PORT)],
        # No shell in the image: the program asks itself.
        "healthCheck": {
            "command": ["CMD", "workbuoy-app", "health"],
            "interval": 10,
            "timeout": 5,
            "retries": 3,
            "startPeriod": 30,
        },
        "stopTimeout": STOP_TIMEOUT_SECONDS,
    }


def _container(name: str, args: ServiceArgs) -> dict[str, Any]:
    return {
        "name": name,
        "image": args.settings.image.uri,
        "user": USER,
        "readonlyRootFilesystem": True,
        "privileged": False,
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": False},
        "environment": [{"name": key, "value": args.environment[key]} for key in sorted(args.environment)],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": args.log_group.name,
                "awslogs-region": args.context.region,
                "awslogs-stream-prefix": name,
            },
        },
    }


def _autoscale(
    name: str,
    settings: ServiceSettings,
    cluster_name: Output[str],
    service_name: Output[str],
    child: ResourceOptions,
) -> None:
    target = aws.appautoscaling.Target(
        f"{name}-scaling",
        service_namespace="ecs",
        scalable_dimension="ecs:service:DesiredCount",
        resource_id=Output.concat("service/", cluster_name, "/", service_name),
        min_capacity=settings.min_tasks,
        max_capacity=settings.max_tasks,
        opts=child,
    )
    aws.appautoscaling.Policy(
        f"{name}-scaling-by-cpu",
        name=f"{name}-by-cpu",
        policy_type="TargetTrackingScaling",
        service_namespace=target.service_namespace,
        scalable_dimension=target.scalable_dimension,
        resource_id=target.resource_id,
        target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
            target_value=60,
            scale_in_cooldown=300,
            scale_out_cooldown=60,
            predefined_metric_specification=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
                predefined_metric_type="ECSServiceAverageCPUUtilization"
            ),
        ),
        opts=child,
    )
