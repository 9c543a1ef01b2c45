"""Names and descriptions over AWS's limits or with characters that it does not take."""

from facts import tokens as t
from rehearsal.checks.rules import Rule, only, text

_ALB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Create"
_RDS = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDB"
_IAM = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_"
_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_"
_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_"
_CLOUDWATCH = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_"
_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_"
_SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"
_BUCKETS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
_POSTGRES = "https://www.postgresql.org/docs/current/sql-keywords-appendix.html"
_GROUP_TEXT = r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}"
_GROUP_SAYS = "at most 255 of a-z A-Z 0-9 space . _ - : / ( ) # , @ [ ] + = & ; { } ! $ *"

# Words that Postgres keeps for itself, and names that RDS does: neither is a database's or the master user's name.
_RESERVED = frozenset(
    """
    admin all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate
    collation column concurrently constraint create cross current_catalog current_date current_role current_schema
    current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for
    foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral leading
    left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing
    primary rdsadmin references returning right select session_user similar some symmetric system_user table
    tablesample template0 template1 then to trailing true union unique user using variadic verbose when where window
    with
    """.split()  # noqa: SIM905  a list of words reads better as words
)


def _not_reserved(value: object) -> bool:
    return str(value).lower() not in _RESERVED


RULES = (
    text(
        "lb-name",
        t.LOAD_BALANCER,
        "name",
        r"(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?",
        "at most 32 letters, digits and dashes, no dash at an end, not internal-...",
        f"{_ALB}LoadBalancer.html",
    ),
    text(
        "lb-target-group-name",
        t.TARGET_GROUP,
        "name",
        r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?",
        "at most 32 letters, digits and dashes, no dash at an end",
        f"{_ALB}TargetGroup.html",
    ),
    text(
        "rds-identifier",
        t.DATABASE,
        "identifier",
        r"(?=.{1,63}$)[a-z](?!.*--)[a-z0-9-]*(?<!-)",
        "at most 63 small letters, digits and single dashes, a letter first",
        f"{_RDS}Instance.html",
    ),
    *only(
        (
            text(
                "rds-database-name",
                t.DATABASE,
                "dbName",
                r"[A-Za-z_][A-Za-z0-9_]{0,62}",
                "at most 63 letters, digits and underscores, no digit first",
                f"{_RDS}Instance.html",
            ),
            Rule(
                "rds-reserved-name",
                t.DATABASE,
                "dbName",
                "any name but a reserved word of Postgres or RDS",
                f"{_RDS}Instance.html",
                _not_reserved,
            ),
            text(
                "rds-user-name",
                t.DATABASE,
                "username",
                r"[A-Za-z][A-Za-z0-9_]{0,62}",
                "at most 63 letters, digits and underscores, a letter first",
                f"{_RDS}Instance.html",
            ),
            Rule(
                "rds-reserved-name",
                t.DATABASE,
                "username",
                "any name but a reserved word of Postgres or RDS",
                _POSTGRES,
                _not_reserved,
            ),
        ),
        "engine",
        "postgres",
    ),
    text(
        "rds-subnet-group-name",
        t.SUBNET_GROUP,
        "name",
        r"(?!default$)[a-z0-9._ -]{1,255}",
        "at most 255 small letters, digits, dots, dashes, spaces and underscores, not default",
        f"{_RDS}SubnetGroup.html",
    ),
    text(
        "rds-parameter-group-name",
        t.PARAMETER_GROUP,
        "name",
        r"(?=.{1,255}$)[a-z](?!.*--)[a-z0-9-]*(?<!-)",
        "at most 255 small letters, digits and single dashes, a letter first",
        f"{_RDS}ParameterGroup.html",
    ),
    text(
        "s3-bucket-name",
        t.BUCKET,
        "bucket",
        r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)(?!.*(?:-s3alias|--ol-s3|--x-s3|--table-s3|\.mrap)$)"
        r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "3 to 63 small letters, digits, dots and dashes",
        _BUCKETS,
    ),
    text(
        "s3-bucket-like-address",
        t.BUCKET,
        "bucket",
        r"(?!(?:\d{1,3}\.){3}\d{1,3}$).*",
        "a name that does not look like an IP address",
        _BUCKETS,
    ),
    text(
        "iam-role-name",
        t.ROLE,
        "name",
        r"[\w+=,.@-]{1,64}",
        "at most 64 of letters, digits and +=,.@_-",
        f"{_IAM}CreateRole.html",
    ),
    text(
        "iam-role-description",
        t.ROLE,
        "description",
        "[\t\n\r\x20-\x7e\xa1-\xff]{0,1000}",
        "at most 1000 characters of Latin-1",
        f"{_IAM}CreateRole.html",
    ),
    text(
        "iam-role-policy-name",
        t.ROLE_POLICY,
        "name",
        r"[\w+=,.@-]{1,128}",
        "at most 128 of letters, digits and +=,.@_-",
        f"{_IAM}PutRolePolicy.html",
    ),
    text(
        "iam-policy-name",
        t.POLICY,
        "name",
        r"[\w+=,.@-]{1,128}",
        "at most 128 of letters, digits and +=,.@_-",
        f"{_IAM}CreatePolicy.html",
    ),
    text(
        "ec2-group-name",
        t.SECURITY_GROUP,
        "name",
        rf"(?!sg-){_GROUP_TEXT}",
        f"not sg-..., {_GROUP_SAYS}",
        f"{_EC2}CreateSecurityGroup.html",
    ),
    text(
        "ec2-group-description",
        t.SECURITY_GROUP,
        "description",
        _GROUP_TEXT,
        _GROUP_SAYS,
        f"{_EC2}CreateSecurityGroup.html",
    ),
    *(
        text("ec2-rule-description", token, "description", _GROUP_TEXT, _GROUP_SAYS, f"{_EC2}IpRange.html")
        for token in (
            t.INGRESS_RULE,
            t.EGRESS_RULE,
        )
    ),
    text(
        "logs-group-name",
        t.LOG_GROUP,
        "name",
        r"(?!aws/)[\w./#-]{1,512}",
        "at most 512 of letters, digits and _ - / . #, not aws/...",
        f"{_LOGS}CreateLogGroup.html",
    ),
    text(
        "logs-filter-name",
        t.LOG_METRIC_FILTER,
        "name",
        r"[^:*]{1,512}",
        "at most 512 characters without : and *",
        f"{_LOGS}PutMetricFilter.html",
    ),
    text(
        "alarm-name",
        t.METRIC_ALARM,
        "name",
        r"(?s).{1,255}",
        "at most 255 characters",
        f"{_CLOUDWATCH}PutMetricAlarm.html",
    ),
    text(
        "alarm-description",
        t.METRIC_ALARM,
        "alarmDescription",
        r"(?s).{0,1024}",
        "at most 1024 characters",
        f"{_CLOUDWATCH}PutMetricAlarm.html",
    ),
    text(
        "dashboard-name",
        t.DASHBOARD,
        "dashboardName",
        r"[\w-]{1,255}",
        "at most 255 letters, digits, dashes and underscores",
        f"{_CLOUDWATCH}PutDashboard.html",
    ),
    text(
        "secret-name",
        t.SECRET,
        "name",
        r"[A-Za-z0-9/_+=.@-]{1,512}",
        "at most 512 of letters, digits and /_+=.@-",
        _SECRETS,
    ),
    text(
        "secret-description",
        t.SECRET,
        "description",
        r"(?s).{0,2048}",
        "at most 2048 characters",
        _SECRETS,
    ),
    text(
        "sns-topic-name",
        t.TOPIC,
        "name",
        r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo",
        "at most 256 letters, digits, dashes and underscores; .fifo at the end of a FIFO topic's alone",
        "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html",
    ),
    text(
        "kms-alias-name",
        t.KEY_ALIAS,
        "name",
        r"alias/(?!aws/)[A-Za-z0-9/_-]{1,250}",
        "alias/ and letters, digits, / _ -, not alias/aws/...",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html",
    ),
    text(
        "kms-key-description",
        t.KEY,
        "description",
        r"(?s).{0,8192}",
        "at most 8192 characters",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html",
    ),
    text(
        "lambda-name",
        t.FUNCTION,
        "name",
        r"[A-Za-z0-9_-]{1,64}",
        "at most 64 letters, digits, dashes and underscores",
        "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html",
    ),
    text(
        "lambda-description",
        t.FUNCTION,
        "description",
        r"(?s).{0,256}",
        "at most 256 characters",
        "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html",
    ),
    text(
        "ecs-cluster-name",
        t.CLUSTER,
        "name",
        r"[A-Za-z0-9_-]{1,255}",
        "at most 255 letters, digits, dashes and underscores",
        f"{_ECS}CreateCluster.html",
    ),
    text(
        "ecs-service-name",
        t.SERVICE,
        "name",
        r"[A-Za-z0-9_-]{1,255}",
        "at most 255 letters, digits, dashes and underscores",
        f"{_ECS}CreateService.html",
    ),
    text(
        "ecs-family",
        t.TASK_DEFINITION,
        "family",
        r"[A-Za-z0-9_-]{1,255}",
        "at most 255 letters, digits, dashes and underscores",
        f"{_ECS}RegisterTaskDefinition.html",
    ),
    text(
        "ecr-name",
        t.REPOSITORY,
        "name",
        r"(?=.{2,256}$)[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*",
        "2 to 256 small letters and digits, with . _ - / between them",
        "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html",
    ),
    text(
        "trail-name",
        t.TRAIL,
        "name",
        r"(?!.*[._-]{2})[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]",
        "3 to 128 letters and digits, with single . _ - between them",
        "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html",
    ),
)
