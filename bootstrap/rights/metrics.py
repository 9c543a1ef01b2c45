"""Managed Prometheus and Cloud Map: whose things have ids instead of names, and tags that say whose they are."""

from bootstrap.rights import Rights
from bootstrap.scope import Scope
from components.permissions import Condition, Statement


def metrics_rights(scope: Scope) -> Rights:
    """Workspaces, their rules and alert manager, collectors, private domains. No series is read or written."""
    workspaces, scrapers = scope.arns("aps", "workspace/*"), scope.arns("aps", "scraper/*")
    rules = scope.named("aps", "rulegroupsnamespace/*/{}")
    names = scope.arns("servicediscovery", "namespace/*", "service/*")
    new = scope.made_as_a_stacks
    by_aws: Condition = {"Bool": {"aws:ViaAWSService": "true"}}  # never the role by itself
    return Rights(
        read=[
            Statement(
                sid="SeeMetrics",
                actions=[
                    "aps:DescribeAlertManagerDefinition",
                    "aps:DescribeLoggingConfiguration",
                    "aps:DescribeRuleGroupsNamespace",
                    "aps:DescribeScraper",
                    "aps:DescribeWorkspace",
                    "aps:ListTagsForResource",
                ],
                resources=[*workspaces, *scrapers, *rules],
            ),
            Statement(
                sid="SeeNames",
                actions=[
                    "servicediscovery:GetNamespace",
                    "servicediscovery:GetOperation",
                    "servicediscovery:GetService",
                ],
                resources=names,
            ),
            Statement(
                sid="ListMetricsAndNames",
                actions=[
                    "aps:ListScrapers",
                    "aps:ListWorkspaces",
                    "servicediscovery:ListNamespaces",
                    "servicediscovery:ListServices",
                    "servicediscovery:ListTagsForResource",
                ],
                resources=["*"],  # AWS knows no resource for these actions
            ),
        ],
        write=[
            Statement(
                sid="MakeWorkspacesAndDomains",
                actions=[
                    "aps:CreateWorkspace",
                    "servicediscovery:CreatePrivateDnsNamespace",
                    "servicediscovery:TagResource",
                ],
                resources=["*"],  # AWS knows no resource for these actions
                conditions=new,
            ),
            Statement(
                sid="UntagNames",
                actions=["servicediscovery:UntagResource"],
                resources=["*"],  # AWS knows no resource for this action
            ),
            Statement(sid="MakeRules", actions=["aps:CreateRuleGroupsNamespace"], resources=rules, conditions=new),
            Statement(
                sid="MakeCollectors",
                actions=["aps:CreateScraper"],
                resources=workspaces,
                conditions={"StringEquals": {**new["StringEquals"], **scope.of_a_stack["StringEquals"]}},
            ),
            Statement(
                sid="TagMetrics",
                actions=["aps:TagResource", "aps:UntagResource"],
                resources=[*workspaces, *scrapers, *rules],
                conditions=scope.of_a_stack,
            ),
            Statement(
                sid="ChangeMetrics",
                actions=[
                    "aps:CreateAlertManagerDefinition",
                    "aps:CreateLoggingConfiguration",
                    "aps:DeleteAlertManagerDefinition",
                    "aps:DeleteLoggingConfiguration",
                    "aps:DeleteScraper",
                    "aps:DeleteWorkspace",
                    "aps:PutAlertManagerDefinition",
                    "aps:UpdateLoggingConfiguration",
                    "aps:UpdateScraper",
                    "aps:UpdateWorkspaceAlias",
                ],
                resources=[*workspaces, *scrapers],
                conditions=scope.of_a_stack,
            ),
            Statement(
                sid="ChangeRules",
                actions=["aps:DeleteRuleGroupsNamespace", "aps:PutRuleGroupsNamespace"],
                resources=rules,
            ),
            Statement(
                sid="ChangeNames",
                actions=[
                    "servicediscovery:CreateService",
                    "servicediscovery:DeleteNamespace",
                    "servicediscovery:DeleteService",
                    "servicediscovery:UpdatePrivateDnsNamespace",
                    "servicediscovery:UpdateService",
                ],
                resources=names,
            ),
            Statement(
                # https://docs.aws.amazon.com/cloud-map/latest/dg/cloud-map-api-permissions-ref.html
                sid="LetCloudMapKeepDomains",
                actions=[
                    "ec2:DescribeRegions",
                    "route53:CreateHostedZone",
                    "route53:DeleteHostedZone",
                    "route53:GetHostedZone",
                    "route53:ListHostedZonesByName",
                ],
                resources=["*"],  # AWS knows no resource for the first two; the rest is Cloud Map's own zones
                conditions=by_aws,
            ),
            Statement(
                sid="LetPrometheusDeliverLogs",  # it writes the log group's policy with its caller's rights
                actions=[
                    "logs:CreateLogDelivery",
                    "logs:DeleteLogDelivery",
                    "logs:DescribeResourcePolicies",
                    "logs:GetLogDelivery",
                    "logs:ListLogDeliveries",
                    "logs:PutResourcePolicy",
                    "logs:UpdateLogDelivery",
                ],
                resources=["*"],  # AWS knows no resource for these actions
                conditions=by_aws,
            ),
        ],
    )


def ending_of_metrics(scope: Scope) -> list[Statement]:
    """What a customer's own stack has of it: rules, a collector, a name. The rest is its base's."""
    return [
        Statement(
            sid="EndRules",
            actions=["aps:DeleteRuleGroupsNamespace"],
            resources=scope.named("aps", "rulegroupsnamespace/*/{}"),
        ),
        Statement(
            sid="EndCollectors",
            actions=["aps:DeleteScraper"],
            resources=scope.arns("aps", "scraper/*"),
            conditions=scope.of_a_stack,
        ),
        Statement(
            sid="EndNames",
            actions=["servicediscovery:DeleteService"],
            resources=scope.arns("servicediscovery", "service/*"),
        ),
    ]
