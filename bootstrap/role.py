"""A role of the account, with a managed policy for each part of what it may do: one document would be too long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from components.context import StackContext
from components.permissions import Statement, policy_document


@dataclass(frozen=True, kw_only=True)
class AccountRoleArgs:
    """`policies` are statements by part; AWS takes ten parts a role, of 6,144 characters each.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """

    context: StackContext
    role_name: str
    description: str
    trust: Statement
    policies: Mapping[str, Sequence[Statement]]
    session_seconds: int = 3600


class AccountRole(ComponentResource):
    """One role and its policies, each named `<role>-<part>`."""

    arn: Output[str]

    def __init__(self, name: str, args: AccountRoleArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:bootstrap:Role", name, None, opts)
        child = ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-role",
            name=args.role_name,
            description=args.description,
            assume_role_policy=policy_document([args.trust]),
            max_session_duration=args.session_seconds,
            tags=args.context.tags(),
            opts=child,
        )
        for part, statements in args.policies.items():
            policy = aws.iam.Policy(
                f"{name}-{part}",
                name=f"{args.role_name}-{part}",
                description=f"Part of {args.role_name}: {part}",
                policy=policy_document(statements),
                tags=args.context.tags(),
                opts=child,
            )
            aws.iam.RolePolicyAttachment(f"{name}-{part}-attached", role=role.name, policy_arn=policy.arn, opts=child)
        self.arn = role.arn
        self.register_outputs({"arn": self.arn})
