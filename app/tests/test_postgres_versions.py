"""The service on every Postgres that is here, as an ordinary owner and as a superuser, and behind PgBouncer."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import prepare
from tests.service import Service, attach, make_thing
from tests.test_bad_input import assert_problem
from workbuoy_app.devtools import embedded_postgres
from workbuoy_app.devtools.embedded_postgres import OWNER, SUPERUSER, Postgres
from workbuoy_app.devtools.ports import free_port
from workbuoy_app.migrate import MigrationFailed, migrate
from workbuoy_app.promotion.freeze import freeze, thaw
from workbuoy_app.settings import Settings, load

pytestmark = pytest.mark.slow  # each starts servers of its own

DEBIAN = Path("/usr/lib/postgresql")
INSTALLED = sorted(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name)) if DEBIAN.is_dir() else []
OLDEST_TRIED = 15  # Debian 12's; below 16 a grant cannot leave inheritance out


@pytest.fixture(
    scope="module", params=[*INSTALLED, None], ids=lambda path: path.parent.name if path else "embedded"
)
def server(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """A running server of one version."""
    with embedded_postgres.running(request.param) as running:
        yield running


def loaded(url: str) -> Settings:
    return load({"DATABASE_URL": url, "OIDC_DEV_MOCK": "1", "METRICS_ENABLED": "false"})


@pytest.mark.skipif(
    not INSTALLED, reason="Debian's package postgresql is not installed: Postgres 15 is not tried"
)
def test_an_older_postgres_is_among_those_tried() -> None:
    assert int(INSTALLED[0].parent.name) <= OLDEST_TRIED


@pytest.mark.parametrize("user", [OWNER, SUPERUSER])
def test_a_member_can_do_everything_and_nobody_sees_anothers(server: Postgres, user: str) -> None:
    settings = loaded(server.url(user, server.create_database(f"of_{user}", user).rpartition("/")[2]))
    prepare(settings)
    with Service(settings) as service:
        use(service)
        freeze(settings, "acme")
        browser = service.browser()
        assert_problem(browser.post("/api/things", json={"title": "too late"}), 423)
        thaw(settings, "acme")
        make_thing(browser)


def use(service: Service) -> None:
    """Each operation once."""
    answer = service.browser(user=None).get("/readyz")
    assert answer.status_code == 200, answer.text
    browser, other = service.browser(), service.browser("globex-user")
    thing = make_thing(browser)
    path = f"/api/things/{thing['id']}"
    file = attach(browser, thing["id"], b"content").json()
    assert browser.get(f"{path}/attachments/{file['id']}/content").content == b"content"
    assert other.get("/api/things").json()["items"] == []
    assert other.get(path).status_code == 404
    assert browser.put(path, json={"title": "changed"}).status_code == 200
    assert browser.delete(path).status_code == 204
    assert browser.post("/auth/logout-everywhere").status_code == 200
    assert browser.get("/api/me").status_code == 401
    assert other.get("/api/me").status_code == 200


@pytest.fixture(scope="module")
def fifteen() -> Iterator[Postgres]:
    """Debian's Postgres, migrated."""
    if not INSTALLED:
        pytest.skip("Debian's package postgresql is not installed")
    with embedded_postgres.running(INSTALLED[0]) as running:
        prepare(loaded(running.url()))
        yield running


@contextmanager
def pgbouncer(server: Postgres, folder: Path, **settings: str) -> Iterator[int]:
    """PgBouncer in transaction mode before a server; gives its port."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("Debian's package pgbouncer is not installed")
    port = free_port()
    lines = {
        "listen_addr": "127.0.0.1",
        "listen_port": str(port),
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": str(folder / "users"),
        "pool_mode": "transaction",
        "default_pool_size": "5",
        "logfile": str(folder / "log"),
        **settings,
    }
    (folder / "users").write_text(f'"{OWNER}" "{server.password}"\n')
    database = f"[databases]\nworkbuoy = host={server.host} port={server.port} dbname=workbuoy\n[pgbouncer]\n"
    (folder / "ini").write_text(database + "".join(f"{name} = {value}\n" for name, value in lines.items()))
    as_nobody: dict[str, Any] = {}
    if os.geteuid() == 0:  # it refuses root
        nobody = pwd.getpwnam("nobody")
        as_nobody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        for path in (folder, folder / "users", folder / "ini"):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        temporary = Path(tempfile.gettempdir())
        for path in folder.parents:
            if path != temporary and path.is_relative_to(temporary):
                path.chmod(0o755)
    process = subprocess.Popen([program, "-q", str(folder / "ini")], stderr=subprocess.DEVNULL, **as_nobody)
    try:
        for _ in range(200):
            try:
                psycopg.connect(f"postgresql://{OWNER}:{server.password}@127.0.0.1:{port}/workbuoy").close()
                break
            except psycopg.OperationalError:
                if process.poll() is not None:
                    raise
        yield port
    finally:
        process.terminate()
        process.wait(60)


def through(server: Postgres, port: int, query: str = "") -> Settings:
    return loaded(f"postgresql://{OWNER}:{server.password}@127.0.0.1:{port}/workbuoy?pool_timeout=2{query}")


def test_behind_pgbouncer_tenants_are_kept_apart_by_a_setting(fifteen: Postgres, tmp_path: Path) -> None:
    with pgbouncer(fifteen, tmp_path) as port:
        settings = through(fifteen, port, "&pgbouncer=true")
        with pytest.raises(MigrationFailed, match="without pgbouncer=true"):
            migrate(settings)
        with Service(settings) as service:
            for _ in range(3):
                use(service)


def test_a_pooler_that_drops_startup_options_is_refused_and_says_so(
    fifteen: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from workbuoy_app import logs

    logs.configure("info")
    options = {"ignore_startup_parameters": "options,extra_float_digits"}
    with pgbouncer(fifteen, tmp_path, **options) as port, Service(through(fifteen, port)) as service:
        browser = service.browser(user=None)
        browser.cookies.set("workbuoy_session", "x")
        assert_problem(browser.get("/api/things"), 503)
        assert "sessions are not safe" in assert_problem(browser.get("/readyz"), 503)["detail"]
        assert browser.get("/healthz").status_code == 200
    assert "row-level security is not in force" in capsys.readouterr().out


def test_ready_proves_that_members_can_log_in(settings: Settings) -> None:
    """On Postgres 15 an owner that inherits the group made this function call itself without end."""
    from workbuoy_app.owner import owner_connection

    with owner_connection(settings) as owner, Service(settings) as service:
        browser = service.browser(user=None)
        assert browser.get("/readyz").status_code == 200
        owner.execute(
            "create or replace function session_member() returns uuid language sql stable as"
            " 'select session_member()'"
        )
        assert "no login possible" in assert_problem(browser.get("/readyz"), 503)["detail"]


def test_a_server_that_only_reads_is_503_and_not_ready(settings: Settings) -> None:
    from workbuoy_app.owner import owner_connection

    with Service(settings) as service:
        browser = service.browser()
        database = settings.database
        with owner_connection(settings) as owner:
            owner.execute(f"alter database {database.database} set default_transaction_read_only = on")  # type: ignore[union-attr]
            owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid() and usename = current_user"
            )
        assert_problem(browser.post("/api/things", json={"title": "x"}), 503)
        assert "no login possible" in assert_problem(browser.get("/readyz"), 503)["detail"]
        assert browser.get("/api/things").status_code == 200
