"""The matrix's cells of database rows: every stack's login on every stack's Postgres, and pool tenants in one."""

import hashlib
import json
import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rehearsal.cloud import Cloud
from rehearsal.service.processes import NotToBeHadError
from rehearsal.service.surroundings import Owner
from rehearsal.tenants import sql
from rehearsal.tenants.holdings import Holdings
from rehearsal.tenants.pool import PoolMember
from rehearsal.tenants.result import Cell, Outcome
from rehearsal.tenants.tables import LOGIN_ROLE, SESSION, cells_of_tables

_TABLES = ("things", "attachments", "members", "sessions")
_NO_ROW = "row-level security: no row of it is visible"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A stack's database with its owner, its service's login, and a session that is seeded into it."""

    holdings: Holdings
    owner: Owner
    login: Owner
    session: str
    tenant_id: str


def standing_databases(
    ask: sql.Ask, stacks: Sequence[Holdings], owners: Mapping[str, Owner], cloud: Cloud
) -> list[Standing]:
    """The databases that are ready, each with a tenant, a member, a session and a record put in as the service does.

    Raises:
        NotToBeHadError: the databases cannot be asked.
        CloudError: a stack's login has no value.
    """
    found = [_standing(one, owners[one.stack], cloud) for one in stacks if one.stack in owners]
    answers = ask([work for one in found for work in _seed(one)])
    wrong = next((one.why for one in answers if one.rows is None), "")
    if wrong:
        raise NotToBeHadError(f"a record could not be put into a database: {wrong}")
    return found


def _standing(holdings: Holdings, owner: Owner, cloud: Cloud) -> Standing:
    params = {"SecretId": holdings.declared.rotated_secret_arn, "VersionStage": "AWSCURRENT"}
    value = json.loads(cloud.call("secretsmanager", "get_secret_value", params, holdings.region)["SecretString"])
    return Standing(
        holdings=holdings,
        owner=owner,
        login=replace(owner, user=value["username"], password=value["password"]),
        session=hashlib.sha256(secrets.token_bytes(32)).hexdigest(),
        tenant_id=str(uuid.uuid4()),
    )


def _seed(one: Standing) -> Iterator[sql.Work]:
    """The owner founds tenant and member; the session and the record come in by the service's own login."""
    tenant, member, subject = one.tenant_id, str(uuid.uuid4()), f"rehearsal-{one.tenant_id}"
    yield sql.Work(
        login=one.owner,
        statements=[
            ("insert into tenants (id, name, created_at) values (%s, %s, now())", [tenant, subject]),
            (
                "insert into members (id, tenant_id, issuer, subject, created_at) values (%s, %s, %s, %s, now())",
                [member, tenant, "rehearsal", subject],
            ),
        ],
        keeps=True,
    )
    yield sql.Work(
        login=one.login,
        role=LOGIN_ROLE,
        claims={
            "workbuoy.session": one.session,
            "workbuoy.issuer": "rehearsal",
            "workbuoy.subject": subject,
        },
        statements=[
            (
                "insert into sessions (token_hash, tenant_id, member_id, created_at, renewed_at, expires_at)"
                " values (%s, %s, %s, now(), now(), now() + interval '1 hour')",
                [one.session, tenant, member],
            ),
            _insert_thing(tenant),
        ],
        keeps=True,
    )


def _insert_thing(tenant_id: str) -> tuple[str, list[str]]:
    return (
        "insert into things (tenant_id, id, title, body, status, created_at, updated_at)"
        " values (%s, %s, 'Rehearsed', '', 'open', now(), now())",
        [tenant_id, str(uuid.uuid4())],
    )


def cells_of_rows(ask: sql.Ask, databases: Sequence[Standing]) -> Iterator[Cell]:
    """Each stack's login on each stack's Postgres: its own record is read, and another server knows no such login.

    Raises:
        NotToBeHadError: the databases cannot be asked.
    """
    pairs = [(one, other) for one in databases for other in databases]
    read = "select 1 from things where tenant_id = %s"
    work = [
        sql.Work(
            login=replace(other.owner, user=one.login.user, password=one.login.password),
            role=LOGIN_ROLE,
            claims={"workbuoy.session": other.session},
            statements=[(read, [other.tenant_id])],
        )
        for one, other in pairs
    ]
    for (one, other), answer in zip(pairs, ask(work), strict=True):
        own = one is other
        yield Cell(
            who=one.holdings.stack,
            who_as="database login",
            whom=other.holdings.stack,
            what="database rows",
            call="SQL select things",
            expected=Outcome.ALLOWED if own else Outcome.DENIED,
            got=_got(answer, logged_in_is_enough=not own),
            why=answer.why or f"logged in, {answer.rows} rows",
        )


def _got(answer: sql.SqlAnswer, *, logged_in_is_enough: bool = False) -> Outcome:
    if answer.rows is None:
        return Outcome.DENIED if answer.refused else Outcome.NOT_PROVED
    return Outcome.ALLOWED if answer.rows or logged_in_is_enough else Outcome.DENIED


def cells_of_pool_rows(ask: sql.Ask, login: Owner, members: Sequence[PoolMember]) -> Iterator[Cell]:
    """The pool's own login in one tenant's session, with SQL and no service between: its own rows, and all tables.

    Raises:
        NotToBeHadError: the database cannot be asked.
    """
    tried = [(one, *each) for one in members for each in _on_own(one)]
    work = [
        sql.Work(login=login, role=LOGIN_ROLE, claims={"workbuoy.session": one.session}, statements=[statement])
        for one, _, _, statement in tried
    ]
    for (one, call, what, _), answer in zip(tried, ask(work), strict=True):
        yield Cell(
            who=one.tenant,
            who_as=SESSION,
            whom=one.tenant,
            what=what,
            call=call,
            expected=Outcome.ALLOWED,
            got=_got(answer),
            why=answer.why or (f"{answer.rows} rows" if answer.rows else _NO_ROW),
        )
    yield from cells_of_tables(ask, login, members)


def _on_own(one: PoolMember) -> Iterator[tuple[str, str, sql.Statement]]:
    tenant = [one.tenant_id]
    for table in _TABLES:
        yield "SQL select", f"rows of {table}", (f"select 1 from {table} where tenant_id = %s", tenant)  # noqa: S608
    yield "SQL update", "rows of things", ("update things set title = 'taken' where tenant_id = %s", tenant)
    yield "SQL delete", "rows of things", ("delete from things where tenant_id = %s", tenant)
