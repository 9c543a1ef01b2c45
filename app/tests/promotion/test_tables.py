"""No table, column or type that is added later is forgotten in silence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.promotion.scene import rows
from tests.test_process import clean
from workbuoy_app.promotion.acting import owner_that_may_act
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.tables import LEFT, MOVED, REGISTRY, moved_tables
from workbuoy_app.roles import LOCK_TABLE
from workbuoy_app.settings import Settings


def test_every_table_of_the_schema_is_moved_or_left_for_a_reason(settings: Settings) -> None:
    found = rows(settings, "select tablename from pg_tables where schemaname = 'public'")
    assert {name for (name,) in found} == {*MOVED, *LEFT, "alembic_version", LOCK_TABLE}
    assert not set(MOVED) & set(LEFT)
    assert all(LEFT.values())


def test_tables_come_after_those_that_they_refer_to(settings: Settings) -> None:
    references = rows(
        settings,
        "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint where contype = 'f'",
    )
    for table, referred in references:
        if table in MOVED:
            assert MOVED.index(referred) < MOVED.index(table)


def test_what_the_group_may_not_read_whole_is_read_by_the_owner(settings: Settings) -> None:
    with owner_that_may_act(settings) as connection:
        every = {table.name: table for table in moved_tables(connection)}
    assert [name for name in MOVED if name in REGISTRY] == ["tenants", "members", "audit_events"]
    assert every["attachment_chunks"].key == ("tenant_id", "attachment_id", "position")
    assert every["things"].columns["created_at"] == "timestamptz"


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("create table invoices (tenant_id uuid, id uuid primary key)", "invoices moves with a tenant"),
        ("alter table things add column price numeric", "things.price is of a type"),
        ("alter table attachment_chunks rename to pieces", "pieces"),
    ],
)
def test_a_table_or_type_that_nobody_thought_of_stops_the_export(
    settings: Settings, statement: str, told: str
) -> None:
    rows(settings, statement)
    with owner_that_may_act(settings) as connection, pytest.raises(PromotionRefused, match=told):
        moved_tables(connection)


@pytest.mark.lengthy
def test_the_service_loads_none_of_it() -> None:
    loaded = "import sys, workbuoy_app.serve; print([n for n in sys.modules if 'promotion' in n])"
    output = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True, env=clean()
    ).stdout
    assert output.strip() == "[]"
