"""Migrations: idempotent, safe side by side, with a way back, on both databases."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory

from tests.test_tenants import login_connection
from workbuoy_app import migrate as migration
from workbuoy_app import roles, schema
from workbuoy_app.database_url import PostgresAddress, SqliteAddress
from workbuoy_app.databases import connect
from workbuoy_app.devtools.embedded_postgres import Postgres
from workbuoy_app.migrate import MIGRATIONS, MigrationFailed, migrate
from workbuoy_app.owner import owner_connection
from workbuoy_app.settings import Settings, load

pytestmark = pytest.mark.lengthy

REVISIONS = list(schema.REVISIONS)
POSTGRES_ONLY = (
    "0004",
    "0007",
    "0011",
    "0012",
    "0014",
    "0016",
    "0017",
)  # row-level security, which SQLite has not


@pytest.fixture(params=[pytest.param("postgres", marks=pytest.mark.database), "sqlite"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty database."""
    if request.param == "sqlite":
        return load({"DATABASE_URL": f"sqlite:///{tmp_path}/workbuoy.db"})
    return load({"DATABASE_URL": request.getfixturevalue("empty_url")})


def shape(settings: Settings) -> Any:
    """Tables, columns, indexes, policies and functions: everything that a revision makes."""
    if isinstance(settings.database, SqliteAddress):
        with sqlite3.connect(settings.database.path) as file:
            return sorted(file.execute("select type, name, sql from sqlite_master").fetchall(), key=str)
    with owner_connection(settings) as connection:
        return [
            connection.execute(statement).fetchall()
            for statement in (
                "select table_name, column_name, data_type, is_nullable, column_default"
                " from information_schema.columns where table_schema = 'public' order by 1, 2",
                "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
                " where connamespace = 'public'::regnamespace order by 1, 2",
                "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public' order by 1, 2",
                "select tablename, policyname, roles, cmd, qual, with_check from pg_policies order by 1, 2",
                "select proname, prosecdef, pg_get_functiondef(oid) from pg_proc"
                " where pronamespace = 'public'::regnamespace order by 1",
                "select relname, relrowsecurity, relforcerowsecurity from pg_class"
                " where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
            )
        ]


def state(settings: Settings) -> str:
    """What /readyz asks."""

    async def ask() -> str:
        database = connect(settings)
        await database.open()
        try:
            return await database.run(schema.state, {})
        finally:
            await database.close()

    return asyncio.run(ask())


def test_the_service_knows_the_same_revisions_as_alembic() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    assert [each.revision for each in script.walk_revisions()][::-1] == REVISIONS
    assert script.get_heads() == [schema.HEAD]


def test_migrating_again_changes_nothing(empty: Settings) -> None:
    assert migrate(empty) == schema.HEAD
    first = shape(empty)
    assert migrate(empty) == schema.HEAD
    assert shape(empty) == first
    assert state(empty) == "ok"


def test_each_revision_has_a_way_back(empty: Settings) -> None:
    """All in one database: what a revision rests on is then what went back and came again."""
    same = (*POSTGRES_ONLY, "0008") if isinstance(empty.database, SqliteAddress) else ("0008",)  # it fills
    migrate(empty, target=REVISIONS[0])
    migrate(empty, target="base", back=True)  # leaves alembic_version, empty
    before, shapes = "base", [shape(empty)]
    for revision in REVISIONS:
        migrate(empty, target=revision)
        shapes.append(shape(empty))
        if revision not in same:
            assert shapes[-1] != shapes[-2], revision
        migrate(empty, target=before, back=True)
        assert shape(empty) == shapes[-2], revision
        migrate(empty, target=revision)
        assert shape(empty) == shapes[-1], revision
        before = revision
    assert before == schema.HEAD


@pytest.mark.parametrize(
    "value",
    ["", " .,!", "Blåbær på Ærøy, i høst", "Cafe\u0301 and café", "words " * 2_000, "1 a1 ÅÅ ß 漢字 🙂"],
)
def test_revision_0011_finds_the_same_search_terms_as_before(empty_url: str, value: str) -> None:
    settings = load({"DATABASE_URL": empty_url})
    told = []
    for revision in ("0010", "0011"):
        migrate(settings, target=revision)
        with owner_connection(settings) as connection:
            terms = "select search_terms('01900000-0000-7000-8000-0123456789ab', %s)::text"
            told.append(connection.execute(terms, [value]).fetchone())
    assert told[0] == told[1] != (None,)


