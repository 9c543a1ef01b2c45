"""What must run before the service can: a Postgres and an identity provider, begun while moto is still being filled."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from rehearsal.service.forks import Forks
from rehearsal.service.ports import free_port
from rehearsal.service.processes import NOT_INSTALLED, STOP_TIMEOUT_SECONDS, NotToBeHadError, Process, python_of

GIVEN = "REHEARSAL_DATABASE_URL"
START_TIMEOUT_SECONDS = 120

# Runs in the service's environment, which has a Postgres driver; this one has none.
_COUNT_TABLES = """
import sys, psycopg
with psycopg.connect(sys.argv[1], connect_timeout=5) as connection:
    print(connection.execute(
        "select count(*) from information_schema.tables "
        "where table_schema not in ('pg_catalog', 'information_schema')").fetchone()[0])
"""

# What a login that only reads and writes rows must not have, a line each.
_POWERS = """
import json, sys, psycopg
given = json.load(sys.stdin)
with psycopg.connect(connect_timeout=5, **given["owner"]) as connection:
    for (line,) in connection.execute(
        "select rolname || ' owns ' || relname from pg_class join pg_roles r on r.oid = relowner "
        "  where rolname = any(%(logins)s) "
        "union all select rolname || ' may ' || power from pg_roles, lateral (values "
        "  (rolsuper, 'do anything'), (rolcreaterole, 'make roles'), (rolcreatedb, 'make databases'), "
        "  (rolbypassrls, 'pass by row-level security'), "
        "  (pg_has_role(oid, current_user, 'MEMBER'), 'act as the owner') "
        ") as each (has, power) where has and rolname = any(%(logins)s)",
        {"logins": given["logins"]},
    ):
        print(line)
