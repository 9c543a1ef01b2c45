"""Let the service see a freeze that a command left behind, so that somebody is told.

Expands only: the release before asks for nothing of it.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# What a person froze stands until that person thaws it, and what was handed over until it is removed.
FUNCTION = """
create function oldest_freeze() returns table (tenant_id uuid, frozen_by text, frozen_at timestamptz)
language sql stable security definer set search_path = pg_catalog rows 1 as $$
    select f.tenant_id, f.frozen_by, f.frozen_at from {schema}.freezes f
    where f.frozen_by is not null
        and not exists (select from {schema}.copies c where c.tenant_id = f.tenant_id and c.part <> 'sends')
    order by f.frozen_at limit 1
$$
"""


def upgrade() -> None:
    """Make the function."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    schema = connection.exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    connection.exec_driver_sql(FUNCTION.format(schema=schema))


def downgrade() -> None:
    """Nobody is told."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function oldest_freeze()")
