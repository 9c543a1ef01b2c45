"""A customer's own stack gets no code and no settings that its base stack was not deployed with.

What reached main goes through dev, staging and the base stack first; a customer's file that changes on the way would
take all of it along otherwise.
"""

from typing import Final

from infra.tenants.record import Tenant
from operations.changed.estate import ListedEstate, read_estate
from operations.changed.files import Files
from operations.changed.touched import touched
from operations.ending import Notify
from operations.engine.errors import MistakenError
from operations.engine.order import COMMIT, committed_since, head_of
from operations.engine.stack import EngineStack
from project.files import Project

_SHOWN: Final = 3


def refuse_ahead(project: Project, tenant: Tenant, base: EngineStack, notify: Notify) -> None:
    """Raises MistakenError where commits since the base stack's deployment concern every stack, or that one's file."""
    root = project.root
    if head_of(root) is None:
        notify(
            f"{tenant.stack}: this is no repository of git, so whether it would be ahead of {tenant.base} is not known"
        )
        return
    deployed = base.tags().get(COMMIT)
    files = committed_since(root, deployed) if deployed else None
    if files is None:
        known = f"was deployed as {deployed[:9]}, which this clone does not know" if deployed else "says no commit"
        raise MistakenError(
            f"{tenant.base}: {known}, so whether {tenant.stack} would be ahead of it cannot be told",
            f"fetch the history whole, or `workbuoy deploy {tenant.base}` first, or say --ahead; nothing was changed",
        )
    estate = read_estate(root)
    ahead = [one for one in files if tenant.base in _bases(one, estate)]
    if ahead:
        more = f" and {len(ahead) - _SHOWN} more" if len(ahead) > _SHOWN else ""
        raise MistakenError(
            f"{tenant.stack}: would be ahead of {tenant.base}, which was deployed as {str(deployed)[:9]}: "
            f"{', '.join(ahead[:_SHOWN])}{more} changed since",
            f"`workbuoy deploy {tenant.base}` first, or say --ahead; nothing was changed",
        )


def _bases(file: str, estate: ListedEstate) -> set[str]:
    return {one.stack for one in touched(Files(differing=(file,)), estate).bases}
