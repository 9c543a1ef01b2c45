"""ECS, Lambda, the load balancer and scaling: what runs the service and its rotation function."""

from bootstrap.rights import Rights
from bootstrap.scope import Scope
from components.permissions import Statement


def service_rights(scope: Scope) -> Rights:
    """Clusters, services, task definitions, functions, scaling. No task is run and no function called by a deploy."""
    things = scope.named(
        "ecs",
        "cluster/{}",
        "service/{}/*",
        *(
            f"task-definition/{{}}-{kind}:*"
            for kind in ("service", "one-off", "administration", "restore", "drill", "export")
        ),
    )
    functions = scope.named("lambda", "function:{}-rotation")
    targets = scope.arns("application-autoscaling", "scalable-target/*")
    return Rights(
        read=[
            Statement(
                sid="SeeServices",
                actions=[
                    "ecs:DescribeClusters",
                    "ecs:DescribeServiceDeployments",
                    "ecs:DescribeServiceRevisions",
                    "ecs:DescribeServices",
                    "ecs:ListServiceDeployments",
                    "ecs:ListTagsForResource",
                ],
                resources=[
                    *scope.named("ecs", "cluster/{}", "service/{}/*"),
                    *scope.arns("ecs", f"task-definition/workbuoy-{scope.environment}-*"),
                    *scope.named("ecs", "service-deployment/{}/*", "service-revision/{}/*"),
                ],
            ),
            Statement(
                sid="SeeDefinitionsAndScaling",
                actions=[
                    "application-autoscaling:DescribeScalableTargets",
                    "application-autoscaling:DescribeScalingPolicies",
                    "ecs:DescribeTaskDefinition",
                    "ecs:ListServices",
                    "ecs:ListTaskDefinitions",
                    "lambda:ListEventSourceMappings",
                ],
                resources=["*"],  # AWS knows no resource for these actions
            ),
            Statement(
                sid="ListTasks",
                actions=["ecs:ListTasks"],
                resources=["*"],  # its only resource are container instances, and Fargate has none
                conditions={"ArnLike": {"ecs:cluster": scope.named("ecs", "cluster/{}")}},
            ),
            Statement(
                sid="SeeTasks",
                actions=["ecs:DescribeTasks"],
                resources=scope.named("ecs", "task/{}/*"),
            ),
            Statement(sid="SeeScalingTags", actions=["application-autoscaling:ListTagsForResource"], resources=targets),
            Statement(
                sid="SeeFunctions",
                actions=[
                    "lambda:GetFunction",
                    "lambda:GetFunctionCodeSigningConfig",
                    "lambda:GetFunctionConfiguration",
                    "lambda:GetFunctionUrlConfig",
                    "lambda:GetPolicy",
                    "lambda:GetRuntimeManagementConfig",
                    "lambda:ListAliases",
                    "lambda:ListTags",
                    "lambda:ListVersionsByFunction",
                ],
                resources=functions,
            ),
        ],
        write=[
            Statement(
                sid="RunServices",
                actions=[
                    "ecs:CreateCluster",
                    "ecs:CreateService",
                    "ecs:DeleteCluster",
                    "ecs:DeleteService",
                    "ecs:DeleteTaskDefinitions",
                    "ecs:PutClusterCapacityProviders",
                    "ecs:RegisterTaskDefinition",
                    "ecs:TagResource",
                    "ecs:UntagResource",
                    "ecs:UpdateCluster",
                    "ecs:UpdateClusterSettings",
                    "ecs:UpdateService",
                ],
                resources=things,
            ),
            Statement(
                sid="RetireTaskDefinitions",
                actions=["ecs:DeregisterTaskDefinition"],
                resources=["*"],  # AWS knows no resource for this action
            ),
            Statement(
                sid="ScaleServices",
                actions=[
                    "application-autoscaling:DeleteScalingPolicy",
                    "application-autoscaling:DeregisterScalableTarget",
                    "application-autoscaling:PutScalingPolicy",
                    "application-autoscaling:RegisterScalableTarget",
                    "application-autoscaling:TagResource",
                    "application-autoscaling:UntagResource",
                ],
                resources=targets,
            ),
            Statement(
                sid="MakeFunctions",
                actions=[
                    "lambda:AddPermission",
                    "lambda:CreateFunction",
                    "lambda:DeleteFunction",
                    "lambda:PutRuntimeManagementConfig",
                    "lambda:RemovePermission",
                    "lambda:TagResource",
                    "lambda:UntagResource",
                    "lambda:UpdateFunctionCode",
                    "lambda:UpdateFunctionConfiguration",
                    # Secrets Manager asks whether who attaches a rotation function may call it.
                    "lambda:InvokeFunction",
                ],
                resources=functions,
            ),
        ],
    )


def balancers(scope: Scope) -> list[str]:
    """The stacks' load balancers, which the provider names after their logical name."""
    return scope.arns("elasticloadbalancing", "loadbalancer/app/load-balancer-*/*")


def balancer_rights(scope: Scope) -> Rights:
    """Load balancers and target groups, which the provider names after their logical names."""
    rest = scope.arns(
        "elasticloadbalancing",
        "listener/app/load-balancer-*/*/*",
        "listener-rule/app/load-balancer-*/*/*/*",
        "targetgroup/service-targets-*/*",
    )
    return Rights(
        read=[
            Statement(
                sid="SeeLoadBalancers",
                actions=[
                    f"elasticloadbalancing:Describe{what}"
                    for what in (
                        "CapacityReservation",
                        "ListenerAttributes",
                        "ListenerCertificates",
                        "Listeners",
                        "LoadBalancerAttributes",
                        "LoadBalancers",
                        "Rules",
                        "Tags",
                        "TargetGroupAttributes",
                        "TargetGroups",
                        "TargetHealth",
                    )
                ],
                resources=["*"],  # AWS knows no resource for these actions
            ),
            Statement(
                sid="SeeCertificates",
                actions=["acm:DescribeCertificate"],
                resources=scope.arns("acm", "certificate/*"),
            ),
        ],
        write=[
            Statement(
                sid="MakeLoadBalancers",
                actions=[
                    f"elasticloadbalancing:{what}"
                    for what in (
                        "AddListenerCertificates",
                        "AddTags",
                        "CreateListener",
                        "CreateLoadBalancer",
                        "CreateRule",
                        "CreateTargetGroup",
                        "DeleteListener",
                        "DeleteLoadBalancer",
                        "DeleteRule",
                        "DeleteTargetGroup",
                        "ModifyListener",
                        "ModifyListenerAttributes",
                        "ModifyLoadBalancerAttributes",
                        "ModifyRule",
                        "ModifyTargetGroup",
                        "ModifyTargetGroupAttributes",
                        "RemoveListenerCertificates",
                        "RemoveTags",
                        "SetIpAddressType",
                        "SetRulePriorities",
                        "SetSecurityGroups",
                        "SetSubnets",
                    )
                ],
                resources=[*balancers(scope), *rest],
            ),
        ],
    )
