"""Who is notified when a deploy does what would get at data, where no condition of AWS can tell it from a deployment.

docs/bootstrap.md says what a deploy could still do, and which of these tells of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from bootstrap.names import deploy_role
from components.context import StackContext
from components.log_group import LogGroup, LogGroupArgs
from components.permissions import Statement, policy_document
from components.role import Role, RoleArgs, from_own_account

LOG_GROUP: Final = "workbuoy-account-trail"
KEEP_DAYS: Final = 90  # the whole record is in the trail's bucket
NAMESPACE: Final = "workbuoy/account"


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Calls that one alarm is about; `by_anybody` where it matters whoever makes them.

    CloudTrail names some calls with their API's date: a `*` at the end stands for it.
    """

    name: str
    calls: Sequence[str]
    advice: str
    by_anybody: bool = False

    def pattern(self, role: str) -> str:
        """The filter in CloudWatch's grammar.

        Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
        """
        named = " || ".join(f'$.eventName = "{call}"' for call in self.calls)
        who = f'$.userIdentity.sessionContext.sessionIssuer.userName = "{role}"'
        return f"{{ ({named}) }}" if self.by_anybody else f"{{ ({who}) && ({named}) }}"


WATCHED: Final = (
    Watched(
        name="deploy-runs-functions",
        calls=("Invoke", "UpdateFunctionConfiguration*"),
        advice="The deploy role called a function, or changed one's role or settings. No release does the first; "
        "compare the second with the deployment that ran. docs/bootstrap.md, What a deploy could still do.",
    ),
    Watched(
        name="deploy-writes-secrets",
        calls=("UpdateSecret", "PutSecretValue", "TagResource"),
        advice="The deploy role changed a secret, or the tags of a key. Compare it with the deployment that ran. "
        "docs/bootstrap.md, What a deploy could still do.",
    ),
    Watched(
        name="deploy-opens-the-network",
        calls=(
            "AuthorizeSecurityGroupIngress",
            "ModifySecurityGroupRules",
            "CreateRoute",
            "ReplaceRoute",
            "AssociateRouteTable",
            "ReplaceRouteTableAssociation",
        ),
        advice="The deploy role opened a security group or made a route. A new stack does so; nothing else should. "
        "docs/bootstrap.md, What a deploy could still do.",
    ),
    Watched(
        name="deploy-opens-resources",
        calls=("PutBucketPolicy", "PutKeyPolicy", "PutResourcePolicy", "AddPermission*", "SetTopicAttributes"),
        advice="The deploy role changed who may reach a bucket, key, secret, function or topic. Compare it with the "
        "deployment that ran. docs/bootstrap.md, What a deploy could still do.",
    ),
    Watched(
        name="trust-changed",
        calls=("UpdateAssumeRolePolicy",),
        advice="Somebody changed who may take a role. Read the new trust in the trail: no account but this one. "
        "docs/bootstrap.md, What a deploy could still do.",
        by_anybody=True,
    ),
)


@dataclass(frozen=True, kw_only=True)
class WatchArgs:
    """`emails` are of those whom the budget tells too."""

    context: StackContext
    key_arn: Input[str]
    trail_arn: str
    emails: Sequence[str]
    watched: Sequence[Watched]


class Watch(ComponentResource):
    """The trail as a log, and an alarm for each group of calls."""

    log_group_arn: Output[str]
    delivery: Role

    def __init__(self, name: str, args: WatchArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:bootstrap:Watch", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        context = args.context
        group = LogGroup(
            name,
            LogGroupArgs(context=context, name=LOG_GROUP, retention_days=KEEP_DAYS, key_arn=args.key_arn),
            self._child,
        )
        self.delivery = Role(
            f"{name}-delivery",
            RoleArgs(
                context=context,
                description="CloudTrail writes the account's trail into its log",
                trusted_service="cloudtrail.amazonaws.com",
                trust_conditions={"StringEquals": {"aws:SourceArn": args.trail_arn}},
                statements=[group.write()],
            ),
            self._child,
        )
        self.log_group_arn = group.arn
        topic_arn = self._topic()
        for watched in args.watched:
            self._alarm(watched, group, topic_arn)
        self.register_outputs({})

    def _topic(self) -> Output[str]:
        context, name = self._args.context, f"{self._name}-alerts"
        topic = aws.sns.Topic(
            name,
            name=f"{context.name}-account-alerts",
            kms_master_key_id=self._args.key_arn,
            tags=context.tags(),
            opts=self._child,
        )
        publish = Statement(
            sid="PublishAlarms",
            actions=["sns:Publish"],
            resources=[topic.arn],
            principals={"Service": ["cloudwatch.amazonaws.com"]},
            conditions=from_own_account(context),
        )
        aws.sns.TopicPolicy(f"{name}-policy", arn=topic.arn, policy=policy_document([publish]), opts=self._child)
        for index, email in enumerate(self._args.emails):
            aws.sns.TopicSubscription(
                f"{name}-to-{index}", topic=topic.arn, protocol="email", endpoint=email, opts=self._child
            )
        return topic.arn

    def _alarm(self, watched: Watched, group: LogGroup, topic_arn: Output[str]) -> None:
        context = self._args.context
        aws.cloudwatch.LogMetricFilter(
            f"{self._name}-{watched.name}-calls",
            name=watched.name,
            log_group_name=group.name,
            pattern=watched.pattern(deploy_role(context.environment)),
            metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
                name=watched.name, namespace=NAMESPACE, value="1", default_value="0", unit="Count"
            ),
            opts=self._child,
        )
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-{watched.name}",
            name=f"{context.name}-account-{watched.name}",
            alarm_description=watched.advice,
            namespace=NAMESPACE,
            metric_name=watched.name,
            statistic="Sum",
            period=60,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            treat_missing_data="notBreaching",
            actions_enabled=True,
            alarm_actions=[topic_arn],
            tags=context.tags(),
            opts=self._child,
        )
