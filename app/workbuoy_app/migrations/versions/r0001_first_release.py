"""Tenants, members, sessions, things and attachments, kept apart by row-level security.

The column types are Postgres's own; SQLite takes any name for a type, and `workbuoy_app.sqlite` converts them.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
create table tenants (
    id uuid primary key,
    name text not null unique,
    created_at timestamptz not null
);
create table members (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    issuer text not null,
    subject text not null,
    created_at timestamptz not null,
    unique (issuer, subject),
    unique (tenant_id, id)
);
create table sessions (
    token_hash text primary key,
    tenant_id uuid not null,
    member_id uuid not null,
    created_at timestamptz not null,
    renewed_at timestamptz not null,
    expires_at timestamptz not null,
    foreign key (tenant_id, member_id) references members (tenant_id, id) on delete cascade
);
create index sessions_of_member on sessions (member_id);
create table things (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    title text not null,
    body text not null,
    status text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant_id, id)
);
create table attachments (
    tenant_id uuid not null,
    id uuid not null,
    thing_id uuid not null,
    name text not null,
    content_type text not null,
    size_bytes bigint not null,
    sha256 text not null,
    object_key text check (object_key = 'tenants/' || cast(tenant_id as text) || '/' || cast(id as text)),
    created_at timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, thing_id) references things (tenant_id, id) on delete cascade
);
create index attachments_of_thing on attachments (tenant_id, thing_id);
create table attachment_chunks (
    tenant_id uuid not null,
    attachment_id uuid not null,
    position bigint not null,
    content bytea not null,
    primary key (tenant_id, attachment_id, position),
    foreign key (tenant_id, attachment_id) references attachments (tenant_id, id) on delete cascade
)
"""

# Who asks is told by a session's token (its hash), never by a tenant's id: a statement smuggled into the service
# can name another tenant, but it would have to know a live token of it to see or change a row.
FUNCTIONS = """
create function session_tenant() returns uuid language sql stable security definer
begin atomic
    select tenant_id from sessions
    where token_hash = current_setting('workbuoy.session', true) and expires_at > now();
end;
create function session_member() returns uuid language sql stable security definer
begin atomic
    select member_id from sessions
    where token_hash = current_setting('workbuoy.session', true) and expires_at > now();
end
"""
# Both run as the owner, to whom `of_member` below does not apply: it would call itself without end.
POLICIES = """
create policy registry on tenants to current_user using (true);
create policy registry on members to current_user using (true);
create policy own on tenants for select to workbuoy_app using (id = (select session_tenant()));
create policy own on members for select to workbuoy_app using (
    id = (select session_member())
    or (issuer = current_setting('workbuoy.issuer', true) and subject = current_setting('workbuoy.subject', true))
);
create policy by_token on sessions using (token_hash = current_setting('workbuoy.session', true)) with check (
    token_hash = current_setting('workbuoy.session', true)
    and exists (select 1 from members m where m.tenant_id = sessions.tenant_id and m.id = sessions.member_id)
);
create policy of_member on sessions for delete to workbuoy_app using (member_id = (select session_member()));
create policy seen_by_member on sessions for select to workbuoy_app using (member_id = (select session_member()))
"""
WITH_TENANT = ("things", "attachments", "attachment_chunks")


def _run(statements: str) -> None:
    # A function's body has semicolons of its own; they are indented, the ends of statements are not.
    for statement in statements.replace(";\n    ", "\0").replace(";\nend", "\1").split(";\n"):
        op.execute(statement.replace("\0", ";\n    ").replace("\1", ";\nend"))


def upgrade() -> None:
    """Make everything."""
    _run(TABLES)
    if op.get_bind().dialect.name != "postgresql":
        return
    _run(FUNCTIONS)
    _run(POLICIES)
    for table in WITH_TENANT:
        op.execute(
            f"create policy own on {table} to workbuoy_app"
            " using (tenant_id = (select session_tenant())) with check (tenant_id = (select session_tenant()))"
        )
    for table in ("tenants", "members", "sessions", *WITH_TENANT):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")


def downgrade() -> None:
    """Remove everything, data included."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "drop function session_member(), session_tenant() cascade"
        )  # with the policies that ask them
    for table in ("attachment_chunks", "attachments", "things", "sessions", "members", "tenants"):
        op.execute(f"drop table {table}")
