"""What AWS refuses of an account's own things: policies on roles, trust in GitHub, the trail, budgets, registries."""

import json
from collections import Counter
from collections.abc import Iterator

from facts import tokens as t
from facts.permissions.documents import principals
from graph import Graph
from graph.values import items
from rehearsal.checks.reading import allows, properties, refuse, statements
from rehearsal.result import Refusal

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
_TRAIL = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide"
_BUDGETS = "https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/management-limits.html"
_ECR = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html"
_GITHUB = "token.actions.githubusercontent.com"
_MANAGED_POLICIES = 10
_NOTIFICATIONS, _ADDRESSES = 10, 10


def too_many_policies(graph: Graph) -> Iterator[Refusal]:
    """More managed policies on one role than an account's quota lets through unasked."""
    attachments = list(graph.of(t.ROLE_ATTACHMENT))
    counts = Counter(properties(one).get("role") for one in attachments)
    last = {properties(one).get("role"): one for one in attachments}
    for role, count in counts.items():
        if count > _MANAGED_POLICIES:
            yield refuse(
                last[role],
                "managed-policies",
                f"is the {count}th managed policy of {role}",
                f"AWS takes {_MANAGED_POLICIES} a role: put statements together",
                f"{_IAM}/reference_iam-quotas.html",
            )


def trust_without_subject(graph: Graph) -> Iterator[Refusal]:
    """A role that any repository on GitHub could take: IAM wants the subject compared."""
    for one in graph.of(t.ROLE):
        for statement in statements(properties(one).get("assumeRolePolicy")):
            federated = principals(statement, "Federated")
            keys = {key.lower() for block in (statement.get("Condition") or {}).values() for key in block}
            if any(_GITHUB in name for name in federated) and f"{_GITHUB}:sub" not in keys:
                yield refuse(
                    one,
                    "github-subject",
                    "trusts GitHub without comparing the subject of its token",
                    f"add a condition on {_GITHUB}:sub",
                    f"{_IAM}/id_roles_providers_create_oidc.html",
                )


def trail_without_bucket(graph: Graph) -> Iterator[Refusal]:
    """A trail whose bucket does not let CloudTrail in, or not yet: it checks as it is made."""
    for one in graph.of(t.TRAIL):
        bucket = properties(one).get("s3BucketName")
        policies = [policy for policy in graph.of(t.BUCKET_POLICY) if properties(policy).get("bucket") == bucket]
        if not any(_lets_trail_in(properties(policy).get("policy")) for policy in policies):
            what, fix = (
                f"delivers to {bucket}, whose policy does not allow it",
                "allow s3:GetBucketAcl and s3:PutObject",
            )
        elif not any(graph.needs(one, policy) for policy in policies):
            what, fix = f"does not wait for the policy of {bucket}", "depend on the bucket's policy"
        else:
            continue
        yield refuse(one, "trail-bucket", what, fix, f"{_TRAIL}/create-s3-bucket-policy-for-cloudtrail.html")


def _lets_trail_in(document: object) -> bool:
    service = "cloudtrail.amazonaws.com"
    return all(
        any(allows(statement, service, action) for statement in statements(document))
        for action in ("s3:GetBucketAcl", "s3:PutObject")
    )


def trail_without_key(graph: Graph) -> Iterator[Refusal]:
    """A trail whose key does not let CloudTrail encrypt."""
    for one in graph.of(t.TRAIL):
        key = graph.key(properties(one).get("kmsKeyId"))
        if key and not any(
            allows(statement, "cloudtrail.amazonaws.com", "kms:GenerateDataKey")
            for statement in statements(properties(key).get("policy"))
        ):
            yield refuse(
                one,
                "trail-key",
                f"encrypts with {key.name}, whose policy does not let CloudTrail use it",
                "allow cloudtrail.amazonaws.com kms:GenerateDataKey* in the key's policy",
                f"{_TRAIL}/create-kms-key-policy-for-cloudtrail.html",
            )


def budget_calls(graph: Graph) -> Iterator[Refusal]:
    """A budget that nobody hears of, or that too many do."""
    for one in graph.of(t.BUDGET):
        notifications = properties(one).get("notifications") or []
        addresses = [len(items(entry.get("subscriberEmailAddresses"))) for entry in notifications]
        if len(notifications) > _NOTIFICATIONS or any(not 0 < count <= _ADDRESSES for count in addresses):
            yield refuse(
                one,
                "budget-notifications",
                f"has {len(notifications)} notifications with {addresses} addresses",
                f"AWS takes {_NOTIFICATIONS} notifications, each with 1 to {_ADDRESSES} addresses",
                _BUDGETS,
            )


def expiry_order(graph: Graph) -> Iterator[Refusal]:
    """A registry's rules: each its own priority, and one for `any` image comes last and alone."""
    for one in graph.of(t.REPOSITORY_LIFECYCLE):
        rules = json.loads(properties(one).get("policy") or "{}").get("rules") or []
        priorities = [rule.get("rulePriority") for rule in rules]
        anything = [rule["rulePriority"] for rule in rules if rule.get("selection", {}).get("tagStatus") == "any"]
        if len(set(priorities)) < len(priorities) or anything not in ([], [max(priorities, default=0)]):
            yield refuse(
                one,
                "registry-rules",
                f"has rules with priorities {priorities}, of which {anything} are for any image",
                "give each its own, and the one for any image the highest",
                _ECR,
            )


CHECKS = (
    too_many_policies,
    trust_without_subject,
    trail_without_bucket,
    trail_without_key,
    budget_calls,
    expiry_order,
)
