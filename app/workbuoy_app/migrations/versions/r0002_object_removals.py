"""Note in the database which objects are to go, so that a process that is killed half-way leaves none for ever.

Expands only: the first release neither reads nor writes the new table.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, kept apart like all that belong to tenants."""
    op.execute(
        "create table object_removals ("
        " tenant_id uuid not null references tenants (id),"
        " object_key text not null,"
        " noted_at timestamptz not null,"
        " primary key (tenant_id, object_key),"
        # 45 letters: `tenants/`, an id and a slash. Nobody may have another tenant's objects removed.
        " check (substr(object_key, 1, 45) = 'tenants/' || cast(tenant_id as text) || '/'))"
    )
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(
        "create policy own on object_removals to workbuoy_app"
        " using (tenant_id = (select session_tenant())) with check (tenant_id = (select session_tenant()))"
    )
    op.execute("alter table object_removals enable row level security")
    op.execute("alter table object_removals force row level security")


def downgrade() -> None:
    """Forget what is still to go: those objects then stay until somebody compares bucket and rows."""
    op.execute("drop table object_removals")
