"""What a migration does to a database in use is seen: its statements, and who waits for it."""

from __future__ import annotations

import json
import threading
import uuid
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.test_migrations import shape
from workbuoy_app.devtools.embedded_postgres import Postgres
from workbuoy_app.devtools.migration_watch import fill, main, recorded_statements, watch_waits
from workbuoy_app.migrate import migrate
from workbuoy_app.owner import owner_connection
from workbuoy_app.registry import add_tenant
from workbuoy_app.settings import Settings, load

pytestmark = pytest.mark.lengthy


@pytest.fixture
def seeded(empty_url: str, postgres: Postgres) -> Settings:
    """A migrated database with one row in the tables that grow."""
    settings = load({"DATABASE_URL": empty_url})
    migrate(settings)
    tenant, thing, attachment = add_tenant(settings, "seed"), uuid.uuid4(), uuid.uuid4()
    with psycopg.connect(_as_superuser(settings, postgres), autocommit=True) as connection:
        connection.execute(
            "insert into things values (%s, %s, 'one', '', 'open', now(), now())", [tenant, thing]
        )
        connection.execute(
            "insert into attachments values (%s, %s, %s, 'file', 'text/plain', 1, '', %s, now())",
            [tenant, attachment, thing, f"tenants/{tenant}/{attachment}"],
        )
    return settings


def test_tables_are_filled_parents_first_and_left_as_they_were(seeded: Settings) -> None:
    before = shape(seeded)
    with owner_connection(seeded) as connection:
        done = fill(connection, "public", ["thing_search", "attachments", "things"], 500)
    assert set(done) == {"things", "thing_search", "attachments"}
    assert all(isinstance(rows, int) and rows >= 500 for rows in done.values()), done
    assert shape(seeded) == before


def test_a_table_without_a_row_is_named_and_what_is_no_table_is_passed_over(seeded: Settings) -> None:
    with owner_connection(seeded) as connection:
        assert fill(connection, "public", ["freezes", "conflict"], 10) == {"freezes": 0}


def test_a_table_that_cannot_be_copied_says_why(seeded: Settings) -> None:
    with owner_connection(seeded) as connection:
        connection.execute("create table switches (is_on boolean primary key)")
        connection.execute("insert into switches values (true)")
        done = fill(connection, "public", ["switches"], 10)
    assert done == {"switches": "no column of its unique index is_on can be varied"}


def test_every_statement_of_a_migration_is_recorded(empty_url: str, tmp_path: Path) -> None:
    with recorded_statements(tmp_path / "statements"):
        migrate(load({"DATABASE_URL": empty_url}))
    found = [json.loads(line) for line in (tmp_path / "statements").read_text().splitlines()]
    assert any(one["statement"].startswith("create table things") for one in found)
    assert all(one["seconds"] >= 0 for one in found)


def test_who_waits_is_seen_with_the_statement_that_holds_the_lock(
    seeded: Settings, postgres: Postgres
) -> None:
    app = psycopg.connect(_as_superuser(seeded, postgres), autocommit=True)
    ended, found = threading.Event(), list[dict[str, Any]]()
    with owner_connection(seeded) as watching, owner_connection(seeded, autocommit=False) as migrating, app:
        watcher = threading.Thread(target=lambda: found.extend(watch_waits(watching, ended)))
        watcher.start()
        migrating.execute("alter table things add column draft text")
        waiting = threading.Thread(target=lambda: app.execute("select count(*) from things"))
        waiting.start()
        _until_waiting(seeded)
        waiting_seen = threading.Event()
        waiting_seen.wait(0.2)  # ten samples
        migrating.rollback()
        waiting.join()
        ended.set()
        watcher.join()
    assert [(one["statement"], one["table"]) for one in found] == [
        ("alter table things add column draft text", "things")
    ]
    assert found[0]["seconds"] > 0


def _as_superuser(settings: Settings, postgres: Postgres) -> str:
    database = settings.database
    return postgres.url("postgres", database.database)  # type: ignore[union-attr]


def _until_waiting(settings: Settings) -> None:
    with owner_connection(settings) as connection:
        while not connection.execute("select 1 from pg_locks where not granted").fetchone():
            pass


def test_the_command_fills_as_settings_say(
    seeded: Settings, empty_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_url)
    assert main(["fill", "--rows", "20", "things"]) == 0
    assert json.loads(capsys.readouterr().out)["things"] >= 20
