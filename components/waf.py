"""The web application firewall before the load balancer, and a log of it that holds no secret."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

import pulumi_aws as aws
from pulumi import ComponentResource, Input, ResourceOptions

from components.context import StackContext
from components.log_group import LogGroup, LogGroupArgs
from components.names import WAF_LOG_PREFIX
from components.waf_settings import ALWAYS_COUNTED, RULE_GROUPS, WafSettings

RATE_WINDOW_SECONDS: Final = 300
# Sessions and API tokens come in these; the query string brings what a login is ended with.
SECRET_HEADERS: Final = ("authorization", "cookie")

_Visibility = TypeVar("_Visibility")
_Choice = TypeVar("_Choice")


@dataclass(frozen=True, kw_only=True)
class WafArgs:
    context: StackContext
    settings: WafSettings
    load_balancer_arn: Input[str]
    logs_key_arn: Input[str]
    log_retention_days: int


class Waf(ComponentResource):
    """A web ACL on a load balancer: what no rule refuses is let through."""

    name: str
    log: LogGroup

    def __init__(self, name: str, args: WafArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Waf", name, None, opts)
        child = ResourceOptions(parent=self)
        self.name = args.context.name
        self.log = LogGroup(
            f"{name}-log",
            LogGroupArgs(
                context=args.context,
                name=f"{WAF_LOG_PREFIX}{args.context.name}",
                retention_days=args.log_retention_days,
                key_arn=args.logs_key_arn,
            ),
            child,
        )
        acl = aws.wafv2.WebAcl(
            f"{name}-acl",
            name=self.name,
            description="Before the load balancer",
            scope="REGIONAL",
            default_action=aws.wafv2.WebAclDefaultActionArgs(allow=aws.wafv2.WebAclDefaultActionAllowArgs()),
            rules=list(_rules(args.settings)),
            visibility_config=_measured(aws.wafv2.WebAclVisibilityConfigArgs, self.name),
            data_protection_config=_hide_secrets(),
            tags=args.context.tags(),
            opts=child,
        )
        # Before the association: nothing is refused without a line that says so.
        logging = aws.wafv2.WebAclLoggingConfiguration(
            f"{name}-logging",
            resource_arn=acl.arn,
            log_destination_configs=[self.log.arn],
            redacted_fields=_redacted(),
            opts=child,
        )
        aws.wafv2.WebAclAssociation(
            f"{name}-association",
            resource_arn=args.load_balancer_arn,
            web_acl_arn=acl.arn,
            opts=ResourceOptions(parent=self, depends_on=[logging]),
        )
        self.register_outputs({})


def _without(of: Callable[[], _Choice]) -> _Choice:
    """A choice with nothing more to say; pulumi-aws leaves the class's constructor without types."""
    return of()


def _measured(of: Callable[..., _Visibility], name: str) -> _Visibility:
    """Counted in CloudWatch; samples would show whole requests in the console, their cookies too."""
    return of(cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False)


# Types are named as text here: reading their module takes a quarter of a second, and few stacks have a firewall.
def _rules(settings: WafSettings) -> "Iterator[aws.wafv2.WebAclRuleArgs]":
    """The rate first, since what floods need not be looked at any further."""
    yield aws.wafv2.WebAclRuleArgs(
        name="rate-of-an-address",
        priority=0,
        action=aws.wafv2.WebAclRuleActionArgs(
            block=aws.wafv2.WebAclRuleActionBlockArgs(
                custom_response=aws.wafv2.WebAclRuleActionBlockCustomResponseArgs(response_code=429)
            )
        ),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            rate_based_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementArgs(
                aggregate_key_type="IP",
                evaluation_window_sec=RATE_WINDOW_SECONDS,
                limit=settings.requests_per_address,
            )
        ),
        visibility_config=_measured(aws.wafv2.WebAclRuleVisibilityConfigArgs, "rate-of-an-address"),
    )
    for priority, (group, names) in enumerate(RULE_GROUPS.items(), start=1):
        counted = [name for name in names if name in (ALWAYS_COUNTED, *settings.counted_rules)]
        yield aws.wafv2.WebAclRuleArgs(
            name=group,
            priority=priority,
            override_action=aws.wafv2.WebAclRuleOverrideActionArgs(
                none=_without(aws.wafv2.WebAclRuleOverrideActionNoneArgs)  # each rule of the group acts as AWS wrote it
            ),
            statement=aws.wafv2.WebAclRuleStatementArgs(
                managed_rule_group_statement=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs(
                    vendor_name="AWS",
                    name=group,
                    rule_action_overrides=[_count(name) for name in counted] or None,
                )
            ),
            visibility_config=_measured(aws.wafv2.WebAclRuleVisibilityConfigArgs, group),
        )


def _count(name: str) -> "aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs":
    return aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs(
        name=name,
        action_to_use=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs(
            count=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs()
        ),
    )


def _hide_secrets() -> "aws.wafv2.WebAclDataProtectionConfigArgs":
    """What a rule matched is logged too, and is a part of what a customer wrote or of what lets somebody in.

    Redaction covers only rules that look at exactly the redacted field; this covers whatever leaves the web ACL.
    Source: https://docs.aws.amazon.com/waf/latest/developerguide/data-protection-masking.html
    """
    protected: list[tuple[str, list[str] | None]] = [
        *(("SINGLE_HEADER", [header]) for header in SECRET_HEADERS),
        ("QUERY_STRING", None),
        ("BODY", None),
    ]
    return aws.wafv2.WebAclDataProtectionConfigArgs(
        data_protections=[
            aws.wafv2.WebAclDataProtectionConfigDataProtectionArgs(
                action="SUBSTITUTION",
                field=aws.wafv2.WebAclDataProtectionConfigDataProtectionFieldArgs(field_type=kind, field_keys=keys),
            )
            for kind, keys in protected
        ]
    )


def _redacted() -> "list[aws.wafv2.WebAclLoggingConfigurationRedactedFieldArgs]":
    field = aws.wafv2.WebAclLoggingConfigurationRedactedFieldArgs
    return [
        *(
            field(single_header=aws.wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs(name=header))
            for header in SECRET_HEADERS
        ),
        field(query_string=_without(aws.wafv2.WebAclLoggingConfigurationRedactedFieldQueryStringArgs)),
    ]
