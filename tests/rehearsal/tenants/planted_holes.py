"""The holes that are planted, each with exactly the cells that it turns red: identities, resources, networks, names."""

from typing import Any

from facts import tokens as t
from graph import Graph
from tests.rehearsal.tenants.planted import (
    ACCOUNT,
    ACME,
    FOREIGN,
    HOST,
    NAMED,
    NETWORK,
    OUTSIDE,
    PROD,
    Hole,
    Red,
    added,
    addresses,
    arn,
    both,
    changed,
    document,
    find,
    given,
    group,
    of,
    rule,
    said,
)

TASK, ROTATION, EXECUTION = "service-task-role", "rotation-role", "service-execution-role"
EXPORT = "export-role"
BUCKET = arn(PROD, "files-bucket", t.BUCKET)
OBJECTS = arn(PROD, "files-bucket", t.BUCKET, "/*")
EXPORTS = arn(PROD, "exports-bucket", t.BUCKET, "/*")
LOGIN = arn(PROD, "secrets-database-login", t.SECRET)
ROLE = arn(PROD, TASK, t.ROLE)
FUNCTION = arn(PROD, "rotation-function", t.FUNCTION)


def acme_task(graph: Graph) -> dict[str, Any]:
    return {"AWS": find(graph, ACME, TASK, t.ROLE).arn}


def in_region(service: str, rest: str) -> str:
    return f"arn:aws:{service}:eu-west-1:210000000003:{rest}"


