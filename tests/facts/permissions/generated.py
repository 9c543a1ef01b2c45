"""Random requests with random policies, and a second reading of IAM's logic, written the other way round.

The evaluator compiles statements and climbs a ladder; `expected` here asks plain questions of the documents, one
regular expression and one rule at a time, without undecided values. It knows what the generator writes, and no more.
"""

import random
import re
from dataclasses import dataclass, field
from typing import Any

from facts.permissions.evaluate import Policies, Principal, Request, held_statements

HOME, ABROAD = "111111111111", "222222222222"
_ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:GetObjectVersion", "s3:DeleteObject")
_ACTION_PATTERNS = (*_ACTIONS, "s3:*", "*", "s3:Get*", "S3:putobject", "s3:GetObject?ersion", "ec2:*")
_RESOURCES = ("arn:aws:s3:::files/a/x", "arn:aws:s3:::files/b/x", "arn:aws:s3:::files/*/x", "arn:aws:s3:::other/a/x")
_RESOURCE_PATTERNS = (
    *_RESOURCES,
    "*",
    "arn:aws:s3:::files/*",
    "arn:aws:s3:::files/?/x",
    "arn:aws:s3:::files/${aws:PrincipalTag/team}/x",
    "arn:aws:s3:::files/${*}/x",
    "arn:aws:s3:::${aws:username, 'other'}/*",
)
_VALUES = ("a", "b", "*", "ab")
_KEYS = ("aws:PrincipalTag/team", "aws:PrincipalTag/area", "aws:username")
_STRING_OPERATORS = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase")


@dataclass
class Case:
    """A request, and every document that has a say; None for a limit that there is not."""

    principal: Principal
    action: str
    resource: str
    resource_account: str
    context: dict[str, tuple[str, ...]]
    identity: list[Any] = field(default_factory=list)
    boundary: list[Any] | None = None
    session: list[Any] | None = None
    resource_policy: list[Any] = field(default_factory=list)
    version: str = "2012-10-17"
    resource_decides: bool = False

    def request(self) -> Request:
        return Request(
            principal=self.principal,
            action=self.action,
            resource=self.resource,
            resource_account=self.resource_account,
            context=self.context,
        )

    def document(self, statements: list[Any]) -> dict[str, Any]:
        return {"Version": self.version, "Statement": statements}

    def policies(self) -> Policies:
        def held(name: str, statements: list[Any] | None) -> Any:
            return None if statements is None else held_statements(name, self.document(statements))

        return Policies(
            identity=held("identity", self.identity),
            boundary=held("boundary", self.boundary),
            session=held("session", self.session),
            resource=held("resource", self.resource_policy),
            resource_decides=self.resource_decides,
        )


def case(seed: int) -> Case:
    """The case of a seed, always the same."""
    pick = random.Random(seed)  # noqa: S311 cases, no secrets
    who = _principal(pick)
    context: dict[str, tuple[str, ...]] = {key.lower(): (pick.choice(_VALUES),) for key in _KEYS if pick.random() < 0.6}
    return Case(
        principal=who,
        action=pick.choice(_ACTIONS),
        resource=pick.choice(_RESOURCES),
        resource_account=pick.choice((HOME, HOME, HOME, ABROAD)),
        context=context,
        identity=_statements(pick, 3),
        boundary=_statements(pick, 2) if pick.random() < 0.25 else None,
        session=_statements(pick, 2) if pick.random() < 0.15 else None,
        resource_policy=_statements(pick, 3, who) if pick.random() < 0.7 else [],
        version=pick.choice(("2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17")),
        resource_decides=pick.random() < 0.2,
    )


def _principal(pick: random.Random) -> Principal:
    role = Principal(
        arn=f"arn:aws:sts::{HOME}:assumed-role/task/one", role_arn=f"arn:aws:iam::{HOME}:role/task", account=HOME
    )
    user = Principal(arn=f"arn:aws:iam::{HOME}:user/ada", account=HOME)
    others = (Principal(service="s3.amazonaws.com"), Principal(federated="accounts.google.com"), Principal())
    return pick.choice((role, role, role, user, user, *others))


def _statements(pick: random.Random, most: int, who: Principal | None = None) -> list[Any]:
    return [_statement(pick, who) for _ in range(pick.randint(0 if who else 1, most))]


def _statement(pick: random.Random, who: Principal | None) -> dict[str, Any]:
    def some(values: tuple[str, ...]) -> list[str] | str:
        chosen = pick.sample(values, pick.randint(1, 2))
        return chosen if len(chosen) > 1 or pick.random() < 0.5 else chosen[0]

    statement: dict[str, Any] = {
        "Effect": pick.choice(("Allow",) * 6 + ("Deny",)),
        pick.choice(("Action",) * 5 + ("NotAction",)): some(_ACTION_PATTERNS),
    }
    if pick.random() < 0.15:  # without variables: what an exception without a value is, AWS leaves open
        statement["NotResource"] = some(tuple(one for one in _RESOURCE_PATTERNS if "${aws" not in one))
    else:
        statement["Resource"] = some(_RESOURCE_PATTERNS)
    if pick.random() < 0.3:
        statement["Condition"] = _condition(pick)
    if who is not None:
        spares = statement["Effect"] == "Deny" and pick.random() < 0.2
        statement["NotPrincipal" if spares else "Principal"] = _named(pick, who, spares=spares)
    return statement


