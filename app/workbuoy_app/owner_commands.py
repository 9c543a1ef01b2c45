"""Commands that act as the database's owner: migrate, tenant, member, person, removals."""

from __future__ import annotations

import argparse
import json
import sys

import psycopg

from workbuoy_app import registry
from workbuoy_app.logs import log
from workbuoy_app.one_off import MOVES
from workbuoy_app.owner import OwnerUnknown
from workbuoy_app.rights import Role
from workbuoy_app.roles import LockNotFree
from workbuoy_app.secret_values import SecretMissing
from workbuoy_app.settings import Settings


class CommandFailed(Exception):
    """A command's own failure; says in one line what to do."""


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Do one of them; data on stdout, one clear line on stderr and 1 where it fails."""
    try:
        if options.command == "migrate":
            _migrate(settings)
        elif options.command == "removals":
            for row in registry.owed_removals(settings):
                print(json.dumps(row))
        elif options.command == "tenant" and options.action == "add":
            print(registry.add_tenant(settings, options.name))
        elif options.command in ("tenant", "restore", "person"):
            _with_bucket(settings, options)
        elif options.action == "add":
            role = Role(options.role) if options.role else None
            print(registry.add_member(settings, options.tenant, options.issuer, options.subject, role))
        else:
            registry.remove_member(settings, options.issuer, options.subject)
    except (CommandFailed, OwnerUnknown, LockNotFree, registry.RegistryError, SecretMissing) as error:
        print(f"workbuoy-app: {error}", file=sys.stderr)
        return 1
    except psycopg.Error as error:
        return _refused(error, options.command)
    return 0


def _migrate(settings: Settings) -> None:
    """Alembic and SQLAlchemy are loaded here alone: the other commands need a quarter of a second less without."""
    from sqlalchemy.exc import SQLAlchemyError

    from workbuoy_app.migrate import MigrationFailed, migrate

    try:
        migrate(settings)
        _admit(settings)
    except MigrationFailed as error:
        raise CommandFailed(str(error)) from error
    except SQLAlchemyError as error:
        if isinstance(cause := error.__cause__, psycopg.Error):
            raise cause from None
        log.error("the migration failed", exc_info=error, extra={"operation": "migrate"})
        raise CommandFailed(f"the migration failed: {type(error).__name__}; the log says where") from error


def _admit(settings: Settings) -> None:
    """The service starts after this: on no database that holds what was erased while another one served.

    The bucket alone knows which served last, so without its answer nothing starts.
    """
    from workbuoy_app.database_url import PostgresAddress
    from workbuoy_app.erasures import ledger_of  # with S3's client
    from workbuoy_app.promotion.errors import PromotionRefused
    from workbuoy_app.restore.copy import admit

    try:
        if ledger := ledger_of(settings):
            ledger.begin()
            if isinstance(settings.database, PostgresAddress):
                admit(settings)
    except PromotionRefused as error:
        raise CommandFailed(str(error)) from error


def _with_bucket(settings: Settings, options: argparse.Namespace) -> None:
    """Loaded with S3's client, for these commands alone."""
    from workbuoy_app.promotion.errors import PromotionRefused

    if options.command == "restore":
        from workbuoy_app.restore.commands import run
    elif options.command == "person":
        from workbuoy_app.person.commands import run
    elif options.action in ("hand-over", "count"):
        from workbuoy_app.handover.commands import run
    elif options.action in MOVES:
        from workbuoy_app.move.commands import run
    else:
        from workbuoy_app.promotion.commands import run

    try:
        run(settings, options)
    except PromotionRefused as error:
        raise CommandFailed(str(error)) from error


def _refused(error: psycopg.Error, operation: str) -> int:
    log.error("the database refused", exc_info=error, extra={"operation": operation})
    print(f"workbuoy-app: {explained(error)}", file=sys.stderr)
    return 1


# Of these classes the server's sentence names roles, tables and limits, and none of the data that rows hold.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_ABOUT_NO_DATA = ("08", "0A", "25", "28", "3D", "3F", "42", "53", "54", "55", "57", "58")


def explained(error: psycopg.Error) -> str:
    """Why the database did not do it, in one line, and what to look at."""
    if error.sqlstate is None and isinstance(error, psycopg.OperationalError):
        # libpq's own words: which address it tried, as whom, and what came of it; never a password.
        tried = [line.strip() for line in str(error).splitlines() if line.strip() and "Multiple" not in line]
        reason = tried[0].removeprefix("- ") if tried else type(error).__name__
        return f"the database cannot be reached: {reason}. Look at DATABASE_URL and the owner's login"
    if error.sqlstate and error.sqlstate[:2] in _ABOUT_NO_DATA and error.diag.message_primary:
        return f"the database refused: {error.diag.message_primary} (SQLSTATE {error.sqlstate})"
    return f"the database refused: {type(error).__name__}, SQLSTATE {error.sqlstate}; the log says where"
