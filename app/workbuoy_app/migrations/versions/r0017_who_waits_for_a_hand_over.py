"""Name the tenant of a freeze that nobody ended, and count what a promotion froze among these.

Expands only: the release before asks for the columns that it knows.
"""

import importlib

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_0016 = importlib.import_module("workbuoy_app.migrations.versions.r0016_standing_freezes")

# Frozen by a person for its own sake it stands until that person thaws it, and once it serves elsewhere until it is
# removed. A promotion freezes by a person, after what can be copied before.
FUNCTION = """
create function oldest_freeze()
returns table (tenant_id uuid, name text, frozen_by text, frozen_at timestamptz)
language sql stable security definer set search_path = pg_catalog rows 1 as $$
    select f.tenant_id, t.name, coalesce(f.frozen_by, 'a person, on its way to another place'), f.frozen_at
    from {schema}.freezes f
    join {schema}.tenants t on t.id = f.tenant_id
    left join {schema}.copies c on c.tenant_id = f.tenant_id
    where f.frozen_by is not null or c.part = 'sends'
    order by f.frozen_at limit 1
$$
"""
# A cut-over had left its name where it had ended well, too.
ENDED = """
update freezes set frozen_by = null
where exists (select from copies c where c.tenant_id = freezes.tenant_id and c.part <> 'sends')
"""


def upgrade() -> None:
    """Make the function anew: another result than before cannot take its place."""
    if op.get_bind().dialect.name == "postgresql":
        _replace(FUNCTION)
        op.execute(ENDED)


def downgrade() -> None:
    """As it was."""
    if op.get_bind().dialect.name == "postgresql":
        _replace(_0016.FUNCTION)


def _replace(function: str) -> None:
    connection = op.get_bind()
    schema = connection.exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    connection.exec_driver_sql("drop function oldest_freeze()")
    connection.exec_driver_sql(function.format(schema=schema))
