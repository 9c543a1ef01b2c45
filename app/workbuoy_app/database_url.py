"""`DATABASE_URL`: which database, and how to reach it, as Prisma, libpq and the providers of Postgres write it.

An address holds a password, and one that is written wrongly may hold it anywhere. So no message repeats any of it:
a parameter is named only where its name is one that this module knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
# Neon names its endpoint here; of the server's own settings those that this service sets stay its own.
_OPTIONS = re.compile(
    r"(?:(?:endpoint|project)=[\w.-]+|-c ?(?!role|search_path|row_security)[a-z_.]+=[\w.:-]+)(?: |$)"
)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NUMBERS = {"connect_timeout": 60, "connection_limit": 100, "pool_timeout": 60}  # each with its highest value
_CHOICES = {
    "sslmode": SSL_MODES,
    "sslaccept": ("strict", "accept_invalid_certs"),  # Prisma's: whether the certificate is checked
    "channel_binding": ("disable", "prefer", "require"),
    "target_session_attrs": ("any", "read-write", "primary"),
    "pgbouncer": ("true", "false"),  # Prisma's: a pooler in transaction mode is in between
}
_TEXTS = ("schema", "sslrootcert", "application_name", "host", "options")
PARAMETERS = tuple(sorted((*_TEXTS, *_CHOICES, *_NUMBERS)))


class UrlError(ValueError):
    """Says in `problems` everything that is wrong with the address, without repeating any of it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class SqliteAddress:
    """A file on this machine; one tenant, never production."""

    path: str


