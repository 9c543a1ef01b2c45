"""Whether a policy document says anything to AWS: its grammar, its ARNs, and whether its actions take its resources.

Grammar: AWS's "Grammar of the IAM JSON policy language" and "IAM JSON policy elements: Condition operators". The names
of the findings are those of the linter parliament, whose checks these were, so that a list of known ones stays right.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from components.settings import REGION
from facts.permissions.actions import arn_formats, covers, details, expand, takes_resource
from facts.permissions.documents import Document, PolicyKind, Statement, conditions, label_of, values_of
from facts.permissions.patterns import overlap
from graph.values import document, items, maps

_EITHER: Final = (("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource"))
_ELEMENTS: Final = {"Sid", "Effect", "Condition", *(name for pair in _EITHER for name in pair)}

_COMPARISONS: Final = {
    *("String" + how for how in ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")),
    *(kind + how for kind in ("Numeric", "Date") for how in ("Equals", "NotEquals", "LessThan", "LessThanEquals")),
    *(kind + how for kind in ("Numeric", "Date") for how in ("GreaterThan", "GreaterThanEquals")),
    *("Arn" + how for how in ("Equals", "Like", "NotEquals", "NotLike")),
    *("Bool", "Null", "BinaryEquals", "IpAddress", "NotIpAddress"),
}
_OPERATORS: Final = {name.lower() for name in _COMPARISONS}

_PARTITIONS: Final = ("aws", "aws-cn", "aws-us-gov", "aws-iso", "*", "")
_REGION: Final = re.compile(rf"{REGION.pattern}|\*|")
_ACCOUNT: Final = re.compile(r"\d{12}|aws|\*|")  # AWS's own prefix lists and managed policies belong to `aws`
_PRINCIPAL: Final = re.compile(r"\*|\d{12}|arn:[-a-z*]*:iam::(\d{12}|cloudfront|):.*")
_FEDERATION: Final = re.compile(r"arn:[-a-z*]*:iam::\d{12}:(saml|oidc)-provider/.*")
_WEB_IDENTITIES: Final = (
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
)

_TAKEN_BY: Final = {
    "s3:PutBucketPolicy": ("s3:PutObject", "s3:GetObject", "s3:DeleteObject"),
    "s3:PutBucketAcl": ("s3:PutObject", "s3:GetObject", "s3:DeleteObject"),
    "s3:PutLifecycleConfiguration": ("s3:DeleteObject",),
}
"""Rights over a bucket, each with those over its objects which whoever has it can take."""

Named = tuple[str, str]


def findings(found: Document) -> Iterator[Named]:
    """Each finding's name and message. Raises ValueError where the text is no JSON."""
    body = document(found.text)
    for name in sorted(set(body) - {"Version", "Statement", "Id"}):
        yield "MALFORMED", f"AWS knows no element {name} of a policy"
    if "Statement" not in body:
        yield "MALFORMED", "a policy has a Statement"
    yield from _version(body)
    parsed = list(maps(body.get("Statement")))
    sids = [str(one["Sid"]) for one in parsed if "Sid" in one]
    for sid in sorted({sid for sid in sids if sids.count(sid) > 1}):
        yield "DUPLICATE_SID", f"two statements are called {sid}"
    malformed = [finding for one in parsed for finding in _malformed(one, found.kind)]
    yield from malformed
    for one in () if malformed else parsed:
        yield from _principals(one)
        yield from _resources(one)
        yield from _conditions(one)
    yield from () if malformed else _taken(parsed)


def _version(body: Mapping[str, Any]) -> Iterator[Named]:
    version = body.get("Version")
    if version is None:
        yield "NO_VERSION", "a policy without a Version is read as one of 2008"
    elif version == "2008-10-17":
        yield "OLD_VERSION", "the version of 2008 knows no variables"
    elif version != "2012-10-17":
        yield "INVALID_VERSION", f"AWS knows no version {version}"


def _malformed(statement: Statement, kind: PolicyKind) -> Iterator[Named]:
    """What makes AWS refuse the whole document."""
    label = label_of(statement)
    for name in sorted(set(statement) - _ELEMENTS):
        yield "MALFORMED", f"{label}: AWS knows no element {name} of a statement"
    for one, other in _EITHER:
        if one in statement and other in statement:
            yield "MALFORMED", f"{label}: both {one} and {other}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield "MALFORMED", f"{label}: Effect is Allow or Deny"
    if not {"Action", "NotAction"} & set(statement):
        yield "MALFORMED", f"{label}: neither Action nor NotAction"
    # Other documents may leave it out: they stand on their resource.
    if kind == "identity" and not {"Resource", "NotResource"} & set(statement):
        yield "MALFORMED", f"{label}: neither Resource nor NotResource"
    if not isinstance(statement.get("Condition", {}), Mapping) or not all(
        isinstance(block, Mapping) for block in statement.get("Condition", {}).values()
    ):
        yield "MALFORMED", f"{label}: a Condition is an object of operators, each an object of keys"
    if not re.fullmatch("[0-9A-Za-z]*", str(statement.get("Sid", ""))):
        yield "INVALID_SID", f"{label}: a Sid has letters and digits only"


