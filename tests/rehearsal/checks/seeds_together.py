"""Seeds of what several resources together tell."""

from tests.rehearsal.checks.case import (
    BALANCER,
    BUCKET,
    CRYPT,
    DELIVERY,
    INJECTED,
    LOGIN,
    LOGS,
    LOGS_ALLOWED,
    OTHER,
    PERMISSION,
    REPLICATION,
    WATCHED,
    Case,
    alarm,
    context,
    encrypted,
    function,
    group,
    instance,
    key,
    part,
    policy,
    rotation,
    topic,
    versioned,
)

CASES = (
    Case(
        "rds-recovery-needs-backups",
        [
            part("rds/instance:Instance", "origin", identifier="origin", instanceClass="db.t4g.small"),
            instance(restoreToPointInTime={"sourceDbInstanceIdentifier": "origin"}),
        ],
        [
            part("rds/instance:Instance", "origin", identifier="origin", backupRetentionPeriod=1),
            instance(restoreToPointInTime={"sourceDbInstanceIdentifier": "origin"}),
        ],
    ),
    Case(
        "s3-replication-versioning",
        [BUCKET, OTHER, versioned("b"), versioned("c", "Suspended"), REPLICATION],
        [BUCKET, OTHER, versioned("b"), versioned("c"), REPLICATION],
    ),
    Case(
        "s3-logging-itself",
        [OTHER, LOGS_ALLOWED, part("s3/bucketLogging:BucketLogging", bucket="c", targetBucket="c")],
        [OTHER, LOGS_ALLOWED, part("s3/bucketLogging:BucketLogging", bucket="b", targetBucket="c")],
    ),
    Case(
        "s3-logging-policy",
        [OTHER, part("s3/bucketLogging:BucketLogging", bucket="b", targetBucket="c")],
        [OTHER, LOGS_ALLOWED, part("s3/bucketLogging:BucketLogging", bucket="b", targetBucket="c")],
    ),
    Case(
        "lb-logs-encryption",
        [OTHER, DELIVERY, encrypted("c", "aws:kms"), BALANCER],
        [OTHER, DELIVERY, encrypted("c"), BALANCER],
        "lb",
    ),
    Case("lb-logs-policy", [OTHER, LOGS_ALLOWED, BALANCER], [OTHER, DELIVERY, BALANCER], "lb"),
    Case(
        "logs-key-policy",
        [key(policy("sns.amazonaws.com", CRYPT)), group()],
        [key(policy(LOGS, CRYPT)), group()],
        "logs",
    ),
    Case(
        "logs-key-policy",
        [key(policy(LOGS, "kms:GenerateDataKey*")), group()],
        [key(policy(LOGS, "kms:*")), group()],
        "logs",
    ),
    Case(
        "logs-key-context",
        [key(policy(LOGS, CRYPT, **context("arn:others"))), group()],
        [key(policy(LOGS, CRYPT, **context("arn:log*"))), group()],
        "logs",
    ),
    Case(
        "sns-key-policy",
        [key(policy(LOGS, CRYPT)), topic(kmsMasterKeyId="arn:key"), WATCHED],
        [key(policy("cloudwatch.amazonaws.com", CRYPT)), topic(kmsMasterKeyId="arn:key"), WATCHED],
        "topic",
    ),
    Case(
        "sns-default-key",
        [topic(kmsMasterKeyId="alias/aws/sns"), WATCHED],
        [topic(kmsMasterKeyId="alias/aws/sns"), alarm()],
        "topic",
    ),
    Case(
        "sns-topic-policy",
        [
            topic(),
            part(
                "sns/topicPolicy:TopicPolicy", arn="arn:topic", policy=policy("cloudwatch.amazonaws.com", "sns:Publish")
            ),
            part("rds/eventSubscription:EventSubscription", "events", snsTopic="arn:topic"),
        ],
        [
            topic(),
            part(
                "sns/topicPolicy:TopicPolicy", arn="arn:topic", policy=policy("events.rds.amazonaws.com", "sns:Publish")
            ),
            part("rds/eventSubscription:EventSubscription", "events", snsTopic="arn:topic"),
        ],
    ),
    Case("ecs-secret-without-value", [LOGIN, INJECTED], [LOGIN, INJECTED, rotation()]),
    Case(
        "ecs-grace-without-load-balancer",
        [part("ecs/service:Service", healthCheckGracePeriodSeconds=60)],
        [part("ecs/service:Service", healthCheckGracePeriodSeconds=60, loadBalancers=[{"targetGroupArn": "arn:x"}])],
    ),
    Case(
        "ecs-target-group-unused",
        [
            part("lb/targetGroup:TargetGroup", "targets"),
            part("ecs/service:Service", loadBalancers=[{"targetGroupArn": "arn:targets"}]),
        ],
        [
            part("lb/targetGroup:TargetGroup", "targets"),
            part("lb/listener:Listener", defaultActions=[{"targetGroupArn": "arn:targets"}]),
            part("ecs/service:Service", loadBalancers=[{"targetGroupArn": "arn:targets"}]),
        ],
    ),
    Case(
        "secret-rotation-permission",
        [function(), PERMISSION, rotation()],
        [function(), PERMISSION, rotation(PERMISSION.urn)],
        "rota",
    ),
    Case(
        "secret-rotation-permission",
        [function(), rotation()],
        [function(), PERMISSION, rotation(PERMISSION.urn)],
        "rota",
    ),
    Case(
        "role-trust",
        [
            part("iam/role:Role", "r", assumeRolePolicy=policy("ec2.amazonaws.com", "sts:AssumeRole")),
            function(role="arn:r"),
        ],
        [
            part("iam/role:Role", "r", assumeRolePolicy=policy("lambda.amazonaws.com", "sts:AssumeRole")),
            function(role="arn:r"),
        ],
        "turn",
    ),
    Case(
        "alarm-return-data",
        [alarm(metricName=None, metricQueries=[{"id": "a"}, {"id": "b"}])],
        [alarm(metricName=None, metricQueries=[{"id": "a", "returnData": True}, {"id": "b"}])],
    ),
    Case("alarm-metric", [alarm(metricName=None)], [alarm()]),
)
