"""Remember for a day what a request with an Idempotency-Key was answered, so that sent again it is done once.

Expands only: the release before knows neither the header nor the table.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, kept apart like all that belong to tenants, and still while a tenant moves."""
    op.execute(
        "create table idempotency_keys ("
        " tenant_id uuid not null,"
        " member_id uuid not null,"
        " key text not null,"
        " fingerprint text not null,"
        " answer text not null,"
        " created_at timestamptz not null,"
        " primary key (tenant_id, member_id, key),"
        " foreign key (tenant_id, member_id) references members (tenant_id, id) on delete cascade)"
    )
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(
        "create policy own on idempotency_keys to workbuoy_app"
        " using (tenant_id = (select session_tenant())) with check (tenant_id = (select session_tenant()))"
    )
    op.execute("alter table idempotency_keys enable row level security")
    op.execute("alter table idempotency_keys force row level security")
    op.execute(
        "create trigger refuse_when_frozen before insert or update or delete on idempotency_keys"
        " for each statement execute function refuse_when_frozen()"
    )


def downgrade() -> None:
    """A request that is sent again is then done again."""
    op.execute("drop table idempotency_keys")
