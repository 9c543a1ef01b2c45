"""Whether everything that a stack's roles are given lies within bootstrap's permissions boundary.

A deployment may make roles under that boundary alone, so what a statement gives beyond it fails only in AWS, at the
first request.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from facts.permissions.evaluate import Held, Policies, Principal, Request, Statement, decide
from facts.permissions.patterns import Context
from facts.permissions.principals import listed
from rehearsal.permissions.request import RequestedAction

REMEDY = "if this is meant, widen bootstrap/boundary.py: every account must be bootstrapped again"


def granted(statement: Statement, region: str) -> Iterator[RequestedAction]:
    """Everything that a statement allows, each as a request that meets its conditions.

    A key that must not be there (`Null`) is left out, one that must only be there has some value.
    """
    conditions = statement.get("Condition", {})
    blocks = [block for operator, block in conditions.items() if operator != "Null"]
    context: Context = {
        **{
            key.lower(): ("any",)
            for key, absent in conditions.get("Null", {}).items()
            if str(absent).lower() == "false"
        },
        **{key.lower(): (str(listed(value)[0]).replace("*", region),) for one in blocks for key, value in one.items()},
    }
    for action, resource in product(listed(statement.get("Action", "*")), listed(statement.get("Resource", "*"))):
        yield RequestedAction(action=action, resource=resource, context=context)


Tags = Mapping[str, Mapping[str, str]]
"""ARNs of what stands to their tags."""


def outside(
    role_arn: str, identity: Sequence[Held], boundary: Sequence[Held], region: str, tags: Tags
) -> Iterator[str]:
    """What a role is given and the boundary does not let through, one line each.

    The boundary knows by its tags what AWS gives an id instead of a name.
    """
    account = role_arn.split(":")[4]
    who = Principal(arn=f"{role_arn}/session", role_arn=role_arn, account=account)
    for held in identity:
        for requested in granted(held.statement, region) if not held.read.denies else ():
            tagged = {f"aws:resourcetag/{key.lower()}": (it,) for key, it in tags.get(requested.resource, {}).items()}
            request = Request(
                principal=who,
                action=requested.action,
                resource=requested.resource,
                resource_account=account,
                context={"aws:requestedregion": (region,), **tagged, **requested.context},
            )
            if not decide(request, Policies(identity=[held], boundary=boundary)).allowed:
                yield f"{held}: {requested.action} on {requested.resource}"
