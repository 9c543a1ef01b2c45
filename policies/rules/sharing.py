"""What a bucket shares with another account on purpose: objects below a prefix, with one role by its exact ARN.

Only of a bucket whose tags say that it holds no customers' data. Whoever reads a preview still sees each new grant.
"""

import re
from typing import Final

from facts import tokens as t
from facts.permissions.documents import (
    Statement,
    accounts_of,
    compared_exactly,
    conditions,
    principals,
    statements,
    values_of,
)
from graph.values import at
from policies.rule import Args
from policies.stack import Stack

_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/[\w+=,.@/-]+")
_LIKE: Final = ("StringEquals", "StringLike")
_OF_OBJECTS: Final = {"s3:getobject", "s3:putobject"}
_THROUGH_S3: Final = re.compile(r"s3\.[a-z0-9-]+\.amazonaws\.com")


def shares_prefix(args: Args, statement: Statement) -> bool:
    """Whether a statement of a bucket's policy opens no more than that to the other accounts that it names."""
    buckets = args.stack.named_by(args.resource, "bucket", t.BUCKET)
    holds = [at(one.props, "tags.data-classification") for one in buckets]
    return holds == ["operational"] and _names_roles(statement) and _is_below_a_prefix(statement)


def opens_key_for_shared(args: Args, statement: Statement) -> bool:
    """Whether a statement of a key's policy serves what a bucket of the stack shares, through S3 and nothing else."""
    services = compared_exactly(statement, "kms:ViaService")
    buckets = compared_exactly(statement, "kms:EncryptionContext:aws:s3:arn")
    through_s3 = bool(services) and all(map(_THROUGH_S3.fullmatch, services))
    shared = bool(buckets) and all(
        _shared_with(args.stack, one) >= accounts_of(principals(statement)) for one in buckets
    )
    return args.type == t.KEY and through_s3 and shared and _names_roles(statement)


def names_one_buckets_objects(statement: Statement) -> bool:
    """Whether a statement about keys names exactly which bucket's objects they are for."""
    values = compared_exactly(statement, "kms:EncryptionContext:aws:s3:arn")
    return bool(values) and not any("*" in value or "?" in value for value in values)


def _shared_with(stack: Stack, bucket_arn: str) -> set[str]:
    """Accounts that a bucket's policy lets in; whether rightly, the control of bucket policies says."""
    allowed = (
        one
        for policy in stack.of(t.BUCKET_POLICY)
        for one in statements(policy.props.get("policy"))
        if one.get("Effect") == "Allow"
    )
    return {
        account
        for one in allowed
        if any(arn.startswith(f"{bucket_arn}/") for arn in values_of(one, "Resource"))
        for account in accounts_of(principals(one))
    }


def _names_roles(statement: Statement) -> bool:
    """Whether a condition names a role, by its exact ARN, of each account that the statement lets in, and no other."""
    roles = [_ROLE.fullmatch(value) for value in compared_exactly(statement, "aws:PrincipalArn")]
    return {one and one[1] for one in roles} == accounts_of(principals(statement)) != set()


def _is_below_a_prefix(statement: Statement) -> bool:
    actions = {one.lower() for one in values_of(statement, "Action")}
    if actions == {"s3:listbucket"}:
        found = conditions(statement).get("s3:prefix", ())
        listed = [value for operator, values in found if operator in _LIKE for value in values]
        return bool(listed) and all(re.fullmatch(r"[^*?]+/\*", one) for one in listed)
    resources = values_of(statement, "Resource")
    below = all(re.fullmatch(r"arn:aws[a-z-]*:s3:::[^*?/]+/[^*?]+/\*", one) for one in resources)
    return bool(actions) and actions <= _OF_OBJECTS and bool(resources) and below
