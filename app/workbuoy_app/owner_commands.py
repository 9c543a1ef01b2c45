"""Commands that act as the database's owner: migrate, tenant, member."""

from __future__ import annotations

import argparse
import sys

import psycopg

from workbuoy_app import registry
from workbuoy_app.logs import log
from workbuoy_app.owner import OwnerUnknown
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
        elif options.command == "tenant" and options.action == "add":
            print(registry.add_tenant(settings, options.name))
        elif options.command == "tenant":
            _promotion(settings, options)
        elif options.action == "add":
            print(registry.add_member(settings, options.tenant, options.issuer, options.subject))
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
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from workbuoy_app.migrate import MigrationFailed, migrate  # noqa: PLC0415

    try:
        migrate(settings)
    except MigrationFailed as error:
        raise CommandFailed(str(error)) from error
    except SQLAlchemyError as error:
        _refused(error, "migrate")
        raise SystemExit(1) from error


def _promotion(settings: Settings, options: argparse.Namespace) -> None:
    from workbuoy_app.promotion import commands  # noqa: PLC0415 - with S3's client, for these commands alone
    from workbuoy_app.promotion.errors import PromotionRefused  # noqa: PLC0415

    try:
        commands.run(settings, options)
    except PromotionRefused as error:
        raise CommandFailed(str(error)) from error


def _refused(error: Exception, operation: str) -> int:
    log.error("the database refused", exc_info=error, extra={"operation": operation})
    print(f"workbuoy-app: the database refused: {type(error).__name__}; see the log", file=sys.stderr)
    return 1
