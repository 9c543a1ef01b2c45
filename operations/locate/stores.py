"""Every store of a customer's data, with what can be asked of it; computed by the report's own rules from a graph."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from components.files import OBJECT_PREFIX
from facts import tokens as t
from infra.tenants.record import Tenant
from infra.tenants.residency import allowed_regions
from operations.locate.readers import Reader, Readers
from operations.locate.sources import Estate
from policies.tags import DATA_CLASSIFICATION
from rehearsal.report.data import Fate, Life, lives
from rehearsal.report.data.alerts import DASHBOARD
from rehearsal.report.data.copies import REPLICA_KEY
from rehearsal.report.data.database import MASTER_PASSWORD, PERFORMANCE
from rehearsal.report.graph import ALIAS, Graph, maps
from rehearsal.result import Rehearsed


class Holds(StrEnum):
    """What a store holds, by what it would mean to lose or leak it."""

    CUSTOMER = "customer data"
    TRACES = "traces of use"
    CREDENTIALS = "credentials"
    KEY = "a key"
    STAFF = "staff's addresses"
    FIGURES = "figures"
    NOTHING = "nothing of the customer's"


class Group(StrEnum):
    """How stores are told apart for a reader, in the order in which they are shown."""

    DATABASE = "Database"
    FILES = "Files"
    LOGS = "Logs"
    RUNNING = "Running service"
    SECRETS = "Secrets"
    KEYS = "Keys"
    WATCHING = "Alarms and metrics"
    FOUND = "Found by tag"
    PLATFORM = "Platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One kind of data that one resource holds. `allowed` is whether residency allows its region."""

    group: Group
    what: str
    holds: Holds
    name: str
    stack: str
    urn: str
    region: str
    allowed: bool
    key: str
    key_arn: str
    kept: str
    fate: Fate  # once what holds it is deleted
    readers: tuple[Reader, ...]
    shared: bool
    note: str = ""
    warnings: tuple[str, ...] = ()


_GROUPS = {
    t.DATABASE: Group.DATABASE,
    t.AUTOMATED_BACKUPS_REPLICATION: Group.DATABASE,
    t.SNAPSHOT: Group.DATABASE,
    t.CLUSTER_SNAPSHOT: Group.DATABASE,
    t.SNAPSHOT_COPY: Group.DATABASE,
    t.BUCKET: Group.FILES,
    t.BUCKET_REPLICATION: Group.FILES,
    t.LOG_GROUP: Group.LOGS,
    t.FLOW_LOG: Group.LOGS,
    t.SERVICE: Group.RUNNING,
    t.SECRET: Group.SECRETS,
    t.KEY: Group.KEYS,
    REPLICA_KEY: Group.KEYS,
    t.TOPIC: Group.WATCHING,
    t.METRIC_ALARM: Group.WATCHING,
    DASHBOARD: Group.WATCHING,
}
_HOLDS = {
    Group.SECRETS: Holds.CREDENTIALS,
    Group.KEYS: Holds.KEY,
    Group.LOGS: Holds.TRACES,
    Group.WATCHING: Holds.FIGURES,
}


def stores_of(estate: Estate, readers_from: Estate | None = None) -> list[Store]:
    """Every store of a customer's data: of its own stack, and of the base's what a silo's requests pass through.

    `readers_from` is the estate whose policies say who can read, where the stores themselves were found elsewhere.
    """
    judged = readers_from or estate
    readers = Readers([Graph(one) for one in judged.stacks])
    found = [store for stack in estate.stacks for store in _stores(estate, Graph(stack), readers, judged)]
    order = list(Group)
    return sorted(found, key=lambda one: (order.index(one.group), one.stack != estate.own.stack))


