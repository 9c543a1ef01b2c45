"""Database logins, and where the service gets its own from: `DATABASE_URL` or the rotated secret."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Protocol

from workbuoy_app.database_url import PostgresAddress
from workbuoy_app.secret_values import CachedSecret, SecretMissing
from workbuoy_app.settings import Settings


@dataclass(frozen=True)
class Login:
    """A user's name and password."""

    user: str
    password: str = field(repr=False)


class LoginSource(Protocol):
    """Where the login comes from."""

    async def current(self) -> Login:
        """The login to try."""

    async def newer_than(self, used: Login) -> Login:
        """The login to try after `used` was refused."""


class FixedLogin:
    """The login that stands in `DATABASE_URL`."""

    def __init__(self, login: Login) -> None:
        self._login = login

    async def current(self) -> Login:
        return self._login

    async def newer_than(self, used: Login) -> Login:  # noqa: ARG002 - there is no other
        return self._login


def parse_login(value: str) -> Login:
    """A secret of the form that Secrets Manager's rotation writes. Raises SecretMissing for any other."""
    try:
        entry = json.loads(value)
        return Login(str(entry["username"]), str(entry["password"]))
    except (ValueError, KeyError, TypeError):
        raise SecretMissing("secret: not an object with username and password") from None


def application_login(settings: Settings) -> LoginSource:
    """The service's login: from the secret where one is named, else from the address."""
    if settings.database_secret_id:
        return CachedSecret(settings.database_secret_id, settings.aws_region, parse_login)
    assert isinstance(settings.database, PostgresAddress)  # noqa: S101 - SQLite has no login
    return FixedLogin(Login(settings.database.user or "", settings.database.password or ""))
