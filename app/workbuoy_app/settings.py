"""The settings, read from the environment once, every problem reported at once."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from dotenv.parser import parse_stream

from workbuoy_app.database_url import PostgresAddress, SqliteAddress, UrlError, parse

LOG_LEVELS = ("debug", "info", "warn", "error")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MIB = 1024 * 1024


class SettingsError(Exception):
    """Holds every problem found, one line each; none repeats a value that may be secret."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class StorageSettings:
    """An S3-compatible bucket. Without keys the task role (AWS's own chain of credentials) serves."""

    bucket: str
    region: str
    endpoint: str | None = None
    public_endpoint: str | None = None  # as browsers reach it, where the service has a shorter way
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    force_path_style: bool = False


@dataclass(frozen=True, kw_only=True)
class OidcSettings:
    """The identity provider. The secret is given, or read from Secrets Manager by its id."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    secret_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that steers the service. `owner_*` is for `migrate` and rotation alone, `restored*` for `restore`."""

    database: PostgresAddress | SqliteAddress = field(repr=False)
    production: bool = False
    log_level: str = "info"
    oidc_dev_mock: bool = False
    database_secret_id: str | None = None
    owner_user: str | None = None
    owner_password: str | None = field(default=None, repr=False)
    owner_secret_id: str | None = None
    restored: PostgresAddress | None = field(default=None, repr=False)  # a copy beside, at a moment
    restored_secret_id: str | None = None
    backups_kept_days: int | None = None
    storage: StorageSettings | None = None
    exports_bucket: str | None = None  # where a customer's data are handed over
    oidc: OidcSettings | None = None
    metrics_enabled: bool = True
    traces_enabled: bool = False  # OpenTelemetry's SDK reads where to and how much by itself
    public_url: str = "http://localhost:8080"
    host: str = "127.0.0.1"
    port: int = 8080
    tls_enabled: bool = False
    metrics_port: int = 9090
    attachment_max_bytes: int = 25 * MIB
    aws_region: str | None = None
    session_requests_per_second: int = 100
    tenant_requests_per_second: int = 300

    @property
    def connection_limit(self) -> int:
        """How many units of work may reach the database at once; SQLite does one after the other."""
        return self.database.connection_limit if isinstance(self.database, PostgresAddress) else 10

    @property
    def origin(self) -> str:
        """Scheme, host and port that a browser names in `Origin`."""
        parts = urlsplit(self.public_url.lower())
        usual = {"http": ":80", "https": ":443"}[parts.scheme]
        return f"{parts.scheme}://{parts.netloc.removesuffix(usual)}"


