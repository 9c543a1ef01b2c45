"""Commands that act as the database's owner: migrate, tenant, member."""

from __future__ import annotations

import argparse
import sys

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from workbuoy_app import registry
from workbuoy_app.logs import log
from workbuoy_app.migrate import MigrationFailed, migrate
from workbuoy_app.owner import OwnerUnknown
from workbuoy_app.roles import LockNotFree
from workbuoy_app.secret_values import SecretMissing
from workbuoy_app.settings import Settings


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Do one of them; data on stdout, one clear line on stderr and 1 where it fails."""
    try:
        if options.command == "migrate":
            migrate(settings)
        elif options.command == "tenant":
            print(registry.add_tenant(settings, options.name))
        elif options.action == "add":
            print(registry.add_member(settings, options.tenant, options.issuer, options.subject))
        else:
            registry.remove_member(settings, options.issuer, options.subject)
    except (MigrationFailed, OwnerUnknown, LockNotFree, registry.RegistryError, SecretMissing) as error:
        print(f"workbuoy-app: {error}", file=sys.stderr)
        return 1
    except (psycopg.Error, SQLAlchemyError) as error:
        log.error("the database refused", exc_info=error, extra={"operation": options.command})
        print(f"workbuoy-app: the database refused: {type(error).__name__}; see the log", file=sys.stderr)
        return 1
    return 0
