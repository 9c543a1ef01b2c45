"""The service on Fargate: one task whose `migrate` must succeed before the service starts."""

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.database import PORT as DATABASE_PORT
from components.database import Database
from components.firewall import HTTPS_PORT, SecurityGroup, SecurityGroupArgs
from components.metrics import register_tasks
from components.observability_settings import TracesSettings
from components.place import ClusterPlace, LoadBalancerPlace, MetricsPlace, NetworkPlace
from components.rotation import Rotation
from components.service_settings import EVERYWHERE, ServiceSettings
from components.task import (
    METRICS_PORT,
    MIGRATE_TIMEOUT_SECONDS,
    ONE_OFF,
    PORT,
    TaskArgs,
    administration_task,
    named_commands,
    service_task,
)

HEALTH_CHECK_PATH = "/healthz"
GRACE_SECONDS = MIGRATE_TIMEOUT_SECONDS + 60
DRAIN_SECONDS = 30
LAST_PRIORITY = 50000  # a shared service's rule; tenants' own host names come before it


@dataclass(frozen=True, kw_only=True)
class ServiceArgs:
    """`tasks` has what the guide names as environment, and the owner's secret for `migrate` alone."""

    tasks: TaskArgs
    network: NetworkPlace
    database: Database
    load_balancer: LoadBalancerPlace
    cluster: ClusterPlace
    rotation: Rotation
    metrics: MetricsPlace | None
    traces: TracesSettings | None
    priority: int


class Service(ComponentResource):
    """Task definitions, a service that rolls back by itself, and its place behind the load balancer."""

    service_name: Output[str]
    target_group_suffix: Output[str]
    min_tasks: int
    task_definition_arn: Output[str]
    one_off_task_definition_arn: Output[str]
    security_group_id: Output[str]

    def __init__(self, name: str, args: ServiceArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Service", name, None, opts)
        tasks, child = args.tasks, ResourceOptions(parent=self)
        context, settings = tasks.context, tasks.settings
        target_group, rule = _route(name, args, child)
        security_group = _firewall(name, args, child)
        task_definition = service_task(name, tasks, child)
        service = aws.ecs.Service(
            f"{name}-service",
            name=f"{context.name}-{name}",
            cluster=args.cluster.arn,
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
                subnets=list(args.network.private_subnet_ids),
                security_groups=[security_group.id],
                assign_public_ip=False,
            ),
            load_balancers=[
                aws.ecs.ServiceLoadBalancerArgs(
                    target_group_arn=target_group.arn,
                    container_name=name,
                    container_port=PORT,
                )
            ],
            service_registries=_registry(name, args, child),
            propagate_tags="SERVICE",
            tags=context.tags("customer-data"),
            opts=ResourceOptions(
                parent=self,
                depends_on=[
                    rule,
                    security_group,
                    tasks.execution_role.policy,
                    tasks.task_role.policy,
                    args.rotation,
                    *args.network.ready,
                ],
                ignore_changes=["desiredCount"],  # autoscaling's own; `up` must not reset it
            ),
        )
        _autoscale(name, settings, args.cluster.name, service.name, child)
        self.service_name, self.target_group_suffix = service.name, target_group.arn_suffix
        self.min_tasks = settings.min_tasks
        self.security_group_id = security_group.id
        self.task_definition_arn = task_definition.arn
        self.one_off_task_definition_arn = named_commands(ONE_OFF, tasks, child).arn
        administration_task(tasks, child)
        self.register_outputs({"serviceName": self.service_name})


def _firewall(name: str, args: ServiceArgs, child: ResourceOptions) -> SecurityGroup:
    """In from the load balancer and the metrics' scraper, out to the database, AWS, an outside login and a receiver of
    spans.
    """
    group = SecurityGroup(
        name,
        SecurityGroupArgs(context=args.tasks.context, vpc_id=args.network.vpc_id, description="Tasks of the service"),
        child,
    )
    group.admit_group("load-balancer", args.load_balancer.security_group_id, PORT)
    for cidr_block in args.tasks.settings.metrics_cidr_blocks:
        group.admit_cidr_block(cidr_block, METRICS_PORT)
    if args.metrics is not None:
        group.admit_group("metrics-scraper", args.metrics.security_group_id, METRICS_PORT)
    group.allow_to(args.database.security_group, DATABASE_PORT)
    args.network.let_reach_aws(group)
    outside = bool(args.tasks.settings.login.issuer_url)
    if outside:
        group.reach_internet()
    # AWS refuses a second rule for the same block and port.
    if (traces := args.traces) and (traces.cidr_block, traces.port, outside) != (EVERYWHERE, HTTPS_PORT, True):
        group.reach_cidr_block(traces.cidr_block, traces.port)
    return group


def _registry(name: str, args: ServiceArgs, child: ResourceOptions) -> aws.ecs.ServiceServiceRegistriesArgs | None:
    """Where ECS keeps the addresses of the tasks, for a managed collector to find."""
    if args.metrics is None or args.metrics.workspace is None:
        return None
    arn = register_tasks(name, args.tasks.context, args.metrics.workspace, child)
    return aws.ecs.ServiceServiceRegistriesArgs(registry_arn=arn)


def _route(name: str, args: ServiceArgs, child: ResourceOptions) -> tuple[aws.lb.TargetGroup, aws.lb.ListenerRule]:
    """Requests for the host name, or for any where there is none, to the service's port; never to metrics."""
    protocol = "HTTPS" if args.tasks.settings.target_tls else "HTTP"
    target_group = aws.lb.TargetGroup(
        f"{name}-targets",
        vpc_id=args.network.vpc_id,
        target_type="ip",
        protocol=protocol,
        port=PORT,
        deregistration_delay=DRAIN_SECONDS,
        health_check=aws.lb.TargetGroupHealthCheckArgs(
            path=HEALTH_CHECK_PATH,
            protocol=protocol,
            matcher="200",
            interval=10,
            timeout=5,
            healthy_threshold=2,
            unhealthy_threshold=3,
        ),
        tags=args.tasks.context.tags(),
        opts=child,
    )
    host_name = args.tasks.settings.host_name
    condition = (
        aws.lb.ListenerRuleConditionArgs(host_header=aws.lb.ListenerRuleConditionHostHeaderArgs(values=[host_name]))
        if host_name
        else aws.lb.ListenerRuleConditionArgs(path_pattern=aws.lb.ListenerRuleConditionPathPatternArgs(values=["/*"]))
    )
    rule = aws.lb.ListenerRule(
        f"{name}-rule",
        listener_arn=args.load_balancer.listener_arn,
        priority=args.priority,
        conditions=[condition],
        actions=[aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=target_group.arn)],
        tags=args.tasks.context.tags(),
        opts=child,
    )
    return target_group, rule


def _autoscale(
    name: str,
    settings: ServiceSettings,
    cluster_name: Input[str],
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