class _Reader:
    """Reads single settings and collects what is wrong with them. An empty value counts as not set."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def text(self, name: str) -> str | None:
        return self._environment.get(name, "").strip() or None

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name) or default
        if value not in allowed:
            self.problems.append(f"{name} must be one of {', '.join(allowed)}")
            return default
        return value

    def flag(self, name: str, *, default: bool, true: str = "true", false: str = "false") -> bool:
        value = self.text(name)
        if value is None:
            return default
        if value not in {true, false}:
            self.problems.append(f"{name} must be {true} or {false}")
            return default
        return value == true

    def number(self, name: str, *, default: int, lowest: int, highest: int) -> int:
        value = self.text(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and lowest <= int(value) <= highest):
            self.problems.append(f"{name} must be a whole number from {lowest} to {highest}")
            return default
        return int(value)

    def web_address(self, name: str, *, secure: bool, loopback: bool = False) -> str | None:
        """`secure` demands https; with `loopback`, plain http to this very machine passes too."""
        value = self.text(name)
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            valid = False
        if not valid:
            self.problems.append(f"{name} must be an address such as https://workbuoy.example")
        elif parts.username or parts.password or parts.query or parts.fragment:
            self.problems.append(f"{name} must not carry a login, a query or a fragment")
        elif secure and parts.scheme != "https" and not (loopback and parts.hostname in LOOPBACK):
            self.problems.append(f"{name} must begin with https:// when NODE_ENV=production")
        return value.rstrip("/")

    def refuse(self, problem: str) -> None:
        self.problems.append(problem)


def load(environment: Mapping[str, str]) -> Settings:
    """Read all settings. Raises SettingsError that tells every problem at once."""
    read = _Reader(environment)
    production = read.choice("NODE_ENV", ("development", "production"), "development") == "production"
    oidc_dev_mock = read.flag("OIDC_DEV_MOCK", default=False, true="1", false="0")
    if production and oidc_dev_mock:
        read.refuse(
            "OIDC_DEV_MOCK must be 0 or unset when NODE_ENV=production: it logs in without a password"
        )
    public_url = read.web_address("PUBLIC_URL", secure=production)
    if production and public_url is None:
        read.refuse("PUBLIC_URL is needed when NODE_ENV=production")
    port = read.number("PORT", default=8080, lowest=1, highest=65_535)
    metrics_port = read.number("METRICS_PORT", default=9090, lowest=1, highest=65_535)
    metrics_enabled = read.flag("METRICS_ENABLED", default=True)
    if metrics_enabled and port == metrics_port:
        read.refuse("METRICS_PORT must differ from PORT: /metrics has a listener of its own")
    database, database_secret_id = _database(read, production=production)
    owner_user, owner_password = read.text("DATABASE_OWNER_USER"), read.text("DATABASE_OWNER_PASSWORD")
    if (owner_user is None) != (owner_password is None):
        read.refuse("DATABASE_OWNER_USER and DATABASE_OWNER_PASSWORD belong together: set both or neither")
    restored, restored_secret_id = _restored(read, database)
    storage = _storage(read, production=production)
    oidc = _oidc(read, production=production)
    settings = Settings(
        database=database,
        production=production,
        log_level=read.choice("LOG_LEVEL", LOG_LEVELS, "info"),
        oidc_dev_mock=oidc_dev_mock,
        database_secret_id=database_secret_id,
        owner_user=owner_user,
        owner_password=owner_password,
        owner_secret_id=read.text("DATABASE_OWNER_SECRET_ID"),
        restored=restored,
        restored_secret_id=restored_secret_id,
        backups_kept_days=read.number("BACKUPS_KEPT_DAYS", default=0, lowest=0, highest=36_500) or None,
        storage=storage,
        exports_bucket=read.text("EXPORTS_BUCKET"),
        oidc=oidc,
        metrics_enabled=metrics_enabled,
        traces_enabled=_traces(read),
        public_url=public_url or f"http://localhost:{port}",
        host=read.text("HOST") or ("0.0.0.0" if production else "127.0.0.1"),  # noqa: S104 - a container's own network
        port=port,
        tls_enabled=read.flag("TLS_ENABLED", default=False),
        metrics_port=metrics_port,
        attachment_max_bytes=read.number(
            "ATTACHMENT_MAX_BYTES", default=25 * MIB, lowest=1024, highest=1024 * MIB
        ),
        session_requests_per_second=read.number(
            "RATE_LIMIT_SESSION", default=100, lowest=0, highest=1_000_000
        ),
        tenant_requests_per_second=read.number("RATE_LIMIT_TENANT", default=300, lowest=0, highest=1_000_000),
        aws_region=read.text("AWS_REGION") or read.text("AWS_DEFAULT_REGION") or read.text("S3_REGION"),
    )
    if read.problems:
        raise SettingsError(read.problems)
    return settings


def _database(read: _Reader, *, production: bool) -> tuple[PostgresAddress | SqliteAddress, str | None]:
    """The address, and the secret that holds the login where the address has none."""
    nowhere = SqliteAddress(path="")
    secret_id = read.text("DATABASE_SECRET_ID")
    url = read.text("DATABASE_URL")
    if url is None:
        read.refuse("DATABASE_URL is needed, such as postgresql://user:password@localhost:5432/workbuoy")
        return nowhere, secret_id
    try:
        database = parse(url)
    except UrlError as error:
        for problem in error.problems:
            read.refuse(f"DATABASE_URL: {problem}")
        if production and url.lower().startswith(("sqlite:", "file:")):
            read.refuse("DATABASE_URL must name a Postgres when NODE_ENV=production")
        return nowhere, secret_id
    if isinstance(database, SqliteAddress):
        if production:
            read.refuse(
                "DATABASE_URL must name a Postgres when NODE_ENV=production: SQLite is for one tenant"
            )
        if secret_id:
            read.refuse("DATABASE_SECRET_ID has no meaning with SQLite: leave it unset")
    else:
        _check_postgres(read, database, secret_id, production=production)
    return database, secret_id


def _restored(
    read: _Reader, database: PostgresAddress | SqliteAddress
) -> tuple[PostgresAddress | None, str | None]:
    """A restored copy beside the database, and the secret that holds its owner's login."""
    url, secret_id = read.text("RESTORED_DATABASE_URL"), read.text("RESTORED_DATABASE_SECRET_ID")
    if url is None:
        return None, secret_id
    try:
        address = parse(url)
    except UrlError as error:
        for problem in error.problems:
            read.refuse(f"RESTORED_DATABASE_URL: {problem}")
        return None, secret_id
    if not isinstance(address, PostgresAddress) or not isinstance(database, PostgresAddress):
        read.refuse("RESTORED_DATABASE_URL is a copy of a Postgres, beside a DATABASE_URL that names one")
        return None, secret_id
    if (address.host, address.port) == (database.host, database.port):
        read.refuse("RESTORED_DATABASE_URL names the database that serves: a copy is another server")
    if secret_id is None and not address.user:
        read.refuse(
            "RESTORED_DATABASE_SECRET_ID is needed beside RESTORED_DATABASE_URL: the copy's own login"
        )
    return address, secret_id


