"""Who may do what: the grants of every identity, and those that hang on resources, whichever resource says them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Final

from facts import tokens as t
from facts.permissions.documents import Document, PolicyKind, Statement, documents, is_document, statements, version_of
from facts.permissions.managed import is_managed_by_aws, managed_statements
from facts.permissions.patterns import WITH_VARIABLES
from facts.subjects import OWNERS, subjects
from graph import Graph, Mark, Resource
from graph.resource import type_of
from graph.values import items, maps


@dataclass(frozen=True, slots=True)
class WrittenStatement:
    """One statement, the URN of the resource that says it, and its policy's `Version`."""

    statement: Statement
    by: str
    version: str = WITH_VARIABLES


@dataclass(slots=True)
class Grants:
    """Everything that is said of one subject in one way.

    `unread` are the URNs and properties of documents that are not known, `managed` the ARNs of attached policies whose
    content is not known; `boundary` is a role's permissions boundary, None without one.
    """

    kind: PolicyKind
    statements: list[WrittenStatement] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    managed: dict[str, str] = field(default_factory=dict)
    boundary: Any = None


Reach = dict[tuple[str, PolicyKind], Grants]
"""By the URN of a subject, or the text that names it, and the way in which it is granted."""

ALLOW_ALL: Final[Statement] = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def reach(graph: Graph) -> Reach:
    """Who may do what in a graph."""
    found: Reach = {}
    writers: dict[str, set[str]] = defaultdict(set)
    for one in graph.resources:
        if one.custom:
            _add(graph, one, found, writers)
    for endpoint in graph.of(t.ENDPOINT):
        # AWS lets everything through an endpoint without a policy:
        # https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
        beside = graph.referring(endpoint, t.ENDPOINT_POLICY, "vpcEndpointId")
        if all(one.inputs.get("policy") is None for one in (endpoint, *beside)):
            key: tuple[str, PolicyKind] = (endpoint.urn, "resource")
            found.setdefault(key, Grants("resource")).statements.append(WrittenStatement(ALLOW_ALL, endpoint.urn))
    for subject, several in writers.items():
        if len(several) > 1:
            grants = found[subject, "resource"]
            grants.statements = list(_in_any_case(grants.statements, several))
    return found


def _add(graph: Graph, one: Resource, found: Reach, writers: Mapping[str, set[str]]) -> None:
    """What one resource says; `writers` are those of each subject that say it in a policy of the subject's own."""
    for document in _documents(one):
        for subject in owners(graph, one):
            _read(found.setdefault((subject, document.kind), Grants(document.kind)), document)
            if document.kind == "resource":
                writers[subject].add(one.urn)
    otherwise = statement_outside_policies(one)
    for subject in owners(graph, one) if otherwise else ():
        found.setdefault((subject, "resource"), Grants("resource")).statements.append(
            WrittenStatement(otherwise, one.urn)
        )
    for subject, arn in _attached(graph, one):
        _attach(graph, found.setdefault((subject, "identity"), Grants("identity")), arn, one.urn)
    if one.type in (t.ROLE, t.USER):
        found.setdefault((one.urn, "identity"), Grants("identity")).boundary = one.inputs.get("permissionsBoundary")


def _in_any_case(statements: Sequence[WrittenStatement], writers: Set[str]) -> Iterator[WrittenStatement]:
    """What holds whichever of several policies stays: AWS keeps the last that was put on a thing, and no other.

    Each Allow may hold; a Deny only does where each of them has it.
    """
    for one in statements:
        denial = _without_sid(one.statement)
        if one.statement.get("Effect") != "Deny" or writers <= {
            other.by for other in statements if _without_sid(other.statement) == denial
        }:
            yield one


def _without_sid(statement: Statement) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key != "Sid"}


def owners(graph: Graph, one: Resource) -> list[str]:
    """Whose policy a resource is: URNs, or the texts that name what is of another stack."""
    ways = OWNERS.get(one.type)
    if ways is None:
        return [one.urn]
    named = [way for way in ways if one.inputs.get(way[0]) is not None] or ways[:1]
    return [subject for name, token in named for subject in subjects(graph, one, name, token)]