IDENTITY: dict[str, tuple[Hole, Red]] = {
    "an object's older versions": (
        given(TASK, "s3:GetObjectVersion", OBJECTS),
        of(ACME, TASK, PROD, "objects of files-bucket"),
    ),
    "a prefix that no other policy names": (
        given(TASK, "s3:GetObject", arn(PROD, "files-bucket", t.BUCKET, "/exports/2026/*")),
        of(ACME, TASK, PROD, "objects of files-bucket"),
    ),
    "under a condition that cannot be decided": (
        given(TASK, "s3:DeleteObject", OBJECTS, Condition={"StringEquals": {"aws:PrincipalTag/team": "core"}}),
        of(ACME, TASK, PROD, "objects of files-bucket"),
    ),
    "exports of another customer, deleted": (
        given(EXPORT, "s3:DeleteObject", EXPORTS),
        of(ACME, EXPORT, PROD, "objects of exports-bucket"),
    ),
    "exports of another customer, written over": (
        given(EXPORT, "s3:PutObject", EXPORTS),
        of(ACME, EXPORT, PROD, "objects of exports-bucket"),
    ),
    "a change of a bucket's policy": (
        given(TASK, "s3:PutBucketPolicy", BUCKET),
        of(ACME, TASK, PROD, "files-bucket"),
    ),
    "everything but a list": (
        added(
            ACME,
            t.ROLE_POLICY,
            lambda graph: {
                "role": find(graph, ACME, EXECUTION, t.ROLE).get("name"),
                "policy": document({"Effect": "Allow", "NotAction": "iam:*", "Resource": LOGIN(graph)}),
            },
        ),
        of(ACME, EXECUTION, PROD, "secrets-database-login"),
    ),
    "a secret's next value": (
        given(ROTATION, "secretsmanager:PutSecretValue", arn(PROD, "secrets-oidc-client", t.SECRET)),
        of(ACME, ROTATION, PROD, "secrets-oidc-client"),
    ),
    "a grant of a key": (
        given(TASK, "kms:CreateGrant", arn(PROD, "keys-database", t.KEY)),
        of(ACME, TASK, PROD, "keys-database"),
    ),
    "sharing snapshots": (
        given(TASK, "rds:ModifyDBSnapshotAttribute", in_region("rds", "snapshot:rds:workbuoy-prod-database-*")),
        of(ACME, TASK, PROD, "backups of database-instance"),
    ),
    "a log's lines sent elsewhere": (
        given(TASK, "logs:PutSubscriptionFilter", arn(PROD, "logs-service-group", t.LOG_GROUP)),
        of(ACME, TASK, PROD, "logs-service-group"),
    ),
    "a function called": (given(TASK, "lambda:InvokeFunction", FUNCTION), of(ACME, TASK, PROD, "rotation-function")),
    "a function's code": (
        given(TASK, "lambda:UpdateFunctionCode", FUNCTION),
        of(ACME, TASK, PROD, "rotation-function"),
    ),
    "a task run": (
        given(TASK, "ecs:RunTask", in_region("ecs", "task-definition/workbuoy-prod-one-off:*")),
        of(ACME, TASK, PROD, "one-off-task", "revisions of one-off-task"),
    ),
    "a command in a running task": (
        given(TASK, "ecs:ExecuteCommand", in_region("ecs", "task/workbuoy-prod/*")),
        of(ACME, TASK, PROD, "tasks of service-service"),
    ),
    "a login to the database by IAM": (
        given(TASK, "rds-db:connect", "arn:aws:rds-db:*:*:dbuser:*/workbuoy_owner"),
        of(ACME, TASK, PROD, "logins of database-instance"),
    ),
    "a role passed on": (given(TASK, "iam:PassRole", ROLE), of(ACME, TASK, PROD, TASK)),
    "a user by their group": (
        both(
            added(ACME, t.USER, lambda _: {"name": "kari"}, "kari", "arn:aws:iam::{}:user/kari"),
            added(ACME, t.GROUP, lambda _: {"name": "readers"}, "readers", "arn:aws:iam::{}:group/readers"),
            added(ACME, t.USER_GROUPS, lambda _: {"user": "kari", "groups": ["readers"]}, "membership"),
            added(
                ACME,
                t.GROUP_POLICY,
                lambda graph: {
                    "group": "readers",
                    "policy": document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": OBJECTS(graph)}),
                },
                "may",
            ),
        ),
        of(ACME, "kari", PROD, "objects of files-bucket"),
    ),
    "a policy that waits for people": (
        added(
            ACME,
            t.POLICY,
            lambda graph: {
                "policy": document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": OBJECTS(graph)})
            },
            "handy",
            "arn:aws:iam::{}:policy/handy",
        ),
        of(ACME, "handy", PROD, "objects of files-bucket"),
    ),
}
RESOURCE: dict[str, tuple[Hole, Red]] = {
    "a role that another stack's role takes": (
        said(PROD, TASK, t.ROLE, acme_task, "sts:AssumeRole"),
        of(ACME, TASK, PROD, TASK),
    ),
    "a role that a foreign account takes": (
        said(PROD, TASK, t.ROLE, {"AWS": f"arn:aws:iam::{FOREIGN}:root"}, "sts:AssumeRole"),
        of(OUTSIDE, f"arn:aws:iam::{FOREIGN}:root", PROD, TASK),
    ),
    "workflows of repositories of every owner": (
        changed(
            ACCOUNT,
            "deploy-role",
            t.ROLE,
            lambda _, inputs: inputs.update(
                assumeRolePolicy=inputs["assumeRolePolicy"]
                .replace("StringEquals", "StringLike")
                .replace("repo:workbuoy-example/", "repo:*/")
            ),
        ),
        of(OUTSIDE, "somebody else of token.actions.githubusercontent.com", ACCOUNT, "deploy-role"),
    ),
    "a bucket's policy for a foreign account": (
        said(PROD, "files-policy", t.BUCKET_POLICY, {"AWS": FOREIGN}, "s3:GetObject", end="/*"),
        of(OUTSIDE, FOREIGN, PROD, "objects of files-bucket"),
    ),
    "a bucket's policy for a canonical user": (
        said(PROD, "files-policy", t.BUCKET_POLICY, {"CanonicalUser": "79a5"}, "s3:ListBucket"),
        of(OUTSIDE, "canonical user 79a5", PROD, "files-bucket"),
    ),
    "a secret's policy for another stack's role": (
        said(PROD, "secrets-oidc-client-policy", t.SECRET_POLICY, acme_task, "secretsmanager:PutSecretValue"),
        of(ACME, TASK, PROD, "secrets-oidc-client"),
    ),
    "a key's policy for a foreign account": (
        said(PROD, "keys-files", t.KEY, {"AWS": f"arn:aws:iam::{FOREIGN}:root"}, "kms:Decrypt"),
        of(OUTSIDE, f"arn:aws:iam::{FOREIGN}:root", PROD, "keys-files"),
    ),
    "a grant of a key to another stack's role": (
        added(
            PROD,
            t.KEY_GRANT,
            lambda graph: {
                "keyId": find(graph, PROD, "keys-files", t.KEY).arn,
                "granteePrincipal": find(graph, ACME, TASK, t.ROLE).arn,
                "operations": ["Decrypt"],
            },
        ),
        of(ACME, TASK, PROD, "keys-files"),
    ),
    "a topic that a service publishes to for anybody": (
        said(PROD, "observability-alarms-policy", t.TOPIC_POLICY, {"Service": "s3.amazonaws.com"}, "sns:Publish"),
        of(OUTSIDE, "s3.amazonaws.com for another account", PROD, "observability-alarms"),
    ),
    "the image's repository for a foreign account": (
        said(ACCOUNT, "images-eu-west-1-policy", t.REPOSITORY_POLICY, {"AWS": FOREIGN}, "ecr:PutImage"),
        of(OUTSIDE, FOREIGN, ACCOUNT, "images-eu-west-1"),
    ),
    "a function that a service calls for anybody": (
        added(
            PROD,
            t.FUNCTION_PERMISSION,
            lambda graph: {
                "function": FUNCTION(graph),
                "action": "lambda:InvokeFunction",
                "principal": "events.amazonaws.com",
            },
        ),
        of(OUTSIDE, "events.amazonaws.com for another account", PROD, "rotation-function"),
    ),
}
NETWORKS: dict[str, tuple[Hole, Red]] = {
    "a group of another stack let into the database": (
        both(
            rule(PROD, "database-group", group(ACME, "service-group"), 5432, inward=True, name="in"),
            rule(ACME, "service-group", group(PROD, "database-group"), 5432, inward=False, name="out"),
        ),
        of(ACME, "service-group", PROD, "database-instance", call=NETWORK),
    ),
    "a group let in by its addresses": (
        both(
            rule(PROD, "database-group", addresses("10.40.16.0/20"), 5432, inward=True, name="in"),
            rule(ACME, "rotation-group", addresses("10.0.0.0/8"), 5432, inward=False, name="out"),
        ),
        of(ACME, "rotation-group", PROD, "database-instance", call=NETWORK)
        | of(OUTSIDE, "10.40.16.0/20", PROD, "database-instance", call=NETWORK),
    ),
    "the internet let into the database": (
        rule(PROD, "database-group", addresses("0.0.0.0/0"), 5432, inward=True),
        of(OUTSIDE, "the internet", PROD, "database-instance", call=NETWORK),
    ),
    "a group of nobody here let into the service": (
        rule(PROD, "service-group", lambda _: {"referencedSecurityGroupId": "sg-0ffee"}, 8080, inward=True),
        of(OUTSIDE, "sg-0ffee", PROD, "service-service", call=NETWORK),
    ),
    "a database with a public address": (
        changed(PROD, "database-instance", t.DATABASE, lambda _, inputs: inputs.update(publiclyAccessible=True)),
        of(OUTSIDE, "the internet", PROD, "database-instance", call=NETWORK),
    ),
    "a way out of the databases' subnets": (
        added(
            PROD,
            t.ROUTE,
            lambda graph: {
                "routeTableId": find(graph, PROD, "network-data-routes", t.ROUTE_TABLE).id,
                "destinationCidrBlock": "0.0.0.0/0",
                "natGatewayId": "nat-1",
            },
        ),
        of(OUTSIDE, "another network", PROD, "subnets of database-instance", call=NETWORK)
        | of(OUTSIDE, "another network", ACME, "subnets of database-instance", call=NETWORK),
    ),
    "a rule for every host below a name": (
        changed(
            ACME,
            "service-rule",
            t.LISTENER_RULE,
            lambda _, inputs: inputs.update(conditions=[{"hostHeader": {"values": ["*.workbuoy.example"]}}]),
        ),
        of(ACME, "service-rule", PROD, "host app.workbuoy.example", call=HOST)
        | of(PROD, "service-rule", ACME, "host *.workbuoy.example", call=HOST),
    ),
    "a rule that asks for no host": (
        changed(
            ACME,
            "service-rule",
            t.LISTENER_RULE,
            lambda _, inputs: inputs.update(conditions=[{"pathPattern": {"values": ["/api/*"]}}]),
        ),
        of(ACME, "service-rule", PROD, "host app.workbuoy.example", call=HOST)
        | of(PROD, "service-rule", ACME, "host *", call=HOST),
    ),
}
REFERENCES: dict[str, tuple[Hole, Red]] = {
    "a snapshot shared with a foreign account": (
        added(PROD, t.SNAPSHOT, lambda _: {"dbInstanceIdentifier": "db", "sharedAccounts": [FOREIGN]}, "copy"),
        of(OUTSIDE, f"account {FOREIGN}", PROD, "copy", call=NAMED),
    ),
    "objects replicated to a bucket of nobody here": (
        added(
            PROD,
            t.BUCKET_REPLICATION,
            lambda _: {"rules": [{"destination": {"bucket": "arn:aws:s3:::elsewhere"}}]},
            "replication",
        ),
        of(OUTSIDE, "arn:aws:s3:::elsewhere", PROD, "replication", call=NAMED),
    ),
    "a log's lines sent to another stack's function": (
        added(
            ACME,
            "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
            lambda graph: {"destinationArn": FUNCTION(graph)},
            "filter",
        ),
        of(ACME, "filter", PROD, "rotation-function", call=NAMED),
    ),
    "an event that starts another stack's task": (
        added(
            ACME,
            "aws:cloudwatch/eventTarget:EventTarget",
            lambda graph: {"ecsTarget": {"taskDefinitionArn": arn(PROD, "one-off-task", t.TASK_DEFINITION)(graph)}},
            "target",
        ),
        of(ACME, "target", PROD, "one-off-task", call=NAMED),
    ),
    "an access point on another stack's bucket": (
        added(
            ACME,
            "aws:s3/accessPoint:AccessPoint",
            lambda graph: {"bucket": find(graph, PROD, "files-bucket", t.BUCKET).get("bucket")},
            "point",
        ),
        of(ACME, "point", PROD, "files-bucket", call=NAMED),
    ),
    "a task told another stack's database": (
        changed(
            ACME,
            "one-off-task",
            t.TASK_DEFINITION,
            lambda graph, inputs: inputs.update(
                containerDefinitions=inputs["containerDefinitions"].replace(
                    find(graph, ACME, "database-instance", t.DATABASE).outputs["address"],
                    find(graph, PROD, "database-instance", t.DATABASE).outputs["address"],
                )
            ),
        ),
        of(ACME, "one-off-task", PROD, "database-instance", call=NAMED),
    ),
    "a bucket under another stack's key": (
        changed(
            ACME,
            "files-encryption",
            t.BUCKET_ENCRYPTION,
            lambda graph, inputs: inputs.update(
                rules=[{"applyServerSideEncryptionByDefault": {"kmsMasterKeyId": _key_of(graph)}}]
            ),
        ),
        of(ACME, "files-encryption", PROD, "keys-files", call=NAMED),
    ),
}


def _key_of(graph: Graph) -> str:
    return find(graph, PROD, "keys-files", t.KEY).arn


HOLES = IDENTITY | RESOURCE | NETWORKS | REFERENCES