def _check_postgres(
    read: _Reader, database: PostgresAddress, secret_id: str | None, *, production: bool
) -> None:
    if production and database.sslmode != "verify-full" and not database.is_local_socket:
        read.refuse("DATABASE_URL must say sslmode=verify-full when NODE_ENV=production")
    if secret_id and (database.user or database.password):
        read.refuse("DATABASE_URL must name no user or password when DATABASE_SECRET_ID gives them")
    logins = (
        database.user,
        secret_id,
        read.text("DATABASE_OWNER_USER"),
        read.text("DATABASE_OWNER_SECRET_ID"),
    )
    if not any(logins):
        read.refuse("DATABASE_URL must name a user and password, or DATABASE_SECRET_ID a secret with them")


def _storage(read: _Reader, *, production: bool) -> StorageSettings | None:
    bucket, region = read.text("S3_BUCKET"), read.text("S3_REGION")
    endpoint = read.web_address("S3_ENDPOINT", secure=production, loopback=True)
    key, secret = read.text("S3_ACCESS_KEY_ID"), read.text("S3_SECRET_ACCESS_KEY")
    public_endpoint = read.web_address("S3_PUBLIC_ENDPOINT", secure=production)
    path_style = read.flag("S3_FORCE_PATH_STYLE", default=False)
    if bucket is None:
        return None
    if region is None:
        read.refuse("S3_REGION is needed beside S3_BUCKET, such as eu-west-1")
    if (key is None) != (secret is None):
        read.refuse(
            "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together: set both, or neither for a role"
        )
    return StorageSettings(
        bucket=bucket,
        region=region or "",
        endpoint=endpoint,
        public_endpoint=public_endpoint,
        access_key_id=key,
        secret_access_key=secret,
        force_path_style=path_style,
    )


def _traces(read: _Reader) -> bool:
    """Whether spans are exported, by the variables of OpenTelemetry's specification."""
    endpoint = read.web_address("OTEL_EXPORTER_OTLP_ENDPOINT", secure=False)
    read.choice("OTEL_EXPORTER_OTLP_PROTOCOL", ("http/protobuf",), "http/protobuf")
    if endpoint is None or read.flag("OTEL_SDK_DISABLED", default=False):
        return False
    try:
        installed = find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        installed = False
    if not installed:
        read.refuse("OTEL_EXPORTER_OTLP_ENDPOINT needs the package with its extra: workbuoy-app[traces]")
    return True


def _oidc(read: _Reader, *, production: bool) -> OidcSettings | None:
    issuer, client_id = (
        read.web_address("OIDC_ISSUER", secure=production, loopback=True),
        read.text("OIDC_CLIENT_ID"),
    )
    client_secret, secret_id = read.text("OIDC_CLIENT_SECRET"), read.text("OIDC_SECRET_ID")
    if client_secret and secret_id:
        read.refuse("OIDC_CLIENT_SECRET and OIDC_SECRET_ID exclude each other: set one")
    if issuer is None and client_id is None:
        if client_secret or secret_id:
            read.refuse("OIDC_ISSUER and OIDC_CLIENT_ID are needed beside the client's secret")
        return None
    if issuer is None or client_id is None:
        read.refuse("OIDC_ISSUER and OIDC_CLIENT_ID belong together: set both or neither")
    elif not (client_secret or secret_id):
        read.refuse("OIDC_CLIENT_SECRET or OIDC_SECRET_ID is needed beside OIDC_ISSUER")
    return OidcSettings(
        # An issuer is compared letter by letter, so its trailing slash, if any, must stay.
        issuer=read.text("OIDC_ISSUER") or "",
        client_id=client_id or "",
        client_secret=client_secret,
        secret_id=secret_id,
    )


def read_env_files(paths: list[Path], environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, beneath it the files; a later file overrides an earlier one. Missing files are skipped.

    The form is that of Node's and Python's dotenv: `export`, quotes, comments, a byte order mark; a dollar sign stands
    for itself. Raises SettingsError for a file that cannot be read, naming lines and none of their content.
    """
    values: dict[str, str] = {}
    problems: list[str] = []
    for path in paths:
        if not path.exists():
            continue
        try:
            bindings = list(parse_stream(io.StringIO(path.read_text(encoding="utf-8-sig"))))
        except (OSError, UnicodeDecodeError) as error:
            reason = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error.strerror).lower()
            problems.append(f"{path} cannot be read: {reason}")
            continue
        problems += [
            f"{path}: line {each.original.line} is not NAME=value" for each in bindings if each.error
        ]
        values |= {each.key: each.value or "" for each in bindings if each.key is not None}
    if problems:
        raise SettingsError(problems)
    return values | dict(environment)
