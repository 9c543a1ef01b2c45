"""A Postgres whose past can be had back, as RDS's can: base backup, archive of its log, and a copy at any moment.

    python -m workbuoy_app.devtools.point_in_time serve            # an archiving server, until it is stopped
    python -m workbuoy_app.devtools.point_in_time backup SERVER    # SERVER is the line that `serve` printed
    python -m workbuoy_app.devtools.point_in_time archive SERVER   # wait until all that was committed can be had back
    python -m workbuoy_app.devtools.point_in_time copy SERVER --at TIME    # a second server, until it is stopped

It shows what Postgres itself does: RDS keeps base backups as snapshots, ships the log every five minutes and reads a
restored volume lazily, none of which is here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from workbuoy_app.devtools import embedded_postgres
from workbuoy_app.devtools.embedded_postgres import OWNER, NoPostgres, Postgres

TIMEOUT_SECONDS = 60
POLL_SECONDS = 0.02
_BACKUP, _ARCHIVE = "backup", "archive"


def archiving(folder: Path) -> tuple[str, ...]:
    """The settings of a server in `folder` whose log is kept there."""
    archive = folder / _ARCHIVE
    archive.mkdir(mode=0o777)
    archive.chmod(0o777)
    # A file appears whole or not at all, and none is written over.
    keep = f"test ! -f {archive}/%f && cp %p {archive}/%f.part && mv {archive}/%f.part {archive}/%f"
    return ("wal_level=replica", "archive_mode=on", f"archive_command={keep}", "full_page_writes=on")


@dataclass(frozen=True)
class Server:
    """An archiving server that runs, as `serve` printed it."""

    superuser: str
    folder: Path
    binaries: Path

    @classmethod
    def parse(cls, line: str) -> Server:
        """Raises ValueError for a line of another kind."""
        found = json.loads(line)
        return cls(found["superuser"], Path(found["folder"]), Path(found["binaries"]))

    def back_up(self) -> None:
        """Take the base backup that copies begin with. Raises NoPostgres."""
        owner = (self.folder / "data").stat()
        program, into = str(self.binaries / "pg_basebackup"), str(self.folder / _BACKUP)
        outcome = subprocess.run(
            [program, "-D", into, "-d", self.superuser, "--checkpoint=fast", "--no-sync", "--no-manifest"],
            capture_output=True,
            text=True,
            check=False,
            **_as(owner),
        )
        if outcome.returncode:
            raise NoPostgres(f"pg_basebackup failed: {outcome.stderr.strip().splitlines()[-1:]}")

    def archive(self) -> None:
        """Wait until everything that is committed by now is in the archive. Raises NoPostgres."""
        with psycopg.connect(self.superuser, autocommit=True) as connection:
            row = connection.execute("select pg_walfile_name(pg_switch_wal())").fetchone()
            assert row is not None  # noqa: S101 - a function's answer
            deadline = time.monotonic() + TIMEOUT_SECONDS
            while not (self.folder / _ARCHIVE / row[0]).is_file():
                if time.monotonic() > deadline:
                    raise NoPostgres(f"{row[0]} was not archived within {TIMEOUT_SECONDS} s")
                time.sleep(POLL_SECONDS)


@dataclass(frozen=True)
class Moment:
    """A server's past at a time, which begins a server of its own."""

    server: Server
    at: str

    def lay_out(self, data: Path, user: Mapping[str, Any]) -> Sequence[str]:
        """The base backup, and the archive to be read up to the moment."""
        subprocess.run(["cp", "-a", self.server.folder / _BACKUP, data], check=True, **user)
        subprocess.run(["touch", data / "recovery.signal"], check=True, **user)
        return (
            f"restore_command=cp {self.server.folder / _ARCHIVE}/%f %p",
            f"recovery_target_time={self.at}",
            "recovery_target_action=promote",
            "archive_mode=off",
        )

    def take_over(self, postgres: Postgres, process: subprocess.Popen[bytes], folder: Path) -> None:
        """Wait for the end of recovery; the owner then gets a password of its own. Raises NoPostgres."""
        address = self.server.superuser.rpartition("@")
        url = f"{address[0]}@{postgres.host}:{postgres.port}/postgres"
        deadline = time.monotonic() + TIMEOUT_SECONDS
        with embedded_postgres.connected(url, process, folder) as connection:
            while connection.execute("select pg_is_in_recovery()").fetchone() != (False,):
                if time.monotonic() > deadline:
                    raise NoPostgres(f"the copy did not reach {self.at} within {TIMEOUT_SECONDS} s")
                time.sleep(POLL_SECONDS)
            connection.execute(
                sql.SQL("alter role {} password {}").format(
                    sql.Identifier(OWNER), sql.Literal(postgres.password)
                )
            )


def _as(owner: os.stat_result) -> dict[str, Any]:
    return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}


def main() -> int:
    """Do one of them; 1 with one clear line where it fails."""
    parser = argparse.ArgumentParser(prog="point_in_time")
    commands = parser.add_subparsers(dest="action", required=True)
    commands.add_parser("serve")
    for name in ("backup", "archive", "copy"):
        command = commands.add_parser(name)
        command.add_argument("server", type=Server.parse)
        if name == "copy":
            command.add_argument("--at", required=True)
    options = parser.parse_args()
    if options.action == "serve":
        return embedded_postgres.serve(embedded_postgres.running(settings=archiving))
    if options.action == "copy":
        moment = Moment(options.server, options.at)
        return embedded_postgres.serve(embedded_postgres.running(options.server.binaries, origin=moment))
    try:
        options.server.back_up() if options.action == "backup" else options.server.archive()
    except NoPostgres as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
