"""Every store of a customer's data, with what can be asked of it; read from the facts of its graphs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from components.names import EXPORTS, OBJECT_PREFIX
from facts import tokens as t
from facts.captions import ENGLISH
from facts.stores import AfterDeletion, Content, Form, KeyKind, Store, stores
from graph import Graph, Resource
from graph.values import items, maps
from infra.tenants.record import Tenant
from infra.tenants.residency import allowed_regions
from operations.locate.differences import key_name, region_of
from operations.locate.readers import Reader, Readers
from operations.locate.sources import Estate


class Holds(StrEnum):
    """What a store holds, by what it would mean to lose or leak it."""

    CUSTOMER = "customer data"
    TRACES = "traces of use"
    CREDENTIALS = "credentials"
    KEY = "a key"
    STAFF = "staff's addresses"
    SETTINGS = "names and settings"
    FIGURES = "figures"
    NOTHING = "nothing of the customer's"


class Group(StrEnum):
    """How stores are told apart for a reader, in the order in which they are shown."""

    DATABASE = "Database"
    FILES = "Files"
    BACKUPS = "Copies of backups"
    EXPORTS = "Exports"
    LOGS = "Logs"
    RUNNING = "Running service"
    SECRETS = "Secrets"
    KEYS = "Keys"
    WATCHING = "Alarms and metrics"
    FOUND = "Found by tag"
    PLATFORM = "Platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """One form of data that one resource holds, as it is reported; `allowed`: residency allows its region.

    What is decided is decided by `form`, `content` and `key_kind`; `what`, `key`, `kept` and `end` are for a reader.
    `decision` is the owner's reason where residency does not allow the region and the customer's file accepts it;
    `store` is what the facts say, for a reader in another language.
    """

    group: Group
    form: Form
    content: Content
    what: str
    holds: Holds
    name: str
    stack: str
    urn: str
    region: str
    allowed: bool
    key: str
    key_kind: KeyKind
    key_arn: str
    kept: str
    after_deletion: AfterDeletion
    end: str
    readers: tuple[Reader, ...]
    shared: bool
    note: str = ""
    warnings: tuple[str, ...] = ()
    writer_types: tuple[str, ...] = ()
    decision: str = ""
    store: Store | None = field(default=None, compare=False, repr=False)


_GROUPS: Final[Mapping[Form, Group]] = {
    Form.DATABASE_ROWS: Group.DATABASE,
    Form.AUTOMATED_BACKUPS: Group.DATABASE,
    Form.FINAL_SNAPSHOT: Group.DATABASE,
    Form.PERFORMANCE_DATA: Group.DATABASE,
    Form.OS_MONITORING: Group.DATABASE,
    Form.REPLICATED_BACKUPS: Group.DATABASE,
    Form.RECOVERY_POINTS: Group.BACKUPS,
    Form.RECOVERY_POINT_COPIES: Group.BACKUPS,
    Form.SNAPSHOT: Group.DATABASE,
    Form.SNAPSHOT_COPY: Group.DATABASE,
    Form.OBJECTS: Group.FILES,
    Form.ARCHIVED_OBJECTS: Group.FILES,
    Form.NONCURRENT_VERSIONS: Group.FILES,
    Form.UNFINISHED_UPLOADS: Group.FILES,
    Form.OBJECT_COPY: Group.FILES,
    Form.LOG: Group.LOGS,
    Form.UNDECLARED_LOG: Group.LOGS,
    Form.TASK_MEMORY: Group.RUNNING,
    Form.MASTER_PASSWORD: Group.SECRETS,
    Form.SECRET: Group.SECRETS,
    Form.SECRET_REPLICA: Group.SECRETS,
    Form.KEY: Group.KEYS,
    Form.KEY_REPLICA: Group.KEYS,
    Form.TOPIC: Group.WATCHING,
    Form.METRICS: Group.WATCHING,
    Form.UNKNOWN: Group.PLATFORM,
}
_HOLDS: Final[Mapping[Content, Holds]] = {
    Content.TRACES: Holds.TRACES,
    Content.ACCESS_LOGS: Holds.TRACES,
    Content.CREDENTIALS: Holds.CREDENTIALS,
    Content.KEY: Holds.KEY,
    Content.STAFF: Holds.STAFF,
    Content.FIGURES: Holds.FIGURES,
}  # whatever else there may be counts as the customer's
_FILES: Final[Mapping[Form, str]] = {
    Form.OBJECTS: "Files",
    Form.ARCHIVED_OBJECTS: "Archived files",
    Form.NONCURRENT_VERSIONS: "Noncurrent versions of files",
    Form.UNFINISHED_UPLOADS: "Unfinished uploads of files",
}
_EXPORTS: Final[Mapping[Form, str]] = {
    Form.OBJECTS: "Exports",
    Form.ARCHIVED_OBJECTS: "Archived exports",
    Form.NONCURRENT_VERSIONS: "Noncurrent versions of exports",
    Form.UNFINISHED_UPLOADS: "Unfinished uploads of exports",
}
# What the program's resources are called among people; another stands by its own name.
_CALLED: Final[Mapping[str, str]] = {
    "files-bucket": "the files",
    f"{EXPORTS}-bucket": "the exports",
    "load-balancer-alb": "the load balancer",
    "network-flow-log": "the network",
    "load-balancer-waf-logging": "the firewall",
    "database-instance": "the database",
    "service-task": "the service",
    "one-off-task": "one-off work",
    "administration-task": "administration",
    "restore-task": "bringing data back",
    "export-task": "handing data over",
    "drill-task": "drills of a restore",
    "rotation-function": "the rotation of its login",
}


def stores_of(estate: Estate, readers_from: Estate | None = None) -> list[Located]:
    """Every store of a customer's data: of its own stack, and of the base's what a silo's requests pass through.

    `readers_from` is the estate whose policies say who can read, where the stores themselves were found elsewhere.
    """
    judged = readers_from or estate
    readers = Readers(judged.stacks, judged.account)
    found = [store for stack in estate.stacks for store in _stores(estate, stack, readers, judged)]
    order = list(Group)
    return sorted(found, key=lambda one: (order.index(one.group), one.stack != estate.own.stack))


def _stores(estate: Estate, graph: Graph, readers: Readers, judged: Estate) -> Iterator[Located]:
    tenant, passed_through = estate.tenant, graph is estate.base
    allowed = allowed_regions(tenant.residency)
    of_policies = next(one for one in judged.stacks if one.stack == graph.stack)
    # The same data as the policies know them, by the names and keys that stand in these; a stranger has none.
    as_judged = {one.identity: one for one in stores(of_policies)}
    for store in stores(graph):
        if passed_through and not serves_silos(graph, store.holder):
            continue
        group, known = _group(store), as_judged.get(store.identity)
        yield Located(
            group=group,
            form=store.form,
            content=store.content,
            what=_what(store),
            holds=_holds(store),
            name=graph.physical_name(store.holder) or graph.alias_of(store.holder),
            stack=graph.stack,
            urn=store.holder.urn,
            region=region_of(store),
            allowed=store.region in allowed,
            key=key_name(graph, store),
            key_kind=store.key.kind,
            key_arn=store.key.reference,
            kept=ENGLISH.kept(store),
            after_deletion=store.after_deletion,
            end=ENGLISH.after_deletion(store),
            readers=readers.of(of_policies, known) if known else (),
            shared=passed_through or tenant.isolation == "pool",
            note=_note(tenant, group, store, passed_through=passed_through),
            warnings=tuple(ENGLISH.warnings(store)),
            writer_types=tuple(one.type for one in store.writers),
            store=store,
        )


def _what(store: Store) -> str:
    words = _EXPORTS if takes_exports(store.holder) else _FILES
    if store.content is Content.CUSTOMER and store.form in words:
        return words[store.form]
    return ENGLISH.what(store, lambda one: _CALLED.get(one.name, one.name))


def _group(store: Store) -> Group:
    group = _GROUPS[store.form]
    if group is not Group.FILES:
        return group
    if store.content is Content.ACCESS_LOGS:
        return Group.LOGS
    return Group.EXPORTS if takes_exports(store.holder) else Group.FILES


def _holds(store: Store) -> Holds:
    if store.form is Form.UNKNOWN:
        return Holds.CUSTOMER
    return Holds.STAFF if store.form is Form.TOPIC else _HOLDS.get(store.content, Holds.CUSTOMER)


def serves_silos(graph: Graph, holder: Resource) -> bool:
    """Whether a base's resource holds something of each of its silos: traces of requests, or exports."""
    return holds_requests(graph, holder) or takes_exports(holder)


