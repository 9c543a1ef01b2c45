"""One Postgres and one moto for the whole run; a fresh database for every test that asks for one."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.service import ISSUER, Service
from workbuoy_app import registry
from workbuoy_app.devtools import embedded_postgres, forks, servers
from workbuoy_app.devtools.embedded_postgres import SUPERUSER, Postgres
from workbuoy_app.migrate import migrate
from workbuoy_app.settings import Settings, load

for name in [name for name in os.environ if name.startswith(("AWS_", "S3_", "OIDC_", "DATABASE_"))]:
    del os.environ[name]  # nobody's own account or database comes into a test by accident
os.environ |= servers.CREDENTIALS
forks.read_models_once()
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # for the identity provider of the tests, on loopback

# Where the shell forbids byte code, each worker would rewrite the assertions of every test module anew, and each
# process that a test starts would compile the service. It is kept while tests are collected, which imports both.
sys.dont_write_bytecode = False

# What is made while tests are collected stays until the end: looking through it again and again finds nothing.
gc.disable()

_numbers = itertools.count()
_copies: list[str] = []  # names of databases
MakeSettings = Callable[..., Settings]


MEMORY_BYTES = 4 * 2**30  # for each worker's server with its few databases at a time there is then enough

# Fixtures that are a server of the version that WORKBUOY_POSTGRES_BIN names.
SERVERS = {"postgres", "own_postgres"}


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a database is marked so, for another Postgres to try that alone; what any will do for is left out.

    Files with slow tests go first, so that no worker is still busy with one when the others have ended.
    """
    for item in items:
        if (
            isinstance(item, pytest.Function)
            and not SERVERS.isdisjoint(item.fixturenames)
            and not item.get_closest_marker("any_postgres")
        ):
            item.add_marker("database")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Python's collector leaves alone what was imported, and looks less often; forks share all of that."""
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    gc.freeze()  # with what little of it is garbage: looking for that takes most of a second
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running server."""
    settings = ("max_wal_size=128MB",)  # of what is written, Postgres would keep a gigabyte
    with embedded_postgres.running(settings=settings, place=_memory()) as running:
        yield running


@pytest.fixture(scope="module")
def own_server() -> Iterator[list[Postgres]]:
    """A server for one file, as it was made and as it was then renewed."""
    with embedded_postgres.running(place=_memory()) as running:
        yield [running]


@pytest.fixture
def own_postgres(own_server: list[Postgres]) -> Iterator[Postgres]:
    """A server without roles, which belong to the whole server: for tests that begin before there are any."""
    yield own_server[-1]
    own_server.append(own_server[-1].renewed())


def _memory() -> Path | None:
    """Where files are memory, if there is room: writing and deleting some hundred databases takes a disk minutes."""
    place = Path("/dev/shm")
    if not place.is_dir() or not os.access(place, os.W_OK) or os.statvfs(place).f_flag & os.ST_NOEXEC:
        return None
    return place if shutil.disk_usage(place).free >= MEMORY_BYTES else None


@pytest.fixture(autouse=True)
def database_is_marked(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that asks for a database by a fixture's name alone says so, or an older Postgres would never try it."""
    yield
    if not any(map(request.node.get_closest_marker, ("database", "any_postgres"))):
        assert SERVERS.isdisjoint(request.fixturenames), (
            "this needs a database: mark it `database` or `any_postgres`"
        )


@pytest.fixture(autouse=True)
def copies_end(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test leaves no copy behind; those of wider fixtures are made before this one."""
    before = len(_copies)
    yield
    made = _copies[before:]
    del _copies[before:]
    if made:
        running: Postgres = request.getfixturevalue("postgres")
        with psycopg.connect(running.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            for name in made:
                connection.execute(f"drop database if exists {name} with (force)")


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """A database to copy: migrated, with two tenants of one member each."""
    prepare(load({"DATABASE_URL": postgres.create_database("migrated")}))
    return "migrated"


@pytest.fixture(scope="session")
def without_tenants(postgres: Postgres) -> str:
    """A database to copy: migrated, and nothing else."""
    migrate(load({"DATABASE_URL": postgres.create_database("without_tenants")}))
    return "without_tenants"


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in SQLite's file, which knows one tenant: acme."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    settings = load({"DATABASE_URL": f"sqlite:///{file}"})
    migrate(settings)
    registry.add_tenant(settings, "acme")
    registry.add_member(settings, "acme", ISSUER, "acme-user")
    return file


def prepare(settings: Settings) -> None:
    """Migrate, and add what the tests log in to."""
    migrate(settings)
    for tenant in ("acme", "globex"):
        registry.add_tenant(settings, tenant)
        registry.add_member(settings, tenant, ISSUER, f"{tenant}-user")


@pytest.fixture
def database_url(postgres: Postgres, migrated: str) -> str:
    """The owner's address of a fresh copy."""
    return copy(postgres, migrated)


def copy(postgres: Postgres, template: str) -> str:
    """The owner's address of a new copy of a database, for one test; of a wider fixture's, for the run."""
    name = f"test_{next(_numbers)}"
    _copies.append(name)
    return copy_as(postgres, name, template)


def copy_as(postgres: Postgres, name: str, template: str) -> str:
    """The owner's address of a new copy of a database, which stays."""
    with psycopg.connect(postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        # The usual way since 15 writes each page into the log too: a third more CPU.
        how = "strategy file_copy" if connection.info.server_version >= 150000 else ""
        connection.execute(
            f"create database {name} template {template} owner {embedded_postgres.OWNER} {how}"
        )
    return postgres.url(database=name)


@pytest.fixture
def empty_url(postgres: Postgres) -> str:
    """The owner's address of an empty database."""
    return postgres.create_database(f"empty_{next(_numbers)}")


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Of a service on Postgres with the mock login."""
    return load({"DATABASE_URL": database_url, "OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"})


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    """A running service on Postgres."""
    with Service(settings) as running:
        yield running


@pytest.fixture(scope="session")
def shared_service(postgres: Postgres, migrated: str) -> Iterator[Service]:
    """A running service for tests that change nothing which another would see."""
    url = copy_as(postgres, "shared", migrated)
    with Service(load({"DATABASE_URL": url, "OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"})) as running:
        yield running


@pytest.fixture(params=[pytest.param("postgres", marks=pytest.mark.database), "sqlite"])
def either_service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """A running service on Postgres, then one on SQLite (where the one tenant is acme)."""
    environment = {"OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"}
    if request.param == "postgres":
        settings = load({**environment, "DATABASE_URL": request.getfixturevalue("database_url")})
    else:
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "workbuoy.db")
        settings = load({**environment, "DATABASE_URL": f"sqlite:///{tmp_path}/workbuoy.db"})
    with Service(settings) as running:
        yield running


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The address of S3 and Secrets Manager on loopback."""
    with servers.moto() as address:
        yield address


@pytest.fixture
def bucket_settings(moto: str, database_url: str) -> Settings:
    """Of a service with a bucket of its own in eu-west-1."""
    settings = load(
        {
            "DATABASE_URL": database_url,
            "OIDC_DEV_MOCK": "1",
            "METRICS_ENABLED": "false",
            "S3_ENDPOINT": moto,
            "S3_REGION": "eu-west-1",
            "S3_BUCKET": f"bucket-{next(_numbers)}",
            "S3_FORCE_PATH_STYLE": "true",
        }
    )
    assert settings.storage is not None
    servers.create_bucket(settings.storage)
    return settings


@pytest.fixture
def bucket_service(bucket_settings: Settings) -> Iterator[Service]:
    """A running service with a bucket."""
    with Service(bucket_settings) as running:
        yield running
