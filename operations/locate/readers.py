"""Who can read a store: every role and policy of the stacks, and an administrator, judged by IAM's documented logic.

A permission's conditions count as met: better one reader too many than one that is not told. A refusal's conditions
are judged. So is the key behind a store, without which nothing in it can be read.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from components.files import ACCESS_LOG_PREFIX, LOAD_BALANCER_LOG_PREFIX, OBJECT_PREFIX
from facts import tokens as t
from facts.permissions.documents import documents, statements
from facts.permissions.evaluate import Held, Policies, Principal, Request, Statement, decide
from rehearsal.report.access import Permission, guarded, identities
from rehearsal.report.data import Life
from rehearsal.report.data.database import MASTER_PASSWORD, PERFORMANCE, ROWS
from rehearsal.report.graph import Graph, maps
from rehearsal.result import Rehearsed

ADMINISTRATORS: Final = "administrators"
_EVERYTHING: Final[Statement] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_OBJECTS: Final = (f"{OBJECT_PREFIX}/one/object", f"{ACCESS_LOG_PREFIX}/object", f"{LOAD_BALANCER_LOG_PREFIX}/object")


@dataclass(frozen=True, slots=True, order=True)
class Reader:
    """A role, or a policy that waits for one, with the stack it belongs to and what it says it is for."""

    name: str
    stack: str
    purpose: str

    @property
    def person(self) -> bool:
        """Whether people act by it, and not only a program."""
        return self.name == ADMINISTRATORS or self.name.endswith("operators")


@dataclass(frozen=True)
class _Identity:
    reader: Reader
    principal: Principal
    held: tuple[Held, ...]


Ask = tuple[str, Sequence[str]]  # an action, and resources of which any will do


class Readers:
    """Answers for all stores of some stacks; the policies are read once."""

    def __init__(self, graphs: Sequence[Graph]) -> None:
        self._graphs = graphs

    def of(self, graph: Graph, life: Life) -> tuple[Reader, ...]:
        """Who can read what one resource holds; empty where no one can, or where there is nothing to read."""
        return tuple(sorted(one.reader for one in self._identities if self._can_read(one, graph, life)))

    def _can_read(self, identity: _Identity, graph: Graph, life: Life) -> bool:
        return any(all(self._may(identity, ask) for ask in way) for way in self._ways(graph, life))

    # ---- what reading takes

    def _ways(self, graph: Graph, life: Life) -> Iterator[list[Ask]]:
        """Ways to read a store, each a list of all that it takes."""
        holder, arn = life.holder, str(life.holder.outputs.get("arn") or life.holder.id)
        key: list[Ask] = [("kms:Decrypt", [life.key.reference])] if life.key.reference else []
        if holder.type == t.DATABASE:
            yield from self._database_ways(graph, life, arn)
        elif holder.type == t.BUCKET:
            action = "s3:GetObjectVersion" if "noncurrent" in life.what else "s3:GetObject"
            yield [(action, [f"{arn}/{one}" for one in _OBJECTS]), *key]
        elif holder.type == t.LOG_GROUP:  # CloudWatch Logs decrypts by itself
            for action in ("logs:GetLogEvents", "logs:FilterLogEvents", "logs:StartQuery"):
                yield [(action, [arn, f"{arn.removesuffix(':*')}:log-stream:one"])]
        elif holder.type == t.SECRET:
            yield [("secretsmanager:GetSecretValue", [arn]), *key]
        elif holder.type == t.TOPIC:
            yield [("sns:Subscribe", [arn])]
        elif holder.type == t.SERVICE:
            yield [("ecs:ExecuteCommand", [arn])]

    def _database_ways(self, graph: Graph, life: Life, arn: str) -> Iterator[list[Ask]]:
        """Rows are read by a login, whose secret opens the database, or from a backup that is restored."""
        master = [str(one.get("secretArn")) for one in maps(life.holder.outputs.get("masterUserSecrets"))]
        master_key = str(graph.properties(life.holder).get("masterUserSecretKmsKeyId") or "")
        password: list[Ask] = [("secretsmanager:GetSecretValue", master)]
        if master_key:
            password.append(("kms:Decrypt", [master_key]))
        if life.what == MASTER_PASSWORD:
            yield password
        elif life.what == ROWS:
            yield password
            for rotation in graph.of_type(t.SECRET_ROTATION):
                secret = graph.find(graph.properties(rotation).get("secretId"), t.SECRET)
                if secret is not None:
                    key = str(graph.properties(secret).get("kmsKeyId") or "")
                    decrypt: list[Ask] = [("kms:Decrypt", [key])] if key else []
                    yield [("secretsmanager:GetSecretValue", [str(secret.outputs.get("arn"))]), *decrypt]
        elif life.what == PERFORMANCE:
            yield [("pi:GetResourceMetrics", [arn.replace(":rds:", ":pi:").replace(":db:", ":metrics/rds/")])]
        else:
            yield [("rds:RestoreDBInstanceFromDBSnapshot", [arn])]
            yield [("rds:RestoreDBInstanceToPointInTime", [arn])]

    # ---- judging

    def _may(self, identity: _Identity, ask: Ask) -> bool:
        action, resources = ask
        return any(self._allowed(identity, action, one) for one in (*resources, *self._named(identity, resources)))

    def _named(self, identity: _Identity, resources: Sequence[str]) -> Iterator[str]:
        """Objects that a permission itself names, in the bucket that is asked for."""
        buckets = {f"{one.partition('/')[0]}/" for one in resources if one.startswith("arn:aws:s3:::")}
        for held in identity.held:
            named = held.statement.get("Resource", ())
            for pattern in [named] if isinstance(named, str) else named:
                if any(pattern.startswith(bucket) for bucket in buckets):
                    yield pattern.replace("*", "one").replace("?", "1")

    def _allowed(self, identity: _Identity, action: str, resource: str) -> bool:
        account = self._graphs[0].rehearsal.account
        request = Request(
            principal=identity.principal,
            action=action,
            resource=resource,
            resource_account=account,
            context={"aws:principalarn": (identity.principal.role_arn,), "aws:securetransport": ("true",)},
        )
        guards = tuple(held for arn, held in self._guards if _belongs(resource, arn))
        judged = Policies(identity=identity.held, resource=guards, resource_decides=resource.startswith("arn:aws:kms:"))
        return decide(request, judged).allowed

    @cached_property
    def _identities(self) -> tuple[_Identity, ...]:
        return tuple(self._found_identities())

    def _found_identities(self) -> Iterator[_Identity]:
        account = self._graphs[0].rehearsal.account
        for graph in self._graphs:
            for one in identities(graph):
                held = tuple(_held(graph, one.permissions, "identity"))
                if held:
                    yield _identity(graph, one.holder, held, account)
        administrator = Reader(ADMINISTRATORS, "", "Whoever the account's own policies let do anything")
        arn = f"arn:aws:iam::{account}:role/{ADMINISTRATORS}"
        yield _Identity(
            administrator, Principal(arn=f"{arn}/x", account=account, role_arn=arn), (Held("all", _EVERYTHING),)
        )

    @cached_property
    def _guards(self) -> tuple[tuple[str, Held], ...]:
        """ARN and statement of every policy that hangs on a resource."""
        return tuple(
            (str(one.holder.outputs.get("arn") or one.holder.id), held)
            for graph in self._graphs
            for one in guarded(graph)
            for held in _held(graph, one.permissions, "resource")
        )


def _identity(graph: Graph, holder: Rehearsed, held: tuple[Held, ...], account: str) -> _Identity:
    name = str(holder.outputs.get("name") or holder.name)
    arn = f"arn:aws:iam::{account}:role/{name}"
    purpose = str(graph.properties(holder).get("description") or "")
    reader = Reader(holder.name.removesuffix("-role"), graph.rehearsal.stack, purpose)
    return _Identity(reader, Principal(arn=f"{arn}/one", account=account, role_arn=arn), held)


def _held(graph: Graph, permissions: Iterable[Permission], kind: str) -> Iterator[Held]:
    policies = {one.policy.urn: one.policy for one in permissions if one.policy is not None}
    for policy in policies.values():
        for document in documents(policy.urn, policy.type, graph.properties(policy)):
            if document.kind == kind:
                yield from (Held(policy.name, _unconditional(one)) for one in statements(document.text))


def _unconditional(statement: Mapping[str, Any]) -> Statement:
    """A permission without its conditions; a refusal as it stands."""
    if statement.get("Effect") == "Deny":
        return statement
    plain: dict[str, Any] = json.loads(json.dumps(dict(statement), default=str))
    plain.pop("Condition", None)
    return plain


def _belongs(resource: str, arn: str) -> bool:
    return resource == arn or resource.startswith((f"{arn}/", f"{arn}:"))
