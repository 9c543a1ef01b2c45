"""Let the service find every tenant's objects that are to go, and mark a removal of a tenant that has begun.

Expands only. The release before goes on removing what a tenant's next upload finds left behind.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# No upload is under way for so long (removals.py), so what is older is owed. Nobody but the sweep says that it
# sweeps; whoever did would see keys of objects that are to go, and could forget them, but name no others.
DUE = "current_setting('workbuoy.sweep', true) = 'on' and noted_at < now() - interval '20 minutes'"


def upgrade() -> None:
    """Make the column, the index and the two policies."""
    op.execute("alter table freezes add column removal_begun_at timestamptz")
    op.execute("create index object_removals_by_age on object_removals (noted_at)")
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(f"create policy due on object_removals for select using ({DUE})")
    op.execute(f"create policy done on object_removals for delete using ({DUE})")


def downgrade() -> None:
    """What is owed then goes with a tenant's next upload."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop policy due on object_removals")
        op.execute("drop policy done on object_removals")
    op.execute("drop index object_removals_by_age")
    op.execute("alter table freezes drop column removal_begun_at")
