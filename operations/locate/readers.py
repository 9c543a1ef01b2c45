"""Who can read a store: every role and policy of the stacks, and an administrator, judged by IAM's documented logic.

A permission's conditions count as met: better one reader too many than one that is not told. A refusal's conditions
are judged. So is the key behind a store, without which nothing in it can be read.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from components.files import ACCESS_LOG_PREFIX, LOAD_BALANCER_LOG_PREFIX, OBJECT_PREFIX
from facts import tokens as t
from facts.permissions.evaluate import Held, Policies, Principal, Request, Statement, decide
from facts.reach import Grants, reach
from facts.stores import Form, Store
from graph import Graph, Resource
from graph.values import maps

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

    def of(self, graph: Graph, store: Store) -> tuple[Reader, ...]:
        """Who can read what one resource holds; empty where no one can, or where there is nothing to read."""
        return tuple(sorted(one.reader for one in self._identities if self._can_read(one, graph, store)))

    def _can_read(self, identity: _Identity, graph: Graph, store: Store) -> bool:
        return any(all(self._may(identity, ask) for ask in way) for way in self._ways(graph, store))

    # ---- what reading takes

    def _ways(self, graph: Graph, store: Store) -> Iterator[list[Ask]]:
        """Ways to read a store, each a list of all that it takes."""
        arn = store.holder.arn
        key: list[Ask] = [("kms:Decrypt", [store.key.reference])] if store.key.reference else []
        match store.form:
            case Form.OBJECTS | Form.ARCHIVED_OBJECTS | Form.UNFINISHED_UPLOADS | Form.NONCURRENT_VERSIONS:
                action = "s3:GetObjectVersion" if store.form is Form.NONCURRENT_VERSIONS else "s3:GetObject"
                yield [(action, [f"{arn}/{one}" for one in _OBJECTS]), *key]
            case Form.LOG | Form.UNDECLARED_LOG:
                yield from self._log_ways(graph, store, arn)
            case Form.SECRET | Form.SECRET_REPLICA:
                yield [("secretsmanager:GetSecretValue", [arn]), *key]
            case Form.TOPIC:
                yield [("sns:Subscribe", [arn])]
            case Form.TASK_MEMORY:
                yield [("ecs:ExecuteCommand", [arn])]
            case Form.PERFORMANCE_DATA:
                yield [("pi:GetResourceMetrics", [arn.replace(":rds:", ":pi:").replace(":db:", ":metrics/rds/")])]
            case Form.MASTER_PASSWORD:
                yield self._master_password(store)
            case Form.DATABASE_ROWS:
                yield self._master_password(store)
                yield from self._logins(graph)
            case Form.AUTOMATED_BACKUPS | Form.FINAL_SNAPSHOT | Form.OS_MONITORING:
                yield [("rds:RestoreDBInstanceFromDBSnapshot", [arn])]
                yield [("rds:RestoreDBInstanceToPointInTime", [arn])]

    def _log_ways(self, graph: Graph, store: Store, arn: str) -> Iterator[list[Ask]]:
        """CloudWatch Logs decrypts by itself; a group that AWS makes has an ARN that follows from its name."""
        if store.form is Form.UNDECLARED_LOG:
            arn = f"arn:aws:logs:{store.region}:{graph.account}:log-group:{store.name}"
        for action in ("logs:GetLogEvents", "logs:FilterLogEvents", "logs:StartQuery"):
            yield [(action, [arn, f"{arn.removesuffix(':*')}:log-stream:one"])]

    def _master_password(self, store: Store) -> list[Ask]:
        """Rows are read by a login, whose secret opens the database, or from a backup that is restored."""
        master = [str(one.get("secretArn")) for one in maps(store.holder.outputs.get("masterUserSecrets"))]
        key = str(store.holder.inputs.get("masterUserSecretKmsKeyId") or "")
        decrypt: list[Ask] = [("kms:Decrypt", [key])] if key else []
        return [("secretsmanager:GetSecretValue", master), *decrypt]

    def _logins(self, graph: Graph) -> Iterator[list[Ask]]:
        for rotation in graph.of(t.SECRET_ROTATION):
            for secret in graph.referred(rotation, "secretId", t.SECRET):
                key = str(secret.inputs.get("kmsKeyId") or "")
                decrypt: list[Ask] = [("kms:Decrypt", [key])] if key else []
                yield [("secretsmanager:GetSecretValue", [secret.arn]), *decrypt]

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
        account = self._graphs[0].account
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
        account = self._graphs[0].account
        for graph in self._graphs:
            said = {urn: grants for (urn, kind), grants in reach(graph).items() if kind == "identity"}
            attached = {one.by for urn, grants in said.items() for one in grants.statements if one.by != urn}
            for urn, grants in said.items():
                held = _held(graph, grants)
                if held and urn in graph.by_urn and urn not in attached:
                    yield _identity(graph, graph.by_urn[urn], held, account)
        administrator = Reader(ADMINISTRATORS, "", "Whoever the account's own policies let do anything")
        arn = f"arn:aws:iam::{account}:role/{ADMINISTRATORS}"
        yield _Identity(
            administrator, Principal(arn=f"{arn}/x", account=account, role_arn=arn), (Held("all", _EVERYTHING),)
        )

    @cached_property
    def _guards(self) -> tuple[tuple[str, Held], ...]:
        """ARN and statement of every policy that hangs on a resource."""
        return tuple(
            (graph.by_urn[urn].arn, held)
            for graph in self._graphs
            for (urn, kind), grants in reach(graph).items()
            if kind == "resource" and urn in graph.by_urn
            for held in _held(graph, grants)
        )


def _identity(graph: Graph, holder: Resource, held: tuple[Held, ...], account: str) -> _Identity:
    name = str(holder.outputs.get("name") or holder.name)
    arn = f"arn:aws:iam::{account}:role/{name}"
    purpose = str(holder.inputs.get("description") or "")
    reader = Reader(holder.name.removesuffix("-role"), graph.stack, purpose)
    return _Identity(reader, Principal(arn=f"{arn}/one", account=account, role_arn=arn), held)


def _held(graph: Graph, grants: Grants) -> tuple[Held, ...]:
    """What is granted; of an identity's policy that is not shown, everything."""
    held = tuple(Held(graph.by_urn[one.by].name, _unconditional(one.statement)) for one in grants.statements)
    hidden = grants.kind == "identity" and (grants.unread or grants.managed)
    return (*held, Held("not shown", _EVERYTHING)) if hidden else held


def _unconditional(statement: Mapping[str, Any]) -> Statement:
    """A permission without its conditions; a refusal as it stands."""
    if statement.get("Effect") == "Deny":
        return statement
    plain: dict[str, Any] = json.loads(json.dumps(dict(statement), default=str))
    plain.pop("Condition", None)
    return plain


def _belongs(resource: str, arn: str) -> bool:
    return resource == arn or resource.startswith((f"{arn}/", f"{arn}:"))