def takes_exports(holder: Resource) -> bool:
    """Whether it is the base's place for exports, where a silo's go too: components/exports.py."""
    return holder.name == f"{EXPORTS}-bucket"


def holds_requests(graph: Graph, holder: Resource) -> bool:
    """Whether every customer's requests leave a trace there: the log of load balancer, firewall or network."""
    names = {holder.id, holder.outputs.get("bucket"), holder.outputs.get("arn")}
    targets = [
        target.get("bucket")
        for balancer in graph.of(t.LOAD_BALANCER)
        for target in maps(balancer.inputs.get("accessLogs"))
    ]
    targets += [flow.inputs.get("logDestination") for flow in graph.of(t.FLOW_LOG)]
    targets += [one for waf in graph.of(t.WEB_ACL_LOGGING) for one in items(waf.inputs.get("logDestinationConfigs"))]
    return any(str(target).removesuffix(":*") in names for target in targets if target)


def _note(tenant: Tenant, group: Group, store: Store, *, passed_through: bool) -> str:
    if takes_exports(store.holder):
        return f"exports that people on duty hand over, each customer's below {tenant.name}/"
    if passed_through:
        return "all customers of the base stack leave traces here, this one's requests among them"
    if tenant.isolation == "silo":
        return ""
    if group is Group.DATABASE and store.holder.type == t.DATABASE:
        return "rows marked with the customer's id, kept apart by row-level security"
    if group is Group.FILES:
        return f"objects under {OBJECT_PREFIX}/<the customer's id>/, which the service alone composes"
    return ""
