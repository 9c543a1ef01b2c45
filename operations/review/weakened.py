"""Safeguards that are weaker than before, whichever resource says them."""

from collections.abc import Iterator, Mapping
from typing import Any

from facts.safeguards import Rule, Safeguard, Weakening, safeguards
from graph.marks import is_known
from graph.plan import Plan
from operations.review.effects import Found, NotEvaluated, note, stop

Key = tuple[str, str]


def weakened(plan: Plan) -> Iterator[Found]:
    """Every safeguard of something that stays, whose strength is less than before or not known any more."""
    before, after = _by_subject(safeguards(plan.before)), _by_subject(safeguards(plan.after))
    for key in dict.fromkeys((*before, *after)):
        if not _gone_or_new(plan, key[0]):
            yield from _compared(plan, before.get(key), after.get(key))


def _by_subject(found: Iterator[Safeguard]) -> Mapping[Key, Safeguard]:
    return {(one.subject, one.rule.name): one for one in found}


def _gone_or_new(plan: Plan, subject: str) -> bool:
    """What goes or comes whole is judged as such; a thing of another stack is only named, and stays."""
    step = plan.by_urn.get(subject)
    return step is not None and step.op in ("create", "delete", "forget", "replace", "import")


def _compared(plan: Plan, before: Safeguard | None, after: Safeguard | None) -> Iterator[Found]:
    either = after or before
    assert either is not None  # noqa: S101  a key of one of the two
    rule = either.rule
    was = rule.default if before is None else before.value
    becomes = rule.default if after is None else after.value
    by = (after or either).by if after is not None and after.by in plan.by_urn else either.by
    step = plan.by_urn.get(by)
    if not is_known(was) or not is_known(becomes):
        if step is None or step.op in ("same", "read"):
            return
        if is_known(was):
            what = f"{rule.name} was {shown(was)} and is not known before the update"
            yield stop("safeguard-unknown", by, what) if rule.stops else NotEvaluated(by, what, matters=False)
        else:
            yield NotEvaluated(by, f"{rule.name} is not shown, so whether it is weaker cannot be told", rule.stops)
        return
    named_only = either.subject not in plan.by_urn and before is None and step is not None and step.op == "create"
    said = becomes != rule.default or rule.kind is Weakening.EXPOSURE
    if named_only and said and rule.strength(becomes) <= rule.strength(rule.default):
        what = f"{rule.name} is set to {shown(becomes)} on something that is only named here ({rule.what})"
        yield (stop if rule.stops else note)(rule.kind.value, by, what)
    elif rule.strength(becomes) < rule.strength(was):
        what = f"{rule.name} {shown(was)} → {shown(becomes)} ({rule.what})"
        yield (stop if rule.stops else note)(rule.kind.value, by, what)
    elif _is_another(rule, was, becomes):
        yield note(rule.kind.value, by, f"{rule.name} {shown(was)} → {shown(becomes)} ({rule.what})")


def _is_another(rule: Rule, was: Any, becomes: Any) -> bool:
    """Whether a value that is no weaker is another one: another address that is told, another key."""
    if isinstance(was, list) and isinstance(becomes, list):
        return any(one not in becomes for one in was)
    return (was or None) != (becomes or None) and rule.strength(was) == rule.strength(becomes)


def shown(value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float | int):
        return f"{value:g}"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value) or "none"
    return "set" if value else "unset"