def test_several_at_once_end_in_one_whole_schema(empty: Settings) -> None:
    with ThreadPoolExecutor(6) as several:
        assert set(several.map(lambda _: migrate(empty), range(6))) == {schema.HEAD}
    assert state(empty) == "ok"


def test_a_revision_that_this_release_does_not_know_is_success_and_untouched(empty: Settings) -> None:
    migrate(empty)
    change = "update alembic_version set version_num = '9999'"
    if isinstance(empty.database, SqliteAddress):
        with sqlite3.connect(empty.database.path) as file:
            file.execute(change)
    else:
        with owner_connection(empty) as connection:
            connection.execute(change)
    before = shape(empty)
    assert migrate(empty) == "9999"
    assert shape(empty) == before
    assert state(empty) == "ok"


def test_a_schema_that_is_behind_is_not_ready(empty: Settings) -> None:
    migrate(empty, target=REVISIONS[0])
    if len(REVISIONS) > 1:
        if not isinstance(empty.database, SqliteAddress):
            with owner_connection(empty) as connection:
                connection.execute("grant select on alembic_version to workbuoy_app")
        assert state(empty) == f"behind: {REVISIONS[0]} of {schema.HEAD}"


def test_an_interrupted_revision_leaves_nothing_half_made(
    empty: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    real = op.execute

    def interrupted(statement: str) -> None:
        if "attachments_of_thing" in statement:
            raise KeyboardInterrupt
        real(statement)

    monkeypatch.setattr(op, "execute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        migrate(empty)
    monkeypatch.undo()
    assert "things" not in str(shape(empty))
    assert migrate(empty) == schema.HEAD


def test_migrate_makes_roles_of_which_none_can_log_in_before_rotation(empty_url: str) -> None:
    settings = load({"DATABASE_URL": empty_url})
    migrate(settings)
    with owner_connection(settings) as connection:
        found = connection.execute(
            "select rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolinherit"
            " from pg_roles where rolname like 'workbuoy\\_app%' order by 1"
        ).fetchall()
    assert found[0] == ("workbuoy_app", False, False, False, False, False, True)
    assert {row[0] for row in found[1:]} == set(roles.LOGINS)
    assert {row[2:] for row in found[1:]} == {(False, False, False, False, False)}


def test_grants_are_exactly_those_listed(settings: Settings) -> None:
    with owner_connection(settings) as connection:
        found = connection.execute(
            "select table_name, string_agg(lower(privilege_type), ', ') from information_schema.role_table_grants"
            " where grantee = 'workbuoy_app' and table_schema = 'public' group by 1"
        ).fetchall()
        updates = connection.execute(
            "select table_name, array_agg(column_name::text) from information_schema.role_column_grants"
            " where grantee = 'workbuoy_app' and table_schema = 'public' and privilege_type = 'UPDATE'"
            " and not has_table_privilege(grantee, table_name::text, 'UPDATE') group by 1"
        ).fetchall()
    listed = {table: set(privileges.split(", ")) for table, privileges in roles.GRANTS.items()}
    assert {table: set(privileges.split(", ")) for table, privileges in found} == listed
    assert {table: set(columns) for table, columns in updates} == {
        table: set(columns) for table, columns in roles.UPDATES.items()
    }


def test_a_schema_named_in_the_address_is_made_and_used(empty_url: str) -> None:
    settings = load({"DATABASE_URL": f"{empty_url}?schema=customers"})
    migrate(settings)
    assert state(settings) == "ok"
    with owner_connection(settings) as connection:
        tables = connection.execute(
            "select distinct schemaname from pg_tables where tablename in ('things', 'alembic_version')"
        ).fetchall()
    assert tables == [("customers",)]


def address_of(settings: Settings) -> PostgresAddress:
    assert isinstance(settings.database, PostgresAddress)
    return settings.database


def test_a_migration_waits_for_the_lock_and_gives_up_in_time(empty_url: str) -> None:
    settings = load({"DATABASE_URL": empty_url})
    address = address_of(settings)
    with owner_connection(settings) as holder, owner_connection(settings) as other:
        with roles.exclusive(holder, address):
            with pytest.raises(roles.LockNotFree, match="after 1 s"):  # it ends, and says after how long
                with roles.exclusive(other, address, wait_seconds=1):
                    pass
            with ThreadPoolExecutor(1) as beside:
                waiting = beside.submit(migrate, settings)
                with owner_connection(settings) as watcher:
                    until_asked_for(watcher)
                assert not waiting.done()
                holder.close()
                assert waiting.result() == schema.HEAD


def until_asked_for(watcher: psycopg.Connection[Any]) -> None:
    """Until somebody else tried to take the lock."""
    asked = "select 1 from pg_stat_activity where query like '%migration_lock%' and pid <> pg_backend_pid()"
    deadline = time.monotonic() + 60
    while len(watcher.execute(asked).fetchall()) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_lock_whose_holder_died_is_free(empty_url: str) -> None:
    settings = load({"DATABASE_URL": empty_url})
    with owner_connection(settings) as other:
        holder = owner_connection(settings)
        entered = roles.exclusive(holder, address_of(settings))
        entered.__enter__()
        holder.close()
        with roles.exclusive(other, address_of(settings), wait_seconds=2):
            pass


@pytest.mark.parametrize(
    "statement",
    [
        "lock table migration_lock in exclusive mode",
        "lock table migration_lock in access share mode",
        "lock table migration_lock in row exclusive mode",
        "select * from migration_lock for update",
        "drop table migration_lock",
    ],
)
def test_the_services_role_cannot_take_the_lock(
    settings: Settings, database_url: str, statement: str
) -> None:
    with login_connection(database_url) as service:
        # What it can take, for ever, holds nobody up.
        service.execute("select pg_advisory_lock(%s)", [0x776F726B62756F79])
        service.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            service.execute(statement)
        service.rollback()
        assert migrate(settings) == schema.HEAD


def test_an_index_is_built_concurrently_under_the_lock(settings: Settings) -> None:
    with owner_connection(settings) as holder, owner_connection(settings) as owner:
        owner.execute("set statement_timeout = '60s'")
        with roles.exclusive(holder, address_of(settings)):
            owner.execute("create index concurrently things_by_status on things (status)")


def test_migrations_do_not_block_a_busy_table_for_ever(empty_url: str) -> None:
    migrate(load({"DATABASE_URL": empty_url}))
    with owner_connection(load({"DATABASE_URL": empty_url})) as connection:
        assert connection.execute("show lock_timeout").fetchone() == ("5s",)
        assert connection.execute("show statement_timeout").fetchone() == ("0",)


def test_a_sqlite_file_in_a_folder_that_is_missing_is_reported(tmp_path: Path) -> None:
    with pytest.raises(MigrationFailed, match="folder"):
        migrate(load({"DATABASE_URL": f"sqlite:///{tmp_path}/missing/x.db"}))


def test_another_engine_of_the_same_role_names_does_not_disturb(postgres: Postgres, empty_url: str) -> None:
    """Roles belong to the whole server: a second database on it finds them made, and grants its own."""
    second = postgres.create_database(f"second_{time.monotonic_ns()}")
    for url in (empty_url, second):
        settings = load({"DATABASE_URL": url})
        migrate(settings)
        assert state(settings) == "ok"


def test_the_service_does_not_load_alembic_or_sqlalchemy() -> None:
    """They cost 30 MB, and the service needs neither."""
    import subprocess
    import sys

    names = "('alembic', 'sqlalchemy', 'botocore', 'joserfc')"
    loaded = f"import sys, workbuoy_app.serve; print([name for name in {names} if name in sys.modules])"
    output = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"


def test_every_revision_is_described_and_numbered_in_order() -> None:
    for number, path in enumerate(sorted((MIGRATIONS / "versions").glob("r*.py")), start=1):
        assert re.match(rf"r{number:04}_\w+\.py$", path.name)
        assert path.read_text().startswith('"""')
    assert migration.MIGRATIONS.is_dir()


def test_a_wrong_owners_password_is_an_error_and_not_a_hang(database_url: str) -> None:
    settings = load(
        {"DATABASE_URL": database_url, "DATABASE_OWNER_USER": "nobody", "DATABASE_OWNER_PASSWORD": "x"}
    )
    with pytest.raises(psycopg.OperationalError):
        migrate(settings)
