"""Policies on sessions that do not call themselves where the owner inherits the service's group.

Below Postgres 16 a grant cannot leave inheritance out, so the policies for the group hold for the owner too. Those on
sessions ask session_member(), which reads sessions as the owner, and so on without end. Now they hold for whoever
acts as the group, and no longer for whoever inherits it. `case` fixes the order in which the two are asked.

Expands only: for the group itself nothing changes.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

POLICIES = {"of_member": "delete", "seen_by_member": "select"}
MEMBERS_OWN = "member_id = (select session_member())"


def _replace(condition: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name, action in POLICIES.items():
        op.execute(f"drop policy {name} on sessions")
        op.execute(f"create policy {name} on sessions for {action} to workbuoy_app using ({condition})")


def upgrade() -> None:
    """Ask who acts first."""
    _replace(f"case when current_user = 'workbuoy_app' then {MEMBERS_OWN} else false end")


def downgrade() -> None:
    """As revision 0001 has them."""
    _replace(MEMBERS_OWN)
