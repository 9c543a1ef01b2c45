"""Copies of a database that no declaration knows are named by whoever records what remains."""

from typing import Any

import boto3
import pytest

from facts import tokens as t
from operations.tenant.ended import GONE, THERE, CopyQueries
from operations.tenant.put_aside import put_aside
from tests.operations.tenant.test_leaving import standing
from tests.quick_moto import quick_moto

REGION = "eu-west-1"


@pytest.fixture
def rds() -> Any:
    with quick_moto():
        yield boto3.client("rds", region_name=REGION)


def make(rds: Any, name: str) -> None:
    rds.create_db_instance(DBInstanceIdentifier=name, DBInstanceClass="db.t4g.medium", Engine="postgres")


def test_snapshots_and_what_a_switch_put_aside_are_found_by_their_names_and_asked_for(rds: Any) -> None:
    graph = standing()
    (database,) = (graph.physical_name(one) for one in graph.of(t.DATABASE))
    before = f"{database}-before"
    make(rds, database)
    assert put_aside(rds, graph) == []
    for name in (before, f"{database}s"):  # the other one is of another stack
        make(rds, name)
        rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"of-{name}")
    rds.create_db_snapshot(DBInstanceIdentifier=database, DBSnapshotIdentifier="by-hand")
    found = put_aside(rds, graph)
    assert sorted(one.where for one in found) == sorted(["by-hand", f"of-{before}", before])
    assert all(one.waits_for_a_person for one in found)
    queries = CopyQueries(client=lambda _: rds, record={})
    assert {queries.look(one).state for one in found} == {THERE}
    rds.delete_db_instance(DBInstanceIdentifier=before, SkipFinalSnapshot=True)
    assert [queries.look(one).state for one in found if one.where == before] == [GONE]
