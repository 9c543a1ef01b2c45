"""AWS WAF: the stacks' web ACLs by name, before their load balancers, with a log.

Source of what logging and association ask for besides: https://docs.aws.amazon.com/waf/latest/developerguide/
logging-cw-logs.html and https://docs.aws.amazon.com/service-authorization/latest/reference/list_awswafv2.html
"""

from bootstrap.rights import Rights
from bootstrap.rights.service import balancers
from bootstrap.scope import Scope
from components.permissions import Statement


def waf_rights(scope: Scope) -> Rights:
    """Web ACLs out of AWS's own groups of rules; none of another scope, and no group of one's own."""
    acls = scope.named("wafv2", "regional/webacl/{}/*")
    groups = scope.arns("wafv2", "regional/managedruleset/*/*")
    return Rights(
        read=[
            Statement(
                sid="SeeWebAcls",
                actions=[
                    "wafv2:GetLoggingConfiguration",
                    "wafv2:GetWebACL",
                    "wafv2:GetWebACLForResource",
                    "wafv2:ListTagsForResource",
                ],
                # Which one stands before a load balancer is asked without its name.
                resources=[*scope.arns("wafv2", "regional/webacl/*/*"), *balancers(scope)],
            ),
            Statement(
                sid="SeeWhoMayWriteLogs",
                actions=["logs:DescribeResourcePolicies"],
                resources=["*"],  # AWS knows no resource for this action
            ),
        ],
        write=[
            Statement(
                sid="MakeWebAcls",
                actions=[
                    "wafv2:CreateWebACL",
                    "wafv2:DeleteLoggingConfiguration",
                    "wafv2:DeleteWebACL",
                    "wafv2:PutLoggingConfiguration",
                    "wafv2:TagResource",
                    "wafv2:UntagResource",
                    "wafv2:UpdateWebACL",
                ],
                resources=[*acls, *groups],
            ),
            Statement(
                sid="PlaceWebAcls",
                actions=["wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"],
                resources=[*acls, *balancers(scope)],
            ),
            Statement(
                sid="LetWebAclsServeAndLog",
                actions=[
                    "elasticloadbalancing:SetWebACL",
                    # WAF writes the policy by which it may write to the log, in the caller's name.
                    "logs:CreateLogDelivery",
                    "logs:DeleteLogDelivery",
                    "logs:PutResourcePolicy",
                ],
                resources=["*"],  # AWS knows no resource for these actions
            ),
        ],
    )
