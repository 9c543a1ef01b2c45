"""The four steps of rotation, repeated, interrupted, before any migration, and in the middle of traffic."""

from __future__ import annotations

import json
import uuid
from functools import cache
from typing import Any

import psycopg
import pytest

from workbuoy_app import aws, roles, rotation
from workbuoy_app.database_url import PostgresAddress
from workbuoy_app.devtools import embedded_postgres
from workbuoy_app.devtools.embedded_postgres import OWNER, Postgres
from workbuoy_app.migrate import migrate
from workbuoy_app.rotation import RotationRefused, rotate
from workbuoy_app.settings import Settings, load

pytestmark = pytest.mark.slow  # on a server of their own

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class Secret:
    """A secret without a value, its rotation, and the owner's secret as RDS makes it."""

    def __init__(self, postgres: Postgres) -> None:
        self.client = aws.secrets_client("eu-west-1")
        self.id = self.client.create_secret(Name=f"login-{uuid.uuid4()}")["ARN"]
        managed = {"username": OWNER, "password": postgres.password}
        owner = self.client.create_secret(Name=f"owner-{uuid.uuid4()}", SecretString=json.dumps(managed))[
            "ARN"
        ]
        self.environment = {
            "DATABASE_URL": postgres.address(),
            "DATABASE_OWNER_SECRET_ID": owner,
            "AWS_REGION": "eu-west-1",
        }
        self.settings: Settings = load(self.environment)

    def step(self, step: str, token: str) -> None:
        rotate(self.settings, self.client, {"SecretId": self.id, "ClientRequestToken": token, "Step": step})

    def rotate(self) -> dict[str, str]:
        """All four; gives the value that is then current."""
        token = str(uuid.uuid4())
        for step in STEPS:
            self.step(step, token)
        return self.value()

    def value(self, stage: str = "AWSCURRENT") -> dict[str, str]:
        answer = self.client.get_secret_value(SecretId=self.id, VersionStage=stage)
        value: dict[str, str] = json.loads(answer["SecretString"])
        return value


@pytest.fixture
def secret(own_postgres: Postgres, moto: str, monkeypatch: pytest.MonkeyPatch) -> Secret:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    return Secret(own_postgres)


def logs_in(postgres: Postgres, value: dict[str, str]) -> bool:
    """Whether a login works, acting as the group."""
    try:
        url = postgres.url(value["username"], password=value["password"])
        with psycopg.connect(url, options=f"-c role={roles.GROUP}") as connection:
            return connection.execute("select current_user").fetchone() == (roles.GROUP,)
    except psycopg.OperationalError:
        return False


def test_the_first_value_comes_before_any_migration_and_on_a_secret_without_one(
    secret: Secret, own_postgres: Postgres
) -> None:
    value = secret.rotate()
    assert set(value) == {"username", "password"}
    assert value["username"] == roles.LOGINS[0]
    assert logs_in(own_postgres, value)
    migrate(load({"DATABASE_URL": own_postgres.url(), "DATABASE_SECRET_ID": ""}))
    assert logs_in(own_postgres, value)


def test_logins_take_turns_and_the_one_before_goes_on_working(secret: Secret, own_postgres: Postgres) -> None:
    first, second, third = (secret.rotate() for _ in range(3))
    assert [each["username"] for each in (first, second, third)] == [
        roles.LOGINS[0],
        roles.LOGINS[1],
        roles.LOGINS[0],
    ]
    assert len({each["password"] for each in (first, second, third)}) == 3
    assert logs_in(own_postgres, second)
    assert logs_in(own_postgres, third)
    assert not logs_in(own_postgres, first)


def test_every_step_may_be_repeated(secret: Secret, own_postgres: Postgres) -> None:
    for _ in range(2):
        token = str(uuid.uuid4())
        for number, step in enumerate(STEPS):
            for repeated in STEPS[: number + 1]:
                secret.step(repeated, token)
            secret.step(step, token)
        assert logs_in(own_postgres, secret.value())
        password = secret.value()["password"]
        secret.step("createSecret", token)
        secret.step("setSecret", token)
        assert secret.value()["password"] == password


@pytest.mark.parametrize("last", STEPS[:-1])
def test_a_rotation_that_stopped_after_any_step_harms_nothing_and_can_go_on(
    secret: Secret, own_postgres: Postgres, last: str
) -> None:
    current = secret.rotate()
    token = str(uuid.uuid4())
    assert logs_in(own_postgres, current)
    for step in STEPS[: STEPS.index(last) + 1]:
        secret.step(step, token)
    assert secret.value() == current
    assert logs_in(own_postgres, current)
    for step in STEPS:  # AWS begins again with the same token
        secret.step(step, token)
    assert secret.value() != current
    assert logs_in(own_postgres, secret.value())


def test_an_abandoned_rotation_does_not_stand_in_the_next_ones_way(
    secret: Secret, own_postgres: Postgres
) -> None:
    current = secret.rotate()
    secret.step("createSecret", str(uuid.uuid4()))
    value = secret.rotate()
    assert value["username"] != current["username"]
    assert logs_in(own_postgres, value)


