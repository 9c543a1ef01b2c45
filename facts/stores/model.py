"""What is known of one form of data that one resource holds: where, under which key, how long, and how it ends.

A number of days is None where the graph does not show it, and infinite where nothing ends it; never a default.
"""

import math
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final

from graph import Resource

FOREVER: Final = math.inf


class Form(StrEnum):
    """In which form a holder has data; its value is its name in keys and JSON, not a caption."""

    DATABASE_ROWS = "database rows"
    AUTOMATED_BACKUPS = "automated backups"
    FINAL_SNAPSHOT = "final snapshot"
    PERFORMANCE_DATA = "performance data"
    OS_MONITORING = "monitoring of the operating system"
    MASTER_PASSWORD = "master password"  # noqa: S105 what it is called, not one
    REPLICATED_BACKUPS = "replicated backups"
    RECOVERY_POINTS = "recovery points"
    RECOVERY_POINT_COPIES = "copied recovery points"
    SNAPSHOT = "snapshot"
    SNAPSHOT_COPY = "snapshot copy"
    OBJECTS = "objects"
    ARCHIVED_OBJECTS = "archived objects"
    NONCURRENT_VERSIONS = "noncurrent versions"
    UNFINISHED_UPLOADS = "unfinished uploads"
    OBJECT_COPY = "object copy"
    LOG = "log"
    UNDECLARED_LOG = "undeclared log"
    TASK_MEMORY = "task memory"
    SECRET = "secret"  # noqa: S105 what it is called, not one
    SECRET_REPLICA = "secret replica"  # noqa: S105
    KEY = "key"
    KEY_REPLICA = "key replica"
    TOPIC = "topic"
    METRICS = "metrics"
    UNKNOWN = "unknown"


class Content(StrEnum):
    """What is in it, by what it would mean to lose or leak it; a reader takes UNKNOWN for the worst."""

    CUSTOMER = auto()
    TRACES = auto()
    ACCESS_LOGS = auto()
    CREDENTIALS = auto()
    KEY = auto()
    STAFF = auto()  # addresses of those on call
    FIGURES = auto()
    UNKNOWN = auto()


class KeyKind(StrEnum):
    """Which key encrypts data: one that a property names, one that AWS holds, or none."""

    NAMED = auto()
    AWS = auto()
    SECRETS_MANAGER = auto()  # Secrets Manager's own
    SSE_S3 = auto()
    S3_KMS = auto()  # S3's own KMS key
    NOT_ENCRYPTED = auto()
    IS_ONE = auto()  # the data is a key
    AS_ORIGINAL = auto()
    AS_DESTINATION = auto()  # the other bucket's own, or the other vault's
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Key:
    """`reference` is what the property says (ARN, id or alias), `urn` the key of this graph that it means."""

    kind: KeyKind
    reference: str = ""
    urn: str = ""


class Keeping(StrEnum):
    """How long data is kept while its holder stands."""

    NONE = auto()  # there is none
    UNTIL_DELETED = auto()
    FOR_DAYS = auto()
    BY_LIFECYCLE = auto()  # by the spans
    ON_DELETION = auto()  # it is made when its holder is deleted
    WITH_ORIGINAL = auto()
    WHILE_RUNNING = auto()
    UNTIL_DELIVERED = auto()
    ROTATED = auto()
    ROTATED_BY_HAND = auto()
    NOT_ROTATED = auto()
    UNKNOWN = auto()


class Limit(StrEnum):
    """What narrows a lifecycle rule."""

    RULE_PREFIX = auto()  # the rule's own, in the older form
    PREFIX = auto()
    TAGS = auto()
    SIZES = auto()