def _named(pick: random.Random, who: Principal, *, spares: bool) -> Any:
    own = who.role_arn or who.arn
    names = [name for name in (own, who.arn, HOME, f"arn:aws:iam::{HOME}:role/other", ABROAD) if name]
    if spares:  # whole exceptions only: what less means, AWS leaves open
        return {"AWS": [own, f"arn:aws:iam::{HOME}:root"]} if own and pick.random() < 0.6 else {"AWS": [ABROAD]}
    kinds: list[Any] = [
        "*",
        {"AWS": "*"},
        {"AWS": pick.choice(names)},
        {"AWS": pick.sample(names, 2) if len(names) > 1 else names},
        {"Service": ["s3.amazonaws.com"], "Federated": "accounts.google.com"},
    ]
    return pick.choice(kinds)


def _condition(pick: random.Random) -> dict[str, Any]:
    operator = pick.choice(_STRING_OPERATORS)
    if pick.random() < 0.25:
        return {"Null": {pick.choice(_KEYS): pick.choice(("true", "false"))}}
    operator = pick.choice(("", "", "", "ForAllValues:", "ForAnyValue:")) + operator
    if not operator.startswith("ForAnyValue"):
        operator += pick.choice(("", "", "IfExists"))
    variable = () if "Not" in operator else ("${aws:PrincipalTag/team}",)
    value = pick.choice((*_VALUES, *variable, "${*}", "a*", "?"))
    return {operator: {pick.choice(_KEYS): [value, pick.choice(_VALUES)] if pick.random() < 0.4 else value}}


# ---- the second reading


def expected(one: Case) -> bool | None:  # noqa: PLR0911 a rule of AWS each
    """Whether the case is allowed; None where AWS's text leaves it open (a wildcard grant against a boundary)."""
    who, home = one.principal, one.principal.account == one.resource_account
    mine = [*one.identity, *(one.boundary or []), *(one.session or [])] if who.account else []
    if any(s["Effect"] == "Deny" and _applies(one, s) for s in mine):
        return False
    if any(s["Effect"] == "Deny" and _applies(one, s) and _meant(one, s) for s in one.resource_policy):
        return False
    reached = {way for s in one.resource_policy if s["Effect"] == "Allow" and _applies(one, s) for way in _ways(one, s)}
    if not who.account:
        return bool(reached)
    limited = any(
        limit is not None and not any(s["Effect"] == "Allow" and _applies(one, s) for s in limit)
        for limit in (one.boundary, one.session)
    )
    allowed = any(s["Effect"] == "Allow" and _applies(one, s) for s in one.identity)
    if not reached and (not home or one.resource_decides):
        return False
    if home and "self" in reached:
        return True
    if home and limited and "everyone" in reached:
        return None
    if limited:
        return False
    return allowed or (home and bool(reached & {"role", "everyone"}))


def _ways(one: Case, statement: Any) -> set[str]:
    named, who = statement["Principal"], one.principal
    if named == "*":
        return {"everyone"}
    found = set()
    if who.service in _list(named.get("Service")) or who.federated in _list(named.get("Federated")):
        found.add("self")
    for name in _list(named.get("AWS")):
        if name == "*":
            found.add("everyone")
        elif name == who.arn:
            found.add("self")
        elif name == who.role_arn:
            found.add("role")
        elif who.account and name in (who.account, f"arn:aws:iam::{who.account}:root"):
            found.add("account")
    return found


def _meant(one: Case, statement: Any) -> bool:
    if "Principal" in statement:
        return bool(_ways(one, statement))
    named = statement["NotPrincipal"]["AWS"]
    return one.boundary is not None or (one.principal.role_arn or one.principal.arn or "nobody") not in named


def _applies(one: Case, statement: Any) -> bool:
    actions = [_like(pattern, one.action, flags=re.IGNORECASE) for pattern in _list(_either(statement, "Action"))]
    filled = [_fill(one, pattern) for pattern in _list(_either(statement, "Resource"))]
    resources = [pattern is not None and _like(pattern, one.resource) for pattern in filled]
    return (
        any(actions) != ("NotAction" in statement)
        and any(resources) != ("NotResource" in statement)
        and all(
            _holds(one, operator, key.lower(), _list(values))
            for operator, block in statement.get("Condition", {}).items()
            for key, values in block.items()
        )
    )


def _holds(one: Case, operator: str, key: str, values: list[str]) -> bool:
    has = key in one.context
    if operator == "Null":
        return any((value == "true") != has for value in values)
    quantifier, _, name = operator.rpartition(":")
    negated = "Not" in name
    if not has:
        return "IfExists" in name or quantifier == "ForAllValues" or (negated and not quantifier)
    found = one.context[key][0]
    met = False
    for value in values:
        pattern = _fill(one, value)
        if pattern is None:
            continue
        if "Like" in name:
            met |= _like(pattern, found)
        else:
            plain = pattern.replace("[*]", "*").replace("[?]", "?")
            met |= plain.lower() == found.lower() if "IgnoreCase" in name else plain == found
    return met != negated


def _fill(one: Case, pattern: str) -> str | None:
    """The pattern with `[*]` and `[?]` for literal wildcards; None where a variable has no value."""
    if one.version != "2012-10-17":
        return pattern
    for variable in re.findall(r"\$\{[^}]*\}", pattern):
        name, _, default = variable[2:-1].partition(", ")
        value = "*" if name == "*" else next(iter(one.context.get(name.lower(), ())), default.strip("'") or None)
        if value is None:
            return None
        pattern = pattern.replace(variable, value.replace("*", "[*]").replace("?", "[?]"))
    return pattern


def _like(pattern: str, text: str, flags: int = 0) -> bool:
    parts = re.split(r"(\[[*?]\]|[*?])", pattern)
    ways = {"*": ".*", "?": ".", "[*]": r"\*", "[?]": r"\?"}
    return re.fullmatch("".join(ways.get(part) or re.escape(part) for part in parts), text, flags) is not None


def _either(statement: Any, name: str) -> Any:
    return statement.get(name, statement.get(f"Not{name}"))


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
