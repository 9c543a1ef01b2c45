"""Who could ask for something: every role, user and loose policy of a graph, and everybody whom its policies name."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from facts import tokens as t
from facts.permissions.documents import accounts_of, conditions, principals
from facts.permissions.evaluate import Held, Principal, held_statements
from facts.permissions.patterns import Context
from facts.reach import Grants, Reach, WrittenStatement
from facts.ways.parties import OUTSIDE, party_of
from graph import Graph, Resource
from graph.resource import name_of

STRANGER: Final = "999999999999"
"""An account that nobody names."""
_SOMEBODY_ELSE: Final = "repo:somebody-else/infrastructure:environment:prod"  # the rest of it is easily had
_EVERYTHING: Final = held_statements("its own", {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
_NOT_CARRIED: Final[Context] = {"aws:sourceaccount": (), "aws:sourcearn": (), "aws:principalservicename": ()}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Somebody of a party, what allows and limits them, and the condition keys that their requests always carry.

    `unread` says which of their policies are not known: then nothing is proved about them.
    """

    party: str
    name: str
    principal: Principal
    identity: Sequence[Held] = ()
    boundary: Sequence[Held] | None = None
    context: Context = field(default_factory=dict)
    unread: str = ""


def callers(graph: Graph, reach: Reach, accounts: frozenset[str]) -> list[Caller]:
    """Everybody; `accounts` are the graph's own."""
    inside = [*_roles(graph, reach), *_users(graph, reach), *_loose_policies(graph, reach)]
    return [*inside, *_outside(reach, accounts)]


def held(grants: Grants | None) -> list[Held]:
    """What is granted, as the evaluator takes it."""
    return [Held(name_of(one.by), one.statement, one.version) for one in grants.statements] if grants else []


def unread(grants: Iterable[Grants | None]) -> str:
    """Which policies are not known; empty where all are."""
    names = [
        name for one in grants if one for name in (*(f"{name_of(u)}.{p}" for u, p in one.unread), *sorted(one.managed))
    ]
    return f"not known here: {', '.join(names)}" if names else ""


def _roles(graph: Graph, reach: Reach) -> Iterator[Caller]:
    for one in graph.of(t.ROLE):
        account = _account_of(one.arn)
        principal = Principal(
            arn=f"arn:aws:sts::{account}:assumed-role/{one.arn.rpartition('/')[2]}/session",
            role_arn=one.arn,
            account=account,
        )
        caller = _identity(graph, reach, one, principal, [reach.get((one.urn, "identity"))])
        yield replace(caller, context={**caller.context, **_of_code(graph, reach, one)})


def _of_code(graph: Graph, reach: Reach, role: Resource) -> Context:
    """What every request of a function's code carries, where nobody but Lambda gets the role.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    """
    trust = reach.get((role.urn, "trust"))
    trusted = [one.statement for one in trust.statements] if trust and not trust.unread else []
    only_lambda = trusted and all(
        one.get("Principal") == {"Service": "lambda.amazonaws.com"} for one in trusted if one.get("Effect") != "Deny"
    )
    functions = [one for one in graph.of(t.FUNCTION) if role in graph.referred(one, "role", t.ROLE)]
    return {"lambda:sourcefunctionarn": tuple(one.arn for one in functions[:1])} if only_lambda and functions else {}


def _users(graph: Graph, reach: Reach) -> Iterator[Caller]:
    for one in graph.of(t.USER):
        own = reach.get((one.urn, "identity"))
        groups = [reach.get((urn, "identity")) for urn in _groups_of(graph, one)]
        yield _identity(graph, reach, one, Principal(arn=one.arn, account=_account_of(one.arn)), [own, *groups])


def _groups_of(graph: Graph, user: Resource) -> Iterator[str]:
    for one in graph.of(t.USER_GROUPS):
        if user in graph.referred(one, "user", t.USER):
            yield from (group.urn for group in graph.referred(one, "groups", t.GROUP))
    for one in graph.of(t.GROUP_MEMBERSHIP):
        if user in graph.referred(one, "users", t.USER):
            yield from (group.urn for group in graph.referred(one, "group", t.GROUP))


def _loose_policies(graph: Graph, reach: Reach) -> Iterator[Caller]:
    """A policy that stands for people to get: whoever has it and nothing else."""
    for one in loose_policies(graph, reach):
        account = _account_of(one.arn)
        principal = Principal(arn=f"arn:aws:iam::{account}:user/{one.name}", account=account)
        yield _identity(graph, reach, one, principal, [reach.get((one.urn, "identity"))])


