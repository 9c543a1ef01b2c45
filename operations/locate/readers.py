"""Who can read a store: every role and policy of the stacks and the account, judged by IAM's documented logic.

A permission's conditions count as met: better one reader too many than one that is not reported. A refusal's conditions
are judged. So is the key behind a store, without which nothing in it can be read. Whoever may run code as a role reads
what that role reads, and is named with the way: a task of reviewed code, or a deployment of other code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from components.names import ACCESS_LOG_PREFIX, LOAD_BALANCER_LOG_PREFIX, OBJECT_PREFIX
from facts import tokens as t
from facts.permissions.evaluate import Held, Policies, Request, decide
from facts.places import region_in
from facts.stores import Form, Store
from graph import Graph, Resource
from graph.values import maps
from operations.locate.identities import ACCOUNT, Identity, Kind, administrator, guards, identities

_OBJECTS: Final = (f"{OBJECT_PREFIX}/one/object", f"{ACCESS_LOG_PREFIX}/object", f"{LOAD_BALANCER_LOG_PREFIX}/object")


class Means(StrEnum):
    """How somebody reads."""

    DIRECTLY = "directly"
    BY_TASK = "by starting reviewed code"
    BY_CODE = "by deploying code"


@dataclass(frozen=True, slots=True, order=True)
class Reader:
    """Who reads, by which means, and for what they say they are there; `through` is what runs, if anything does."""

    name: str
    stack: str
    purpose: str
    kind: Kind = Kind.PROGRAM
    means: Means = Means.DIRECTLY
    through: str = ""

    @property
    def person(self) -> bool:
        """Whether people act by it, and not only a program."""
        return self.kind is Kind.PEOPLE


Ask = tuple[str, Sequence[str]]  # an action, and resources of which any will do


@dataclass(frozen=True)
class _Running:
    """Code that runs as some roles, and what starting it takes, or running other code in its place."""

    name: str
    role_arns: tuple[str, ...]
    asks: tuple[Ask, ...]
    means: Means


class Readers:
    """Answers for all stores of some stacks, and of the account where its graph is known; policies are read once."""

    def __init__(self, stacks: Sequence[Graph], account: Graph | None = None) -> None:
        self._stacks = stacks
        self._account = account
        self._graphs = stacks if account is None else (*stacks, account)
        self._judged: dict[tuple[int, str, str], bool] = {}  # a key's is asked for with each store that it encrypts
        self._hanging: dict[str, tuple[Held, ...]] = {}

    def of(self, graph: Graph, store: Store) -> tuple[Reader, ...]:
        """Who can read what one resource holds; empty where no one can, or where there is nothing to read."""
        ways = list(self._ways(graph, store))
        direct = [one for one in self._identities if self._can_read(one, ways)]
        arns = {one.principal.role_arn for one in direct}
        found = [_reader(one, Means.DIRECTLY, "") for one in direct]
        for one in self._identities:
            run = next((run for run in self._runs[one.principal.role_arn] if arns & set(run.role_arns)), None)
            if run is not None and one not in direct:
                found.append(_reader(one, run.means, run.name))
        return tuple(sorted(found))

    def _can_read(self, identity: Identity, ways: Sequence[Sequence[Ask]]) -> bool:
        return any(all(self._may(identity, ask) for ask in way) for way in ways)

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
            case Form.RECOVERY_POINTS | Form.AUTOMATED_BACKUPS | Form.FINAL_SNAPSHOT | Form.OS_MONITORING:
                yield from _restoring(store.form, arn, key)

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

    # ---- whose code somebody may run

    @cached_property
    def _runs(self) -> dict[str, list[_Running]]:
        """What each identity may run, reviewed code first."""
        all_of_it = sorted(self._running(), key=lambda one: list(Means).index(one.means))
        return {
            one.principal.role_arn: [run for run in all_of_it if self._can_read(one, [run.asks])]
            for one in self._identities
        }

    def _running(self) -> Iterator[_Running]:
        for graph in self._stacks:
            services = [_service_arn(graph, one) for one in graph.of(t.SERVICE)]
            for task in graph.of(t.TASK_DEFINITION):
                roles = _roles(task.inputs.get("taskRoleArn"), task.inputs.get("executionRoleArn"))
                passing: list[Ask] = [("iam:PassRole", [role]) for role in roles]
                yield _Running(task.name, roles, (("ecs:RunTask", [task.arn]), *passing), Means.BY_TASK)
                other: Ask = ("ecs:RegisterTaskDefinition", [task.arn, f"{task.arn.rpartition(':')[0]}:*"])
                started: Ask = ("ecs:UpdateService", services)
                yield _Running(task.name, roles, (other, started, *passing), Means.BY_CODE)
            for function in graph.of(t.FUNCTION):
                roles = _roles(function.inputs.get("role"))
                yield _Running(function.name, roles, (("lambda:UpdateFunctionCode", [function.arn]),), Means.BY_CODE)

    # ---- judging

    def _may(self, identity: Identity, ask: Ask) -> bool:
        action, resources = ask
        return any(self._allowed(identity, action, one) for one in (*resources, *_named(identity, resources)))

    def _allowed(self, identity: Identity, action: str, resource: str) -> bool:
        cache_key = (id(identity), action, resource)  # of `_identities`, which stay; two may be of one role
        if cache_key not in self._judged:
            self._judged[cache_key] = self._judge(identity, action, resource)
        return self._judged[cache_key]

    def _judge(self, identity: Identity, action: str, resource: str) -> bool:
        request = Request(
            principal=identity.principal,
            action=action,
            resource=resource,
            resource_account=self._graphs[0].account,
            context={
                "aws:principalarn": (identity.principal.role_arn,),
                "aws:securetransport": ("true",),
                "aws:requestedregion": (region_in(resource) or self._graphs[0].region,),
            },
        )
        of_key = resource.startswith("arn:aws:kms:")
        policies = Policies(identity=identity.held, resource=self._hanging_on(resource), resource_decides=of_key)
        return decide(request, policies).allowed

    def _hanging_on(self, resource: str) -> tuple[Held, ...]:
        if resource not in self._hanging:
            self._hanging[resource] = tuple(held for arn, held in self._guards if _belongs(resource, arn))
        return self._hanging[resource]

    @cached_property
    def _identities(self) -> tuple[Identity, ...]:
        of_stacks = [one for graph in self._stacks for one in identities(graph, graph.stack)]
        of_account = [] if self._account is None else identities(self._account, ACCOUNT)
        return (*of_stacks, *of_account, administrator(self._graphs[0].account))

    @cached_property
    def _guards(self) -> tuple[tuple[str, Held], ...]:
        return guards(self._graphs)


def _restoring(form: Form, arn: str, key: Sequence[Ask]) -> Iterator[list[Ask]]:
    """What is in a backup is read by bringing it back, or by copying it to where somebody reads."""
    if form is Form.RECOVERY_POINTS:
        points = [
            arn.replace(":backup-vault:", ":recovery-point:"),
            f"{arn.partition(':backup-vault:')[0]}:recovery-point:*",
        ]
        yield from ([(f"backup:{action}", points), *key] for action in ("StartRestoreJob", "StartCopyJob"))
        return
    yield [("rds:RestoreDBInstanceFromDBSnapshot", [arn])]
    yield [("rds:RestoreDBInstanceToPointInTime", [arn])]


def _reader(one: Identity, means: Means, through: str) -> Reader:
    return Reader(one.name, one.stack, one.purpose, one.kind, means, through)


def _service_arn(graph: Graph, service: Resource) -> str:
    """In the form that names the cluster, which the account's policies do as well."""
    cluster = str(service.inputs.get("cluster") or "").rpartition("/")[2]
    name = graph.physical_name(service)
    return f"{service.arn.partition(':service/')[0]}:service/{cluster}/{name}"


def _roles(*arns: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one) for one in arns if one))


def _named(identity: Identity, resources: Sequence[str]) -> Iterator[str]:
    """Objects that a permission itself names, in the bucket that is asked for."""
    buckets = {f"{one.partition('/')[0]}/" for one in resources if one.startswith("arn:aws:s3:::")}
    for held in identity.held if buckets else ():
        named = held.statement.get("Resource", ())
        for pattern in [named] if isinstance(named, str) else named:
            if any(pattern.startswith(bucket) for bucket in buckets):
                yield pattern.replace("*", "one").replace("?", "1")


def _belongs(resource: str, arn: str) -> bool:
    return resource == arn or resource.startswith((f"{arn}/", f"{arn}:"))
