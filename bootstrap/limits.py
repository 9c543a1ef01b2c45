"""What no role of the account may do, whatever else it is given: statements that deny."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from bootstrap.names import BACKUP_BOUNDARY
from bootstrap.scope import Scope
from components.context import BOUNDARY
from components.permissions import Statement

_REGIONAL = (
    "acm",
    "application-autoscaling",
    "aps",
    "backup",
    "cloudwatch",
    "ec2",
    "ecr",
    "ecs",
    "elasticloadbalancing",
    "events",
    "kms",
    "lambda",
    "logs",
    "rds",
    "s3",
    "secretsmanager",
    "servicediscovery",
    "sns",
    "wafv2",
)


def elsewhere(scope: Scope, *, but: Mapping[str, Sequence[str]] = MappingProxyType({})) -> Statement:
    """Nothing outside the account's regions, where residency would be left.

    `but` has services that a role looks at everywhere, with all that it may otherwise do there: only that is denied.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (RequestedRegion)
    """
    return Statement(
        sid="NothingElsewhere",
        effect="Deny",
        actions=[action for service in _REGIONAL for action in but.get(service, (f"{service}:*",))],
        resources=["*"],
        conditions={"StringNotEquals": {"aws:RequestedRegion": list(scope.regions)}},
    )


def no_data(scope: Scope, *, but: Collection[str] = ()) -> Statement:
    """Neither objects, nor values of secrets, nor a database, even where a resource's own policy would allow it.

    A deploy writes the buckets' and secrets' policies: without this it could open them to itself. `but` names what a
    role is there for.
    """
    actions = (
        "rds-db:connect",
        "s3:DeleteObject*",
        "s3:GetObject*",
        "s3:PutObject*",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
    )
    return Statement(
        sid="NoData",
        effect="Deny",
        actions=[one for one in actions if one not in but],
        resources=[
            *scope.arns("rds-db", "*"),
            *scope.arns("secretsmanager", "*"),
            *scope.buckets("/*"),
        ],
    )


def no_password(scope: Scope) -> Statement:
    """No database with a password of one's own: RDS makes each and keeps it in an entry that a deploy may not read.

    A request that names a password has to switch that off, which is what this denies.
    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
    """
    return Statement(
        sid="NoPasswordOfOnesOwn",
        effect="Deny",
        actions=["rds:CreateDBInstance", "rds:ModifyDBInstance"],
        resources=scope.arns("rds", "db:*"),
        conditions={"Bool": {"rds:ManageMasterUserPassword": "false"}},
    )


def own_limits(scope: Scope) -> list[Statement]:
    """A deploy role changes neither its limits nor the account's other roles, and becomes nobody else.

    Without the last it could make a role that trusts it, and read through that what it may not read itself.
    """
    own = ("deploy-*", "drill*", "leaving*", "operators*", "preview*")
    return [
        Statement(
            sid="LeaveTheAccountsOwnAlone",
            effect="Deny",
            actions=["iam:*"],
            resources=[
                *(f"arn:aws:iam::{scope.account_id}:policy/{one}" for one in (BOUNDARY, BACKUP_BOUNDARY)),
                *(
                    f"arn:aws:iam::{scope.account_id}:{kind}/workbuoy-{end}"
                    for kind in ("policy", "role")
                    for end in own
                ),
                f"arn:aws:iam::{scope.account_id}:oidc-provider/*",
            ],
        ),
        Statement(
            sid="BecomeNobodyElse",
            effect="Deny",
            actions=[
                "iam:CreateAccessKey",
                "iam:CreateLoginProfile",
                "iam:CreateUser",
                "iam:DeleteRolePermissionsBoundary",
                "sts:AssumeRole",
            ],
            resources=["*"],
        ),
    ]
