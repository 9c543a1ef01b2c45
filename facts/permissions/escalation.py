"""Ways from some rights to all of them, and statements that hand out data or credentials at large.

Sources: Rhino Security Labs' "AWS IAM privilege escalation" list, and the action lists behind Checkov's
CKV_AWS_107..110 (cloudsplaining).
"""

from collections.abc import Iterator, Sequence
from typing import Final

from facts.permissions.actions import covers
from facts.permissions.documents import Statement, conditions, values_of

RAISES_RIGHTS: Final = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreatePolicyVersion",
    "iam:CreateRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
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
    "rds:CopyDBSnapshot",
    "rds:ModifyDBSnapshotAttribute",
    "s3:GetObject",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "sts:AssumeRole",
)
"""Harmless on an exact ARN; on `*` each reaches every tenant's data."""

CHANGES_OWN_CODE: Final = ("lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration")


def escalations(statements: Sequence[Statement]) -> Iterator[str]:
    """What is wrong with an identity's Allow statements, one sentence each."""
    for statement in statements:
        actions = values_of(statement, "Action")
        label = statement.get("Sid") or "a statement without a Sid"
        if covers(actions, "iam:PassRole") and not _passes_to_named_service(statement):
            yield f"{label}: iam:PassRole without a condition on iam:PassedToService"
        raising = [action for action in RAISES_RIGHTS if covers(actions, action)]
        if raising and not _demands_boundary(statement):
            yield f"{label}: {_some(raising)} without a condition on iam:PermissionsBoundary"
        handing = [action for action in HANDS_OUT_CREDENTIALS if covers(actions, action)]
        if handing:
            yield f"{label}: {_some(handing)} hands out credentials"
        if _at_large(statement):
            reading = [action for action in (*READS_DATA, *CHANGES_OWN_CODE) if covers(actions, action)]
            if reading:
                yield f"{label}: {_some(reading)} on every resource"


def _some(actions: Sequence[str]) -> str:
    return ", ".join(actions[:3]) + (f" and {len(actions) - 3} more" if len(actions) > 3 else "")


def _at_large(statement: Statement) -> bool:
    """Whether the resource is everything, or everything of a service: `*`, `arn:aws:s3:::*`, `arn:aws:rds:*:*:*`."""
    for resource in values_of(statement, "Resource"):
        parts = resource.split(":", 5)
        if resource == "*" or (len(parts) == 6 and set(parts[5].replace("*/*", "*")) == {"*"}):
            return True
    return "NotResource" in statement


def _passes_to_named_service(statement: Statement) -> bool:
    """`iam:PassedToService` compared with names of services; no operator that also holds where the key is absent."""
    found = conditions(statement).get("iam:passedtoservice", ())
    return any(
        operator in ("StringEquals", "StringLike", "ForAllValues:StringEquals", "StringEqualsIgnoreCase")
        and all("*" not in value for value in values)
        for operator, values in found
    )


def _demands_boundary(statement: Statement) -> bool:
    found = conditions(statement).get("iam:permissionsboundary", ())
    return any(operator in ("StringEquals", "ArnEquals") for operator, _ in found)
