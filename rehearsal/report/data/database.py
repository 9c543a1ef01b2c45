"""What a database instance holds, and what is left of it once it is deleted."""

from collections.abc import Iterator

from facts import tokens as t
from rehearsal.report.data.model import AWS_KEY, End, Fate, Key, Life, days, key_of, place_of
from rehearsal.report.graph import Graph, number
from rehearsal.result import Rehearsed

# RDS's own defaults: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
_PERFORMANCE_DAYS = 7.0
_MONITORING_DAYS = 30.0

ROWS = "Database rows"
PERFORMANCE = "Performance data (statements and their load)"
MASTER_PASSWORD = "Master password"  # noqa: S105 what it is called, not one


def database_lives(graph: Graph) -> Iterator[Life]:
    """Rows, backups, final snapshot, performance data, monitoring and the master password of every instance."""
    for instance in graph.of_type(t.DATABASE):
        yield _rows(graph, instance)
        yield _backups(graph, instance)
        yield _final_snapshot(graph, instance)
        yield from _performance(graph, instance)
        yield from _monitoring(graph, instance)
        yield from _master_password(graph, instance)
    for copy in graph.of_type(t.AUTOMATED_BACKUPS_REPLICATION):
        yield _replicated(graph, copy)


def _storage_key(graph: Graph, instance: Rehearsed) -> Key:
    properties = graph.properties(instance)
    if not properties.get("storageEncrypted"):
        return Key(words="not encrypted")
    return key_of(properties, "kmsKeyId")


def _rows(graph: Graph, instance: Rehearsed) -> Life:
    properties = graph.properties(instance)
    place = place_of(graph, instance)
    snapshot = not properties.get("skipFinalSnapshot", False)
    return Life(
        what=ROWS,
        holder=instance,
        place=f"{place}, with a standby in a second zone" if properties.get("multiAz") else place,
        key=_storage_key(graph, instance),
        kept="until the service deletes them",
        fate=Fate(
            End.DELETED,
            "with the instance; a final snapshot is taken first" if snapshot else "with the instance",
        ),
        warnings=() if properties.get("storageEncrypted") else ("storage is not encrypted",),
    )


def _backups(graph: Graph, instance: Rehearsed) -> Life:
    properties = graph.properties(instance)
    kept = number(properties.get("backupRetentionPeriod")) or 0.0
    # Both Pulumi and RDS delete automated backups unless told otherwise.
    deleted = bool(properties.get("deleteAutomatedBackups", True))
    if not kept:
        fate = Fate(End.NONE, "backups are off")
    elif deleted:
        fate = Fate(End.DELETED, "with the instance")
    else:
        fate = Fate(
            End.FOR_A_WHILE,
            f"each can be restored until it is {days(kept)} old, so the last one ends {days(kept)} later",
            kept,
        )
    return Life(
        what="Automated backups and point-in-time recovery",
        holder=instance,
        place=place_of(graph, instance),
        key=_storage_key(graph, instance),
        kept=f"any moment of the last {days(kept)}" if kept else "none: point-in-time recovery is off",
        fate=fate,
        warnings=() if kept else ("no backups and no point-in-time recovery",),
    )


def _final_snapshot(graph: Graph, instance: Rehearsed) -> Life:
    properties = graph.properties(instance)
    if properties.get("skipFinalSnapshot", False):
        fate, kept = Fate(End.NONE, "none is taken: skipFinalSnapshot is on"), "none"
    else:
        name = properties.get("finalSnapshotIdentifier")
        if name:
            fate = Fate(End.STAYS, f"taken as {name}; stays until someone deletes it", None)
        else:
            fate = Fate(End.BLOCKS, "RDS refuses the deletion: finalSnapshotIdentifier is not set", None)
        kept = "made when the instance is deleted"
    return Life("Final snapshot", instance, place_of(graph, instance), _storage_key(graph, instance), kept, fate)


def _performance(graph: Graph, instance: Rehearsed) -> Iterator[Life]:
    properties = graph.properties(instance)
    if properties.get("performanceInsightsEnabled"):
        kept = number(properties.get("performanceInsightsRetentionPeriod")) or _PERFORMANCE_DAYS
        yield Life(
            what=PERFORMANCE,
            holder=instance,
            place=place_of(graph, instance),
            key=key_of(properties, "performanceInsightsKmsKeyId"),
            kept=days(kept),
            fate=Fate(End.DELETED, "with the instance"),
        )


def _monitoring(graph: Graph, instance: Rehearsed) -> Iterator[Life]:
    interval = number(graph.properties(instance).get("monitoringInterval"))
    if interval:
        yield Life(
            what="Enhanced monitoring of the operating system",
            holder=instance,
            place=place_of(graph, instance),
            key=Key(words=AWS_KEY),
            kept=f"{days(_MONITORING_DAYS)}, in the account's log group RDSOSMetrics",
            fate=Fate(
                End.FOR_A_WHILE,
                "RDS made that log group, and no stack owns it",
                _MONITORING_DAYS,
            ),
        )


def _master_password(graph: Graph, instance: Rehearsed) -> Iterator[Life]:
    properties = graph.properties(instance)
    if properties.get("manageMasterUserPassword"):
        yield Life(
            what=MASTER_PASSWORD,
            holder=instance,
            place=place_of(graph, instance),
            key=key_of(properties, "masterUserSecretKmsKeyId"),
            kept="RDS makes it and rotates it every 7 days",
            fate=Fate(End.DELETED, "by RDS, with the instance"),
        )


def _replicated(graph: Graph, copy: Rehearsed) -> Life:
    properties = graph.properties(copy)
    kept = number(properties.get("retentionPeriod")) or 7.0
    return Life(
        what="Replicated automated backups",
        holder=copy,
        place=place_of(graph, copy),
        key=key_of(properties, "kmsKeyId"),
        kept=days(kept),
        fate=Fate(End.FOR_A_WHILE, f"replication ends; what was copied expires within {days(kept)}", kept),
    )
