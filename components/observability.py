"""Alarms with a person behind them, events of the database, saved searches and a dashboard."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.alarms import (
    Alarm,
    Metric,
    database_alarms,
    drill_alarms,
    log_namespace,
    own_alarms,
    service_alarms,
    waf_alarms,
)
from components.backup import copies_vault, own_vault
from components.backup_alarms import backup_alarms
from components.context import StackContext
from components.dashboard import dashboard_body
from components.database import Database
from components.encryption import MANAGED_PROMETHEUS
from components.logs import Logs
from components.observability_settings import ObservabilitySettings
from components.permissions import Statement, policy_document
from components.place import LoadBalancerPlace
from components.rotation import Rotation
from components.searches import SEARCHES
from components.service import Service

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
DATABASE_EVENT_CATEGORIES = ("backup", "failover", "failure", "low storage")


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    """What is watched, and by which key what it says is kept.

    The alert manager of `workspace_arn` publishes to the topic too. `copied_away` says that the stack has a copy of its
    backups out of reach.
    """

    context: StackContext
    settings: ObservabilitySettings
    key_arn: Input[str]
    database: Database
    load_balancer: LoadBalancerPlace
    service: Service
    rotation: Rotation
    logs: Logs
    workspace_arn: Input[str] | None
    copied_away: bool


class Observability(ComponentResource):
    """One topic that everything calls, and everything that calls it."""

    topic_arn: Output[str]
    topic_ready: aws.sns.TopicPolicy
    read_logs_policy_arn: Output[str]

    def __init__(self, name: str, args: ObservabilityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Observability", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        self.topic_arn, self.topic_ready = self._topic()
        self._database_events()
        self._measure_log_lines()
        alarms = self._alarms()
        alarm_arns = [self._alarm(alarm) for alarm in alarms]
        self._saved_searches()
        aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=args.context.name,
            dashboard_body=dashboard_body(args.context.region, alarms, alarm_arns),
            opts=self._child,
        )
        self.read_logs_policy_arn = self._operators_policy()
        self.register_outputs({"topicArn": self.topic_arn})

    def _alarms(self) -> list[Alarm]:
        args, settings = self._args, self._args.settings
        thresholds = settings.database_thresholds(args.database.allocated_storage_gib)
        return [
            *database_alarms(args.database.identifier, thresholds),
            *service_alarms(
                args.load_balancer.arn_suffix,
                args.service.target_group_suffix,
                settings.service_error_percent,
                settings.service_response_seconds,
                args.service.min_tasks,
                shared=args.load_balancer.shared,
            ),
            *(
                waf_alarms(waf.name, args.context.region, settings.waf_blocked_requests)
                if (waf := args.load_balancer.waf)
                else ()
            ),
            *own_alarms(args.context.name, args.rotation.function_name),
            *drill_alarms(args.context.name, settings.drill_within_days),
            *(
                backup_alarms(own_vault(args.context), copies_vault(args.context.account_id))
                if args.copied_away
                else ()
            ),
        ]

    def _topic(self) -> tuple[Output[str], aws.sns.TopicPolicy]:
        context = self._args.context
        topic = aws.sns.Topic(
            f"{self._name}-alarms",
            name=f"{context.name}-alarms",
            kms_master_key_id=self._args.key_arn,
            tags=context.tags(),
            opts=self._child,
        )
        publishers = ["cloudwatch.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com"]
        policy = aws.sns.TopicPolicy(
            f"{self._name}-alarms-policy",
            arn=topic.arn,
            policy=policy_document(
                [
                    Statement(
                        sid="PublishAlarmsAndEvents",
                        actions=["sns:Publish"],
                        resources=[topic.arn],
                        principals={"Service": publishers},
                        conditions={"StringEquals": {"aws:SourceAccount": context.account_id}},
                    ),
                    *_let_alert_manager_publish(context, topic.arn, self._args.workspace_arn),
                ]
            ),
            opts=self._child,
        )
        for index, email in enumerate(self._args.settings.alarm_emails):
            aws.sns.TopicSubscription(
                f"{self._name}-alarms-to-{index}",
                topic=topic.arn,
                protocol="email",
                endpoint=email,
                opts=self._child,
            )
        return topic.arn, policy

    def _database_events(self) -> None:
        aws.rds.EventSubscription(
            f"{self._name}-database-events",
            name=f"{self._args.context.name}-database",
            sns_topic=self.topic_arn,
            source_type="db-instance",
            source_ids=[self._args.database.identifier],
            event_categories=list(DATABASE_EVENT_CATEGORIES),
            tags=self._args.context.tags(),
            opts=ResourceOptions(parent=self, depends_on=[self.topic_ready]),
        )

    def _measure_log_lines(self) -> None:
        """What the service logs is counted; of its sweeper, every minute, what is owed and what stands frozen.

        Source: app/workbuoy_app/sweeper.py
        """
        self._log_metric("error-lines", "ErrorLines", '{ $.level = "error" }', default_value="0")
        age = "$.oldest_age_seconds"
        self._log_metric("owed-deletions", "OwedDeletionAge", f"{{ {age} > 0 }}", value=age, unit="Seconds")
        self._log_metric("standing-freezes", "StandingFreezes", "{ $.frozen_seconds > 0 }")

    def _log_metric(
        self,
        name: str,
        metric: str,
        pattern: str,
        *,
        value: str = "1",
        unit: str = "Count",
        default_value: str | None = None,
    ) -> None:
        aws.cloudwatch.LogMetricFilter(
            f"{self._name}-{name}",
            name=name,
            log_group_name=self._args.logs.service.name,
            pattern=pattern,
            metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
                name=metric,
                namespace=log_namespace(self._args.context.name),
                value=value,
                default_value=default_value,
                unit=unit,
            ),
            opts=self._child,
        )

    def _alarm(self, alarm: Alarm) -> Output[str]:
        context = self._args.context
        measure = _single(alarm.metric, alarm.period_seconds) if alarm.metric else {"metric_queries": _queries(alarm)}
        return aws.cloudwatch.MetricAlarm(
            f"{self._name}-{alarm.name}",
            name=f"{context.name}-{alarm.name}",
            alarm_description=f"{alarm.advice} Saved search: {alarm.search}. "
            f"Runbook: {self._args.settings.runbook(alarm.name)}",
            comparison_operator="GreaterThanThreshold" if alarm.comparison == "above" else "LessThanThreshold",
            threshold=alarm.threshold,
            evaluation_periods=alarm.datapoints,
            datapoints_to_alarm=alarm.datapoints,
            treat_missing_data=alarm.missing_data,
            actions_enabled=True,
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            tags=context.tags(),
            opts=self._child,
            **measure,
        ).arn

    def _saved_searches(self) -> None:
        """Searches that appear in CloudWatch Logs Insights under the stack's name."""
        waf = self._args.load_balancer.waf
        logs = {
            "service": self._args.logs.service,
            "rotation": self._args.logs.rotation,
            "database": self._args.database.messages_log,
            **({"waf": waf.log} if waf else {}),
        }
        for search in (one for one in SEARCHES if one.log in logs):
            aws.cloudwatch.QueryDefinition(
                f"{self._name}-search-{search.title.replace(' ', '-')}",
                name=f"{self._args.context.name}/{search.title}",
                query_string=search.query,
                log_group_names=[logs[search.log].name],
                opts=self._child,
            )

    def _operators_policy(self) -> Output[str]:
        """The only document that grants reading logs; it is attached to the operators' role, which needs MFA."""
        context, waf = self._args.context, self._args.load_balancer.waf
        return aws.iam.Policy(
            f"{self._name}-operators",
            name=f"{context.name}-read-logs",
            description="Lets operators, and nobody else, read this stack's logs",
            policy=policy_document(
                [
                    self._args.logs.service.read("ReadServiceLog"),
                    self._args.logs.rotation.read("ReadRotationLog"),
                    *([waf.log.read("ReadWafLog")] if waf else []),
                    Statement(
                        sid="FindLogsAndSearches",
                        actions=["logs:DescribeLogGroups", "logs:DescribeQueryDefinitions"],
                        resources=["*"],  # AWS knows no resource for these actions
                    ),
                ]
            ),
            tags=context.tags(),
            opts=self._child,
        ).arn


