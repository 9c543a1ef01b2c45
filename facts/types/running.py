"""Types that run, serve or watch."""

from facts import tokens as t
from facts.types.model import Harmless, Loss, Removal, listed
from graph.resource import REFERENCE_TYPE

SERVING = (
    listed(
        t.CLUSTER,
        "cluster",
        judged="settings",
        noted={"settings": "it is watched otherwise", "configuration": "commands in tasks are recorded otherwise"},
        harmless={Harmless.NAME: "name"},
    ),
    listed(
        t.SERVICE,
        "service",
        judged="networkConfiguration",
        noted={
            "networkConfiguration": "another place in the network, or other security groups",
            "enableExecuteCommand": "whether commands may be run inside its tasks",
            "loadBalancers": "it is reached another way",
            "capacityProviderStrategies launchType platformVersion": "it runs on other machines",
            "deploymentCircuitBreaker deploymentController alarms": "a bad release is rolled back otherwise",
            "serviceRegistries": "it is found otherwise by what scrapes its metrics",
            "deploymentMinimumHealthyPercent": "fewer tasks may serve during a deployment",
        },
        harmless={
            Harmless.SIZE: "desiredCount",
            Harmless.RELEASE: "taskDefinition triggers forceNewDeployment",
            Harmless.NAME: "name",
            Harmless.IDENTITY: "cluster schedulingStrategy",
            Harmless.TIMING: "healthCheckGracePeriodSeconds waitForSteadyState sigintRollback deploymentMaximumPercent",
            Harmless.TUNING: "propagateTags enableEcsManagedTags availabilityZoneRebalancing",
            Harmless.ENGINE: "forceDelete",
        },
    ),
    listed(
        t.TASK_DEFINITION,
        "task definition",
        removal=Removal.HARMLESS,
        judged="containerDefinitions networkMode pidMode ipcMode taskRoleArn executionRoleArn",
        noted={
            "executionRoleArn taskRoleArn": "it runs under another role",
            "volumes": "other volumes",
            "ipcMode enableFaultInjection pidMode networkMode": "it is kept apart otherwise",
        },
        harmless={
            Harmless.SIZE: "cpu memory ephemeralStorage runtimePlatform",
            Harmless.NAME: "family",
            Harmless.IDENTITY: "requiresCompatibilities",
            Harmless.ENGINE: "skipDestroy trackLatest",
        },
    ),
    listed(
        t.SCALING_TARGET,
        "range of the number of tasks",
        noted={"roleArn": "another role scales it", "suspendedState": "scaling is suspended or resumed"},
        harmless={
            Harmless.SIZE: "minCapacity maxCapacity",
            Harmless.IDENTITY: "serviceNamespace resourceId scalableDimension",
        },
    ),
    listed(
        t.SCALING_POLICY,
        "scaling by load",
        harmless={
            Harmless.SIZE: "targetTrackingScalingPolicyConfiguration stepScalingPolicyConfiguration policyType",
            Harmless.NAME: "name",
            Harmless.IDENTITY: "serviceNamespace resourceId scalableDimension",
        },
    ),
    listed(
        t.FUNCTION,
        "function",
        judged="role environment vpcConfig loggingConfig",
        noted={
            "role": "it runs under another role",
            "environment": "it gets other settings",
            "kmsKeyArn": "another key encrypts its settings",
            "vpcConfig": "another place in the network",
            "deadLetterConfig": "failed events go elsewhere",
            "codeSigningConfigArn": "other code may run",
            "reservedConcurrentExecutions": "it may run another number of times at once",
            "loggingConfig": "its log goes elsewhere",
            "imageConfig handler": "it runs another command",
        },
        harmless={
            Harmless.RELEASE: "imageUri runtime packageType publish",
            Harmless.SIZE: "memorySize ephemeralStorage architectures",
            Harmless.TIMING: "timeout",
            Harmless.NAME: "name",
            Harmless.TEXT: "description",
            Harmless.TUNING: "tracingConfig",
            Harmless.ENGINE: "skipDestroy replaceSecurityGroupsOnDestroy",
        },
    ),
    listed(
        t.LOAD_BALANCER,
        "load balancer",
        judged="enableDeletionProtection accessLogs dropInvalidHeaderFields desyncMitigationMode internal "
        "securityGroups",
        noted={
            "internal": "it faces the internet, or no longer does",
            "securityGroups": "other security groups guard it",
            "subnets ipAddressType": "another place in the network",
            "connectionLogs": "connections are recorded otherwise",
            "enableWafFailOpen": "requests pass, or not, while the firewall is away",
            "preserveHostHeader xffHeaderProcessingMode enableXffClientPort enableTlsVersionAndCipherSuiteHeaders": ""
            "the service sees requests otherwise",
        },
        harmless={
            Harmless.NAME: "name namePrefix loadBalancerType",
            Harmless.TIMING: "idleTimeout clientKeepAlive",
            Harmless.TUNING: "enableHttp2 enableCrossZoneLoadBalancing enableZonalShift",
        },
    ),
    listed(
        t.LISTENER,
        "listener",
        judged="sslPolicy protocol defaultActions",
        noted={
            "protocol": "another protocol",
            "port": "it listens on another port",
            "certificateArn": "another certificate",
            "defaultActions": "requests go elsewhere",
            "alpnPolicy": "another protocol",
            "routingHttpResponseStrictTransportSecurityHeaderValue": "browsers are told otherwise to insist on TLS",
        },
        harmless={
            Harmless.IDENTITY: "loadBalancerArn",
            Harmless.TUNING: "routingHttpResponseServerEnabled",
            Harmless.TIMING: "tcpIdleTimeoutSeconds",
        },
    ),
    listed(
        t.LISTENER_CERTIFICATE,
        "certificate of a listener",
        noted={"certificateArn": "another certificate"},
        harmless={Harmless.IDENTITY: "listenerArn"},
    ),
    listed(
        t.LISTENER_RULE,
        "rule of a listener",
        judged="actions",
        noted={
            "conditions": "it is for other requests: another host name or path",
            "actions transforms": "requests go elsewhere",
        },
        harmless={Harmless.IDENTITY: "listenerArn", Harmless.TUNING: "priority"},
    ),
    listed(
        t.TARGET_GROUP,
        "target group",
        judged="protocol",
        noted={"healthCheck": "a sick task is seen otherwise"},
        harmless={
            Harmless.NAME: "name namePrefix",
            Harmless.IDENTITY: "port protocolVersion vpcId targetType ipAddressType",
            Harmless.TIMING: "deregistrationDelay slowStart",
            Harmless.TUNING: "loadBalancingAlgorithmType stickiness",
        },
    ),
    listed(t.CERTIFICATE, "certificate"),
    listed(
        t.DISCOVERY_NAMESPACE,
        "private domain",
        harmless={Harmless.NAME: "name", Harmless.TEXT: "description", Harmless.IDENTITY: "vpc"},
    ),
    listed(
        t.DISCOVERY_SERVICE,
        "name of a service in a private domain",
        noted={"healthCheckConfig healthCheckCustomConfig": "a sick task is seen otherwise"},
        harmless={
            Harmless.NAME: "name",
            Harmless.TEXT: "description",
            Harmless.IDENTITY: "namespaceId type",
            Harmless.TUNING: "dnsConfig",
            Harmless.ENGINE: "forceDestroy",
        },
    ),
    listed("aws:route53/record:Record", "name in DNS", removal=Removal.STOPS),
    listed("aws:route53/zone:Zone", "zone of DNS", removal=Removal.STOPS),
    listed("aws:ec2/instance:Instance", "machine", loss=Loss.DATA),
)

