"""CloudWatch and SNS: log groups, alarms, the dashboard and the topic. No line of a log."""

from bootstrap.rights import Rights
from bootstrap.scope import Scope
from components.names import WAF_LOG_PREFIX
from components.permissions import Statement


def watching_rights(scope: Scope) -> Rights:
    """Log groups with their metric filters and saved searches, alarms, dashboards, topics."""
    groups = [
        *scope.log_groups(),
        *scope.named(
            "logs",
            "log-group:/aws/rds/instance/{}-database/*",
            "log-group:/aws/vendedlogs/prometheus/{}*",
            f"log-group:{WAF_LOG_PREFIX}{{}}",
            f"log-group:{WAF_LOG_PREFIX}{{}}:*",
        ),
    ]
    alarms = scope.named("cloudwatch", "alarm:{}-*")
    dashboards = [
        f"arn:aws:cloudwatch::{scope.account_id}:dashboard/workbuoy-{scope.environment}{end}" for end in ("", "-*")
    ]
    topics = scope.named("sns", "{}-alarms")
    return Rights(
        read=[
            Statement(
                sid="ListLogGroups",
                actions=["logs:DescribeLogGroups", "logs:DescribeQueryDefinitions"],
                resources=["*"],  # AWS knows no resource for these actions
            ),
            Statement(
                sid="SeeLogGroups",
                actions=["logs:DescribeMetricFilters", "logs:DescribeSubscriptionFilters", "logs:ListTagsForResource"],
                resources=groups,
            ),
            Statement(
                sid="SeeAlarms",
                actions=["cloudwatch:DescribeAlarms", "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource"],
                # A listing names nothing: AWS then asks for every alarm.
                resources=[*scope.arns("cloudwatch", "alarm:*"), *dashboards],
            ),
            Statement(
                sid="SeeTopics",
                actions=[
                    "sns:GetSubscriptionAttributes",
                    "sns:GetTopicAttributes",
                    "sns:ListSubscriptionsByTopic",
                    "sns:ListTagsForResource",
                ],
                resources=[*topics, *(f"{topic}:*" for topic in topics)],
            ),
        ],
        write=[
            Statement(
                sid="SeeMetrics",  # a rollout looks whether what it has just deployed fails
                actions=["cloudwatch:GetMetricStatistics"],
                resources=["*"],  # AWS knows no resource for this action
            ),
            Statement(
                sid="ChangeReadLogs",  # the provider makes a version, and drops the oldest of five
                actions=["iam:CreatePolicyVersion", "iam:DeletePolicyVersion"],
                resources=scope.iam("policy/{}read-logs", "policy/{}*-read-logs"),
            ),
            Statement(
                sid="MakeLogGroups",
                actions=[
                    "logs:AssociateKmsKey",
                    "logs:CreateLogGroup",
                    "logs:DeleteLogGroup",
                    "logs:DeleteMetricFilter",
                    "logs:PutMetricFilter",
                    "logs:PutRetentionPolicy",
                    "logs:TagResource",
                    "logs:UntagResource",
                ],
                resources=groups,
            ),
            Statement(
                sid="SaveSearches",
                actions=["logs:DeleteQueryDefinition", "logs:PutQueryDefinition"],
                resources=["*"],  # AWS knows no resource for these actions
            ),
            Statement(
                sid="MakeAlarms",
                actions=[
                    "cloudwatch:DeleteAlarms",
                    "cloudwatch:DeleteDashboards",
                    "cloudwatch:PutDashboard",
                    "cloudwatch:PutMetricAlarm",
                    "cloudwatch:TagResource",
                    "cloudwatch:UntagResource",
                ],
                resources=[*alarms, *dashboards],
            ),
            Statement(
                sid="MakeTopics",
                actions=[
                    "sns:CreateTopic",
                    "sns:DeleteTopic",
                    "sns:SetTopicAttributes",
                    "sns:Subscribe",
                    "sns:TagResource",
                    "sns:Unsubscribe",
                    "sns:UntagResource",
                ],
                resources=topics,
            ),
        ],
    )
