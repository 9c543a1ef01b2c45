"""The rotation function of Secrets Manager: gives the service's database login a new password, no request lost.

Two logins of one group take turns. While one is in use, the other gets the new password and becomes current; what
is connected, or has the old value in its cache, goes on working until the turn after.

Its first run may come before any migration and while the secret has no value: it then makes the roles itself.
Every step may be repeated, also after it was interrupted. Environment: DATABASE_URL (without a login),
DATABASE_OWNER_SECRET_ID, and what the Lambda runtime sets.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from functools import cache
from typing import Any

import psycopg

from workbuoy_app import roles
from workbuoy_app.aws import secrets_client
from workbuoy_app.database_url import PostgresAddress
from workbuoy_app.logins import Login, parse_login
from workbuoy_app.logs import configure, log
from workbuoy_app.owner import owner_connection
from workbuoy_app.postgres_session import startup_options
from workbuoy_app.settings import Settings, load

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"


class RotationRefused(Exception):
    """The call is not one that rotation makes, or the secret is not in the state that the step asks for."""


def handler(event: Mapping[str, str], context: object = None) -> None:  # noqa: ARG001 - Lambda's signature
    """Lambda's entry point: one of the four steps."""
    settings = load({"NODE_ENV": "production", "PUBLIC_URL": "https://rotation.invalid", **os.environ})
    configure(settings.log_level)
    rotate(settings, _client_of_this_function(settings.aws_region), event)


@cache
def _client_of_this_function(region: str | None) -> Any:
    """One for as long as Lambda keeps this process: making it costs more than all four steps with it."""
    return secrets_client(region)


def rotate(settings: Settings, client: Any, event: Mapping[str, str]) -> None:
    """Do one step. Raises RotationRefused, and what the database or Secrets Manager raise; AWS then tries again."""
    secret_id, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    steps = {"createSecret": _create, "setSecret": _set, "testSecret": _test, "finishSecret": _finish}
    if step not in steps:
        raise RotationRefused(f"unknown step {step}")
    labels = client.describe_secret(SecretId=secret_id).get("VersionIdsToStages", {}).get(token, [])
    if step != "createSecret" and not {CURRENT, PENDING} & set(labels):
        raise RotationRefused(f"{step}: this version is not pending; createSecret comes first")
    steps[step](settings, client, secret_id, token)
    log.info("rotation step done", extra={"step": step})


def _create(settings: Settings, client: Any, secret_id: str, token: str) -> None:  # noqa: ARG001
    """Write a pending value for the login whose turn it is, unless an earlier try has.

    A secret's very first version becomes current at once, whatever is asked (PutSecretValue does so by definition):
    the service may read it before `_set`, is refused, and tries again.
    """
    if _value(client, secret_id, VersionId=token) is not None:
        return
    current = _value(client, secret_id, VersionStage=CURRENT)
    login = roles.LOGINS[1] if current and current.user == roles.LOGINS[0] else roles.LOGINS[0]
    value = {"username": login, "password": secrets.token_urlsafe(36)}
    client.put_secret_value(
        SecretId=secret_id,
        ClientRequestToken=token,
        SecretString=json.dumps(value),
        VersionStages=[PENDING],
    )


def _set(settings: Settings, client: Any, secret_id: str, token: str) -> None:
    """Give the login its password in the database, making the roles where they are missing."""
    pending = _pending(client, secret_id, token)
    current = _value(client, secret_id, VersionStage=CURRENT)
    if current and current.user == pending.user and current != pending:
        raise RotationRefused("the pending login is the one in use; a new password would end it")
    address = settings.database
    assert isinstance(address, PostgresAddress)  # noqa: S101 - production has no other
    with (
        owner_connection(settings, client=client) as owner,
        owner_connection(settings, client=client) as holder,
        roles.exclusive(holder, address),
    ):
        roles.ensure_roles(owner)
        roles.set_password(owner, pending.user, pending.password)


def _test(settings: Settings, client: Any, secret_id: str, token: str) -> None:
    """Log in with the pending value, and act as the group as the service does."""
    pending = _pending(client, secret_id, token)
    address = settings.database
    assert isinstance(address, PostgresAddress)  # noqa: S101 - production has no other
    with psycopg.connect(
        **address.connection_parameters(),  # type: ignore[arg-type]
        options=startup_options(address, roles.GROUP),
        user=pending.user,
        password=pending.password,
    ) as connection:
        connection.execute("select 1")


def _finish(settings: Settings, client: Any, secret_id: str, token: str) -> None:  # noqa: ARG001
    """Make the pending version current, unless it is."""
    stages = client.describe_secret(SecretId=secret_id).get("VersionIdsToStages", {})
    former = next((version for version, labels in stages.items() if CURRENT in labels), None)
    if former == token:
        return
    moved = {"RemoveFromVersionId": former} if former else {}
    client.update_secret_version_stage(
        SecretId=secret_id, VersionStage=CURRENT, MoveToVersionId=token, **moved
    )


def _pending(client: Any, secret_id: str, token: str) -> Login:
    pending = _value(client, secret_id, VersionId=token)
    if pending is None:
        raise RotationRefused("there is no pending value; createSecret comes first")
    if pending.user not in roles.LOGINS:
        raise RotationRefused("the pending value names a login that is not rotation's")
    return pending


def _value(client: Any, secret_id: str, **version: str) -> Login | None:
    """A version's login; None where there is no such version."""
    try:
        answer = client.get_secret_value(SecretId=secret_id, **version)
    except client.exceptions.ResourceNotFoundException:
        return None
    return parse_login(answer["SecretString"])