def _principals(statement: Statement) -> Iterator[Named]:
    named = statement.get("Principal", statement.get("NotPrincipal", "*"))
    for kind, value in named.items() if isinstance(named, Mapping) else [("AWS", named)]:
        for text in map(str, items(value)):
            if kind == "Federated":
                if text not in _WEB_IDENTITIES and not _FEDERATION.fullmatch(text):
                    yield "UNKNOWN_FEDERATION_SOURCE", f"{label_of(statement)}: {text} is no provider of identities"
            elif kind != "Service" and not (kind == "AWS" and _PRINCIPAL.fullmatch(text)):
                yield "UNKNOWN_PRINCIPAL", f"{label_of(statement)}: {kind} {text} is no principal"


def _resources(statement: Statement) -> Iterator[Named]:
    label, named = label_of(statement), [*values_of(statement, "Resource"), *values_of(statement, "NotResource")]
    wrong = {text: problem for text in named if text != "*" and (problem := _wrong_arn(text))}
    for text, problem in wrong.items():
        yield "INVALID_ARN", f"{label}: {text} is no ARN: {problem}"
    if wrong or statement["Effect"] != "Allow" or "Resource" not in statement or "*" in named:
        return
    actions = [action for pattern in values_of(statement, "Action") if pattern != "*" for action in expand(pattern)]
    lost = [action for action in actions if details(action) and not _meets(action, named)]
    if lost:
        yield "RESOURCE_MISMATCH", f"{label}: {', '.join(lost)} cannot be asked for on {', '.join(named)}"


def _wrong_arn(text: str) -> str | None:
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return "it has the form arn:partition:service:region:account:id"
    if parts[1] not in _PARTITIONS:
        return f"AWS has no partition {parts[1]}"
    if not _REGION.fullmatch(parts[3]):
        return f"{parts[3]} is no region"
    return None if _ACCOUNT.fullmatch(parts[4]) else f"{parts[4]} is no account"


def _meets(action: str, named: Sequence[str]) -> bool:
    """Whether an action can be asked for on any of the resources named."""
    if not takes_resource(action):
        return False
    return any(_fits(text, form) for text in named for form in arn_formats(action))


def _fits(named: str, form: str) -> bool:
    """Whether an ARN could be both: of the form documented, and one that the statement names."""
    named_parts, form_parts = re.sub(r"\$\{[^}]*\}", "*", named).split(":", 5), form.split(":", 5)
    if len(named_parts) < len(form_parts):
        return False
    kind = re.match(r"[\w-]+(?=[/:])", form_parts[5])
    if kind and named_parts[5] != "*" and not named_parts[5].startswith(kind.group()):
        return False  # a wildcard may not stand for a part of the type, as in u* for user/
    if ":" in named_parts[5] and ":" not in form_parts[5]:
        return False
    if form_parts[2] == "s3" and "/" in named_parts[5] and "/" not in form_parts[5]:
        return False  # a bucket's name has no slash, so that this names objects
    return all(overlap(one, other) for one, other in zip(named_parts, form_parts, strict=True))


def _conditions(statement: Statement) -> Iterator[Named]:
    label = label_of(statement)
    for key, tests in conditions(statement).items():
        for operator, values in tests:
            name = re.sub(r"^for(all|any)values?:|ifexists$", "", operator.lower())
            if name not in _OPERATORS:
                yield "UNKNOWN_OPERATOR", f"{label}: AWS knows no operator {operator}"
            lowered = {value.lower() for value in values}
            if name in ("bool", "null") and not lowered <= {"true", "false"}:
                yield "MISMATCHED_TYPE_OPERATION_TO_NULL", f"{label}: {operator} compares with true or false"
            if operator.lower() in ("bool", "null") and key == "aws:multifactorauthpresent" and "false" in lowered:
                yield (
                    "BAD_PATTERN_FOR_MFA",
                    f"{label}: without MFA the key may be missing, so that {operator} with false does not hold; "
                    "deny with BoolIfExists, or allow with Bool and true",
                )


def _taken(parsed: Sequence[Statement]) -> Iterator[Named]:
    for bucket_right, object_rights in _TAKEN_BY.items():
        for right in object_rights:
            allowed = _allowed(parsed, right)
            for bucket in sorted(_allowed(parsed, bucket_right)):
                if not {bucket, f"{bucket}/*"} & allowed:
                    yield (
                        "RESOURCE_POLICY_PRIVILEGE_ESCALATION",
                        f"{right} is not allowed on {bucket}, but {bucket_right} is, with which it can be taken",
                    )


def _allowed(parsed: Sequence[Statement], action: str) -> set[str]:
    """The resources, as they are written, on which an action is allowed and not denied without a condition."""
    reached: dict[str, set[str]] = {"Allow": set(), "Deny": set()}
    for one in parsed:
        named = "Action" in one
        concerned = covers(values_of(one, "Action" if named else "NotAction"), action) == named
        if concerned and (one["Effect"] == "Allow" or "Condition" not in one):
            names = values_of(one, "Resource")
            reached[one["Effect"]] |= {text for text in names if text == "*" or _meets(action, [text])}
    return set() if "*" in reached["Deny"] else reached["Allow"] - reached["Deny"]
