"""Fill the search index, a few hundred things at a time, while the service goes on.

The owner sees no tenant's things; for the time of this revision it may read them. Interrupted, it begins anew.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PAGE = 500
# An existing row is the trigger's, of a later state.
FILL = """
with page as (
    select tenant_id, id, title, body from things where (tenant_id, id) > (%s, %s) order by tenant_id, id limit %s
), filled as (
    insert into thing_search (tenant_id, thing_id, terms)
    select tenant_id, id, search_terms(tenant_id, title || ' ' || body) from page
    on conflict (thing_id, tenant_id) do nothing
)
select tenant_id, id from page order by tenant_id desc, id desc limit 1
"""
NOBODY = "00000000-0000-0000-0000-000000000000"


def upgrade() -> None:
    """Each page is a transaction of its own: no lock is held for longer."""
    if op.get_bind().dialect.name != "postgresql":
        return
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        connection.exec_driver_sql("drop policy if exists backfill on things")
        connection.exec_driver_sql("create policy backfill on things for select to current_user using (true)")
        last = (NOBODY, NOBODY)
        while (found := connection.exec_driver_sql(FILL, (*last, PAGE)).fetchone()) is not None:
            last = tuple(found)
        connection.exec_driver_sql("drop policy backfill on things")


def downgrade() -> None:
    """What is filled may stay."""
