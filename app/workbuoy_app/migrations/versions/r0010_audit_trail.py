"""An audit trail: who did what, written by triggers in the transaction that does it.

So nothing that the service forgets, a smuggled statement or the release before does goes without, and the service's
group, which may only read, neither adds an entry nor changes one. An entry holds ids and names of columns, no content:
it outlives what it tells of. Expands only. SQLite, which has no sessions of its own, keeps none.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = """
create table audit_events (
    tenant_id uuid not null references tenants (id) on delete cascade,
    id uuid not null,
    happened_at timestamptz not null,
    member_id uuid,
    token_id uuid,
    action text not null,
    subject_id uuid,
    details text not null,
    primary key (tenant_id, id)
)
"""
# No member: an operator, as the database's owner. Who moves a tenant (promotion/acting.py) changes nothing in it.
KEEPER = """
create function keep_audit_events() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    kind text := tg_argv[0];
    tenant uuid;
    subject uuid;
    who uuid;
    by_token uuid;
    untold boolean;
    told text := '';
    moment timestamptz := clock_timestamp();
begin
    if tg_op = 'DELETE' then tenant := old.tenant_id; else tenant := new.tenant_id; end if;
    if kind = 'session' then -- what moves stays as it was copied
        untold := exists (select from {schema}.freezes f where f.tenant_id = tenant);
    elsif tg_op = 'DELETE' then subject := old.id; else subject := new.id;
    end if;
    if kind = 'member' and tg_op <> 'DELETE' then told := new.role;
    elsif kind = 'token' and tg_op = 'INSERT' then told := new.scopes;
    elsif kind = 'thing' and tg_op = 'UPDATE' then
        told := concat_ws(' ',
            case when new.title is distinct from old.title then 'title' end,
            case when new.body is distinct from old.body then 'body' end,
            case when new.status is distinct from old.status then 'status' end);
    end if;
    select s.member_id, untold is true or m.issuer = 'workbuoy:operator' into who, untold
        from {schema}.sessions s join {schema}.members m on m.tenant_id = s.tenant_id and m.id = s.member_id
        where s.token_hash = current_setting('workbuoy.session', true);
    if who is null then
        select t.member_id, t.id into who, by_token from {schema}.api_tokens t
            where current_setting('workbuoy.token', true) in (t.token_hash, t.previous_hash);
    end if;
    if untold is not true then
        insert into {schema}.audit_events
            (tenant_id, id, happened_at, member_id, token_id, action, subject_id, details)
        values (
            tenant,
            -- UUID version 7: entries sort by their time.
            cast(lpad(to_hex(cast(extract(epoch from moment) * 1000 as bigint)), 12, '0') || '7'
                || substr(replace(cast(gen_random_uuid() as text), '-', ''), 14) as uuid),
            moment, who, by_token,
            kind || case tg_op when 'INSERT' then '.created' when 'UPDATE' then '.changed' else '.deleted' end,
            subject, told
        );
    end if;
    if tg_when = 'BEFORE' then return old; end if;
    return null;
end
$$
"""
_NOT_IMPORTED = (
    "(current_user = 'workbuoy_app' or coalesce(current_setting('workbuoy.import', true), '') <> 'on')"
)
# By table: what its rows are called, and for each operation when it counts.
AUDITED = {
    "things": ("thing", {"insert": "true", "update": "true", "delete": "true"}),
    "attachments": ("attachment", {"insert": "true", "delete": "true"}),
    "members": (
        "member",
        {
            "insert": f"new.issuer <> 'workbuoy:operator' and {_NOT_IMPORTED}",
            "update": "new.role is distinct from old.role",
            "delete": "old.issuer <> 'workbuoy:operator'",
        },
    ),
    "api_tokens": (
        "token",
        {
            "insert": "true",
            "update": "new.token_hash is distinct from old.token_hash",
            "delete": "true",
        },
    ),
    # A login and a logout; not what goes with its member, nor what had expired.
    "sessions": (
        "session",
        {
            "insert": "current_user = 'workbuoy_app'",
            "delete": "current_user = 'workbuoy_app' and old.expires_at > now()",
        },
    ),
}
POLICIES = (
    "registry on audit_events to current_user using (true)",
    "administered on audit_events for select to workbuoy_app using ("
    "case when current_user = 'workbuoy_app'"
    " then tenant_id = (select session_tenant()) and (select session_may('audit:read')) else false end)",
)


def upgrade() -> None:
    """Make the table and what keeps it."""
    op.execute(TABLE)
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    schema = connection.exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    connection.exec_driver_sql(KEEPER.format(schema=schema))
    op.execute("alter table audit_events enable row level security")
    op.execute("alter table audit_events force row level security")
    for policy in POLICIES:
        op.execute(f"create policy {policy}")
    for table, (kind, operations) in AUDITED.items():
        for operation, condition in operations.items():
            op.execute(
                # Before a deletion: whoever deletes their own membership, token or session is then still known.
                f"create trigger keep_audit_events_of_{operation}"
                f" {'before' if operation == 'delete' else 'after'} {operation} on {table} for each row"
                f" when ({condition}) execute function keep_audit_events('{kind}')"
            )


def downgrade() -> None:
    """What was kept is lost: export the tenants first."""
    if op.get_bind().dialect.name == "postgresql":
        for table, (_, operations) in AUDITED.items():
            for operation in operations:
                op.execute(f"drop trigger keep_audit_events_of_{operation} on {table}")
        op.execute("drop function keep_audit_events()")
    op.execute("drop table audit_events")
