"""The matrix's cells of every table of a pool's database, whoever made it: one tenant's session on another's rows.

What tables there are, who may use them and by which policies is asked of Postgres's own catalogue. Each policy is tried
twice: on the rows that are there, and on a row of the other tenant that is made up for it, since a table may be empty.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rehearsal.service.processes import NotToBeHadError
from rehearsal.service.surroundings import Owner
from rehearsal.tenants import sql
from rehearsal.tenants.pool import PoolMember
from rehearsal.tenants.result import Cell, Outcome

LOGIN_ROLE: Final = "workbuoy_app"  # the group that the service's logins act as: app/workbuoy_app/roles.py
NOBODYS: Final = {"alembic_version": "the schema's revision"}
"""Tables whose rows belong to no tenant, and what they hold."""

SESSION: Final = "SQL in its session"
_PAST: Final = "everything, past row-level security"
_CATALOGUE: Final = """
select c.oid::regclass::text, verb.name,
    case when c.relkind in ('v', 'm') then coalesce('security_invoker=true' = any(c.reloptions), false)
         else c.relrowsecurity end,
    has_table_privilege(%(role)s, c.oid, verb.name) or has_any_column_privilege(%(role)s, c.oid,
        case verb.name when 'delete' then 'references' else verb.name end),
    (select quote_ident(a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
        and (a.attname = 'tenant_id' or (a.attname = 'id' and c.relname = 'tenants')) limit 1),
    coalesce((select json_agg(json_build_array(p.polpermissive, pg_get_expr(p.polqual, p.polrelid),
            pg_get_expr(p.polwithcheck, p.polrelid)))
        from pg_policy p where p.polrelid = c.oid and p.polcmd in ('*', verb.letter)
        and exists (select 1 from unnest(p.polroles) r where r = 0 or pg_has_role(%(role)s, r, 'member'))), '[]')
from pg_class c join pg_namespace n on n.oid = c.relnamespace,
    (values ('select', 'r'), ('insert', 'a'), ('update', 'w'), ('delete', 'd')) verb(name, letter)
where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not like 'pg\\_%%' and n.nspname <> 'information_schema'
order by 1, verb.letter desc
"""
_MORE_THAN_A_LOGIN: Final = """
select 1 from pg_roles r where r.rolname in (session_user, %(role)s) and (r.rolsuper or r.rolbypassrls)
union all
select 1 from pg_roles r where pg_has_role(session_user, r.oid, 'member') and r.rolname not in (session_user, %(role)s)
union all
select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname not like 'pg\\_%%' and n.nspname <> 'information_schema'
    and pg_has_role(session_user, c.relowner, 'member')
"""


@dataclass(frozen=True, kw_only=True)
class Access:
    """One verb on one table: whether row-level security is on, whether the service may, and by which policies.

    `policies` are (permissive, using, with check). `column` holds the tenant; it is empty where there is none.
    """

    table: str
    verb: str
    protected: bool
    granted: bool
    column: str
    policies: Sequence[tuple[bool, str | None, str | None]]

    @property
    def lets_through(self) -> str:
        """A condition that is true of a row that the policies let through, now or as what it becomes."""
        expressions = [self._expression(checked=False)] if self.verb != "insert" else []
        expressions += [self._expression(checked=True)] if self.verb in ("insert", "update") else []
        return " or ".join(f"({one})" for one in expressions)

    def _expression(self, *, checked: bool) -> str:
        found = [(kind, (check or using) if checked else using) for kind, using, check in self.policies]
        permissive = " or ".join(f"({one})" for kind, one in found if kind and one) or "false"
        restrictive = "".join(f" and ({one})" for kind, one in found if not kind and one)
        return f"({permissive}){restrictive}"


def cells_of_tables(ask: sql.Ask, login: Owner, members: Sequence[PoolMember]) -> Iterator[Cell]:
    """Each tenant's session on every table's rows of every other tenant, and what its login is besides.

    Raises:
        NotToBeHadError: the database cannot be asked.
    """
    catalogue = _catalogue(ask, login)
    pairs = [(one, other) for one in members for other in members if one is not other]
    tried = [(one, other, access) for one, other in pairs for access in catalogue if access.table not in NOBODYS]
    works = [[_work(login, one, each) for each in _statements(access, other)] for one, other, access in tried]
    answers = iter(ask([one for each in works for one in each]))
    for (one, other, access), each in zip(tried, works, strict=True):
        verdict = _by_catalogue(access) or _by_trying(access, *(next(answers) for _ in each))
        yield _cell(one, other, (f"rows of {access.table}", f"SQL {access.verb}"), verdict)
    more = ask([sql.Work(login=login, statements=[(_MORE_THAN_A_LOGIN, {"role": LOGIN_ROLE})])])
    for one, other in pairs:
        why = more[0].why or ("its login is a member, an owner or more" if more[0].rows else "its login is a login")
        got = Outcome.NOT_PROVED if more[0].rows is None else Outcome.ALLOWED if more[0].rows else Outcome.DENIED
        yield _cell(one, other, (_PAST, "SQL set role"), (got, why))


def _cell(one: PoolMember, other: PoolMember, tried: tuple[str, str], verdict: tuple[Outcome, str]) -> Cell:
    return Cell(
        who=one.tenant,
        who_as=SESSION,
        whom=other.tenant,
        what=tried[0],
        call=tried[1],
        expected=Outcome.DENIED,
        got=verdict[0],
        why=verdict[1],
    )


def _catalogue(ask: sql.Ask, login: Owner) -> list[Access]:
    (answer,) = ask([sql.Work(login=login, statements=[(_CATALOGUE, {"role": LOGIN_ROLE})], fetches=True)])
    if answer.rows is None:
        raise NotToBeHadError(f"the database's catalogue could not be read: {answer.why}")
    return [
        Access(table=table, verb=verb, protected=on, granted=granted, column=column or "", policies=policies)
        for table, verb, on, granted, column, policies in answer.found
    ]


def _work(login: Owner, one: PoolMember, statement: sql.Statement) -> sql.Work:
    return sql.Work(login=login, role=LOGIN_ROLE, claims={"workbuoy.session": one.session}, statements=[statement])


def _statements(access: Access, other: PoolMember) -> Iterator[sql.Statement]:
    """On rows that are there, and on one that is made up; nothing where the catalogue says enough."""
    if _by_catalogue(access) is not None:
        return
    table, column, tenant = access.table, access.column, [other.tenant_id]
    yield {
        "select": (f"select 1 from {table} where {column} = %s", tenant),  # noqa: S608 names of the catalogue
        "insert": (f"insert into {table} ({column}) values (%s)", tenant),  # noqa: S608
        "update": (f"update {table} set {column} = {column} where {column} = %s", tenant),  # noqa: S608
        "delete": (f"delete from {table} where {column} = %s", tenant),  # noqa: S608
    }[access.verb]
    row = json.dumps({column.strip('"'): other.tenant_id})
    made_up = f"(select (jsonb_populate_record(null::{table}, %s::jsonb)).*)"
    condition = access.lets_through.replace("%", "%%")
    yield f"select 1 from {made_up} as {table.rpartition('.')[2]} where {condition}", [row]  # noqa: S608


def _by_catalogue(access: Access) -> tuple[Outcome, str] | None:
    """The verdict that needs no attempt."""
    if not access.granted:
        return Outcome.DENIED, "the service has no such right on the table"
    if not access.protected:
        return Outcome.ALLOWED, "row-level security is off"
    return None if access.column else (Outcome.NOT_PROVED, "no column says whose its rows are")


def _by_trying(access: Access, there: sql.SqlAnswer, made_up: sql.SqlAnswer) -> tuple[Outcome, str]:
    if there.rows or (access.verb == "insert" and there.rows is None and not there.refused):
        return Outcome.ALLOWED, there.why or f"{there.rows} rows"  # the row failed only after its policies had passed
    if made_up.rows:
        return Outcome.ALLOWED, "a policy lets through whatever row of the other there were"
    if not (there.refused or there.rows == 0) or (made_up.rows is None and not made_up.refused):
        return Outcome.NOT_PROVED, there.why or made_up.why
    return Outcome.DENIED, there.why or "row-level security: no row of it is visible"
