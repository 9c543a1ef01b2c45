"""Types that say who may do what, and what is reachable from where."""

from facts import tokens as t
from facts.types.model import Harmless, Removal, listed

_OF_THE_RULE = (
    "ipProtocol fromPort toPort protocol cidrIpv4 cidrIpv6 cidrBlocks ipv6CidrBlocks prefixListId prefixListIds "
    "referencedSecurityGroupId sourceSecurityGroupId self type"
)

IDENTITY = (
    listed(
        t.ROLE,
        "role",
        judged="assumeRolePolicy permissionsBoundary inlinePolicies managedPolicyArns",
        noted={"maxSessionDuration": "a session lasts for another time"},
        harmless={
            Harmless.NAME: "name namePrefix path",
            Harmless.TEXT: "description",
            Harmless.ENGINE: "forceDetachPolicies",
        },
    ),
    listed(
        t.ROLE_POLICY,
        "role's policy",
        judged="policy role",
        harmless={Harmless.NAME: "name namePrefix"},
    ),
    listed(
        t.POLICY,
        "policy",
        judged="policy",
        harmless={
            Harmless.NAME: "name namePrefix path",
            Harmless.TEXT: "description",
            Harmless.ENGINE: "delayAfterPolicyCreationInMs",
        },
    ),
    listed(t.ROLE_ATTACHMENT, "attached policy", judged="role policyArn"),
    listed(t.POLICY_ATTACHMENT, "attached policy", judged="roles users groups policyArn name"),
    listed(
        t.ATTACHMENTS_EXCLUSIVE,
        "list of all attached policies",
        removal=Removal.STOPS,
        judged="roleName policyArns",
    ),
    listed(
        "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive",
        "list of all inline policies",
        removal=Removal.STOPS,
        noted={"roleName policyNames": "whatever else stands in the role is taken away"},
    ),
    listed(t.USER, "user", judged="name permissionsBoundary"),
    listed(t.USER_POLICY, "user's policy", judged="policy user"),
    listed(t.USER_ATTACHMENT, "attached policy", judged="user policyArn"),
    listed(t.GROUP_POLICY, "group's policy", judged="policy group"),
    listed(t.GROUP_ATTACHMENT, "attached policy", judged="group policyArn"),
    listed(
        t.PERMISSION_SET,
        "permission set",
        noted={"sessionDuration": "a session lasts for another time", "relayState": "people land elsewhere"},
        harmless={Harmless.IDENTITY: "instanceArn", Harmless.NAME: "name", Harmless.TEXT: "description"},
    ),
    listed(
        t.PERMISSION_SET_POLICY,
        "permission set's policy",
        judged="inlinePolicy permissionSetArn",
        harmless={Harmless.IDENTITY: "instanceArn"},
    ),
    listed(
        t.PERMISSION_SET_ATTACHMENT,
        "attached policy",
        judged="managedPolicyArn permissionSetArn",
        harmless={Harmless.IDENTITY: "instanceArn"},
    ),
    listed(
        t.PERMISSION_SET_ATTACHMENTS,
        "list of all attached policies",
        removal=Removal.STOPS,
        judged="managedPolicyArns permissionSetArn",
        harmless={Harmless.IDENTITY: "instanceArn"},
    ),
    listed(t.USER_ACCESS_KEY, "access key"),
    listed(t.USER_LOGIN, "password of a user"),
    listed(
        t.OIDC_PROVIDER,
        "trust in an identity provider",
        noted={
            "clientIdLists": "tokens for other audiences are taken",
            "thumbprintLists": "other certificates are trusted",
        },
        harmless={Harmless.IDENTITY: "url"},
    ),
    listed(
        t.FUNCTION_PERMISSION,
        "right to invoke a function",
        judged="principal action sourceArn sourceAccount principalOrgId functionUrlAuthType",
        harmless={Harmless.IDENTITY: "function", Harmless.NAME: "statementId statementIdPrefix"},
    ),
    listed(t.FUNCTION_URL, "address of a function", judged="authorizationType"),
    listed(t.QUEUE_POLICY, "queue policy", judged="policy"),
    listed(t.QUEUE, "queue", removal=Removal.STOPS, judged="policy"),
    listed(
        t.BACKUP_VAULT_POLICY,
        "vault policy",
        judged="policy",
        harmless={Harmless.IDENTITY: "backupVaultName"},
    ),
    listed(
        t.LOG_RESOURCE_POLICY,
        "log policy",
        judged="policyDocument",
        harmless={Harmless.NAME: "policyName"},
    ),
)

