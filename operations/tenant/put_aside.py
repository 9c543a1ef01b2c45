"""Copies of a stack's database that no declaration knows: snapshots, and what a restore made or put aside.

A person ends each of them, so that a record of what remains has to name them: docs/restore.md.
"""

from collections.abc import Iterator
from typing import Any

from components.names import BEFORE, RESTORED
from facts import tokens as t
from facts.stores import Form
from graph import Graph
from operations.aws import items_of
from operations.restore.copy import find_instance
from operations.tenant.remains import BY_A_PERSON, Remaining


def put_aside(rds: Any, graph: Graph) -> list[Remaining]:
    """What stands beside the databases of a graph, by their names. Raises botocore's ClientError."""
    databases = [graph.physical_name(one) for one in graph.of(t.DATABASE)]
    names = [name for one in databases if one for name in (one, f"{one}-{BEFORE}", f"{one}-{RESTORED}")]
    return [
        *(found for name in names for found in _snapshots(rds, name)),
        *(found for name in names if name not in databases for found in _instance(rds, name)),
    ]


def _snapshots(rds: Any, database: str) -> Iterator[Remaining]:
    asked = {"DBInstanceIdentifier": database, "SnapshotType": "manual"}
    for one in items_of(rds, "describe_db_snapshots", "DBSnapshots", **asked):
        name = one["DBSnapshotIdentifier"]
        yield Remaining(
            what=f"Snapshot of {database}", where=name, form=Form.FINAL_SNAPSHOT, ends=None, how=BY_A_PERSON
        )


def _instance(rds: Any, name: str) -> Iterator[Remaining]:
    if find_instance(rds, name) is None:
        return
    how = f"{BY_A_PERSON}, which may leave a snapshot of it"
    yield Remaining(what="Database beside the one that serves", where=name, form=Form.DATABASE_ROWS, ends=None, how=how)
