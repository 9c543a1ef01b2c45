"""A customer's own certificate on a listener that several services share."""

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, ResourceOptions


@dataclass(frozen=True, kw_only=True)
class ListenerCertificateArgs:
    listener_arn: Input[str]
    certificate_arn: str


class ListenerCertificate(ComponentResource):
    """The listener chooses it by the name that the browser asks for, beside its own default one.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html
    """

    def __init__(self, name: str, args: ListenerCertificateArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:ListenerCertificate", name, None, opts)
        aws.lb.ListenerCertificate(
            f"{name}-on-listener",
            listener_arn=args.listener_arn,
            certificate_arn=args.certificate_arn,
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})