@dataclass(frozen=True, kw_only=True)
class PostgresAddress:
    """A Postgres database. Times are in seconds. Commas separate several hosts, and their `ports`."""

    host: str
    database: str
    port: int = 5432
    ports: str | None = None
    user: str | None = None
    password: str | None = None
    schema: str = "public"
    sslmode: str = "prefer"
    sslrootcert: str | None = None
    channel_binding: str | None = None
    target_session_attrs: str | None = None
    options: str | None = None
    pgbouncer: bool = False
    connect_timeout: int = 3
    connection_limit: int = 10
    pool_timeout: int = 5
    application_name: str = "workbuoy-app"

    @property
    def is_local_socket(self) -> bool:
        """Whether nothing of the connection leaves this machine, as with Cloud SQL's proxy."""
        return all(host.startswith("/") for host in self.host.split(","))

    def connection_parameters(self) -> dict[str, str | int]:
        """What libpq needs, without a login and without session settings."""
        parameters: dict[str, str | int] = {
            "host": self.host,
            "port": self.ports or self.port,
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
        for name in ("channel_binding", "target_session_attrs"):
            if value := getattr(self, name):
                parameters[name] = value
        if self.sslrootcert is not None:
            parameters["sslrootcert"] = self.sslrootcert
        elif self.sslmode in {"verify-full", "verify-ca"}:
            # OpenSSL's own store, which SSL_CERT_FILE moves: the image's file includes RDS's authorities.
            parameters["sslrootcert"] = "system"
        return parameters


def parse(url: str) -> SqliteAddress | PostgresAddress:
    """Read an address. Raises UrlError with every problem found."""
    scheme = url.partition(":")[0].lower()
    if scheme in {"sqlite", "file"}:
        return _sqlite(url)
    if scheme in {"postgresql", "postgres"} and url[len(scheme) :].startswith("://"):
        return _postgres(url[len(scheme) + 3 :])
    raise UrlError(["must begin with postgresql:// or, for one tenant in development, sqlite:/// or file:"])


def _sqlite(url: str) -> SqliteAddress:
    address, _, query = url.partition("?")
    path = address.removeprefix("sqlite:///").removeprefix("file:")
    problems = []
    if query:
        problems.append("SQLite takes no parameters: leave out the ? and what follows it")
    if not path or path.startswith("sqlite:"):
        problems.append("names no file; write sqlite:///workbuoy.db")
    if path == ":memory:":
        problems.append("an in-memory SQLite would be empty for every connection; name a file")
    if problems:
        raise UrlError(problems)
    return SqliteAddress(path=path)


def _postgres(rest: str) -> PostgresAddress:
    authority, place, query = _split(rest)
    login, at, hosts = authority.rpartition("@")
    user, _, password = login.partition(":")
    problems: list[str] = []
    parts = {"user": user, "password": password, "database": place, "host": hosts}
    found = {name: _decoded(text, name, problems) for name, text in parts.items()}
    parameters = _parameters(query, problems)
    host, ports = _hosts(hosts, problems)
    if socket := parameters.pop("host", None):
        host = socket  # as Cloud SQL's addresses have it: localhost before, the socket's folder here
    if not host:
        problems.append("names no host")
    if not found["database"]:
        problems.append("names no database")
    if problems:
        raise UrlError(problems)
    verified = {"sslmode": "verify-full"} if parameters.pop("sslaccept", "") == "strict" else {}
    return PostgresAddress(
        host=host,
        port=ports[0],
        ports=",".join(map(str, ports)) if len(ports) > 1 else None,
        database=found["database"],
        user=(found["user"] or None) if at else None,
        password=(found["password"] or None) if at else None,
        **{**verified, **parameters},
    )


def _split(rest: str) -> tuple[str, str, str]:
    """What stands before the path, the path, and the query. Raises UrlError where a password seems to be cut."""
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    others = rest.removeprefix(authority)
    if "@" in others or "#" in others or any(each <= " " for each in rest):
        raise UrlError(
            [
                "a user or password with one of / ? # @ or a space must have it percent-encoded:"
                " %2F %3F %23 %40 %20 (so must an @ or # anywhere else)"
            ]
        )
    path, _, query = others.partition("?")
    return authority, path.removeprefix("/"), query


def _decoded(text: str, name: str, problems: list[str]) -> str:
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        decoded = "\0"
    if _BAD_ESCAPE.search(text) or "\0" in decoded:
        problems.append(
            f"a percent sign in the {name} must begin an escape such as %25 (of UTF-8, and not %00)"
        )
        return "?"
    return decoded


def _hosts(text: str, problems: list[str]) -> tuple[str, list[int]]:
    """Hosts and ports as libpq takes them. `[::1]:5432` keeps its colons apart from the port's."""
    hosts, ports = [], []
    for each in text.split(","):
        match = re.fullmatch(r"(\[[0-9A-Fa-f:.%]+\]|[^\[\]:]*)(?::([0-9]*))?", each)
        if match is None:
            problems.append("the host must be a name, an address, or an IPv6 address in brackets, then :port")
            return "?", [5432]
        port = match[2] or "5432"
        if len(port) > 5 or not 1 <= int(port) <= 65_535:
            problems.append("the port must be a number from 1 to 65535")
            port = "5432"
        hosts.append(unquote(match[1].strip("[]")))
        ports.append(int(port))
    if len(hosts) > 1 and not all(hosts):
        problems.append("names an empty host among several")
    return ",".join(hosts), ports


def _parameters(query: str, problems: list[str]) -> dict[str, Any]:
    """The query's parameters, each as its field's kind."""
    found: dict[str, Any] = {}
    for number, pair in enumerate(filter(None, query.split("&")), start=1):
        name, _, text = pair.partition("=")
        if name not in PARAMETERS:
            close = get_close_matches(name, PARAMETERS, n=1)
            suggestion = f" (is {close[0]} meant?)" if close else ""
            problems.append(
                f"parameter {number} is unknown{suggestion}; this service knows {', '.join(PARAMETERS)}"
            )
            continue
        if name in found:
            problems.append(f"names {name} twice")
        value = _decoded(text.replace("+", " "), f"parameter {name}", problems)
        if value == "?" != text:
            continue
        found[name] = _value(name, value, problems)
    return found


def _value(name: str, text: str, problems: list[str]) -> Any:
    if name in _NUMBERS:
        if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= _NUMBERS[name]):
            problems.append(f"{name} must be a whole number from 1 to {_NUMBERS[name]}")
            return None
        return int(text)
    if name in _CHOICES and text not in _CHOICES[name]:
        problems.append(f"{name} must be one of {', '.join(_CHOICES[name])}")
    if name == "schema" and not _SCHEMA_NAME.fullmatch(text):
        problems.append("schema must be a lower-case name of letters, digits and underscores")
    if name == "host" and not text.startswith("/"):
        problems.append(
            "host, as a parameter, must be a socket's folder such as /cloudsql/project:region:instance"
        )
    if name == "options" and "".join(each[0] for each in _OPTIONS.finditer(text)) != text:
        problems.append(
            "options takes endpoint=NAME, project=NAME and `-c name=value`, but no role, search_path or row_security"
        )
    if name == "pgbouncer":
        return text == "true"
    return text