WATCHING = (
    listed(
        t.LOG_GROUP,
        "log group",
        loss=Loss.LOGS,
        judged="retentionInDays kmsKeyId deletionProtectionEnabled skipDestroy",
        noted={"logGroupClass": "it is read and kept otherwise"},
        harmless={Harmless.NAME: "name namePrefix"},
    ),
    listed(
        t.LOG_METRIC_FILTER,
        "figure taken from a log",
        noted={
            "pattern metricTransformation logGroupName applyOnTransformedLogs": "something else is counted in the log"
        },
        harmless={Harmless.NAME: "name"},
    ),
    listed(
        t.METRIC_ALARM,
        "alarm",
        judged="actionsEnabled alarmActions",
        noted={
            "okActions insufficientDataActions": "others are told",
            "namespace metricName dimensions metricQueries comparisonOperator treatMissingData threshold "
            "thresholdMetricId period evaluationPeriods datapointsToAlarm statistic extendedStatistic unit "
            "evaluateLowSampleCountPercentiles": "it watches otherwise",
        },
        harmless={
            Harmless.TEXT: "alarmDescription",
            Harmless.NAME: "name",
        },
    ),
    listed(
        t.METRICS_WORKSPACE,
        "workspace of metrics",
        loss=Loss.LOGS,
        judged="kmsKeyArn",
        noted={"loggingConfiguration": "where rules and alerts fail is recorded elsewhere, or nowhere"},
        harmless={Harmless.TEXT: "alias"},
    ),
    listed(
        t.METRICS_RULES,
        "rules of metrics",
        removal=Removal.STOPS,
        judged="data",
        noted={"data": "it watches otherwise"},
        harmless={Harmless.NAME: "name", Harmless.IDENTITY: "workspaceId"},
    ),
    listed(
        t.METRICS_ALERT_MANAGER,
        "alert manager",
        removal=Removal.STOPS,
        judged="definition",
        noted={"definition": "others are told, or fewer alerts"},
        harmless={Harmless.IDENTITY: "workspaceId"},
    ),
    listed(
        t.METRICS_SCRAPER,
        "collector of metrics",
        removal=Removal.STOPS,
        noted={
            "scrapeConfiguration": "it collects otherwise",
            "destination": "metrics go elsewhere",
            "exporter": "it collects from elsewhere too",
            "roleConfiguration": "another role collects",
            "source": "another place in the network, or other security groups",
        },
        harmless={Harmless.TEXT: "alias", Harmless.ENGINE: "timeouts"},
    ),
    listed(
        t.EVENT_RULE,
        "rule of events",
        removal=Removal.STOPS,
        judged="state isEnabled",
        noted={
            "eventPattern scheduleExpression eventBusName": "it hears of other events",
            "roleArn": "another role hands events on",
        },
        harmless={
            Harmless.NAME: "name namePrefix",
            Harmless.TEXT: "description",
            Harmless.ENGINE: "forceDestroy",
        },
    ),
    listed(
        t.EVENT_TARGET,
        "target of events",
        removal=Removal.STOPS,
        noted={
            "arn": "others are told of events",
            "input inputPath inputTransformer": "they are told otherwise",
            "roleArn": "another role hands events on",
            "deadLetterConfig retryPolicy": "what cannot be told is tried otherwise",
        },
        harmless={Harmless.IDENTITY: "rule targetId eventBusName", Harmless.ENGINE: "forceDestroy"},
    ),
    listed(t.COMPOSITE_ALARM, "alarm", judged="actionsEnabled alarmActions"),
    listed(
        t.DASHBOARD,
        "dashboard",
        harmless={Harmless.NAME: "dashboardName", Harmless.TUNING: "dashboardBody"},
    ),
    listed(
        t.LOG_QUERY,
        "saved search",
        harmless={Harmless.TEXT: "name", Harmless.TUNING: "queryString logGroupNames"},
    ),
    listed(
        t.TOPIC,
        "topic",
        judged="policy kmsMasterKeyId",
        noted={"deliveryPolicy": "messages are delivered otherwise"},
        harmless={
            Harmless.NAME: "name namePrefix fifoTopic",
            Harmless.TEXT: "displayName",
            Harmless.TUNING: "contentBasedDeduplication signatureVersion tracingConfig",
        },
    ),
    listed(t.TOPIC_POLICY, "topic policy", judged="policy", harmless={Harmless.IDENTITY: "arn"}),
    listed(
        t.TOPIC_SUBSCRIPTION,
        "subscription",
        judged="filterPolicy",
        noted={
            "endpoint protocol": "another address is told",
            "filterPolicy filterPolicyScope": "other messages are told",
            "topic": "it is told of another topic",
            "redrivePolicy rawMessageDelivery subscriptionRoleArn": "messages are delivered otherwise",
        },
        harmless={Harmless.TIMING: "confirmationTimeoutInMinutes endpointAutoConfirms"},
    ),
    listed(
        t.TRAIL,
        "audit trail",
        removal=Removal.STOPS,
        judged="enableLogging isMultiRegionTrail enableLogFileValidation includeGlobalServiceEvents kmsKeyId "
        "s3BucketName advancedEventSelectors",
        noted={
            "s3BucketName s3KeyPrefix snsTopicName": "the trail is kept elsewhere",
            "advancedEventSelectors isOrganizationTrail": "other events are recorded",
            "cloudWatchLogsGroupArn cloudWatchLogsRoleArn": "what watches the trail gets it elsewhere, or not at all",
        },
        harmless={Harmless.NAME: "name"},
    ),
    listed(
        t.BUDGET,
        "budget",
        noted={
            "notifications": "others are told of the cost",
            "limitAmount limitUnit timeUnit budgetType": "they are told of other costs",
        },
        harmless={Harmless.NAME: "name namePrefix", Harmless.IDENTITY: "accountId"},
    ),
)

