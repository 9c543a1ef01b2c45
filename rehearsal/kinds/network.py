"""EC2's networks: VPC, subnets, gateways, routes, endpoints, flow logs."""

from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import (
    IN_PROVIDER,
    JSON,
    NOT_HELD,
    Call,
    Change,
    F,
    Form,
    Kind,
    Out,
    Read,
    ec2_tags,
    unchecked,
)

_ARN = "arn:aws:ec2:{region}:{account}:"


def _vpc_attribute(name: str) -> tuple[Call, Read]:
    lower = name[0].lower() + name[1:]
    return (
        Call("modify_vpc_attribute", {"VpcId": "$id"}, name=lower),
        Read(
            "describe_vpc_attribute",
            {"VpcId": "$id", "Attribute": lower},
            pick=f"{name}.Value",
            into=name,
            when=lower,
        ),
    )


_HOSTNAMES, _READ_HOSTNAMES = _vpc_attribute("EnableDnsHostnames")
_SUPPORT, _READ_SUPPORT = _vpc_attribute("EnableDnsSupport")
_METRICS, _READ_METRICS = _vpc_attribute("EnableNetworkAddressUsageMetrics")

VPC = Kind(
    type_=t.VPC,
    service="ec2",
    calls=(Call("create_vpc"), _HOSTNAMES, _SUPPORT, _METRICS),
    fields={
        "cidrBlock": F("CidrBlock"),
        "instanceTenancy": F("InstanceTenancy"),
        "enableDnsHostnames": F("EnableDnsHostnames.Value", "EnableDnsHostnames", call="enableDnsHostnames"),
        "enableDnsSupport": F("EnableDnsSupport.Value", "EnableDnsSupport", call="enableDnsSupport"),
        "enableNetworkAddressUsageMetrics": F(
            "EnableNetworkAddressUsageMetrics.Value",
            "EnableNetworkAddressUsageMetrics",
            call="enableNetworkAddressUsageMetrics",
        ),
        "assignGeneratedIpv6CidrBlock": F(
            "AmazonProvidedIpv6CidrBlock", "length(Ipv6CidrBlockAssociationSet || `[]`) > `0`"
        ),
        "tags": ec2_tags("vpc"),
    },
    reads=(Read("describe_vpcs", pick="Vpcs", index="VpcId"), _READ_HOSTNAMES, _READ_SUPPORT, _READ_METRICS),
    document="$made.Vpc",
    id="$document.VpcId",
    made_up_id="vpc-{hex}",
    outputs={
        "arn": _ARN + "vpc/{id}",
        "ownerId": "{account}",
    },
)
SUBNET = Kind(
    type_=t.SUBNET,
    service="ec2",
    calls=(
        Call("create_subnet"),
        Call("modify_subnet_attribute", {"SubnetId": "$id"}, name="publicIp"),
        Call("modify_subnet_attribute", {"SubnetId": "$id"}, name="ipv6"),
    ),
    fields={
        "vpcId": F("VpcId"),
        "cidrBlock": F("CidrBlock"),
        "ipv6CidrBlock": F("Ipv6CidrBlock", "Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock"),
        "availabilityZone": F("AvailabilityZone"),
        "availabilityZoneId": F("AvailabilityZoneId"),
        "mapPublicIpOnLaunch": F("MapPublicIpOnLaunch.Value", "MapPublicIpOnLaunch", call="publicIp"),
        "assignIpv6AddressOnCreation": F(
            "AssignIpv6AddressOnCreation.Value", "AssignIpv6AddressOnCreation", call="ipv6"
        ),
        "privateDnsHostnameTypeOnLaunch": unchecked(NOT_HELD),
        "tags": ec2_tags("subnet"),
    },
    reads=(Read("describe_subnets", pick="Subnets", index="SubnetId"),),
    document="$made.Subnet",
    id="$document.SubnetId",
    made_up_id="subnet-{hex}",
    outputs={
        "arn": _ARN + "subnet/{id}",
        "ownerId": "{account}",
        "availabilityZone": Out("AvailabilityZone", "{region}a"),
        "availabilityZoneId": Out("AvailabilityZoneId", "use1-az1"),
        "cidrBlock": Out("CidrBlock", "$properties.cidrBlock"),
    },
)

