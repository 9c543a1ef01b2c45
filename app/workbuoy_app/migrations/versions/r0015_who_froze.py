"""Say which command froze a tenant, so that no other one thaws it.

Expands only. What the release before freezes names nobody, as what a person freezes does.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column."""
    op.execute("alter table freezes add column frozen_by text")


def downgrade() -> None:
    """Whoever is frozen is so by nobody in particular."""
    op.execute("alter table freezes drop column frozen_by")