def loose_policies(graph: Graph, reach: Reach) -> list[Resource]:
    """Policies that are attached to nobody, and limit nobody as a boundary: they stand for people to get."""
    used = {
        one.urn
        for kind in (t.ROLE_ATTACHMENT, t.USER_ATTACHMENT, t.GROUP_ATTACHMENT, t.POLICY_ATTACHMENT)
        for attachment in graph.of(kind)
        for one in graph.referred(attachment, "policyArn", t.POLICY)
    }
    limits = [name for grants in reach.values() for one in grants.statements for name in _required_boundaries(one)]
    used |= {one.urn for name in limits if (one := graph.find(name, t.POLICY)) is not None}
    used |= {one.urn for kind in (t.ROLE, t.USER) for who in graph.of(kind) for one in _boundary(graph, who)}
    return [one for one in graph.of(t.POLICY) if one.urn not in used]


def _required_boundaries(written: WrittenStatement) -> Iterator[str]:
    """Policies that a condition demands as a boundary: nobody gets them as rights."""
    for _, values in conditions(written.statement).get("iam:permissionsboundary", ()):
        yield from values


def _identity(graph: Graph, reach: Reach, one: Resource, principal: Principal, grants: list[Grants | None]) -> Caller:
    limits = [reach.get((policy.urn, "identity")) for policy in _boundary(graph, one)]
    return Caller(
        party=party_of(one.urn, graph.project),
        name=one.name,
        principal=principal,
        identity=[statement for one in grants for statement in held(one)],
        boundary=held(limits[0]) if limits and not unread(limits) else None,
        context=_NOT_CARRIED,
        unread=unread(grants),
    )


def _boundary(graph: Graph, one: Resource) -> list[Resource]:
    """The policy that limits somebody; one that is not in the graph, or not shown, is taken to limit nothing."""
    return graph.referred(one, "permissionsBoundary", t.POLICY)


def _account_of(arn: str) -> str:
    return arn.split(":")[4] if arn.count(":") > 4 else ""


# ---- everybody else


def _outside(reach: Reach, accounts: frozenset[str]) -> Iterator[Caller]:
    """Anybody, any account, and whoever is named in a policy and is not of these accounts."""
    yield _outsider("anybody", Principal(), {})
    yield _outsider("any other account", _root_of(STRANGER), {}, _EVERYTHING)
    written = [one.statement for grants in reach.values() if grants.kind != "identity" for one in grants.statements]
    for name in sorted({name for one in written for name in principals(one) if accounts_of([name]) - accounts}):
        account = next(iter(accounts_of([name])))
        principal = Principal(arn=name, account=account) if ":" in name else _root_of(account)
        yield _outsider(name, principal, {}, _EVERYTHING)
    for name in sorted({name for one in written for name in principals(one, "CanonicalUser")}):
        yield _outsider(f"canonical user {name}", Principal(canonical=name), {})
    for name in sorted({name for one in written for name in principals(one, "Federated")}):
        yield _outsider(f"somebody else of {name.rpartition('/')[2]}", Principal(federated=name), _claims(name))
    for name in sorted({name for one in written for name in principals(one, "Service")}):
        yield _outsider(f"{name} for another account", Principal(service=name), _confused_deputy(name))


def _root_of(account: str) -> Principal:
    return Principal(arn=f"arn:aws:iam::{account}:role/{STRANGER}", account=account)


def _outsider(name: str, principal: Principal, context: Context, identity: Sequence[Held] = ()) -> Caller:
    context = context if principal.service else {**_NOT_CARRIED, **context}
    return Caller(party=OUTSIDE, name=name, principal=principal, identity=identity, context=context)


def _claims(provider: str) -> Context:
    """What a provider says of somebody who is none of ours: another's repository, another's directory."""
    issuer = provider.partition(":oidc-provider/")[2] or provider
    return {f"{issuer.lower()}:sub": (_SOMEBODY_ELSE,), "saml:sub": ("somebody-else",)}


def _confused_deputy(service: str) -> Context:
    """A service that works for a stranger's resource, as the confused deputy does.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    name = service.partition(".")[0]
    source = f"arn:aws:{name}:x:{STRANGER}:x"
    return {
        "aws:sourceaccount": (STRANGER,),
        "aws:sourceowner": (STRANGER,),
        "aws:sourcearn": (source,),
        "aws:principalservicename": (service,),
        "kms:encryptioncontext:aws:logs:arn": (f"arn:aws:logs:x:{STRANGER}:log-group:x",),
        "kms:encryptioncontext:aws:cloudtrail:arn": (f"arn:aws:cloudtrail:x:{STRANGER}:trail/x",),
        "kms:encryptioncontext:aws:s3:arn": (f"arn:aws:s3:::{STRANGER}",),
        "kms:encryptioncontext:aws:sns:topicarn": (f"arn:aws:sns:x:{STRANGER}:x",),
        "kms:calleraccount": (STRANGER,),
    }