"""


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Where the database is, and its owner's login, as RDS's managed secret would hold it."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)


class Surroundings:
    """Starts both at once and waits only when they are asked for. At the end nothing of them is left.

    Args:
        app: the folder `app/`, with the virtual environment that the service runs in.
        environment: where `REHEARSAL_DATABASE_URL` may name an empty database to use instead.
        provider: whose identity provider and programs serve here too; by default those of its own are started.
        archiving: whether Postgres keeps what it takes to have its past back; a database that is given cannot.
    """

    def __init__(
        self,
        app: Path,
        environment: Mapping[str, str] = os.environ,
        *,
        provider: "Surroundings | None" = None,
        archiving: bool = False,
    ) -> None:
        self.app = app
        self._archiving = archiving
        self._other = provider
        self._given = environment.get(GIVEN, "")
        self._provider_port = free_port()
        self._postgres: Process | None = None
        self._database = 0  # which one of those that it has made in turn
        self._provider: Process | None = None
        self.programs: Forks = provider.programs if provider is not None else Forks(app)

    def __enter__(self) -> Self:
        self.begin()
        return self

    def begin(self) -> None:
        """Start what does not run: all of it, or what has ended since by itself."""
        programs = self.app / ".venv" / "bin"
        if not self._given and (programs / "python").exists() and (self._postgres is None or self._postgres.ended):
            module = ["point_in_time", "serve"] if self._archiving else ["embedded_postgres"]
            self._postgres, self._database = self.programs.begin_devtool(*module), 0
        installed = (programs / "oidc-provider-mock").exists()
        if self._other is None and installed and (self._provider is None or self._provider.ended):
            self._provider = self.programs.begin_devtool("identity_provider", "--port", str(self._provider_port))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ask_to_end()
        for one in self._own():
            one.stop()

    def ask_to_end(self) -> None:
        """Let everything begin to end, so that several need not wait for each other."""
        for one in self._own():
            one.ask_to_end()

    def _own(self) -> list[Process | Forks]:
        programs = self.programs if self._other is None else None
        return [one for one in (programs, self._provider, self._postgres) if one is not None]

    @property
    def archived(self) -> str:
        """The archiving server, as `point_in_time` takes it. Raises NotToBeHadError where it is none."""
        if not self._archiving or self._postgres is None or not self._postgres.lines:
            raise NotToBeHadError(f"a restore needs a Postgres of the rehearsal's own: leave {GIVEN} unset")
        return self._postgres.lines[0]

    def postgres(self) -> Owner:
        """An empty database: the given one, else embedded binaries, else `initdb` on PATH. Raises NotToBeHadError."""
        python = self.app / ".venv" / "bin" / "python"
        if not python.exists():
            raise NotToBeHadError(NOT_INSTALLED)
        if self._given:
            return _given(python, self._given)
        assert self._postgres is not None  # noqa: S101  started with the context, since python exists
        process = self._postgres
        _wait(lambda: len(process.lines) > self._database, process, "Postgres did not start")
        try:
            return owner_of(process.lines[self._database])
        except ValueError:
            with suppress(subprocess.TimeoutExpired):  # the last line says why
                process.wait(STOP_TIMEOUT_SECONDS)
            raise NotToBeHadError(process.lines[-1]) from None

    def renew(self) -> None:
        """Begin to make another empty database in the place of the one that there is, and of every role in it."""
        if self._postgres is not None and len(self._postgres.lines) > self._database:
            self._database += 1
            self._postgres.send_signal(signal.SIGUSR1)

    def powers_of(self, owner: Owner, logins: Sequence[str]) -> list[str]:
        """What these logins own or may do in the database beyond what they were granted. Raises NotToBeHadError."""
        login = {"host": owner.host, "port": owner.port, "dbname": owner.database, "user": owner.user}
        given = json.dumps({"owner": {**login, "password": owner.password}, "logins": list(logins)})
        asked = subprocess.run(
            [python_of(self.app), "-c", _POWERS],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        if asked.returncode:
            raise NotToBeHadError(f"the database cannot be asked: {(asked.stderr.splitlines() or ['no answer'])[-1]}")
        return asked.stdout.splitlines()

    def issuer(self) -> str:
        """The address of a real OpenID Connect provider on loopback. Raises NotToBeHadError."""
        if self._other is not None:
            return self._other.issuer()
        if self._provider is None:
            raise NotToBeHadError("oidc-provider-mock is not installed: run `make rehearse` once")
        _wait(lambda: _listens(self._provider_port), self._provider, "the identity provider did not start")
        return f"http://localhost:{self._provider_port}"


def _wait(condition: Callable[[], bool], process: Process, why: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not condition():
        if process.ended or time.monotonic() > deadline:
            last = process.lines[-1] if process.lines else "it said nothing"
            raise NotToBeHadError(f"{why}: {last}")
        time.sleep(0.01)


def _given(python: Path, url: str) -> Owner:
    try:
        owner = _parse(url)
    except ValueError as error:
        form = "postgresql://owner:password@host:5432/name"
        raise NotToBeHadError(f"{GIVEN} is not an address such as {form}: {error}") from None
    command = [str(python), "-c", _COUNT_TABLES, url]
    counted = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    if counted.returncode:
        last = (counted.stderr.strip().splitlines() or ["no answer"])[-1]
        raise NotToBeHadError(f"{GIVEN} cannot be used: {last}")
    if counted.stdout.strip() != "0":
        raise NotToBeHadError(f"{GIVEN} names a database with {counted.stdout.strip()} tables; give an empty one")
    return owner


def owner_of(line: str) -> Owner:
    """The owner of a server that a devtool started, by the line that it printed. Raises ValueError."""
    return _parse(json.loads(line)["owner"])


def _parse(url: str) -> Owner:
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres") or not (parts.hostname and parts.username and parts.path[1:]):
        raise ValueError("host, owner and database are needed")
    return Owner(
        host=parts.hostname,
        port=parts.port or 5432,
        database=parts.path[1:],
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
    )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
