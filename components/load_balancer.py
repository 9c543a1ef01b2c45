"""The door for users: a load balancer that speaks HTTPS and forwards only what a service's rule names."""

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.bucket import Bucket
from components.context import StackContext
from components.firewall import HTTPS_PORT, SecurityGroup, SecurityGroupArgs
from components.names import LOAD_BALANCER_LOG_PREFIX
from components.network import Network
from components.place import LoadBalancerPlace
from components.service_settings import ServiceSettings
from components.task import PORT as SERVICE_PORT
from components.waf import Waf, WafArgs

HTTP_PORT = 80
# TLS 1.3 and 1.2: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """Without a certificate it serves plain HTTP, which settings allow only where `permanent` is false."""

    context: StackContext
    settings: ServiceSettings
    network: Network
    log_bucket: Bucket
    logs_key_arn: Input[str]


class LoadBalancer(ComponentResource):
    """A public load balancer that answers 404 until a service adds a rule for its host name."""

    dns_name: Output[str]
    arn_suffix: Output[str]
    listener_arn: Output[str]
    security_group: SecurityGroup
    waf: Waf | None

    def __init__(self, name: str, args: LoadBalancerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:LoadBalancer", name, None, opts)
        context, child = args.context, ResourceOptions(parent=self)
        certificate_arn = args.settings.certificate_arn
        self._name, self._context, self._child = name, context, child
        self.security_group = SecurityGroup(
            name,
            SecurityGroupArgs(context=context, vpc_id=args.network.vpc_id, description="The load balancer"),
            opts=child,
        )
        for cidr_block in args.settings.allowed_cidr_blocks:
            for port in (HTTPS_PORT, HTTP_PORT) if certificate_arn else (HTTP_PORT,):
                self.security_group.admit_cidr_block(cidr_block, port)
        # Every service behind it lies there, and admits only this group in turn.
        for cidr_block in args.network.private_cidr_blocks:
            self.security_group.reach_cidr_block(cidr_block, SERVICE_PORT)
        balancer = aws.lb.LoadBalancer(
            f"{name}-alb",
            load_balancer_type="application",
            internal=False,
            subnets=list(args.network.public_subnet_ids),
            security_groups=[self.security_group.id],
            enable_deletion_protection=context.protected,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            idle_timeout=60,
            access_logs=aws.lb.LoadBalancerAccessLogsArgs(
                bucket=args.log_bucket.name, prefix=LOAD_BALANCER_LOG_PREFIX, enabled=True
            ),
            tags=context.tags(),
            # The load balancer writes a test object as soon as access logs are on.
            opts=ResourceOptions(parent=self, protect=context.protected, depends_on=[args.log_bucket.policy]),
        )
        self.listener_arn = self._listeners(balancer.arn, certificate_arn).arn
        self.dns_name, self.arn_suffix = balancer.dns_name, balancer.arn_suffix
        self.waf = self._waf(args, balancer.arn)
        self.register_outputs({"dnsName": self.dns_name})

    @property
    def place(self) -> LoadBalancerPlace:
        """This load balancer as the way in to services."""
        return LoadBalancerPlace(
            listener_arn=self.listener_arn,
            arn_suffix=self.arn_suffix,
            security_group_id=self.security_group.id,
            waf=self.waf,
        )

    def _waf(self, args: LoadBalancerArgs, balancer_arn: Output[str]) -> Waf | None:
        if args.settings.waf is None:
            return None
        return Waf(
            f"{self._name}-waf",
            WafArgs(
                context=args.context,
                settings=args.settings.waf,
                load_balancer_arn=balancer_arn,
                logs_key_arn=args.logs_key_arn,
                log_retention_days=args.settings.log_retention_days,
            ),
            self._child,
        )

    def _listeners(self, balancer_arn: Output[str], certificate_arn: str | None) -> aws.lb.Listener:
        """The listener that takes rules; with a certificate that is HTTPS, and plain HTTP only redirects to it."""
        unknown_host = aws.lb.ListenerDefaultActionArgs(
            type="fixed-response",
            fixed_response=aws.lb.ListenerDefaultActionFixedResponseArgs(
                content_type="text/plain", message_body="Not found", status_code="404"
            ),
        )
        if certificate_arn is None:
            return self._listener("http", balancer_arn, HTTP_PORT, unknown_host)
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
        return self._listener("https", balancer_arn, HTTPS_PORT, unknown_host, certificate_arn)

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
