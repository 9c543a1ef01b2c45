"""Freeze a tenant: its rows stay as they are while they move to a database of their own.

Expands only. The release before answers 503 to a frozen tenant's writes, for it knows the error as one of waiting.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# A write holds the lock, shared, until its transaction ends; a freeze takes it alone. So no write that had begun
# before a freeze can commit after it.
FUNCTIONS = (
    """
create function freeze_key(tenant uuid) returns bigint language sql immutable
begin atomic
    select hashtextextended('freeze ' || cast(tenant as text), 0);
end
""",
    """
create function session_is_frozen() returns boolean language sql security definer
begin atomic
    select exists (select from freezes where tenant_id = session_tenant());
end
""",
    # It runs as whoever writes: as the owner it could be handed names to look up that are not the owner's.
    """
create function refuse_when_frozen() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(freeze_key(session_tenant()));
    if session_is_frozen() then
        raise exception 'this tenant is frozen' using errcode = 'lock_not_available', constraint = 'tenant_is_frozen';
    end if;
    return null;
end
$$
""",
)
# Whatever the service writes for a tenant, sessions excepted: reading goes on, and needs a login.
TABLES = ("things", "attachments", "attachment_chunks", "object_removals")


def upgrade() -> None:
    """Make the table, which the service itself cannot reach, and let the others ask it."""
    op.execute(
        "create table freezes ("
        " tenant_id uuid primary key references tenants (id),"
        " frozen_at timestamptz not null)"
    )
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("create policy registry on freezes to current_user using (true)")
    op.execute("alter table freezes enable row level security")
    op.execute("alter table freezes force row level security")
    for function in FUNCTIONS:
        op.execute(function)
    for table in TABLES:
        op.execute(
            f"create trigger refuse_when_frozen before insert or update or delete on {table}"
            " for each statement execute function refuse_when_frozen()"
        )


def downgrade() -> None:
    """Whoever is frozen is so no longer."""
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"drop trigger refuse_when_frozen on {table}")
        op.execute("drop function refuse_when_frozen(), session_is_frozen(), freeze_key(uuid)")
    op.execute("drop table freezes")
