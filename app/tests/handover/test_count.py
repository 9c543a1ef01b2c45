"""A count sees what is there, whoever says that it was removed."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from tests.promotion.scene import Scene, everything, rows, tenant_id
from tests.test_login import superuser_url
from workbuoy_app.handover.count import count
from workbuoy_app.promotion.acting import owner_that_may_act
from workbuoy_app.promotion.content import measure
from workbuoy_app.promotion.errors import PromotionRefused
from workbuoy_app.promotion.freeze import find
from workbuoy_app.promotion.remove import remove

pytestmark = pytest.mark.lengthy


def test_count_finds_every_row_and_object(handing_over: Scene) -> None:
    told = count(handing_over.pool, "acme")
    for table, stored in everything(handing_over.pool).items():
        assert told["rows"][table] == len(stored), table
    assert told["rows"]["freezes"] == 1
    assert told["rows"]["thing_search"] == told["rows"]["things"]
    assert told["objects"] == 5


def test_count_changes_nothing(handing_over: Scene) -> None:
    before = everything(handing_over.pool)
    count(handing_over.pool, "acme")
    count(handing_over.pool, "gone", uuid4())
    assert everything(handing_over.pool) == before
    assert rows(handing_over.pool, "select count(*) from tenants") == [(2,)]


def test_table_that_nobody_may_count_is_named(handing_over: Scene) -> None:
    with psycopg.connect(superuser_url(handing_over.pool)) as superuser:
        superuser.execute("create table notes (tenant_id uuid not null, text text)")
    try:
        with pytest.raises(PromotionRefused, match="Nobody here may count notes"):
            count(handing_over.pool, "acme")
    finally:
        with psycopg.connect(superuser_url(handing_over.pool)) as superuser:
            superuser.execute("drop table notes")


def test_removed_tenant_counts_nothing_but_older_versions(leaving: Scene) -> None:
    own = tenant_id(leaving.pool)
    with owner_that_may_act(leaving.pool) as connection:
        digest = measure(connection, find(connection, "acme")).digest
        connection.rollback()
    remove(leaving.pool, "acme", "acme", digest)
    told = count(leaving.pool, "acme", own)
    assert not any(told["rows"].values())
    assert told["objects"] == 0
    assert count(leaving.pool, "globex")["objects"] == 2
