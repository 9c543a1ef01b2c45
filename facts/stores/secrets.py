"""Secrets and the keys themselves."""

from collections.abc import Iterator, Mapping

from facts import tokens as t
from facts.stores.holder import Holder, for_a_while, stays
from facts.stores.model import AfterDeletion, Concern, Content, End, Form, Keeping, Kept, KeyKind, Reason, Store
from graph import Graph, Mark, Resource
from graph.values import maps, number


def secret_stores(graph: Graph) -> Iterator[Store]:
    """Every secret: how it is renewed, and how long a deleted one can be brought back."""
    for secret in graph.of(t.SECRET):
        one = Holder(graph, secret)
        window = one.days("recoveryWindowInDays")
        if secret.retain_on_delete:
            after = stays(Reason.RETAINED)
        elif window == 0:
            after = AfterDeletion(End.DELETED, Reason.NO_RECOVERY_WINDOW)
        else:
            after = for_a_while(window, Reason.RECOVERY_WINDOW)
        key = one.key("kmsKeyId", KeyKind.SECRETS_MANAGER)
        yield one.store(Form.SECRET, Content.CREDENTIALS, key, _rotated(graph, secret), after)


def _rotated(graph: Graph, secret: Resource) -> Kept:
    for rotation in graph.referring(secret, t.SECRET_ROTATION, "secretId"):
        if isinstance(rotation.inputs.get("rotationRules"), Mark):
            return Kept(Keeping.ROTATED, rotation=None)
        for rule in maps(rotation.inputs.get("rotationRules")):
            every, schedule = rule.get("automaticallyAfterDays"), rule.get("scheduleExpression")
            if every or isinstance(schedule, Mark):
                return Kept(Keeping.ROTATED, rotation=number(every))
            return Kept(Keeping.ROTATED, rotation=str(schedule))
    tags = secret.inputs.get("tags")
    manual = isinstance(tags, Mapping) and tags.get("rotation") == "manual"
    return Kept(Keeping.ROTATED_BY_HAND if manual else Keeping.NOT_ROTATED)


def key_stores(graph: Graph) -> Iterator[Store]:
    """Every customer key: losing it loses all that it encrypts."""
    for key in graph.of(t.KEY):
        one = Holder(graph, key)
        match one.flag("enableKeyRotation"):
            case None:
                kept = Kept(Keeping.UNKNOWN)
            case True:
                kept = Kept(Keeping.ROTATED, rotation=one.days("rotationPeriodInDays"))
            case _:
                kept = Kept(Keeping.NOT_ROTATED)
        yield one.store(
            Form.KEY,
            Content.KEY,
            KeyKind.IS_ONE,
            kept,
            key_after_deletion(one),
            warnings=(Concern.NOT_ROTATED,) if kept.how is Keeping.NOT_ROTATED else (),
        )


def key_after_deletion(one: Holder) -> AfterDeletion:
    """What becomes of a key, and so of all that it encrypts."""
    if one.resource.retain_on_delete:
        return stays(Reason.KEY_RETAINED)
    return for_a_while(one.days("deletionWindowInDays"), Reason.KEY_WINDOW)