NETWORK = (
    listed(
        t.VPC,
        "network",
        noted={
            "enableDnsHostnames enableDnsSupport": "names resolve otherwise",
            "assignGeneratedIpv6CidrBlock": "addresses that the internet can route",
        },
        harmless={
            Harmless.IDENTITY: "cidrBlock instanceTenancy",
            Harmless.TUNING: "enableNetworkAddressUsageMetrics",
        },
    ),
    listed(
        t.SUBNET,
        "subnet",
        judged="mapPublicIpOnLaunch",
        noted={
            "ipv6CidrBlock assignIpv6AddressOnCreation": "addresses that the internet can route",
            "privateDnsHostnameTypeOnLaunch": "names resolve otherwise",
        },
        harmless={Harmless.IDENTITY: "vpcId cidrBlock availabilityZone availabilityZoneId"},
    ),
    listed(t.INTERNET_GATEWAY, "internet gateway", noted={"vpcId": "another network gets it"}),
    listed(
        t.NAT_GATEWAY,
        "way out",
        noted={"allocationId subnetId connectivityType": "connections leave by another way"},
    ),
    listed(t.ELASTIC_IP, "address", harmless={Harmless.IDENTITY: "domain"}),
    listed(
        t.ROUTE,
        "route",
        judged="gatewayId",
        noted={
            "gatewayId natGatewayId egressOnlyGatewayId transitGatewayId vpcPeeringConnectionId": "another way",
            "destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId": "other traffic goes this way",
        },
        harmless={Harmless.IDENTITY: "routeTableId"},
    ),
    listed(
        t.ROUTE_TABLE,
        "route table",
        judged="routes",
        noted={"routes": "other routes"},
        harmless={Harmless.IDENTITY: "vpcId"},
    ),
    listed(
        t.ROUTE_TABLE_ASSOCIATION,
        "subnet's routes",
        judged="routeTableId subnetId",
        noted={"routeTableId subnetId gatewayId": "a subnet gets other routes"},
    ),
    listed(t.MAIN_ROUTE_TABLE, "network's main routes", noted={"routeTableId": "subnets get other routes"}),
    listed(
        t.SECURITY_GROUP,
        "security group",
        judged="ingress egress",
        harmless={
            Harmless.NAME: "name namePrefix description",
            Harmless.IDENTITY: "vpcId",
            Harmless.ENGINE: "revokeRulesOnDelete",
        },
    ),
    listed(
        t.DEFAULT_SECURITY_GROUP,
        "default security group",
        judged="ingress egress",
        harmless={Harmless.IDENTITY: "vpcId", Harmless.ENGINE: "revokeRulesOnDelete"},
    ),
    listed(
        t.INGRESS_RULE,
        "ingress",
        judged=_OF_THE_RULE,
        harmless={Harmless.IDENTITY: "securityGroupId", Harmless.TEXT: "description"},
    ),
    listed(
        t.EGRESS_RULE,
        "egress",
        judged=_OF_THE_RULE,
        harmless={Harmless.IDENTITY: "securityGroupId", Harmless.TEXT: "description"},
    ),
    listed(
        t.SECURITY_GROUP_RULE,
        "rule of a security group",
        judged=_OF_THE_RULE,
        harmless={Harmless.IDENTITY: "securityGroupId", Harmless.TEXT: "description"},
    ),
    listed(
        t.ENDPOINT,
        "endpoint",
        judged="policy securityGroupIds",
        noted={
            "routeTableIds subnetIds securityGroupIds": "other parts of the network reach the service privately",
            "privateDnsEnabled ipAddressType autoAccept": "the service is reached another way",
        },
        harmless={Harmless.IDENTITY: "vpcId serviceName vpcEndpointType"},
    ),
    listed(
        t.ENDPOINT_POLICY,
        "endpoint's policy",
        removal=Removal.JUDGED,
        judged="policy",
        harmless={Harmless.IDENTITY: "vpcEndpointId"},
    ),
    listed(
        t.FLOW_LOG,
        "record of connections",
        removal=Removal.STOPS,
        judged="trafficType logDestination",
        noted={
            "trafficType logDestinationType logDestination logFormat maxAggregationInterval": "other connections are "
            "recorded, or elsewhere",
            "iamRoleArn": "another role writes them",
        },
        harmless={Harmless.IDENTITY: "vpcId subnetId eniId"},
    ),
    listed(
        t.WEB_ACL_ASSOCIATION,
        "place of a web application firewall",
        removal=Removal.JUDGED,
        judged="webAclArn",
        harmless={Harmless.IDENTITY: "resourceArn"},
    ),
    listed(
        t.WEB_ACL,
        "web application firewall",
        removal=Removal.STOPS,
        judged="defaultAction visibilityConfig dataProtectionConfig rules",
        noted={
            "rules ruleJson": "other requests are refused",
            "associationConfig": "more or less of a body is looked at",
            "captchaConfig challengeConfig tokenDomains": "a person is asked for proof at other times",
            "customResponseBodies": "a refusal reads otherwise",
        },
        harmless={Harmless.NAME: "name namePrefix scope", Harmless.TEXT: "description"},
    ),
    listed(
        t.WEB_ACL_LOGGING,
        "log of a web application firewall",
        removal=Removal.JUDGED,
        judged="logDestinationConfigs redactedFields loggingFilter",
        noted={"loggingFilter": "other requests are logged"},
        harmless={Harmless.IDENTITY: "resourceArn"},
    ),
)

TYPES = (*IDENTITY, *NETWORK)
