"""Keep which rows a tenant changes, for as long as it is copied to another place while it serves.

A trigger writes each changed row's id into `row_changes`, in the transaction that changes the row. So the entry is seen
exactly when the change is, however late that transaction commits. The copy takes entries away one by one, by their own
ids, once the rows are safe at the other place. Nothing here depends on a time or on the order of numbers: a column
`updated_at`, a sequence or `xmin` compared with the highest one seen would each lose a row that was written early and
committed late, and none of them tells of a deleted row.

A login's entry in the audit trail now waits for a freeze as every other write does: it was told by `exists (freezes)`
alone, and could be committed after the last copy.

Expands only: the release before writes through the same triggers.
"""

import importlib

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_0010 = importlib.import_module("workbuoy_app.migrations.versions.r0010_audit_trail")

TABLES = (
    # One row for each tenant that moves. `part`: sends (it serves, and its changes are kept), takes (a copy that has
    # never served), holds (it served, handed over and is frozen). `number` and `digest` are of the last batch.
    """
create table copies (
    tenant_id uuid primary key references tenants (id),
    lineage uuid not null,
    part text not null check (part in ('sends', 'takes', 'holds')),
    number bigint not null,
    digest text not null,
    reading text,
    read_to uuid,
    sums text
)
""",
    """
create table row_changes (
    tenant_id uuid not null references copies (tenant_id) on delete cascade,
    id bigint generated always as identity,
    table_name text not null,
    row_id uuid not null,
    primary key (tenant_id, id)
)
""",
)
# The column that names what is copied as one: a file kept in the database goes with all its pieces.
KEPT = {"things": "id", "attachments": "id", "attachment_chunks": "attachment_id", "audit_events": "id"}
NOTE = """
create function note_change() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    tenant uuid;
    changed uuid;
begin
    if tg_op = 'DELETE' then tenant := old.tenant_id; else tenant := new.tenant_id; end if;
    if exists (select from {schema}.copies c where c.tenant_id = tenant and c.part = 'sends') then
        if tg_op = 'DELETE' and tg_argv[0] = 'id' then changed := old.id;
        elsif tg_op = 'DELETE' then changed := old.attachment_id;
        elsif tg_argv[0] = 'id' then changed := new.id;
        else changed := new.attachment_id;
        end if;
        insert into {schema}.row_changes (tenant_id, table_name, row_id) values (tenant, tg_table_name, changed);
    end if;
    return null;
end
$$
"""
_ASKED = "    if kind = 'session' then -- what moves stays as it was copied\n"
_WAITING = _ASKED + "        perform pg_advisory_xact_lock_shared({schema}.freeze_key(tenant));\n"


def upgrade() -> None:
    """Make both tables, which the service itself cannot reach, and the triggers."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    schema = connection.exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    for table in TABLES:
        op.execute(table)
    for name in ("copies", "row_changes"):
        op.execute(f"create policy registry on {name} to current_user using (true)")
        op.execute(f"alter table {name} enable row level security")
        op.execute(f"alter table {name} force row level security")
    connection.exec_driver_sql(NOTE.format(schema=schema))
    for table, column in KEPT.items():
        op.execute(
            f"create trigger note_change after insert or update or delete on {table}"
            f" for each row execute function note_change('{column}')"
        )
    _keep_audit_events(_0010.KEEPER.replace(_ASKED, _WAITING))


def downgrade() -> None:
    """Whoever is being copied begins anew later."""
    if op.get_bind().dialect.name != "postgresql":
        return
    _keep_audit_events(_0010.KEEPER)
    for table in KEPT:
        op.execute(f"drop trigger note_change on {table}")
    op.execute("drop function note_change()")
    op.execute("drop table row_changes, copies")


def _keep_audit_events(function: str) -> None:
    connection = op.get_bind()
    schema = connection.exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    replaced = function.replace("create function", "create or replace function")
    connection.exec_driver_sql(replaced.format(schema=schema))