@dataclass(frozen=True, slots=True)
class Span:
    """What one lifecycle rule says: after how many days (or on which date), for which objects.

    `scope` is empty for the whole bucket; `limits` are its parts, each with its value. `spared` is how many of the
    newest noncurrent versions the rule leaves alone, `storage_class` where a transition moves objects.
    """

    days: float | None
    scope: str = ""
    limits: tuple[tuple[Limit, str], ...] = ()
    date: str = ""
    spared: float | None = 0.0
    storage_class: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """`days` is the shortest; `rotation` is the period in days (0: AWS's own, a year) or a schedule's expression."""

    how: Keeping
    days: float | None = FOREVER
    spans: tuple[Span, ...] = ()
    rotation: float | str | None = 0.0


class End(StrEnum):
    """What deleting the holder, with its stack, does to data."""

    NONE = auto()  # there is none
    DELETED = auto()
    FOR_A_WHILE = auto()
    STAYS = auto()
    BLOCKS = auto()  # the deletion is refused
    UNKNOWN = auto()


class Reason(StrEnum):
    """Why it ends so."""

    WITH_INSTANCE = auto()
    AFTER_SNAPSHOT = auto()
    BACKUPS_OFF = auto()
    BACKUPS_EXPIRE = auto()
    SNAPSHOT_SKIPPED = auto()
    SNAPSHOT_TAKEN = auto()
    SNAPSHOT_UNNAMED = auto()
    MONITORING_UNOWNED = auto()
    BY_RDS = auto()
    REPLICATION_ENDS = auto()
    WITH_STACK = auto()
    UNTIL_DELETED = auto()
    LINES_EXPIRE = auto()
    LINES_STAY = auto()
    GROUP_UNOWNED = auto()
    WITH_TASKS = auto()
    BUCKET_RETAINED = auto()
    BUCKET_EMPTIED = auto()
    BUCKET_NOT_EMPTY = auto()
    RETAINED = auto()
    RECOVERY_WINDOW = auto()
    NO_RECOVERY_WINDOW = auto()
    KEY_RETAINED = auto()
    KEY_WINDOW = auto()
    METRICS_EXPIRE = auto()
    NOT_OWNED = auto()  # the holder is no part of this stack
    NOT_SHOWN = auto()  # a value that decides it is not known
    NO_RULE = auto()  # a type that nothing here knows


@dataclass(frozen=True, slots=True)
class AfterDeletion:
    """What becomes of data once its holder is deleted; `days` is how long it can still be had."""

    end: End
    reason: Reason
    days: float | None = 0.0


class Concern(StrEnum):
    """What a reader should look at."""

    STORAGE_NOT_ENCRYPTED = auto()
    NO_BACKUPS = auto()
    NO_RETENTION = auto()
    UNDECLARED = auto()
    NOT_VERSIONED = auto()
    VERSIONS_PILE_UP = auto()
    UPLOADS_PILE_UP = auto()
    NOT_ROTATED = auto()
    NO_RULE = auto()
    KEY_LOST = auto()  # the data outlives its key


_SEVERAL: Final = (
    Form.OBJECT_COPY,
    Form.RECOVERY_POINT_COPIES,
    Form.SECRET_REPLICA,
    Form.UNDECLARED_LOG,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One form of data that one resource holds.

    `region` is empty where nothing says it. `standby` is None where it is not shown. `name` is of what the holder does
    not bear itself: the final snapshot, a vault or bucket that is copied to, a bucket that another stack holds, a log
    group that AWS makes. `writers` are what a log tells of. `classification` is what the holder's tag says, in its
    words.
    """

    form: Form
    content: Content
    holder: Resource
    region: str
    key: Key
    kept: Kept
    after_deletion: AfterDeletion
    standby: bool | None = False
    name: str = ""
    classification: str = ""
    writers: tuple[Resource, ...] = ()
    warnings: tuple[Concern, ...] = ()

    @property
    def identity(self) -> tuple[str, Form, str]:
        """The same store in another graph of the stack: holder, form, and which of several it is."""
        several = self.form in _SEVERAL
        return self.holder.urn, self.form, self.name if several else ""


class Guard(StrEnum):
    """What must be switched off before a resource can be deleted at all."""

    PROTECT = auto()  # Pulumi's
    DELETION_PROTECTION = auto()
