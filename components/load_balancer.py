"""The door for users: a load balancer that speaks HTTPS and forwards to the service's port alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions

from components.context import StackContext
from components.files import LOAD_BALANCER_LOG_PREFIX
from components.firewall import HTTPS_PORT, SecurityGroup, SecurityGroupArgs
from components.settings import CidrBlock

HTTP_PORT = 80
# TLS 1.3 and 1.2: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
DRAIN_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """Without a certificate it serves plain HTTP, which settings allow only where `permanent` is false."""

    context: StackContext
    vpc_id: Input[str]
    subnet_ids: Sequence[Input[str]]
    allowed_cidr_blocks: Sequence[CidrBlock]
    certificate_arn: str | None
    target_port: int
    health_check_path: str
    log_bucket_name: Input[str]
    log_bucket_ready: Sequence[Resource]


class LoadBalancer(ComponentResource):
    """A public load balancer, its listeners and the group of targets behind them."""

    dns_name: Output[str]
    arn_suffix: Output[str]
    target_group_arn: Output[str]
    target_group_suffix: Output[str]
    security_group: SecurityGroup
    listener: aws.lb.Listener

    def __init__(self, name: str, args: LoadBalancerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:LoadBalancer", name, None, opts)
        context, child = args.context, ResourceOptions(parent=self)
        self._name, self._context, self._child = name, context, child
        self.security_group = SecurityGroup(
            name,
            SecurityGroupArgs(context=context, vpc_id=args.vpc_id, description="The load balancer"),
            opts=child,
        )
        for cidr_block in args.allowed_cidr_blocks:
            for port in (HTTPS_PORT, HTTP_PORT) if args.certificate_arn else (HTTP_PORT,):
                self.security_group.admit_cidr_block(cidr_block, port)
        balancer = aws.lb.LoadBalancer(
            f"{name}-alb",
            load_balancer_type="application",
            internal=False,
            subnets=list(args.subnet_ids),
            security_groups=[self.security_group.id],
            enable_deletion_protection=context.permanent,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            idle_timeout=60,
            access_logs=aws.lb.LoadBalancerAccessLogsArgs(
                bucket=args.log_bucket_name, prefix=LOAD_BALANCER_LOG_PREFIX, enabled=True
            ),
            tags=context.tags(),
            # The load balancer writes a test object as soon as access logs are on.
            opts=ResourceOptions(parent=self, protect=context.permanent, depends_on=list(args.log_bucket_ready)),
        )
        target_group = aws.lb.TargetGroup(
            f"{name}-targets",
            vpc_id=args.vpc_id,
            target_type="ip",
            protocol="HTTP",
            port=args.target_port,
            deregistration_delay=DRAIN_SECONDS,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                path=args.health_check_path,
                matcher="200",
                interval=10,
                timeout=5,
                healthy_threshold=2,
                unhealthy_threshold=3,
            ),
            tags=context.tags(),
            opts=child,
        )
        self.listener = self._listeners(balancer.arn, target_group.arn, args.certificate_arn)
        self.dns_name, self.arn_suffix = balancer.dns_name, balancer.arn_suffix
        self.target_group_arn, self.target_group_suffix = target_group.arn, target_group.arn_suffix
        self.register_outputs({"dnsName": self.dns_name})

    def _listeners(
        self, balancer_arn: Output[str], target_group_arn: Output[str], certificate_arn: str | None
    ) -> aws.lb.Listener:
        """The listener that forwards; with a certificate that is HTTPS, and plain HTTP only redirects to it."""
        forward = aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=target_group_arn)
        if certificate_arn is None:
            return self._listener("http", balancer_arn, HTTP_PORT, forward)
        self._listener(
            "http",
            balancer_arn,
            HTTP_PORT,
            aws.lb.ListenerDefaultActionArgs(
                type="redirect",
                redirect=aws.lb.ListenerDefaultActionRedirectArgs(
                    protocol="HTTPS", port=str(HTTPS_PORT), status_code="HTTP_301"
                ),
            ),
        )
        return self._listener("https", balancer_arn, HTTPS_PORT, forward, certificate_arn)

    def _listener(
        self,
        kind: str,
        balancer_arn: Output[str],
        port: int,
        action: aws.lb.ListenerDefaultActionArgs,
        certificate_arn: str | None = None,
    ) -> aws.lb.Listener:
        return aws.lb.Listener(
            f"{self._name}-{kind}",
            load_balancer_arn=balancer_arn,
            port=port,
            protocol="HTTPS" if certificate_arn else "HTTP",
            certificate_arn=certificate_arn,
            ssl_policy=TLS_POLICY if certificate_arn else None,
            default_actions=[action],
            tags=self._context.tags(),
            opts=self._child,
        )