INTERNET_GATEWAY = Kind(
    type_=t.INTERNET_GATEWAY,
    service="ec2",
    calls=(
        Call("create_internet_gateway"),
        Call("attach_internet_gateway", {"InternetGatewayId": "$id"}, name="attach"),
    ),
    fields={"vpcId": F("VpcId", "Attachments[0].VpcId", call="attach"), "tags": ec2_tags("internet-gateway")},
    reads=(Read("describe_internet_gateways", pick="InternetGateways", index="InternetGatewayId"),),
    deletes=(
        Change("detach_internet_gateway", params={"InternetGatewayId": "$id", "VpcId": "$vpcId"}),
        Change("delete_internet_gateway"),
    ),
    document="$made.InternetGateway",
    id="$document.InternetGatewayId",
    made_up_id="igw-{hex}",
    outputs={"arn": _ARN + "internet-gateway/{id}", "ownerId": "{account}"},
)

ROUTE_TABLE = Kind(
    type_=t.ROUTE_TABLE,
    service="ec2",
    calls=(Call("create_route_table"),),
    fields={"vpcId": F("VpcId"), "tags": ec2_tags("route-table")},
    reads=(Read("describe_route_tables", pick="RouteTables", index="RouteTableId"),),
    document="$made.RouteTable",
    id="$document.RouteTableId",
    made_up_id="rtb-{hex}",
    outputs={"arn": _ARN + "route-table/{id}", "ownerId": "{account}"},
)


def _routes(response: dict[str, Any]) -> list[dict[str, Any]]:
    """Every route with its table's id and the key that tells it from others."""
    return [
        {**route, "RouteTableId": table["RouteTableId"], "Key": (table["RouteTableId"], _destination(route))}
        for table in response["RouteTables"]
        for route in table["Routes"]
    ]


def _destination(route: dict[str, Any]) -> Any:
    names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    return next((route[name] for name in names if route.get(name)), None)


def _route_key(values: dict[str, Any]) -> tuple[str, Any]:
    names = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
    return values["routeTableId"], next((values[name] for name in names if values.get(name)), None)


_DESTINATION = {
    "DestinationCidrBlock": "$destinationCidrBlock",
    "DestinationIpv6CidrBlock": "$destinationIpv6CidrBlock",
    "DestinationPrefixListId": "$destinationPrefixListId",
}
_TARGETS = dict.fromkeys(
    ("gatewayId", "natGatewayId", "egressOnlyGatewayId", "transitGatewayId", "vpcPeeringConnectionId"), ""
)

ROUTE = Kind(
    type_=t.ROUTE,
    service="ec2",
    calls=(Call("create_route"),),
    fields={
        "routeTableId": F("RouteTableId"),
        "destinationCidrBlock": F("DestinationCidrBlock"),
        "destinationIpv6CidrBlock": F("DestinationIpv6CidrBlock"),
        "destinationPrefixListId": F("DestinationPrefixListId"),
        "gatewayId": F("GatewayId"),
        "natGatewayId": F("NatGatewayId"),
        "egressOnlyGatewayId": F("EgressOnlyInternetGatewayId"),
        "transitGatewayId": F("TransitGatewayId"),
        "vpcPeeringConnectionId": F("VpcPeeringConnectionId"),
    },
    reads=(Read("describe_route_tables", pick=_routes, index="Key", key=_route_key),),
    updates=(Change("replace_route", _TARGETS, _DESTINATION),),
    deletes=(Change("delete_route", params=_DESTINATION),),
    id="r-{routeTableId}-{hex8}",
    outputs={"state": "active", "origin": "CreateRoute"},
)

ROUTE_TABLE_ASSOCIATION = Kind(
    type_=t.ROUTE_TABLE_ASSOCIATION,
    service="ec2",
    calls=(Call("associate_route_table"),),
    fields={"routeTableId": F("RouteTableId"), "subnetId": F("SubnetId"), "gatewayId": F("GatewayId")},
    reads=(Read("describe_route_tables", pick="RouteTables[].Associations[]", index="RouteTableAssociationId"),),
    updates=(Change("replace_route_table_association", {"routeTableId": ""}, renews="NewAssociationId"),),
    deletes=(Change("disassociate_route_table"),),
    id="$document.AssociationId",
    made_up_id="rtbassoc-{hex}",
)

