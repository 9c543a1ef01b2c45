"""Rows of things and attachments carry the member who made them, so that one person's can be found and let go of.

A trigger writes it, from the session or token of the transaction: the release before leaves the column out and gets it
all the same, and no statement of the service's writes somebody else's. Null is a row from before this revision, or one
that an operator made (promotion/acting.py); who made older things stands in the audit trail. The marker of an erased
author is the nil UUID (erasures.py). No foreign key: a membership ends, and what was written stays. Expands only.
SQLite, which has one tenant and no sessions of its own, keeps no author.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("things", "attachments")
AUTHOR = """
create function note_author() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    author uuid;
begin
    select m.id into author from {schema}.members m
        where m.id = {schema}.session_member() and m.issuer <> 'workbuoy:operator';
    if author is not null and tg_op = 'INSERT' then new.created_by := author;
    elsif author is not null then new.created_by := old.created_by;
    end if;
    return new;
end
$$
"""


def upgrade() -> None:
    """Make the columns, and what fills them."""
    for table in TABLES:
        op.execute(f"alter table {table} add column created_by uuid")
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    schema = connection.exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    connection.exec_driver_sql(AUTHOR.format(schema=schema))
    for table in TABLES:
        op.execute(
            f"create trigger note_author before insert or update of created_by on {table}"
            " for each row execute function note_author()"
        )


def downgrade() -> None:
    """Who made what is lost, but for what the audit trail says of things."""
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"drop trigger note_author on {table}")
        op.execute("drop function note_author()")
    for table in TABLES:
        op.execute(f"alter table {table} drop column created_by")
