"""`DATABASE_URL`: which database, and how to reach it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_NUMBERS = {"connect_timeout": 60, "connection_limit": 100, "pool_timeout": 60}  # each with its highest value
_PARAMETERS = ("schema", "sslmode", "sslrootcert", "application_name", *_NUMBERS)


class UrlError(ValueError):
    """Says in `problems` everything that is wrong with the address, without repeating a password."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class SqliteAddress:
    """A file on this machine; one tenant, never production."""

    path: str


@dataclass(frozen=True, kw_only=True)
class PostgresAddress:
    """A Postgres database. Times are in seconds."""

    host: str
    database: str
    port: int = 5432
    user: str | None = None
    password: str | None = None
    schema: str = "public"
    sslmode: str = "prefer"
    sslrootcert: str | None = None
    connect_timeout: int = 3
    connection_limit: int = 10
    pool_timeout: int = 5
    application_name: str = "workbuoy-app"

    def connection_parameters(self) -> dict[str, str | int]:
        """What libpq needs, without a login and without session settings."""
        parameters: dict[str, str | int] = {
            "host": self.host,
            "port": self.port,
            "dbname": self.database,
            "sslmode": self.sslmode,
            "connect_timeout": self.connect_timeout,
            "application_name": self.application_name,
            # A peer that vanished without a word is noticed within ten seconds instead of two hours.
            "keepalives_idle": 30,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        }
        if self.sslrootcert is not None:
            parameters["sslrootcert"] = self.sslrootcert
        elif self.sslmode in {"verify-full", "verify-ca"}:
            # OpenSSL's own store, which SSL_CERT_FILE moves: the image's file includes RDS's authorities.
            parameters["sslrootcert"] = "system"
        return parameters


def parse(url: str) -> SqliteAddress | PostgresAddress:
    """Read an address as Prisma and libpq write it. Raises UrlError with every problem found."""
    scheme = url.partition(":")[0].lower()
    if scheme in {"sqlite", "file"}:
        return _sqlite(url)
    if scheme in {"postgresql", "postgres"}:
        return _postgres(url)
    raise UrlError(["must begin with postgresql:// or, for one tenant in development, sqlite:/// or file:"])


def _sqlite(url: str) -> SqliteAddress:
    address, _, query = url.partition("?")
    path = address.removeprefix("sqlite:///").removeprefix("file:")
    problems = []
    if query:
        problems.append(f"SQLite takes no parameters, found {_names(query)}")
    if not path or path.startswith("sqlite:"):
        problems.append("names no file; write sqlite:///workbuoy.db")
    if path == ":memory:":
        problems.append("an in-memory SQLite would be empty for every connection; name a file")
    if problems:
        raise UrlError(problems)
    return SqliteAddress(path=path)


def _names(query: str) -> str:
    return ", ".join(sorted({name for name, _ in parse_qsl(query, keep_blank_values=True)}))


def _postgres(url: str) -> PostgresAddress:
    parts = urlsplit(url)
    problems: list[str] = []
    port = 5432
    try:
        port = parts.port or 5432
    except ValueError:
        problems.append("the port must be a number from 1 to 65535")
    if not parts.hostname:
        problems.append("names no host")
    database = unquote(parts.path.removeprefix("/"))
    if not database:
        problems.append("names no database")
    given = parse_qsl(parts.query, keep_blank_values=True)
    parameters = dict(given)
    if len(parameters) != len(given):
        problems.append("names a parameter twice")
    problems += _parameter_problems(parameters)
    if problems:
        raise UrlError(problems)
    values: dict[str, Any] = {name: int(text) if name in _NUMBERS else text for name, text in given}
    return PostgresAddress(
        host=parts.hostname or "",
        port=port,
        database=database,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        **values,
    )


def _parameter_problems(parameters: dict[str, str]) -> list[str]:
    problems = []
    if unknown := sorted(parameters.keys() - set(_PARAMETERS)):
        problems.append(
            f"unknown parameter {', '.join(unknown)}; this service knows {', '.join(_PARAMETERS)}"
        )
    if not _SCHEMA_NAME.fullmatch(parameters.get("schema", "public")):
        problems.append("schema must be a lower-case name of letters, digits and underscores")
    if parameters.get("sslmode", "prefer") not in SSL_MODES:
        problems.append(f"sslmode must be one of {', '.join(SSL_MODES)}")
    for name, highest in _NUMBERS.items():
        text = parameters.get(name, "1")
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= highest):
            problems.append(f"{name} must be a whole number from 1 to {highest}")
    return problems
