"""How much a statement's Resource covers."""

import re
from collections.abc import Iterator, Set
from typing import Final

from facts.permissions.actions import forms_of
from facts.permissions.documents import Statement, conditions, demanded, values_of
from facts.permissions.patterns import includes

_EVERY_ONE: Final = re.compile(r"^[*?/:-]*$")
_OF_THE_NETWORK: Final = re.compile(
    r"arn:aws[a-z-]*:ec2:[a-z0-9-]+:\d{12}:(network-interface|security-group|subnet)/\*"
)
_ATTACHING: Final = {
    "ec2:assignprivateipaddresses",
    "ec2:createnetworkinterface",
    "ec2:deletenetworkinterface",
    "ec2:unassignprivateipaddresses",
}
_NO_KIND_IN_ARN: Final = ("s3", "sns", "sqs")  # the last part of their ARNs begins with the name itself


def is_every_one(resource: str) -> bool:
    """Whether a resource is everything, or every one of a type in any spelling.

    `*`, `arn:aws:s3:::*`, `arn:aws:secretsmanager:*:*:secret:*`, `arn:aws:iam::1:role/*`, `arn:aws:s3:::*-*/*`,
    `arn:aws:kms:*:1:k*`.
    """
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return "*" in resource or "?" in resource
    name = parts[5]
    for kind in ("", *(() if parts[2] in _NO_KIND_IN_ARN else _kinds_before(name))):
        if name.startswith(kind) and _EVERY_ONE.match(name[len(kind) :]) and ("*" in name or "?" in name):
            return True
    return "*" in name and any(includes(name, form) for form in forms_of(parts[2], of_account=parts[4] != ""))


def _kinds_before(name: str) -> Iterator[str]:
    """The beginning of an ARN's last part that only says its type: `role/`, `secret:`, `db:`."""
    found = re.match(r"^[a-z-]+[:/]", name)
    if found:
        yield found[0]


def names_own_by_tag(statement: Statement) -> bool:
    """Whether a condition compares the resource's own tags by an operator that does not hold without them.

    Things whose ids AWS chooses have no other name before they exist.
    """
    return any(
        key.startswith("aws:resourcetag/")
        and operator == "StringEquals"
        and values
        and all("*" not in one for one in values)
        for key, found in conditions(statement).items()
        for operator, values in found
    )


_SOURCES: Final = (
    *("aws:sourceaccount", "aws:sourceowner", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"),
    *("aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "kms:calleraccount"),
    "kms:encryptioncontext:",
)


def names_own_source(statement: Statement, own_accounts: Set[str]) -> bool:
    """Whether a condition holds the caller, or whom a service acts for, to accounts of one's own or an organisation."""
    return any(all(_is_own(one, own_accounts) for one in values) for _, values in demanded(statement, *_SOURCES))


def _is_own(source: str, own_accounts: Set[str]) -> bool:
    """Whether a number, an ARN or another text names what is one's own; any account is where none are known.

    Another text is an organisation's id, or begins with it: `o-a1b2c3d4e5/r-ab12/*` is what lies in it.
    """
    parts = source.split(":", 5)
    account = parts[4] if len(parts) == 6 else source
    if account.isdigit():
        return not own_accounts or account in own_accounts
    return len(parts) < 6 and not {"*", "?"} & set(source.partition("/")[0])


def attaches_functions_alone(statement: Statement) -> bool:
    """Whether it lets Lambda make and take away functions' network interfaces, and nobody anything else.

    AWS chooses their ids, and they hold nothing. Without the condition a function's own code could put an interface
    into any group: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html (security best practices).
    """
    resources = values_of(statement, "Resource")
    return (
        ("Null", ["true"]) in conditions(statement).get("lambda:sourcefunctionarn", ())
        and not {"NotAction", "NotResource"} & statement.keys()
        and {action.lower() for action in values_of(statement, "Action")} <= _ATTACHING
        and bool(resources)
        and all(map(_OF_THE_NETWORK.fullmatch, resources))
    )
