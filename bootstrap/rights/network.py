"""EC2's network: its things have ids instead of names, so that account and region are all that a statement can name."""

from bootstrap.rights import Rights
from bootstrap.scope import Scope
from components.permissions import Statement

_THINGS = (
    "elastic-ip",
    "internet-gateway",
    "natgateway",
    "prefix-list",
    "route-table",
    "security-group",
    "security-group-rule",
    "subnet",
    "vpc",
    "vpc-endpoint",
    "vpc-flow-log",
)


def network_rights(scope: Scope) -> Rights:
    """VPC, subnets, routes, gateways, endpoints, security groups and flow logs."""
    things = scope.arns("ec2", *(f"{thing}/*" for thing in _THINGS))
    return Rights(
        read=[
            Statement(
                sid="SeeNetwork",
                actions=[
                    "ec2:DescribeAccountAttributes",
                    "ec2:DescribeAddresses",
                    "ec2:DescribeAddressesAttribute",
                    "ec2:DescribeAvailabilityZones",
                    "ec2:DescribeFlowLogs",
                    "ec2:DescribeInternetGateways",
                    "ec2:DescribeManagedPrefixLists",
                    "ec2:DescribeNatGateways",
                    "ec2:DescribeNetworkAcls",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribePrefixLists",
                    "ec2:DescribeRouteTables",
                    "ec2:DescribeSecurityGroupRules",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeTags",
                    "ec2:DescribeVpcEndpointServices",
                    "ec2:DescribeVpcEndpoints",
                    "ec2:DescribeVpcPeeringConnections",
                    "ec2:DescribeVpcs",
                ],
                resources=["*"],  # AWS knows no resource for these actions
            ),
            Statement(
                sid="SeeNetworkDetails",
                actions=["ec2:DescribeVpcAttribute", "ec2:GetManagedPrefixListEntries"],
                resources=[
                    *scope.arns("ec2", "vpc/*", "prefix-list/*"),
                    "arn:aws:ec2:*:aws:prefix-list/*",  # AWS's own, such as S3's
                ],
            ),
        ],
        write=[
            Statement(
                sid="MakeNetwork",
                actions=[
                    "ec2:AllocateAddress",
                    "ec2:AssociateAddress",
                    "ec2:AssociateRouteTable",
                    "ec2:AttachInternetGateway",
                    "ec2:AuthorizeSecurityGroupEgress",
                    "ec2:AuthorizeSecurityGroupIngress",
                    "ec2:CreateFlowLogs",
                    "ec2:CreateInternetGateway",
                    "ec2:CreateNatGateway",
                    "ec2:CreateRoute",
                    "ec2:CreateRouteTable",
                    "ec2:CreateSecurityGroup",
                    "ec2:CreateSubnet",
                    "ec2:CreateTags",
                    "ec2:CreateVpc",
                    "ec2:CreateVpcEndpoint",
                    "ec2:DeleteTags",
                ],
                resources=things,
            ),
            Statement(
                sid="ChangeNetwork",
                actions=[
                    "ec2:DeleteFlowLogs",
                    "ec2:DeleteInternetGateway",
                    "ec2:DeleteNatGateway",
                    "ec2:DeleteRoute",
                    "ec2:DeleteRouteTable",
                    "ec2:DeleteSecurityGroup",
                    "ec2:DeleteSubnet",
                    "ec2:DeleteVpc",
                    "ec2:DeleteVpcEndpoints",
                    "ec2:DetachInternetGateway",
                    "ec2:DisassociateAddress",
                    "ec2:DisassociateRouteTable",
                    "ec2:ModifySecurityGroupRules",
                    "ec2:ModifySubnetAttribute",
                    "ec2:ModifyVpcAttribute",
                    "ec2:ModifyVpcEndpoint",
                    "ec2:ReleaseAddress",
                    "ec2:ReplaceRoute",
                    "ec2:ReplaceRouteTableAssociation",
                    "ec2:RevokeSecurityGroupEgress",
                    "ec2:RevokeSecurityGroupIngress",
                    "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
                    "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
                ],
                resources=things,
            ),
            ending_of_interfaces(scope),
        ],
    )


def ending_of_interfaces(scope: Scope) -> Statement:
    """What Lambda leaves of a function that is gone, and moto never makes: its group and subnets go only after it.

    The provider waits until nobody uses them and deletes them; they have neither tags nor data.
    Source: https://github.com/hashicorp/terraform-provider-aws, internal/service/ec2/vpc_network_interface.go
    """
    return Statement(
        sid="EndInterfacesOfFunctions",
        actions=["ec2:DeleteNetworkInterface"],
        resources=scope.arns("ec2", "network-interface/*"),
    )