def _documents(one: Resource) -> Iterator[Document]:
    yield from documents(one.urn, one.type, one.inputs)
    # A document may also lie deeper, as in a list of policies.
    for name, value in one.inputs.items():
        if isinstance(value, list) and name != "inlinePolicies":
            yield from (Document(one.urn, name, "resource", item) for item in value if is_document(item))


def _read(grants: Grants, document: Document) -> None:
    if isinstance(document.text, Mark):
        grants.unread.append((document.urn, document.property))
        return
    try:
        written = statements(document.text)
    except (ValueError, TypeError, AttributeError):
        grants.unread.append((document.urn, document.property))
        return
    version = version_of(document.text)
    grants.statements += [WrittenStatement(statement, document.urn, version) for statement in written]


def statement_outside_policies(one: Resource) -> Statement:
    """A grant that AWS does not write as a document: a right to invoke a function, its address, a grant of a key.

    Empty for everything else.
    """
    if one.type == t.FUNCTION_PERMISSION:
        limits = {"aws:SourceAccount": one.inputs.get("sourceAccount"), "aws:SourceArn": one.inputs.get("sourceArn")}
        named = {key: value for key, value in limits.items() if value}
        statement: dict[str, Any] = {
            "Effect": "Allow",
            "Action": one.inputs.get("action"),
            "Principal": _principal(one.inputs.get("principal")),
        }
        return statement | ({"Condition": {"StringEquals": named}} if named else {})
    if one.type == t.FUNCTION_URL and one.inputs.get("authorizationType") == "NONE":
        return {"Effect": "Allow", "Action": "lambda:InvokeFunctionUrl", "Principal": "*"}
    if one.type == t.KEY_GRANT:
        actions = [f"kms:{operation}" for operation in items(one.inputs.get("operations"))]
        statement = {"Effect": "Allow", "Action": actions, "Principal": {"AWS": one.inputs.get("granteePrincipal")}}
        contexts = [context for limit in maps(one.inputs.get("constraints")) for context in limit.values() if context]
        named = {f"kms:EncryptionContext:{key}": value for context in maps(contexts) for key, value in context.items()}
        return statement | ({"Condition": {"StringEquals": named}} if named else {})
    return {}


def _principal(value: Any) -> Any:
    text = str(value)
    return {"Service": text} if text.endswith(".amazonaws.com") else "*" if text == "*" else {"AWS": text}


_ATTACHED: Final = {
    **dict.fromkeys((t.ROLE_ATTACHMENT, t.USER_ATTACHMENT, t.GROUP_ATTACHMENT, t.POLICY_ATTACHMENT), "policyArn"),
    t.ATTACHMENTS_EXCLUSIVE: "policyArns",
    t.ROLE: "managedPolicyArns",
    t.PERMISSION_SET_ATTACHMENT: "managedPolicyArn",
    t.PERMISSION_SET_ATTACHMENTS: "managedPolicyArns",
}
"""Which property of which type holds the ARNs of managed policies."""


def _attached(graph: Graph, one: Resource) -> Iterator[tuple[str, Any]]:
    """Whom a managed policy is attached to, and its ARN."""
    if one.type in _ATTACHED:
        arns = items(one.inputs.get(_ATTACHED[one.type]))
        yield from ((subject, arn) for subject in owners(graph, one) for arn in arns)


def _attach(graph: Graph, grants: Grants, arn: Any, by: str) -> None:
    if not isinstance(arn, str):
        if arn is not None:
            grants.unread.append((by, _ATTACHED[type_of(by)]))
        return
    policy = graph.find(arn, t.POLICY)
    if policy is not None:
        for document in documents(policy.urn, policy.type, policy.inputs):
            _read(grants, document)
        return
    written = managed_statements(arn) if is_managed_by_aws(arn) else None
    if written is None:
        grants.managed[arn] = by
    else:
        grants.statements += [WrittenStatement(statement, by) for statement in written]
