"""Ways from some rights to all of them, and statements that hand out data or credentials at large.

Sources: Rhino Security Labs' "AWS IAM privilege escalation" list, and the action lists behind Checkov's
CKV_AWS_107..110 (cloudsplaining).
"""

from collections.abc import Iterator, Sequence
from typing import Final

from facts.permissions.actions import covers
from facts.permissions.documents import Statement, demanded, label_of, values_of
from facts.permissions.resources import is_every_one, names_own_by_tag

RAISES_RIGHTS: Final = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreatePolicyVersion",
    "iam:CreateRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
)
"""Each alone is enough, unless the statement demands a permissions boundary."""

HANDS_OUT_CREDENTIALS: Final = (
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreateServiceSpecificCredential",
    "iam:ResetServiceSpecificCredential",
    "iam:UpdateLoginProfile",
    "sts:GetFederationToken",
)

READS_DATA: Final = (
    "dynamodb:BatchGetItem",
    "ecs:ExecuteCommand",
    "rds-db:connect",
    "rds:CopyDBSnapshot",
    "rds:ModifyDBSnapshotAttribute",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "sts:AssumeRole",
)
"""Harmless on an exact ARN; on `*` each reaches every tenant's data."""

OPENS_RESOURCES: Final = (
    "ecr:SetRepositoryPolicy",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "lambda:AddPermission",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutObjectAcl",
    "secretsmanager:PutResourcePolicy",
    "sns:AddPermission",
    "sns:SetTopicAttributes",
    "sqs:AddPermission",
    "sqs:SetQueueAttributes",
)
"""Changes who may reach a thing: on `*` as much as every right on it."""

CHANGES_OWN_CODE: Final = ("lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration")


def escalations(statements: Sequence[Statement]) -> Iterator[str]:
    """What is wrong with an identity's Allow statements, one sentence each."""
    for statement in statements:
        label = label_of(statement)
        if _grants(statement, ["iam:PassRole"]) and not _is_exact(statement, "iam:PassedToService"):
            yield f"{label}: iam:PassRole without a condition on iam:PassedToService"
        raising = _grants(statement, RAISES_RIGHTS)
        if raising and not _is_exact(statement, "iam:PermissionsBoundary"):
            yield f"{label}: {_some(raising)} without a condition on iam:PermissionsBoundary"
        handing = _grants(statement, HANDS_OUT_CREDENTIALS)
        if handing:
            yield f"{label}: {_some(handing)} hands out credentials"
        reaching = (
            _grants(statement, (*READS_DATA, *OPENS_RESOURCES, *CHANGES_OWN_CODE)) if _at_large(statement) else ()
        )
        if reaching:
            yield f"{label}: {_some(reaching)} on every resource"


def _grants(statement: Statement, actions: Sequence[str]) -> Sequence[str]:
    """Which of the actions a statement allows, also as what NotAction leaves over on everything."""
    if "NotAction" in statement:
        if not _at_large(statement):
            return []  # on named things it allows what those take
        excepted = values_of(statement, "NotAction")
        return [action for action in actions if not covers(excepted, action)]
    named = values_of(statement, "Action")
    return [action for action in actions if covers(named, action)]


def _some(actions: Sequence[str]) -> str:
    return ", ".join(actions[:3]) + (f" and {len(actions) - 3} more" if len(actions) > 3 else "")


def _at_large(statement: Statement) -> bool:
    """Whether the resource is everything, or every one of a type in any spelling that no tag of its own narrows."""
    resources = values_of(statement, "Resource")
    every_one = any(map(is_every_one, resources)) and not names_own_by_tag(statement)
    return "NotResource" in statement or "*" in resources or every_one


def _is_exact(statement: Statement, key: str) -> bool:
    """Whether a condition demands that a key is one of some texts without wildcards and variables."""
    return any(
        all("*" not in value and "?" not in value and "${" not in value for value in values)
        for _, values in demanded(statement, key)
    )
