"""Roles of members, and API tokens, both judged by the database too.

Expands only. Members are editors, who may do what every member could, until an operator says otherwise. The release
before neither reads roles nor takes tokens: a reader's change it answers with 503 or 404, for the policies stop it.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROLE = (
    "alter table members add column role text not null default 'editor'"
    " check (role in ('admin', 'editor', 'reader'))"
)
# A rotated token's former value goes on for a while: `previous_hash`.
TABLE = """
create table api_tokens (
    tenant_id uuid not null,
    id uuid not null,
    member_id uuid not null,
    name text not null,
    scopes text not null,
    token_hash text not null unique,
    previous_hash text unique,
    previous_expires_at timestamptz,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    last_used_at timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, member_id) references members (tenant_id, id) on delete cascade
)
"""
# Only what `workbuoy.session` or `workbuoy.token` names, a hash, opens anything. PL/pgSQL keeps its plans: below
# Postgres 18 these functions take half the time that they took as SQL. Names are qualified: nobody redirects them.
IN_SESSION = "s.token_hash = current_setting('workbuoy.session', true) and s.expires_at > now()"
ASKING = """(t.token_hash = current_setting('workbuoy.token', true)
                or t.previous_hash = current_setting('workbuoy.token', true) and t.previous_expires_at > now())
            and t.expires_at > now()"""
_FUNCTION = """
create or replace function {name} language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    return coalesce(
        (select {of_session} from {schema}.sessions s{join_session} where {live_session}),
        (select {of_token} from {schema}.api_tokens t{join_token} where {live_token}){otherwise}
    );
end
$$
"""
RIGHTS_OF = """
create function rights_of(role text) returns text language sql immutable strict parallel safe
return case role
    when 'admin' then 'things:read things:write members:manage audit:read'
    when 'editor' then 'things:read things:write'
    when 'reader' then 'things:read'
end
"""
_MEMBER = " join {schema}.members m on m.tenant_id = {row}.tenant_id and m.id = {row}.member_id"
_ALLOWS = "wanted = any(string_to_array({schema}.rights_of(m.role), ' '))"
# As revision 0001 has them.
BEFORE = """
create or replace function {name}() returns uuid language sql stable security definer
begin atomic
    select {column} from sessions
    where token_hash = current_setting('workbuoy.session', true) and expires_at > now();
end
"""
IDENTITY = {"session_tenant": "tenant_id", "session_member": "member_id"}
# `case` as in revision 0004: below Postgres 16 the owner inherits the group's policies, and would ask itself for ever.
_IN_GROUP = "case when current_user = 'workbuoy_app' then {} else false end"
_MANAGES = "(select session_may('members:manage'))"
ADMINISTERED = f"tenant_id = (select session_tenant()) and {_MANAGES}"
ASKED_BY_IT = "current_setting('workbuoy.token', true) in (token_hash, previous_hash)"
# A token reaches itself alone, unless it may manage members; a browser reaches its member's.
OWN_TOKENS = (
    f"tenant_id = (select session_tenant()) and ({_MANAGES} or {ASKED_BY_IT}"
    " or coalesce(current_setting('workbuoy.token', true), '') = '' and member_id = (select session_member()))"
)
MADE_IN_BROWSER = (
    "tenant_id = (select session_tenant()) and member_id = (select session_member())"
    " and coalesce(current_setting('workbuoy.token', true), '') = ''"
)
# Nobody who acts as the group becomes an operator (promotion/acting.py), of whom the audit trail tells nothing.
NO_OPERATOR = "issuer <> 'workbuoy:operator'"
POLICIES = {
    "members": (
        f"administered on members to workbuoy_app using ({_IN_GROUP.format(ADMINISTERED)})"
        f" with check ({_IN_GROUP.format(ADMINISTERED)} and {NO_OPERATOR})",
    ),
    "api_tokens": (
        "registry on api_tokens to current_user using (true)",
        f"seen on api_tokens for select to workbuoy_app using ({_IN_GROUP.format(OWN_TOKENS)})",
        f"made on api_tokens for insert to workbuoy_app with check ({_IN_GROUP.format(MADE_IN_BROWSER)})",
        f"changed on api_tokens for update to workbuoy_app using ({_IN_GROUP.format(OWN_TOKENS)})",
        f"revoked on api_tokens for delete to workbuoy_app using ({_IN_GROUP.format(OWN_TOKENS)})",
    ),
    **{
        table: tuple(
            f"of_{action} on {table} as restrictive for {action} to workbuoy_app"
            f" {clause} ((select session_may('things:{right}')))"
            for action, clause, right in (
                ("select", "using", "read"),
                ("insert", "with check", "write"),
                ("update", "using", "write"),
                ("delete", "using", "write"),
            )
        )
        for table in ("things", "attachments", "attachment_chunks")
    },
}
# While a tenant moves. The owner's own work on members goes on: a copy is made by one (promotion/acting.py).
FREEZES = {"members": "insert or update or delete", "api_tokens": "insert or update of token_hash or delete"}


def upgrade() -> None:
    """Make the column, the table, the functions that ask both, and the policies."""
    op.execute(ROLE)
    op.execute(TABLE)
    op.execute("create index api_tokens_of_member on api_tokens (member_id)")
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    schema = connection.exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    connection.exec_driver_sql(RIGHTS_OF)
    for name, column in IDENTITY.items():
        connection.exec_driver_sql(_function(f"{name}() returns uuid", schema, f"s.{column}", f"t.{column}"))
    allows = _ALLOWS.format(schema=schema)
    connection.exec_driver_sql(
        _function(
            "session_may(wanted text) returns boolean",
            schema,
            allows,
            f"{allows} and wanted = any(string_to_array(t.scopes, ' '))",
            join=_MEMBER,
            otherwise=", false",
        )
    )
    op.execute("alter table api_tokens enable row level security")
    op.execute("alter table api_tokens force row level security")
    for policy in (each for policies in POLICIES.values() for each in policies):
        op.execute(f"create policy {policy}")
    for table, actions in FREEZES.items():
        op.execute(
            f"create trigger refuse_when_frozen before {actions} on {table} for each statement"
            " when (current_user = 'workbuoy_app') execute function refuse_when_frozen()"
        )


def _function(
    name: str, schema: str, of_session: str, of_token: str, *, join: str = "", otherwise: str = ""
) -> str:
    return _FUNCTION.format(
        name=name,
        schema=schema,
        of_session=of_session,
        of_token=of_token,
        join_session=join.format(schema=schema, row="s"),
        join_token=join.format(schema=schema, row="t"),
        live_session=IN_SESSION,
        live_token=ASKING,
        otherwise=otherwise,
    )


def downgrade() -> None:
    """Tokens are over, and every member may do everything again."""
    if op.get_bind().dialect.name == "postgresql":
        for policies in POLICIES.values():
            for policy in policies:
                name, _, rest = policy.partition(" on ")
                op.execute(f"drop policy {name} on {rest.split()[0]}")
        for table in FREEZES:
            op.execute(f"drop trigger refuse_when_frozen on {table}")
        for name, column in IDENTITY.items():
            op.execute(BEFORE.format(name=name, column=column))
        op.execute("drop function session_may(text), rights_of(text)")
    op.execute("drop table api_tokens")
    op.execute("alter table members drop column role")
