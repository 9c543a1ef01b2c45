"""Connections as the database's owner: for `migrate`, rotation and the registry of tenants, never for the service."""

from __future__ import annotations

from typing import Any

import psycopg

from workbuoy_app.database_url import PostgresAddress
from workbuoy_app.logins import Login, parse_login
from workbuoy_app.postgres_session import startup_options
from workbuoy_app.secret_values import read_secret
from workbuoy_app.settings import Settings


class OwnerUnknown(Exception):
    """The settings name no owner's login."""


def owner_login(settings: Settings, client: Any = None) -> Login:
    """The owner's login: given, or in a secret, or (on a laptop) the one in the address. Raises OwnerUnknown.

    `client` is one of Secrets Manager, where whoever asks has one already.
    """
    if settings.owner_user and settings.owner_password:
        return Login(settings.owner_user, settings.owner_password)
    if settings.owner_secret_id:
        return parse_login(read_secret(settings.owner_secret_id, settings.aws_region, client))
    address = settings.database
    if isinstance(address, PostgresAddress) and address.user:
        return Login(address.user, address.password or "")
    raise OwnerUnknown(
        "Set DATABASE_OWNER_USER and DATABASE_OWNER_PASSWORD, or DATABASE_OWNER_SECRET_ID, to the owner's login."
    )


def owner_connection(
    settings: Settings, *, autocommit: bool = True, client: Any = None
) -> psycopg.Connection[Any]:
    """A new connection as the owner; `client` as for `owner_login`.

    Raises OwnerUnknown, psycopg.Error, secret_values.SecretMissing.
    """
    assert isinstance(settings.database, PostgresAddress)  # noqa: S101 - SQLite has no owner
    login = owner_login(settings, client)
    return psycopg.connect(
        **settings.database.connection_parameters(),  # type: ignore[arg-type]
        options=startup_options(
            settings.database, role=None, statement_timeout_ms=0
        ),  # an index may take long
        user=login.user,
        password=login.password,
        autocommit=autocommit,
    )
