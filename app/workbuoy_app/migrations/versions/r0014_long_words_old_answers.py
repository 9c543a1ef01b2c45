"""Things with long words can be stored, and kept answers are forgotten after a day whoever comes back.

Postgres indexes words of up to 2,046 bytes, and search_terms() puts twelve before each: a thing with a word of a little
less was refused. Now the first 64 letters are kept, which is all that a search asks for. Revisions 0007 and 0011 say so
too, for 0008 fills the index from whatever is there; this one is for databases that have passed them.

An answer kept for an Idempotency-Key went with the next such request of its member, which may never come, while what it
holds of a thing was long deleted. Expands only.
"""

import importlib

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_0011 = importlib.import_module("workbuoy_app.migrations.versions.r0011_asking_and_sweeping")

# It meets revision 0003's trigger, whose names are not qualified: hence the schema.
FORGET = """
create function forget_answers() returns void
language sql security definer set search_path = {schema}, pg_temp as $$
    delete from {schema}.idempotency_keys k where k.created_at < now() - interval '1 day'
$$
"""


def upgrade() -> None:
    """Make both functions; the owner sees no answer that is still kept."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    schema = connection.exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    connection.exec_driver_sql(_0011.TERMS.format(schema=schema))
    op.execute(
        "create policy expired on idempotency_keys to current_user using (created_at < now() - interval '1 day')"
    )
    connection.exec_driver_sql(FORGET.format(schema=schema))


def downgrade() -> None:
    """Answers go with their member's next request again."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("drop function forget_answers()")
    op.execute("drop policy expired on idempotency_keys")
