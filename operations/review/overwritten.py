"""What is put in the place of something that nobody here has seen: settings of which AWS keeps one a thing."""

from collections.abc import Iterator
from typing import Final

from facts import tokens as t
from facts.subjects import OWNERS
from facts.types import noun_of
from graph.plan import Plan
from graph.values import at
from operations.review.effects import Found, NotEvaluated

_ONE_EACH: Final = frozenset(
    (
        *(t.BUCKET_ACL, t.BUCKET_CORS, t.BUCKET_ENCRYPTION, t.BUCKET_LIFECYCLE, t.BUCKET_LOGGING),
        *(t.BUCKET_NOTIFICATION, t.BUCKET_OBJECT_LOCK, t.BUCKET_OWNERSHIP, t.BUCKET_POLICY, t.BUCKET_REPLICATION),
        *(t.KEY_POLICY, t.SECRET_POLICY, t.SECRET_ROTATION, t.TOPIC_POLICY, t.QUEUE_POLICY, t.REPOSITORY_POLICY),
        *(t.REPOSITORY_LIFECYCLE, t.BACKUP_VAULT_POLICY, t.BACKUP_VAULT_LOCK, t.ATTACHMENTS_EXCLUSIVE),
        *(t.PERMISSION_SET_POLICY, t.PERMISSION_SET_ATTACHMENTS, t.MAIN_ROUTE_TABLE, t.WEB_ACL_ASSOCIATION),
        t.WEB_ACL_LOGGING,
    )
)
"""Versions and public access are left out as safeguards, which judge each value; an endpoint's policy can only limit,
where AWS's own default is everything."""


def overwritten(plan: Plan) -> Iterator[Found]:
    """Each setting that is made of something that is declared nowhere here, and so takes the place of what it has."""
    for step in plan.steps:
        if step.op != "create" or step.new is None or step.type not in _ONE_EACH:
            continue
        ((path, of_type),) = OWNERS[step.type]
        named = at(step.new.inputs, path)
        declared = plan.after.find(named) is not None or plan.after.referred(step.new, path, of_type)
        seen = any(at(one.inputs, path) == named for one in plan.before.of(step.type))
        if isinstance(named, str) and not declared and not seen:
            what = f"the {noun_of(step.type)} of {named}, which nothing here declares, takes the place of what it has"
            yield NotEvaluated(step.urn, what, matters=plan.whole)