def _let_alert_manager_publish(
    context: StackContext, topic_arn: Input[str], workspace_arn: Input[str] | None
) -> list[Statement]:
    """The alert manager of one workspace, where there is one.

    Source: https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-alertmanager-receiver-AMPpermission.html
    """
    if workspace_arn is None:
        return []
    return [
        Statement(
            sid="PublishAlerts",
            actions=["sns:GetTopicAttributes", "sns:Publish"],
            resources=[topic_arn],
            principals={"Service": [MANAGED_PROMETHEUS]},
            conditions={
                "ArnEquals": {"aws:SourceArn": workspace_arn},
                "StringEquals": {"aws:SourceAccount": context.account_id},
            },
        )
    ]


def _is_percentile(statistic: str) -> bool:
    return statistic.startswith("p") and statistic[1:].isdigit()


def _single(metric: Metric, period_seconds: int) -> dict[str, object]:
    statistic = "extended_statistic" if _is_percentile(metric.statistic) else "statistic"
    return {
        "namespace": metric.namespace,
        "metric_name": metric.name,
        "dimensions": metric.dimensions,
        "period": period_seconds,
        statistic: metric.statistic,
    }


def _queries(alarm: Alarm) -> Sequence[aws.cloudwatch.MetricAlarmMetricQueryArgs]:
    result = aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id="result", label=alarm.name, expression=alarm.expression, return_data=True
    )
    return [
        result,
        *(
            aws.cloudwatch.MetricAlarmMetricQueryArgs(
                id=query_id,
                metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                    namespace=metric.namespace,
                    metric_name=metric.name,
                    dimensions=metric.dimensions,
                    period=alarm.period_seconds,
                    stat=metric.statistic,
                ),
            )
            for query_id, metric in alarm.metrics.items()
        ),
    ]