EIP = Kind(
    type_=t.ELASTIC_IP,
    service="ec2",
    calls=(Call("allocate_address"),),
    fields={"domain": F("Domain"), "tags": ec2_tags("elastic-ip")},
    reads=(Read("describe_addresses", pick="Addresses", index="AllocationId"),),
    deletes=(Change("release_address", params={"AllocationId": "$id"}),),
    id="$document.AllocationId",
    made_up_id="eipalloc-{hex}",
    outputs={
        "arn": _ARN + "elastic-ip/{id}",
        "allocationId": "{id}",
        "publicIp": Out("PublicIp", "203.0.113.10"),
    },
)

NAT_GATEWAY = Kind(
    type_=t.NAT_GATEWAY,
    service="ec2",
    calls=(Call("create_nat_gateway"),),
    fields={
        "allocationId": F("AllocationId", "NatGatewayAddresses[0].AllocationId"),
        "subnetId": F("SubnetId"),
        "connectivityType": F("ConnectivityType"),
        "tags": ec2_tags("natgateway"),
    },
    reads=(Read("describe_nat_gateways", pick="NatGateways", index="NatGatewayId"),),
    ending="State == 'deleted'",
    document="$made.NatGateway",
    id="$document.NatGatewayId",
    made_up_id="nat-{hex}",
    outputs={"publicIp": Out("NatGatewayAddresses[0].PublicIp", "203.0.113.10")},
)

VPC_ENDPOINT = Kind(
    type_=t.ENDPOINT,
    service="ec2",
    calls=(Call("create_vpc_endpoint"),),
    fields={
        "vpcId": F("VpcId"),
        "serviceName": F("ServiceName"),
        "vpcEndpointType": F("VpcEndpointType"),
        "policy": F("PolicyDocument", form=JSON),
        "routeTableIds": F("RouteTableIds", unordered=True),
        "subnetIds": F("SubnetIds", unordered=True),
        "securityGroupIds": F("SecurityGroupIds", "Groups[].GroupId", unordered=True),
        "privateDnsEnabled": F("PrivateDnsEnabled"),
        "ipAddressType": unchecked(NOT_HELD, "IpAddressType"),
        "autoAccept": unchecked(IN_PROVIDER),
        "tags": ec2_tags("vpc-endpoint"),
    },
    reads=(
        Read("describe_vpc_endpoints", {"VpcEndpointIds": ["$id"]}, "VpcEndpoints", index="VpcEndpointId"),
        Read(
            "describe_managed_prefix_lists",
            pick="PrefixLists",
            index="PrefixListName",
            key="$serviceName",
            into="PrefixList",
        ),
    ),
    deletes=(Change("delete_vpc_endpoints", params={"VpcEndpointIds": ["$id"]}),),
    ending="State == 'deleted'",
    document="",  # its prefix list is read by a call of its own
    id="$made.VpcEndpoint.VpcEndpointId",
    made_up_id="vpce-{hex}",
    outputs={
        "arn": _ARN + "vpc-endpoint/{id}",
        "ownerId": "{account}",
        "state": "available",
        "prefixListId": Out("PrefixList.PrefixListId", "pl-{hex8}"),
    },
)

FLOW_LOG = Kind(
    type_=t.FLOW_LOG,
    service="ec2",
    calls=(Call("create_flow_logs", {"ResourceType": "VPC"}),),
    fields={
        "vpcId": F("ResourceIds", "[ResourceId]", form=Form(send=lambda one: [one])),
        "trafficType": F("TrafficType"),
        "logDestinationType": F("LogDestinationType"),
        "logDestination": F("LogDestination"),
        "iamRoleArn": F("DeliverLogsPermissionArn"),
        "maxAggregationInterval": F("MaxAggregationInterval"),
        "logFormat": F("LogFormat"),
        "tags": ec2_tags("vpc-flow-log"),
    },
    defaults={"logDestinationType": "cloud-watch-logs"},
    reads=(Read("describe_flow_logs", pick="FlowLogs", index="FlowLogId"),),
    deletes=(Change("delete_flow_logs", params={"FlowLogIds": ["$id"]}),),
    id="$document.FlowLogIds[0]",
    made_up_id="fl-{hex}",
    outputs={"arn": _ARN + "vpc-flow-log/{id}"},
)

KINDS = (
    VPC,
    SUBNET,
    INTERNET_GATEWAY,
    ROUTE_TABLE,
    ROUTE,
    ROUTE_TABLE_ASSOCIATION,
    EIP,
    NAT_GATEWAY,
    VPC_ENDPOINT,
    FLOW_LOG,
)
