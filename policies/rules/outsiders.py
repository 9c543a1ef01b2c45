"""Policies that hang on a resource: they let in this account's own, and services that act for it."""

from typing import Final

from facts import tokens as t
from facts.permissions.copies import copied_to, serves_copies
from facts.permissions.documents import (
    LIMITING_TYPES,
    Statement,
    accounts_of,
    documents,
    is_open,
    label_of,
    principals,
    statements,
    values_of,
)
from facts.permissions.resources import is_every_one, names_own_source
from facts.reach import statement_outside_policies
from facts.widening import is_outsider, only_known_callers
from graph import Mark, Resource
from policies.rule import Args, NotEvaluated, Report, stack_rule
from policies.rules.sharing import opens_key_for_shared
from policies.stack import Readable

_JUDGED_ELSEWHERE: Final = (
    *(t.BUCKET_POLICY, t.KEY, t.KEY_POLICY, t.REPLICA_KEY, t.TOPIC, t.TOPIC_POLICY, t.REPOSITORY_POLICY),
)
"""Types with a control of their own for policies that are open to everybody."""


@stack_rule("resource-policy-refuse-outsiders", "aws:")
def refuse_outsiders(args: Args, report: Report) -> None:
    """Of every type: some seventy of the provider's take a policy."""
    resource = Resource(urn=args.urn, type=args.type, name=args.name, inputs=args.props)
    carried = [one for one in documents(args.urn, args.type, Readable(args.props)) if one.kind == "resource"]
    for one in carried:
        if isinstance(one.text, Mark):
            raise NotEvaluated(f"{one.property} is not known yet")
    written = [statement for one in carried for statement in statements(one.text)]
    for statement in (*written, statement_outside_policies(resource)):
        if statement.get("Effect") == "Allow":
            _judge(args, statement, report)


def _is_for_everybody(kind: str, statement: Statement) -> bool:
    """An endpoint asks nobody in: there it is what can be reached that has to be named."""
    if kind in LIMITING_TYPES and not any(map(is_every_one, values_of(statement, "Resource"))):
        return False
    return is_open(statement) and kind not in _JUDGED_ELSEWHERE


def _serves_copies(args: Args, statement: Statement) -> bool:
    return serves_copies(args.type, statement, copied_to(one.props for one in args.stack.of(t.BACKUP_PLAN)))


def _judge(args: Args, statement: Statement, report: Report) -> None:
    label, own = label_of(statement), frozenset(args.accounts)
    if _is_for_everybody(args.type, statement) and not only_known_callers(statement, own, args.type):
        report(f"{label} allows everybody")
    named = [name for name in principals(statement) if name != "*"]
    foreign = [name for name in named if is_outsider(name, own)]
    if foreign and not own:
        raise NotEvaluated("the provider names no allowedAccountIds to compare principals with")
    if foreign and (_serves_copies(args, statement) or opens_key_for_shared(args, statement)):
        foreign = []
    if args.type == t.BUCKET_POLICY:  # its accounts have a control of their own
        foreign = [name for name in foreign if not accounts_of([name])]
    for name in (*foreign, *principals(statement, "CanonicalUser")):
        report(f"{label} allows {name}, which is not of this account")
    for name in principals(statement, "Federated"):
        report(f"{label} allows whoever {name} vouches for")
    services = principals(statement, "Service")
    if services and not names_own_source(statement, own):
        report(f"{label} allows {', '.join(services)} for whomever it acts: no condition names a source of one's own")
