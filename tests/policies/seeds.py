"""Seeded faults: each breaks the good graph in one respect and names the controls that must fire, and no other.

`path` is where the catalogue says that the control reads. A value of None takes the property away; GONE takes the
resource away; a seed with `kind` adds a resource that the good graph has not.
"""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from graph import Resource
from tests.policies.good_graph import (
    ACCOUNT,
    ADMINISTER,
    COPIES,
    KEPT,
    PROVIDER,
    SHARED,
    SSO,
    TAGS,
    TAKES,
    VISIBLE,
    alert_manager,
    allow,
    document,
    github,
    people,
    web_acl_rules,
)

GONE = "the resource is taken away"
OBJECTS = {"dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}
SELECTOR = [
    {"field": "resources.type", "equals": ["AWS::S3::Object"]},
    {"field": "eventCategory", "equals": ["Data"]},
]


@dataclass(frozen=True, kw_only=True)
class Seed:
    control: str
    resource: str
    path: str = ""
    value: Any = None
    also: frozenset[str] = frozenset()
    """Other controls that the same fault breaks."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """Other properties that change with it."""
    kind: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    protect: bool | None = None
    ignored: bool = False
    configuration: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        shown = json.dumps(self.value)[:40] if self.value != GONE else "gone"
        return f"{self.control}: {self.resource}.{self.path}={shown}"

    def applied(self, graph: Sequence[Resource]) -> list[Resource]:
        if self.kind:
            urn = f"urn:pulumi:prod::workbuoy::{self.kind}::{self.resource}"
            properties = {"tags": TAGS, **self.properties}
            added = Resource(urn=urn, type=self.kind, name=self.resource, inputs=properties, provider=PROVIDER)
            return [*graph, added]
        target = next(r for r in graph if r.name == self.resource and r.type.startswith("aws:"))
        others = [r for r in graph if r is not target]
        return others if self.value == GONE else [*others, self._changed(target)]

    def _changed(self, target: Resource) -> Resource:
        if self.protect is not None:
            return replace(target, protect=self.protect)
        if self.ignored:
            return replace(target, ignore_changes=(self.path,))
        properties = deepcopy({**target.inputs, **self.beside})
        inner: Any = properties
        steps = self.path.split(".")
        for step in steps[:-1]:
            inner = inner[int(step)] if step.isdigit() else inner[step]
        if isinstance(inner, str):
            raise TypeError(f"{self}: a text has no {steps[-1]}")
        if self.value is None:
            inner.pop(steps[-1], None)
        else:
            inner[int(steps[-1]) if steps[-1].isdigit() else steps[-1]] = self.value
        kept = {k: v for k, v in target.property_dependencies.items() if k != steps[0]}
        return replace(target, inputs=properties, property_dependencies=kept)


def seed(control: str, resource: str, path: str, value: Any = None, *also: str) -> Seed:
    return Seed(control=control, resource=resource, path=path, value=value, also=frozenset(also))


def gone(control: str, resource: str, *also: str) -> Seed:
    return Seed(control=control, resource=resource, value=GONE, also=frozenset(also))


def added(control: str, kind: str, *also: str, **properties: Any) -> Seed:
    return Seed(control=control, resource="seeded", kind=kind, properties=properties, also=frozenset(also))


def container(**changes: Any) -> str:
    base = {
        "name": "service",
        "readonlyRootFilesystem": True,
        "user": "10001",
        "logConfiguration": {"logDriver": "awslogs"},
        "environment": [{"name": "NODE_ENV", "value": "production"}],
    }
    return json.dumps([base | changes])


def environment(**values: str) -> list[dict[str, str]]:
    return [{"name": key, "value": value} for key, value in ({"NODE_ENV": "production"} | values).items()]


D, FILES = "database-instance", "files-bucket"
DATABASE = [
    seed("database-encrypt-storage", D, "storageEncrypted", False),
    seed("database-encrypt-storage", D, "kmsKeyId"),
    seed("database-encrypt-storage", D, "kmsKeyId", "alias/aws/rds"),
    seed("database-refuse-public-access", D, "publiclyAccessible", True),
    seed("database-keep-off-internet-routes", "network-data-routes", "routes", [{"gatewayId": "igw-9"}]),
    gone("database-keep-off-internet-routes", "network-data-a-routes"),
    seed("database-keep-off-internet-routes", "network-data-a-routes", "routeTableId", "rtb-elsewhere"),
    seed("database-keep-off-internet-routes", D, "dbSubnetGroupName", "elsewhere"),
    seed("database-keep-off-internet-routes", "database-subnets", "subnetIds", ["subnet-data-a", "elsewhere"]),
    Seed(
        control="database-keep-off-internet-routes",
        resource="seeded",
        kind="aws:ec2/route:Route",
        properties={"routeTableId": "rtb-data", "gatewayId": "igw-1"},
    ),
    seed("database-protect-from-deletion", D, "deletionProtection", False),
    seed("database-keep-backups", D, "backupRetentionPeriod", 6.0),
    seed("database-keep-backups", D, "backupRetentionPeriod"),
    seed("database-span-zones", D, "multiAz", False),
    seed("database-upgrade-minor-versions", D, "autoMinorVersionUpgrade", False),
    seed("database-upgrade-minor-versions", D, "engineVersion", "17.2"),
    seed("database-copy-tags", D, "copyTagsToSnapshot", False),
    seed("database-export-logs", D, "enabledCloudwatchLogsExports", ["postgresql"]),
    seed("database-force-tls", D, "parameterGroupName", "default.postgres17", "database-log-queries"),
    seed(
        "database-force-tls",
        "database-parameters",
        "parameters",
        [{"name": "rds.force_ssl", "value": "0"}, {"name": "log_statement", "value": "ddl"}],
    ),
    seed(
        "database-force-tls",
        "database-parameters",
        "parameters",
        [
            {"name": "rds.force_ssl", "value": "0"},
            {"name": "rds.force_ssl", "value": "1"},
            {"name": "log_statement", "value": "ddl"},
        ],
    ),
    seed("database-rename-master", D, "username", "postgres"),
    seed("database-allow-iam-login", D, "iamDatabaseAuthenticationEnabled", False),
    seed("database-use-current-certificate", D, "caCertIdentifier", "rds-ca-2019"),
    seed("database-use-current-certificate", D, "caCertIdentifier"),
    seed("database-watch-performance", D, "performanceInsightsEnabled", False),
    seed("database-watch-performance", D, "performanceInsightsKmsKeyId"),
    seed("database-watch-performance", D, "performanceInsightsKmsKeyId", "alias/aws/rds"),
    seed("database-keep-final-snapshot", D, "skipFinalSnapshot", True),
    seed("database-keep-final-snapshot", D, "finalSnapshotIdentifier"),
    seed("database-keep-final-snapshot", D, "finalSnapshotIdentifier", "workbuoy-final"),
    seed("database-keep-automated-backups", D, "deleteAutomatedBackups", True),
    seed("database-keep-automated-backups", D, "deleteAutomatedBackups"),
    seed("database-let-rds-hold-master-password", D, "manageMasterUserPassword", False),
    seed("database-let-rds-hold-master-password", D, "password", "[secret]"),
    seed("database-let-rds-hold-master-password", D, "passwordWo", "[secret]"),
    seed("database-monitor-closely", D, "monitoringInterval", 0.0),
    seed("database-change-port", D, "port", 5432.0),
    gone("database-announce-events", "database-db-instance-events"),
    seed("database-announce-events", "database-db-instance-events", "sourceIds", ["another"]),
    seed("database-announce-events", "database-db-parameter-group-events", "enabled", False),
    seed("database-announce-events", "database-db-security-group-events", "sourceType", "db-cluster"),
    gone("database-join-backup-plan", "database-backup"),
    seed(
        "database-join-backup-plan",
        "database-backup",
        "resources",
        ["arn:aws:rds:eu-north-1:1:db:other"],
        "backup-plan-take-data",
    ),
    *(
        seed(
            "database-log-queries",
            "database-parameters",
            "parameters",
            [{"name": "rds.force_ssl", "value": "1"}, *more],
        )
        for more in (
            [],
            [{"name": "log_statement", "value": "none"}, {"name": "log_min_duration_statement", "value": "-1"}],
        )
    ),
    seed("snapshot-stay-private", "database-snapshot", "sharedAccounts", ["all"]),
    seed("snapshot-stay-private", "database-snapshot-copy", "sharedAccounts", ["all"]),
    seed("snapshot-stay-private", "database-cluster-snapshot", "sharedAccounts", ["all"]),
    seed("snapshot-copy-encrypt", "database-snapshot-copy", "kmsKeyId"),
    seed("snapshot-copy-encrypt", "database-snapshot-copy", "kmsKeyId", "alias/aws/rds"),
    seed("backup-replication-encrypt", "database-backups", "kmsKeyId"),
    seed("backup-replication-encrypt", "database-backups", "kmsKeyId", "alias/aws/rds"),
]


REFUSE_HTTP = {
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": False}},
}


def bucket_policy(*statements: Mapping[str, Any]) -> str:
    return document(REFUSE_HTTP, *statements)


def granting(principal: Any) -> dict[str, Any]:
    return {"Sid": "Open", "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*"}


LIFECYCLE = "files-lifecycleconfiguration"
ENCRYPTION = "files-serversideencryptionconfiguration"
KMS = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:aws:kms:eu-north-1:333333333333:key/1"}
EXPIRE = {"status": "Enabled", "noncurrentVersionExpiration": {"noncurrentDays": 30.0}}
ABORT = {"status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7.0}}
NOT_IN_WHOLE = ("bucket-expire-noncurrent-versions", "bucket-abort-uploads")
STORAGE = [
    gone("bucket-block-public-access", "files-publicaccessblock"),
    *(
        seed("bucket-block-public-access", "files-publicaccessblock", name, False)
        for name in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    ),
    seed("bucket-refuse-public-acl", "files-acl", "acl", "public-read"),
    seed("bucket-refuse-public-acl", FILES, "acl", "public-read-write"),
    seed("bucket-refuse-public-acl", "files-acl", "acl", "aws-exec-read"),
    seed(
        "bucket-refuse-public-acl",
        "files-acl",
        "accessControlPolicy",
        {"grants": [{"grantee": {"uri": "http://acs.amazonaws.com/groups/global/AllUsers"}}]},
    ),
    seed(
        "bucket-refuse-public-acl",
        FILES,
        "grants",
        [{"uri": "http://acs.amazonaws.com/groups/global/AllUsers", "permissions": ["READ"]}],
    ),
    gone("bucket-require-tls", "files-policy"),
    seed("bucket-require-tls", "files-policy", "policy", document()),
    seed("bucket-require-tls", "files-policy", "policy", document(granting({"Service": "x"}) | {"Effect": "Deny"})),
    *(
        seed("bucket-require-tls", "files-policy", "policy", document({**REFUSE_HTTP, **weaker}))
        for weaker in (
            {"Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:username": "ada"}}},
            {"Condition": {"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "false"}}},
            {"Resource": ["arn:aws:s3:::workbuoy-prod-files/*", "arn:aws:s3:::another"]},
            {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
        )
    ),
    gone("bucket-enforce-owner", "files-ownershipcontrols"),
    seed("bucket-enforce-owner", "files-ownershipcontrols", "rule.objectOwnership", "ObjectWriter"),
    gone("bucket-keep-versions", "files-versioning", "bucket-require-mfa-delete"),
    seed("bucket-keep-versions", "files-versioning", "versioningConfiguration.status", "Suspended"),
    gone("bucket-encrypt-with-customer-key", ENCRYPTION),
    seed(
        "bucket-encrypt-with-customer-key",
        ENCRYPTION,
        "rules",
        [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}],
    ),
    seed(
        "bucket-encrypt-with-customer-key",
        ENCRYPTION,
        "rules",
        [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}, "bucketKeyEnabled": True}],
    ),
    seed(
        "bucket-encrypt-with-customer-key",
        ENCRYPTION,
        "rules",
        [{"applyServerSideEncryptionByDefault": KMS | {"kmsMasterKeyId": "alias/files"}, "bucketKeyEnabled": False}],
    ),
    *(
        seed(
            "bucket-encrypt-with-customer-key",
            ENCRYPTION,
            "rules",
            [{"applyServerSideEncryptionByDefault": KMS | {"kmsMasterKeyId": key}, "bucketKeyEnabled": True}],
        )
        for key in ("alias/aws/s3",)
    ),
    gone("bucket-set-lifecycle", LIFECYCLE, *NOT_IN_WHOLE),
    seed("bucket-set-lifecycle", LIFECYCLE, "rules", [EXPIRE | {"status": "Disabled"}], *NOT_IN_WHOLE),
    seed("bucket-expire-noncurrent-versions", LIFECYCLE, "rules", [ABORT]),
    seed("bucket-expire-noncurrent-versions", LIFECYCLE, "rules", [ABORT, EXPIRE | {"filter": {"prefix": "imports/"}}]),
    seed("bucket-expire-noncurrent-versions", LIFECYCLE, "rules", [ABORT, EXPIRE | {"prefix": "imports/"}]),
    seed("bucket-abort-uploads", LIFECYCLE, "rules", [EXPIRE]),
    seed("bucket-abort-uploads", LIFECYCLE, "rules", [EXPIRE, ABORT | {"filter": {"prefix": "imports/"}}]),
    seed(
        "bucket-abort-uploads",
        LIFECYCLE,
        "rules",
        [EXPIRE, {"status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 8.0}}],
    ),
    seed("bucket-name-principals", "files-policy", "policy", bucket_policy(granting("*"))),
    seed("bucket-name-principals", "files-policy", "policy", bucket_policy(granting({"AWS": ["*"]}))),
    seed(
        "bucket-name-principals",
        "files-policy",
        "policy",
        bucket_policy(granting({"AWS": "arn:aws:iam::999999999999:root"})),
    ),
    gone("bucket-log-access", "files-access-logs"),
    seed("bucket-refuse-force-destroy", FILES, "forceDestroy", True),
    gone("bucket-replicate-across-regions", "files-replicationconfig"),
    gone("bucket-announce-events", "files-notification"),
    seed("bucket-lock-objects", FILES, "objectLockEnabled", False),
    seed("bucket-require-mfa-delete", "files-versioning", "versioningConfiguration.mfaDelete", "Disabled"),
    gone("bucket-record-object-access", "files-trail"),
    seed("bucket-record-object-access", "files-trail", "enableLogging", False),
    *(
        seed("bucket-record-object-access", "files-trail", "eventSelectors", [{**OBJECTS, **change}])
        for change in (
            {"readWriteType": "WriteOnly"},
            {"dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3:::another/"]}]},
        )
    ),
    *(
        Seed(
            control="bucket-record-object-access",
            resource="files-trail",
            path="eventSelectors",
            value=None,
            beside={"advancedEventSelectors": [{"fieldSelectors": [*SELECTOR, narrowing]}]},
        )
        for narrowing in (
            {"field": "readOnly", "equals": ["true"]},
            {"field": "resources.ARN", "notStartsWiths": ["arn:aws:s3:::workbuoy-prod-files/"]},
            {"field": "resources.ARN", "startsWiths": ["arn:aws:s3:::another/"]},
            {"field": "userIdentity.arn", "notEquals": ["arn:aws:iam::333333333333:role/thief"]},
        )
    ),
]

SECRETS = [
    seed("secret-encrypt-with-customer-key", "secrets-database", "kmsKeyId"),
    seed("secret-encrypt-with-customer-key", "secrets-database", "kmsKeyId", "alias/aws/secretsmanager"),
    gone("secret-rotate", "secrets-database-rotation"),
    seed("secret-rotate", "secrets-database-rotation", "rotationEnabled", False),
    seed("secret-rotate", "secrets-oidc", "tags.rotation", "by hand"),
    *(
        seed("secret-rotate-often", "secrets-database-rotation", "rotationRules", rules)
        for rules in (
            {"automaticallyAfterDays": 91.0},
            {"automaticallyAfterDays": 0.0},
            {"scheduleExpression": "rate(100 days)"},
            {"scheduleExpression": "cron(0 8 1 1 ? *)"},
            {"scheduleExpression": "cron(0 8 1 1/4 ? *)"},
            {"scheduleExpression": "now and then"},
            {},
        )
    ),
    seed("secret-keep-recovery-window", "secrets-database", "recoveryWindowInDays", 0.0),
    *(
        seed("secret-keep-values-out", "secrets-empty", name, "[secret]")
        for name in ("secretString", "secretBinary", "secretStringWo")
    ),
]

EVERYTHING = ("role-name-actions", "role-name-resources", "role-refuse-escalation", "role-refuse-decrypt-everywhere")
OLA = ["arn:aws:iam::333333333333:user/ola"]
IAM_ON_ONE = ["arn:aws:iam::333333333333:role/one"]


def policy(*statements: Mapping[str, Any]) -> str:
    return document(*statements)


def federated(provider: str, condition: Mapping[str, Any]) -> str:
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:{provider}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        }
    )


NAMES_NO_PRINCIPAL: list[dict[str, Any]] = [
    {"ArnLike": {"aws:PrincipalArn": "*"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": SSO}},
    {"ArnLikeIfExists": {"aws:PrincipalArn": SSO}},
    {"ForAllValues:StringLike": {"aws:PrincipalArn": SSO}},
    {"Null": {"aws:PrincipalArn": "false"}},
]
IDENTITY_FAULTS: tuple[tuple[str, dict[str, Any], tuple[str, ...]], ...] = (
    ("role-refuse-administrator-statement", allow(["*"], ["*"]), EVERYTHING),
    ("role-name-actions", allow(["sqs:Send*"], ["arn:aws:sqs:eu-north-1:333333333333:queue"]), ()),
    ("role-name-resources", allow(["s3:PutObject"], ["*"]), ()),
    ("role-refuse-escalation", allow(["iam:PassRole"], IAM_ON_ONE), ()),
    ("role-refuse-decrypt-everywhere", allow(["kms:Decrypt"], ["arn:aws:kms:*:*:key/*"]), ()),
)
ACCESS = [
    seed("role-refuse-administrator-statement", "task-policy", "policy", policy(allow(["*:*"], ["*"])), *EVERYTHING),
    seed(
        "role-name-actions",
        "task-policy",
        "policy",
        policy(allow(["sqs:SendMessag?"], ["arn:aws:sqs:eu-north-1:333333333333:queue"])),
    ),
    seed(
        "role-name-actions",
        "task-policy",
        "policy",
        policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::workbuoy-prod-files/*"}),
    ),
    seed("role-name-resources", "task-policy", "policy", policy(allow(["s3:PutObject"], ["*"]))),
    seed(
        "role-name-resources",
        "task-policy",
        "policy",
        policy({"Effect": "Allow", "Action": "s3:PutObject", "NotResource": "arn:aws:s3:::other/*"}),
    ),
    seed("role-refuse-escalation", "task-policy", "policy", policy(allow(["iam:PassRole"], IAM_ON_ONE))),
    seed(
        "role-refuse-escalation",
        "task-policy",
        "policy",
        policy(allow(["iam:PassRole"], IAM_ON_ONE, Condition={"StringLike": {"iam:PassedToService": "*"}})),
    ),
    seed("role-refuse-escalation", "task-policy", "policy", policy(allow(["iam:PutRolePolicy"], IAM_ON_ONE))),
    seed(
        "role-refuse-escalation",
        "task-policy",
        "policy",
        policy(allow(["iam:CreateAccessKey"], ["arn:aws:iam::333333333333:user/one"])),
    ),
    seed(
        "role-refuse-escalation",
        "task-policy",
        "policy",
        policy(allow(["secretsmanager:GetSecretValue"], ["arn:aws:secretsmanager:*:*:*"])),
        "role-name-resources",
    ),
    seed(
        "role-refuse-decrypt-everywhere",
        "task-policy",
        "policy",
        policy(allow(["kms:Decrypt"], ["arn:aws:kms:*:333333333333:key/*"])),
    ),
    seed(
        "role-refuse-decrypt-everywhere",
        "task-policy",
        "policy",
        policy(allow(["kms:ReEncryptFrom"], ["*"])),
        "role-name-resources",
    ),
    seed("role-name-trusted-principals", "task-role", "assumeRolePolicy", people("*"), "role-require-mfa"),
    seed(
        "role-name-trusted-principals",
        "task-role",
        "assumeRolePolicy",
        people(Bool={"aws:MultiFactorAuthPresent": "true"}),
    ),
    seed(
        "role-name-trusted-principals",
        "task-role",
        "assumeRolePolicy",
        people("999999999999", Bool={"aws:MultiFactorAuthPresent": "true"}),
    ),
    *(
        seed(
            "role-name-trusted-principals",
            "operator-role",
            "assumeRolePolicy",
            people(Bool={"aws:MultiFactorAuthPresent": "true"}, **condition),
        )
        for condition in NAMES_NO_PRINCIPAL
    ),
    seed(
        "role-refuse-administrator-policy",
        "operator-attachment",
        "policyArn",
        "arn:aws:iam::aws:policy/AdministratorAccess",
    ),
    added(
        "role-refuse-administrator-policy",
        "aws:iam/policyAttachment:PolicyAttachment",
        policyArn="arn:aws:iam::aws:policy/AdministratorAccess",
    ),
    added(
        "role-refuse-administrator-policy",
        "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment",
        managedPolicyArn="arn:aws:iam::aws:policy/AdministratorAccess",
    ),
    added(
        "role-refuse-administrator-policy",
        "aws:ssoadmin/managedPolicyAttachmentsExclusive:ManagedPolicyAttachmentsExclusive",
        managedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"],
    ),
    added(
        "role-refuse-administrator-policy",
        "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
        policyArns=["arn:aws:iam::aws:policy/AdministratorAccess"],
    ),
    *(
        added(
            "role-pin-github-subject",
            "aws:iam/role:Role",
            assumeRolePolicy=github("repo:workbuoy/infrastructure:pull_request"),
            managedPolicyArns=[arn],
        )
        for arn in (
            "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser",
            f"arn:aws:iam::{ACCOUNT}:policy/of-another-stack",
        )
    ),
    seed(
        "role-refuse-administrator-policy",
        "task-role",
        "managedPolicyArns",
        ["arn:aws:iam::aws:policy/IAMFullAccess"],
    ),
    *(
        added(
            "role-refuse-administrator-policy",
            f"aws:iam/{kind}PolicyAttachment:{kind.title()}PolicyAttachment",
            policyArn="arn:aws:iam::aws:policy/AdministratorAccess",
        )
        for kind in ("user", "group")
    ),
    *(
        seed("role-pin-github-subject", "deploy-role", "assumeRolePolicy", github(subject))
        for subject in (
            "repo:workbuoy/*",
            "repo:workbuoy/infrastructure:*",
            "repo:workbuoy/infrastructure:pull_request",
            "repo:workbuoy/infrastructure:ref:refs/heads/main",
        )
    ),
    seed(
        "role-pin-github-subject",
        "deploy-role",
        "assumeRolePolicy",
        github(
            "repo:workbuoy/infrastructure:environment:prod",
            **{"token.actions.githubusercontent.com:aud": "other"},
        ),
    ),
    seed(
        "role-pin-github-subject",
        "deploy-role",
        "assumeRolePolicy",
        github("x").replace("token.actions.githubusercontent.com:sub", "elsewhere:sub"),
    ),
    Seed(
        control="role-pin-github-subject",
        resource="deploy-role",
        path="assumeRolePolicy",
        value=github("repo:stranger/infrastructure:environment:prod"),
        configuration={"role-pin-github-subject": {"repositories": ["workbuoy/infrastructure"]}},
    ),
    *(
        fault
        for control, statement, also in IDENTITY_FAULTS
        for fault in (
            *(
                added(control, kind, *also, policy=policy(statement))
                for kind in (
                    "aws:iam/policy:Policy",
                    "aws:iam/userPolicy:UserPolicy",
                    "aws:iam/groupPolicy:GroupPolicy",
                    "aws:iam/rolePolicy:RolePolicy",
                )
            ),
            added(
                control,
                "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy",
                *also,
                inlinePolicy=policy(statement),
            ),
            seed(control, "task-role", "inlinePolicies", [{"policy": policy(statement)}], *also),
        )
    ),
    *(
        seed("role-name-resources", "task-policy", "policy", policy(allow([action], [resource])), *also)
        for action, resource, *also in (
            ("secretsmanager:PutSecretValue", "arn:aws:secretsmanager:*:*:secret:*"),
            ("iam:TagRole", "arn:aws:iam::333333333333:role/*"),
            ("lambda:InvokeFunction", "arn:aws:lambda:*:*:function:*"),
            ("s3:PutObject", "arn:aws:s3:::*-*/*"),
            ("s3:PutObject", "arn:*"),
            ("iam:TagRole", "arn:aws:iam::333333333333:r*"),
            ("secretsmanager:PutSecretValue", "arn:aws:secretsmanager:eu-north-1:333333333333:*e*"),
            ("sqs:SendMessage", "arn:aws:sqs:*:*:*"),
            ("s3:GetObject", "arn:aws:s3:::*/*", "role-refuse-escalation"),
            ("ecs:ExecuteCommand", "arn:aws:ecs:eu-north-1:333333333333:task/*", "role-refuse-escalation"),
            ("kms:CreateGrant", "arn:aws:kms:eu-north-1:333333333333:key/*", "role-refuse-escalation"),
            ("s3:PutBucketPolicy", "arn:aws:s3:::*", "role-refuse-escalation"),
            ("secretsmanager:PutResourcePolicy", "*", "role-refuse-escalation"),
        )
    ),
    seed(
        "role-refuse-escalation",
        "task-policy",
        "policy",
        policy(
            allow(
                ["iam:PassRole"],
                IAM_ON_ONE,
                Condition={"ForAllValues:StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
            )
        ),
    ),
    seed(
        "role-refuse-escalation",
        "task-policy",
        "policy",
        policy(
            allow(
                ["iam:CreateRole"],
                IAM_ON_ONE,
                Condition={"ArnEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/????"}},
            )
        ),
    ),
    seed("role-refuse-escalation", "task-policy", "policy", policy(allow(["iam:DeleteUserPermissionsBoundary"], OLA))),
    *(
        seed(
            "role-refuse-administrator-policy",
            "operator-attachment",
            "policyArn",
            f"arn:aws:iam::aws:policy/{name}",
        )
        for name in ("PowerUserAccess", "AmazonS3ReadOnlyAccess", "SecretsManagerReadWrite", "NotAPolicyOfAWS")
    ),
    seed(
        "role-name-trusted-principals",
        "operator-role",
        "assumeRolePolicy",
        people("arn:aws:iam::999999999999:role/theirs", Bool={"aws:MultiFactorAuthPresent": "true"}),
    ),
    *(
        seed("role-pin-federated-subject", "deploy-role", "assumeRolePolicy", federated(provider, condition))
        for provider, condition in (
            ("oidc-provider/gitlab.com", {"StringEquals": {"gitlab.com:aud": "https://gitlab.com"}}),
            ("oidc-provider/app.terraform.io", {"StringLike": {"app.terraform.io:sub": "organization:us:*"}}),
            ("oidc-provider/gitlab.com", {"ForAllValues:StringEquals": {"gitlab.com:aud": "a", "gitlab.com:sub": "s"}}),
            *(
                ("oidc-provider/gitlab.com", {"StringLike": {"gitlab.com:aud": "a", "gitlab.com:sub": somebody}})
                for somebody in ("*", "project_path:*:ref_type:branch:ref:main", "project_path:workbuoy*", "p*")
            ),
            ("saml-provider/staff", {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}),
        )
    ),
    seed(
        "role-pin-federated-subject",
        "deploy-role",
        "assumeRolePolicy",
        document(
            {
                "Effect": "Allow",
                "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-north-1:pool"}},
            }
        ),
    ),
    added("user-refuse", "aws:iam/user:User", name="ola"),
    added("user-refuse", "aws:iam/accessKey:AccessKey", user="ola"),
    added("user-refuse", "aws:iam/userLoginProfile:UserLoginProfile", user="ola"),
    seed("role-require-mfa", "operator-role", "assumeRolePolicy", people(f"arn:aws:iam::{ACCOUNT}:user/ola")),
    seed(
        "role-require-mfa",
        "operator-role",
        "assumeRolePolicy",
        people(ArnLike={"aws:PrincipalArn": [SSO, f"arn:aws:iam::{ACCOUNT}:role/*"]}),
        "role-name-trusted-principals",
    ),
    seed(
        "role-require-mfa",
        "operator-role",
        "assumeRolePolicy",
        people(f"arn:aws:iam::{ACCOUNT}:user/ola", BoolIfExists={"aws:MultiFactorAuthPresent": "true"}),
    ),
]

THEIRS = {"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "*"}
ANY_SOURCE = {"Sid": "Any", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "*"}
NAMES_NO_SOURCE: list[dict[str, Any]] = [
    {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}},
    {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}},
    {"ForAllValues:StringEquals": {"aws:SourceAccount": ACCOUNT}},
    {"Null": {"aws:SourceAccount": "true"}},
    {"StringEquals": {"aws:SourceAccount": "999999999999"}},
    {"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-*/r-ab12/*"}},
    {"StringLike": {"aws:SourceArn": "*"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}},
    {"StringEquals": {"kms:EncryptionContextKeys": "aws:logs:arn"}},
]
CANONICAL = {"Sid": "Theirs", "Effect": "Allow", "Principal": {"CanonicalUser": "79a5"}, "Action": "*"}
EVERYBODY = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "*"}
_POLICIES = {
    "aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
    "aws:backup/vaultPolicy:VaultPolicy": "policy",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyDocument",
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": "policy",
    "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy": "accessPolicy",
}
OUTSIDERS = [
    *(
        seed("resource-policy-refuse-outsiders", name, "policy", document(statement, SHARED))
        for name, statement in (
            (FILES, CANONICAL),
            ("secrets-oidc", THEIRS),
            ("encryption-data", THEIRS),
            ("observability-alarms", THEIRS),
        )
    ),
    seed("resource-policy-refuse-outsiders", FILES, "policy", document(EVERYBODY)),
    *(
        seed(
            "resource-policy-refuse-outsiders", "files-policy", "policy", bucket_policy({**statement, "Resource": "*"})
        )
        for statement in (CANONICAL, {**THEIRS, "Principal": {"AWS": "AIDAEXAMPLEEXAMPLE12"}})
    ),
    added("resource-policy-refuse-outsiders", "aws:kms/replicaKey:ReplicaKey", policy=document(THEIRS)),
    added(
        "resource-policy-refuse-outsiders",
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        policy=document({**EVERYBODY, "Condition": {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}}),
    ),
    *(
        added(
            "resource-policy-refuse-outsiders",
            "aws:cloudwatch/eventBusPolicy:EventBusPolicy",
            policy=document({**ANY_SOURCE, "Condition": condition}),
        )
        for condition in NAMES_NO_SOURCE
    ),
    added(
        "resource-policy-refuse-outsiders",
        "aws:lambda/permission:Permission",
        action="lambda:InvokeFunction",
        function="rotation",
        principal="s3.amazonaws.com",
        sourceArn="arn:aws:s3:::a-name-that-anybody-may-take",
    ),
    *(
        added("resource-policy-refuse-outsiders", kind, policy=document(statement))
        for kind in ("aws:ec2/vpcEndpoint:VpcEndpoint", "aws:sqs/queue:Queue")
        for statement in ({**EVERYBODY, "Resource": "*"}, THEIRS)
    ),
    added(
        "resource-policy-refuse-outsiders",
        "aws:sqs/queuePolicy:QueuePolicy",
        policy=document({**EVERYBODY, "Principal": {"Federated": "accounts.google.com"}}),
    ),
    *(
        added("resource-policy-refuse-outsiders", kind, **{name: document(statement)})
        for kind, name in _POLICIES.items()
        for statement in (EVERYBODY, THEIRS, ANY_SOURCE, CANONICAL)
    ),
    *(
        added("resource-policy-refuse-outsiders", kind, policy=document(statement))
        for kind in ("aws:sns/topicPolicy:TopicPolicy", "aws:ecr/repositoryPolicy:RepositoryPolicy")
        for statement in (THEIRS, ANY_SOURCE)
    ),
    added("resource-policy-refuse-outsiders", "aws:kms/keyPolicy:KeyPolicy", policy=document(THEIRS)),
    *(
        added("resource-policy-refuse-outsiders", kind, **{name: document(EVERYBODY)})
        for kind, name in (
            ("aws:dynamodb/resourcePolicy:ResourcePolicy", "policy"),
            ("aws:efs/fileSystemPolicy:FileSystemPolicy", "policy"),
            ("aws:opensearch/domain:Domain", "accessPolicies"),
        )
    ),
    added(
        "resource-policy-refuse-outsiders",
        "aws:lambda/permission:Permission",
        action="lambda:InvokeFunction",
        function="rotation",
        principal="s3.amazonaws.com",
    ),
    added(
        "resource-policy-refuse-outsiders",
        "aws:lambda/permission:Permission",
        action="lambda:InvokeFunction",
        function="rotation",
        principal="*",
    ),
    added(
        "resource-policy-refuse-outsiders",
        "aws:lambda/functionUrl:FunctionUrl",
        functionName="rotation",
        authorizationType="NONE",
    ),
    added(
        "resource-policy-refuse-outsiders",
        "aws:kms/grant:Grant",
        keyId="key",
        operations=["Decrypt"],
        granteePrincipal="arn:aws:iam::999999999999:role/theirs",
    ),
]
OPEN = {"Sid": "Open", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sns:Publish", "Resource": "*"}
TASK = "service-task"
MAKES_ITS_GROUP = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "/elsewhere", "awslogs-create-group": "true"},
}
UNROUTED = alert_manager(route={"receiver": "nobody"})
KEY, SERVICE_LOG, ALARM = "encryption-data", "observability-service", "observability-metric"
OBSERVABILITY = [
    seed("key-rotate", KEY, "enableKeyRotation", False),
    seed("key-name-principals", KEY, "policy", document(OPEN), "backup-copy-share-key"),
    added("key-name-principals", "aws:kms/keyPolicy:KeyPolicy", keyId="other", policy=document(OPEN)),
    added("key-name-principals", "aws:kms/replicaKey:ReplicaKey", policy=document(OPEN)),
    seed("key-delay-deletion", KEY, "deletionWindowInDays", 7.0),
    Seed(control="key-delay-deletion", resource=KEY, protect=False),
    seed("key-state-policy", KEY, "policy", None, "backup-copy-share-key"),
    seed("log-group-set-retention", SERVICE_LOG, "retentionInDays"),
    gone("log-group-set-retention", "database-upgrade-log"),
    seed("log-group-set-retention", "service-rotation", "loggingConfig.logGroup", "/aws/lambda/another"),
    seed("log-group-set-retention", TASK, "containerDefinitions", container(logConfiguration=MAKES_ITS_GROUP)),
    seed("log-group-encrypt", SERVICE_LOG, "kmsKeyId"),
    seed("log-group-keep-a-year", SERVICE_LOG, "retentionInDays", 90.0),
    seed("alarm-have-action", ALARM, "alarmActions", []),
    seed("alarm-have-action", "observability-compos", "alarmActions", []),
    seed("alarm-keep-actions-on", ALARM, "actionsEnabled", False),
    seed("alarm-keep-actions-on", "observability-compos", "actionsEnabled", False),
    seed("metrics-encrypt", "metrics-workspace", "kmsKeyArn"),
    seed("metrics-log-failures", "metrics-workspace", "loggingConfiguration"),
    seed("metrics-alerts-reach-somebody", "scraping-alert-manager", "definition", "alertmanager_config: '{'"),
    seed("metrics-alerts-reach-somebody", "scraping-alert-manager", "definition", UNROUTED),
    seed("topic-encrypt", "observability-alarms", "kmsMasterKeyId"),
    seed("topic-encrypt", "observability-alarms", "kmsMasterKeyId", "alias/aws/sns"),
    seed("topic-refuse-public", "observability-alarms-policy", "policy", document(OPEN)),
    seed("topic-refuse-public", "observability-alarms", "policy", document(OPEN)),
    *(
        seed(
            "topic-refuse-public",
            "observability-alarms-policy",
            "policy",
            document(OPEN | {"Condition": condition}),
        )
        for condition in NAMES_NO_SOURCE
    ),
]

PULL = "registry-policy"
SERVICE = [
    seed("service-refuse-public-ip", "service-service", "networkConfiguration.assignPublicIp", True),
    seed("service-use-latest-platform", "service-service", "platformVersion", "1.3.0"),
    seed("task-keep-own-processes", TASK, "pidMode", "host"),
    seed("task-keep-own-processes", TASK, "ipcMode", "host"),
    seed("task-keep-own-network", TASK, "networkMode", "host"),
    seed("task-refuse-privileged", TASK, "containerDefinitions", container(privileged=True)),
    seed("task-read-only-root", TASK, "containerDefinitions", container(readonlyRootFilesystem=False)),
    *(
        seed("task-inject-secrets", TASK, "containerDefinitions", container(environment=environment(**values)))
        for values in (
            {"DATABASE_PASSWORD": "x"},
            {"S3_ACCESS_KEY_ID": "x"},
            {"DATABASE_URL": "postgresql://user:pass@host/db"},
            {"ANYTHING": "AKIAABCDEFGHIJKLMNOP"},
            {"db_password": "x"},
            {"apiKey": "x"},
            {"CACHE_URL": "redis://:pass@host/0"},
            {"DB_PASS": "x"},
        )
    ),
    seed("task-inject-secrets", TASK, "containerDefinitions", container(command=["psql", "postgresql://u:p@host/db"])),
    seed(
        "task-inject-secrets",
        TASK,
        "containerDefinitions",
        container(environment=[{"name": "A", "value": "AKIAABCDEFGHIJKLMNOP"}, *environment(A="plain")]),
    ),
    seed(
        "task-inject-secrets", TASK, "containerDefinitions", container(environmentFiles=[{"type": "s3", "value": "a"}])
    ),
    *(
        seed("task-inject-secrets", "service-rotation", "environment.variables", values)
        for values in ({"OWNER_PASSWORD": "x"}, {"ANYTHING": "AKIAABCDEFGHIJKLMNOP"})
    ),
    seed("task-log", TASK, "containerDefinitions", container(logConfiguration=None)),
    *(
        seed("task-run-as-user", TASK, "containerDefinitions", container(user=user))
        for user in ("root", "0:0", "00", "+0", None)
    ),
    seed("task-separate-roles", TASK, "taskRoleArn", f"arn:aws:iam::{ACCOUNT}:role/workbuoy-prod-execution"),
    seed("task-run-production", TASK, "containerDefinitions", container(environment=[])),
    *(
        seed("task-run-production", TASK, "containerDefinitions", container(environment=environment(**values)))
        for values in (
            {"NODE_ENV": "development"},
            {"OIDC_DEV_MOCK": "1"},
            {"DATABASE_URL": "sqlite:///things.db"},
        )
    ),
    added(
        "task-separate-roles",
        "aws:ecs/taskDefinition:TaskDefinition",
        executionRoleArn="arn:aws:iam::333333333333:role/outside",
        taskRoleArn="arn:aws:iam::333333333333:role/outside",
    ),
    seed("repository-scan-images", "registry", "imageScanningConfiguration.scanOnPush", False),
    seed("repository-keep-tags", "registry", "imageTagMutability", "MUTABLE"),
    seed("repository-refuse-public", PULL, "policy", document(OPEN)),
    gone("repository-expire-images", "registry-lifecycle"),
    seed("repository-encrypt-with-customer-key", "registry", "encryptionConfigurations", []),
    *(
        seed(
            "repository-encrypt-with-customer-key",
            "registry",
            "encryptionConfigurations",
            [{"encryptionType": "KMS", "kmsKey": key}],
        )
        for key in (None, "alias/aws/ecr")
    ),
    seed("cluster-watch-containers", "service-cluster", "settings", []),
    seed("function-use-current-runtime", "service-rotation", "runtime", "python3.8"),
    seed("function-use-current-runtime", "service-rotation", "runtime"),
]

WORLD_IN = "network-database-from-service"
BALANCER = "service-balancer"
ACL, ACL_LOG = "service-web-acl", "service-web-acl-log"
NETWORK = [
    seed("listener-redirect-http", "service-http", "defaultActions", [{"type": "forward"}]),
    seed(
        "listener-redirect-http",
        "service-http",
        "defaultActions",
        [{"type": "redirect", "redirect": {"protocol": "HTTP"}}],
    ),
    added(
        "listener-redirect-http",
        "aws:lb/listenerRule:ListenerRule",
        listenerArn=f"arn:aws:elasticloadbalancing:eu-north-1:{ACCOUNT}:listener/app/workbuoy/1/80",
        actions=[{"type": "forward"}],
    ),
    seed("listener-require-tls", "service-https", "sslPolicy", "ELBSecurityPolicy-2016-08"),
    seed("listener-require-tls", "service-https", "sslPolicy"),
    seed("listener-require-tls", "service-https", "protocol", "TCP"),
    seed("load-balancer-drop-headers", BALANCER, "dropInvalidHeaderFields", False),
    seed("load-balancer-protect", BALANCER, "enableDeletionProtection", False),
    seed("load-balancer-log-access", BALANCER, "accessLogs.enabled", False),
    seed("load-balancer-defend-desync", BALANCER, "desyncMitigationMode", "monitor"),
    gone("load-balancer-use-firewall", "service-firewall"),
    seed("web-acl-refuse-requests", ACL, "rules", None, "web-acl-refuse-known-bad-inputs"),
    seed(
        "web-acl-refuse-requests",
        ACL,
        "rules",
        [{"name": "all", "action": {"count": {}}, "visibilityConfig": VISIBLE}],
        "web-acl-refuse-known-bad-inputs",
    ),
    seed("web-acl-refuse-known-bad-inputs", ACL, "rules", web_acl_rules()[:1]),
    seed("web-acl-refuse-known-bad-inputs", ACL, "rules.1.overrideAction", {"count": {}}),
    seed(
        "web-acl-refuse-known-bad-inputs", ACL, "rules.1.statement.managedRuleGroupStatement.name", "AWSManagedRulesX"
    ),
    seed(
        "web-acl-refuse-known-bad-inputs",
        ACL,
        "rules.1.statement.managedRuleGroupStatement.scopeDownStatement",
        {"geoMatchStatement": {"countryCodes": ["AQ"]}},
    ),
    seed("web-acl-measure", ACL, "visibilityConfig.cloudwatchMetricsEnabled", False),
    seed("web-acl-measure", ACL, "rules", web_acl_rules(cloudwatchMetricsEnabled=False)),
    gone("web-acl-log-requests", ACL_LOG),
    seed("web-acl-hide-secrets", ACL, "visibilityConfig.sampledRequestsEnabled", True),
    seed("web-acl-hide-secrets", ACL, "rules", web_acl_rules(sampledRequestsEnabled=True)),
    seed("web-acl-hide-secrets", ACL, "dataProtectionConfig", None),
    seed("web-acl-hide-secrets", ACL, "dataProtectionConfig.dataProtections.2.excludeRuleMatchDetails", True),
    seed("web-acl-hide-secrets", ACL_LOG, "redactedFields", [{"singleHeader": {"name": "cookie"}}]),
    seed("target-group-use-tls", "service-targets", "protocol", "HTTP"),
    gone("network-empty-default-group", "network-default"),
    seed("network-empty-default-group", "network-default", "ingress", [{"protocol": "-1"}]),
    seed("network-empty-default-group", "network-default", "egress", [{"protocol": "-1"}]),
    *(
        added("network-empty-default-group", kind, securityGroupId="sg-default", description="x")
        for kind in (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            "aws:ec2/securityGroupRule:SecurityGroupRule",
        )
    ),
    added(
        "network-close-ports",
        "aws:ec2/managedPrefixList:ManagedPrefixList",
        entries=[{"cidr": "10.0.0.0/8"}, {"cidr": "0.0.0.0/0"}],
    ),
    added("network-close-ports", "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry", cidr="::/0"),
    *(
        added(
            control,
            "aws:ec2/securityGroup:SecurityGroup",
            description="x",
            **{
                way: [
                    {"protocol": "tcp", "fromPort": 22.0, "toPort": 22.0, "cidrBlocks": [f"{first}.0.0.0/8"]}
                    for first in range(1, 200)
                ]
            },
        )
        for way, control in (("ingress", "network-close-ports"), ("egress", "network-limit-ways-out"))
    ),
    seed("network-close-ports", WORLD_IN, "cidrIpv4", "0.0.0.0/0"),
    seed("database-refuse-public-access", "database-instance", "publiclyAccessible", "true"),
    seed("network-close-ports", WORLD_IN, "cidrIpv6", "::/0"),
    seed("network-close-ports", WORLD_IN, "cidrIpv4", "128.0.0.0/1"),
    *(
        added(
            "network-close-ports",
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            description="x",
            cidrIpv4="0.0.0.0/0",
            **ports,
        )
        for ports in ({"ipProtocol": "-1"}, {"ipProtocol": "tcp", "fromPort": 80.0, "toPort": 8080.0})
    ),
    seed(
        "network-close-ports",
        "network-database",
        "ingress",
        [{"protocol": "tcp", "fromPort": 22.0, "toPort": 22.0, "cidrBlocks": ["0.0.0.0/0"]}],
    ),
    *(
        added(
            "network-close-ports",
            "aws:ec2/securityGroupRule:SecurityGroupRule",
            type="ingress",
            protocol="tcp",
            fromPort=22.0,
            toPort=22.0,
            **blocks,
        )
        for blocks in ({"cidrBlocks": ["0.0.0.0/0"]}, {"ipv6CidrBlocks": ["::/0"]})
    ),
    *(
        added(
            "network-limit-ways-out",
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            description="x",
            **{"ipProtocol": "tcp", "fromPort": 4318.0, "toPort": 4318.0, **way},
        )
        for way in (
            {"cidrIpv4": "0.0.0.0/0"},  # as a receiver of traces whose block is the whole world
            {"cidrIpv4": "128.0.0.0/1"},
            {"cidrIpv6": "::/0"},
            {"cidrIpv4": "0.0.0.0/0", "fromPort": 443.0, "toPort": 8443.0},
            {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"},
        )
    ),
    seed(
        "network-limit-ways-out",
        "network-database",
        "egress",
        [{"protocol": "-1", "fromPort": 0.0, "toPort": 0.0, "cidrBlocks": ["0.0.0.0/0"]}],
    ),
    *(
        added(
            "network-limit-ways-out",
            "aws:ec2/securityGroupRule:SecurityGroupRule",
            type="egress",
            protocol="tcp",
            fromPort=25.0,
            toPort=25.0,
            **blocks,
        )
        for blocks in ({"cidrBlocks": ["0.0.0.0/0"]}, {"ipv6CidrBlocks": ["::/0"]})
    ),
    seed("subnet-refuse-public-ip", "network-public-a", "mapPublicIpOnLaunch", True),
    gone("network-record-flows", "network-flows"),
    seed("network-record-flows", "network-flows", "trafficType", "ACCEPT"),
    *(gone("network-use-private-endpoints", f"network-{name}") for name in ("ec2", "ecr.api", "ecr.dkr")),
    seed("security-group-describe", "network-database", "description", "Managed by Pulumi"),
    seed("security-group-describe", WORLD_IN, "description"),
]

US = "us-east-1"


def in_us(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{US}:{ACCOUNT}:{rest}"


def replicated(destination: Mapping[str, Any]) -> dict[str, Any]:
    return {"bucket": "b", "rules": [{"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::b", **destination}}]}


# One of each kind that can take data, a copy of it or a key to another place.
ELSEWHERE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("aws:cloudwatch/logGroup:LogGroup", {"region": US, "retentionInDays": 365.0, "kmsKeyId": "k"}),
    ("aws:cloudwatch/logDestination:LogDestination", {"targetArn": in_us("kinesis", "stream/s")}),
    ("aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter", {"destinationArn": in_us("lambda", "function:f")}),
    ("aws:ec2/flowLog:FlowLog", {"logDestination": in_us("logs", "log-group:g"), "trafficType": "ALL"}),
    ("aws:kms/replicaKey:ReplicaKey", {"region": US}),
    ("aws:kms/replicaExternalKey:ReplicaExternalKey", {"primaryKeyArn": in_us("kms", "key/mrk-1")}),
    ("aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy", {"destinationRegion": US}),
    ("aws:rds/globalCluster:GlobalCluster", {"sourceDbClusterIdentifier": in_us("rds", "cluster:c")}),
    ("aws:s3/bucketReplicationConfig:BucketReplicationConfig", replicated({})),
    (
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        replicated({"encryptionConfiguration": {"replicaKmsKeyId": in_us("kms", "key/1")}}),
    ),
    ("aws:sns/topic:Topic", {"region": US, "kmsMasterKeyId": "k"}),
    ("aws:sns/topicSubscription:TopicSubscription", {"endpoint": in_us("sqs", "q"), "protocol": "sqs"}),
)


def backed_up(**changes: Any) -> list[dict[str, Any]]:
    """The rules of the backup plan with another copy."""
    copy = {"destinationVaultArn": COPIES, "lifecycle": {"deleteAfter": 35.0}, **changes}
    return [{"ruleName": "daily", "targetVaultName": "workbuoy-prod", "copyActions": [copy]}]


PLACEMENT = [
    *(seed("resource-carry-owner-tags", "files-logs-bucket", f"tags.{tag}") for tag in TAGS),
    seed("resource-carry-owner-tags", D, "tags"),
    Seed(control="resource-hold-what-is-judged", resource=D, path="deletionProtection", ignored=True),
    seed("resource-stay-in-residency", FILES, "region", "us-east-1"),
    seed("resource-stay-in-residency", D, "region", "us-east-1"),
    seed("resource-stay-in-residency", D, "availabilityZone", "us-east-1a"),
    seed("resource-stay-in-residency", "secrets-oidc", "replicas", [{"region": "us-east-1"}]),
    added("resource-stay-in-residency", "aws:dynamodb/table:Table", replicas=[{"regionName": "us-east-1"}]),
    seed("resource-stay-in-residency", "database-snapshot-copy", "destinationRegion", "us-east-1"),
    seed("resource-stay-in-residency", SERVICE_LOG, "kmsKeyId", "arn:aws:kms:us-east-1:333333333333:key/1"),
    seed(
        "resource-stay-in-residency",
        "database-backups",
        "sourceDbInstanceArn",
        "arn:aws:rds:us-east-1:333333333333:db:x",
    ),
    *(added("resource-stay-in-residency", kind, **properties) for kind, properties in ELSEWHERE),
    seed("resource-stay-in-residency", "backup-vault", "kmsKeyArn", in_us("kms", "key/1")),
    seed("resource-stay-in-residency", D, "replicateSourceDb", in_us("rds", "db:x")),
    seed(
        "resource-stay-in-residency",
        "database-plan",
        "rules",
        backed_up(destinationVaultArn="arn:aws:backup:us-east-1:444455556666:backup-vault:x"),
    ),
]


def sharing(**changes: Any) -> str:
    """The policy of the database's key, with another statement for the account that copies are made in."""
    return document(ADMINISTER, {**SHARED, **changes})


BACKUPS = [
    seed("backup-vault-encrypt", "backup-vault", "kmsKeyArn"),
    seed("backup-vault-encrypt", "copies-vault", "kmsKeyArn", "alias/aws/backup"),
    gone("backup-vault-lock", "copies-lock"),
    seed("backup-vault-lock", "copies-lock", "minRetentionDays"),
    seed("backup-vault-lock", "copies-lock", "maxRetentionDays"),
    *(seed("backup-vault-lock", "copies-lock", "maxRetentionDays", days) for days in (0.0, 36.0)),
    gone("backup-vault-refuse-deletion", "backup-vault-policy"),
    seed("backup-vault-refuse-deletion", "copies-vault-policy", "policy", document(TAKES)),
    seed(
        "backup-vault-refuse-deletion",
        "copies-vault-policy",
        "policy",
        document({**KEPT, "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::333333333333:role/a"}}}),
    ),
    seed(
        "backup-vault-refuse-deletion",
        "copies-vault-policy",
        "policy",
        document({**KEPT, "Resource": "arn:aws:backup:eu-north-1:333333333333:recovery-point:one"}),
    ),
    seed(
        "backup-vault-refuse-deletion",
        "copies-vault-policy",
        "policy",
        document({key: value for key, value in KEPT.items() if key != "Principal"} | {"NotPrincipal": {"AWS": OLA}}),
    ),
    seed(
        "backup-plan-copy-away",
        "database-plan",
        "rules",
        [{"ruleName": "daily", "targetVaultName": "workbuoy-prod"}],
        "resource-policy-refuse-outsiders",
    ),
    seed(
        "backup-plan-copy-away",
        "database-plan",
        "rules",
        backed_up(destinationVaultArn=f"arn:aws:backup:eu-north-1:{ACCOUNT}:backup-vault:here"),
        "resource-policy-refuse-outsiders",
    ),
    *(
        seed("backup-plan-copy-away", "database-plan", "rules", backed_up(lifecycle={"deleteAfter": days}))
        for days in (0.0, 36.0)
    ),
    seed("backup-plan-copy-away", "database-plan", "rules", backed_up(lifecycle={})),
    seed(
        "backup-plan-take-data",
        "database-backup",
        "resources",
        ["arn:aws:s3:::workbuoy-prod-files"],
        "database-join-backup-plan",
    ),
    seed(
        "backup-plan-take-data",
        "database-backup",
        "resources",
        [f"arn:aws:rds:eu-north-1:{ACCOUNT}:db:workbuoy-prod-database"],
    ),
    seed("backup-plan-take-data", "database-backup", "notResources", ["arn:aws:rds:*:*:db:*"]),
    seed("backup-plan-take-data", "database-backup", "conditions", [{"stringEquals": [{"key": "k", "value": "v"}]}]),
    seed("backup-copy-share-key", "encryption-data", "policy", document(ADMINISTER)),
    seed("backup-copy-share-key", "encryption-data", "policy", sharing(Action=["kms:Encrypt"])),
    seed(
        "backup-copy-share-key", "encryption-data", "policy", sharing(Condition={}), "resource-policy-refuse-outsiders"
    ),
]

SEEDS: tuple[Seed, ...] = (
    *BACKUPS,
    *DATABASE,
    *STORAGE,
    *SECRETS,
    *ACCESS,
    *OUTSIDERS,
    *OBSERVABILITY,
    *SERVICE,
    *NETWORK,
    *PLACEMENT,
)