def test_the_very_first_version_is_current_before_its_password_is_set_and_the_steps_go_on(
    secret: Secret, own_postgres: Postgres
) -> None:
    """Secrets Manager labels a secret's first version AWSCURRENT by itself: that must not pass for done."""
    token = str(uuid.uuid4())
    secret.step("createSecret", token)
    assert not logs_in(own_postgres, secret.value())
    for step in STEPS[1:]:
        secret.step(step, token)
    assert logs_in(own_postgres, secret.value())


def test_steps_out_of_order_and_unknown_steps_are_refused(secret: Secret) -> None:
    for step in STEPS[1:]:
        with pytest.raises(RotationRefused):
            secret.step(step, str(uuid.uuid4()))
    with pytest.raises(RotationRefused, match="unknown step"):
        secret.step("dropSecret", str(uuid.uuid4()))


def test_the_login_in_use_never_gets_a_new_password(secret: Secret, own_postgres: Postgres) -> None:
    current = secret.rotate()
    token = str(uuid.uuid4())
    secret.client.put_secret_value(
        SecretId=secret.id,
        ClientRequestToken=token,
        SecretString=json.dumps({"username": current["username"], "password": "other"}),
        VersionStages=["AWSPENDING"],
    )
    with pytest.raises(RotationRefused, match="in use"):
        secret.step("setSecret", token)
    assert logs_in(own_postgres, current)


def test_a_pending_value_that_names_the_owner_is_refused(secret: Secret, own_postgres: Postgres) -> None:
    token = str(uuid.uuid4())
    secret.client.put_secret_value(
        SecretId=secret.id,
        ClientRequestToken=token,
        SecretString=json.dumps({"username": OWNER, "password": "other"}),
        VersionStages=["AWSPENDING"],
    )
    with pytest.raises(RotationRefused, match="not rotation's"):
        secret.step("setSecret", token)
    with psycopg.connect(own_postgres.url()):
        pass


def test_the_step_that_tests_finds_a_password_that_was_not_set(secret: Secret) -> None:
    secret.rotate()
    token = str(uuid.uuid4())
    secret.step("createSecret", token)
    with pytest.raises(psycopg.OperationalError):
        secret.step("testSecret", token)


def test_rotation_waits_for_a_migration(secret: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbuoy_app.owner import owner_connection

    token = str(uuid.uuid4())
    secret.step("createSecret", token)
    real, address = roles.exclusive, secret.settings.database
    assert isinstance(address, PostgresAddress)
    monkeypatch.setattr(roles, "exclusive", lambda holder, address: real(holder, address, wait_seconds=0.5))
    with owner_connection(secret.settings) as holder, real(holder, address):
        with pytest.raises(roles.LockNotFree):
            secret.step("setSecret", token)
    secret.step("setSecret", token)


def test_the_password_never_reaches_the_servers_log_in_clear(
    own_postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(own_postgres.url(), autocommit=True) as owner:
        roles.ensure_roles(owner)
        sent: list[str] = []
        real = owner.execute

        def watched(statement: Any, *values: Any) -> Any:
            sent.append(statement if isinstance(statement, str) else statement.as_string(owner))
            return real(statement, *values)

        monkeypatch.setattr(owner, "execute", watched)
        roles.set_password(owner, roles.LOGINS[0], "in-the-clear")
    assert sent
    assert "SCRAM-SHA-256$" in sent[-1]
    assert "in-the-clear" not in "".join(sent)
    assert logs_in(own_postgres, {"username": roles.LOGINS[0], "password": "in-the-clear"}) is True


def test_the_handler_reads_its_settings_from_the_functions_environment(
    secret: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In production the address says verify-full; this Postgres has no TLS, so only that is left out here."""
    for name, value in secret.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NODE_ENV", "development")
    made: list[str | None] = []

    def make(region: str | None) -> Any:
        made.append(region)
        return aws.secrets_client(region)

    monkeypatch.setattr(rotation, "secrets_client", make)
    monkeypatch.setattr(
        rotation, "_client_of_this_function", cache(rotation._client_of_this_function.__wrapped__)
    )
    token = str(uuid.uuid4())
    for step in STEPS:
        rotation.handler({"SecretId": secret.id, "ClientRequestToken": token, "Step": step}, None)
    assert secret.value()["username"] == roles.LOGINS[0]
    assert made == ["eu-west-1"], "a client a step costs more than the steps"


@pytest.mark.database
def test_a_renewed_server_knows_nothing_of_before_and_takes_a_first_login_again(
    moto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    with embedded_postgres.running() as first:
        Secret(first).rotate()
        migrate(load({"DATABASE_URL": first.url()}))
        first.create_database("another")
        renewed = first.renewed()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(first.url())
        _expect_nothing_in(renewed)
        assert Secret(renewed).rotate()["username"] == roles.LOGINS[0]


def _expect_nothing_in(server: Postgres) -> None:
    with psycopg.connect(server.url()) as connection:
        databases = connection.execute("select datname from pg_database where oid >= 16384").fetchall()
        known = connection.execute("select rolname from pg_roles where oid >= 16384").fetchall()
        tables = connection.execute("select 1 from pg_tables where schemaname = 'public'").fetchall()
        assert (databases, known, tables) == ([(embedded_postgres.DATABASE,)], [(OWNER,)], [])