BESIDE_AWS = (
    listed(
        t.PROVIDER,
        "provider",
        noted={
            "allowedAccountIds": "it works in other accounts",
            "defaultTags ignoreTags": "other tags are set, or left alone",
        },
        harmless={
            Harmless.TIMING: "maxRetries retryMode",
            Harmless.ENGINE: "version skipCredentialsValidation skipRegionValidation skipMetadataApiCheck "
            "skipRequestingAccountId s3UsePathStyle stsRegion",
        },
    ),
    listed(REFERENCE_TYPE, "look into another stack", removal=Removal.HARMLESS, harmless={Harmless.IDENTITY: "name"}),
    listed(
        "random:index/randomId:RandomId",
        "random name",
        removal=Removal.HARMLESS,
        harmless={Harmless.NAME: "byteLength keepers prefix"},
    ),
    listed(
        "random:index/randomString:RandomString",
        "random name",
        removal=Removal.HARMLESS,
        harmless={Harmless.NAME: "length keepers lower upper numeric special"},
    ),
    listed("pulumi-python:dynamic:Resource", "resource of the program's own code", runs_code=True),
    listed("pulumi-nodejs:dynamic:Resource", "resource of the program's own code", runs_code=True),
    listed("command:local:Command", "command on the deploying machine", runs_code=True),
    listed("command:remote:Command", "command on another machine", runs_code=True),
)

TYPES = (*SERVING, *WATCHING, *BESIDE_AWS)