def _stores(estate: Estate, graph: Graph, readers: Readers, judged: Estate) -> Iterator[Store]:
    tenant, passed_through = estate.tenant, graph.rehearsal is estate.base
    allowed = allowed_regions(tenant.residency)
    of_policies = next(Graph(one) for one in judged.stacks if one.stack == graph.rehearsal.stack)
    # The same data as the policies know them, by the names and keys that stand in these; a stranger has none.
    as_judged = {(one.holder.urn, one.what): one for one in lives(of_policies)}
    for life in lives(graph):
        if passed_through and not holds_requests(graph, life.holder):
            continue
        group = _group(life)
        known = as_judged.get((life.holder.urn, life.what))
        yield Store(
            group=group,
            what=_plain(life.what),
            holds=_holds(group, life, graph),
            name=graph.physical_name(life.holder) or _alias(graph, life.holder.outputs.get("arn")),
            stack=graph.rehearsal.stack,
            urn=life.holder.urn,
            region=life.region,
            allowed=life.region in allowed,
            key=life.key.words or _alias(graph, life.key.reference) or life.key.reference,
            key_arn=life.key.reference,
            kept=life.kept,
            fate=life.fate,
            readers=readers.of(of_policies, known) if known else (),
            shared=passed_through or tenant.isolation == "pool",
            note=_note(tenant, group, life, passed_through=passed_through),
            warnings=life.warnings,
        )


# Names of resources as a reader knows them; another name stands as it is.
_PLAIN = (
    ("Objects (customer data): archived", "Archived files"),
    ("Objects (customer data): noncurrent versions", "Noncurrent versions of files"),
    ("Objects (customer data): unfinished uploads", "Unfinished uploads of files"),
    ("Objects (customer data)", "Files"),
    ("files-bucket", "the files"),
    ("load-balancer-alb", "the load balancer"),
    ("network-flow-log", "the network"),
    ("database-instance", "the database"),
    ("service-task", "the service"),
    ("one-off-task", "one-off work"),
    ("rotation-function", "the rotation of its login"),
)


def _plain(what: str) -> str:
    for name, words in _PLAIN:
        what = what.replace(name, words)
    return what


def holds_requests(graph: Graph, holder: Rehearsed) -> bool:
    """Whether every customer's requests leave a trace there: the load balancer's log, the network's flow log."""
    names = {holder.id, holder.outputs.get("bucket"), holder.outputs.get("arn")}
    targets = [
        target.get("bucket")
        for balancer in graph.of_type(t.LOAD_BALANCER)
        for target in maps(graph.properties(balancer).get("accessLogs"))
    ]
    targets += [graph.properties(flow).get("logDestination") for flow in graph.of_type(t.FLOW_LOG)]
    return any(str(target).removesuffix(":*") in names for target in targets if target)


def _group(life: Life) -> Group:
    group = _GROUPS.get(life.holder.type, Group.PLATFORM)
    if group is Group.FILES and life.what.startswith("Access logs"):
        return Group.LOGS
    if life.what.startswith("Log of"):  # also one that AWS makes, and no stack declares
        return Group.LOGS
    return Group.SECRETS if life.what == MASTER_PASSWORD else group


def _holds(group: Group, life: Life, graph: Graph) -> Holds:
    if life.holder.type == t.TOPIC:
        return Holds.STAFF
    if life.what == PERFORMANCE:
        return Holds.TRACES
    if life.what.startswith("Enhanced monitoring"):
        return Holds.FIGURES
    if group is Group.FILES:
        tags = graph.properties(life.holder).get("tags")
        operational = isinstance(tags, dict) and tags.get(DATA_CLASSIFICATION) == "operational"
        return Holds.TRACES if operational else Holds.CUSTOMER
    return _HOLDS.get(group, Holds.CUSTOMER)


def _alias(graph: Graph, key_arn: object) -> str:
    """The alias of a key, which is the same before and after the key is made."""
    key = graph.find(key_arn, t.KEY)
    for alias in graph.of_type(ALIAS) if key is not None else ():
        if graph.find(alias.outputs.get("targetKeyId"), t.KEY) is key:
            return str(graph.properties(alias).get("name") or alias.id)
    return ""


def _note(tenant: Tenant, group: Group, life: Life, *, passed_through: bool) -> str:
    if passed_through:
        return "all customers of the base stack leave traces here, this one's requests among them"
    if tenant.isolation == "silo":
        return ""
    if group is Group.DATABASE and life.holder.type == t.DATABASE:
        return "rows marked with the customer's id, kept apart by row-level security"
    if group is Group.FILES:
        return f"objects under {OBJECT_PREFIX}/<the customer's id>/, which the service alone composes"
    return ""
