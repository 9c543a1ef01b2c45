"""A role, built only from statements that components hand out."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from components.context import StackContext
from components.permissions import Condition, Statement, policy_document


@dataclass(frozen=True, kw_only=True)
class RoleArgs:
    """What a role is for, which AWS service or which other roles may take it, and the statements it gets.

    `boundary_arn` is another boundary than the stack's.
    """

    context: StackContext
    description: str
    statements: Sequence[Statement]
    trusted_service: str = ""
    trusted_role_arns: Sequence[str] = ()
    trust_conditions: Condition | None = None
    boundary_arn: str | None = None


class Role(ComponentResource):
    """A role that one AWS service or named roles assume, with one inline policy and the stack's boundary.

    The physical name is `<stack>-<name>`, so that a boundary and the deploy role can name it before it exists.
    `policy` is what a resource depends on that fails while the permissions are missing.
    """

    arn: Output[str]
    name: Output[str]
    policy: aws.iam.RolePolicy

    def __init__(self, name: str, args: RoleArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Role", name, None, opts)
        trust = Statement(
            sid="AssumedByRoles" if args.trusted_role_arns else "AssumedByService",
            actions=["sts:AssumeRole"],
            resources=[],
            principals={"AWS": args.trusted_role_arns}
            if args.trusted_role_arns
            else {"Service": [args.trusted_service]},
            conditions=args.trust_conditions or {},
        )
        role = aws.iam.Role(
            f"{name}-role",
            name=f"{args.context.name}-{name}",
            description=args.description,
            assume_role_policy=policy_document([trust]),
            permissions_boundary=args.boundary_arn or args.context.permissions_boundary_arn,
            tags=args.context.tags(),
            opts=ResourceOptions(parent=self),
        )
        self.policy = aws.iam.RolePolicy(
            f"{name}-policy",
            name="permissions",
            role=role.name,
            policy=policy_document(args.statements),
            opts=ResourceOptions(parent=self),
        )
        self.arn = role.arn
        self.name = role.name
        self.register_outputs({"arn": self.arn})


def from_own_account(context: StackContext) -> Condition:
    """Refuse a service that acts for another account (the confused deputy).

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    return {"StringEquals": {"aws:SourceAccount": context.account_id}}
